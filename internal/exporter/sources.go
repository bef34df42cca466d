package exporter

import (
	"slices"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/model"
)

// judgedBy lists the sources that a collector stands on: it succeeds when all of them do.
func judgedBy(name string) []model.Source {
	switch name {
	case collector.Migration:
		return []model.Source{model.SourceErrlog, model.SourceServer}
	case collector.ResourceGroup:
		return []model.Source{model.SourceGroups}
	case collector.Cluster:
		return []model.Source{model.SourceCluster, model.SourceNodes, model.SourceManager, model.SourceMembers}
	case collector.Variables:
		return []model.Source{
			model.SourceCluster, model.SourceNodeTimeout, model.SourceDeadmanMode, model.SourceGroupServices,
			model.SourceInittab, model.SourceTunables,
		}
	case collector.Application:
		return []model.Source{model.SourceMonitors}
	default: // freeze and peer run no command
		return nil
	}
}

// alsoReads lists what a collector needs without standing on it.
func alsoReads(name string) []model.Source {
	switch name {
	case collector.Application:
		return []model.Source{model.SourceGroups} // where probes run follows the owners
	case collector.ResourceGroup:
		return []model.Source{model.SourceGroupAttrs} // the second witness
	case collector.Migration:
		return []model.Source{model.SourceNodes, model.SourceFaults} // settling ends when the node is managed
	case collector.Peer:
		return []model.Source{model.SourceNodes}
	case collector.Variables:
		return []model.Source{
			model.SourceNodes, model.SourceMonitors, // a freeze may make monitors of managed groups fail
			model.SourcePolicyODM, model.SourceTimeoutODM, // the second witnesses
		}
	default:
		return nil
	}
}

// slow is how many intervals lie between two reads of a source that changes with the configuration alone, rare of a
// second witness that costs a command of its own.
const (
	slow = 4
	rare = 20
)

// needed lists the sources of the enabled collectors, sorted.
func needed(enabled map[string]bool, identified bool) []model.Source {
	var out []model.Source
	for _, name := range collector.Names() {
		if enabled[name] {
			out = append(out, judgedBy(name)...)
			out = append(out, alsoReads(name)...)
		}
	}
	if !identified {
		out = append(out, model.SourceCluster, model.SourceNodes, model.SourceMembers)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// intervals is how many intervals lie between two reads of a source in calm times.
func intervals(s model.Source) time.Duration {
	switch s {
	case model.SourceMonitors, model.SourceTunables, model.SourceFaults, model.SourceInittab:
		return slow
	case model.SourceGroupAttrs, model.SourcePolicyODM, model.SourceTimeoutODM:
		return rare
	default:
		return 1
	}
}

// vital: in the critical seconds of a migration it is needed to know where it is and whether the node is protected.
func vital(s model.Source) bool {
	switch s {
	case model.SourceNodes, model.SourceGroups, model.SourceManager, // is the node unmanaged, and who holds its groups
		model.SourceNodeTimeout, model.SourceDeadmanMode, model.SourceGroupServices, // what PowerHA's own script changes
		model.SourceErrlog, model.SourceServer: // has it moved
		return true
	default:
		return false
	}
}

// changing: PowerHA's own script changes it for a migration, so that what was read before says nothing.
func changing(s model.Source) bool {
	switch s {
	case model.SourceNodes, model.SourceNodeTimeout, model.SourceDeadmanMode, model.SourceGroupServices:
		return true
	default:
		return false
	}
}

// critical: a migration prepares or is under way. Then no command is run that is not needed.
func (c *Core) critical() bool {
	return c.phase == model.PhasePreparing || c.phase == model.PhaseMigrating
}

// maxAge is how long a value that was understood is still published when later reads fail.
func (c *Core) maxAge(s model.Source) time.Duration {
	return 3*intervals(s)*c.opt.Interval + c.opt.Timeout
}

// fresh returns what is known of the source, unless it is too old; where two sources disagree, what is believed.
func (c *Core) fresh(now model.Instant, s model.Source) (model.Reading, bool) {
	r, ok := c.asRead(now, s)
	if ok && s == model.SourceCluster {
		r = c.believed(now, r)
	}
	return r, ok
}

// asRead returns what the source told, unless it is too old.
func (c *Core) asRead(now model.Instant, s model.Source) (model.Reading, bool) {
	r, ok := c.facts.Get(s)
	if !ok || now.Sub(r.At) > c.maxAge(s) {
		return model.Reading{}, false
	}
	return r, true
}

// inForce is fresh for what counts in the critical seconds: of what PowerHA's own script changes, only what was read
// within migration.fact_age.
func (c *Core) inForce(now model.Instant, s model.Source) (model.Reading, bool) {
	r, ok := c.fresh(now, s)
	if c.critical() && changing(s) && c.opt.FactAge > 0 && now.Sub(r.At) > c.opt.FactAge {
		return model.Reading{}, false
	}
	return r, ok
}
