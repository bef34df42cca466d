package freeze

import (
	"testing"
	"time"
)

const ms = time.Millisecond

// clocks is a set of clocks that a test moves.
type clocks struct{ s Sample }

func newClocks() *clocks {
	return &clocks{Sample{
		Mono: time.Hour, Raw: 2 * time.Hour, Boot: 3 * time.Hour, RunDelay: time.Minute,
		Real: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Base: 40 * 24 * time.Hour, Dispatched: time.Hour,
		Has: HasRaw | HasBoot | HasRunDelay | HasBase | HasDispatched,
	}}
}

// pass moves all clocks on.
func (c *clocks) pass(d time.Duration) *clocks {
	c.s.Mono += d
	c.s.Raw += d
	c.s.Boot += d
	c.s.Base += d
	c.s.Real = c.s.Real.Add(d)
	return c
}

// wait lets one thread wait for a processor, and others together for more.
func (c *clocks) wait(one, others time.Duration) {
	c.s.RunDelay += one
	c.s.Waits += one + others
}

// ticked is a detector that has seen some regular ticks.
func ticked(cfg Config, fine bool) (*Detector, *clocks) {
	d, c := New(cfg), newClocks()
	d.SetFine(fine)
	for range 10 {
		c.s.Tick = d.Tick()
		d.Step(c.s)
		c.pass(d.Tick() + 200*time.Microsecond)
	}
	d.Step(c.s)
	return d, c
}

func TestDetector(t *testing.T) {
	tests := []struct {
		name     string
		fine     bool
		move     func(c *clocks)
		kind     Kind
		clock    string
		truth    time.Duration // to lie inside the bound
		maxBound time.Duration
	}{
		{"a late tick", true, func(c *clocks) { c.pass(45 * ms) }, "", "", 0, 0},
		{"frozen for 60 ms, from early in the tick", true, func(c *clocks) { c.pass(61 * ms) }, Suspended, "mono", 60 * ms, 10 * ms},
		{"frozen for 60 ms, from late in the tick", true, func(c *clocks) { c.pass(70 * ms) }, Suspended, "mono", 60 * ms, 10 * ms},
		{"frozen for 4 s", true, func(c *clocks) { c.pass(4005 * ms) }, Suspended, "mono", 4 * time.Second, 12 * ms},
		{"coarse: 150 ms late", false, func(c *clocks) { c.pass(400 * ms) }, "", "", 0, 0},
		{"coarse: frozen for 1 s", false, func(c *clocks) { c.pass(1100 * ms) }, Suspended, "mono", time.Second, 130 * ms},
		{"frozen for 10 min", false, func(c *clocks) { c.pass(600_100 * ms) }, Suspended, "mono", 600 * time.Second, 500 * ms},
		{"waited for a processor", true, func(c *clocks) { c.pass(500*ms).wait(480*ms, 0) }, Stalled, "mono", 490 * ms, 10 * ms},
		{"waited for a processor, one thread for the other", true, func(c *clocks) { c.pass(500*ms).wait(250*ms, 240*ms) }, Stalled, "mono", 490 * ms, 10 * ms},
		{"late on a busy machine, for a bit more than it waited", true, func(c *clocks) { c.pass(115*ms).wait(58*ms, 0) }, Stalled, "mono", 105 * ms, 10 * ms},
		{"frozen for 200 ms, and waited a little", true, func(c *clocks) { c.pass(225*ms).wait(20*ms, 0) }, Suspended, "mono", 200 * ms, 40 * ms},
		{"waited for more than half of it", true, func(c *clocks) { c.pass(500*ms).wait(260*ms, 0) }, Suspended, "mono", 235 * ms, 150 * ms},
		{"frozen, then waited a little", true, func(c *clocks) { c.pass(2000*ms).wait(100*ms, 0) }, Suspended, "mono", 1895 * ms, 60 * ms},
		{"waited little, then frozen: the wait was beside it", true, func(c *clocks) { c.pass(2000*ms).wait(100*ms, 0) }, Suspended, "mono", 1995 * ms, 60 * ms},
		{"frozen, then waited in a chain", true, func(c *clocks) { c.pass(2000*ms).wait(100*ms, 200*ms) }, Suspended, "mono", 1695 * ms, 260 * ms},
		{"frozen while many threads wait", true, func(c *clocks) { c.pass(1300*ms).wait(100*ms, 1500*ms) }, Suspended, "mono", 1095 * ms, 1245 * ms},
		{"time set ahead by an hour", true, func(c *clocks) { c.pass(10 * ms); c.s.Real = c.s.Real.Add(time.Hour) }, Stepped, "real", time.Hour, ms},
		{"time set back by a day", false, func(c *clocks) { c.pass(250 * ms); c.s.Real = c.s.Real.Add(-24 * time.Hour) }, Stepped, "real", -24 * time.Hour, ms},
		{"time of day right again after a freeze that no clock saw", true, func(c *clocks) { c.pass(10 * ms); c.s.Real = c.s.Real.Add(5 * time.Second) }, Stepped, "real", 5 * time.Second, ms},
		{"system suspended: boot goes on", false, func(c *clocks) { c.pass(250 * ms); c.s.Boot += time.Hour; c.s.Real = c.s.Real.Add(time.Hour) }, Suspended, "boot", time.Hour, 2 * time.Second},
		{"slewed by 500 ppm", true, func(c *clocks) { c.pass(10 * ms); c.s.Mono += 5 * time.Microsecond }, "", "", 0, 0},
		{"time base and time of day ran on", true, func(c *clocks) {
			c.pass(10 * ms)
			c.s.Real, c.s.Base = c.s.Real.Add(3*time.Second), c.s.Base+3*time.Second
		}, Suspended, "timebase", 3 * time.Second, 15 * ms},
		{"time base of another server", true, func(c *clocks) { c.pass(10 * ms); c.s.Base += 70 * 24 * time.Hour }, "", "", 0, 0},
		{"time base of a younger server", true, func(c *clocks) { c.pass(10 * ms); c.s.Base -= time.Hour }, Faulty, "timebase", -time.Hour + 10*ms, ms},
		{"dispatched all the while", true, func(c *clocks) { c.pass(800 * ms); c.s.Dispatched += 700 * ms }, Stalled, "mono", 790 * ms, 10 * ms},
		{"dispatched before and after alone", true, func(c *clocks) { c.pass(800 * ms); c.s.Dispatched += 60 * ms }, Suspended, "mono", 795 * ms, 20 * ms},
		{"dispatch time counted anew", true, func(c *clocks) { c.pass(800 * ms); c.s.Dispatched = ms }, Suspended, "mono", 795 * ms, 20 * ms},
		{"raw wraps", true, func(c *clocks) { c.pass(10 * ms); c.s.Raw -= 1700 * ms }, Faulty, "raw", -1690 * ms, ms},
		{"mono goes back", true, func(c *clocks) { c.pass(10 * ms); c.s.Mono -= time.Second }, Faulty, "mono", -990 * ms, ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, c := ticked(Config{}, tt.fine)
			c.s.Tick = d.Tick()
			start := c.s.Real
			tt.move(c)
			got := d.Step(c.s)
			if tt.kind == "" {
				if len(got) != 0 {
					t.Errorf("%+v", got)
				}
				return
			}
			if len(got) != 1 {
				t.Fatalf("gaps: %+v", got)
			}
			g := got[0]
			if g.Kind != tt.kind || g.Clock != tt.clock {
				t.Errorf("kind %s by %s, want %s by %s", g.Kind, g.Clock, tt.kind, tt.clock)
			}
			if (g.Estimate-tt.truth).Abs() > max(g.Bound, ms/10) || g.Bound > tt.maxBound {
				t.Errorf("%v ± %v, truth %v", g.Estimate, g.Bound, tt.truth)
			}
			if g.Kind == Suspended && (tt.truth > g.Estimate+g.Bound || tt.truth < g.Estimate-g.Bound) {
				t.Errorf("truth %v outside %v ± %v", tt.truth, g.Estimate, g.Bound)
			}
			if g.Kind == Suspended && (g.Start.Wall.Before(start) || g.Start.Wall.After(start.Add(d.Tick()))) {
				t.Errorf("start %v, last sample %v", g.Start.Wall, start)
			}
			if again := d.Step(c.pass(d.Tick()).s); len(again) != 0 {
				t.Errorf("the tick after it: %+v", again)
			}
		})
	}
}

// Threads that wait side by side widen the bound; they do not draw the estimate away from the truth.
func TestWaitsSideBySide(t *testing.T) {
	d, c := ticked(Config{}, true)
	c.s.Tick = d.Tick()
	const truth = 6 * time.Second
	c.pass(truth+85*ms).wait(80*ms, 340*ms)
	got := d.Step(c.s)
	if len(got) != 1 || (got[0].Estimate-truth).Abs() > 50*ms || (got[0].Estimate-truth).Abs() > got[0].Bound {
		t.Errorf("%+v, truth %v", got, truth)
	}
}

// A freeze together with a step of the time of day is both.
func TestFrozenAndStepped(t *testing.T) {
	d, c := ticked(Config{}, true)
	c.s.Tick = d.Tick()
	c.pass(3005 * ms)
	c.s.Real = c.s.Real.Add(-7 * time.Hour)
	got := d.Step(c.s)
	if len(got) != 2 || got[0].Kind != Stepped || got[1].Kind != Suspended {
		t.Fatalf("%+v", got)
	}
	if got[0].Estimate != -7*time.Hour || (got[1].Estimate-3*time.Second).Abs() > got[1].Bound {
		t.Errorf("%+v", got)
	}
}

// The change of the tick is no gap, in either direction.
func TestChangeOfTick(t *testing.T) {
	d, c := ticked(Config{}, false)
	for i := range 40 {
		d.SetFine(i%3 == 0)
		c.s.Tick = d.Tick()
		c.pass(d.Tick() + ms)
		if got := d.Step(c.s); len(got) != 0 {
			t.Fatalf("tick %d: %+v", i, got)
		}
	}
}

// A gap that waits may explain wholly proves no freeze, one that they cannot explain does.
func TestProven(t *testing.T) {
	for others, want := range map[time.Duration]bool{0: true, 1500 * ms: false} {
		d, c := ticked(Config{}, true)
		c.s.Tick = d.Tick()
		c.pass(1300*ms).wait(100*ms, others)
		got := d.Step(c.s)
		if len(got) != 1 || got[0].Kind != Suspended || got[0].Proven() != want {
			t.Errorf("others waited for %v: %+v", others, got)
		}
	}
	if (&Gap{Kind: Stalled, Estimate: time.Second}).Proven() {
		t.Error("a stall proves a freeze")
	}
}

// Where wake-ups are late as a rule, the bound allows for it.
func TestMeasuredLateness(t *testing.T) {
	d, c := ticked(Config{}, true)
	for range 20 {
		c.s.Tick = d.Tick()
		d.Step(c.pass(d.Tick() + 30*ms).s)
	}
	c.s.Tick = d.Tick()
	// Frozen for 100 ms after 10 ms of sleep and 25 ms of lateness.
	got := d.Step(c.pass(135 * ms).s)
	if len(got) != 1 || (got[0].Estimate-100*ms).Abs() > got[0].Bound {
		t.Errorf("%+v", got)
	}
}

// Where samples are punctual and waits are told, short freezes are seen; else they may be anything.
func TestShortFreeze(t *testing.T) {
	for _, tt := range []struct {
		name  string
		late  time.Duration // of the ticks before
		ticks int
		has   Has
		want  int
	}{
		{"punctual", 2 * ms, 70, HasRaw | HasRunDelay, 1},
		{"just started", 2 * ms, 20, HasRaw | HasRunDelay, 0},
		{"late as a rule", 13 * ms, 70, HasRaw | HasRunDelay, 0},
		{"nobody tells of waits", 2 * ms, 70, HasRaw, 0},
	} {
		d, c := New(Config{}), newClocks()
		d.SetFine(true)
		c.s.Has = tt.has
		for range tt.ticks {
			c.s.Tick = d.Tick()
			if got := d.Step(c.pass(d.Tick() + tt.late).s); len(got) > 0 {
				t.Fatalf("%s: %+v", tt.name, got)
			}
		}
		got := d.Step(c.pass(30 * ms).s)
		if len(got) != tt.want || tt.want > 0 && ((got[0].Estimate-25*ms).Abs() > got[0].Bound || !got[0].Proven()) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// The threshold is of the configuration.
func TestThresholds(t *testing.T) {
	d, c := ticked(Config{FineThreshold: 5 * ms}, true)
	c.s.Tick = d.Tick()
	if got := d.Step(c.pass(20 * ms).s); len(got) != 1 || got[0].Kind != Suspended {
		t.Errorf("%+v", got)
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	d, c := ticked(Config{}, true)
	i := 0
	if n := testing.AllocsPerRun(1000, func() {
		i++
		c.s.Tick = d.Tick()
		if i%10 == 0 {
			c.pass(time.Second)
		}
		d.Step(c.pass(d.Tick()).s)
	}); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}

func BenchmarkDetectorStep(b *testing.B) {
	d, c := ticked(Config{}, true)
	b.ReportAllocs()
	for b.Loop() {
		c.s.Tick = d.Tick()
		d.Step(c.pass(d.Tick()).s)
	}
}

func BenchmarkReader(b *testing.B) {
	r := NewReader()
	defer r.Close()
	b.ReportAllocs()
	for b.Loop() {
		r.Read()
	}
}
