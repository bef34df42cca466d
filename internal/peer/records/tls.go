package records

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"

	"powerha_lpm_exporter/internal/config"
)

// Credentials are the certificate of this node and the authority that signed those of all nodes.
type Credentials struct {
	cert tls.Certificate
	ca   *x509.CertPool
}

// LoadCredentials reads the files. They are read once; a change needs a restart.
func LoadCredentials(files config.TLS) (*Credentials, error) {
	cert, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("load actors.tls cert_file and key_file: %w", err)
	}
	pem, err := os.ReadFile(files.CAFile)
	if err != nil {
		return nil, fmt.Errorf("load actors.tls.ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("load actors.tls.ca_file %s: no certificate in it; it must hold the PEM of the authority that signed the nodes' certificates", files.CAFile)
	}
	return &Credentials{cert: cert, ca: pool}, nil
}

// client returns the configuration for calling the named node: its certificate must carry that name.
func (c *Credentials) client(node string) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{c.cert},
		RootCAs:      c.ca,
		ServerName:   node,
	}
}

func (c *Credentials) server() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{c.cert},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    c.ca,
	}
}

var errStranger = errors.New("the certificate names no configured node; sign it with the node's PowerHA name as its only DNS name, and list the node in actors.targets")

// identify returns the one configured node that a verified certificate names.
func identify(state *tls.ConnectionState, nodes []string) (string, error) {
	if state == nil || len(state.VerifiedChains) == 0 {
		return "", errStranger
	}
	names := state.VerifiedChains[0][0].DNSNames
	if len(names) != 1 || !slices.Contains(nodes, names[0]) {
		return "", fmt.Errorf("%w (it names %q)", errStranger, names)
	}
	return names[0], nil
}
