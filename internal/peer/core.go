package peer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

const (
	slowInterval = time.Second
	fastInterval = 100 * time.Millisecond
	// fastFor is how long heartbeats stay fast after something irregular.
	fastFor = 5 * time.Second
	// lossAllowance: datagrams that may be lost in a row before it is silence.
	lossAllowance = 3
	lateAllowance = 50 * time.Millisecond
	// silenceWait is how long a silence waits for our own gap to be known.
	silenceWait = 500 * time.Millisecond
	// tellFor is how long a silence is told to the peer that was silent.
	tellFor = 5 * time.Second
	// upFor is the least time without a heartbeat after which a peer is down.
	upFor = 5 * time.Second
	// aliveFor is how old our own datagram may be that a new session echoes.
	aliveFor = 10 * time.Second
	// keepGaps is how many of our own gaps are remembered.
	keepGaps = 16
	// keepSent is of how many datagrams it is remembered when they were sent: of a brownout of 12 s.
	keepSent = 128
)

// Core is the heart of the heartbeats. It is synchronous: all that happens
// comes through Step. It belongs to one goroutine.
type Core struct {
	cfg   Config
	local LocalState
	peers []*peerState  // by name
	gaps  []span        // our own, oldest first
	fast  time.Duration // monotonic: heartbeats are fast until then
	stats Stats
	out   []Effect
}

// span is a stretch of the monotonic clock, frozen of which nobody here lived through.
type span struct{ start, end, frozen time.Duration }

// peerState is what is known of one peer.
type peerState struct {
	name string

	// The session that is proven alive, and the datagrams of it that came.
	session, seq, window uint64
	proven               bool
	retired              []uint64 // sessions that are over
	// answer is what to echo; of another session than the proven one while the peer proves itself.
	answer *echo

	lastAt              model.Instant // receipt of the last in order
	interval            time.Duration // that the peer told
	phase               model.Phase
	episode             string
	suspended           bool
	armed, restricted   *bool
	probes              []probe
	toldSession, toldOf uint64 // the silence that the peer told last

	sent     uint64
	sentAt   [keepSent]time.Duration // by seq: when, monotonic
	lastSent time.Duration
	nextSend time.Duration

	over      *SilenceOver  // waits for our own gap
	overFrom  uint64        // the last datagram before it
	overSeq   uint64        // the datagram that ended it
	overUsual time.Duration // the interval at which it should have come
	tell      *silence
	tellUntil time.Duration
	offsets   offsets
}

// NewCore returns a core for the configuration.
func NewCore(cfg Config) (*Core, error) {
	if cfg.Node == "" {
		return nil, errors.New("peer heartbeats: no name of this node: set cluster.node")
	}
	if len(cfg.Key) < MinKey {
		return nil, fmt.Errorf("peer heartbeats: key of %d bytes: use at least %d", len(cfg.Key), MinKey)
	}
	if cfg.Slow <= 0 {
		cfg.Slow = slowInterval
	}
	if cfg.Fast <= 0 {
		cfg.Fast = fastInterval
	}
	c := &Core{cfg: cfg, local: LocalState{Cluster: cfg.Cluster, Phase: model.PhaseUnknown}}
	for _, name := range cfg.Peers {
		if name == cfg.Node {
			return nil, fmt.Errorf("peer heartbeats: this node, %q, is among its own peers", name)
		}
		c.peers = append(c.peers, &peerState{name: name, phase: model.PhaseUnknown, interval: cfg.Slow})
	}
	slices.SortFunc(c.peers, func(a, b *peerState) int { return cmp.Compare(a.name, b.name) })
	return c, nil
}

// Step takes in what has come until now and returns what follows. The result
// is valid until the next call.
func (c *Core) Step(now model.Instant, in []Input) []Effect {
	c.out = c.out[:0]
	for _, i := range in {
		switch i := i.(type) {
		case LocalState:
			c.setLocal(i)
		case OwnGap:
			c.ownGap(now, i)
		case Datagram:
			c.receive(i)
		}
	}
	for _, p := range c.peers {
		c.settle(now, p)
		c.send(now, p)
	}
	return c.out
}

// Next is when, by the monotonic clock, to step again if nothing comes before.
func (c *Core) Next(now model.Instant) time.Duration {
	next := now.Mono + c.cfg.Slow
	for _, p := range c.peers {
		next = min(next, p.nextSend)
		if p.over != nil || p.offsets.looking() {
			next = min(next, now.Mono+c.cfg.Fast)
		}
	}
	return max(next, now.Mono)
}

// Stats returns the counts so far.
func (c *Core) Stats() Stats { return c.stats }

// Status is what is known of each peer, by name.
func (c *Core) Status(now model.Instant) []model.PeerStatus {
	out := make([]model.PeerStatus, 0, len(c.peers))
	for _, p := range c.peers {
		s := model.PeerStatus{Node: p.name, Phase: model.PhaseUnknown}
		if p.proven {
			s.LastHeartbeat = p.lastAt.Wall
			s.Silence = max(0, now.Mono-p.lastAt.Mono-c.frozen(p.lastAt.Mono, now.Mono))
			s.Up = s.Silence <= max(5*p.interval, upFor)
			s.Phase, s.Episode, s.Suspended = p.phase, p.episode, p.suspended
			s.DeadManSwitch, s.Restricted = p.armed, p.restricted
			s.Probes = p.statuses(c.cfg.Node)
		}
		out = append(out, s)
	}
	return out
}

func (c *Core) setLocal(l LocalState) {
	if l.Cluster == "" {
		l.Cluster = c.local.Cluster
	}
	if l.Phase == "" {
		l.Phase = model.PhaseUnknown
	}
	changed := l.Phase != c.local.Phase || l.Suspended != c.local.Suspended || l.Cluster != c.local.Cluster
	c.local = l
	for _, p := range c.peers {
		if changed {
			p.nextSend = min(p.nextSend, p.lastSent+c.cfg.Fast)
		}
	}
}

// ownGap remembers that we were frozen and compares the offsets.
func (c *Core) ownGap(now model.Instant, i OwnGap) {
	g := i.Gap
	if g.Kind == freeze.Faulty && g.Clock == "mono" { // what was compared with our clock is void
		for _, p := range c.peers {
			p.offsets = offsets{}
		}
		return
	}
	if g.End.Mono <= g.Start.Mono || g.Estimate <= 0 || !blind(g.Kind) {
		return
	}
	if len(c.gaps) == keepGaps {
		c.gaps = slices.Delete(c.gaps, 0, 1)
	}
	c.gaps = append(c.gaps, span{g.Start.Mono, g.End.Mono, g.End.Mono - g.Start.Mono})
	c.hurry(now.Mono)
	for _, p := range c.peers {
		p.offsets.ownGap(now, g)
	}
}

// hurry makes heartbeats fast for a while.
func (c *Core) hurry(now time.Duration) {
	c.fast = max(c.fast, now+fastFor)
	for _, p := range c.peers {
		p.nextSend = min(p.nextSend, p.lastSent+c.cfg.Fast)
	}
}

// frozen is how much of a stretch of the monotonic clock this node was frozen.
func (c *Core) frozen(from, to time.Duration) time.Duration {
	var sum time.Duration
	for _, g := range c.gaps {
		if o := min(to, g.end) - max(from, g.start); o > 0 {
			sum += min(o, g.frozen)
		}
	}
	return sum
}

// interval is that of the heartbeats now: fast while an episode is open here
// or at a peer that is up, and around a freeze.
func (c *Core) interval(now time.Duration) time.Duration {
	if now < c.fast || open(c.local.Phase) {
		return c.cfg.Fast
	}
	for _, p := range c.peers {
		if p.proven && open(p.phase) && now-p.lastAt.Mono < upFor {
			return c.cfg.Fast
		}
	}
	return c.cfg.Slow
}

func open(p model.Phase) bool { return p != model.PhaseIdle && p != model.PhaseUnknown && p != "" }

// settle ends what waited for time to pass.
func (c *Core) settle(now model.Instant, p *peerState) {
	if p.over != nil && now.Mono-p.over.End.Mono >= silenceWait {
		c.endSilence(now, p)
	}
	if step, ok := p.offsets.conclude(now.Mono, p.name); ok {
		c.out = append(c.out, OffsetStep{step})
	}
	if p.tell != nil && now.Mono >= p.tellUntil {
		p.tell = nil
	}
}

// endSilence takes our own gaps out of a silence and, if it still is one,
// reports it, here and to the peer.
func (c *Core) endSilence(now model.Instant, p *peerState) {
	over := *p.over
	p.over = nil
	from := over.End.Mono - over.Duration
	over.Duration -= c.frozen(from, over.End.Mono)
	if over.Duration <= silent(p.overUsual) {
		return
	}
	p.tell = &silence{Duration: over.Duration, Interval: p.overUsual, Before: p.overFrom, Seq: p.overSeq}
	p.tellUntil = now.Mono + tellFor
	c.hurry(now.Mono)
	c.out = append(c.out, over)
}

// sentSeq is when our datagram was sent, 0 when that is not remembered.
func (p *peerState) sentSeq(seq uint64) time.Duration {
	if seq == 0 || seq > p.sent || p.sent-seq >= keepSent {
		return 0
	}
	return p.sentAt[seq%keepSent]
}

// silent is how long is too long without a datagram.
func silent(interval time.Duration) time.Duration { return lossAllowance*interval + lateAllowance }

// send makes the next heartbeat if it is due. The one after it is due an
// interval later from now: nothing is made up for.
func (c *Core) send(now model.Instant, p *peerState) {
	if now.Mono < p.nextSend || c.local.Cluster == "" {
		return
	}
	interval := c.interval(now.Mono)
	p.sent++
	p.sentAt[p.sent%keepSent] = now.Mono
	h := heartbeat{
		Cluster: c.local.Cluster, From: c.cfg.Node, To: p.name,
		Session: c.cfg.Session, Seq: p.sent, Mono: now.Mono, Interval: interval,
		Suspended: c.local.Suspended, Phase: c.local.Phase, Episode: c.local.Episode,
		Switch: c.local.DeadManSwitch, Restrict: c.local.Restricted,
		Echo: p.answer, Silence: p.tell, Probes: toWire(c.local.Probes[p.name], now),
	}
	p.lastSent, p.nextSend = now.Mono, now.Mono+interval
	b, _, err := encode(nil, &h, c.cfg.Key)
	if err != nil {
		c.stats.Unsendable++
		return
	}
	c.stats.Sent++
	c.out = append(c.out, Send{Peer: p.name, Bytes: b})
}
