package budget

import (
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
	if cluster != nil && cluster.GracePeriod != nil {
		s.Grace = Of(*cluster.GracePeriod)
	}
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
	s.tunables(r[model.SourceTunables].Tunables, cluster)
	if m, ok := r[model.SourceMonitors]; ok {
		s.Monitor = monitors(m.Monitors)
	}
	return s
}

// tunables takes what only CAA's list tells. A tunable that is not in it does not exist at this level.
func (s *Settings) tunables(list map[string]string, cluster *model.Cluster) {
	if list == nil {
		if cluster != nil && cluster.NetworkFailureDetection != nil && *cluster.NetworkFailureDetection > 0 {
			s.Network = Of(*cluster.NetworkFailureDetection)
		}
		return
	}
	s.Network = millis(list, "network_fdt")
	if s.Network.State == Absent {
		s.Network = Of(fixedNetworkDetection)
	}
	if s.Grace.State == Unreadable {
		if v := millis(list, "node_down_delay"); v.State == Known {
			s.Grace = v
		}
	}
	s.Link = None()
	if cluster != nil && strings.EqualFold(cluster.Type, "LC") {
		s.Link = millis(list, "link_timeout")
	}
	s.Watchdog = None()
	if enabled(list["pvm_wdog"]) || cluster != nil && enabled(cluster.PVMWatchdog) {
		s.Watchdog = Value{}
	}
}

// enabled: the watchdog of the hypervisor does something.
func enabled(text string) bool {
	switch strings.ToLower(text) {
	case "", "0", "d", "disable", "disabled", "off", "no":
		return false
	}
	return true
}

func millis(list map[string]string, name string) Value {
	text, ok := list[name]
	if !ok {
		return None()
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return Value{}
	}
	return Of(time.Duration(n) * time.Millisecond)
}

// monitors takes the custom monitors that look while the application runs.
func monitors(all []model.Monitor) Value {
	var intervals []time.Duration
	for _, m := range all {
		if m.Type == "custom" && m.Mode != "startup" && !m.Suspended {
			intervals = append(intervals, m.Interval*time.Duration(1+m.Retries))
		}
	}
	return MonitorTime(intervals)
}

// LPMTimeout is the node timeout that PowerHA sets for a migration.
func LPMTimeout(c *model.Cluster) Value {
	switch {
	case c == nil || !c.HasLPM:
		return Value{}
	case c.LPMHeartbeat != nil && *c.LPMHeartbeat > 0:
		return Of(*c.LPMHeartbeat)
	default:
		return Of(UnsetLPMTimeout)
	}
}
