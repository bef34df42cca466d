package episode

import "slices"

// The witnesses of a migration, as the source of an event names them.
const (
	SourceDR          = "dr"          // the DR script, called by drmgr
	SourceErrpt       = "errpt"       // the error log of AIX
	SourceSigreconfig = "sigreconfig" // the signal SIGRECONFIG with dr_reconfig of AIX
	SourceClutils     = "clutils"     // clutils.log, in which PowerHA's own DR script tells of its phases
	SourceState       = "cl_dr_state" // cl_dr.state, which that script keeps from its pre to its post phase
	SourceServer      = "server"      // the identity of the server under the partition
	SourceHMC         = "hmc"         // what an HMC says of the partition
	SourceClock       = "clock"       // a measured freeze: it moves the phase, and is no witness of a migration alone
)

// Witnesses lists those that may be listened to or not, the most trusted first.
func Witnesses() []string {
	return []string{SourceDR, SourceSigreconfig, SourceErrpt, SourceClutils, SourceState, SourceHMC, SourceServer}
}

// IsWitness reports whether s names one of them.
func IsWitness(s string) bool { return slices.Contains(Witnesses(), s) }

// Why a phase was entered or an end taken: Episode.Why.
const (
	WhyChecked         = "check_told"           // a check, and nothing since
	WhyCheckExpired    = "check_expired"        // no migration followed the check
	WhyCheckTakenBack  = "check_taken_back"     // undocheck, or an HMC that gave up before anything moved
	WhyWindow          = "window_began"         // lpmctl begin or guard
	WhyWindowOver      = "window_over"          // its end or expiry
	WhyPrepared        = "pre_told"             // a premigrate began
	WhyMoving          = "start_told"           // a premigrate has ended, or a witness told of the move itself
	WhyFrozen          = "freeze_measured"      // a freeze while a migration was open
	WhyPost            = "post_told"            // postmigrate
	WhyUndone          = "undo_told"            // undopremigrate, or posterror of SIGRECONFIG
	WhyDone            = "done_told"            // the error log or an HMC told that it is completed
	WhyAborted         = "abort_told"           // the error log or an HMC told that it failed
	WhyServerChanged   = "server_changed"       // the partition runs on another server
	WhyServerUnchanged = "server_unchanged"     // … on the same as before: nothing moved
	WhyEndAwaited      = "end_told_dr_awaited"  // another witness told the end of a migration that dr knows; dr has the word yet
	WhyEndLost         = "dr_end_never_came"    // dr has not told the end in its time, so another witness's stands
	WhyAfterwards      = "seen_only_afterwards" // nobody told of it before it was over
	WhySuperseded      = "next_migration_began" // its end was never told, and the next one began
	WhyNoNews          = "no_news_any_more"     // nobody told of it for two days
	WhyRebooted        = "rebooted"
	WhyOperator        = "operator_said"
	WhyClosed          = "actor_closed"
)
