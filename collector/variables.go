package collector

import "powerha_lpm_exporter/internal/model"

func variables(e *emitter, v *View) {
	policy := model.PolicyUnknown
	if r, ok := v.Fresh[model.SourceCluster]; ok && r.Cluster != nil {
		c := r.Cluster
		if c.HasLPM {
			policy = c.LPMPolicy
		}
		e.optional("powerha_lpm_heartbeat_frequency_seconds", c.LPMHeartbeat)
		e.optional("powerha_heartbeat_frequency_seconds", c.HeartbeatFrequency)
		e.optional("powerha_grace_period_seconds", c.GracePeriod)
		e.optional("powerha_network_failure_detection_seconds", c.NetworkFailureDetection)
	}
	e.state("powerha_lpm_policy", string(policy))
	if r, ok := v.Fresh[model.SourceNodeTimeout]; ok {
		e.seconds("powerha_caa_node_timeout_seconds", r.NodeTimeout)
	}
	if r, ok := v.Fresh[model.SourceGroupServices]; ok && r.DeadManSwitch != nil {
		e.bool("powerha_dead_man_switch_enabled", *r.DeadManSwitch, "cthags")
	}
	if r, ok := v.Fresh[model.SourceDeadmanMode]; ok && (r.DeadmanMode == "a" || r.DeadmanMode == "e") {
		e.bool("powerha_dead_man_switch_enabled", r.DeadmanMode == "a", "caa")
	}
	for what, d := range v.Drift {
		e.bool("powerha_variable_drift", d, what)
	}
	for what, l := range v.Leftovers {
		e.bool("powerha_lpm_leftover", l, what)
	}
}
