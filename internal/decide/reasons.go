package decide

// What is the kind of a decision: what the actor does, or why it does nothing.
type What string

// The kinds of decision.
const (
	WhatObserve       What = "observe"        // nothing of ours happens here
	WhatWait          What = "wait"           // a fact or an end is missing
	WhatUnmanage      What = "unmanage"       // begin the suspension
	WhatRefusePrepare What = "refuse_prepare" // this migration is the product's alone
	WhatProtectOK     What = "protect_ok"     // suspended, and every protection reads as it should
	WhatSettle        What = "settle"         // the migration is over, PowerHA's script is not
	WhatConfirm       What = "confirm"        // evidence of health is looked for
	WhatResume        What = "resume"         // begin the resume after a completed migration
	WhatRollBack      What = "roll_back"      // begin the resume after an aborted one
	WhatFailover      What = "failover"       // start the recorded groups here
	WhatHold          What = "hold"           // a person said: not now
	WhatNeedOperator  What = "need_operator"  // a person has to look
	WhatClose         What = "close"          // the episode is over; Decision.Result says how
	WhatApply         What = "apply"          // change the standing variables
	WhatRefuse        What = "refuse"         // an operator's request is not done
)

// Whats lists every kind of decision.
func Whats() []What {
	return []What{
		WhatObserve, WhatWait, WhatUnmanage, WhatRefusePrepare, WhatProtectOK, WhatSettle, WhatConfirm, WhatResume,
		WhatRollBack, WhatFailover, WhatHold, WhatNeedOperator, WhatClose, WhatApply, WhatRefuse,
	}
}

// Reason says why a decision was taken. It is a constant, never a sentence.
type Reason string

// Reasons that no migration is needed for.
const (
	ReasonModeObserve  Reason = "mode_observe"
	ReasonModeNative   Reason = "mode_native"
	ReasonIdle         Reason = "idle"
	ReasonReady        Reason = "ready"
	ReasonDryRun       Reason = "dry_run"
	ReasonHeld         Reason = "held"
	ReasonActRunning   Reason = "act_running"
	ReasonActUnknown   Reason = "act_unknown"
	ReasonFactsStale   Reason = "facts_stale"
	ReasonFactsFailed  Reason = "facts_unreadable"
	ReasonJournal      Reason = "journal_failed"
	ReasonInterrupted  Reason = "interrupted"
	ReasonLimitReached Reason = "limit_reached"
	ReasonNoRecord     Reason = "no_record"
)

// Reasons of prepare.
const (
	ReasonBefore72         Reason = "before_powerha_7_2"
	ReasonHyperSwap        Reason = "hyperswap"
	ReasonPolicy           Reason = "lpm_policy_not_unmanage"
	ReasonNoPrometheus     Reason = "no_prometheus"
	ReasonNoProbe          Reason = "group_without_probe"
	ReasonScriptMissing    Reason = "dr_script_not_registered"
	ReasonProductScript    Reason = "product_script_not_registered"
	ReasonScriptOrder      Reason = "product_script_first"
	ReasonNodeUnmanaged    Reason = "node_already_unmanaged"
	ReasonNodeNotNormal    Reason = "node_not_normal"
	ReasonManagerNotStable Reason = "manager_not_stable"
	ReasonEventQueued      Reason = "event_in_progress"
	ReasonUnsyncedUnknown  Reason = "unsynced_unknown"
	ReasonUnsynced         Reason = "unsynced_changes"
	ReasonPeerMigrating    Reason = "peer_in_migration"
	ReasonNoStandby        Reason = "no_standby_up"
	ReasonGroupNotStable   Reason = "group_not_stable"
	ReasonAcknowledge      Reason = "not_acknowledged"
	ReasonStopFailed       Reason = "stop_failed"
)

// Reasons while suspended.
const (
	ReasonProtected       Reason = "protected"
	ReasonNodeTimeout     Reason = "node_timeout_not_raised"
	ReasonSwitchArmed     Reason = "dead_man_switch_armed"
	ReasonDeadmanMode     Reason = "deadman_mode_assert"
	ReasonPeerSwitchArmed Reason = "peer_dead_man_switch_armed"
	ReasonPeerUnknown     Reason = "peer_switch_unknown"
	ReasonEpisodeUnknown  Reason = "episode_unknown"
	ReasonTransition      Reason = "node_in_transition"
	ReasonRebooted        Reason = "rebooted"
	ReasonGroupsTaken     Reason = "groups_taken_elsewhere"
	ReasonProductRunning  Reason = "product_script_running"
	ReasonProductTimeout  Reason = "product_script_timeout"
	ReasonNotRestored     Reason = "settings_not_restored"
	ReasonLeftovers       Reason = "leftovers"
)

// Reasons of the confirmation.
const (
	ReasonConfirmed        Reason = "confirmed"
	ReasonUnreachable      Reason = "prometheus_unreachable"
	ReasonGateInvalid      Reason = "gate_invalid"
	ReasonNotEvaluated     Reason = "gate_not_evaluated"
	ReasonGateFuture       Reason = "gate_from_the_future"
	ReasonWindowShort      Reason = "gate_window_too_short"
	ReasonGateNotReady     Reason = "gate_not_ready"
	ReasonOtherMigration   Reason = "gate_of_other_migration"
	ReasonGateStale        Reason = "gate_stale"
	ReasonSnapshotStale    Reason = "snapshot_stale"
	ReasonSnapshotForeign  Reason = "snapshot_of_other_node"
	ReasonSnapshotDiffers  Reason = "snapshot_disagrees"
	ReasonProbeMissing     Reason = "no_local_probe"
	ReasonProbeStale       Reason = "local_probe_stale"
	ReasonUnhealthy        Reason = "application_unhealthy"
	ReasonCollectorFailing Reason = "collector_failing"
	ReasonPeerProbe        Reason = "peer_probe_failing"
)

// Reasons of the end.
const (
	ReasonApproved        Reason = "approved_by_operator"
	ReasonOverride        Reason = "override_by_operator"
	ReasonDeadline        Reason = "deadline_passed"
	ReasonResumeFailed    Reason = "resume_failed"
	ReasonReadBack        Reason = "waiting_for_read_back"
	ReasonReadBackMissing Reason = "resume_not_read_back"
	ReasonResumed         Reason = "resumed"
	ReasonRolledBack      Reason = "rolled_back"
	ReasonByProduct       Reason = "resumed_by_product"
	ReasonByHuman         Reason = "closed_by_human"
	ReasonMigrating       Reason = "migration_open"
	ReasonNotResumed      Reason = "product_did_not_resume"
	ReasonResumedSick     Reason = "product_resumed_unhealthy"
	ReasonUntouched       Reason = "product_finished"
)

// Reasons of failover and variables.
const (
	ReasonFailoverOff     Reason = "failover_off"
	ReasonOwnNode         Reason = "own_node"
	ReasonUnknownNode     Reason = "unknown_node"
	ReasonNoGroups        Reason = "no_groups_named"
	ReasonUnknownGroup    Reason = "unknown_group"
	ReasonPeerAlive       Reason = "peer_still_alive"
	ReasonPeerSilent      Reason = "peer_silent_in_migration"
	ReasonGroupElsewhere  Reason = "group_online_elsewhere"
	ReasonNotParticipant  Reason = "not_a_participant"
	ReasonAttestation     Reason = "attested_power_off"
	ReasonNothingToDo     Reason = "nothing_to_do"
	ReasonSyncNotAllowed  Reason = "sync_not_allowed"
	ReasonApplyNever      Reason = "apply_never"
	ReasonEpisodeOpen     Reason = "episode_open"
	ReasonNotSuspended    Reason = "not_suspended"
	ReasonNoSuchDecision  Reason = "facts_changed_since"
	ReasonNeedsReason     Reason = "reason_missing"
	ReasonVerbUnknown     Reason = "unknown_verb"
	ReasonChangedByHuman  Reason = "changed_by_human"
	ReasonNothingRecorded Reason = "nothing_recorded"
)

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{
		ReasonModeObserve, ReasonModeNative, ReasonIdle, ReasonReady, ReasonDryRun, ReasonHeld, ReasonActRunning,
		ReasonActUnknown, ReasonFactsStale, ReasonFactsFailed, ReasonJournal, ReasonInterrupted, ReasonLimitReached,
		ReasonNoRecord,
		ReasonBefore72, ReasonHyperSwap, ReasonPolicy, ReasonNoPrometheus, ReasonNoProbe, ReasonScriptMissing,
		ReasonProductScript, ReasonScriptOrder, ReasonNodeUnmanaged, ReasonNodeNotNormal, ReasonManagerNotStable,
		ReasonEventQueued, ReasonUnsyncedUnknown, ReasonUnsynced, ReasonPeerMigrating, ReasonNoStandby,
		ReasonGroupNotStable, ReasonAcknowledge, ReasonStopFailed,
		ReasonProtected, ReasonNodeTimeout, ReasonSwitchArmed, ReasonDeadmanMode, ReasonPeerSwitchArmed,
		ReasonPeerUnknown, ReasonEpisodeUnknown, ReasonTransition, ReasonRebooted, ReasonGroupsTaken,
		ReasonProductRunning, ReasonProductTimeout, ReasonNotRestored, ReasonLeftovers,
		ReasonConfirmed, ReasonUnreachable, ReasonGateInvalid, ReasonNotEvaluated, ReasonGateFuture, ReasonWindowShort,
		ReasonGateNotReady, ReasonOtherMigration, ReasonGateStale, ReasonSnapshotStale, ReasonSnapshotForeign,
		ReasonSnapshotDiffers, ReasonProbeMissing, ReasonProbeStale, ReasonUnhealthy, ReasonCollectorFailing,
		ReasonPeerProbe,
		ReasonApproved, ReasonOverride, ReasonDeadline, ReasonResumeFailed, ReasonReadBack, ReasonReadBackMissing,
		ReasonResumed, ReasonRolledBack, ReasonByProduct, ReasonByHuman, ReasonMigrating, ReasonNotResumed,
		ReasonResumedSick, ReasonUntouched,
		ReasonFailoverOff, ReasonOwnNode, ReasonUnknownNode, ReasonNoGroups, ReasonUnknownGroup, ReasonPeerAlive,
		ReasonPeerSilent,
		ReasonGroupElsewhere, ReasonNotParticipant, ReasonAttestation, ReasonNothingToDo, ReasonSyncNotAllowed,
		ReasonApplyNever, ReasonEpisodeOpen, ReasonNotSuspended, ReasonNoSuchDecision, ReasonNeedsReason,
		ReasonVerbUnknown, ReasonChangedByHuman, ReasonNothingRecorded,
	}
}

// refusedPrefix marks the reason for which a migration was left to the product although the mode is gated.
const refusedPrefix = "prepare_refused_"

// Refused returns the reason as it is told when it made a migration the product's alone.
func Refused(r Reason) Reason { return refusedPrefix + r }
