package probe

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

type runner struct {
	command.Runner
	out command.Output
	err error
}

func (r runner) Query(context.Context, command.Query) (command.Output, error) { return r.out, r.err }

func checker() Checker {
	return Checker{Clock: clock.System(), Processes: func(context.Context) model.Reading {
		return model.Reading{Processes: []model.Process{{PID: 1, Args: "/opt/db/bin/dbserver -D /data"}, {PID: 2, Args: "ora_pmon_X"}}}
	}}
}

func run(c Checker, typ, target string) string {
	s := Spec{Application: "a", Name: "p", Type: typ, Target: target, Command: []string{"/x"}, Timeout: 250 * time.Millisecond}
	return c.Check(context.Background(), Run{Spec: s}).Err
}

// expect fails unless err is empty for "", or has the text.
func expect(t *testing.T, what, err, text string) {
	t.Helper()
	if (err == "") != (text == "") || !strings.Contains(err, text) {
		t.Errorf("%s: got %q, want %q", what, err, text)
	}
}

func TestTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "open port", run(checker(), TypeTCP, l.Addr().String()), "")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, "closed port", run(checker(), TypeTCP, l.Addr().String()), "refused")
}

func TestHTTP(t *testing.T) {
	hang := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("fine")) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/broken", http.StatusFound) })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) })
	mux.HandleFunc("/hang", func(http.ResponseWriter, *http.Request) { <-hang })
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-hang
	})
	mux.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) {
		for range 1 << 20 {
			if _, err := w.Write(make([]byte, 1024)); err != nil {
				return
			}
		}
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	defer close(hang)
	for path, text := range map[string]string{
		"/ok": "", "/moved": "", "/huge": "", "/broken": "503", "/missing": "404",
		"/hang": "no answer within 250ms", "/half": "no answer within 250ms",
	} {
		expect(t, path, run(checker(), TypeHTTP, srv.URL+path), text)
	}
}

func TestProcess(t *testing.T) {
	for target, text := range map[string]string{
		"/opt/db/bin/dbserver": "", "/opt/db/bin/dbserver -D /data": "", "dbserver": "", "ora_pmon_X": "",
		"/opt/db/bin/db": "no such process among 2", "pmon": "no such process", "-D": "no such process",
	} {
		expect(t, target, run(checker(), TypeProcess, target), text)
	}
	c := checker()
	c.Processes = func(context.Context) model.Reading { return model.Reading{Err: "ps: exit 1"} }
	expect(t, "ps failed", run(c, TypeProcess, "dbserver"), "ps: exit 1")
}

func TestExec(t *testing.T) {
	c := checker()
	c.Runner = runner{}
	expect(t, "exit 0", run(c, TypeExec, ""), "")
	c.Runner = runner{out: command.Output{Exit: 3, Stderr: []byte("\n database is down\nmore")}}
	expect(t, "exit 3", run(c, TypeExec, ""), "exit 3: database is down")
	c.Runner = runner{err: command.ErrTimeout}
	expect(t, "timeout", run(c, TypeExec, ""), command.ErrTimeout.Error())
	c.Runner = runner{err: errors.New("no")}
	expect(t, "error", run(c, TypeExec, ""), "exec /x: no")
}
