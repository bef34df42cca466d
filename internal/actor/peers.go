package actor

import (
	"slices"
	"sort"
	"time"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

func (c *Core) peerAnswer(a PeerAnswer) {
	if a.Err != "" {
		v := c.peers[a.Peer]
		v.Reachable = false
		c.peers[a.Peer] = v
		return
	}
	c.peers[a.Peer] = a.View
	for _, e := range a.Taken {
		c.takenBy[e] = a.Peer
	}
}

// recordReceived stores what a peer is about to unmanage. A replay is acknowledged again and changes nothing (S6).
func (c *Core) recordReceived(r RecordReceived) {
	have, ok := c.st.Records[r.From]
	switch {
	case r.Record.Node != r.From || r.Record.Episode == "" || r.From == c.opt.Node:
		c.emit(ReplyPeer{ID: r.ID, Reason: "the record is not about the node that sent it"})
	case ok && have.Record.Episode == r.Record.Episode,
		slices.Contains(c.st.Done[r.From], r.Record.Episode),
		slices.Contains(c.st.Taken[r.From], r.Record.Episode):
		c.emit(ReplyPeer{ID: r.ID, Stored: true})
	default:
		c.emit(AppendJournal{KindPeerRecord, r.Record.Episode, r.Record}, ReplyPeer{ID: r.ID, Stored: true})
	}
}

// silentAfter is how long a peer with an open record may be silent before it counts as lost.
func (c *Core) silentAfter(r model.Record) time.Duration {
	if r.LPMHeartbeat != nil && *r.LPMHeartbeat > 0 {
		return *r.LPMHeartbeat
	}
	return 10 * time.Minute
}

// silence is how long the exporter has not heard of a peer; ok is false when nobody can tell.
func (c *Core) silence(node string) (time.Duration, bool) {
	if c.snapshot == nil || c.now.Sub(c.snapshot.At) > c.opt.Policy.FactAge {
		return 0, false
	}
	for _, p := range c.snapshot.Peers {
		if p.Node == node {
			return p.Silence + c.now.Sub(c.snapshot.At), true
		}
	}
	return 0, false
}

// lost lists the peers that have an open record, and are silent for longer than a freeze may last or not heard of at all.
func (c *Core) lost() []control.LostNode {
	var out []control.LostNode
	for _, l := range c.recordedPeers() {
		r := c.st.Records[l.Node].Record
		if s, ok := c.silence(l.Node); ok && s > c.silentAfter(r) && !c.peers[l.Node].Reachable {
			out = append(out, l)
		}
	}
	return out
}

// recordedPeers lists every peer with an open record, as people are shown it.
func (c *Core) recordedPeers() []control.LostNode {
	var out []control.LostNode
	for node, p := range c.st.Records {
		l := control.LostNode{Node: node, Groups: p.Record.Owned(), Record: &p.Record, Since: p.At, Earliest: c.now.Wall}
		s, heard := c.silence(node)
		switch {
		case c.peers[node].Reachable:
			l.Why = "its actor answers: nothing to fail over from"
			l.Earliest = time.Time{}
		case !heard:
			l.Why = "nobody here hears its heartbeats; as soon as it is powered off and that is attested"
		default:
			l.Why = "silent for " + s.Round(time.Second).String() + "; as soon as it is powered off and that is attested"
			l.Since = c.now.Wall.Add(-s)
		}
		out = append(out, l)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Node < out[j].Node })
	return out
}

// peerState is what a peer's actor is told of this node: what was read lately, unknown otherwise.
func (c *Core) peerState() (node model.NodeState, manager model.ManagerState, dms *bool, deadman string, timeout time.Duration) {
	node, manager = model.NodeUnknown, model.ManagerUnknown
	if r, ok := c.facts.Fresh(model.SourceNodes, c.now, 2*c.opt.Policy.FactAge); ok {
		node = r.NodeState(c.opt.Node)
	}
	if r, ok := c.facts.Fresh(model.SourceManager, c.now, 2*c.opt.Policy.FactAge); ok && r.Manager != nil {
		manager = r.Manager.State
	}
	if r, ok := c.facts.Fresh(model.SourceGroupServices, c.now, 2*c.opt.Policy.FactAge); ok {
		dms = r.DeadManSwitch
	}
	if r, ok := c.facts.Fresh(model.SourceDeadmanMode, c.now, 2*c.opt.Policy.FactAge); ok {
		deadman = r.DeadmanMode
	}
	if r, ok := c.facts.Fresh(model.SourceNodeTimeout, c.now, 2*c.opt.Policy.FactAge); ok {
		timeout = r.NodeTimeout
	}
	return node, manager, dms, deadman, timeout
}

// suspended: our stop has unmanaged this node, and it was not resumed yet.
func (c *Core) suspended() bool {
	t := c.st.Track
	return t != nil && t.Mode == decide.ModeGated && (t.Stage == decide.StageSuspended || t.Stage == decide.StageResuming || t.Stage == decide.StageUnmanaging)
}
