package exporter

import (
	"fmt"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

func same(a, b *bool) bool { return a == b || a != nil && b != nil && *a == *b }

// lasting is since when a setting reads as it does.
type lasting struct {
	value string
	since time.Duration // monotonic
}

// lasts reports whether a setting has read so for long enough to be that of calm times: of a migration that only the
// error log tells, PowerHA's own script has changed the settings before it is known.
func (c *Core) lasts(now model.Instant, what, node string, value any) bool {
	key, text := what+"@"+node, fmt.Sprint(value)
	l, ok := c.settling[key]
	if !ok || l.value != text {
		c.settling[key] = lasting{text, now.Mono}
		return false
	}
	return now.Mono-l.since >= 2*c.opt.Interval+c.opt.Timeout
}

// keepCalm keeps what the settings are in calm times, to know afterwards what a migration left behind. What is left
// behind is not calm, and neither is what was read before PowerHA's own script was done.
func (c *Core) keepCalm(now model.Instant) {
	if c.phase != model.PhaseIdle || c.scriptPending() {
		clear(c.settling)
		return
	}
	judged, left := c.leftovers(now)
	j := judging{Core: c, now: now}
	calm := &c.state.Calm
	// The first one that is read may be left behind of a migration of before: it is calm where it could be judged.
	was, known := judged[leftTimeout]
	if r, ok := j.read(model.SourceNodeTimeout); ok && !was && calm.NodeTimeout != r.NodeTimeout &&
		(c.lasts(now, leftTimeout, "", r.NodeTimeout) || calm.NodeTimeout == 0 && known) {
		calm.NodeTimeout, c.dirty = r.NodeTimeout, true
	}
	if r, ok := j.read(model.SourceDeadmanMode); ok && !judged[leftDeadman] && calm.DeadmanMode != r.DeadmanMode &&
		(c.lasts(now, leftDeadman, "", r.DeadmanMode) || calm.DeadmanMode == "") {
		calm.DeadmanMode, c.dirty = r.DeadmanMode, true
	}
	keep := func(to **bool, what, node string, v *bool) {
		if v == nil || same(*to, v) || slices.ContainsFunc(left, func(l model.Leftover) bool { return l.What == what && l.Node == node }) {
			return
		}
		if c.lasts(now, what, node, *v) || *to == nil {
			x := *v
			*to, c.dirty = &x, true
		}
	}
	if r, ok := j.read(model.SourceGroupServices); ok {
		keep(&calm.Switch, leftSwitch, c.state.Node, r.DeadManSwitch)
	}
	keep(&calm.Restricted, leftRestrict, c.state.Node, c.restriction())
	if p, ok := c.onlyPeer(); ok && c.toldSince(p) {
		if calm.Peer != p.Node {
			calm.Peer, calm.PeerSwitch, calm.PeerRestricted, c.dirty = p.Node, nil, nil, true
		}
		keep(&calm.PeerSwitch, leftSwitch, p.Node, p.DeadManSwitch)
		keep(&calm.PeerRestricted, leftRestrict, p.Node, p.Restricted)
	}
}
