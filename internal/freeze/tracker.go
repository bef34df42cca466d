package freeze

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Wait is how long a freeze waits for the peers' view of it.
const Wait = 3 * time.Second

// keepSilence is how long a silence waits for the freeze that it belongs to:
// a peer tells it before the step of the offset is certain.
const keepSilence = 5 * time.Second

// Tracker makes finished freezes of gaps, steps and silences. It is
// synchronous and belongs to one goroutine; the zero value is ready. Stalls
// and steps of the time of day are no freezes: they end here.
type Tracker struct {
	peers    int // how many steps are awaited; 0: a gap is a freeze at once
	pending  []*pending
	silences []heldSilence
}

// heldSilence came before its freeze.
type heldSilence struct {
	PeerSilence
	until time.Duration // monotonic
}

// pending is a freeze that peers may still speak about.
type pending struct {
	gap     *Gap
	steps   []PeerStep
	silence *PeerSilence
	episode string
	due     time.Duration // monotonic
}

// SetPeers says how many peers answer at present: as many steps are awaited.
func (t *Tracker) SetPeers(n int) { t.peers = n }

// Pending reports whether a freeze waits, so that Step has to be called again
// soon (every 100 ms will do).
func (t *Tracker) Pending() bool { return len(t.pending) > 0 }

// Step takes in what has come and returns the freezes that are finished. The
// episode is the one that is open, "" when there is none.
func (t *Tracker) Step(now model.Instant, gaps []Gap, steps []PeerStep, silences []PeerSilence, episode string) []model.Freeze {
	for _, g := range gaps {
		if g.Kind == Suspended {
			t.pending = append(t.pending, &pending{gap: &g, episode: episode, due: now.Mono + Wait})
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
			done = append(done, p.freeze())
			continue
		}
		rest = append(rest, p)
	}
	clear(t.pending[len(rest):])
	t.pending = rest
	return done
}

// addStep hands a step to the freeze that it overlaps. A significant one in
// our disfavour that overlaps none is a freeze that only the peer could see.
func (t *Tracker) addStep(now model.Instant, s PeerStep, episode string) {
	for _, p := range t.pending {
		if p.overlaps(s.Start.Mono, s.End.Mono) {
			p.steps = append(p.steps, s)
			return
		}
	}
	if s.Step > s.Bound {
		t.pending = append(t.pending, &pending{steps: []PeerStep{s}, episode: episode, due: now.Mono + Wait})
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
	if p.gap != nil {
		return start <= p.gap.End.Mono && end >= p.gap.Start.Mono
	}
	return start <= p.steps[0].End.Mono && end >= p.steps[0].Start.Mono
}

// finished reports whether nothing more is to be waited for.
func (t *Tracker) finished(p *pending, now model.Instant) bool {
	return now.Mono >= p.due || len(p.steps) >= t.peers && (p.silence != nil || t.peers == 0)
}

// freeze fuses the gap with the most precise of the steps.
func (p *pending) freeze() model.Freeze {
	var best *PeerStep
	for i := range p.steps {
		if best == nil || p.steps[i].Bound < best.Bound {
			best = &p.steps[i]
		}
	}
	f := Fuse(p.gap, best)
	f.Episode = p.episode
	if p.silence != nil && f.Fused != nil {
		b := p.brownout(*f.Fused)
		f.Brownout = &b
	}
	return f
}

// brownout is what a peer missed beyond the freeze: the network and cold
// caches after it. Its resolution is the interval of the heartbeats. Where the
// clocks ran on, the next heartbeat was overdue at the resume and half an
// interval had passed before the freeze, on average; where they stood still,
// a whole interval passed outside it.
func (p *pending) brownout(frozen time.Duration) time.Duration {
	outside := p.silence.Interval
	if p.gap != nil && p.gap.Estimate > frozen/2 {
		outside /= 2
	}
	return max(0, p.silence.Duration-frozen-outside)
}
