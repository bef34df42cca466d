package selftest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// most is how many things are named one by one.
const most = 8

// Concluded says in a few words what a reading tells. It names things in the order of the output, and by their own names,
// so that it can be redacted and compared.
func Concluded(r *model.Reading) string {
	switch r.Source {
	case model.SourceCluster:
		return cluster(r.Cluster)
	case model.SourceNodes:
		return list("no node", r.Nodes, func(n model.Node) string { return n.Name + " " + string(n.State) })
	case model.SourceGroups, model.SourceOverrides:
		return list("no group", r.Groups, groupRow)
	case model.SourceManager:
		return manager(r.Manager)
	case model.SourceMembers:
		return list("no node", r.Members, member)
	case model.SourceMonitors:
		return list("no monitor", r.Monitors, func(m model.Monitor) string {
			return strings.TrimSpace(fmt.Sprintf("%s: %s of %s %s", m.Name, m.Type, m.Application, m.Mode))
		})
	case model.SourceGroupAttrs, model.SourceGroupPolicies:
		return list("no group", r.GroupAttrs, groupAttr)
	case model.SourceGroupMonitors:
		return list("no application", r.AppStates, func(a model.AppState) string { return a.Application + " " + a.State })
	case model.SourceGroupNames:
		return list("no group", r.GroupNames, func(s string) string { return s })
	default:
		return settings(r)
	}
}

// settings concludes from what CAA, RSCT and the HMC's words say.
func settings(r *model.Reading) string {
	switch r.Source {
	case model.SourceNodeTimeout:
		return "node_timeout " + r.NodeTimeout.String()
	case model.SourceDeadmanMode:
		return "deadman_mode " + map[string]string{"a": "assert", "e": "event"}[r.DeadmanMode]
	case model.SourceTunables:
		return fmt.Sprintf("%d tunables, node_timeout %s ms, network_fdt %s ms", len(r.Tunables), or(r.Tunables["node_timeout"]), or(r.Tunables["network_fdt"]))
	case model.SourceGroupServices, model.SourceSwitch:
		return "dead man switch " + onOff(r.DeadManSwitch)
	case model.SourcePolicyODM:
		return "LPM policy " + string(r.PolicyODM)
	case model.SourceTimeoutODM:
		return "node time-out during LPM " + span(r.TimeoutODM)
	case model.SourceInterfaces:
		return list("no interface", r.Interfaces, func(i model.Interface) string { return i.Node + " " + i.Name + " " + i.State })
	case model.SourceCAA:
		return caa(r.CAA)
	case model.SourceCAACounters:
		return fmt.Sprintf("%d counters", len(r.Counters))
	case model.SourceTopology:
		return topology(r.Topology)
	default:
		return system(r)
	}
}

// system concludes from what AIX says.
func system(r *model.Reading) string {
	switch r.Source {
	case model.SourceInittab:
		if r.Inittab == nil {
			return "not told"
		}
		return map[bool]string{true: "the undo entry of PowerHA's script is there", false: "no undo entry"}[*r.Inittab]
	case model.SourceErrlog, model.SourceErrlogSummary, model.SourceFaults:
		return errlog(r.Errlog)
	case model.SourceSubsystems, model.SourceServices:
		return list("no subsystem", r.Subsystems, func(s model.Subsystem) string {
			return s.Name + " " + map[bool]string{true: "active", false: "inoperative"}[s.Active]
		})
	case model.SourceProcesses, model.SourceOwners:
		return map[bool]string{true: "processes seen", false: "no process"}[len(r.Processes) > 0]
	case model.SourceServer:
		if r.Server == nil {
			return "not told"
		}
		return strings.TrimSpace("server " + r.Server.TypeModel + " " + r.Server.Serial)
	case model.SourceScripts:
		return list("no DR script", r.Scripts, func(s model.DRScriptInfo) string { return s.Path })
	case model.SourcePartition:
		if r.Partition == nil {
			return "not told"
		}
		return fmt.Sprintf("partition %s, number %d", r.Partition.Name, r.Partition.Number)
	default:
		return ""
	}
}

func list[T any](none string, all []T, one func(T) string) string {
	if len(all) == 0 {
		return none
	}
	var out []string
	for _, x := range all[:min(len(all), most)] {
		out = append(out, one(x))
	}
	if n := len(all) - most; n > 0 {
		out = append(out, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(out, ", ")
}

func cluster(c *model.Cluster) string {
	if c == nil {
		return "not told"
	}
	out := []string{c.Name + " " + string(c.State)}
	if c.HasLPM {
		out = append(out, "LPM policy "+string(c.LPMPolicy), "node time-out during LPM "+span(c.LPMHeartbeat))
	} else {
		out = append(out, "no LPM settings")
	}
	out = append(out, fmt.Sprintf("time-outs %s+%s", span(c.HeartbeatFrequency), span(c.GracePeriod)))
	if c.Unsynced != nil && *c.Unsynced {
		out = append(out, "changes not synchronised")
	}
	return strings.Join(out, ", ")
}

func groupRow(g model.GroupRow) string {
	s := string(g.State)
	if g.Secondary {
		s += " secondary"
	}
	if g.Override != "" {
		s += " override " + g.Override
	}
	return fmt.Sprintf("%s %s on %s", g.Group, s, g.Node)
}

func groupAttr(g model.GroupAttr) string {
	if g.State == "" {
		return g.Name + " " + strings.Join(compact(g.Startup, g.Fallover, g.Fallback), "/")
	}
	return strings.TrimSpace(g.Name + " " + string(g.State) + " " + strings.Join(g.CurrentNodes, "+"))
}

func compact(in ...string) []string {
	return slices.DeleteFunc(in, func(s string) bool { return s == "" })
}

func manager(m *model.Manager) string {
	if m == nil {
		return "not told"
	}
	out := string(m.State)
	if len(m.ForcedDown) > 0 {
		out += ", forced down " + strings.Join(m.ForcedDown, "+")
	}
	if m.QueuedEvents > 0 {
		out += fmt.Sprintf(", %d events queued", m.QueuedEvents)
	}
	return out
}

func member(m model.Member) string {
	return m.Name + map[bool]string{true: " up", false: " down"}[m.Up] + map[bool]string{true: " (this node)"}[m.Local]
}

func caa(c *model.CAA) string {
	if c == nil {
		return "not told"
	}
	return strings.TrimSpace(fmt.Sprintf("%s, %d nodes, %d disks, %s", c.Name, len(c.Nodes), c.Disks, c.CommunicationMode))
}

func topology(t *model.Topology) string {
	if t == nil {
		return "not told"
	}
	return fmt.Sprintf("%s, %s, heartbeat %s, %d nodes, %d groups", t.Cluster, t.Type, t.Heartbeat, len(t.Nodes), len(t.Groups))
}

func errlog(entries []model.ErrlogEntry) string {
	if len(entries) == 0 {
		return "no entry"
	}
	e := entries[0]
	for _, x := range entries {
		if x.Time.After(e.Time) {
			e = x
		}
	}
	what := e.Label
	if what == "" {
		what = e.ID
	}
	return fmt.Sprintf("%d entries, the last %s of %s", len(entries), what, e.Time.UTC().Format("2006-01-02 15:04Z"))
}

func onOff(b *bool) string {
	if b == nil {
		return "not told"
	}
	return map[bool]string{true: "on", false: "off"}[*b]
}

func span(d *time.Duration) string {
	switch {
	case d == nil:
		return "not told"
	case *d == 0:
		return "never set"
	default:
		return d.String()
	}
}

func or(s string) string {
	if s == "" {
		return "?"
	}
	return s
}
