package exporter

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

// console answers looks from a list, the last one for ever.
type console struct {
	mu    sync.Mutex // guards what follows
	views []model.HMCView
	looks int
}

func (c *console) Look(context.Context) model.HMCView {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.views[min(c.looks, len(c.views)-1)]
	c.looks++
	return v
}

func view(state model.LPARState, err string) model.HMCView {
	v := model.HMCView{Partition: "lpar1", Err: err}
	if state != "" {
		v.Rows = []model.HMCState{{HMC: "hmc1", System: "p9a", State: state, RawState: string(state), Migration: model.HMCNotMigrating, Raw: "Not Migrating"}}
	}
	return v
}

func TestHMCWatch(t *testing.T) {
	clk := clock.NewFake(model.Instant{Wall: time.Unix(1e9, 0), Mono: time.Hour})
	var said bytes.Buffer
	e := &Exporter{deps: Deps{Clock: clk, Logger: log.NewLogfmtLogger(&said)}, in: make(chan Input), hmc: newHMCWatcher()}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan struct{})
	first := &console{views: []model.HMCView{view(model.LPARRunning, ""), view(model.LPARRunning, ""), view("", "hmc1 does not answer"), view(model.LPARUnknown, "")}}
	e.SetHMC(HMCWatch{Client: first, Interval: 30 * time.Second})
	go func() { defer close(ended); e.watchHMC(ctx) }()
	next := func() (model.HMCView, string) {
		t.Helper()
		seen, ok := (<-e.in).(HMCSeen)
		health, is := (<-e.in).(Health)
		if !ok || !is || health.Part != PartHMC {
			t.Fatalf("%+v, %+v", seen, health)
		}
		return seen.View, health.Err
	}
	for i, want := range []struct {
		state model.LPARState
		err   string
	}{{model.LPARRunning, ""}, {model.LPARRunning, ""}, {"", "hmc1 does not answer"}, {model.LPARUnknown, ""}} {
		v, err := next()
		if err != want.err || (len(v.Rows) == 1) != (want.state != "") || len(v.Rows) == 1 && v.Rows[0].State != want.state {
			t.Errorf("look %d: %+v, %q", i, v, err)
		}
		clk.BlockUntil(1)
		clk.Advance(30*time.Second - 1)
		select {
		case in := <-e.in:
			t.Fatalf("look %d came early: %+v", i+1, in)
		default:
		}
		if i < 3 {
			clk.Advance(1)
		}
	}
	// Another configuration is followed at once, and none means that nobody is asked.
	second := &console{views: []model.HMCView{view(model.LPARNotActivated, "")}}
	e.SetHMC(HMCWatch{Client: second, Interval: time.Hour})
	if v, _ := next(); v.Rows[0].State != model.LPARNotActivated {
		t.Errorf("after the change: %+v", v)
	}
	e.SetHMC(HMCWatch{})
	if h, ok := (<-e.in).(Health); !ok || h.Err != "" {
		t.Errorf("after the end: %+v", h)
	}
	cancel()
	<-ended
	if first.looks != 4 || second.looks != 1 {
		t.Errorf("%d and %d looks", first.looks, second.looks)
	}
	if got := strings.Count(said.String(), "\n"); got != 4 { // running, nobody, unknown, not activated: what did not change is not told again
		t.Errorf("%d lines:\n%s", got, said.String())
	}
	if !strings.Contains(said.String(), `level=warn msg="what the HMC says of this partition" partition=lpar1 hmc=hmc1 system=p9a state=unknown`) {
		t.Errorf("a word that is not known is no warning:\n%s", said.String())
	}
}

// A look that is going on when the program ends is waited for and not told.
func TestHMCWatchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e := &Exporter{deps: Deps{Clock: clock.System(), Logger: log.NewNopLogger()}, in: make(chan Input), hmc: newHMCWatcher()}
	e.SetHMC(HMCWatch{Client: hangs(func() { cancel() }), Interval: time.Hour})
	e.watchHMC(ctx)
}

// hangs is a look that lasts until the program ends.
type hangs func()

func (h hangs) Look(ctx context.Context) model.HMCView {
	h()
	<-ctx.Done()
	return model.HMCView{Err: ctx.Err().Error()}
}
