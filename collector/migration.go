package collector

import "powerha_lpm_exporter/internal/model"

func migration(e *emitter, v *View) {
	e.state("powerha_lpm_phase", string(v.Phase))
	e.time("powerha_lpm_phase_start_timestamp_seconds", v.PhaseStart)
	for _, r := range model.Results() {
		e.set("powerha_lpm_migrations_total", float64(v.Migrations[r]), string(r))
	}
	e.time("powerha_lpm_last_migration_start_timestamp_seconds", v.LastStart)
	e.time("powerha_lpm_last_migration_end_timestamp_seconds", v.LastEnd)
	e.histogram("powerha_lpm_migration_duration_seconds", v.MigrationDuration)
	e.counts("powerha_lpm_unwanted_cluster_events_total", v.Unwanted)
	e.counts("powerha_cluster_events_total", v.Events)
	for _, verdict := range model.Verdicts() {
		e.set("powerha_lpm_verdicts_total", float64(v.Verdicts[verdict]), string(verdict))
	}
	if v.LastVerdict != "" {
		e.state("powerha_lpm_last_verdict", string(v.LastVerdict))
	}
	for vantage, longest := range v.Outages {
		e.seconds("powerha_lpm_last_probe_outage_seconds", longest, vantage)
	}
	e.seconds("powerha_lpm_declared_window_seconds_total", v.Window, "true")
	e.seconds("powerha_lpm_declared_window_seconds_total", v.WindowRefused, "false")
	e.bool("powerha_lpm_declared_window_open", v.WindowOpen)
	e.time("powerha_lpm_declared_window_until_timestamp_seconds", v.WindowUntil)
	if r, ok := v.Fresh[model.SourceServer]; ok && r.Server != nil {
		e.set("powerha_lpm_server_info", 1, r.Server.Serial, r.Server.TypeModel)
	}
}
