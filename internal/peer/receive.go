package peer

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

// receive takes a datagram in, or counts why not.
func (c *Core) receive(d Datagram) {
	h, err := decode(d.Bytes)
	if err != nil {
		c.stats.Malformed++
		return
	}
	p := c.sender(h)
	if p == nil {
		c.stats.Unknown++
		return
	}
	if !authentic(d.Bytes, c.cfg.Key) {
		c.stats.BadMAC++
		return
	}
	if !c.current(p, h, d.At) {
		return
	}
	before := p.seq
	inOrder, ok := p.fresh(h.Seq)
	if !ok {
		c.stats.Replayed++
		return
	}
	c.stats.Accepted++
	if inOrder {
		c.take(p, h, d.At, before)
	}
}

// sender finds the peer that claims to have sent the heartbeat to us.
func (c *Core) sender(h *heartbeat) *peerState {
	if h.Cluster != c.local.Cluster || h.Cluster == "" || h.To != c.cfg.Node {
		return nil
	}
	i := slices.IndexFunc(c.peers, func(p *peerState) bool { return p.name == h.From })
	if i < 0 {
		return nil
	}
	return c.peers[i]
}

// current reports whether the datagram is of the peer's present session. A new
// one has to prove that it is alive, by echoing a datagram that we sent just
// now; so nothing recorded earlier can pass for it. Until then it is answered
// only.
func (c *Core) current(p *peerState, h *heartbeat, at model.Instant) bool {
	if p.proven && h.Session == p.session {
		return true
	}
	if slices.Contains(p.retired, h.Session) {
		c.stats.Replayed++
		return false
	}
	if e := h.Echo; e != nil && e.Session == c.cfg.Session && e.Seq <= p.sent && at.Mono-e.Mono >= 0 && at.Mono-e.Mono <= aliveFor {
		if p.proven {
			p.retired = append(p.retired, p.session)
			if len(p.retired) > 8 {
				p.retired = slices.Delete(p.retired, 0, 1)
			}
		} else {
			p.lastAt = at
		}
		p.session, p.seq, p.window, p.proven = h.Session, 0, 0, true
		p.offsets = offsets{}
		return true
	}
	c.stats.Unproven++
	if !p.proven || at.Mono-p.lastAt.Mono > 2*p.interval {
		p.answer = &echo{Session: h.Session, Seq: h.Seq, Mono: h.Mono, At: at.Mono}
		p.nextSend = min(p.nextSend, p.lastSent+c.cfg.Fast)
	}
	return false
}

// fresh reports whether a datagram of the session has not come before, and
// whether it came in order. A window of 64 tells late ones from copies.
func (p *peerState) fresh(seq uint64) (inOrder, ok bool) {
	if seq > p.seq {
		if shift := seq - p.seq; shift < 64 {
			p.window = p.window<<shift | 1
		} else {
			p.window = 1
		}
		p.seq = seq
		return true, true
	}
	back := p.seq - seq
	if back >= 64 || p.window&(1<<back) != 0 {
		return false, false
	}
	p.window |= 1 << back
	return false, true
}

// take believes a datagram, the first in order after another one.
func (c *Core) take(p *peerState, h *heartbeat, at model.Instant, before uint64) {
	if gone := at.Mono - p.lastAt.Mono; gone > silent(p.interval) && p.over == nil {
		p.over = &SilenceOver{Peer: p.name, Duration: gone, End: at}
		p.overFrom, p.overSeq, p.overUsual = before, h.Seq, p.interval
	}
	p.lastAt = at
	p.answer = &echo{Session: h.Session, Seq: h.Seq, Mono: h.Mono, At: at.Mono}
	if h.Interval > 0 {
		p.interval = min(h.Interval, c.cfg.Slow)
	}
	p.phase, p.episode, p.suspended, p.probes = h.Phase, h.Episode, h.Suspended, h.Probes
	p.armed, p.restricted = h.Switch, h.Restrict
	for i := range p.probes {
		p.probes[i].at = at
	}
	if e := h.Echo; e != nil && e.Session == c.cfg.Session && e.Mono <= at.Mono {
		if !p.offsets.add(exchange(e.Mono, e.At, h.Mono, at)) {
			c.hurry(at.Mono)
		}
	}
	if s := h.Silence; s != nil && (s.Seq != p.toldOf || h.Session != p.toldSession) {
		p.toldOf, p.toldSession = s.Seq, h.Session
		told := freeze.PeerSilence{Peer: p.name, Duration: s.Duration, Interval: s.Interval}
		if from, to := p.sentSeq(s.Before), p.sentSeq(s.Seq); from > 0 && to > from {
			told.Before, told.After = from, to
		}
		c.out = append(c.out, SilenceTold{told})
	}
	if open(h.Phase) {
		p.nextSend = min(p.nextSend, p.lastSent+c.cfg.Fast)
	}
}

// blind reports whether this node saw nothing during a gap of the kind: frozen,
// or not given a processor.
func blind(k freeze.Kind) bool { return k == freeze.Suspended || k == freeze.Stalled }

// toWire makes ages of the instants of our results.
func toWire(in []model.ProbeStatus, now model.Instant) []probe {
	if len(in) == 0 {
		return nil
	}
	out := make([]probe, 0, len(in))
	for _, s := range in {
		w := probe{
			Application: s.Application, Probe: s.Probe, Active: s.Active, Success: s.Success,
			Duration: s.Duration, LastSuccess: s.LastSuccess, Succeeded: s.Succeeded, Failed: s.Failed,
		}
		if !s.LastAt.IsZero() {
			w.Ran, w.Age = true, now.Sub(s.LastAt)
		}
		if !s.SuccessSince.IsZero() {
			w.Unbroken = now.Sub(s.SuccessSince)
		}
		out = append(out, w)
	}
	return out
}

// statuses are the peer's results as of its last heartbeat, with instants of
// our clocks. The time that the datagram was under way is neglected.
func (p *peerState) statuses(us string) []model.ProbeStatus {
	if len(p.probes) == 0 {
		return nil
	}
	out := make([]model.ProbeStatus, 0, len(p.probes))
	for _, w := range p.probes {
		s := model.ProbeStatus{
			Application: w.Application, Probe: w.Probe, Vantage: "peer", TargetNode: us,
			Active: w.Active, Success: w.Success, Duration: w.Duration,
			LastSuccess: w.LastSuccess, Succeeded: w.Succeeded, Failed: w.Failed,
		}
		if w.Ran {
			s.LastAt = w.at.Add(-w.Age)
		}
		if w.Success {
			s.SuccessSince = w.at.Add(-max(w.Unbroken, time.Millisecond))
		}
		out = append(out, s)
	}
	return out
}
