package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"powerha_lpm_exporter/internal/httpserve"
)

// SocketName is the socket, relative to state_dir.
const SocketName = "actor/control.sock"

// maxBody is the largest request that is read.
const maxBody = 64 << 10

// Handler answers what comes in on the socket. Its methods are called concurrently.
type Handler interface {
	// DR handles a call of drmgr. It calls reply for each line of the answer, the last one with Done, and returns
	// at the latest when ctx ends; ctx ends when the caller has gone.
	DR(ctx context.Context, r DRRequest, reply func(DRReply))
	Status(ctx context.Context) Status
	// Operator handles a person's word. who is what the system says about the caller, e.g. "uid 0".
	Operator(ctx context.Context, r OperatorRequest, who string) OperatorReply
}

// Serve listens on the socket until ctx ends, then waits for the requests
// that are under way. It refuses to start where another actor listens.
func Serve(ctx context.Context, path string, h Handler) error {
	l, err := listen(path)
	if err != nil {
		return fmt.Errorf("listen on control socket %s: %w", path, err)
	}
	srv := &http.Server{
		Handler:           handler(h),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       withCaller,
	}
	// The handlers' contexts derive from ctx, so they end with it.
	err = httpserve.Until(ctx, srv, func() error { return srv.Serve(l) })
	_ = os.Remove(path)
	if err != nil {
		return fmt.Errorf("serve control socket %s: %w", path, err)
	}
	return nil
}

// listen binds a fresh socket with mode 0600 and puts it in place of a stale one in one step, so that it is never
// open to others, not even for a moment.
func listen(path string) (*net.UnixListener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = c.Close()
		return nil, errors.New("another actor answers there; stop it first")
	}
	fresh := fmt.Sprintf("%s.%d", path, os.Getpid())
	_ = os.Remove(fresh)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		if len(fresh) > 100 {
			return nil, fmt.Errorf("%w; the system takes about 100 bytes of path, choose a shorter state_dir", err)
		}
		return nil, err
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(fresh, 0o600), os.Rename(fresh, path)); err != nil {
		_ = l.Close()
		_ = os.Remove(fresh)
		return nil, err
	}
	return l, nil
}

func handler(h Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, r *http.Request) {
		answer(w, h.Status(r.Context()))
	})
	mux.HandleFunc("POST /v1/operator", func(w http.ResponseWriter, r *http.Request) {
		var req OperatorRequest
		if read(w, r, &req) {
			answer(w, h.Operator(r.Context(), req, caller(r.Context())))
		}
	})
	mux.HandleFunc("POST /v1/dr", func(w http.ResponseWriter, r *http.Request) {
		var req DRRequest
		if read(w, r, &req) {
			stream(w, r, req, h)
		}
	})
	return mux
}

func stream(w http.ResponseWriter, r *http.Request, req DRRequest, h Handler) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out, enc := http.NewResponseController(w), json.NewEncoder(w)
	h.DR(r.Context(), req, func(reply DRReply) {
		// An error means that the script has gone, which ends the context.
		_ = enc.Encode(reply)
		_ = out.Flush()
	})
}

func read(w http.ResponseWriter, r *http.Request, v any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		http.Error(w, "request not understood: "+err.Error()+"; lpmctl and the actor must be of the same version", http.StatusBadRequest)
		return false
	}
	return true
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

type callerKey struct{}

func withCaller(ctx context.Context, c net.Conn) context.Context {
	who := "uid unknown"
	if u, ok := c.(*net.UnixConn); ok {
		who = peerUser(u)
	}
	return context.WithValue(ctx, callerKey{}, who)
}

func caller(ctx context.Context) string {
	who, _ := ctx.Value(callerKey{}).(string)
	return who
}
