package collector

import "powerha_lpm_exporter/internal/model"

func application(e *emitter, v *View) {
	if r, ok := v.Fresh[model.SourceMonitors]; ok {
		for _, m := range r.Monitors {
			e.set("powerha_application_monitor_info", 1, m.Application, m.Name, m.Type, m.Mode)
			e.seconds("powerha_application_monitor_interval_seconds", m.Interval, m.Application, m.Name)
			e.bool("powerha_application_monitor_suspended", m.Suspended, m.Application, m.Name)
		}
	}
	for _, p := range v.Probes {
		labels := []string{p.Application, p.Probe, p.Vantage, p.TargetNode}
		e.bool("powerha_application_probe_success", p.Success, labels...)
		e.seconds("powerha_application_probe_duration_seconds", p.Duration, labels...)
		e.time("powerha_application_probe_last_success_timestamp_seconds", p.LastSuccess, labels...)
		e.set("powerha_application_probe_attempts_total", float64(p.Succeeded), append(labels, "success")...)
		e.set("powerha_application_probe_attempts_total", float64(p.Failed), append(labels, "failure")...)
	}
}
