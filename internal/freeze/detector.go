package freeze

import (
	"math"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Kind says what a gap was.
type Kind string

// The kinds of gap.
const (
	// Suspended: nothing of the node, or of this process, ran. A freeze. A
	// process that is stopped alone (SIGSTOP, a debugger) looks the same.
	Suspended Kind = "suspended"
	// Stalled: the sampler was runnable and waited for a processor. No freeze.
	Stalled Kind = "stalled"
	// Stepped: the time of day moved and the monotonic clocks did not. Somebody
	// set the time, or a time synchronisation did. No freeze.
	Stepped Kind = "stepped"
	// Faulty: a clock that must not went backwards (a counter that wraps). It
	// was left out.
	Faulty Kind = "faulty"
)

// Gap is a time in which the clocks did not go as expected.
type Gap struct {
	Kind Kind
	// Start and End bound the gap: the last sample before it and the first
	// after it. Start.Wall is corrected to the estimated start of a freeze.
	Start, End model.Instant
	// Estimate is how long it lasted; the truth lies within ± Bound of it. For
	// Stepped it is the signed step of the time of day, for Faulty the negative
	// difference.
	Estimate, Bound time.Duration
	// Clock names the one that was taken, or that is faulty: mono, raw, boot, timebase, real.
	Clock string
	// What each clock, the run delay, the waits and the dispatch time (see Sample) grew by over the gap.
	Mono, Raw, Boot, Base, Real, RunDelay, Waits, Dispatched time.Duration
	// Traced: a debugger holds this process, so that it may have been stopped alone.
	Traced bool
	// Tick is the interval that was expected.
	Tick time.Duration
}

// Proven reports whether it was a freeze for sure, or at least in part: its
// bound does not include 0.
func (g *Gap) Proven() bool { return g.Kind == Suspended && g.Estimate > g.Bound }

// beside reports whether the gap was seen by another clock than the monotonic
// one, which stood still.
func (g *Gap) beside() bool { return g.Clock == "boot" || g.Clock == "timebase" }

// Config is how often to look and what to take for a gap. Zero values mean the
// defaults.
type Config struct {
	FineTick, CoarseTick time.Duration // 10 ms while an episode is open, else 250 ms
	// FineThreshold and CoarseThreshold are how late a sample may be. Zero means 40 ms and 200 ms, and down to 15 ms in
	// the fine tick where the system tells how long a thread waited for a processor and samples were punctual of late.
	FineThreshold, CoarseThreshold time.Duration
	StepThreshold                  time.Duration // of the time of day against the monotonic clock: 40 ms
	// Processors is how many there are at most: what a partition is dispatched beside a freeze grows with them.
	Processors int
}

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&c.FineTick, 10*time.Millisecond)
	def(&c.CoarseTick, 250*time.Millisecond)
	def(&c.CoarseThreshold, 200*time.Millisecond)
	def(&c.StepThreshold, 40*time.Millisecond)
	c.Processors = max(1, c.Processors)
	return c
}

// Lateness of a wake-up that is always allowed for, and how many ticks the
// largest one that was measured is remembered. 0 to 6 ms were measured in
// nodes that were just resumed on an idle machine.
const (
	leastLate   = 6 * time.Millisecond
	lateHistory = 64

	leastThreshold = 15 * time.Millisecond
	lateThreshold  = 40 * time.Millisecond
)

// Detector finds gaps in a sequence of samples. It is synchronous, allocates
// nothing, and belongs to one goroutine.
type Detector struct {
	cfg   Config
	fine  bool
	have  bool
	last  Sample
	late  [lateHistory]time.Duration // of the last ticks without a gap
	next  int                        // index into late
	ticks int                        // how many of them there were
	out   [6]Gap
}

// New returns a detector with a coarse tick.
func New(cfg Config) *Detector { return &Detector{cfg: cfg.withDefaults()} }

// SetFine chooses the fine tick (an episode is open) or the coarse one.
func (d *Detector) SetFine(fine bool) { d.fine = fine }

// Tick is how long to sleep before the next sample, whose Tick it becomes.
func (d *Detector) Tick() time.Duration {
	if d.fine {
		return d.cfg.FineTick
	}
	return d.cfg.CoarseTick
}

// Step takes the next sample in and returns the gaps that it ends, none as a
// rule. The result is valid until the next call.
func (d *Detector) Step(s Sample) []Gap {
	last, first := d.last, !d.have
	d.last, d.have = s, true
	if first {
		return nil
	}
	g := Gap{
		Start: model.Instant{Wall: last.Real, Mono: last.Mono},
		End:   model.Instant{Wall: s.Real, Mono: s.Mono},
		Mono:  s.Mono - last.Mono,
		Real:  s.Real.Sub(last.Real),
		Tick:  s.Tick,
	}
	if s.Has&last.Has&HasRaw != 0 {
		g.Raw = s.Raw - last.Raw
	}
	if s.Has&last.Has&HasBoot != 0 {
		g.Boot = s.Boot - last.Boot
	}
	if s.Has&last.Has&HasRunDelay != 0 {
		g.RunDelay = max(0, s.RunDelay-last.RunDelay)
		g.Waits = max(g.RunDelay, s.Waits-last.Waits)
	}
	if s.Has&last.Has&HasBase != 0 {
		g.Base = s.Base - last.Base
	}
	if s.Has&last.Has&HasDispatched != 0 {
		g.Dispatched = s.Dispatched - last.Dispatched // less than 0: counted anew on another server
	}
	return d.classify(g)
}

// classify appends what g turns out to be to the detector's buffer.
func (d *Detector) classify(g Gap) []Gap {
	out := d.out[:0]
	elapsed := max(0, g.Mono)
	g.Clock = "mono"
	for _, c := range [...]struct {
		name string
		v    time.Duration
	}{{"mono", g.Mono}, {"raw", g.Raw}, {"boot", g.Boot}, {"timebase", g.Base}} {
		if c.v < 0 {
			f := g
			f.Kind, f.Clock, f.Estimate = Faulty, c.name, c.v
			out = append(out, f)
		}
		// The others agree with the monotonic clock to within slewing. Only more counts: boot goes on while the
		// system is suspended.
		if c.v > elapsed+elapsed/64+time.Millisecond && (c.name != "timebase" || d.borneOut(g)) {
			elapsed, g.Clock = c.v, c.name
		}
	}
	if step := g.Real - elapsed; step > d.cfg.StepThreshold || step < -d.cfg.StepThreshold {
		s := g
		s.Kind, s.Clock, s.Estimate = Stepped, "real", step
		out = append(out, s)
	}
	over := elapsed - g.Tick
	if over <= d.threshold(g.Tick, d.last.Has) {
		d.late[d.next] = max(0, over)
		d.next = (d.next + 1) % lateHistory
		d.ticks++
		return out
	}
	return append(out, d.gap(g, elapsed, over))
}

// borneOut reports whether the time of day says the same as the time base. Alone the time base says nothing: a move to
// another server may give it another origin.
func (d *Detector) borneOut(g Gap) bool {
	return (g.Real - g.Base).Abs() <= d.cfg.StepThreshold+Rate(g.Base)
}

// threshold is what a sample may be late. It follows the tick that was slept,
// so that the change from coarse to fine takes no coarse tick for a gap.
func (d *Detector) threshold(tick time.Duration, has Has) time.Duration {
	switch {
	case tick > d.cfg.FineTick:
		return d.cfg.CoarseThreshold
	case d.cfg.FineThreshold > 0:
		return d.cfg.FineThreshold
	case has&HasRunDelay == 0 || d.ticks < lateHistory:
		return lateThreshold
	default:
		return min(max(leastThreshold, 3*d.latest()), lateThreshold)
	}
}

// gap judges an interval that was too long.
//
// The timer of a frozen sampler runs on where the clocks do, so it may expire
// within the freeze. What was no freeze in the interval is then: up to a tick
// of sleep before it, and the waits for a processor before it (a process that
// is to be stopped has to run to stop) and after it. None of this need have
// been spent outside the freeze, so its length lies between elapsed - tick -
// lateness - waits and elapsed: the bound holds both ends. Threads wait side
// by side as a rule, so the estimate is the middle of what is left when only
// the most delayed one is counted.
//
// It is a stall when the waits explain most of it. The longest chain of them
// that can be is the sampler's own and that of the thread which has to hand a
// P to it: hardly more than twice that of the most delayed thread, however
// many threads waited side by side. The bound does not rely on that.
func (d *Detector) gap(g Gap, elapsed, over time.Duration) Gap {
	late := d.lateness()
	if waited(g, over, over-late) || d.dispatched(g, over) {
		g.Kind, g.Estimate, g.Bound = Stalled, over, g.Tick
		return g
	}
	g.Kind = Suspended
	low := max(0, over-late-g.Waits)
	g.Estimate = (max(0, over-late-g.RunDelay) + elapsed) / 2
	g.Bound = max(g.Estimate-low, elapsed-g.Estimate) + Rate(elapsed) + time.Microsecond
	g.Start.Wall = g.Start.Wall.Add(min(g.Tick, elapsed) / 2)
	return g
}

// busyGap is up to which length a gap needs more than the usual to be a freeze
// when a good part of it was waited: a machine so busy is late in ways that
// nobody tells, and its hypervisor may be as busy.
const busyGap = 250 * time.Millisecond

// waited reports whether waits for a processor explain most of what has to be
// explained of a gap.
func waited(g Gap, over, left time.Duration) bool {
	most := over / 4
	if over <= busyGap && g.RunDelay >= over/4 {
		most = over / 2
	}
	return left-min(g.Waits, 2*g.RunDelay) < most
}

// dispatched is the heuristic of AIX, which tells nobody how long a thread waited: a partition that was given
// processors for half of the gap, beyond what all of them may do in the tick beside it, was not frozen. A partition
// that is idle cedes its processors, so it is not judged by this; there is nothing to wait for in it either. A process
// that is stopped alone in a busy partition counts as stalled.
func (d *Detector) dispatched(g Gap, over time.Duration) bool {
	return g.Dispatched-time.Duration(d.cfg.Processors)*g.Tick > over/2
}

// Rate is by how much a clock may be wrong about a span: 500 ppm, the most by
// which time synchronisation slews it, and more than a crystal is off.
func Rate(span time.Duration) time.Duration {
	return time.Duration(math.Abs(float64(span)) * 0.0005)
}

// lateness is what has to be allowed for.
func (d *Detector) lateness() time.Duration { return max(leastLate, d.latest()) }

// latest is the largest lateness that was measured of late.
func (d *Detector) latest() time.Duration { return slices.Max(d.late[:]) }
