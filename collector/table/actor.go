package table

func acted(name string, t Type, help string, labels ...string) Metric {
	return Metric{Name: name, Type: t, Help: help, Labels: labels, Program: ProgramActor}
}

func actorMetrics() []Metric {
	return []Metric{
		acted("powerha_actor_state", TypeStateSet, "What the actor is doing, 1 for the current state. held is an operator's hold, needs_operator a deadline, failure or refusal.", "state").states(
			"observing", "idle", "preparing", "protected", "unmanaged_only", "settling", "confirming", "resuming",
			"rolling_back", "failover_pending", "failing_over", "held", "needs_operator"),
		acted("powerha_actor_preflight_ready", TypeGauge, "1 when that check would let a migration be prepared now.", "check"),
		acted("powerha_actor_window_open", TypeGauge, "1 while a declared maintenance window is open."),
		acted("powerha_actor_decisions_total", TypeCounter, "Changes of the actor's decision, by decision and reason.", "decision", "reason"),
		acted("powerha_actor_commands_total", TypeCounter, "Modifying commands that the actor ran, by result.", "command", "result").states("ok", "failed", "unknown"),
		acted("powerha_actor_command_duration_seconds", TypeHistogram, "How long the actor's modifying commands took.", "command").buckets(1, 2.5, 5, 10, 15, 20, 30, 45, 60, 120, 300, 600),
		acted("powerha_actor_variables_dirty", TypeGauge, "1 when the actor changed the variable to another value than the configured standing one and has not put it back yet.", "variable"),
		acted("powerha_actor_suspension_deadline_timestamp_seconds", TypeGauge, "When the present suspension becomes too long; absent without one."),
		acted("powerha_actor_pending_approvals", TypeGauge, "Decisions that wait for an operator's approval."),
		acted("powerha_actor_held", TypeGauge, "1 while an operator holds resume and failover."),
		acted("powerha_actor_dry_run", TypeGauge, "1 when the actor only prints and journals its commands."),
		acted("powerha_actor_evidence_timestamp_seconds", TypeGauge, "Sample time of the latest evidence of that kind.", "evidence"),
		acted("powerha_actor_webhook_requests_total", TypeCounter, "Webhook requests by what became of them.", "result").states("accepted", "rejected", "limited"),
		acted("powerha_actor_journal_records_total", TypeCounter, "Records written to the journal."),
		acted("powerha_actor_journal_errors_total", TypeCounter, "Records that could not be written to the journal."),
		acted("powerha_lpm_actor_build_info", TypeInfo, "Version of the actor.", "version", "revision", "branch", "goversion", "goos", "goarch", "tags"),
	}
}
