package rtc

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

const ms = time.Millisecond

// guest is a node whose clock stands still while it is frozen, and its chip, which runs on.
type guest struct {
	now   time.Duration // true time
	lost  time.Duration // frozen so far
	ppm   float64
	set   time.Duration // by which somebody set the chip
	rnd   *rand.Rand
	watch Watch
	steps []freeze.PeerStep
	reads int
}

func newGuest(seed uint64) *guest {
	return &guest{now: 1234 * ms, ppm: 80, rnd: rand.New(rand.NewPCG(seed, 7))}
}

func (g *guest) instant() model.Instant {
	d := g.now - g.lost
	d += time.Duration(float64(d) * g.ppm / 1e6)
	return model.Instant{Wall: time.Unix(0, int64(d)).UTC(), Mono: d}
}

// run lives for d of true time.
func (g *guest) run(d time.Duration) {
	for end := g.now + d; ; {
		wait := g.watch.Next(g.instant()) + time.Duration(g.rnd.Int64N(int64(300*time.Microsecond)))
		if g.now+wait >= end {
			g.now = end
			return
		}
		g.now += wait
		before := g.instant()
		g.now += 30 * time.Microsecond
		sec := int64((g.now + g.set) / time.Second)
		g.reads++
		if s, ok := g.watch.Step(before, g.instant(), sec); ok {
			g.steps = append(g.steps, s)
		}
	}
}

func (g *guest) freeze(d time.Duration) {
	g.now += d
	g.lost += d
}

// A freeze that the clocks inside do not show is found when somebody asks, and in a migration without being asked.
func TestFreezeShown(t *testing.T) {
	for _, d := range []time.Duration{300 * ms, time.Second, 2500 * ms, 90 * time.Second, 10 * time.Minute} {
		for seed := range uint64(20) {
			for _, asked := range []bool{true, false} {
				g := newGuest(seed)
				g.run(70*time.Second + time.Duration(g.rnd.Int64N(1000))*ms)
				g.watch.SetHot(g.instant(), !asked)
				g.run(11*time.Second + time.Duration(g.rnd.Int64N(5000))*ms)
				g.freeze(d)
				if asked {
					g.watch.Trigger(g.instant())
				}
				g.run(4 * time.Second)
				if !asked {
					g.run(8 * time.Second)
				}
				if len(g.steps) != 1 {
					t.Fatalf("%v, asked %v, seed %d: steps %+v", d, asked, seed, g.steps)
				}
				if s := g.steps[0]; (s.Step-d).Abs() > s.Bound || s.Bound > 100*ms+2*freeze.Rate(d+75*time.Second) || !s.Chip {
					t.Errorf("%v, asked %v: %+v", d, asked, s)
				}
			}
		}
	}
}

// Nothing is told while nothing happens, few reads are needed, and a question is answered with no step.
func TestCalm(t *testing.T) {
	g := newGuest(1)
	g.run(10 * time.Minute)
	if len(g.steps) != 0 {
		t.Errorf("steps %+v", g.steps)
	}
	if g.reads > 10*30+100 {
		t.Errorf("%d reads in ten minutes", g.reads)
	}
	g.watch.Trigger(g.instant())
	g.run(4 * time.Second)
	if len(g.steps) != 1 || g.steps[0].Significant() {
		t.Errorf("an answer: %+v", g.steps)
	}
}

// A chip that somebody sets back is told as negative, and does no harm later.
func TestSetBack(t *testing.T) {
	g := newGuest(2)
	g.watch.SetHot(g.instant(), true)
	g.run(20 * time.Second)
	g.set -= time.Hour
	g.run(20 * time.Second)
	if len(g.steps) != 1 || (g.steps[0].Step+time.Hour).Abs() > g.steps[0].Bound {
		t.Fatalf("%+v", g.steps)
	}
	g.run(time.Minute)
	if len(g.steps) != 1 {
		t.Errorf("%+v", g.steps)
	}
}

// The shell reads by its clock, ends with its context, and says whether there is a chip.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clk := clock.NewFake(model.Instant{Wall: time.Unix(1000, 0).UTC(), Mono: time.Hour})
		var fails atomic.Bool
		fails.Store(true)
		c := New(clk)
		c.read = func() (int64, error) {
			if fails.Load() {
				return 0, errNoChip
			}
			return clk.Now().Wall.Unix(), nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		steps := make(chan freeze.PeerStep, 8)
		go func() { done <- c.Run(ctx, func(s freeze.PeerStep) { steps <- s }) }()
		pass := func(d time.Duration) {
			for end := clk.Now().Mono + d; clk.Now().Mono < end; {
				synctest.Wait()
				clk.Advance(5 * ms)
			}
		}
		synctest.Wait()
		if c.Present() {
			t.Error("a chip that cannot be read is present")
		}
		fails.Store(false)
		pass(retry + 3*time.Second)
		if !c.Present() {
			t.Error("not present")
		}
		c.Trigger()
		pass(4 * time.Second)
		if s := <-steps; s.Significant() || !s.Chip {
			t.Errorf("the answer: %+v", s)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

var errNoChip = errors.New("none")
