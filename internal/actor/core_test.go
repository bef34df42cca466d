package actor

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

func TestMigrationEndsResumed(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	r := w.pre("e1")
	if r.Verdict != control.VerdictOK || w.node != model.NodeUnmanaged || w.count("stop") != 1 {
		t.Fatalf("answer %+v, node %s, commands %v", r, w.node, w.log)
	}
	if !w.dr[0].Done && w.dr[0].Launched == nil {
		t.Errorf("the script was not told what was launched: %+v", w.dr)
	}
	w.product()
	w.until("protected", 30*time.Second, func() bool { return w.state() == decide.StateProtected })
	w.now = w.now.Add(4 * time.Second)
	w.event(model.EventPost, "e1", "")
	w.undo(false)
	if w.count("start") != 0 {
		t.Fatal("resumed before anything was confirmed")
	}
	w.until("closed", 2*time.Minute, func() bool { return w.closed("e1") != "" })
	if w.closed("e1") != decide.ResultResumed || w.node != model.NodeNormal || w.count("start") != 1 {
		t.Errorf("result %q, node %s, commands %v\n%s", w.closed("e1"), w.node, w.log, w.dump())
	}
	w.run(5 * time.Second)
	if e := w.last(); e.Phase != model.PhaseIdle {
		t.Errorf("the episode log was not closed: %+v", e)
	}
	if len(w.pages) != 0 {
		t.Errorf("paged for nothing: %v", w.pages)
	}
}

func TestAbortedMigrationIsRolledBack(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventUndoPre)
	w.until("closed", 2*time.Minute, func() bool { return w.closed("e1") != "" })
	if w.closed("e1") != decide.ResultRolledBack || w.count("start") != 1 {
		t.Errorf("result %q, commands %v", w.closed("e1"), w.log)
	}
}

func TestS2NoBlindResume(t *testing.T) {
	other := int64(12345)
	tests := map[string]struct {
		set  func(*world)
		page string
	}{
		"unhealthy":          {func(w *world) { w.healthy = false }, "application_unhealthy"},
		"prometheus down":    {func(w *world) { w.prometheus = false }, "prometheus_unreachable"},
		"another migration":  {func(w *world) { w.gateValue = &other }, "deadline_passed"},
		"stale rules":        {func(w *world) { w.gateAge = time.Minute }, "deadline_passed"},
		"exporter gone":      {func(w *world) { w.noExporter = true }, "deadline_passed"},
		"groups unreadable":  {func(w *world) { w.broken[model.SourceGroups] = true }, "deadline_passed"},
		"manager not stable": {func(w *world) { w.manager = model.ManagerUnstable }, "deadline_passed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, decide.ModeGated)
			w.run(10 * time.Second)
			w.migrate("e1", model.EventPost)
			tt.set(w)
			w.run(35 * time.Minute)
			if w.count("start") != 0 || w.node != model.NodeUnmanaged {
				t.Errorf("resumed: %v", w.log)
			}
			if !w.paged(tt.page) || w.state() != decide.StateNeedsOperator {
				t.Errorf("state %s, pages %v, want %s", w.state(), w.pages, tt.page)
			}
		})
	}
}

func TestS3ResumesWhenEvidenceComesBeforeTheDeadline(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventPost)
	w.prometheus = false
	w.run(5 * time.Minute)
	if w.state() != decide.StateNeedsOperator {
		t.Fatalf("state %s", w.state())
	}
	w.prometheus = true
	w.until("closed", time.Minute, func() bool { return w.closed("e1") == decide.ResultResumed })
}

func TestS3PastTheDeadlineOnlyAPersonResumes(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventPost)
	w.healthy = false
	w.run(31 * time.Minute)
	w.healthy = true
	w.run(time.Minute)
	if w.count("start") != 0 {
		t.Fatal("resumed past the deadline")
	}
	w.drive(Operator{"o1", "uid 0", control.OperatorRequest{Verb: control.VerbResume}})
	if len(w.ops) != 1 || !w.ops[0].Accepted {
		t.Fatalf("replies %+v", w.ops)
	}
	w.until("closed", time.Minute, func() bool { return w.closed("e1") == decide.ResultResumed })
}

func TestOverrideNeedsAReasonAndSkipsTheEvidence(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventPost)
	w.healthy = false
	w.run(time.Minute)
	w.drive(Operator{"o1", "uid 0", control.OperatorRequest{Verb: control.VerbResume, Override: true}})
	if w.ops[0].Accepted || w.ops[0].Reason != string(decide.ReasonNeedsReason) {
		t.Fatalf("reply %+v", w.ops[0])
	}
	w.drive(Operator{"o2", "uid 0", control.OperatorRequest{Verb: control.VerbResume, Override: true, Reason: "the probe is wrong"}})
	w.until("closed", time.Minute, func() bool { return w.closed("e1") == decide.ResultResumed })
}

// S7: killed after any record and started again, the migration still ends resumed, and no command is run twice.
func TestS7KilledAfterAnyRecord(t *testing.T) {
	for _, end := range []model.EventKind{model.EventPost, model.EventUndoPre} {
		whole := newWorld(t, decide.ModeGated)
		whole.run(10 * time.Second)
		whole.migrate("e1", end)
		whole.until("closed", 2*time.Minute, func() bool { return whole.closed("e1") != "" })
		n := len(whole.records)
		if n < 12 {
			t.Fatalf("only %d records", n)
		}
		for kill := 1; kill <= n; kill++ {
			t.Run(fmt.Sprintf("%s/%d_%s", end, kill, whole.records[kill-1].Kind), func(t *testing.T) {
				w := newWorld(t, decide.ModeGated)
				w.killAfter = kill
				w.run(10 * time.Second)
				w.migrate("e1", end)
				w.until("closed and managed", 3*time.Minute, func() bool { return w.closed("e1") != "" && w.node == model.NodeNormal })
				if w.count("stop") > 1 || w.count("start") > 1 {
					t.Errorf("run twice: %v\n%s", w.log, w.dump())
				}
				w.run(time.Minute)
				if e := w.last(); e.Phase != model.PhaseIdle {
					t.Errorf("episode log: %+v", e)
				}
			})
		}
	}
}

// How the exporter judged a migration stands in the journal once, over restarts, and nothing is done because of it.
func TestVerdictInJournal(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	for i, id := range []string{"e1", "e2"} {
		w.report = &model.Report{Episode: id, Verdict: model.VerdictFail, Findings: []model.Finding{{Check: "freeze", Verdict: model.VerdictFail, Why: "beyond_budget"}}}
		w.run(time.Minute)
		w.restart()
		w.run(time.Minute)
		n := 0
		for _, r := range w.records {
			if r.Kind == KindVerdict {
				n++
			}
		}
		if last := w.core.st.Judged; n != i+1 || last != id {
			t.Errorf("%d verdicts after %s, the last of %s", n, id, last)
		}
	}
	if len(w.log) != 0 {
		t.Errorf("commands: %v", w.log)
	}
}

// S12: what cannot be written down is not done.
func TestS12JournalFailed(t *testing.T) {
	for _, kind := range []string{KindRecord, KindAcks, KindIntent} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, decide.ModeGated)
			w.run(10 * time.Second)
			w.failKind = kind
			r := w.pre("e1")
			if len(w.log) != 0 {
				t.Errorf("run without a record: %v", w.log)
			}
			if r.Verdict != control.VerdictWarn || r.Reason != string(decide.ReasonJournal) || !w.paged("journal_failed") {
				t.Errorf("answer %+v, pages %v", r, w.pages)
			}
			w.failKind = ""
			unmanaged := w.product()
			w.run(20 * time.Second)
			w.event(model.EventPost, "e1", "")
			w.undo(unmanaged)
			w.until("closed", time.Minute, func() bool { return w.closed("e1") == decide.ResultUntouched })
		})
	}
}

// S6: a call that comes twice, or again, changes nothing.
func TestS6Duplicates(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.pre("e1")
	r := w.pre("e1")
	if r.Verdict != control.VerdictOK || w.count("stop") != 1 {
		t.Fatalf("answer %+v, commands %v", r, w.log)
	}
	w.product()
	w.run(5 * time.Second)
	w.event(model.EventPost, "e1", "")
	w.event(model.EventPost, "e1", "")
	w.undo(false)
	w.until("closed", 2*time.Minute, func() bool { return w.closed("e1") != "" })
	for range 5 {
		w.drive(DR{"x", control.DRRequest{Phase: model.EventPost, Episode: "e1"}})
		w.restart()
		w.run(30 * time.Second)
	}
	if w.count("start") != 1 || w.count("stop") != 1 {
		t.Errorf("commands %v", w.log)
	}
}

// S6: a start that changed nothing is repeated by a person only.
func TestS6FailedResumeIsNotRepeated(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventPost)
	w.startNoop = true
	w.run(5 * time.Minute)
	if w.count("start") != 1 || !w.paged(string(decide.ReasonResumeFailed)) {
		t.Fatalf("commands %v, pages %v\n%s", w.log, w.pages, w.dump())
	}
	w.startNoop = false
	w.drive(Operator{"o", "uid 0", control.OperatorRequest{Verb: control.VerbResume}})
	w.until("closed", time.Minute, func() bool { return w.closed("e1") == decide.ResultResumed })
	if w.count("start") != 2 {
		t.Errorf("commands %v", w.log)
	}
}

// S5: a person's own act closes the episode.
func TestS5HumanIntervention(t *testing.T) {
	for name, act := range map[string]func(*world){
		"starts":          func(w *world) { w.manage() },
		"stops":           func(w *world) { w.node = model.NodeOffline },
		"starts in haste": func(w *world) { w.manage(); w.timeout = 30 * time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, decide.ModeGated)
			w.run(10 * time.Second)
			w.pre("e1")
			w.product()
			w.run(30 * time.Second)
			act(w)
			w.until("closed", time.Minute, func() bool { return w.closed("e1") == decide.ResultByHuman })
			w.event(model.EventPost, "e1", "")
			w.run(5 * time.Minute)
			if w.count("start") != 0 {
				t.Errorf("commands %v", w.log)
			}
		})
	}
}

func TestHoldStopsResumeAndReleaseLetsItGo(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.drive(Operator{"h", "uid 0", control.OperatorRequest{Verb: control.VerbHold, Reason: "maintenance"}})
	w.migrate("e1", model.EventPost)
	w.run(5 * time.Minute)
	if w.count("stop") != 1 || w.count("start") != 0 || w.state() != decide.StateHeld {
		t.Fatalf("commands %v, state %s", w.log, w.state())
	}
	w.drive(Operator{"r", "uid 0", control.OperatorRequest{Verb: control.VerbRelease}})
	w.until("closed", time.Minute, func() bool { return w.closed("e1") == decide.ResultResumed })
}

// S2: when the node may have been frozen between decision and command, nothing is run and the facts are read again.
func TestS2FrozenBetweenDecisionAndCommand(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventPost)
	frozen := false
	for i := 0; i < 200 && w.closed("e1") == ""; i++ {
		w.now = w.now.Add(500 * time.Millisecond)
		w.passActs()
		in := []Input{Tick{}}
		for len(in) > 0 {
			in = Perform(w.core.Step(w.now, in), func(e Effect) []Input {
				out := w.do(e)
				if j, ok := e.(AppendJournal); ok && j.Kind == KindIntent && !frozen {
					frozen = true
					w.now = w.now.Add(time.Minute)
					w.manager = model.ManagerUnstable
					return []Input{Journaled{At: w.now, Kind: j.Kind, Episode: j.Episode, Data: j.Data}}
				}
				return out
			})
		}
		if frozen && i < 150 && w.count("start") != 0 {
			t.Fatal("the command was run after the freeze without reading again")
		}
		if i == 150 {
			w.manager = model.ManagerStable
		}
	}
	if !frozen || w.count("start") != 1 {
		t.Errorf("frozen %v, commands %v", frozen, w.log)
	}
}

func TestObserveNeverActs(t *testing.T) {
	w := newWorld(t, decide.ModeObserve)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventPost)
	w.run(5 * time.Minute)
	for i, v := range []control.OperatorVerb{control.VerbApply, control.VerbResume, control.VerbApproveFailover, control.VerbRestore} {
		w.drive(Operator{fmt.Sprint(i), "uid 0", control.OperatorRequest{Verb: v, Reason: "x", Node: "n2", Groups: []string{"rg"}}})
		w.run(time.Second)
		if r := w.ops[len(w.ops)-1]; r.Accepted {
			t.Errorf("%s was accepted", v)
		}
	}
	if len(w.log) != 0 || len(w.pages) != 0 || w.state() != decide.StateObserving {
		t.Errorf("commands %v, pages %v, state %s", w.log, w.pages, w.state())
	}
}

func TestNative(t *testing.T) {
	w := newWorld(t, decide.ModeNative)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventPost)
	w.until("closed", time.Minute, func() bool { return w.closed("e1") == decide.ResultUntouched })
	if len(w.log) != 0 || len(w.pages) != 0 {
		t.Errorf("commands %v, pages %v", w.log, w.pages)
	}
	if _, ok := w.sent[0].(SendRecord); !ok {
		t.Errorf("the record was not sent: %v", w.sent)
	}
}

func TestNativePages(t *testing.T) {
	for page, set := range map[string]func(*world){
		string(decide.ReasonNotResumed):  func(w *world) { w.node = model.NodeUnmanaged },
		string(decide.ReasonLeftovers):   func(w *world) { w.timeout = 120 * time.Second },
		string(decide.ReasonResumedSick): func(w *world) { w.healthy = false },
	} {
		t.Run(page, func(t *testing.T) {
			w := newWorld(t, decide.ModeNative)
			w.run(10 * time.Second)
			w.healthy = page != string(decide.ReasonResumedSick)
			w.migrate("e1", model.EventPost)
			set(w)
			w.run(12 * time.Minute)
			if !w.paged(page) || len(w.log) != 0 {
				t.Errorf("pages %v, commands %v", w.pages, w.log)
			}
		})
	}
}

func TestPrepareRefusedMakesTheEpisodeNative(t *testing.T) {
	for reason, set := range map[decide.Reason]func(*world){
		decide.ReasonManagerNotStable: func(w *world) { w.manager = model.ManagerBarrier },
		decide.ReasonUnsynced:         func(w *world) { w.unsynced = true },
		decide.ReasonNoStandby:        func(w *world) { w.peer = model.NodeOffline },
		decide.ReasonScriptOrder:      func(w *world) { w.scripts[0], w.scripts[1] = w.scripts[1], w.scripts[0] },
		decide.ReasonPolicy:           func(w *world) { w.policy = model.PolicyManage },
		decide.ReasonFactsFailed:      func(w *world) { w.broken[model.SourceManager] = true },
		decide.ReasonStopFailed:       func(w *world) { w.stopFails = true },
	} {
		t.Run(string(reason), func(t *testing.T) {
			w := newWorld(t, decide.ModeGated)
			set(w)
			w.run(30 * time.Second)
			r := w.pre("e1")
			if r.Verdict != control.VerdictWarn || w.count("stop") > 1 {
				t.Fatalf("answer %+v, commands %v", r, w.log)
			}
			if reason != decide.ReasonStopFailed && len(w.log) != 0 {
				t.Errorf("commands %v", w.log)
			}
			if !w.paged(string(decide.Refused(reason))) {
				t.Errorf("pages %v", w.pages)
			}
			*w = *settleRefused(w)
			w.until("closed", time.Minute, func() bool { return w.closed("e1") == decide.ResultUntouched })
		})
	}
}

// settleRefused lets PowerHA's own script handle the migration.
func settleRefused(w *world) *world {
	unmanaged := w.product()
	w.run(20 * time.Second)
	w.event(model.EventPost, "e1", "")
	w.undo(unmanaged)
	w.broken = map[model.Source]bool{}
	w.manager, w.unsynced = model.ManagerStable, false
	return w
}

// S8, S9: a stop that is not over at the limit refuses the migration; it is not killed, and its outcome is rolled back.
func TestS8UnfinishedPrepareIsRefusedAndRolledBack(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.hang = true
	r := w.pre("e1")
	if r.Verdict != control.VerdictRefuse || r.Reason != string(decide.ReasonLimitReached) {
		t.Fatalf("answer %+v", r)
	}
	if len(w.acts) != 1 {
		t.Fatalf("commands %v", w.log)
	}
	w.hang = false
	w.until("closed", 2*time.Minute, func() bool { return w.closed("e1") == decide.ResultRolledBack })
	if w.count("start") != 1 {
		t.Errorf("commands %v", w.log)
	}
}

func TestS9NoSecondCommandBesideAHungOne(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventPost)
	w.hang = true
	w.run(20 * time.Minute)
	if len(w.log) != 2 || !w.paged(string(decide.ReasonActUnknown)) {
		t.Fatalf("commands %v, pages %v", w.log, w.pages)
	}
	w.drive(Operator{"o", "uid 0", control.OperatorRequest{Verb: control.VerbResume, Override: true, Reason: "now"}})
	if w.ops[0].Accepted {
		t.Error("a second command was accepted beside a running one")
	}
	w.hang = false
	w.until("closed", time.Minute, func() bool { return w.closed("e1") == decide.ResultResumed })
}

func TestPeerNotAnsweringDoesNotBlock(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.peerStores = false
	w.run(10 * time.Second)
	if r := w.pre("e1"); r.Verdict != control.VerdictOK || w.node != model.NodeUnmanaged {
		t.Fatalf("answer %+v", r)
	}
}

func TestResumedByProductIsReported(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.pre("e1")
	w.product()
	w.run(20 * time.Second)
	w.event(model.EventPost, "e1", "")
	w.undo(true)
	w.until("closed", time.Minute, func() bool { return w.closed("e1") != "" })
	if h, _ := w.core.st.closed("e1"); h.Reason != string(decide.ReasonByProduct) || !w.paged(string(decide.ReasonByProduct)) {
		t.Errorf("history %+v, pages %v", h, w.pages)
	}
	w.run(time.Minute)
	if r := w.pre("e2"); r.Reason != string(decide.Refused(decide.ReasonAcknowledge)) {
		t.Errorf("answer %+v", r)
	}
}

func TestPostNeverComes(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.pre("e1")
	w.product()
	w.run(20 * time.Second)
	w.errlog = []model.ErrlogEntry{{Label: "CLIENT_PMIG_DONE", Time: w.now.Wall.Truncate(time.Second)}}
	w.undo(false)
	w.until("closed", 3*time.Minute, func() bool { return w.closed("e1") == decide.ResultResumed })
}

// The names of the configuration count here as they do in the exporter.
func TestPostNeverComesAtALevelWithOtherNames(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.core.opt.Errpt = config.Errpt{Started: []string{"MY_START"}, Done: []string{"0A0B0C0D"}, Aborted: []string{"MY_ABORT"}}
	w.run(10 * time.Second)
	w.pre("e1")
	w.product()
	w.run(20 * time.Second)
	w.errlog = []model.ErrlogEntry{{Label: "CLIENT_PMIG_DONE", Time: w.now.Wall.Truncate(time.Second)}}
	w.undo(false)
	w.run(3 * time.Minute)
	if got := w.closed("e1"); got != "" {
		t.Fatalf("closed as %s by an entry that the configuration does not name", got)
	}
	w.errlog = []model.ErrlogEntry{{Label: "X", ID: "0A0B0C0D", Time: w.now.Wall.Truncate(time.Second)}}
	w.until("closed", 3*time.Minute, func() bool { return w.closed("e1") == decide.ResultResumed })
}

// S5: a second premigrate while suspended inherits the first record.
func TestS5SecondPreInheritsTheRecord(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventUndoPre)
	w.healthy = false
	w.run(time.Minute)
	if r := w.pre("e2"); r.Verdict != control.VerdictOK || w.count("stop") != 1 {
		t.Fatalf("answer %+v, commands %v", r, w.log)
	}
	w.healthy, w.healthyAt = true, w.now
	w.product()
	w.run(30 * time.Second)
	if w.count("start") != 0 {
		t.Fatal("resumed while the second migration is open")
	}
	w.event(model.EventPost, "e2", "")
	w.undo(false)
	w.until("closed", 2*time.Minute, func() bool { return w.closed("e2") == decide.ResultResumed })
}

// At rest each fact is read once an interval and nothing else is; a prepare then reads nothing but the node's state
// after its stop.
func TestReadsLittle(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.opt.Interval, w.opt.Policy.FactAge = 15*time.Second, 30*time.Second
	w.restart()
	w.run(time.Minute)
	clear(w.reads)
	const minutes = 10
	w.run(minutes * time.Minute)
	for s, n := range w.reads {
		if n > 4*minutes {
			t.Errorf("%s was read %d times in %d minutes", s, n, minutes)
		}
	}
	if n := len(w.reads); n != len(backgroundSources()) {
		t.Errorf("%d sources were read: %v", n, w.reads)
	}
	answered := map[model.Source]int{}
	clear(w.reads)
	w.event(model.EventPre, "e1", "begin")
	w.drive(Tick{}, w.folded(), DR{"dr1", control.DRRequest{Phase: model.EventPre, Episode: "e1", Limit: time.Minute}})
	for i := 0; i < 60 && w.core.prep != nil; i++ {
		maps.Copy(answered, w.reads)
		w.run(500 * time.Millisecond)
	}
	if len(answered) > 0 {
		t.Errorf("read before the answer's own step: %v", answered)
	}
	if n := w.reads[model.SourceNodes]; n != 1 || w.count("stop") != 1 {
		t.Errorf("%d read-backs, %d stops", n, w.count("stop"))
	}
}

// The durations of commands stay counted, however often they are shown.
func TestDurationsStay(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(time.Minute)
	if r := w.pre("e1"); r.Verdict != control.VerdictOK {
		t.Fatalf("answer %+v", r)
	}
	for range 3 {
		if d := w.core.View().Counters.Durations[actUnmanage]; len(d) != 1 || d[0] != 2*time.Second {
			t.Errorf("durations %v, want one of 2s", d)
		}
	}
}
