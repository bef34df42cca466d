package exporter

import (
	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/budget"
	"powerha_lpm_exporter/internal/model"
)

// budgets tells how long a freeze is borne: in calm times, with the node managed, and in a migration. Outside one the
// second is what PowerHA's own script would make of the settings, in one it is what is in force.
func (c *Core) budgets(now model.Instant) []collector.Budget {
	force := c.settings(now)
	idle, lpm := c.calm(force), force
	if c.phase != model.PhasePreparing && c.phase != model.PhaseMigrating {
		lpm = c.forMigration(now, idle, force)
	}
	return []collector.Budget{budgetOf("idle", idle), budgetOf("lpm", lpm)}
}

func budgetOf(scope string, s budget.Settings) collector.Budget {
	b := budget.Longest(s)
	out := collector.Budget{Scope: scope, Limit: string(b.Limit), Longest: b.Longest}
	for _, l := range b.Missing {
		out.Missing = append(out.Missing, string(l))
	}
	return out
}

// settings are those in force now. What cannot be read, or is too old, is unreadable; in a migration what PowerHA's own
// script changes is too old after migration.fact_age.
func (c *Core) settings(now model.Instant) budget.Settings {
	fresh := make(map[model.Source]model.Reading)
	for _, s := range budget.AllSources() {
		if r, ok := c.inForce(now, s); ok {
			fresh[s] = r
		}
	}
	return budget.FromReadings(fresh, c.state.Node)
}

// calm is what is in force with no migration under way and the node managed: as last seen, if one is under way now.
func (c *Core) calm(s budget.Settings) budget.Settings {
	s.Managed = new(true)
	if c.phase == model.PhaseIdle || c.phase == model.PhaseUnknown {
		return s
	}
	s.Switch, s.ClientKill, s.DeadmanMode, s.NodeTimeout = c.state.Calm.Switch, nil, c.state.Calm.DeadmanMode, budget.Value{}
	if t := c.state.Calm.NodeTimeout; t > 0 {
		s.NodeTimeout = budget.Of(t)
	}
	return s
}

// forMigration is what PowerHA's own script would make of calm settings. Before PowerHA 7.2 there is none: a migration
// meets what is in force.
func (c *Core) forMigration(now model.Instant, calm, force budget.Settings) budget.Settings {
	r, ok := c.fresh(now, model.SourceCluster)
	if !ok || r.Cluster == nil {
		return budget.Settings{} // nothing is known of it
	}
	if !r.Cluster.HasLPM {
		return force
	}
	return budget.ForMigration(calm, budget.LPMTimeout(r.Cluster), budget.Unmanages(r.Cluster))
}
