package actor

import (
	"testing"
	"time"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

// What the simulation has found, one test each.

// The DR script could not write the episode log: the migration is written into it later, and people are told meanwhile.
func TestMigrationThatTheLogDoesNotKnow(t *testing.T) {
	for _, checked := range []bool{false, true} {
		w := newWorld(t, decide.ModeGated)
		w.run(10 * time.Second)
		if checked { // the check could be written
			w.event(model.EventCheck, "e1", "")
		}
		w.fullLog = true
		w.drive(Tick{}, w.folded(), DR{"dr1", control.DRRequest{Phase: model.EventPre, Episode: "e1", Limit: 280 * time.Second}})
		w.until("suspended", time.Minute, func() bool { return w.core.suspended() && len(w.dr) > 1 })
		w.product()
		if !checked {
			w.until("told", time.Minute, func() bool { return w.paged(string(decide.ReasonEpisodeUnknown)) })
		}
		w.fullLog = false
		w.until("in the log", time.Minute, func() bool { return w.last().ID == "e1" && !w.last().Pre.IsZero() })
		w.until("protected", time.Minute, func() bool { return w.state() == decide.StateProtected })
		w.event(model.EventPost, "e1", "")
		w.undo(false)
		w.until("closed", 3*time.Minute, func() bool { return w.closed("e1") == decide.ResultResumed })
	}
}

// A node that dies while variables are synchronised, and comes back with cluster services down, does not wait for stable
// ground for ever: the plan is given up, people are told, and nothing else is blocked.
func TestPlanOfANodeThatHasRebooted(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.policy = model.PolicyUnset
	w.run(10 * time.Second)
	w.drive(Operator{"o", "uid 0", control.OperatorRequest{Verb: control.VerbApply}})
	w.until("the synchronisation runs", time.Minute, func() bool { return w.count("sync") == 1 })
	for _, a := range w.acts {
		a.ended, a.exit = true, -1
	}
	w.now.Mono = 40 * time.Second
	w.node, w.manager, w.unsynced = model.NodeOffline, model.ManagerInit, true
	w.restart()
	w.until("given up", 15*time.Minute, func() bool { return w.core.st.Plan == nil })
	if !w.paged("variables_apply_failed") {
		t.Errorf("pages %v", w.pages)
	}
}

// A command had ended before the node rebooted: what it did is read back by the clock of the new boot.
func TestReadBackAfterAReboot(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.policy = model.PolicyUnset
	w.run(10 * time.Second)
	w.drive(Operator{"o", "uid 0", control.OperatorRequest{Verb: control.VerbApply}})
	w.broken[model.SourceCluster] = true
	w.until("the first command has ended", time.Minute, func() bool { return w.core.st.Act != nil && w.core.st.Act.Ended != nil })
	w.now.Mono = 40 * time.Second
	w.broken[model.SourceCluster] = false
	w.restart()
	w.until("done", 2*time.Minute, func() bool { return w.core.st.Plan == nil && w.count("sync") == 1 })
}

// A node that has booted since the premigrate gets neither post nor undo: the actor ends the migration.
func TestMigrationOfANodeThatHasRebooted(t *testing.T) {
	w := newWorld(t, decide.ModeNative)
	w.run(10 * time.Second)
	w.pre("e1")
	w.product()
	w.run(10 * time.Second)
	w.now.Mono = 40 * time.Second
	w.node, w.timeout, w.deadman, w.dms, w.inittab = model.NodeOffline, 30*time.Second, "a", true, false
	w.restart()
	w.until("ended", time.Minute, func() bool { e := w.last(); return !e.Open && e.Result == model.ResultRebooted })
	w.until("told", 15*time.Minute, func() bool { return w.paged(string(decide.ReasonNotResumed)) })
}

// A node that reboots in the midst of the stop is neither managed nor unmanaged: people are asked.
func TestRebootInTheMidstOfAStop(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.hang = true
	w.event(model.EventPre, "e1", "begin")
	w.drive(Tick{}, w.folded(), DR{"dr1", control.DRRequest{Phase: model.EventPre, Episode: "e1", Limit: 280 * time.Second}})
	w.until("the stop runs", time.Minute, func() bool { return w.count("stop") == 1 })
	for _, a := range w.acts {
		a.ended, a.exit = true, -1
	}
	w.now.Mono = 40 * time.Second
	w.node, w.manager = model.NodeOffline, model.ManagerInit
	w.restart()
	w.until("told", time.Minute, func() bool { return w.paged(string(decide.ReasonRebooted)) })
	w.node, w.manager = model.NodeNormal, model.ManagerStable // a person has started it
	w.until("closed", 15*time.Minute, func() bool { return w.closed("e1") != "" })
	if w.count("start") != 0 {
		t.Errorf("commands %v", w.log)
	}
}

// What waits for a synchronisation on another node is seen there alone: its actor tells, and nothing is synchronised
// here meanwhile.
func TestS4ChangesThatWaitOnAPeer(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.policy, w.peerUnsynced = model.PolicyUnset, true
	w.run(10 * time.Second)
	w.drive(Operator{"o", "uid 0", control.OperatorRequest{Verb: control.VerbApply}})
	w.run(40 * time.Second)
	if w.ops[0].Accepted || w.ops[0].Reason != string(decide.ReasonUnsynced) || len(w.log) != 0 {
		t.Errorf("replies %+v, commands %v", w.ops, w.log)
	}
	if v := w.core.View().Peer.Unsynced; v == nil || *v {
		t.Errorf("this node tells its peers %v", v)
	}
}

// A person has stopped the node right after our start, so that the start is never read back. People are told, also where
// the groups cannot be read, and the next migration is not made to fail for it (S8).
func TestS8ResumeThatIsNeverReadBack(t *testing.T) {
	for _, unreadable := range []bool{false, true} {
		w := newWorld(t, decide.ModeGated)
		w.run(10 * time.Second)
		w.migrate("e1", model.EventPost)
		w.until("started", 3*time.Minute, func() bool { return w.count("start") == 1 })
		w.startNoop = true
		w.node = model.NodeOffline
		for _, a := range w.acts {
			a.ended = true
		}
		w.broken[model.SourceGroups] = unreadable
		w.until("told", 10*time.Minute, func() bool { return w.paged(string(decide.ReasonReadBackMissing)) })
		w.broken[model.SourceGroups] = false
		if r := w.pre("e2"); r.Verdict == control.VerdictRefuse {
			t.Errorf("unreadable %t: the next migration was refused: %+v", unreadable, r)
		}
	}
}

// A cluster that cannot be read is no reason for silence past the deadline (S3).
func TestS3DeadlineOfAClusterThatCannotBeRead(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventPost)
	w.broken[model.SourceNodes] = true
	w.until("told", 40*time.Minute, func() bool { return w.paged(string(decide.ReasonDeadline)) })
	if w.count("start") != 0 {
		t.Errorf("commands %v", w.log)
	}
}

// A resume that a person asked for, and that no evidence supports, is no reason for silence either; when the evidence
// comes after the deadline, it is done.
func TestS3ApprovedResumeWithoutEvidence(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	none := int64(1)
	w.gateValue = &none
	w.migrate("e1", model.EventPost)
	w.drive(Operator{"o", "uid 0", control.OperatorRequest{Verb: control.VerbResume, Reason: "I have looked"}})
	w.until("told", 40*time.Minute, func() bool { return w.paged(string(decide.ReasonDeadline)) })
	w.gateValue = nil
	w.until("resumed", 3*time.Minute, func() bool { return w.closed("e1") == decide.ResultResumed })
}

// A command that has ended and cannot be read back is not one that is unfinished: the migration is left to PowerHA, and
// not made to fail (S8). What was there before the change is not forgotten (S4).
func TestS8PlanThatCannotBeReadBack(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.policy = model.PolicyUnset
	w.run(10 * time.Second)
	w.drive(Operator{"o", "uid 0", control.OperatorRequest{Verb: control.VerbApply}})
	w.broken[model.SourceCluster] = true
	w.until("the first command has ended", time.Minute, func() bool { return w.core.st.Act != nil && w.core.st.Act.Ended != nil })
	if r := w.pre("e1"); r.Verdict != control.VerdictWarn {
		t.Errorf("answer %+v", r)
	}
	w.until("given up", 15*time.Minute, func() bool { return w.core.st.Plan == nil })
	if a := w.core.st.Applied; len(a) != 1 || a[0].From != "" || !w.paged("variables_apply_failed") {
		t.Errorf("applied %+v, pages %v", a, w.pages)
	}
}
