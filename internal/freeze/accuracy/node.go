package accuracy

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/peer"
)

// Intervals of the exporter's loop.
const (
	loopTick    = 250 * time.Millisecond
	hurriedTick = 100 * time.Millisecond
)

// wake is a thread of a node that sleeps: due by the true time, and late by
// the time for which it then waits for a processor.
type wake struct {
	armed     bool
	due, late time.Duration
	wait      time.Duration // the part of late that the system tells
}

func (w *wake) at() time.Duration { return w.due + w.late }

// node is an exporter's part that measures: sampler, heartbeats, tracker.
type node struct {
	w    *world
	name string
	core *peer.Core // nil without a peer
	det  *freeze.Detector

	track   freeze.Tracker
	episode string

	// Its clocks: mono = origin + rate × (true time - lost).
	origin    time.Duration
	wall      time.Time
	rate      float64
	stand     bool          // they stand still in a freeze
	lost      time.Duration // true time for which they did
	boot      bool          // boot and the time of day run on nevertheless: suspended to memory
	delays    bool          // the system tells run delays, as Linux does
	runDelay  time.Duration
	timeOfDay time.Duration // by which somebody set it

	// The freeze: frozen in [from, until), nothing runs before well. What arrives before burst waits.
	from, until, well, burst time.Duration
	queued                   int

	sample, heart, loop, read wake
	tick                      time.Duration
	arrived                   [][]byte
	ownGaps                   []freeze.Gap
	gaps                      []freeze.Gap
	steps                     []freeze.PeerStep
	missed                    []freeze.PeerSilence

	freezes []model.Freeze
	kinds   map[freeze.Kind]int // of all gaps
}

// clock reads both clocks at a true time at which the node runs.
func (n *node) clock(at time.Duration) model.Instant {
	passed := time.Duration(float64(at-n.lost) * n.rate)
	return model.Instant{Wall: n.wall.Add(passed + n.timeOfDay + n.asleep()), Mono: n.origin + passed}
}

// asleep is for how long boot and the time of day ran on alone.
func (n *node) asleep() time.Duration {
	if !n.boot {
		return 0
	}
	return time.Duration(float64(n.lost) * n.rate)
}

// when is the true time at which the monotonic clock shows mono.
func (n *node) when(mono time.Duration) time.Duration {
	return time.Duration(float64(mono-n.origin)/n.rate) + n.lost
}

// arm lets a thread sleep until a true time.
func (n *node) arm(w *wake, due time.Duration) {
	late := n.w.lateness()
	*w = wake{armed: true, due: max(due, n.w.now), late: late, wait: late}
	if n.until > 0 && w.due >= n.from && w.due < n.well {
		w.late += n.well - w.due
	}
}

// suspend freezes the node now for d, after which nothing runs for hiccup. The
// timers of sleeping threads stand still with the clocks or run on with them;
// a thread that waits for a processor goes on to wait.
func (n *node) suspend(d, hiccup, brownout time.Duration) {
	n.from, n.until = n.w.now, n.w.now+d
	n.well, n.burst, n.queued = n.until+hiccup, n.until+brownout, 0
	if n.stand {
		n.lost += d
	}
	for _, w := range n.threads() {
		if !w.armed {
			continue
		}
		if n.stand && w.due >= n.from {
			w.due += d
		}
		switch {
		case w.due < n.from:
			w.late += n.well - n.from
		case w.due < n.well:
			w.late += n.well - w.due
		}
	}
	n.w.hold(n)
}

// stall lets the sampler wait for a processor for d more at its next tick.
func (n *node) stall(d time.Duration) {
	n.sample.late += d
	n.sample.wait += d
}

func (n *node) threads() []*wake { return []*wake{&n.sample, &n.heart, &n.loop, &n.read} }

// sampled is a tick of the sampler.
func (n *node) sampled() {
	now := n.clock(n.w.now)
	n.runDelay += n.sample.wait
	s := freeze.Sample{Tick: n.tick, Mono: now.Mono, Raw: now.Mono, Boot: now.Mono + n.asleep(), Real: now.Wall, Has: freeze.HasRaw | freeze.HasBoot}
	if n.delays {
		s.RunDelay, s.Waits, s.Has = n.runDelay, n.runDelay, s.Has|freeze.HasRunDelay
	}
	for _, g := range n.det.Step(s) {
		n.kinds[g.Kind]++
		n.gaps = append(n.gaps, g)
		n.arm(&n.loop, n.w.now)
	}
	n.tick = n.det.Tick()
	n.arm(&n.sample, n.when(now.Mono+n.tick))
}

// looped is what the exporter's loop does: gaps go to the heartbeats, then
// everything to the tracker.
func (n *node) looped() {
	now := n.clock(n.w.now)
	up := 0
	if n.core != nil {
		if len(n.gaps) > 0 {
			n.ownGaps = append(n.ownGaps, n.gaps...)
			n.arm(&n.heart, n.w.now)
		}
		for _, s := range n.core.Status(now) {
			if s.Up {
				up++
			}
		}
	}
	n.track.SetPeers(up)
	n.freezes = append(n.freezes, n.track.Step(now, n.gaps, n.steps, n.missed, n.episode)...)
	n.gaps, n.steps, n.missed = nil, nil, nil
	tick := loopTick
	if n.track.Pending() {
		tick = hurriedTick
	}
	n.arm(&n.loop, n.when(now.Mono+tick))
}

// drained reads what has arrived. Each datagram is stamped when it is read.
func (n *node) drained() {
	const reading = 5 * time.Microsecond
	var in []peer.Input
	for i, b := range n.arrived {
		in = append(in, peer.Datagram{Bytes: b, At: n.clock(n.w.now - reading*time.Duration(len(n.arrived)-i))})
	}
	n.arrived = nil
	n.stepped(in)
}

// stepped steps the heartbeats.
func (n *node) stepped(in []peer.Input) {
	now := n.clock(n.w.now)
	for _, g := range n.ownGaps {
		in = append(in, peer.OwnGap{Gap: g})
	}
	n.ownGaps = nil
	for _, e := range n.core.Step(now, in) {
		switch e := e.(type) {
		case peer.Send:
			n.w.send(n, slices.Clone(e.Bytes))
		case peer.OffsetStep:
			n.steps = append(n.steps, e.PeerStep)
		case peer.SilenceTold:
			n.missed = append(n.missed, e.PeerSilence)
		}
	}
	n.arm(&n.heart, n.when(n.core.Next(now)))
}

// tell changes what the node tells its peer, as the exporter does when a migration begins.
func (n *node) tell(p model.Phase, episode string) {
	n.episode = episode
	n.det.SetFine(episode != "")
	if n.core != nil {
		n.stepped([]peer.Input{peer.LocalState{Phase: p, Episode: episode}})
	}
}
