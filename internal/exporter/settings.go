package exporter

import (
	"path"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/model"
)

// unsetLPMHeartbeat is what PowerHA uses while HEARTBEAT_FREQUENCY_DURING_LPM was never set.
const unsetLPMHeartbeat = 600 * time.Second

// groupServicesTrip is the fixed trip interval of the dead man switch of cthags (RSCT: 30 s).
const groupServicesTrip = 30 * time.Second

// settingSeen keeps what the settings are in calm times, to know afterwards what a migration left behind. What is
// left behind is not calm.
func (c *Core) settingSeen(r model.Reading) {
	if c.phase != model.PhaseIdle || c.scriptPending() {
		return
	}
	left, calm := c.leftovers(r.At), &c.state.Calm
	switch r.Source {
	case model.SourceNodeTimeout:
		if !left["node_timeout"] && calm.NodeTimeout != r.NodeTimeout {
			calm.NodeTimeout, c.dirty = r.NodeTimeout, true
		}
	case model.SourceDeadmanMode:
		if !left["deadman_mode"] && calm.DeadmanMode != r.DeadmanMode {
			calm.DeadmanMode, c.dirty = r.DeadmanMode, true
		}
	case model.SourceGroupServices:
		if s := r.DeadManSwitch; s != nil && !left["dead_man_switch"] && (calm.Switch == nil || *calm.Switch != *s) {
			v := *s
			calm.Switch, c.dirty = &v, true
		}
	default:
	}
}

// lpmTimeout is the node timeout that PowerHA sets for a migration.
func (c *Core) lpmTimeout(now model.Instant) (time.Duration, bool) {
	r, ok := c.fresh(now, model.SourceCluster)
	if !ok || r.Cluster == nil || !r.Cluster.HasLPM {
		return 0, false
	}
	if h := r.Cluster.LPMHeartbeat; h != nil && *h > 0 {
		return *h, true
	}
	return unsetLPMHeartbeat, true
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

// leftovers compares the settings with those before the last migration, as read after PowerHA's own script was done
// with it. A value that differs in another way than that script leaves it was set by somebody else. ifrestrict is not
// read by anything here.
func (c *Core) leftovers(now model.Instant) map[string]bool {
	out := make(map[string]bool)
	if c.phase != model.PhaseIdle || c.scriptPending() {
		return out
	}
	fresh := func(s model.Source) (model.Reading, bool) {
		r, ok := c.fresh(now, s)
		return r, ok && !r.At.Wall.Before(c.state.ScriptDone.At)
	}
	if r, ok := fresh(model.SourceInittab); ok && r.Inittab != nil {
		out["inittab"] = *r.Inittab
	}
	b := c.state.Before
	if b == nil {
		return out
	}
	lpm, known := c.lpmTimeout(now)
	if r, ok := fresh(model.SourceNodeTimeout); ok && known && b.NodeTimeout > 0 {
		out["node_timeout"] = r.NodeTimeout != b.NodeTimeout && r.NodeTimeout == lpm
	}
	if r, ok := fresh(model.SourceGroupServices); ok && r.DeadManSwitch != nil && b.Switch != nil {
		out["dead_man_switch"] = *b.Switch && !*r.DeadManSwitch
	}
	if r, ok := fresh(model.SourceDeadmanMode); ok && b.DeadmanMode != "" {
		out["deadman_mode"] = b.DeadmanMode == "a" && r.DeadmanMode == "e"
	}
	return out
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

// budgets tells the longest freeze that does not cost the node its groups or its life: the peers declare it down
// after the node timeout and the grace period; CAA halts it after the node timeout where deadman_mode is "a" (assert);
// Group Services halts it after 30 s while its switch is armed. A scope with a term that is not known is left out.
func (c *Core) budgets(now model.Instant) []collector.Budget {
	r, ok := c.fresh(now, model.SourceCluster)
	if !ok || r.Cluster == nil || r.Cluster.GracePeriod == nil {
		return nil
	}
	delay := *r.Cluster.GracePeriod
	force := c.inForce(now)
	idle := c.state.Calm
	if c.phase == model.PhaseIdle {
		idle = force
	}
	var out []collector.Budget
	if b, ok := budget("idle", idle, delay); ok {
		out = append(out, b)
	}
	lpm := force
	if c.phase != model.PhasePreparing && c.phase != model.PhaseMigrating {
		// What PowerHA's own script makes of it for a migration.
		off := false
		lpm = Settings{DeadmanMode: "e", Switch: &off}
		lpm.NodeTimeout, _ = c.lpmTimeout(now)
	}
	if b, ok := budget("lpm", lpm, delay); ok {
		out = append(out, b)
	}
	return out
}

func (c *Core) inForce(now model.Instant) Settings {
	var s Settings
	if r, ok := c.fresh(now, model.SourceNodeTimeout); ok {
		s.NodeTimeout = r.NodeTimeout
	}
	if r, ok := c.fresh(now, model.SourceDeadmanMode); ok {
		s.DeadmanMode = r.DeadmanMode
	}
	if r, ok := c.fresh(now, model.SourceGroupServices); ok {
		s.Switch = r.DeadManSwitch
	}
	return s
}

func budget(scope string, s Settings, grace time.Duration) (collector.Budget, bool) {
	if s.NodeTimeout <= 0 || s.DeadmanMode == "" || s.Switch == nil {
		return collector.Budget{}, false
	}
	b := collector.Budget{Scope: scope, Limit: "node_timeout", Longest: s.NodeTimeout + grace}
	if s.DeadmanMode == "a" && s.NodeTimeout < b.Longest {
		b.Limit, b.Longest = "deadman_mode", s.NodeTimeout
	}
	if *s.Switch && groupServicesTrip < b.Longest {
		b.Limit, b.Longest = "dead_man_switch", groupServicesTrip
	}
	return b, true
}
