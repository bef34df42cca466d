package exporter

import (
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/probe"
)

// recordProbes follows the probes of this node's applications: its own, and those that peers run and tell of.
func (c *Core) recordProbes(now model.Instant, r *Recording) {
	intervals := make(map[string]time.Duration)
	for _, s := range c.opt.Probes {
		intervals[s.Application+"/"+s.Name] = c.probes.Interval(s.Application, s.Name)
	}
	watch := func(from string, s model.ProbeStatus) {
		if !s.Active || s.LastAt.IsZero() {
			return
		}
		c.watch(r, s.Vantage+" "+from+" "+s.Application+"/"+s.Probe, from, s, now.Wall.UTC(), intervals[s.Application+"/"+s.Probe])
	}
	for _, s := range c.probes.Status() {
		if s.Vantage == probe.Local {
			watch(c.state.Node, s)
		}
	}
	for _, p := range c.peers {
		for _, s := range p.Probes {
			watch(p.Node, s)
		}
	}
}

func vantageOf(id string) string {
	v, _, _ := strings.Cut(id, " ")
	return v
}

// watch takes a probe's status in. An outage lasts from the last success before it to the first one after it, both by
// the clock of the node that probes: so a node that was frozen itself reads nothing into it.
func (c *Core) watch(r *Recording, id, from string, s model.ProbeStatus, at time.Time, interval time.Duration) {
	w, known := r.Watched[id]
	now := w
	now.Succeeded, now.Failed = s.Succeeded, s.Failed
	if !s.LastSuccess.IsZero() {
		now.LastSuccess = s.LastSuccess
	}
	failed := known && s.Failed > w.Failed || !s.Success
	if now.Down == nil && failed {
		now.Down = &model.Outage{
			Application: s.Application, Probe: s.Probe, Vantage: s.Vantage, From: from, Resolution: interval, Start: w.LastSuccess.UTC(),
		}
		if !s.Success && !s.LastSuccess.IsZero() || w.LastSuccess.IsZero() {
			now.Down.Start = s.LastSuccess.UTC()
		}
		now.Noticed = at
	}
	if d := now.Down; d != nil && s.Success {
		if lasted := successSince(s).Sub(d.Start); !d.Start.IsZero() && lasted > 0 && len(r.Outages) < maxOutages {
			o := *d
			o.Duration = lasted
			r.Outages = append(r.Outages, o)
		}
		now.Down = nil
	}
	if !known || now != w {
		r.Watched[id] = now
		c.dirty = c.dirty || !known || now.Down != nil || w.Down != nil
	}
}

// successSince is when the run of successes began that goes on, by the clock of the node that probes. Its last attempt
// was its last success; how long before that the run began is told as an age.
func successSince(s model.ProbeStatus) time.Time {
	return s.LastSuccess.Add(-max(0, s.LastAt.Sub(s.SuccessSince)))
}

// goesOn is an outage as it stands when it is judged.
func (w Watched) goesOn(now time.Time) model.Outage {
	o := *w.Down
	o.Ongoing, o.Duration = true, max(0, now.Sub(w.Noticed))
	if o.Start.IsZero() {
		o.Start = w.Noticed // it never answered
	}
	return o
}
