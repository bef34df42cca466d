package freeze

import (
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// watched is a detector with the tracker behind it, as the exporter has them, without a peer.
type watched struct {
	d       *Detector
	c       *clocks
	tr      Tracker
	kinds   map[Kind]int
	gaps    []Gap
	freezes []model.Freeze
}

func watch(fine bool) *watched {
	d, c := ticked(Config{}, fine)
	return &watched{d: d, c: c, kinds: make(map[Kind]int)}
}

// tick lets a tick pass; move changes the clocks meanwhile.
func (w *watched) tick(move func(c *clocks)) {
	w.c.s.Tick = w.d.Tick()
	w.c.pass(w.d.Tick())
	if move != nil {
		move(w.c)
	}
	gaps := w.d.Step(w.c.s)
	for _, g := range gaps {
		w.kinds[g.Kind]++
		w.gaps = append(w.gaps, g)
	}
	w.freezes = append(w.freezes, w.tr.Step(model.Instant{Wall: w.c.s.Real, Mono: w.c.s.Mono}, gaps, nil, nil, "e")...)
}

// for lets time pass.
func (w *watched) pass(d time.Duration, move func(c *clocks)) {
	for end := w.c.s.Mono + d; w.c.s.Mono < end; {
		w.tick(move)
	}
}

func setBy(d time.Duration) func(c *clocks) {
	return func(c *clocks) { c.s.Real = c.s.Real.Add(d) }
}

// The time of day is set by hours, forwards and backwards: each is a step, none is a freeze.
func TestTimeSetByHours(t *testing.T) {
	for _, fine := range []bool{false, true} {
		w := watch(fine)
		for i, d := range []time.Duration{5 * time.Hour, -5 * time.Hour, 240 * time.Hour, -241 * time.Hour, time.Second, -time.Second} {
			w.tick(setBy(d))
			w.pass(10*time.Second, nil)
			if w.kinds[Stepped] != i+1 || (w.gaps[i].Estimate-d).Abs() > ms {
				t.Fatalf("fine=%v: set by %v: %+v", fine, d, w.gaps)
			}
		}
		if len(w.gaps) != 6 || len(w.freezes) != 0 || w.tr.Pending() {
			t.Errorf("fine=%v: gaps %v, freezes %+v", fine, w.kinds, w.freezes)
		}
	}
}

// Time synchronisation slews by 500 ppm for hours, and back: nothing is seen.
func TestSlewed(t *testing.T) {
	for _, fine := range []bool{false, true} {
		w := watch(fine)
		for _, sign := range []time.Duration{1, -1} {
			w.pass(2*time.Hour, func(c *clocks) {
				slew := sign * c.s.Tick / 2000
				c.s.Mono += slew // Linux slews all but raw
				c.s.Boot += slew
				c.s.Real = c.s.Real.Add(slew)
			})
		}
		if len(w.gaps) != 0 || len(w.freezes) != 0 {
			t.Errorf("fine=%v: gaps %+v, freezes %+v", fine, w.gaps, w.freezes)
		}
	}
}

// A leap second: smeared over a day nothing is seen, whichever clocks follow; inserted at once it is a step by a second.
func TestLeapSecond(t *testing.T) {
	for _, name := range []string{"time of day alone", "monotonic clock as well"} {
		w := watch(false)
		w.pass(24*time.Hour, func(c *clocks) {
			smear := c.s.Tick / 86400
			c.s.Real = c.s.Real.Add(-smear)
			if name != "time of day alone" {
				c.s.Mono, c.s.Boot = c.s.Mono-smear, c.s.Boot-smear
			}
		})
		if len(w.gaps) != 0 {
			t.Errorf("smeared, %s: %+v", name, w.gaps)
		}
	}
	w := watch(false)
	w.tick(setBy(-time.Second))
	w.pass(10*time.Second, nil)
	if w.kinds[Stepped] != 1 || len(w.gaps) != 1 || len(w.freezes) != 0 {
		t.Errorf("inserted: %+v, %+v", w.gaps, w.freezes)
	}
}

// A node that is suspended to memory: monotonic and raw stand still, boot and the time of day go on. It is a freeze.
func TestSuspendedToMemory(t *testing.T) {
	for _, d := range []time.Duration{time.Second, 90 * time.Minute, 72 * time.Hour} {
		w := watch(false)
		w.tick(func(c *clocks) {
			c.s.Boot += d
			c.s.Real = c.s.Real.Add(d)
		})
		w.pass(10*time.Second, nil)
		if len(w.gaps) != 1 || w.gaps[0].Clock != "boot" || len(w.freezes) != 1 {
			t.Fatalf("%v: gaps %+v, freezes %+v", d, w.gaps, w.freezes)
		}
		if f := w.freezes[0]; (*f.Fused-d).Abs() > f.FusedBound || !Booked(&f) || !f.Visible.Clock {
			t.Errorf("%v: %v ± %v", d, *f.Fused, f.FusedBound)
		}
	}
}

// A counter of 24 bits wraps after 4.7 s: a freeze of 3 s reads as minus 1.7 s of it. The fault is told, the freeze is
// taken from the clock that is right, and the wrap alone is none.
func TestCounterWraps(t *testing.T) {
	const wrap = 4700 * ms
	tests := []struct {
		name  string
		move  func(c *clocks)
		kinds map[Kind]int
		truth time.Duration
	}{
		{"raw wraps in a freeze", func(c *clocks) { c.pass(3 * time.Second); c.s.Raw -= wrap }, map[Kind]int{Faulty: 1, Suspended: 1}, 3 * time.Second},
		{"mono wraps in a freeze", func(c *clocks) { c.pass(3 * time.Second); c.s.Mono -= wrap }, map[Kind]int{Faulty: 1, Suspended: 1}, 3 * time.Second},
		{"raw wraps", func(c *clocks) { c.s.Raw -= wrap }, map[Kind]int{Faulty: 1}, 0},
		{"mono wraps", func(c *clocks) { c.s.Mono -= wrap }, map[Kind]int{Faulty: 1}, 0},
	}
	for _, tt := range tests {
		w := watch(true)
		w.pass(time.Second, nil)
		w.tick(tt.move)
		w.pass(10*time.Second, nil)
		for _, k := range []Kind{Suspended, Stalled, Stepped, Faulty} {
			if w.kinds[k] != tt.kinds[k] {
				t.Errorf("%s: %d %s, want %d: %+v", tt.name, w.kinds[k], k, tt.kinds[k], w.gaps)
			}
		}
		if (tt.truth > 0) != (len(w.freezes) == 1) {
			t.Fatalf("%s: freezes %+v", tt.name, w.freezes)
		}
		for _, f := range w.freezes {
			if (*f.Fused - tt.truth).Abs() > f.FusedBound {
				t.Errorf("%s: %v ± %v", tt.name, *f.Fused, f.FusedBound)
			}
		}
	}
}
