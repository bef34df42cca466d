package hmc

import (
	"context"
	"fmt"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/sim"
)

// simulated is an HMC of the simulated cluster, in virtual time. It was written apart from what is tested here.
type simulated struct {
	command.Runner
	t    *testing.T
	core *sim.Core
	now  time.Duration
	n    int
	over bool // the migration
}

func newSimulated(t *testing.T) *simulated {
	t.Helper()
	core, err := sim.New(sim.Config{
		Cluster: "c1", Version: "7.2.7", Nodes: []string{"n1", "n2"}, Epoch: start.Wall,
		Groups: []sim.Group{{Name: "rg", Nodes: []string{"n1", "n2"}, Application: "db", Start: "/start", Stop: "/stop"}},
		Delays: map[string]time.Duration{"hmc": 10 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &simulated{t: t, core: core}
}

// step gives inputs to the core, ends scripts at once, and hands the effects on.
func (s *simulated) step(see func(sim.Effect), in ...sim.Input) {
	for first := true; first || len(in) > 0; first = false {
		effects := s.core.Step(s.now, in)
		in = nil
		for _, e := range effects {
			switch e := e.(type) {
			case sim.RunScript:
				in = append(in, sim.ScriptEnded{ID: e.ID})
			case sim.FreezeNode:
				in = append(in, sim.FreezeDone(e))
			case sim.ThawNode:
				in = append(in, sim.ThawDone(e))
			case sim.MigrationEnded:
				s.over = true
			}
			if see != nil {
				see(e)
			}
		}
	}
}

// pass lets virtual time pass.
func (s *simulated) pass(d time.Duration) {
	for end := s.now + d; ; {
		next, ok := s.core.Next()
		if !ok || next > end {
			s.now = end
			s.step(nil)
			return
		}
		s.now = max(next, s.now)
		s.step(nil)
	}
}

func (s *simulated) Query(_ context.Context, q command.Query) (out command.Output, err error) {
	s.n++
	id := fmt.Sprintf("c%d", s.n)
	done := false
	see := func(e sim.Effect) {
		switch e := e.(type) {
		case sim.CommandOutput:
			if e.ID == id {
				out.Stdout, out.Stderr = append(out.Stdout, e.Stdout...), append(out.Stderr, e.Stderr...)
			}
		case sim.CommandDone:
			if e.ID == id {
				out.Exit, done = e.Exit, true
			}
		}
	}
	s.step(see, sim.CommandStarted{ID: id, Name: "hmc", Args: q.Argv[1:]})
	for range 1000 {
		if done {
			return out, nil
		}
		next, ok := s.core.Next()
		if !ok {
			break
		}
		s.now = max(next, s.now)
		s.step(see)
	}
	return out, fmt.Errorf("%q never ends", q.Argv)
}

// look asks all managed systems.
func (s *simulated) look() model.HMCView {
	s.t.Helper()
	c, err := New(Options{Commands: map[string][]string{"hmc1": {"/usr/bin/hmc"}}, Partition: "n1", Runner: s, Clock: clock.NewFake(start)})
	if err != nil {
		s.t.Fatal(err)
	}
	return c.Look(s.t.Context())
}

func (s *simulated) off() Proof { return PoweredOff(s.look(), start, time.Minute) }

func TestSimulatedWords(t *testing.T) {
	for _, words := range []string{"cli", "rest", "lower"} {
		s := newSimulated(t)
		s.step(nil, sim.SetKnob{Name: "hmc_migration_words", Value: words})
		v := s.look()
		if v.Err != "" || len(v.Rows) != 1 || v.Rows[0].State != model.LPARRunning || v.Rows[0].Migration != model.HMCNotMigrating {
			t.Errorf("%s: %+v", words, v)
		}
	}
}

// S1: a node that crashed is off only when it was powered off, whatever a crash shows as.
func TestSimulatedCrash(t *testing.T) {
	for _, shows := range []string{"Error", "Open Firmware", "Not Available", "Running"} {
		s := newSimulated(t)
		s.step(nil, sim.SetKnob{Name: "hmc_crash_shows", Value: shows}, sim.NodeDied{Node: "n1"})
		if p := s.off(); p.Off || p.Reason != ReasonOn {
			t.Errorf("crashed, %s: %+v", shows, p)
		}
		v := s.look()
		if _, err := s.Query(t.Context(), command.Query{Argv: []string{"/usr/bin/hmc", "chsysstate", "-m", v.Rows[0].System, "-r", "lpar", "-n", "n1", "-o", "shutdown", "--immed"}}); err != nil {
			t.Fatal(err)
		}
		if p := s.off(); p.Off {
			t.Errorf("the command alone is no proof: %+v", p)
		}
		s.pass(10 * time.Second)
		if p := s.off(); !p.Off {
			t.Errorf("powered off: %+v", p)
		}
	}
}

// In a migration both systems list the partition; it is never off, and every word is known.
func TestSimulatedMigration(t *testing.T) {
	for _, words := range []string{"cli", "rest", "lower"} {
		s := newSimulated(t)
		s.step(nil, sim.SetKnob{Name: "hmc_migration_words", Value: words}, sim.MigrationRequested{ID: "m", Node: "n1", Precopy: time.Minute, Freeze: 10 * time.Second})
		before := s.look().Rows[0].System
		both, moving := false, false
		for range 600 {
			s.pass(500 * time.Millisecond)
			v := s.look()
			if v.Err != "" {
				t.Fatalf("%s: %+v", words, v)
			}
			for _, r := range v.Rows {
				if r.State == model.LPARUnknown || r.Migration == model.HMCUnknown {
					t.Errorf("%s: %+v", words, r)
				}
				moving = moving || r.Migration == model.HMCInProgress && r.State == model.LPARMigrating
			}
			both = both || len(v.Rows) == 2
			if p := PoweredOff(v, start, time.Minute); p.Off {
				t.Fatalf("%s: off while it moves: %+v", words, v)
			}
			if s.over {
				break
			}
		}
		v := s.look()
		if !s.over || !both || !moving || len(v.Rows) != 1 || v.Rows[0].System == before || v.Rows[0].State != model.LPARRunning {
			t.Errorf("%s: over %v, on both %v, moving %v; then %+v", words, s.over, both, moving, v)
		}
	}
}

// What goes wrong at an HMC, or comes from another program, is never a proof.
func TestSimulatedFaults(t *testing.T) {
	for _, knob := range []sim.SetKnob{{Name: "hmc", Value: "busy"}, {Name: "hmc_state", Value: "Hardware Discovery"}, {Name: "hmc_state", Value: "Nicht aktiviert"}} {
		s := newSimulated(t)
		s.step(nil, sim.NodeDied{Node: "n1"}, knob)
		if p := s.off(); p.Off {
			t.Errorf("%+v: %+v", knob, p)
		}
		if v := s.look(); v.Err == "" && v.Rows[0].State != model.LPARUnknown {
			t.Errorf("%+v: %+v", knob, v)
		}
	}
}
