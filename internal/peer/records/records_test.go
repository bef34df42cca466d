package records

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/model"
)

// authority signs certificates of nodes.
type authority struct {
	dir  string
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.key = newKey(t)
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "actors"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(a.dir, "ca.crt"), "CERTIFICATE", der)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func write(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// node returns the credentials of a certificate with these DNS names.
func (a *authority) node(t *testing.T, names ...string) *Credentials {
	t.Helper()
	c, err := LoadCredentials(a.files(t, names...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (a *authority) files(t *testing.T, names ...string) config.TLS {
	t.Helper()
	key := newKey(t)
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "x"}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := config.TLS{CertFile: filepath.Join(dir, "n.crt"), KeyFile: filepath.Join(dir, "n.key"), CAFile: filepath.Join(a.dir, "ca.crt")}
	write(t, files.CertFile, "CERTIFICATE", der)
	write(t, files.KeyFile, "EC PRIVATE KEY", keyDER)
	return files
}

// keeper is an actor that stores what it is sent.
type keeper struct {
	name string
	fail error

	mu      sync.Mutex // guards what follows
	records map[string]model.Record
	closed  []Closed
	asked   []string
}

func (k *keeper) Record(_ context.Context, peer string, r model.Record) (Ack, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		return Ack{}, k.fail
	}
	k.records[peer+"/"+r.Episode] = r
	return Ack{Node: k.name, Episode: r.Episode, Stored: true, At: r.At}, nil
}

func (k *keeper) Closed(_ context.Context, _ string, c Closed) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = append(k.closed, c)
	return k.fail
}

func (k *keeper) Info(_ context.Context, peer string) (PeerInfo, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked = append(k.asked, peer)
	off := false
	return PeerInfo{Node: k.name, State: "idle", DeadManSwitch: &off, NodeTimeout: time.Minute}, k.fail
}

// serve runs the actor of n2 for the named nodes and returns its address.
func serve(t *testing.T, creds *Credentials, k *keeper, nodes ...string) string {
	t.Helper()
	k.records = map[string]model.Record{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- ServeListener(ctx, l, creds, nodes, k) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func link(creds *Credentials, address string) *Client {
	return NewLink(creds, map[string]string{"n2": address}, clock.System())
}

var record = model.Record{Version: 1, Episode: "e1", Node: "n1", Owners: map[string][]string{"db": {"n1"}}, At: time.Unix(1764000000, 0).UTC()}

func TestRecordAndClosed(t *testing.T) {
	a := newAuthority(t)
	k := &keeper{name: "n2"}
	c := link(a.node(t, "n1"), serve(t, a.node(t, "n2"), k, "n1"))
	for range 2 { // a replay is harmless
		ack, err := c.SendRecord(t.Context(), "n2", record)
		if err != nil || !ack.Stored || ack.Node != "n2" || ack.Episode != "e1" {
			t.Fatalf("ack %+v, %v", ack, err)
		}
	}
	if got := k.records["n1/e1"]; len(k.records) != 1 || !reflect.DeepEqual(got, record) {
		t.Errorf("stored %+v", k.records)
	}
	if err := c.SendClosed(t.Context(), "n2", "n1", "e1", "resumed"); err != nil {
		t.Error(err)
	}
	if want := []Closed{{Node: "n1", Episode: "e1", Result: "resumed"}}; !reflect.DeepEqual(k.closed, want) {
		t.Errorf("closed %+v", k.closed)
	}
	info, err := c.Ask(t.Context(), "n2")
	if err != nil || info.Node != "n2" || info.DeadManSwitch == nil || *info.DeadManSwitch || info.NodeTimeout != time.Minute {
		t.Errorf("info %+v, %v", info, err)
	}
	if !reflect.DeepEqual(k.asked, []string{"n1"}) {
		t.Errorf("asked by %v", k.asked)
	}
}

// S11: a node speaks for itself alone, and a stranger not at all.
func TestStrangers(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	k := &keeper{name: "n2"}
	address := serve(t, a.node(t, "n2"), k, "n1", "n3")
	for name, tc := range map[string]struct {
		creds *Credentials
		want  string
	}{
		"other authority":      {other.node(t, "n1"), ""},
		"node not configured":  {a.node(t, "n9"), "names no configured node"},
		"no name":              {a.node(t), "names no configured node"},
		"two names":            {a.node(t, "n1", "n3"), "names no configured node"},
		"another node's claim": {a.node(t, "n3"), `n3 may not speak for "n1"`},
	} {
		t.Run(name, func(t *testing.T) {
			c := link(tc.creds, address)
			if _, err := c.SendRecord(t.Context(), "n2", record); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("record: %v, want %q", err, tc.want)
			}
			if err := c.SendClosed(t.Context(), "n2", "n1", "e1", "x"); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("closed: %v, want %q", err, tc.want)
			}
		})
	}
	if len(k.records) > 0 || len(k.closed) > 0 {
		t.Errorf("a stranger's word was taken: %v %v", k.records, k.closed)
	}
}

func TestServerMustBeThePeer(t *testing.T) {
	a := newAuthority(t)
	k := &keeper{name: "n3"}
	c := link(a.node(t, "n1"), serve(t, a.node(t, "n3"), k, "n1"))
	if _, err := c.SendRecord(t.Context(), "n2", record); err == nil || !strings.Contains(err.Error(), "certificate is valid for n3, not n2") {
		t.Errorf("got %v", err)
	}
	if len(k.records) > 0 {
		t.Error("the record went to another node")
	}
	if _, err := c.SendRecord(t.Context(), "n7", record); err == nil || !strings.Contains(err.Error(), "add it to actors.targets") {
		t.Errorf("unknown peer: %v", err)
	}
}

func TestOnlyTLS13WithACertificate(t *testing.T) {
	a := newAuthority(t)
	address := serve(t, a.node(t, "n2"), &keeper{name: "n2"}, "n1")
	for name, cfg := range map[string]*tls.Config{
		"TLS 1.2":        {MaxVersion: tls.VersionTLS12, Certificates: a.node(t, "n1").client("n2").Certificates, RootCAs: a.node(t, "n1").ca, ServerName: "n2"},
		"no certificate": {RootCAs: a.node(t, "n1").ca, ServerName: "n2"},
	} {
		h := http.Client{Transport: &http.Transport{TLSClientConfig: cfg}}
		if resp, err := h.Get("https://" + address + "/v1/info"); err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s: answered %s", name, resp.Status)
		}
	}
}

func TestRefusedAndHuge(t *testing.T) {
	a := newAuthority(t)
	k := &keeper{name: "n2", fail: errors.New("journal cannot be written")}
	c := link(a.node(t, "n1"), serve(t, a.node(t, "n2"), k, "n1"))
	if _, err := c.SendRecord(t.Context(), "n2", record); err == nil || !strings.Contains(err.Error(), "journal cannot be written") {
		t.Errorf("refused: %v", err)
	}
	if err := c.SendClosed(t.Context(), "n2", "n1", "e1", "x"); err == nil || !strings.Contains(err.Error(), "journal cannot be written") {
		t.Errorf("refused: %v", err)
	}
	if _, err := c.Ask(t.Context(), "n2"); err == nil || !strings.Contains(err.Error(), "journal cannot be written") {
		t.Errorf("refused: %v", err)
	}
	huge := record
	huge.Owners = map[string][]string{"db": {strings.Repeat("x", maxBody)}}
	if _, err := c.SendRecord(t.Context(), "n2", huge); err == nil {
		t.Error("a huge record was taken")
	}
	unnamed := record
	unnamed.Episode = ""
	if _, err := c.SendRecord(t.Context(), "n2", unnamed); err == nil || !strings.Contains(err.Error(), "names no episode") {
		t.Errorf("without episode: %v", err)
	}
}

func TestUnreachablePeer(t *testing.T) {
	a := newAuthority(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if _, err := link(a.node(t, "n1"), l.Addr().String()).Ask(t.Context(), "n2"); err == nil || !strings.Contains(err.Error(), "check that its actor runs") {
		t.Errorf("got %v", err)
	}
}

func TestLoadCredentials(t *testing.T) {
	a := newAuthority(t)
	if _, err := LoadCredentials(config.TLS{CertFile: "/none", KeyFile: "/none", CAFile: "/none"}); err == nil || !strings.Contains(err.Error(), "actors.tls cert_file") {
		t.Errorf("absent files: %v", err)
	}
	files := a.files(t, "n1")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	files.CAFile = empty
	if _, err := LoadCredentials(files); err == nil || !strings.Contains(err.Error(), "no certificate in it") {
		t.Errorf("empty authority: %v", err)
	}
}

var _ Handler = (*keeper)(nil)
