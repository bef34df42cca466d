package peer

import (
	"fmt"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

// A freeze is measured to within the published bound whether the counters run
// on in it or stand still, and the node that watches books none.
func TestFreezeInBothWorlds(t *testing.T) {
	for _, stand := range []bool{false, true} {
		for _, d := range []time.Duration{60, 120, 300, 1000, 3700, 10_000, 60_000, 600_000} {
			for seed := range uint64(4) {
				d := d * time.Millisecond
				t.Run(fmt.Sprintf("stand=%v/%v/%d", stand, d, seed), func(t *testing.T) {
					w := newWorld(t, seed)
					n1, n2 := w.nodes[0], w.nodes[1]
					n1.stand = stand
					w.run(5*time.Second + time.Duration(w.rnd.Int64N(1000))*time.Millisecond)
					w.phase(n1, model.PhaseMigrating)
					w.run(5*time.Second + time.Duration(w.rnd.Int64N(100))*time.Millisecond)
					w.freeze(n1, d)
					w.run(d + 6*time.Second)
					if len(n1.freezes) != 1 {
						t.Fatalf("%d freezes: %+v; steps %+v", len(n1.freezes), n1.freezes, n1.steps)
					}
					checkFreeze(t, n1.freezes[0], d)
					if stand == (n1.freezes[0].Peer == nil) || stand == (n1.freezes[0].Clock != nil) {
						t.Errorf("visible by the wrong source: %+v", n1.freezes[0])
					}
					if len(n2.freezes) != 0 {
						t.Errorf("the peer books a freeze: %+v", n2.freezes)
					}
					if at, want := n1.freezes[0].Start, n1.wall.Add(10*time.Second); at.Sub(want).Abs() > 3*time.Second {
						t.Errorf("start %v, want about %v", at, want)
					}
				})
			}
		}
	}
}

func checkFreeze(t *testing.T, f model.Freeze, truth time.Duration) {
	t.Helper()
	if f.Fused == nil {
		t.Fatalf("not visible: %+v", f)
	}
	if off := (*f.Fused - truth).Abs(); off > f.FusedBound {
		t.Errorf("fused %v ± %v, truth %v", *f.Fused, f.FusedBound, truth)
	}
	// The clocks of the two nodes are taken to part by at most 500 ppm; that is all that a long freeze may add.
	if limit := 20*time.Millisecond + 2*freeze.Rate(truth+15*time.Second); f.FusedBound > limit {
		t.Errorf("bound %v for a freeze of %v: more than %v", f.FusedBound, truth, limit)
	}
}

// The detector's hiccup after the resume is part of the brownout, not of the freeze.
func TestHiccupAfterResume(t *testing.T) {
	w := newWorld(t, 7)
	n1 := w.nodes[0]
	n1.stand, n1.hiccup = true, 100*time.Millisecond
	w.run(3 * time.Second)
	w.phase(n1, model.PhaseMigrating)
	w.run(5 * time.Second)
	w.freeze(n1, 2*time.Second)
	w.run(10 * time.Second)
	if len(n1.freezes) != 1 {
		t.Fatalf("freezes: %+v", n1.freezes)
	}
	f := n1.freezes[0]
	if f.Clock != nil || f.Peer == nil {
		t.Fatalf("the hiccup was taken for the freeze, or the step not seen: %+v", f)
	}
	if off := (*f.Fused - 2*time.Second).Abs(); off > 10*time.Millisecond || f.FusedBound > 200*time.Millisecond {
		t.Errorf("fused %v ± %v", *f.Fused, f.FusedBound)
	}
	if f.Brownout == nil || (*f.Brownout-100*time.Millisecond).Abs() > 20*time.Millisecond {
		t.Errorf("brownout %v of 100ms", f.Brownout)
	}
}

// The watching node measures the silence, and tells it to the one that was frozen.
func TestSilence(t *testing.T) {
	for _, stand := range []bool{false, true} {
		w := newWorld(t, 3)
		n1, n2 := w.nodes[0], w.nodes[1]
		n1.stand = stand
		w.run(3 * time.Second)
		w.phase(n1, model.PhaseMigrating)
		w.run(3 * time.Second)
		w.freeze(n1, 4*time.Second)
		w.run(4*time.Second - 10*time.Millisecond)
		if s := n2.core.Status(n2.clock(w.now))[0]; !s.Up || s.Silence < 3900*time.Millisecond || s.Phase != model.PhaseMigrating {
			t.Errorf("stand=%v: before the thaw: %+v", stand, s)
		}
		w.run(5 * time.Second)
		if len(n2.silences) != 1 || (n2.silences[0].Duration-4*time.Second).Abs() > 150*time.Millisecond {
			t.Errorf("stand=%v: silences of n1: %+v", stand, n2.silences)
		}
		if len(n1.told) != 1 || n1.told[0].Duration != n2.silences[0].Duration {
			t.Errorf("stand=%v: told: %+v", stand, n1.told)
		}
		if len(n1.silences) != 0 {
			t.Errorf("stand=%v: a node that wakes books its own freeze as silence of its peer: %+v", stand, n1.silences)
		}
		if len(n1.freezes) != 1 || n1.freezes[0].Brownout == nil || *n1.freezes[0].Brownout > 110*time.Millisecond {
			t.Errorf("stand=%v: %+v", stand, n1.freezes)
		}
	}
}

func TestLostDuplicatedReordered(t *testing.T) {
	t.Run("every fifth lost", func(t *testing.T) {
		w := newWorld(t, 1)
		w.drop = func(_ *node, n int) bool { return n%5 == 0 }
		w.phase(w.nodes[0], model.PhaseMigrating)
		w.run(20 * time.Second)
		quiet(t, w)
	})
	t.Run("all twice", func(t *testing.T) {
		w := newWorld(t, 1)
		w.twice = true
		w.run(20 * time.Second)
		quiet(t, w)
		if st := w.nodes[0].core.Stats(); st.Replayed == 0 || st.Replayed > st.Accepted+1 {
			t.Errorf("replayed copies: %+v", st)
		}
	})
	t.Run("reordered", func(t *testing.T) {
		w := newWorld(t, 1)
		w.phase(w.nodes[0], model.PhaseMigrating)
		w.delay = 150 * time.Millisecond // more than the interval, as much again at random
		w.run(60 * time.Second)
		quiet(t, w)
	})
	t.Run("cut for 3 s", func(t *testing.T) {
		w := newWorld(t, 1)
		w.phase(w.nodes[0], model.PhaseMigrating)
		w.run(5 * time.Second)
		w.drop = func(*node, int) bool { return true }
		w.run(3 * time.Second)
		w.drop = nil
		w.run(5 * time.Second)
		for _, n := range w.nodes {
			if len(n.silences) != 1 || len(n.freezes) != 0 {
				t.Errorf("%s: silences %v, freezes %v", n.name, n.silences, n.freezes)
			}
		}
	})
}

// quiet asserts that both are up and nothing is booked.
func quiet(t *testing.T, w *world) {
	t.Helper()
	for _, n := range w.nodes {
		if len(n.silences)+len(n.freezes)+len(n.steps) != 0 {
			t.Errorf("%s: silences %v, freezes %+v, steps %+v", n.name, n.silences, n.freezes, n.steps)
		}
		if s := n.core.Status(n.clock(w.now)); len(s) != 1 || !s[0].Up {
			t.Errorf("%s: status %+v", n.name, s)
		}
	}
}

// The rate is that of the interval, and one second after a peer says that it migrates both are fast.
func TestRate(t *testing.T) {
	w := newWorld(t, 1)
	w.run(5 * time.Second)
	n1, n2 := w.nodes[0], w.nodes[1]
	before1, before2 := n1.sent, n2.sent
	w.run(10 * time.Second)
	for _, sent := range []int{n1.sent - before1, n2.sent - before2} {
		if sent < 9 || sent > 11 {
			t.Errorf("%d heartbeats in 10 s at rest", sent)
		}
	}
	w.phase(n1, model.PhaseMigrating)
	w.run(200 * time.Millisecond)
	before1, before2 = n1.sent, n2.sent
	w.run(10 * time.Second)
	for _, sent := range []int{n1.sent - before1, n2.sent - before2} {
		if sent < 95 || sent > 105 {
			t.Errorf("%d heartbeats in 10 s of an episode", sent)
		}
	}
}

// A second node does the same while the first is silent for good: it stays down and nothing is booked.
func TestPeerDies(t *testing.T) {
	w := newWorld(t, 1)
	n1, n2 := w.nodes[0], w.nodes[1]
	w.run(3 * time.Second)
	w.phase(n1, model.PhaseMigrating)
	w.run(3 * time.Second)
	w.freeze(n1, time.Hour)
	w.run(30 * time.Second)
	s := n2.core.Status(n2.clock(w.now))[0]
	if s.Up || s.Phase != model.PhaseMigrating || s.Episode != "e1" || s.Silence < 29*time.Second {
		t.Errorf("what a survivor knows of a dead node: %+v", s)
	}
	if len(n2.freezes)+len(n2.silences) != 0 {
		t.Errorf("booked: %v %v", n2.freezes, n2.silences)
	}
}

// Outside an episode heartbeats come once a second and ticks are coarse: freezes are found still.
func TestFreezeAtRest(t *testing.T) {
	for _, stand := range []bool{false, true} {
		for seed := range uint64(10) {
			w := newWorld(t, seed)
			n1 := w.nodes[0]
			n1.stand = stand
			w.run(8*time.Second + time.Duration(w.rnd.Int64N(1000))*time.Millisecond)
			w.freeze(n1, 2*time.Second)
			w.run(12 * time.Second)
			if len(n1.freezes) != 1 || n1.freezes[0].Fused == nil {
				t.Fatalf("stand=%v: freezes %+v, steps %+v", stand, n1.freezes, n1.steps)
			}
			f := n1.freezes[0]
			if off := (*f.Fused - 2*time.Second).Abs(); off > f.FusedBound || f.FusedBound > 160*time.Millisecond {
				t.Errorf("stand=%v: fused %v ± %v", stand, *f.Fused, f.FusedBound)
			}
			if len(w.nodes[1].freezes) != 0 {
				t.Errorf("stand=%v: the peer books %+v", stand, w.nodes[1].freezes)
			}
		}
	}
}

// On a slow network the delay hides short freezes of the second kind within its bound, and never shows a false one.
func TestFreezeOverSlowNetwork(t *testing.T) {
	for d := 20 * time.Millisecond; d <= 400*time.Millisecond; d += 20 * time.Millisecond {
		w := newWorld(t, uint64(d))
		n1 := w.nodes[0]
		n1.stand = true
		w.delay = 40 * time.Millisecond
		w.run(3 * time.Second)
		w.phase(n1, model.PhaseMigrating)
		w.run(5 * time.Second)
		w.freeze(n1, d)
		w.run(10 * time.Second)
		for _, f := range n1.freezes {
			if off := (*f.Fused - d).Abs(); off > f.FusedBound {
				t.Errorf("fused %v ± %v, truth %v", *f.Fused, f.FusedBound, d)
			}
		}
		if len(n1.freezes) == 0 && d > 200*time.Millisecond || len(n1.freezes) > 1 {
			t.Errorf("%v: freezes %+v", d, n1.freezes)
		}
	}
}

// A path that becomes a hundred times faster, as after a slow start, blinds nobody: freezes soon after it are right.
func TestPathBecomesFaster(t *testing.T) {
	for _, stand := range []bool{false, true} {
		for seed := range uint64(20) {
			w := newWorld(t, seed)
			n1 := w.nodes[0]
			n1.stand = stand
			w.phase(n1, model.PhaseMigrating)
			w.delay = 22 * time.Millisecond
			w.run(300*time.Millisecond + time.Duration(w.rnd.Int64N(300))*time.Millisecond)
			w.delay = 200 * time.Microsecond
			for range 2 {
				w.run(4 * time.Second)
				n1.freezes = nil
				w.freeze(n1, 1076*time.Millisecond)
				w.run(7 * time.Second)
				if len(n1.freezes) != 1 {
					t.Fatalf("stand=%v, seed %d: %+v", stand, seed, n1.freezes)
				}
				checkFreeze(t, n1.freezes[0], 1076*time.Millisecond)
			}
		}
	}
}

// Many freezes, one after the other: each is booked once.
func TestManyFreezes(t *testing.T) {
	for _, stand := range []bool{false, true} {
		w := newWorld(t, 5)
		n1 := w.nodes[0]
		n1.stand = stand
		w.phase(n1, model.PhaseMigrating)
		w.run(5 * time.Second)
		for i := range 50 {
			d := 60*time.Millisecond + time.Duration(w.rnd.Int64N(3000))*time.Millisecond
			n1.freezes = nil
			w.freeze(n1, d)
			w.run(d + 5*time.Second + time.Duration(w.rnd.Int64N(1000))*time.Millisecond)
			if len(n1.freezes) != 1 {
				t.Fatalf("stand=%v, freeze %d of %v: %+v", stand, i, d, n1.freezes)
			}
			checkFreeze(t, n1.freezes[0], d)
		}
		if len(w.nodes[1].freezes) != 0 {
			t.Errorf("stand=%v: the peer books %+v", stand, w.nodes[1].freezes)
		}
	}
}
