package promhttp

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func get(t *testing.T, c *http.Client, url string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func TestHeadersAndSize(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "auth")
	if err := os.WriteFile(secret, []byte("Bearer one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Header.Get("Authorization") + r.URL.Query().Get("more")))
	}))
	defer srv.Close()
	c := Client(map[string]string{"Authorization": "@" + secret}, 1<<20)
	if got, err := get(t, c, srv.URL); got != "Bearer one" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := get(t, Client(nil, 4), srv.URL+"?more=12345"); err == nil || !strings.Contains(err.Error(), "is it Prometheus?") {
		t.Errorf("more than the limit: %v", err)
	}
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, c, srv.URL); err == nil || !strings.Contains(err.Error(), "header Authorization") {
		t.Errorf("without the file: %v", err)
	}
}

func TestRedirectIsRefused(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("followed with %v", r.Header)
	}))
	defer elsewhere.Close()
	srv := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer srv.Close()
	if _, err := get(t, Client(map[string]string{"X-A": "secret"}, 1<<20), srv.URL); err == nil || !strings.Contains(err.Error(), "redirects elsewhere") {
		t.Errorf("%v", err)
	}
}
