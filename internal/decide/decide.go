// Package decide is the judgement of the actor: pure functions from facts,
// evidence and policy to a decision with its reason. It reads no clock and
// does nothing; the safety rules S1 to S13 that bind each judgement are named
// where they apply.
package decide

import (
	"fmt"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Mode is who unmanages and resumes.
type Mode string

// The modes.
const (
	ModeObserve Mode = "observe"
	ModeNative  Mode = "native"
	ModeGated   Mode = "gated"
)

// State is powerha_actor_state.
type State string

// The states of the actor. Held is an operator's hold; NeedsOperator a deadline, a failure or a refusal.
const (
	StateObserving       State = "observing"
	StateIdle            State = "idle"
	StatePreparing       State = "preparing"
	StateProtected       State = "protected"
	StateUnmanagedOnly   State = "unmanaged_only"
	StateSettling        State = "settling"
	StateConfirming      State = "confirming"
	StateResuming        State = "resuming"
	StateRollingBack     State = "rolling_back"
	StateFailoverPending State = "failover_pending"
	StateFailingOver     State = "failing_over"
	StateHeld            State = "held"
	StateNeedsOperator   State = "needs_operator"
)

// Policy is the part of the configuration that judgements depend on.
type Policy struct {
	Mode                 Mode
	DryRun               bool
	FactAge              time.Duration
	ProductScriptTimeout time.Duration
	SuspensionDeadline   time.Duration
	MinimumStable        time.Duration
	MaximumSampleAge     time.Duration
	// Prometheus is the number of servers that are asked.
	Prometheus int
	// ProbedGroups have a local probe of their own; ProbesAll: a local probe names no group, so it counts for all.
	ProbedGroups []string
	ProbesAll    bool
	// Script is the base name of our DR script as drmgr lists it.
	Script       string
	FailoverMode string // off, approve
	Variables    Variables
}

// Variables are PowerHA's standing LPM settings as they should be.
type Variables struct {
	LPMPolicy    model.Policy
	LPMHeartbeat time.Duration
	Apply        string // never, on_request, automatic
	Sync         string // never, when_clean
}

// Stage is how far the suspension of a migration has come, as the journal tells it.
type Stage string

// The stages.
const (
	StageNone       Stage = ""
	StageRecorded   Stage = "recorded"   // the owners are written down, nothing was done
	StageUnmanaging Stage = "unmanaging" // the stop was begun
	StageSuspended  Stage = "suspended"  // the node read unmanaged after our stop
	StageResuming   Stage = "resuming"   // the start was begun
)

// Track is what the journal knows of the migration at hand.
type Track struct {
	Episode string
	Mode    Mode   // gated, or native for this migration
	Native  Reason // why it is native although the mode is gated
	Record  *model.Record
	Stage   Stage
	// ActOutstanding: a modifying command has no known end (S9). ActOverdue: for longer than it should take.
	ActOutstanding, ActOverdue bool
	// ActEnded is when a command was over whose effect is still read back; zero when there is none.
	ActEnded model.Instant
	// ResumeEnded is when the resume was over; ResumeTried stays set after one that changed nothing (S6).
	ResumeEnded model.Instant
	ResumeTried bool
	// Approved, Override: a named person asked for the resume.
	Approved, Override bool
	// Extended is what people added to the deadline.
	Extended time.Duration
	// Rebooted: the node booted since the record.
	Rebooted bool
}

// PeerView is what a peer's actor told last.
type PeerView struct {
	At            model.Instant
	Reachable     bool
	Suspended     bool
	Migrating     bool
	DeadManSwitch *bool
	// Unsynced: changes wait for a synchronisation on the peer; nil where it does not tell.
	Unsynced *bool
}

// Observed is what the actor has seen over time, which no single reading tells.
type Observed struct {
	// EndAt is the end of the migration on the monotonic clock of this boot.
	EndAt model.Instant
	// ProductSeen is when PowerHA's script or drmgr was last seen to run; zero when never.
	ProductSeen model.Instant
	// Answered is when a Prometheus last answered since the end; zero when none did.
	Answered model.Instant
	// UnhealthySince, UnprotectedSince: how long that has been so without a break; zero when it is not.
	UnhealthySince, UnprotectedSince model.Instant
}

// Input is everything a judgement may look at.
type Input struct {
	Now model.Instant
	// Floor: nothing that was read before it counts. It is moved up when this node may have been frozen (S2).
	Floor model.Instant
	// Asked is when the prepare at hand began, or zero. What was read since then stays fresh for it, however long the
	// other reads take; what was read before cannot refuse it.
	Asked    model.Instant
	Policy   Policy
	Cluster  string
	Node     string
	Facts    model.Facts
	Episode  model.Episode
	Track    *Track
	Seen     Observed
	Gate     []model.GateSample
	Snapshot *model.Snapshot
	// SnapshotRead is when the exporter was asked for Snapshot.
	SnapshotRead model.Instant
	Peers        map[string]PeerView
	Hold         string // reason of an operator's hold, or empty
	// TakenBy is the peer that says it has taken over the groups of this migration, or empty.
	TakenBy string
	// Unacknowledged is why gated is refused until an operator acknowledges, or empty.
	Unacknowledged string
}

// Decision is the answer.
type Decision struct {
	What   What
	Reason Reason
	State  State
	// Next is one sentence for people: what is waited for, and what happens then.
	Next string
	// Detail names the object of the reason: a group, a source, a server.
	Detail   string
	Result   string // of WhatClose: resumed, rolled_back, closed_by_human, untouched
	Evidence []model.EvidenceItem
	// Need are sources that must be read before the question can be answered.
	Need []model.Source
	// NeedPeers: the peers and the exporter must be asked again as well.
	NeedPeers bool
	// Again: Need was read before the request, and only what is read since then counts.
	Again bool
	// Page: people must be told, without Prometheus.
	Page bool
}

// The results of an episode.
const (
	ResultResumed    = "resumed"
	ResultRolledBack = "rolled_back"
	ResultFailedOver = "failed_over"
	ResultByHuman    = "closed_by_human"
	ResultUntouched  = "untouched"
)

// Decide says what to do now about the migration at hand.
func Decide(in Input) Decision {
	switch {
	case in.Policy.Mode == ModeObserve:
		return Decision{
			What: WhatObserve, Reason: ReasonModeObserve, State: StateObserving,
			Next: "Mode observe: nothing is ever done here; set migration.mode to act.",
		}
	case in.Track == nil:
		return Decision{
			What: WhatWait, Reason: ReasonIdle, State: idleState(in),
			Next: "No migration is under way.",
		}
	case in.Track.ActOutstanding:
		return actOutstanding(in)
	case in.Track.Mode == ModeNative:
		return native(in)
	}
	switch in.Track.Stage {
	case StageNone, StageRecorded:
		return Decision{
			What: WhatWait, Reason: ReasonReady, State: StatePreparing,
			Next: "The node is being prepared; it is unmanaged next.",
		}
	case StageUnmanaging:
		return unmanaging(in)
	case StageSuspended:
		return overdue(in, suspended(in))
	case StageResuming:
		return resuming(in)
	}
	return Decision{What: WhatNeedOperator, Reason: ReasonNoRecord, State: StateNeedsOperator, Page: true, Next: "The journal names a stage that this version does not know."}
}

func idleState(in Input) State {
	if in.Hold != "" {
		return StateHeld
	}
	return StateIdle
}

// actOutstanding answers while a modifying command has no known end (S9).
func actOutstanding(in Input) Decision {
	d := Decision{What: WhatWait, Reason: ReasonActRunning, State: StatePreparing, Next: "A cluster command is running; its end and the state of the node are read next."}
	if in.Track.Stage == StageResuming {
		d.State = StateResuming
		if in.Episode.Result == model.ResultAborted {
			d.State = StateRollingBack
		}
	}
	if in.Track.ActOverdue {
		d.What, d.Reason, d.State, d.Page = WhatNeedOperator, ReasonActUnknown, StateNeedsOperator, true
		d.Next = "A cluster command has not ended in its time. It is not killed, and none is started beside it; look at it."
	}
	return d
}

// unmanaging judges a stop that is over: did it unmanage the node?
func unmanaging(in Input) Decision {
	d := Decision{What: WhatWait, Reason: ReasonReadBack, State: StatePreparing, Next: "The stop is over; the node is read back."}
	r, ok := in.fresh(model.SourceNodes)
	if !ok {
		d.Need = []model.Source{model.SourceNodes}
		return d
	}
	switch state := r.NodeState(in.Node); {
	case state == model.NodeUnmanaged:
		d.What, d.Reason, d.State = WhatProtectOK, ReasonReady, StateUnmanagedOnly
	case in.Track.Rebooted && state != model.NodeNormal:
		return operator(ReasonRebooted, "", "The node rebooted while it was being unmanaged. Start it here, or its groups on a standby; neither is done by itself.")
	case !in.Track.ActEnded.IsZero() && in.since(in.Track.ActEnded) > 2*readBackLimit:
		return operator(ReasonReadBackMissing, string(state), "The stop is over, and the node reads neither managed nor unmanaged.")
	}
	return d
}

// fresh returns a reading that is young enough, or was begun for the prepare at hand, and not from before the floor.
func (in *Input) fresh(s model.Source) (model.Reading, bool) {
	r, ok := in.Facts.Since(s, in.Floor)
	if !ok || in.since(r.At) > in.Policy.FactAge && !in.asked(r.At) {
		return model.Reading{}, false
	}
	return r, true
}

// Has reports whether there is a fresh reading of the source.
func (in *Input) Has(s model.Source) bool {
	_, ok := in.fresh(s)
	return ok
}

// asked reports whether what began at t was begun for the prepare at hand.
func (in *Input) asked(t model.Instant) bool { return !in.Asked.IsZero() && !t.Before(in.Asked) }

// missing lists the sources that have no fresh reading.
func (in *Input) missing(sources ...model.Source) []model.Source {
	var out []model.Source
	for _, s := range sources {
		if _, ok := in.fresh(s); !ok {
			out = append(out, s)
		}
	}
	return out
}

func (in *Input) since(t model.Instant) time.Duration { return in.Now.Sub(t) }

func stale(in Input, need []model.Source, st State) Decision {
	return Decision{
		What: WhatWait, Reason: ReasonFactsStale, State: st, Need: need, Detail: fmt.Sprint(need),
		Next: "Facts are being read again.",
	}
}

func operator(r Reason, detail, next string) Decision {
	return Decision{What: WhatNeedOperator, Reason: r, State: StateNeedsOperator, Detail: detail, Next: next, Page: true}
}
