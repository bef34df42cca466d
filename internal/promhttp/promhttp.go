// Package promhttp is the HTTP client with which Prometheus is asked: with
// headers that may hold a secret, answers of a bounded size, and no redirection.
package promhttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// errRedirect: headers may hold a secret that is meant for the named server alone.
var errRedirect = errors.New("it redirects elsewhere; name the final address")

// Client returns a client that sends the headers with each request, and fails to read more than maxAnswer bytes of an
// answer. A header's value "@/path" is read from that file at each request. The environment chooses no proxy.
func Client(headers map[string]string, maxAnswer int64) *http.Client {
	return &http.Client{
		Transport:     &transport{headers: headers, maxAnswer: maxAnswer, next: newHTTPTransport()},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
	}
}

func newHTTPTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 nil, // the environment chooses nothing here
		MaxIdleConns:          2,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		ForceAttemptHTTP2:     true,
	}
}

// transport adds the headers and caps the answer.
type transport struct {
	headers   map[string]string
	maxAnswer int64
	next      http.RoundTripper
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for k, v := range t.headers {
		v, err := headerValue(v)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", k, err)
		}
		req.Header.Set(k, v)
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &capped{ReadCloser: resp.Body, left: t.maxAnswer, limit: t.maxAnswer}
	return resp, nil
}

func headerValue(v string) (string, error) {
	path, isFile := strings.CutPrefix(v, "@")
	if !isFile {
		return v, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(b)), nil
}

// capped fails a read beyond the cap instead of ending it, so that a cut answer is never taken for a whole one.
type capped struct {
	io.ReadCloser
	left, limit int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, fmt.Errorf("the answer is larger than %d MiB; is it Prometheus?", c.limit>>20)
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.ReadCloser.Read(p)
	c.left -= int64(n)
	return n, err
}

// Address reads the address of a server as people write it.
func Address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("address %q of Prometheus cannot be used; write for instance http://prometheus:9090", text)
	}
	return u, nil
}
