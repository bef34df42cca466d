package peer

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

const (
	// jitter is what reading a clock before a datagram is really sent may cost.
	jitter = 50 * time.Microsecond

	keepObservations = 64
	keepFor          = 30 * time.Second

	// settle is how long to look after something irregular: datagrams queue up
	// at a frozen node, arrive in one burst, and only then is the path empty.
	settle       = time.Second
	settleSparse = 2500 * time.Millisecond // with fewer than enough observations
	enough       = 3
	faster       = 5                     // observations in a row that are less than half as long as any before
	imprecise    = 50 * time.Millisecond // of a result: what came may all have queued up
	giveUp       = 10 * time.Second      // without any
)

// observation is one exchange of datagrams with a peer: how far its monotonic
// clock is ahead of ours, and the delay of the way there and back.
type observation struct {
	sent        time.Duration // ours, of our datagram
	at          model.Instant // ours, at receipt
	offset      time.Duration
	delay, hold time.Duration // hold: the time for which the peer kept our datagram
	// floor is what the delay may have been in truth, where it is less than half of any before: either the path has
	// become faster, or our clock stood still for the rest.
	floor time.Duration
}

// exchange computes an observation in the way of NTP (RFC 5905, section 8)
// from the four times: we sent t1, the peer received t2 and sent t3 by its
// clock, we received at.
func exchange(t1, t2, t3 time.Duration, at model.Instant) observation {
	return observation{
		sent:   t1,
		at:     at,
		offset: ((t2 - t1) + (t3 - at.Mono)) / 2,
		delay:  (at.Mono - t1) - (t3 - t2),
		hold:   max(0, t3-t2),
	}
}

// slack is by how much the delay may come out too small because the two clocks
// run apart while the peer holds the datagram.
func (o observation) slack() time.Duration { return freeze.Rate(o.hold) + 2*jitter }

// error is the most by which the offset may be wrong, as seen at another
// moment: the whole delay may have been on one way, and the clocks run apart.
func (o observation) error(at time.Duration) time.Duration {
	return max(0, o.delay, o.floor)/2 + freeze.Rate(o.hold) + jitter + freeze.Rate(max(at-o.at.Mono, o.at.Mono-at))
}

// offsets watches the offset to one peer. A step of it is time that one of the
// two nodes did not see pass.
type offsets struct {
	base    []observation // undisturbed, oldest first
	suspect *suspect
}

// suspect is a look at the offset after something irregular.
type suspect struct {
	since time.Duration // ours, when the look began
	after []observation
	start model.Instant // the last moment at which all was well
	end   model.Instant // something irregular was seen: what is to count was sent after it
	own   bool          // this node saw a gap: no step is an answer too
}

// add takes an observation in. It reports whether it was regular. An irregular
// one begins a look, and tells nothing itself: its datagrams may have been
// under way across a freeze.
func (s *offsets) add(o observation) (regular bool) {
	if o.delay < -o.slack() { // a clock stood still between the times of the exchange
		s.look(o.at, o.at, false)
		return false
	}
	if least, most := s.delays(); o.delay < least/2 {
		o.floor = most
	}
	if s.suspect != nil {
		s.addAfter(o)
		return true
	}
	if b, ok := best(s.base, o.at.Mono); ok {
		step := o.offset - b.offset
		limit := o.error(o.at.Mono) + b.error(o.at.Mono)
		if step > limit || step < -limit {
			s.look(o.at, o.at, false)
			return false
		}
	}
	s.base = append(s.base, o)
	s.trim(o.at.Mono)
	return true
}

// delays are the least and the largest delay of the undisturbed observations.
// Those that were suspiciously short count once there are several: then the
// path has become faster.
func (s *offsets) delays() (least, most time.Duration) {
	short := 0
	for _, b := range s.base {
		if b.floor > 0 {
			short++
		}
	}
	first := true
	for _, b := range s.base {
		most = max(most, b.delay)
		if b.floor > 0 && short < faster {
			continue
		}
		if first || b.delay < least {
			least, first = b.delay, false
		}
	}
	return max(0, least), most
}

// trim forgets what is too old to compare with.
func (s *offsets) trim(now time.Duration) {
	drop := max(0, len(s.base)-keepObservations)
	for drop < len(s.base)-1 && now-s.base[drop].at.Mono > keepFor {
		drop++
	}
	s.base = append(s.base[:0], s.base[drop:]...)
}

// look begins to compare before and after. There has to be a before. What is
// sent after end counts.
func (s *offsets) look(now, end model.Instant, own bool) {
	if s.suspect == nil && len(s.base) > 0 {
		s.suspect = &suspect{since: now.Mono, start: s.base[len(s.base)-1].at, end: end}
	}
	if s.suspect != nil && own {
		s.suspect.own = true
	}
}

// addAfter takes what was sent when all was over.
func (s *offsets) addAfter(o observation) {
	if o.sent >= s.suspect.end.Mono {
		s.suspect.after = append(s.suspect.after, o)
	}
}

// ownGap begins a look because this node saw a gap; what was observed since
// its start belongs to the time after it, if it was sent after it too.
func (s *offsets) ownGap(now model.Instant, g freeze.Gap) {
	n := len(s.base)
	for n > 0 && s.base[n-1].at.Mono > g.Start.Mono {
		n--
	}
	if n == 0 {
		return // nothing to compare with
	}
	later := s.base[n:]
	s.look(now, g.End, true)
	if s.suspect == nil {
		return
	}
	if g.Start.Mono < s.suspect.start.Mono || len(s.suspect.after) == 0 {
		s.suspect.start = s.base[n-1].at
	}
	if g.End.Mono > s.suspect.end.Mono || len(s.suspect.after) == 0 {
		s.suspect.end = g.End
	}
	later = append(slices.Clone(s.suspect.after), later...)
	s.suspect.after = nil
	for _, o := range later {
		s.addAfter(o)
	}
	s.base = s.base[:n]
}

// looking reports whether a comparison is under way.
func (s *offsets) looking() bool { return s.suspect != nil }

// conclude ends a look that has lasted long enough. It reports a result if the
// offset stepped, or if this node saw a gap.
func (s *offsets) conclude(now time.Duration, peer string) (freeze.PeerStep, bool) {
	q := s.suspect
	if q == nil {
		return freeze.PeerStep{}, false
	}
	took, n := now-q.since, len(q.after)
	switch {
	case took >= giveUp && n == 0:
		s.suspect, s.base = nil, nil // the peer is gone
		return freeze.PeerStep{}, false
	case took >= settle && n >= enough, took >= settleSparse && n > 0:
	default:
		return freeze.PeerStep{}, false
	}
	after, _ := best(q.after, q.after[n-1].at.Mono)
	before, _ := best(s.base, q.start.Mono)
	p := freeze.PeerStep{
		Peer:  peer,
		Step:  after.offset - before.offset,
		Bound: before.error(after.at.Mono) + after.error(after.at.Mono),
		Start: q.start, End: q.end,
	}
	p.Bound += freeze.Rate(p.Step)
	if p.Bound > imprecise && took < settleSparse {
		return freeze.PeerStep{}, false
	}
	s.suspect = nil
	if p.Significant() {
		s.base = q.after
	} else {
		s.base = append(s.base, q.after...)
	}
	s.trim(now)
	return p, p.Significant() || q.own
}

// best returns the observation that is most precise as seen at a moment.
func best(of []observation, at time.Duration) (observation, bool) {
	if len(of) == 0 {
		return observation{}, false
	}
	b := of[0]
	for _, o := range of[1:] {
		if o.error(at) < b.error(at) {
			b = o
		}
	}
	return b, true
}
