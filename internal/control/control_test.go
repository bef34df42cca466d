package control

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

type fake struct {
	dr     func(ctx context.Context, r DRRequest, reply func(DRReply))
	status Status
	asked  chan OperatorRequest
	who    chan string
}

func (f *fake) DR(ctx context.Context, r DRRequest, reply func(DRReply)) { f.dr(ctx, r, reply) }
func (f *fake) Status(context.Context) Status                            { return f.status }
func (f *fake) Operator(_ context.Context, r OperatorRequest, who string) OperatorReply {
	f.asked <- r
	f.who <- who
	return OperatorReply{Accepted: true, Message: "held"}
}

// serve starts a server and returns a client of it. The server is waited for at the end.
func serve(t *testing.T, f *fake) (*Client, string, context.CancelFunc) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ctl") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "actor", "control.sock")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, path, f) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("socket after the end: %v", err)
		}
	})
	waitFor(t, path)
	return NewClient(path), path, cancel
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		if c, err := net.Dial("unix", path); err == nil {
			_ = c.Close()
			return
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestDRStreams(t *testing.T) {
	got := make(chan DRReply, 1)
	goOn := make(chan struct{})
	f := &fake{dr: func(_ context.Context, r DRRequest, reply func(DRReply)) {
		if r.Phase != model.EventPre || r.Episode != "e1" || r.Limit != time.Minute {
			t.Errorf("request %+v", r)
		}
		reply(DRReply{Launched: &Launched{ID: "a1", PID: 42, StartTime: "7", Argv: []string{"/x", "stop"}}})
		<-goOn // only once the client has seen the first line: it is not held back
		reply(DRReply{Done: true, Verdict: VerdictOK, Message: "unmanaged"})
	}}
	c, _, _ := serve(t, f)
	done := make(chan error, 1)
	go func() {
		done <- c.DR(t.Context(), DRRequest{Phase: model.EventPre, Episode: "e1", Limit: time.Minute}, func(r DRReply) { got <- r })
	}()
	if r := <-got; r.Launched == nil || r.Launched.PID != 42 || r.Done {
		t.Errorf("first line %+v", r)
	}
	close(goOn)
	if r := <-got; !r.Done || r.Verdict != VerdictOK || r.Message != "unmanaged" {
		t.Errorf("second line %+v", r)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestDRLost(t *testing.T) {
	f := &fake{dr: func(_ context.Context, _ DRRequest, reply func(DRReply)) {
		reply(DRReply{Launched: &Launched{PID: 1}})
	}}
	c, _, _ := serve(t, f)
	lines := 0
	err := c.DR(t.Context(), DRRequest{}, func(DRReply) { lines++ })
	if !errors.Is(err, ErrLost) || lines != 1 {
		t.Errorf("%d lines, %v; want ErrLost", lines, err)
	}
}

// The handler learns that the script has gone, and the end of the server ends it too.
func TestDRContext(t *testing.T) {
	ended := make(chan struct{}, 2)
	f := &fake{dr: func(ctx context.Context, _ DRRequest, reply func(DRReply)) {
		reply(DRReply{})
		<-ctx.Done()
		ended <- struct{}{}
	}}
	c, _, stop := serve(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.DR(ctx, DRRequest{}, func(DRReply) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	<-ended
	if err := c.DR(t.Context(), DRRequest{}, func(DRReply) { stop() }); !errors.Is(err, ErrLost) {
		t.Errorf("server stopped: %v", err)
	}
	<-ended
}

func TestStatusAndOperator(t *testing.T) {
	want := Status{Node: "n1", Cluster: "c", State: "idle", Since: time.Unix(5, 0).UTC()}
	f := &fake{status: want, asked: make(chan OperatorRequest, 1), who: make(chan string, 1)}
	c, path, _ := serve(t, f)
	got, err := c.Status(t.Context())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("status %+v, %v", got, err)
	}
	req := OperatorRequest{Verb: VerbHold, Reason: "lunch", SudoUser: "anna"}
	reply, err := c.Operator(t.Context(), req)
	if err != nil || !reply.Accepted || reply.Message != "held" {
		t.Errorf("reply %+v, %v", reply, err)
	}
	if r := <-f.asked; !reflect.DeepEqual(r, req) {
		t.Errorf("handler got %+v", r)
	}
	if who := <-f.who; !strings.HasPrefix(who, "uid ") {
		t.Errorf("who = %q", who)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("socket %v, %v; want mode 0600", st.Mode(), err)
	}
	if st, err := os.Stat(filepath.Dir(path)); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("folder %v, %v; want mode 0700", st.Mode(), err)
	}
}

func TestOperatorUnknownFieldIsRefused(t *testing.T) {
	f := &fake{}
	c, _, _ := serve(t, f)
	var out OperatorReply
	err := c.call(t.Context(), "POST", "/v1/operator", map[string]string{"verb": "hold", "force": "yes"}, &out)
	if err == nil || !strings.Contains(err.Error(), "same version") {
		t.Errorf("got %v", err)
	}
	err = c.call(t.Context(), "POST", "/v1/operator", map[string]string{"reason": strings.Repeat("x", maxBody)}, &out)
	if err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("got %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	c := NewClient(filepath.Join(t.TempDir(), "none.sock"))
	if _, err := c.Status(t.Context()); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

func TestStaleSocketIsReplacedAndALiveOneIsNot(t *testing.T) {
	f := &fake{status: Status{Node: "n1"}}
	_, path, _ := serve(t, f)
	err := Serve(t.Context(), path, f)
	if err == nil || !strings.Contains(err.Error(), "another actor answers there") {
		t.Errorf("second server: %v", err)
	}
	stale := path + "2"
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close() // as after kill -9: the file is there, nobody listens
	l2, err := listen(stale)
	if err != nil {
		t.Fatal(err)
	}
	_ = l2.Close()
}

func TestLongPathSaysSo(t *testing.T) {
	_, err := listen(filepath.Join(t.TempDir(), strings.Repeat("x", 120)))
	if err == nil || !strings.Contains(err.Error(), "shorter state_dir") {
		t.Errorf("got %v", err)
	}
}
