package exporter

import (
	"path"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/budget"
	"powerha_lpm_exporter/internal/model"
)

// lpmTimeout is the node timeout that PowerHA sets for a migration.
func (c *Core) lpmTimeout(now model.Instant) (time.Duration, bool) {
	r, ok := c.fresh(now, model.SourceCluster)
	if !ok || r.Cluster == nil || !r.Cluster.HasLPM {
		return 0, false
	}
	if h := r.Cluster.LPMHeartbeat; h != nil && *h > 0 {
		return *h, true
	}
	return budget.UnsetLPMTimeout, true
}

// scriptPending reports whether PowerHA's own script may still be at work after the last migration.
func (c *Core) scriptPending() bool {
	ep := c.Episode()
	return c.state.Before != nil && !ep.End.IsZero() && c.state.ScriptDone.Episode != ep.ID
}

// scriptOver notes that PowerHA's own script is done: a list of processes that was begun after the end of the
// migration has neither it nor drmgr. Where none can be had, its time is over at last.
func (c *Core) scriptOver(now model.Instant) {
	if !c.scriptPending() {
		return
	}
	ep := c.Episode()
	r, ok := c.facts.Get(model.SourceProcesses)
	gone := ok && r.At.Wall.After(ep.End) && !slices.ContainsFunc(r.Processes, ofMigration)
	if gone || now.Wall.Sub(ep.End) > c.opt.ScriptTimeout {
		c.state.ScriptDone, c.dirty = Settled{Episode: ep.ID, At: now.Wall}, true
	}
}

// ofMigration: the process is drmgr or PowerHA's own DR script, which a shell may run.
func ofMigration(p model.Process) bool {
	words := strings.Fields(p.Args)
	return slices.ContainsFunc(words[:min(2, len(words))], func(w string) bool {
		return path.Base(w) == "cl_dr" || path.Base(w) == "drmgr"
	})
}

// drift compares the standing variables with those that are wanted.
func (c *Core) drift(now model.Instant) map[string]bool {
	out := make(map[string]bool)
	r, ok := c.fresh(now, model.SourceCluster)
	if !ok || r.Cluster == nil || !r.Cluster.HasLPM {
		return out
	}
	if c.opt.LPMPolicy != "" && r.Cluster.LPMPolicy != model.PolicyUnknown {
		out["lpm_policy"] = r.Cluster.LPMPolicy != c.opt.LPMPolicy
	}
	if h := r.Cluster.LPMHeartbeat; h != nil && c.opt.LPMHeartbeat > 0 {
		out["heartbeat_frequency_during_lpm"] = *h != c.opt.LPMHeartbeat
	}
	return out
}
