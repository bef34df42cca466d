package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// requestLimit bounds reading a request's head; the health page itself answers at once.
const requestLimit = 5 * time.Second

// Serve runs the application until ctx ends: it takes the port on the node, writes its pid file, takes the service
// address over, and writes to the shared disk. A port that is taken is an error: an instance of the node runs already.
func Serve(ctx context.Context, o Options, stderr io.Writer) error {
	listener, err := net.Listen("tcp", o.address())
	if err != nil {
		return fmt.Errorf("application of %s on %s: its port is taken, it runs already or somebody else does: %w", o.Group, o.Node, err)
	}
	me := Instance{ID: fmt.Sprintf("%s-%d-%d", o.Node, os.Getpid(), o.Clock.Now().Wall.UnixNano()), Node: o.Node, Pid: os.Getpid()}
	writer, err := NewWriter(o, me)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := errors.Join(o.mendAtStart(), o.acquire(me)); err != nil {
		return errors.Join(err, listener.Close(), writer.Close())
	}
	writing := make(chan struct{})
	writeCtx, stopWriting := context.WithCancel(ctx)
	go func() {
		defer close(writing)
		writer.run(writeCtx, func(err error) { fmt.Fprintln(stderr, err) })
	}()
	server := &http.Server{Handler: o.handler(me), ReadHeaderTimeout: requestLimit}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	err = server.Serve(listener)
	stop()
	stopWriting()
	<-writing
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, writer.Close(), o.release(me))
}

func (o Options) handler(me Instance) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		if o.broken() {
			http.Error(w, fmt.Sprintf("%s of %s on %s is broken", me.ID, o.Group, o.Node), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "ok %s of %s on %s\n", me.ID, o.Group, o.Node)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"group": o.Group, "instance": me.ID, "node": me.Node, "healthy": !o.broken()})
	})
	return mux
}

// acquire writes the pid file and takes the service address from whoever held it.
func (o Options) acquire(me Instance) error {
	when, _ := birth(me.Pid)
	if err := replaceJSON(o.pidFile(), pidRecord{Instance: me, Birth: when}); err != nil {
		return fmt.Errorf("write the pid file: %w", err)
	}
	if err := replaceJSON(ServiceFile(o.Shared), Service{Instance: me, Address: o.address()}); err != nil {
		return fmt.Errorf("take the service address of %s: %w", o.Group, err)
	}
	return nil
}

// release gives back what is still this instance's.
func (o Options) release(me Instance) error {
	var errs []error
	if s, err := ReadService(o.Shared); err == nil && s.ID == me.ID {
		errs = append(errs, os.Remove(ServiceFile(o.Shared)))
	}
	if in, ok := o.running(); ok && in.ID == me.ID {
		errs = append(errs, os.Remove(o.pidFile()))
	}
	return errors.Join(errs...)
}

func replaceJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.WriteFile(tmp, append(b, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
