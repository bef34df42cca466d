package freeze

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Wait is how long a freeze waits for the peers' view of it, ChipWait for that
// of the clock chip where no peer answers.
const (
	Wait     = 3 * time.Second
	ChipWait = 4 * time.Second
)

// least is how long every freeze waits: a signal that ended the stop of this
// process arrives a little after the gap was seen.
const least = 250 * time.Millisecond

// keepSilence is how long a silence waits for the freeze that it belongs to:
// a peer tells it before the step of the offset is certain.
const keepSilence = 5 * time.Second

// Tracker makes finished freezes of gaps, steps and silences. It is
// synchronous and belongs to one goroutine; the zero value is ready. Stalls
// and steps of the time of day are no freezes: they end here.
type Tracker struct {
	peers     int  // how many steps are awaited
	chip      bool // the clock chip's is, where no peer's is
	pending   []*pending
	silences  []heldSilence
	continued model.Instant // when this process last got SIGCONT
}

// heldSilence came before its freeze.
type heldSilence struct {
	PeerSilence
	until time.Duration // monotonic
}

// pending is a freeze that others may still speak about.
type pending struct {
	gap     *Gap
	steps   []PeerStep // of peers
	chip    *PeerStep
	silence *PeerSilence
	episode string
	since   time.Duration // monotonic
}

// SetPeers says how many peers answer at present: as many steps are awaited.
func (t *Tracker) SetPeers(n int) { t.peers = n }

// SetChip says whether the clock chip is compared.
func (t *Tracker) SetChip(on bool) { t.chip = on }

// Continued says that this process got SIGCONT: somebody had stopped it.
func (t *Tracker) Continued(at model.Instant) { t.continued = at }

// Pending reports whether a freeze waits, so that Step has to be called again
// soon (every 100 ms will do).
func (t *Tracker) Pending() bool { return len(t.pending) > 0 }

// Step takes in what has come and returns the freezes that are finished. The
// episode is the one that is open, "" when there is none. A freeze whose Fused
// is nil was nothing that anybody could see: a short gap without a witness.
func (t *Tracker) Step(now model.Instant, gaps []Gap, steps []PeerStep, silences []PeerSilence, episode string) []model.Freeze {
	for _, g := range gaps {
		if g.Kind == Suspended {
			t.pending = append(t.pending, &pending{gap: &g, episode: episode, since: now.Mono})
		}
	}
	for _, s := range steps {
		t.addStep(now, s, episode)
	}
	for _, s := range silences {
		t.silences = append(t.silences, heldSilence{s, now.Mono + keepSilence})
	}
	t.giveSilences(now)
	var done []model.Freeze
	rest := t.pending[:0]
	for _, p := range t.pending {
		if t.finished(p, now) {
			done = append(done, t.freeze(p))
			continue
		}
		rest = append(rest, p)
	}
	clear(t.pending[len(rest):])
	t.pending = rest
	return done
}

// Flush returns what waits still, without what others may have said of it: for
// the end of the program.
func (t *Tracker) Flush() []model.Freeze {
	var out []model.Freeze
	for _, p := range t.pending {
		out = append(out, t.freeze(p))
	}
	t.pending = nil
	return out
}

// addStep hands a step to the freeze that it overlaps; one that is not
// significant to all that it overlaps, as it proves that nothing was hidden in
// any. A significant one in our disfavour that overlaps none is a freeze that
// only somebody outside could see. The chip's alone is none: people set it.
func (t *Tracker) addStep(now model.Instant, s PeerStep, episode string) {
	found := false
	for _, p := range t.pending {
		if found && s.Significant() || !p.overlaps(s.Start.Mono, s.End.Mono) {
			continue
		}
		found = true
		if s.Chip {
			p.chip = &s
		} else {
			p.steps = append(p.steps, s)
		}
	}
	if !found && s.Step > s.Bound && (!s.Chip || episode != "") {
		p := &pending{episode: episode, since: now.Mono}
		if s.Chip {
			p.chip = &s
		} else {
			p.steps = []PeerStep{s}
		}
		t.pending = append(t.pending, p)
	}
}

// giveSilences hands what peers missed to the oldest freezes that lack it.
func (t *Tracker) giveSilences(now model.Instant) {
	rest := t.silences[:0]
	for _, s := range t.silences {
		i := slices.IndexFunc(t.pending, func(p *pending) bool { return p.silence == nil })
		switch {
		case i >= 0:
			t.pending[i].silence = &s.PeerSilence
		case now.Mono < s.until:
			rest = append(rest, s)
		}
	}
	t.silences = rest
}

// overlaps reports whether the freeze may have happened between two moments of
// the monotonic clock.
func (p *pending) overlaps(start, end time.Duration) bool {
	switch {
	case p.gap != nil:
		return start <= p.gap.End.Mono && end >= p.gap.Start.Mono
	case len(p.steps) > 0:
		return start <= p.steps[0].End.Mono && end >= p.steps[0].Start.Mono
	default:
		return start <= p.chip.End.Mono && end >= p.chip.Start.Mono
	}
}

// finished reports whether nothing more is to be waited for.
func (t *Tracker) finished(p *pending, now model.Instant) bool {
	waited := now.Mono - p.since
	switch {
	case waited < least:
		return false
	case t.peers > 0:
		return waited >= Wait || len(p.steps) >= t.peers && p.silence != nil
	case t.chip:
		return waited >= ChipWait || p.chip != nil
	default:
		return true
	}
}

// freeze fuses the gap with the most precise of the steps.
func (t *Tracker) freeze(p *pending) model.Freeze {
	var best *PeerStep
	for i := range p.steps {
		if best == nil || p.steps[i].Bound < best.Bound {
			best = &p.steps[i]
		}
	}
	f := Fuse(p.gap, best, p.chip)
	f.Episode = p.episode
	if f.Fused == nil {
		return f
	}
	f.Doubt = t.doubt(p)
	f.Disagreement = p.disagreement(&f, best)
	if p.silence != nil {
		f.Brownout = new(p.brownout(&f))
	}
	return f
}

// doubt tells what speaks for a stop of this process alone. Where the counters
// stood still the whole node was frozen.
func (t *Tracker) doubt(p *pending) model.Doubt {
	switch {
	case p.gap == nil:
		return ""
	case p.gap.Traced:
		return model.DoubtTraced
	case t.continued.Mono >= p.gap.Start.Mono && t.continued.Mono <= p.gap.End.Mono+least && !t.continued.IsZero():
		return model.DoubtContinued
	default:
		return ""
	}
}

// disagreement is by how much the witnesses contradict each other beyond their
// bounds: the steps of several peers and of the chip, which are of the same
// thing, and a silence that is shorter than the freeze. Nil with fewer than two.
func (p *pending) disagreement(f *model.Freeze, best *PeerStep) *time.Duration {
	all, n := p.steps, 0
	if p.chip != nil {
		all = append(all[:len(all):len(all)], *p.chip)
	}
	if best == nil {
		best = p.chip
	}
	var worst time.Duration
	for _, s := range all {
		n++
		worst = max(worst, (s.Step-best.Step).Abs()-s.Bound-best.Bound)
	}
	if p.gap != nil && p.gap.beside() && best != nil { // of the same time as the step
		n++
		worst = max(worst, (p.gap.Estimate-best.Step).Abs()-p.gap.Bound-best.Bound)
	}
	if p.silence != nil {
		n++
		worst = max(worst, *f.Fused-f.FusedBound-p.silence.Duration)
	}
	if n < 2 && (n < 1 || p.gap == nil) {
		return nil
	}
	return &worst
}

// brownout is what a peer missed beyond the freeze: the network and cold
// caches after it. What passed between the last datagram that it heard and the
// freeze is no brownout; where a gap dates the freeze that is known, whether
// the gap is the freeze itself or the hiccup after it. Else, where the clocks
// ran on, the next datagram was overdue at the resume and half an interval had
// passed, on average; where they stood still, a whole interval passed outside
// the freeze, or less when something made the node send early.
func (p *pending) brownout(f *model.Freeze) time.Duration {
	s := p.silence
	outside := s.Interval
	sent := s.After > s.Before
	switch {
	case p.gap != nil && sent:
		outside = min(max(0, p.gap.Start.Mono+p.gap.Tick/2-s.Before), outside)
	case f.Clock != nil && *f.Clock > *f.Fused/2:
		outside /= 2
	case sent:
		outside = min(outside, s.After-s.Before)
	}
	return max(0, s.Duration-*f.Fused-outside)
}
