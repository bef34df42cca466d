package snapshot

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// serve answers with s until the test ends, and reports how serving ended.
func serve(t *testing.T, path string, s model.Snapshot) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l, err := Listen(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- ServeOn(ctx, l, func() model.Snapshot { return s }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "snap") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "exporter", "snapshot.sock")
}

func TestFetch(t *testing.T) {
	path := socket(t)
	r := model.Reading{Source: model.SourceGroups, Groups: []model.GroupRow{{Group: "rg1", Node: "n1", State: model.GroupOnline}}}
	want := model.Snapshot{
		At: model.Instant{Wall: time.Unix(5, 0).UTC(), Mono: 7}, Cluster: "c", Node: "n1",
		Facts:   model.Facts{Good: map[model.Source]model.Reading{model.SourceGroups: r}},
		Sources: map[string]bool{"cluster": true},
	}
	serve(t, path, want)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	got, err := Fetch(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	g, ok := got.Facts.Get(model.SourceGroups)
	if got.At != want.At || got.Node != "n1" || !ok || g.Groups[0].State != model.GroupOnline || !got.Sources["cluster"] {
		t.Errorf("got %+v", got)
	}
}

func TestFetchWithoutExporter(t *testing.T) {
	path := socket(t)
	_, err := Fetch(context.Background(), path)
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func TestFetchDeadline(t *testing.T) {
	path := socket(t)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path) // never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := Fetch(ctx, path); err == nil {
		t.Error("no error from an exporter that hangs")
	}
}

func TestFetchRefuses(t *testing.T) {
	for text, body := range map[string]string{
		"version 9": `{"version":9}`, "invalid character": "rubbish", "more than": strings.Repeat(" ", maxSize+2),
	} {
		path := socket(t)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })}
		go func() { _ = srv.Serve(l) }()
		if _, err := Fetch(context.Background(), path); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("want %q, got %v", text, err)
		}
		_ = srv.Close()
	}
}

func TestListenReplacesOnlyStaleSockets(t *testing.T) {
	ctx := context.Background()
	path := socket(t)
	serve(t, path, model.Snapshot{})
	if _, err := Listen(ctx, path); err == nil || !strings.Contains(err.Error(), "another exporter") {
		t.Errorf("over a living one: %v", err)
	}
	stale := socket(t)
	if err := os.MkdirAll(filepath.Dir(stale), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	serve(t, stale, model.Snapshot{Node: "n1"})
	if got, err := Fetch(ctx, stale); err != nil || got.Node != "n1" {
		t.Errorf("after a stale one: %v, %v", got.Node, err)
	}
	file := socket(t)
	if err := os.MkdirAll(file, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(ctx, file); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("over another file: %v", err)
	}
}
