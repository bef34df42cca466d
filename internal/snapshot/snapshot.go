// Package snapshot carries the exporter's snapshot to the actor: HTTP with
// JSON over the local socket <state_dir>/exporter/snapshot.sock.
//
//	GET /snapshot -> model.Snapshot
package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Version of the snapshot.
const Version = 1

// SocketName is the socket relative to the state folder.
const SocketName = "exporter/snapshot.sock"

const (
	maxSize      = 8 << 20
	headerLimit  = 8 << 10
	dialDeadline = 2 * time.Second
)

// Fetch asks the exporter of this node for its snapshot. The caller sets the deadline by ctx. The snapshot may be old:
// its At tells.
func Fetch(ctx context.Context, socketPath string) (model.Snapshot, error) {
	s, err := fetch(ctx, socketPath)
	if err != nil {
		return model.Snapshot{}, fmt.Errorf("read snapshot of the exporter from %s: %w", socketPath, err)
	}
	return s, nil
}

func fetch(ctx context.Context, socketPath string) (model.Snapshot, error) {
	dialer := net.Dialer{Timeout: dialDeadline}
	transport := &http.Transport{
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: headerLimit,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socketPath)
		},
	}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://exporter/snapshot", http.NoBody)
	if err != nil {
		return model.Snapshot{}, err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return model.Snapshot{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return model.Snapshot{}, fmt.Errorf("status %s", resp.Status)
	}
	return decode(resp.Body)
}

func decode(r io.Reader) (model.Snapshot, error) {
	p, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return model.Snapshot{}, err
	}
	if len(p) > maxSize {
		return model.Snapshot{}, fmt.Errorf("answer has more than %d bytes", maxSize)
	}
	var s model.Snapshot
	if err := json.Unmarshal(p, &s); err != nil {
		return model.Snapshot{}, err
	}
	if s.Version != Version {
		return model.Snapshot{}, fmt.Errorf("snapshot has version %d, this program reads version %d: install the same release of both", s.Version, Version)
	}
	return s, nil
}

// Serve answers on the socket until ctx ends. A socket that a dead exporter left behind is replaced; one that
// answers is an error.
func Serve(ctx context.Context, socketPath string, get func() model.Snapshot) error {
	l, err := Listen(ctx, socketPath)
	if err != nil {
		return err
	}
	return ServeOn(ctx, l, get)
}

// Listen makes the socket, and its folder if only that is missing, mode 0660 so that root and the exporter's group can read.
func Listen(ctx context.Context, socketPath string) (net.Listener, error) {
	if err := os.Mkdir(filepath.Dir(socketPath), 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make folder of socket %s: %w", socketPath, err)
	}
	if err := removeStale(ctx, socketPath); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", socketPath)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", socketPath, err)
	}
	if err := os.Chmod(socketPath, 0o660); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("listen on %s: %w", socketPath, err)
	}
	return l, nil
}

func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listen on %s: %w", path, err)
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("listen on %s: the file is there and is no socket: move it away", path)
	}
	dialer := net.Dialer{Timeout: dialDeadline}
	if c, err := dialer.DialContext(ctx, "unix", path); err == nil {
		_ = c.Close()
		return fmt.Errorf("listen on %s: another exporter answers there: stop it first", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove stale socket: %w", err)
	}
	return nil
}

// ServeOn answers on the listener until ctx ends, and closes it.
func ServeOn(ctx context.Context, l net.Listener, get func() model.Snapshot) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /snapshot", func(w http.ResponseWriter, _ *http.Request) {
		s := get()
		s.Version = Version
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s)
	})
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: headerLimit}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve snapshot on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	_ = srv.Close()
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve snapshot on %s: %w", l.Addr(), err)
	}
	return nil
}
