package fleet

import (
	"strings"
	"time"

	"powerha_lpm_exporter/collector/table"
)

func always(v float64) func(time.Time) (float64, bool) {
	return func(time.Time) (float64, bool) { return v, true }
}

func absent(time.Time) (float64, bool) { return 0, false }

func flag(on bool) func(time.Time) (float64, bool) {
	if on {
		return always(1)
	}
	return always(0)
}

func stamp(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// value is what the series of a metric with these labels tells over time.
func (n *node) value(m table.Metric, set map[string]string) func(time.Time) (float64, bool) {
	switch {
	case m.Name == "up":
		return func(t time.Time) (float64, bool) {
			if n.heard(t) {
				return 1, true
			}
			return 0, true
		}
	case n.previousGroup != "" && set["resource_group"] == n.previousGroup:
		return n.until(30*time.Minute, n.stated(m, set))
	case m.Type == table.TypeStateSet:
		return flag(set[m.Labels[len(m.Labels)-1]] == n.state(m))
	case m.Type == table.TypeInfo:
		return always(1)
	case m.Type == table.TypeCounter, m.Type == table.TypeHistogram:
		return n.counted(m, set)
	case strings.HasSuffix(m.Name, "_timestamp_seconds"):
		return n.stamped(m)
	default:
		return n.stated(m, set)
	}
}

func (n *node) until(ago time.Duration, value func(time.Time) (float64, bool)) func(time.Time) (float64, bool) {
	return func(t time.Time) (float64, bool) {
		if n.end.Sub(t) < ago {
			return 0, false
		}
		return value(t)
	}
}

// state is the current one of a state set; "" where none of those below applies: the first is not assumed.
func (n *node) state(m table.Metric) string {
	migrating := n.first && (n.story == moving || n.story == frozen)
	switch m.Name {
	case "powerha_lpm_phase":
		if migrating {
			return "migrating"
		}
	case "powerha_peer_lpm_phase":
		if !n.first && (n.story == moving || n.story == frozen) {
			return "migrating"
		}
	case "powerha_lpm_policy":
		if n.story == disagreeing && n.first {
			return "manage"
		}
		return "unmanage"
	case "powerha_actor_state":
		switch {
		case migrating:
			return "protected"
		case n.unmanaged() && n.story == forgotten:
			return "needs_operator"
		case n.unmanaged():
			return "confirming"
		}
		return "idle"
	case "powerha_node_state", "powerha_resource_group_state":
		if n.unmanaged() {
			return "unmanaged"
		}
	case "powerha_cluster_manager_state":
		return "stable"
	case "powerha_freeze_budget_limit", "powerha_lpm_freeze_budget_limit":
		return "node_timeout"
	}
	return m.States[0] // idle, stable, normal, online, pass
}

// counted grows as attempts do where it counts attempts, and is constant elsewhere. A restart begins at 0.
func (n *node) counted(m table.Metric, set map[string]string) func(time.Time) (float64, bool) {
	began := n.end.Add(-90 * 24 * time.Hour)
	if m.Name != "powerha_application_probe_attempts_total" {
		return always(3)
	}
	ok := !n.down(set["application"])
	if (set["result"] == "success") != ok {
		return always(7)
	}
	return func(t time.Time) (float64, bool) {
		from := began
		if n.story == restarted && n.first && n.end.Sub(t) < 10*time.Minute {
			from = n.end.Add(-10 * time.Minute)
		}
		return float64(t.Sub(from) / (5 * time.Second)), true
	}
}

func (n *node) stamped(m table.Metric) func(time.Time) (float64, bool) {
	moved := 40 * 24 * time.Hour / time.Duration(1+n.cluster%37)
	switch n.story {
	case confirming, failing:
		moved = 2 * time.Minute
	case forgotten:
		moved = 3 * time.Hour
	default:
	}
	ended := n.end.Add(-moved)
	switch m.Name {
	case "powerha_lpm_last_migration_start_timestamp_seconds":
		return always(stamp(ended.Add(-6 * time.Minute)))
	case "powerha_lpm_last_migration_end_timestamp_seconds":
		return always(stamp(ended))
	case "powerha_lpm_last_freeze_start_timestamp_seconds":
		return always(stamp(ended.Add(-time.Minute)))
	case "powerha_resource_group_unmanaged_since_timestamp_seconds":
		if !n.unmanaged() {
			return absent
		}
		return always(stamp(ended.Add(-7 * time.Minute)))
	case "powerha_actor_suspension_deadline_timestamp_seconds":
		if !n.unmanaged() {
			return absent
		}
		return always(stamp(ended.Add(23 * time.Minute)))
	case "powerha_lpm_phase_start_timestamp_seconds":
		return always(stamp(ended))
	}
	return func(t time.Time) (float64, bool) { return stamp(t.Truncate(5 * time.Second)), true }
}

// down says whether that application is down.
func (n *node) down(application string) bool {
	return n.story == failing && application == "app-rg1"
}

// stated is a gauge in the state of the node's story.
func (n *node) stated(m table.Metric, set map[string]string) func(time.Time) (float64, bool) {
	switch m.Name {
	case "powerha_node_managed":
		return flag(!n.unmanaged())
	case "powerha_resource_group_managed":
		return flag(!n.unmanaged() || set["resource_group"] != n.group)
	case "powerha_resource_group_owner":
		return flag(set["resource_group"] == n.group)
	case "powerha_application_probe_success":
		return flag(!n.down(set["application"]))
	case "powerha_peer_up":
		if n.story == frozen && !n.first {
			return func(t time.Time) (float64, bool) {
				if n.end.Sub(t) <= time.Minute {
					return 0, true
				}
				return 1, true
			}
		}
		return always(1)
	case "powerha_exporter_collector_success", "powerha_exporter_event_log_readable", "powerha_exporter_state_writable",
		"powerha_exporter_config_last_reload_successful", "powerha_actor_preflight_ready", "powerha_lpm_freeze_visible":
		return always(1)
	case "powerha_lpm_heartbeat_frequency_seconds":
		return always(600)
	case "powerha_heartbeat_frequency_seconds", "powerha_caa_node_timeout_seconds":
		return always(30)
	case "powerha_grace_period_seconds", "powerha_network_failure_detection_seconds":
		return always(10)
	case "powerha_lpm_freeze_budget_seconds":
		return always(28)
	case "powerha_lpm_last_freeze_duration_seconds":
		return always(1.5)
	case "powerha_lpm_last_freeze_error_bound_seconds", "powerha_application_probe_duration_seconds":
		return always(0.02)
	default: // a flag of something that is wrong, a length of something that did not happen
		return always(0)
	}
}
