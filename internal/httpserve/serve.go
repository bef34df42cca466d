// Package httpserve runs an HTTP server for as long as a context lasts.
package httpserve

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// patience is how long requests that are under way may take to end.
const patience = 5 * time.Second

// Until runs the server by run until ctx ends, then waits for the requests
// that are under way. It returns nil after such an end.
func Until(ctx context.Context, srv *http.Server, run func() error) error {
	done := make(chan error, 1)
	go func() { done <- run() }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		err = srv.Shutdown(bounded)
		cancel()
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
	}
	_ = srv.Close()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
