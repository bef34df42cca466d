package exporter

import (
	"context"
	"slices"
	"time"

	"github.com/go-kit/log/level"

	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/probe"
)

// StopProbe: give up the run of this number, which still answers with ProbeDone.
type StopProbe struct{ Number uint64 }

func (StopProbe) effect() {}

// monitored lists the sources that probes of type powerha_monitor stand on, whichever collectors are enabled.
func (c *Core) monitored() []model.Source {
	if !c.hasMonitors() {
		return nil
	}
	return []model.Source{model.SourceMonitors, model.SourceNodes, model.SourceGroups}
}

func (c *Core) hasMonitors() bool {
	return slices.ContainsFunc(c.opt.Probes, func(s probe.Spec) bool { return s.Type == probe.TypeMonitor })
}

// runProbes steps the probes. What is to be given up comes first.
func (c *Core) runProbes(now model.Instant) []Effect {
	own := c.ownership()
	if c.hasMonitors() {
		c.monitors(now, &own)
	}
	runs := c.probes.Step(now, own, c.results)
	c.results = c.results[:0]
	var out []Effect
	for _, n := range c.probes.Stops() {
		out = append(out, StopProbe{Number: n})
	}
	for _, r := range runs {
		out = append(out, RunProbe{Run: r})
	}
	return out
}

// monitors adds what the application monitors of the cluster need to be known. PowerHA surely does not look at the
// applications of a group while this node is unmanaged, by a reading that is fresh and that no later one failed to
// confirm, unless the group's own row says otherwise.
func (c *Core) monitors(now model.Instant, own *probe.Ownership) {
	own.Since, own.Unmanaged = make(map[string]time.Time), make(map[string]bool)
	r, ok := c.facts.Fresh(model.SourceNodes, now, c.maxAge(model.SourceNodes))
	own.Unsure = !ok
	unmanaged := ok && r.NodeState(own.Node) == model.NodeUnmanaged
	rows, _ := c.fresh(now, model.SourceGroups)
	for _, o := range c.state.Owners {
		own.Since[o.Group] = o.At
		own.Unmanaged[o.Group] = unmanaged && slices.Contains(o.Nodes, own.Node) &&
			!slices.ContainsFunc(rows.Groups, func(g model.GroupRow) bool {
				return g.Group == o.Group && g.Node == own.Node && !g.Secondary && looksAfter(g.State)
			})
	}
	if r, ok := c.facts.Get(model.SourceMonitors); ok {
		own.Monitors, own.MonitorsRead, own.Unparsed = r.Monitors, true, r.Unparsed
	}
}

// looksAfter: PowerHA holds a group of this state on the node, or is about to.
func looksAfter(s model.GroupState) bool {
	switch s {
	case model.GroupOnline, model.GroupAcquiring, model.GroupReleasing:
		return true
	case model.GroupOffline, model.GroupError, model.GroupTemporaryError, model.GroupUnmanaged, model.GroupUnknown:
		return false
	default:
		return false
	}
}

// runProbe begins a run that can be given up. It belongs to the goroutine of Run, as forgetProbe and stopProbe do.
func (e *Exporter) runProbe(ctx context.Context, r probe.Run) {
	ctx, cancel := context.WithCancel(ctx)
	e.runs[r.Number()] = cancel
	e.goes(func() {
		defer cancel()
		e.send(ProbeDone{Result: e.probe.Check(ctx, r)})
	})
}

func (e *Exporter) stopProbe(number uint64) {
	if cancel := e.runs[number]; cancel != nil {
		cancel()
	}
}

func (e *Exporter) forgetProbe(r probe.Run) { delete(e.runs, r.Number()) }

// monitors tells when one of PowerHA's monitors begins to wait, or to run, and why.
func (l *logged) monitors(probes []model.ProbeStatus) {
	if l.waits == nil {
		l.waits = make(map[string]string)
	}
	seen := make(map[string]bool)
	for _, p := range probes {
		id := p.Application + "/" + p.Probe + "/" + p.Vantage
		was, known := l.waits[id]
		seen[id] = p.Waiting != "" || known
		if p.Waiting == was {
			continue
		}
		l.waits[id] = p.Waiting
		switch {
		case p.Waiting == "":
			_ = level.Info(l.logger).Log("msg", "PowerHA's application monitor is run here", "application", p.Application, "probe", p.Probe)
		case p.Error != "":
			_ = level.Warn(l.logger).Log("msg", "PowerHA's application monitor cannot be run", "application", p.Application, "probe", p.Probe, "err", p.Waiting)
		default:
			_ = level.Info(l.logger).Log("msg", "PowerHA's application monitor is not run here now", "application", p.Application, "probe", p.Probe, "why", p.Waiting)
		}
	}
	for id := range l.waits {
		if !seen[id] {
			delete(l.waits, id)
		}
	}
}
