package exporter

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"powerha_lpm_exporter/internal/model"
)

// HMC looks at this node's partition from outside; hmc.Client is one.
type HMC interface {
	Look(ctx context.Context) model.HMCView
}

// HMCWatch is who is asked, and how long to wait after an answer; without a client nobody is.
type HMCWatch struct {
	Client   HMC
	Interval time.Duration
}

// PartHMC is the part of the shell that asks the HMCs.
const PartHMC = "hmc"

// hmcWatcher holds the watch that is in force.
type hmcWatcher struct {
	changed chan struct{} // has room for one: told, and not taken yet

	mu    sync.Mutex // guards what follows
	watch HMCWatch
}

func newHMCWatcher() *hmcWatcher { return &hmcWatcher{changed: make(chan struct{}, 1)} }

func (w *hmcWatcher) set(watch HMCWatch) {
	w.mu.Lock()
	w.watch = watch
	w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// take returns the watch that is in force; that it changed is not told any more.
func (w *hmcWatcher) take() HMCWatch {
	select {
	case <-w.changed:
	default:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.watch
}

// SetHMC replaces the watch; an answer that is still awaited counts all the same.
func (e *Exporter) SetHMC(w HMCWatch) { e.hmc.set(w) }

// watchHMC asks, one look after the other, so that looks never pile up at an HMC that is slow.
func (e *Exporter) watchHMC(ctx context.Context) {
	said := ""
	for ctx.Err() == nil {
		w := e.hmc.take()
		if w.Client == nil {
			e.send(Health{Part: PartHMC})
			select {
			case <-ctx.Done():
			case <-e.hmc.changed:
			}
			continue
		}
		view := w.Client.Look(ctx)
		if ctx.Err() != nil {
			return // what failed because this program ends is no news
		}
		e.send(HMCSeen{View: view})
		e.send(Health{Part: PartHMC, Err: view.Err})
		if text := hmcText(view); text != said {
			said = text
			logHMC(e.deps.Logger, view)
		}
		t := e.deps.Clock.NewTimer(w.Interval)
		select {
		case <-ctx.Done():
		case <-t.C():
		case <-e.hmc.changed:
		}
		t.Stop()
	}
}

// hmcText is a view without its time: what is new in another one differs in it.
func hmcText(v model.HMCView) string {
	var b strings.Builder
	for _, r := range v.Rows {
		fmt.Fprintf(&b, "%s: %s, %s; ", r.System, r.RawState, r.Raw)
	}
	return b.String()
}

// logHMC tells what the HMCs say, in their own words: one that is not known is of more use so.
func logHMC(l log.Logger, v model.HMCView) {
	if len(v.Rows) == 0 {
		_ = level.Warn(l).Log("msg", "no HMC lists this partition", "partition", v.Partition)
		return
	}
	for _, r := range v.Rows {
		say := level.Info(l)
		if r.State == model.LPARUnknown || r.Migration == model.HMCUnknown {
			say = level.Warn(l)
		}
		_ = say.Log("msg", "what the HMC says of this partition", "partition", v.Partition, "hmc", r.HMC, "system", r.System,
			"state", r.State, "word", r.RawState, "migration", r.Migration, "migration_word", r.Raw)
	}
}
