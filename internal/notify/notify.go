// Package notify tells people without Prometheus: by a configured command, by
// syslog and, on AIX, by the error log.
package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

// Again is how long the same alert of the same episode is not sent again.
const Again = 10 * time.Minute

// maxText is how much of a text is sent; errlogger(1) takes about 200 bytes in one entry.
const maxText = 900

// Page is one call for a person.
type Page struct {
	Alert   string // stable name, e.g. "needs_operator"
	Summary string // one sentence: what is wrong and what to do
	Episode string // "" outside an episode
	Cluster string
	Node    string
}

// text is the stable form that log watchers match: it begins with powerha_lpm and the alert.
func (p Page) text() string {
	return clean(fmt.Sprintf("powerha_lpm %s: %s (cluster %s node %s episode %s)", p.Alert, p.Summary, word(p.Cluster), word(p.Node), word(p.Episode)))
}

// Options says how people are told.
type Options struct {
	// Command is run with five further arguments: alert, summary, cluster, node, episode.
	Command []string
	Syslog  bool
	// Errlogger is errlogger(1) with fixed leading arguments, or empty. Where it does not exist it is left out.
	Errlogger []string
	Runner    command.Runner
	Clock     clock.Clock
	Timeout   time.Duration // of one command; 30 s when zero
	Log       log.Logger
	// SyslogWriter replaces the system's log; for tests.
	SyslogWriter func(text string) error
}

// Notifier sends pages. It is safe for concurrent use.
type Notifier struct {
	o Options

	mu   sync.Mutex // guards sent
	sent map[key]model.Instant
}

type key struct{ alert, episode string }

// New returns a notifier.
func New(o Options) *Notifier {
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = log.NewNopLogger()
	}
	if o.SyslogWriter == nil {
		o.SyslogWriter = writeSyslog
	}
	return &Notifier{o: o, sent: make(map[key]model.Instant)}
}

// Page tells people by every way that is configured, and reports whether it
// was sent by at least one: not so when the same alert of the same episode was
// sent in the last ten minutes. Failures of single ways are logged and returned.
func (n *Notifier) Page(ctx context.Context, p Page) (bool, error) {
	if !n.due(key{p.Alert, p.Episode}) {
		return false, nil
	}
	var errs []error
	sent := 0
	try := func(way string, err error) {
		if err == nil {
			sent++
			return
		}
		errs = append(errs, fmt.Errorf("page %q by %s: %w", p.Alert, way, err))
	}
	if len(n.o.Command) > 0 {
		try("notify.command", n.run(ctx, "notify", n.o.Command, clean(p.Alert), clean(p.Summary), clean(p.Cluster), clean(p.Node), clean(p.Episode)))
	}
	if len(n.o.Errlogger) > 0 {
		if err := n.run(ctx, "errlogger", n.o.Errlogger, p.text()); !errors.Is(err, command.ErrMissing) {
			try("errlogger", err)
		}
	}
	if n.o.Syslog {
		try("syslog", n.o.SyslogWriter(p.text()))
	}
	if sent == 0 {
		n.forget(key{p.Alert, p.Episode})
		if len(errs) == 0 {
			errs = append(errs, fmt.Errorf("page %q: no way to tell people is configured; set notify.command or notify.syslog", p.Alert))
		}
	}
	err := errors.Join(errs...)
	for _, e := range errs {
		_ = level.Error(n.o.Log).Log("msg", "a person could not be told", "err", e)
	}
	return sent > 0, err
}

// due reports whether the page is to be sent now, and books it.
func (n *Notifier) due(k key) bool {
	now := n.o.Clock.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	for old, at := range n.sent {
		if now.Sub(at) >= Again {
			delete(n.sent, old)
		}
	}
	if _, recently := n.sent[k]; recently {
		return false
	}
	n.sent[k] = now
	return true
}

func (n *Notifier) forget(k key) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.sent, k)
}

func (n *Notifier) run(ctx context.Context, name string, argv []string, args ...string) error {
	out, err := n.o.Runner.Query(ctx, command.Query{
		Name:    name,
		Argv:    append(append([]string(nil), argv...), args...),
		Timeout: n.o.Timeout,
	})
	if err != nil {
		return err
	}
	if out.Exit != 0 {
		return fmt.Errorf("%s ended with status %d: %s", argv[0], out.Exit, clean(string(out.Stderr)))
	}
	return nil
}

// clean makes one line of printable text: it may hold names that came from elsewhere.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	// An argument that begins with a dash would be taken for an option.
	return strings.TrimLeft(strings.TrimSpace(s), "-")
}

func word(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
