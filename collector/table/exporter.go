package table

import "powerha_lpm_exporter/internal/model"

func exported(name string, t Type, help string, labels ...string) Metric {
	return Metric{Name: name, Type: t, Help: help, Labels: labels, Program: ProgramExporter}
}

func (m Metric) states(s ...string) Metric        { m.States = s; return m }
func (m Metric) buckets(bounds ...float64) Metric { m.Buckets = bounds; return m }

// The buckets of the histograms, in seconds.
func freezeBuckets() []float64 {
	return []float64{.05, .1, .25, .5, 1, 2, 3, 5, 7.5, 10, 15, 30, 60, 120, 600}
}

func migrationBuckets() []float64 {
	return []float64{15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400}
}
func silenceBuckets() []float64 { return []float64{1, 2, 3, 5, 7.5, 10, 15, 20, 30, 60, 120, 600} }

func migrationMetrics() []Metric {
	estimators := []string{"clock", "peer", "fused"}
	return []Metric{
		exported("powerha_lpm_phase", TypeStateSet, "Phase of the migration of this node, 1 for the current one.", "phase").states(phases()...),
		exported("powerha_lpm_phase_start_timestamp_seconds", TypeGauge, "When the current phase began."),
		exported("powerha_lpm_migrations_total", TypeCounter, "Migrations of this node that have ended, by how they ended.", "result").states(texts(model.Results())...),
		exported("powerha_lpm_last_migration_start_timestamp_seconds", TypeGauge, "Start of the last migration, ended or not."),
		exported("powerha_lpm_last_migration_end_timestamp_seconds", TypeGauge, "End of the last migration that has ended: the first record that ended it, in whole milliseconds, never revised. It is the identity of the migration for the gate."),
		exported("powerha_lpm_migration_duration_seconds", TypeHistogram, "Time from the first record of a migration to its end.").buckets(migrationBuckets()...),
		exported("powerha_lpm_freeze_duration_seconds", TypeHistogram, "Freezes of this node by estimator: clock is the gap seen inside, peer the step of the clock offset to a peer, fused their sum.", "estimator").states(estimators...).buckets(freezeBuckets()...),
		exported("powerha_lpm_last_freeze_duration_seconds", TypeGauge, "Length of the last freeze by estimator; absent where it is not visible.", "estimator"),
		exported("powerha_lpm_last_freeze_start_timestamp_seconds", TypeGauge, "Start of the last freeze, the same for every estimator; absent where it is not visible.", "estimator").states("fused"),
		exported("powerha_lpm_last_freeze_error_bound_seconds", TypeGauge, "The truth lies within plus or minus this bound of the estimate.", "estimator"),
		exported("powerha_lpm_freeze_visible", TypeGauge, "1 when this source could have seen the last freeze; 0 for all when nothing could, or before the first.", "by").states("clock", "peer", "rtc"),
		exported("powerha_lpm_freeze_disagreement_seconds", TypeGauge, "By how much two witnesses of the last freeze contradict each other beyond their bounds; absent with fewer than two."),
		exported("powerha_lpm_last_brownout_duration_seconds", TypeGauge, "Silence at the peer beyond the last freeze: network and caches getting warm."),
		exported("powerha_lpm_freeze_budget_seconds", TypeGauge, "Longest freeze that the cluster tolerates with the settings of that scope; absent when a term cannot be read.", "scope").states("idle", "lpm"),
		exported("powerha_lpm_freeze_budget_limit", TypeStateSet, "1 for the timer that limits the freeze budget of that scope; unknown when one that may apply cannot be read.", "scope", "limit").states(
			"dead_man_switch", "deadman_mode", "critical_daemons", "node_timeout", "link_timeout", "network_failure_detection", "application_monitor", "pvm_wdog", "unknown"),
		exported("powerha_lpm_last_verdict", TypeStateSet, "Judgement of the last migration that was judged; absent before the first.", "verdict").states(texts(model.Verdicts())...),
		exported("powerha_lpm_verdicts_total", TypeCounter, "Migrations judged, by verdict.", "verdict").states(texts(model.Verdicts())...),
		exported("powerha_lpm_last_probe_outage_seconds", TypeGauge, "Longest outage that a probe saw in the last judged migration, 0 for none; absent where no probe of that vantage looked. peer is as users saw it.", "vantage").states("local", "peer"),
		exported("powerha_lpm_unwanted_cluster_events_total", TypeCounter, "Cluster events during a migration that a protected migration does not cause.", "event").states(UnwantedEvents()...),
		exported("powerha_cluster_events_total", TypeCounter, "Cluster events seen.", "event").states(Events()...),
		exported("powerha_lpm_declared_window_seconds_total", TypeCounter, "Time in declared windows, from the DR script's premigrate to the resume; counted=false is what migration.slo_window_cap refused.", "counted").states("true", "false"),
		exported("powerha_lpm_declared_window_open", TypeGauge, "1 while a declared window is open, whether its time is counted or refused by the cap."),
		exported("powerha_lpm_declared_window_until_timestamp_seconds", TypeGauge, "When the cap will end the declared window that is open now; absent once it has, and without one."),
		exported("powerha_lpm_leftover", TypeGauge, "1 when a setting of PowerHA's own script was left behind after the migration.", "what").states("node_timeout", "dead_man_switch", "deadman_mode", "ifrestrict", "inittab"),
	}
}

func clusterMetrics() []Metric {
	return []Metric{
		exported("powerha_lpm_policy", TypeStateSet, "PowerHA's LPM_POLICY, 1 for the current one.", "policy").states(texts(model.Policies())...),
		exported("powerha_lpm_heartbeat_frequency_seconds", TypeGauge, "HEARTBEAT_FREQUENCY_DURING_LPM; 0 while never set, the product then uses 600 s."),
		exported("powerha_heartbeat_frequency_seconds", TypeGauge, "HEARTBEAT_FREQUENCY, the node timeout in calm times."),
		exported("powerha_grace_period_seconds", TypeGauge, "GRACE_PERIOD: node-down delay after the node timeout."),
		exported("powerha_network_failure_detection_seconds", TypeGauge, "NETWORK_FAILURE_DETECTION_TIME."),
		exported("powerha_caa_node_timeout_seconds", TypeGauge, "CAA's node_timeout in force now."),
		exported("powerha_variable_drift", TypeGauge, "1 when the variable differs from the configured standing value.", "variable").states("lpm_policy", "heartbeat_frequency_during_lpm"),
		exported("powerha_dead_man_switch_enabled", TypeGauge, "1 when that dead man switch is armed on this node.", "switch").states("cthags", "caa"),
		exported("powerha_lpm_server_info", TypeInfo, "The physical server on which the partition runs now.", "serial", "type_model"),
		exported("powerha_cluster_state", TypeStateSet, "State of the cluster as clmgr tells it.", "state").states(texts(model.ClusterStates())...),
		exported("powerha_cluster_manager_state", TypeStateSet, "State of the cluster manager of this node as lssrc tells it.", "state").states(texts(model.ManagerStates())...),
		exported("powerha_node_state", TypeStateSet, "State of this node as clmgr tells it.", "state").states(texts(model.NodeStates())...),
		exported("powerha_cluster_unsynced_changes", TypeGauge, "1 when configuration changes wait for a synchronisation."),
		exported("powerha_node_managed", TypeGauge, "1 when PowerHA manages the resource groups of this node, 0 when it is unmanaged; absent when not known."),
	}
}

func groupMetrics() []Metric {
	return []Metric{
		exported("powerha_resource_group_state", TypeStateSet, "State of the resource group on this node (its row of clRGinfo).", "resource_group", "state").states(texts(model.GroupStates())...),
		exported("powerha_resource_group_managed", TypeGauge, "1 when PowerHA manages the resource group, 0 when it prints UNMANAGED.", "resource_group"),
		exported("powerha_resource_group_owner", TypeGauge, "1 when this node is the last known owner of the resource group; remembered while unmanaged and over restarts.", "resource_group"),
		exported("powerha_resource_group_unmanaged_since_timestamp_seconds", TypeGauge, "Since when the resource group has been seen unmanaged; absent while managed.", "resource_group"),
	}
}

func peerMetrics() []Metric {
	return []Metric{
		exported("powerha_peer_node_state", TypeStateSet, "State of another node as this node's cluster tells it.", "peer", "state").states(texts(model.NodeStates())...),
		exported("powerha_peer_resource_group_info", TypeInfo, "State of a resource group on another node as seen from here; only the current state.", "peer", "resource_group", "state"),
		exported("powerha_peer_up", TypeGauge, "1 when heartbeats of the peer's exporter arrive.", "peer"),
		exported("powerha_peer_last_heartbeat_timestamp_seconds", TypeGauge, "When the last heartbeat of the peer's exporter arrived.", "peer"),
		exported("powerha_peer_silence_seconds", TypeHistogram, "Silences of the peer's exporter that have ended.", "peer").buckets(silenceBuckets()...),
		exported("powerha_peer_lpm_phase", TypeStateSet, "Phase of the migration of the peer as it last told.", "peer", "phase").states(phases()...),
		exported("powerha_peer_datagrams_total", TypeCounter, "Heartbeats of the exporters since the start of this one, by what became of them; all but sent, accepted and unproven were dropped, and are absent before the first.", "result").states(
			"sent", "send_error", "unsendable", "accepted", "malformed", "unknown_sender", "bad_mac", "replayed", "unproven"),
	}
}

func applicationMetrics() []Metric {
	probe := []string{"application", "probe", "vantage", "target_node"}
	return []Metric{
		exported("powerha_application_monitor_info", TypeInfo, "An application monitor of the cluster's configuration.", "application", "monitor", "type", "mode"),
		exported("powerha_application_monitor_interval_seconds", TypeGauge, "Interval of PowerHA's own application monitor.", "application", "monitor"),
		exported("powerha_application_monitor_suspended", TypeGauge, "1 when PowerHA's own application monitor is suspended.", "application", "monitor"),
		exported("powerha_application_probe_success", TypeGauge, "1 when the last attempt of the probe succeeded. A local probe runs only on the last known owner.", probe...),
		exported("powerha_application_probe_duration_seconds", TypeGauge, "How long the last attempt of the probe took.", probe...),
		exported("powerha_application_probe_last_success_timestamp_seconds", TypeGauge, "When the probe last succeeded; absent before the first time.", probe...),
		exported("powerha_application_probe_attempts_total", TypeCounter, "Attempts of the probe by result.", append(probe[:len(probe):len(probe)], "result")...).states("success", "failure"),
	}
}

func selfMetrics() []Metric {
	return []Metric{
		exported("powerha_exporter_collector_success", TypeGauge, "1 when the last refresh of the collector succeeded.", "collector"),
		exported("powerha_exporter_collector_duration_seconds", TypeGauge, "How long the last refresh of the collector took; of those that run commands.", "collector"),
		exported("powerha_exporter_collector_last_success_timestamp_seconds", TypeGauge, "When the collector was last refreshed with success; absent before the first time.", "collector"),
		exported("powerha_exporter_collector_timeouts_total", TypeCounter, "Commands and reads of the collector that did not answer in time.", "collector"),
		exported("powerha_exporter_parse_errors_total", TypeCounter, "Answers, or lines of them, that were not understood; of a command that no collector stands on absent before the first.", "command"),
		exported("powerha_exporter_sources_disagree", TypeGauge, "1 when two sources of the same fact disagree for two rounds; absent where they cannot be compared.", "fact").states(
			"managed", "migration", "resource_group", "timeouts", "manager", "variables", "members"),
		exported("powerha_exporter_event_log_readable", TypeGauge, "1 when PowerHA's log of events is read, 0 when neither cluster.log nor hacmp.out can be."),
		exported("powerha_exporter_state_writable", TypeGauge, "1 when the exporter's state is kept on disk, 0 when it goes on in memory alone."),
		exported("powerha_exporter_config_last_reload_successful", TypeGauge, "1 when the last load of the configuration succeeded."),
		exported("powerha_exporter_config_last_reload_success_timestamp_seconds", TypeGauge, "When the configuration was last loaded with success."),
		exported("powerha_config_info", TypeInfo, "SHA-256 of the configuration file in force, to find nodes that differ.", "hash"),
		exported("powerha_lpm_exporter_build_info", TypeInfo, "Version of the exporter.", "version", "revision", "branch", "goversion", "goos", "goarch", "tags"),
	}
}
