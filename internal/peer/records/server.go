package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"powerha_lpm_exporter/internal/httpserve"
	"powerha_lpm_exporter/internal/model"
)

// maxBody is the largest message that is read: a record of 64 groups and 16 nodes is below 32 KiB.
const maxBody = 256 << 10

// Serve listens for the actors of the named nodes until ctx ends, then waits
// for the calls that are under way.
func Serve(ctx context.Context, addr string, creds *Credentials, nodes []string, h Handler) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for peer actors on %s: %w; choose another actors.listen_address", addr, err)
	}
	return ServeListener(ctx, l, creds, nodes, h)
}

// ServeListener is Serve on a listener that is there already. It closes it.
func ServeListener(ctx context.Context, l net.Listener, creds *Credentials, nodes []string, h Handler) error {
	srv := &http.Server{
		Handler:           authenticated(nodes, h),
		TLSConfig:         creds.server(),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       10 * time.Second,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // strangers at the door; a peer sees its own failure
	}
	if err := httpserve.Until(ctx, srv, func() error { return srv.ServeTLS(l, "", "") }); err != nil {
		return fmt.Errorf("serve peer actors on %s: %w", l.Addr(), err)
	}
	return nil
}

// authenticated finds out who calls before anything of the body is read.
func authenticated(nodes []string, h Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/record", handle(nodes, func(ctx context.Context, peer string, r model.Record) (any, error) {
		if r.Node != peer {
			return nil, fmt.Errorf("%s may not speak for %q", peer, r.Node)
		}
		if r.Episode == "" {
			return nil, errors.New("the record names no episode")
		}
		return wrap(h.Record(ctx, peer, r))
	}))
	mux.HandleFunc("POST /v1/closed", handle(nodes, func(ctx context.Context, peer string, c Closed) (any, error) {
		if c.Node != peer {
			return nil, fmt.Errorf("%s may not speak for %q", peer, c.Node)
		}
		return Ack{Episode: c.Episode, Stored: true}, h.Closed(ctx, peer, c)
	}))
	mux.HandleFunc("GET /v1/info", func(w http.ResponseWriter, r *http.Request) {
		peer, err := identify(r.TLS, nodes)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		info, err := h.Info(r.Context(), peer)
		answer(w, info, err)
	})
	return mux
}

func wrap(a Ack, err error) (any, error) { return a, err }

func handle[T any](nodes []string, do func(ctx context.Context, peer string, in T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		peer, err := identify(r.TLS, nodes)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		var in T
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
			http.Error(w, "message not understood: "+err.Error(), http.StatusBadRequest)
			return
		}
		out, err := do(r.Context(), peer, in)
		answer(w, out, err)
	}
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
