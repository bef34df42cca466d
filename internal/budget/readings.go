package budget

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// fixedNetworkDetection is what CAA takes before network_fdt can be set (PowerHA 7.1, IBM documentation: about 5 s).
const fixedNetworkDetection = 5 * time.Second

// FromReadings makes settings of what was read of a node. A source that is not there is unreadable.
func FromReadings(r map[model.Source]model.Reading, node string) Settings {
	var s Settings
	cluster := r[model.SourceCluster].Cluster
	if nodes, ok := r[model.SourceNodes]; ok {
		switch nodes.NodeState(node) {
		case model.NodeUnknown:
		case model.NodeUnmanaged, model.NodeOffline:
			s.Managed = new(false)
		case model.NodeNormal, model.NodeJoining, model.NodeLeaving, model.NodeUnstable, model.NodeError:
			s.Managed = new(true)
		}
	}
	if v, ok := r[model.SourceNodeTimeout]; ok && v.NodeTimeout > 0 {
		s.NodeTimeout = Of(v.NodeTimeout)
	}
	s.DeadmanMode = r[model.SourceDeadmanMode].DeadmanMode
	s.Switch = r[model.SourceGroupServices].DeadManSwitch
	s.ClientKill = r[model.SourceGroupServices].ClientKill
	s.tunables(r[model.SourceTunables], cluster)
	if m, ok := r[model.SourceMonitors]; ok {
		s.Monitor = monitors(m)
	}
	return s
}

// tunables takes what CAA's list tells. Where PowerHA has an attribute of its own for a tunable that cannot be read,
// that stands in: it is what the last synchronisation set.
func (s *Settings) tunables(list model.Reading, cluster *model.Cluster) {
	s.Grace, s.Network, s.Link = millis(list, "node_down_delay"), millis(list, "network_fdt"), None()
	if s.Network.State == Absent {
		s.Network = Of(fixedNetworkDetection)
	}
	if s.Grace.State == Absent { // every level has it: it has another name there
		s.Grace = Value{}
	}
	s.Watchdog = watchdog(list, cluster)
	if cluster == nil {
		s.Link = Value{}
		return
	}
	if v := cluster.GracePeriod; s.Grace.State == Unreadable && v != nil {
		s.Grace = Of(*v)
	}
	if v := cluster.NetworkFailureDetection; s.Network.State == Unreadable && list.Tunables == nil && v != nil && *v > 0 {
		s.Network = Of(*v)
	}
	if v := cluster.CritDaemonGrace; v != nil {
		s.DaemonGrace = Of(*v)
	}
	if strings.EqualFold(cluster.Type, "LC") {
		s.Link = millis(list, "link_timeout")
		if s.Link.State == Absent { // linked sites have it at every level
			s.Link = Value{}
		}
	}
}

// watchdog tells whether CAA has to reset a watchdog of the hypervisor; nil where that is not known.
func watchdog(list model.Reading, cluster *model.Cluster) *bool {
	if cluster != nil && enabled(cluster.PVMWatchdog) {
		return new(true)
	}
	if text, ok := list.Tunables["pvm_wdog"]; ok {
		return new(enabled(text))
	}
	if whole(list) {
		return new(false)
	}
	return nil
}

// enabled: the watchdog of the hypervisor does something.
func enabled(text string) bool {
	switch strings.ToLower(text) {
	case "", "0", "d", "disable", "disabled", "off", "no":
		return false
	}
	return true
}

// whole reports whether a list of CAA's tunables is a complete one: every line was understood, and node_timeout, which
// every level has, is among them.
func whole(list model.Reading) bool {
	_, ok := list.Tunables["node_timeout"]
	return ok && list.Unparsed == 0
}

// millis is a tunable that counts milliseconds. One that is not in a whole list does not exist at this level; of one
// that is missing in a list that was not wholly understood nothing is known. What 0 means is documented nowhere.
func millis(list model.Reading, name string) Value {
	text, ok := list.Tunables[name]
	if !ok && whole(list) {
		return None()
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		return Value{}
	}
	return Of(time.Duration(n) * time.Millisecond)
}

// maxRetries bounds what is believed of a monitor's retry count.
const maxRetries = 1000

// monitors takes the custom monitors that look while the application runs. One whose interval cannot be read makes the
// whole unreadable.
func monitors(r model.Reading) Value {
	var times []time.Duration
	for _, m := range r.Monitors {
		if m.Type == "process" || m.Mode == "startup" || m.Suspended {
			continue
		}
		if m.Interval <= 0 {
			return Value{}
		}
		times = append(times, m.Interval*time.Duration(1+min(max(m.Retries, 0), maxRetries)))
	}
	if len(times) == 0 && r.Unparsed > 0 {
		return Value{}
	}
	return MonitorTime(times)
}

// LPMTimeout is the node timeout that PowerHA sets for a migration (IBM documentation, "Live Partition Mobility
// variables").
func LPMTimeout(c *model.Cluster) Value {
	switch {
	case c == nil || !c.HasLPM || c.LPMHeartbeat == nil:
		return Value{}
	case *c.LPMHeartbeat > 0:
		return Of(*c.LPMHeartbeat)
	default:
		return Of(UnsetLPMTimeout)
	}
}

// Unmanages tells whether PowerHA's own script unmanages the node for a migration: LPM_POLICY says so, or HyperSwap is
// in use (SG24-8278, 2.1.5); nil where that cannot be read.
func Unmanages(c *model.Cluster) *bool {
	switch {
	case c == nil || !c.HasLPM:
		return nil
	case c.HyperSwap || c.LPMPolicy == model.PolicyUnmanage:
		return new(true)
	case c.LPMPolicy == model.PolicyManage || c.LPMPolicy == model.PolicyUnset:
		return new(false)
	default:
		return nil
	}
}

// Sources lists what a limit is read from.
func Sources(l Limit) []model.Source {
	switch l {
	case DeadManSwitch, CriticalDaemons:
		return []model.Source{model.SourceGroupServices}
	case DeadmanMode:
		return []model.Source{model.SourceDeadmanMode, model.SourceNodeTimeout}
	case NodeTimeout:
		return []model.Source{model.SourceNodeTimeout, model.SourceTunables, model.SourceCluster}
	case LinkTimeout:
		return []model.Source{model.SourceTunables, model.SourceCluster, model.SourceNodeTimeout}
	case NetworkFailureDetection:
		return []model.Source{model.SourceTunables, model.SourceNodes, model.SourceCluster}
	case ApplicationMonitor:
		return []model.Source{model.SourceMonitors, model.SourceNodes, model.SourceCluster}
	case PVMWatchdog:
		return []model.Source{model.SourceTunables, model.SourceCluster}
	case Unknown:
		return nil
	default:
		return nil
	}
}

// AllSources lists every source that settings are made of, sorted.
func AllSources() []model.Source {
	var out []model.Source
	for _, l := range Limits() {
		out = append(out, Sources(l)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
