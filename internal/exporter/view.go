package exporter

import (
	"maps"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/report"
	"powerha_lpm_exporter/internal/snapshot"
)

// View is what is published now. It shares nothing with the core that changes.
func (c *Core) View(now model.Instant) *collector.View {
	v := &collector.View{
		Created: c.state.Created,
		Phase:   c.phase, PhaseStart: c.phaseStart,
		Migrations: maps.Clone(c.state.Migrations), MigrationDuration: c.state.Histograms["migration"],
		Freezes: maps.Clone(c.state.Histograms), LastFreeze: c.state.LastFreeze,
		Budgets: c.budgets(now), Leftovers: c.judgedLeftovers(now), Drift: c.drift(now),
		Events: maps.Clone(c.state.Events), Unwanted: maps.Clone(c.state.Unwanted), Window: c.state.Window, WindowRefused: c.state.WindowRefused,
		Owners: append([]model.LastOwner(nil), c.state.Owners...), Unmanaged: maps.Clone(c.state.Unmanaged),
		Verdicts: maps.Clone(c.state.Verdicts), LastVerdict: lastVerdict(c.state.LastReport), Outages: outages(c.state.LastReport), EventLog: c.eventLog,
		Datagrams: maps.Clone(c.datagrams),
		Probes:    c.probes.Status(), ParseErrors: maps.Clone(c.parse),
		StateWritable: c.health[PartState] == "", Config: c.opt.Config,
		Fresh: make(map[model.Source]model.Reading),
	}
	if c.identified() {
		v.Cluster, v.Node = c.state.Cluster, c.state.Node
	}
	v.Disagree, v.Disagreements = c.disagree()
	v.LastStart, v.LastEnd = c.lastTimes()
	v.WindowOpen, v.WindowUntil = c.windowNow()
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

func lastVerdict(r *model.Report) model.Verdict {
	if r == nil {
		return ""
	}
	return r.Verdict
}

// outages are the longest of the last judged migration, by the vantage of the probes that looked.
func outages(r *model.Report) map[string]time.Duration {
	if r == nil {
		return nil
	}
	out := make(map[string]time.Duration)
	for vantage, n := range r.ProbesFrom {
		if n == 0 {
			continue
		}
		out[vantage] = 0
		if o := report.Longest(r, vantage); o != nil {
			out[vantage] = o.Duration
		}
	}
	return out
}

// brief is a report without what its findings rest on.
func brief(r *model.Report) *model.Report {
	if r == nil {
		return nil
	}
	b := *r
	b.Events, b.Outages, b.Phases, b.Others = nil, nil, nil, nil
	return &b
}

// Snapshot is what the actor of this node is served.
func (c *Core) Snapshot(now model.Instant) model.Snapshot {
	s := model.Snapshot{
		Version: snapshot.Version, At: now, Cluster: c.state.Cluster, Node: c.state.Node,
		Facts:  model.Facts{Good: maps.Clone(c.facts.Good), Last: maps.Clone(c.facts.Last)},
		Owners: append([]model.LastOwner(nil), c.state.Owners...),
		Probes: c.probes.All(), Peers: append([]model.PeerStatus(nil), c.peers...),
		Episode: c.Episode(), Freeze: c.state.LastFreeze, Report: brief(c.state.LastReport), Sources: make(map[string]bool),
	}
	s.Episode.Phase, s.Episode.PhaseStart = c.phase, c.phaseStart
	_, s.Leftovers = c.leftovers(now)
	for _, name := range collector.Names() {
		if c.opt.Enabled[name] {
			s.Sources[name], _, _ = c.success(name)
		}
	}
	return s
}
