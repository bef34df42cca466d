package notify

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

// runner answers queries by program.
type runner struct {
	command.Runner
	ran  [][]string
	fail map[string]error
	exit int
}

func (r *runner) Query(_ context.Context, q command.Query) (command.Output, error) {
	r.ran = append(r.ran, q.Argv)
	if q.Timeout <= 0 {
		return command.Output{}, errors.New("no deadline")
	}
	return command.Output{Exit: r.exit, Stderr: []byte("no modem\n")}, r.fail[q.Argv[0]]
}

var page = Page{Alert: "needs_operator", Summary: "node n1 is unmanaged since 30 min", Episode: "e1", Cluster: "c", Node: "n1"}

func newNotifier(r *runner, syslog func(string) error) (*Notifier, *clock.Fake) {
	clk := clock.NewFake(model.Instant{Wall: time.Unix(1764000000, 0), Mono: time.Hour})
	return New(Options{
		Command: []string{"/bin/page", "--urgent"}, Errlogger: []string{"/usr/bin/errlogger"}, Syslog: syslog != nil,
		Runner: r, Clock: clk, SyslogWriter: syslog,
	}), clk
}

func TestPageByEveryWay(t *testing.T) {
	r := &runner{}
	var lines []string
	n, _ := newNotifier(r, func(s string) error { lines = append(lines, s); return nil })
	if sent, err := n.Page(t.Context(), page); !sent || err != nil {
		t.Fatalf("sent %v, %v", sent, err)
	}
	text := "powerha_lpm needs_operator: node n1 is unmanaged since 30 min (cluster c node n1 episode e1)"
	want := [][]string{
		{"/bin/page", "--urgent", "needs_operator", "node n1 is unmanaged since 30 min", "c", "n1", "e1"},
		{"/usr/bin/errlogger", text},
	}
	if !reflect.DeepEqual(r.ran, want) {
		t.Errorf("ran %q", r.ran)
	}
	if !reflect.DeepEqual(lines, []string{text}) {
		t.Errorf("syslog %q", lines)
	}
}

func TestRateLimit(t *testing.T) {
	r := &runner{}
	n, clk := newNotifier(r, nil)
	send := func(p Page) bool {
		sent, err := n.Page(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return sent
	}
	if !send(page) || send(page) {
		t.Error("want the first alone")
	}
	other, later := page, page
	other.Alert = "node_lost"
	later.Episode = "e2"
	if !send(other) || !send(later) {
		t.Error("another alert or episode is limited by itself")
	}
	clk.Advance(Again - time.Second)
	clk.StepWall(48 * time.Hour) // the time of day does not count
	if send(page) {
		t.Error("sent again too early")
	}
	clk.Advance(time.Second)
	if !send(page) {
		t.Error("not sent again after ten minutes")
	}
}

func TestFailures(t *testing.T) {
	ok := func(string) error { return nil }
	for name, tc := range map[string]struct {
		r      *runner
		syslog func(string) error
		sent   bool
		want   string
	}{
		"command fails":    {&runner{exit: 3}, ok, true, "/bin/page ended with status 3: no modem"},
		"command missing":  {&runner{fail: map[string]error{"/bin/page": command.ErrMissing}}, ok, true, "notify.command"},
		"no errlogger":     {&runner{fail: map[string]error{"/usr/bin/errlogger": fmt.Errorf("x: %w", command.ErrMissing)}}, ok, true, ""},
		"syslog fails":     {&runner{}, func(string) error { return errors.New("no socket") }, true, "by syslog: no socket"},
		"everything fails": {&runner{exit: 1}, func(string) error { return errors.New("no socket") }, false, "no socket"},
	} {
		t.Run(name, func(t *testing.T) {
			n, _ := newNotifier(tc.r, tc.syslog)
			sent, err := n.Page(t.Context(), page)
			if sent != tc.sent || (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("sent %v, %v; want %v, %q", sent, err, tc.sent, tc.want)
			}
			if again, _ := n.Page(t.Context(), page); again == tc.sent && tc.sent {
				t.Error("sent again at once")
			}
			if !tc.sent && len(tc.r.ran) < 4 {
				t.Error("a page that reached nobody must be tried again at once")
			}
		})
	}
}

func TestNoWayConfigured(t *testing.T) {
	n := New(Options{Clock: clock.NewFake(model.Instant{Mono: 1})})
	if sent, err := n.Page(t.Context(), page); sent || err == nil || !strings.Contains(err.Error(), "set notify.command") {
		t.Errorf("sent %v, %v", sent, err)
	}
}

// S11: texts that came from elsewhere become one printable argument.
func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"--help":                     "help",
		"a\nb\x00c\x1b[0m":           "a b c [0m",
		" x ":                        "x",
		strings.Repeat("ä", maxText): strings.Repeat("ä", maxText/2) + "…",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%.20q) = %.40q", in, got)
		}
	}
}
