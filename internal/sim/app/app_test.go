package app

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"testing"

	"powerha_lpm_exporter/internal/clock"
)

// freePort finds a port that nobody uses at the moment.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// serve runs the application until the test ends it.
func serve(t *testing.T, o Options) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var told bytes.Buffer
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, o, &told) }()
	for {
		if _, err := o.ask(ctx); err == nil {
			break
		}
		select {
		case err := <-done:
			t.Fatalf("serve: %v", err)
		default:
		}
	}
	return func() {
		cancel()
		if err := <-done; err != nil || told.Len() > 0 {
			t.Errorf("serve: %v, it said %q", err, &told)
		}
	}
}

func options(t *testing.T) Options {
	t.Helper()
	return Options{Group: "rg", Node: "n1", Port: freePort(t), Home: t.TempDir(), Shared: t.TempDir(), Clock: clock.System()}
}

func TestServeHealthAndServiceAddress(t *testing.T) {
	o := options(t)
	stop := serve(t, o)
	if s, err := ReadService(o.Shared); err != nil || s.Node != "n1" || s.Address != o.address() {
		t.Errorf("service address: %+v, %v", s, err)
	}
	if err := Monitor(t.Context(), o); err != nil {
		t.Errorf("healthy, but its monitor says: %v", err)
	}
	if err := o.Break(false); err != nil {
		t.Fatal(err)
	}
	if err := Monitor(t.Context(), o); err == nil {
		t.Error("broken, but its monitor says that it is healthy")
	}
	resp, err := http.Get(o.HealthURL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("health page of a broken application: %d, %v", resp.StatusCode, err)
	}
	stop()
	if _, err := os.Stat(ServiceFile(o.Shared)); !os.IsNotExist(err) {
		t.Errorf("the service address is still held after the end: %v", err)
	}
	if _, ok := o.running(); ok {
		t.Error("the pid file says that it runs after its end")
	}
	stop = serve(t, o)
	defer stop()
	if err := Monitor(t.Context(), o); err != nil {
		t.Errorf("a restart did not cure it: %v", err)
	}
	if said, err := Start(t.Context(), o, []string{"/nonexistent"}); err != nil {
		t.Errorf("start of what runs: %q, %v", said, err)
	}
}

func TestStickyBreakSurvivesRestart(t *testing.T) {
	o := options(t)
	if err := o.Break(true); err != nil {
		t.Fatal(err)
	}
	defer serve(t, o)()
	if err := Monitor(t.Context(), o); err == nil {
		t.Error("healthy, though it was broken until mended")
	}
	if err := o.Mend(); err != nil {
		t.Fatal(err)
	}
	if err := Monitor(t.Context(), o); err != nil {
		t.Errorf("mended, but: %v", err)
	}
}

func TestSecondInstanceOnNodeFailsLoudly(t *testing.T) {
	o := options(t)
	defer serve(t, o)()
	if err := Serve(t.Context(), o, io.Discard); err == nil {
		t.Error("a second instance on the same node started")
	}
}
