package exporter

import (
	"slices"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/probe"
)

func (c *Core) identified() bool { return c.state.Cluster != "" && c.state.Node != "" }

// identify learns the names of the cluster and of this node. The configuration comes first, then the cluster itself,
// then what was known before. A node's name counts only when it is in the cluster's own list.
func (c *Core) identify() {
	cluster, node := c.opt.Cluster, c.opt.Node
	if r, ok := c.facts.Get(model.SourceCluster); ok && cluster == "" && r.Cluster != nil {
		cluster = r.Cluster.Name
	}
	if node == "" {
		node = c.localNode()
	}
	if cluster != "" && cluster != c.state.Cluster {
		c.state.Cluster, c.dirty = cluster, true
	}
	if node != "" && node != c.state.Node {
		c.state.Node, c.dirty = node, true
	}
}

func (c *Core) localNode() string {
	members, ok := c.facts.Get(model.SourceMembers)
	nodes, known := c.facts.Get(model.SourceNodes)
	if !ok || !known {
		return ""
	}
	for _, m := range members.Members {
		if m.Local && slices.ContainsFunc(nodes.Nodes, func(n model.Node) bool { return n.Name == m.Name }) {
			return m.Name
		}
	}
	return ""
}

// nodesSeen counts nodes that went and came.
func (c *Core) nodesSeen(r model.Reading) {
	seen := make(map[string]model.NodeState, len(r.Nodes))
	for _, n := range r.Nodes {
		seen[n.Name] = n.State
		was, ok := c.nodes[n.Name]
		if !ok || n.Name == c.state.Node || up(was) == up(n.State) || n.State == model.NodeUnknown || was == model.NodeUnknown {
			continue
		}
		if up(n.State) {
			c.seenByState(collector.EventNodeUp, r.At, n.Name)
			continue
		}
		c.seenByState(collector.EventNodeDown, r.At, n.Name)
	}
	for name, was := range c.nodes {
		if s, ok := seen[name]; !ok || s == model.NodeUnknown {
			seen[name] = was // what it was stays until it is known again
		}
	}
	c.nodes = seen
}

func up(s model.NodeState) bool {
	switch s {
	case model.NodeNormal, model.NodeUnmanaged, model.NodeUnstable, model.NodeJoining, model.NodeLeaving:
		return true
	case model.NodeOffline, model.NodeError, model.NodeUnknown:
		return false
	default:
		return false
	}
}

// migrating: a migration is under way or not settled yet.
func (c *Core) migrating() bool { return underWay(c.phase) }

func underWay(p model.Phase) bool {
	switch p {
	case model.PhasePreparing, model.PhaseMigrating, model.PhaseSettling, model.PhaseRollingBack:
		return true
	case model.PhaseIdle, model.PhaseChecking, model.PhaseUnknown:
		return false
	default:
		return false
	}
}

// groupsSeen keeps the last known owners of each group. While any row of it is UNMANAGED the table does not tell who
// holds it, and where no row is ONLINE nobody does: then the last owners stay.
func (c *Core) groupsSeen(r model.Reading) {
	owners, unmanaged := r.Owners()
	for group, nodes := range owners {
		if unmanaged[group] {
			if _, ok := c.state.Unmanaged[group]; !ok {
				c.state.Unmanaged[group], c.dirty = wall(r.At), true
			}
			c.ownedBy(group, nil, r.At)
			continue
		}
		if _, ok := c.state.Unmanaged[group]; ok {
			delete(c.state.Unmanaged, group)
			c.dirty = true
		}
		c.ownedBy(group, nodes, r.At)
	}
	c.forget(owners)
}

// ownedBy notes the owners of a group; none means that they are not seen now.
func (c *Core) ownedBy(group string, nodes []string, at model.Instant) {
	nodes = slices.Clone(nodes)
	slices.Sort(nodes)
	for i := range c.state.Owners {
		o := &c.state.Owners[i]
		if o.Group != group {
			continue
		}
		if len(nodes) == 0 || slices.Equal(o.Nodes, nodes) {
			return
		}
		if len(o.Nodes) > 0 && slices.ContainsFunc(nodes, func(n string) bool { return !slices.Contains(o.Nodes, n) }) {
			c.seenByState(collector.EventTakeover, at, nodes...)
		}
		o.Nodes, o.At = nodes, wall(at)
		c.dirty = true
		return
	}
	c.state.Owners = append(c.state.Owners, model.LastOwner{Group: group, Nodes: nodes, At: wall(at)})
	slices.SortFunc(c.state.Owners, func(a, b model.LastOwner) int {
		if a.Group < b.Group {
			return -1
		}
		return 1
	})
	c.dirty = true
}

// forget drops groups that the cluster does not have any more. An empty table is no proof of that.
func (c *Core) forget(present map[string][]string) {
	if len(present) == 0 {
		return
	}
	c.state.Owners = slices.DeleteFunc(c.state.Owners, func(o model.LastOwner) bool {
		_, ok := present[o.Group]
		c.dirty = c.dirty || !ok
		return !ok
	})
	for g := range c.state.Unmanaged {
		if _, ok := present[g]; !ok {
			delete(c.state.Unmanaged, g)
			c.dirty = true
		}
	}
}

func wall(at model.Instant) time.Time { return at.Wall.UTC().Truncate(time.Millisecond) }

func (c *Core) ownership() probe.Ownership {
	o := probe.Ownership{Node: c.state.Node, Owners: make(map[string][]string, len(c.state.Owners))}
	for _, l := range c.state.Owners {
		o.Owners[l.Group] = l.Nodes
	}
	return o
}

// managed tells whether PowerHA manages this node, as far as the readings tell that are at least as new as since.
func (c *Core) managed(since time.Time) (managed, known bool) {
	r, ok := c.facts.Get(model.SourceNodes)
	if !ok || r.At.Wall.Before(since) {
		return false, false
	}
	return collector.Managed(r.NodeState(c.state.Node))
}

// suspended: this node was last seen unmanaged.
func (c *Core) suspended() bool {
	managed, known := c.managed(time.Time{})
	return known && !managed
}
