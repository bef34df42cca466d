package exporter

import (
	"maps"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/report"
)

// Recording is what is collected of a migration until it is judged. It outlives a restart.
type Recording struct {
	Episode string              `json:"episode"`
	Phases  []model.Mark        `json:"phases"`
	Freezes []model.Freeze      `json:"freezes,omitempty"`
	Events  []model.JudgedEvent `json:"events,omitempty"`
	Missed  string              `json:"missed,omitempty"` // why events may be missing
	Budget  time.Duration       `json:"budget,omitempty"`
	Limit   string              `json:"limit,omitempty"`
	From    time.Time           `json:"from"` // unmanaged, until To
	To      time.Time           `json:"to"`
	Watched map[string]Watched  `json:"watched,omitempty"` // by probe
	Outages []model.Outage      `json:"outages,omitempty"`
}

// Watched is what is known of one probe of an application of this node.
type Watched struct {
	Succeeded, Failed uint64
	LastSuccess       time.Time     // by the clock of the node that probes
	Down              *model.Outage // that goes on; Start is zero where it never answered
	Noticed           time.Time     // by our clock
}

const (
	maxEvents  = 500 // of one migration
	maxOutages = 200
	// outageWait is how long after its end a migration waits to be judged for an application that is down.
	outageWait = 5 * time.Minute
	// settingsWait is how long after PowerHA's own script is done its settings are waited for.
	settingsWait = 2 * time.Minute
)

// record follows the migration that is open, and judges it once it is over.
func (c *Core) record(now model.Instant) []Effect {
	ep := c.Episode()
	out := c.overtaken(now, ep)
	if ep.ID == "" || c.state.Reported == ep.ID {
		return out
	}
	if c.state.Record == nil {
		if !ep.Open && (ep.End.IsZero() || ep.End.Before(c.state.Created) || now.Wall.Sub(ep.End) > 2*c.opt.ScriptTimeout) {
			return out // of long before, or a check that nothing followed
		}
		c.state.Record, c.dirty = &Recording{Episode: ep.ID, Watched: map[string]Watched{}}, true
	}
	r := c.state.Record
	if ep.Provisional && !ep.Open {
		c.state.Record, c.dirty = nil, true // only checked
		return out
	}
	c.markPhase(r)
	c.recordUnmanaged(now, r)
	c.recordBudget(now, r)
	c.recordProbes(now, r)
	if c.over(now, ep, r) {
		out = append(out, c.close(now, ep, r))
	}
	return out
}

// overtaken judges a migration before its time because another one has begun.
func (c *Core) overtaken(now model.Instant, ep model.Episode) []Effect {
	r := c.state.Record
	if r == nil || r.Episode == ep.ID {
		return nil
	}
	c.state.Record, c.dirty = nil, true
	i := slices.IndexFunc(c.episodes, func(e model.Episode) bool { return e.ID == r.Episode })
	if i < 0 || c.episodes[i].Provisional || c.episodes[i].End.IsZero() {
		return nil
	}
	return []Effect{c.close(now, c.episodes[i], r)}
}

// close judges the migration.
func (c *Core) close(now model.Instant, ep model.Episode, r *Recording) Effect {
	rep := c.judge(now, ep, r)
	c.state.Record, c.state.Reported, c.dirty = nil, ep.ID, true
	c.state.Verdicts[rep.Verdict]++
	c.state.LastReport = &rep
	return AppendReport{Report: rep}
}

func (c *Core) markPhase(r *Recording) {
	if n := len(r.Phases); n > 0 && r.Phases[n-1].Phase == c.phase || c.phase == model.PhaseUnknown {
		return
	}
	r.Phases, c.dirty = append(r.Phases, model.Mark{Phase: c.phase, At: c.phaseStart}), true
}

func (c *Core) recordUnmanaged(now model.Instant, r *Recording) {
	managed, known := c.managed(time.Time{})
	switch {
	case !known:
	case !managed && r.From.IsZero():
		r.From, c.dirty = wall(now), true
	case managed && !r.From.IsZero() && r.To.IsZero():
		r.To, c.dirty = wall(now), true
	case !managed && !r.To.IsZero():
		r.To, c.dirty = time.Time{}, true // unmanaged once more
	}
}

// recordBudget keeps the budget that was in force last before the freeze.
func (c *Core) recordBudget(now model.Instant, r *Recording) {
	if c.phase != model.PhasePreparing && c.phase != model.PhaseMigrating || len(r.Freezes) > 0 {
		return
	}
	for _, b := range c.budgets(now) {
		if b.Scope == "lpm" && b.Limit != "unknown" && (b.Longest != r.Budget || b.Limit != r.Limit) {
			r.Budget, r.Limit, c.dirty = b.Longest, b.Limit, true
		}
	}
}

// keepEvent keeps an event for the report.
func (c *Core) keepEvent(e model.ClusterEvent) {
	r := c.state.Record
	if r == nil {
		return
	}
	if len(r.Events) >= maxEvents {
		c.missedEvents("there were more events than are kept")
		return
	}
	r.Events = append(r.Events, model.JudgedEvent{ClusterEvent: e})
	c.dirty = true
}

func (c *Core) missedEvents(why string) {
	if r := c.state.Record; r != nil && r.Missed == "" {
		r.Missed, c.dirty = why, true
	}
}

func (c *Core) keepFreeze(f model.Freeze) {
	if r := c.state.Record; r != nil && r.Episode == f.Episode {
		r.Freezes = append(r.Freezes, f)
	}
}

// over reports whether the migration is to be judged: settled, PowerHA's own script done, its freeze known, and no
// application still down; or late enough after all.
func (c *Core) over(now model.Instant, ep model.Episode, r *Recording) bool {
	if ep.End.IsZero() || ep.Open || c.lately(now, ep) || c.tracker.Pending() {
		return false
	}
	since := now.Wall.Sub(ep.End)
	if since > 2*c.opt.ScriptTimeout {
		return true
	}
	if _, known := c.leftBehind(now); !known && c.state.Before != nil && now.Wall.Sub(c.state.ScriptDone.At) < settingsWait {
		return false // they are read again now
	}
	down := slices.ContainsFunc(slices.Collect(maps.Values(r.Watched)), func(w Watched) bool { return w.Down != nil })
	return c.phase == model.PhaseIdle && !c.scriptPending() && (!down || since > outageWait)
}

func (c *Core) judge(now model.Instant, ep model.Episode, r *Recording) model.Report {
	in := report.Input{Report: model.Report{
		Episode: ep.ID, Cluster: c.state.Cluster, Node: c.state.Node, Judged: wall(now), Result: ep.Result,
		Start: ep.Start, Pre: ep.Pre, End: ep.End, Phases: r.Phases, BudgetLimit: "unknown",
		Events: r.Events, EventsErr: r.Missed, Outages: r.Outages, ProbesFrom: map[string]int{},
		UnmanagedFrom: r.From, UnmanagedTo: r.To,
	}}
	if c.phase == model.PhaseIdle {
		in.Settled = c.phaseStart
	}
	if r.Limit != "" {
		in.Budget, in.BudgetLimit = new(r.Budget), r.Limit
	}
	switch {
	case !c.opt.EventLogs:
		in.EventsErr = "cluster.logs names no log to read"
	case in.EventsErr == "" && !c.eventLog:
		in.EventsErr = "no log of events was read"
	}
	for id, w := range r.Watched {
		in.ProbesFrom[vantageOf(id)]++
		if w.Down != nil {
			in.Outages = append(in.Outages, w.goesOn(now.Wall.UTC()))
		}
	}
	for i, f := range r.Freezes {
		if in.Freeze == nil || *f.Fused > *in.Freeze.Fused {
			in.Freeze = &r.Freezes[i]
		}
	}
	for i, f := range r.Freezes {
		if in.Freeze != &r.Freezes[i] {
			in.Others = append(in.Others, f)
		}
	}
	if last := c.state.LastFreeze; in.Freeze == nil && last != nil && last.Episode == ep.ID {
		in.Freeze = last
	}
	in.LeftBehind, in.LeftoversKnown = c.leftBehind(now)
	return report.Judge(in)
}
