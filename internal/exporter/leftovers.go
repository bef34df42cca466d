package exporter

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/budget"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/report"
)

// What PowerHA's own script changes for a migration and undoes after it (SG24-8278, 2.1.5, tables 8-1 and 8-2).
const (
	leftTimeout  = "node_timeout"
	leftSwitch   = "dead_man_switch"
	leftDeadman  = "deadman_mode"
	leftRestrict = "ifrestrict"
	leftInittab  = "inittab"
)

// leftovers compares the settings with those before the last migration, as read after PowerHA's own script was done with
// it, on this node and, in a cluster of two, on its peer. It returns which settings could be judged, and those that are
// left behind. A value that differs in another way than that script leaves it was set by somebody else.
func (c *Core) leftovers(now model.Instant) (judged map[string]bool, left []model.Leftover) {
	judged = make(map[string]bool)
	if c.phase != model.PhaseIdle || c.scriptPending() {
		return judged, nil
	}
	j := judging{Core: c, now: now, judged: judged}
	if r, ok := j.read(model.SourceInittab); ok && r.Inittab != nil {
		j.judge(leftInittab, c.state.Node, *r.Inittab, "absent", "hacmp_lpm undoes at the next boot", report.Before{})
	}
	j.nodeTimeout()
	b := c.state.Before
	if b == nil {
		return judged, j.left
	}
	if r, ok := j.read(model.SourceDeadmanMode); ok && b.DeadmanMode != "" {
		j.judge(leftDeadman, c.state.Node, b.DeadmanMode == "a" && r.DeadmanMode == "e", "a (assert)", "e (event)", report.Before{})
	}
	r, ok := j.read(model.SourceGroupServices)
	if !ok {
		r.DeadManSwitch = nil
	}
	j.both(leftSwitch, true, b.Switch, r.DeadManSwitch, b.PeerSwitch, func(p model.PeerStatus) *bool { return p.DeadManSwitch })
	j.both(leftRestrict, false, b.Restricted, j.restriction(), b.PeerRestricted, func(p model.PeerStatus) *bool { return p.Restricted })
	return judged, j.left
}

// judging is one comparison of all settings.
type judging struct {
	*Core
	now    model.Instant
	judged map[string]bool
	left   []model.Leftover
}

// read returns what was read since PowerHA's own script was done.
func (j *judging) read(s model.Source) (model.Reading, bool) {
	r, ok := j.fresh(j.now, s)
	return r, ok && !r.At.Wall.Before(j.state.ScriptDone.At)
}

func (j *judging) judge(what, node string, left bool, was, is string, before report.Before) {
	j.judged[what] = j.judged[what] || left
	if left {
		before.Node = node
		j.left = append(j.left, model.Leftover{What: what, Node: node, Was: was, Is: is, Commands: report.Mend(what, before)})
	}
}

// nodeTimeout judges the node timeout. PowerHA's script sets the one for migrations, 600 s where it is not set or may not
// be; where nothing is known of before, what is configured for calm times is.
func (j *judging) nodeTimeout() {
	r, ok := j.read(model.SourceNodeTimeout)
	lpm, known := j.lpmTimeout(j.now)
	if !ok || !known {
		return
	}
	var was time.Duration
	if b := j.state.Before; b != nil {
		was = b.NodeTimeout
	}
	if configured, ok := j.fresh(j.now, model.SourceCluster); was == 0 && ok && configured.Cluster.HeartbeatFrequency != nil {
		was = *configured.Cluster.HeartbeatFrequency
	}
	if was == 0 {
		return
	}
	set := r.NodeTimeout == lpm || r.NodeTimeout == budget.UnsetLPMTimeout
	j.judge(leftTimeout, j.state.Node, set && r.NodeTimeout != was, report.Span(was), report.Span(r.NodeTimeout), report.Before{NodeTimeout: was})
}

// both judges a switch on this node and, in a cluster of two, on the peer: normal is how it is in calm times. Where the
// peer told before and does not now, the setting is not judged unless it is left here.
func (j *judging) both(what string, normal bool, was, is, peerWas *bool, peerIs func(model.PeerStatus) *bool) {
	word := func(v bool) string {
		switch {
		case what == leftSwitch && v:
			return "enabled"
		case what == leftSwitch:
			return "disabled"
		case v:
			return "names sfwcom"
		default:
			return "does not name sfwcom"
		}
	}
	one := func(node string, was, is *bool) {
		if was != nil && is != nil {
			j.judge(what, node, *was == normal && *is != normal, word(*was), word(*is), report.Before{})
		}
	}
	one(j.state.Node, was, is)
	peer, ok := j.onlyPeer()
	if !ok || peerWas == nil || j.state.Before.Peer != peer.Node {
		return
	}
	now := peerIs(peer)
	if !j.toldSince(peer) || now == nil {
		if !j.judged[what] {
			delete(j.judged, what)
		}
		return
	}
	one(peer.Node, peerWas, now)
}

// restriction is what ifrestrict said since PowerHA's own script was done.
func (c *Core) restriction() *bool {
	if c.restrictedAt.Wall.Before(c.state.ScriptDone.At) {
		return nil
	}
	return c.restricted
}

// toldSince reports whether what a peer tells of its settings was read there since PowerHA's own script was done, and not
// for a migration of its own: it reads them once an interval.
func (c *Core) toldSince(p model.PeerStatus) bool {
	return p.Up && p.Phase == model.PhaseIdle && !p.LastHeartbeat.Before(c.state.ScriptDone.At.Add(2*c.opt.Interval+c.opt.Timeout))
}

// onlyPeer is the other node of a cluster of two, whose settings PowerHA's own script changes as well.
func (c *Core) onlyPeer() (model.PeerStatus, bool) {
	if len(c.nodes) != 2 {
		return model.PeerStatus{}, false
	}
	for _, p := range c.peers {
		if _, ok := c.nodes[p.Node]; ok {
			return p, true
		}
	}
	return model.PeerStatus{}, false
}

func (c *Core) judgedLeftovers(now model.Instant) map[string]bool {
	judged, _ := c.leftovers(now)
	return judged
}

// leftBehind lists what PowerHA's own script left behind, and reports whether every setting could be compared. Before
// PowerHA 7.2 there is no such script.
func (c *Core) leftBehind(now model.Instant) (left []model.Leftover, known bool) {
	judged, left := c.leftovers(now)
	if r, ok := c.fresh(now, model.SourceCluster); ok && r.Cluster != nil && !r.Cluster.HasLPM {
		return left, true
	}
	needs := []string{leftTimeout, leftSwitch, leftDeadman, leftInittab}
	if b := c.state.Before; b != nil && b.Restricted != nil {
		needs = append(needs, leftRestrict)
	}
	all := !slices.ContainsFunc(needs, func(what string) bool { _, ok := judged[what]; return !ok })
	return left, all && !c.peerAwaited()
}

// peerAwaited reports whether the peer of a cluster of two told its settings before the migration and has not since.
func (c *Core) peerAwaited() bool {
	p, ok := c.onlyPeer()
	b := c.state.Before
	if !ok || b == nil || b.Peer != p.Node {
		return false
	}
	return (b.PeerSwitch != nil || b.PeerRestricted != nil) && !c.toldSince(p) ||
		b.PeerSwitch != nil && p.DeadManSwitch == nil || b.PeerRestricted != nil && p.Restricted == nil
}
