package peer

import (
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// slew changes how fast the clocks of a node go, from now on.
func (w *world) slew(n *node, ppm float64) {
	passed := w.now - n.lost
	n.origin += time.Duration(float64(passed) * (n.ppm - ppm) / 1e6)
	n.wall = n.wall.Add(time.Duration(float64(passed) * (n.ppm - ppm) / 1e6))
	n.ppm = ppm
}

// freezeOnce freezes the first node and asserts that this, and nothing else, is measured.
func freezeOnce(t *testing.T, w *world, d time.Duration) {
	t.Helper()
	n1, n2 := w.nodes[0], w.nodes[1]
	w.freeze(n1, d)
	w.run(d + 8*time.Second)
	if len(n1.freezes) != 1 || n1.freezes[0].Fused == nil {
		t.Fatalf("freezes %+v, steps %+v", n1.freezes, n1.steps)
	}
	if f := n1.freezes[0]; (*f.Fused - d).Abs() > f.FusedBound {
		t.Errorf("%v ± %v, truth %v", *f.Fused, f.FusedBound, d)
	}
	if len(n2.freezes) != 0 {
		t.Errorf("the peer books %+v", n2.freezes)
	}
}

// both runs a test in both worlds, in an episode that is known to both nodes.
func both(t *testing.T, run func(t *testing.T, w *world)) {
	for name, stand := range map[string]bool{"counters run on": false, "counters stand still": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 11)
			w.nodes[0].stand = stand
			w.phase(w.nodes[0], model.PhaseMigrating)
			w.run(5 * time.Second)
			run(t, w)
		})
	}
}

// The time of day of either node is set by hours: heartbeats do not care, and a freeze is measured as ever.
func TestTimeOfDaySetByHours(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		for _, d := range []time.Duration{5 * time.Hour, -10 * time.Hour, 240 * time.Hour, -time.Second} {
			for _, n := range w.nodes {
				n.wall = n.wall.Add(d)
				w.run(5 * time.Second)
			}
		}
		quiet(t, w)
		freezeOnce(t, w, 2*time.Second)
	})
}

// One node is slewed by 500 ppm, for minutes and in a freeze, and back: no step, and the bound holds.
func TestSlewedNode(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		for _, n := range w.nodes {
			n.ppm = 0
		}
		w.nodes[0].core, w.nodes[1].core = newWorld(t, 11).nodes[0].core, newWorld(t, 11).nodes[1].core // the change above was a step
		w.phase(w.nodes[0], model.PhaseMigrating)
		w.phase(w.nodes[1], model.PhaseIdle)
		w.run(5 * time.Second)
		for _, n := range w.nodes {
			n.freezes, n.steps, n.silences = nil, nil, nil
		}
		w.slew(w.nodes[0], 500)
		w.run(5 * time.Minute)
		w.slew(w.nodes[0], -500)
		w.run(5 * time.Minute)
		quiet(t, w)
		freezeOnce(t, w, 20*time.Second)
	})
}

// A leap second is smeared over a day at one node alone, its monotonic clock with it: nothing is seen.
func TestLeapSmear(t *testing.T) {
	w := newWorld(t, 5)
	w.run(10 * time.Second)
	w.slew(w.nodes[0], w.nodes[0].ppm-1e6/86400)
	w.run(10 * time.Minute)
	quiet(t, w)
}

// Datagrams that come twice, out of order, or not at all do not spoil the measurement.
func TestFreezeOnBadNetwork(t *testing.T) {
	for name, spoil := range map[string]func(w *world){
		"all twice":        func(w *world) { w.twice = true },
		"every fifth lost": func(w *world) { w.drop = func(_ *node, n int) bool { return n%5 == 0 } },
		"out of order":     func(w *world) { w.delay = 120 * time.Millisecond },
		"all of it": func(w *world) {
			w.twice, w.delay, w.drop = true, 120*time.Millisecond, func(_ *node, n int) bool { return n%7 == 0 }
		},
		"half of them lost": func(w *world) { w.drop = func(*node, int) bool { return w.rnd.IntN(2) == 0 } },
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, w *world) {
				spoil(w)
				w.run(10 * time.Second)
				for _, n := range w.nodes {
					n.steps, n.silences, n.freezes = nil, nil, nil
				}
				freezeOnce(t, w, 3*time.Second)
			})
		})
	}
}

// Whoever knows the peer's address but not the key changes nothing, as often as he tries.
func TestForgedHeartbeats(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		n1 := w.nodes[0]
		const forged = 1000
		for i := range uint64(forged) {
			b := heartbeatOf(t, []byte("a key of somebody who has none"), func(h *heartbeat) {
				h.Session, h.Seq, h.Mono, h.Phase = 2, 1<<40+i, time.Duration(i)*time.Hour, model.PhaseMigrating
				h.Silence = &silence{Duration: time.Hour, Interval: time.Second, Seq: i}
			})
			n1.queue = append(n1.queue, flying{n1, w.now, slices.Clone(b)})
			w.run(10 * time.Millisecond)
		}
		quiet(t, w)
		if st := n1.core.Stats(); st.BadMAC != forged || len(n1.told) != 0 {
			t.Errorf("%+v, told %+v", st, n1.told)
		}
		freezeOnce(t, w, time.Second)
	})
}
