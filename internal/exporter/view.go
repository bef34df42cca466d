package exporter

import (
	"maps"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/snapshot"
)

// View is what is published now. It shares nothing with the core that changes.
func (c *Core) View(now model.Instant) *collector.View {
	v := &collector.View{
		Created: c.state.Created,
		Phase:   c.phase, PhaseStart: c.phaseStart,
		Migrations: maps.Clone(c.state.Migrations), MigrationDuration: c.state.Histograms["migration"],
		Freezes: maps.Clone(c.state.Histograms), LastFreeze: c.state.LastFreeze,
		Budgets: c.budgets(now), Leftovers: c.leftovers(now), Drift: c.drift(now),
		Events: maps.Clone(c.state.Events), Unwanted: maps.Clone(c.state.Unwanted), Window: c.state.Window,
		Owners: append([]model.LastOwner(nil), c.state.Owners...), Unmanaged: maps.Clone(c.state.Unmanaged),
		Datagrams: maps.Clone(c.datagrams),
		Probes:    c.probes.Status(), ParseErrors: maps.Clone(c.parse), Disagree: c.disagree(now),
		StateWritable: c.health[PartState] == "", Config: c.opt.Config,
		Fresh: make(map[model.Source]model.Reading),
	}
	if c.identified() {
		v.Cluster, v.Node = c.state.Cluster, c.state.Node
	}
	v.LastStart, v.LastEnd = c.lastTimes()
	for s := range c.facts.Good {
		if r, ok := c.fresh(now, s); ok {
			v.Fresh[s] = r
		}
	}
	for _, name := range collector.Names() {
		if c.opt.Enabled[name] {
			v.Collectors = append(v.Collectors, c.collectorState(name))
		}
	}
	for _, p := range c.peers {
		h, ok := c.state.Silences[p.Node]
		if !ok {
			h = collector.NewHistogram(peerSilence)
		}
		v.Peers = append(v.Peers, collector.PeerView{PeerStatus: p, Silences: h})
	}
	return v
}

func (c *Core) collectorState(name string) collector.State {
	ok, took, at := c.success(name)
	st := c.stats[name]
	if ok && at.After(st.lastSuccess) {
		st.lastSuccess = at
	}
	return collector.State{Name: name, Success: ok, Duration: took, LastSuccess: st.lastSuccess, Timeouts: st.timeouts}
}

// Snapshot is what the actor of this node is served.
func (c *Core) Snapshot(now model.Instant) model.Snapshot {
	s := model.Snapshot{
		Version: snapshot.Version, At: now, Cluster: c.state.Cluster, Node: c.state.Node,
		Facts:  model.Facts{Good: maps.Clone(c.facts.Good), Last: maps.Clone(c.facts.Last)},
		Owners: append([]model.LastOwner(nil), c.state.Owners...),
		Probes: c.probes.Status(), Peers: append([]model.PeerStatus(nil), c.peers...),
		Episode: c.Episode(), Freeze: c.state.LastFreeze, Sources: make(map[string]bool),
	}
	s.Episode.Phase, s.Episode.PhaseStart = c.phase, c.phaseStart
	for _, name := range collector.Names() {
		if c.opt.Enabled[name] {
			s.Sources[name], _, _ = c.success(name)
		}
	}
	return s
}
