package actor

import (
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

// standby is a world seen from n1, whose peer n2 has sent its record and runs the group.
func standby(t *testing.T) *world {
	w := newWorld(t, decide.ModeGated)
	w.group["n1"], w.group["n2"] = model.GroupOffline, model.GroupOnline
	w.run(10 * time.Second)
	lpm := 120 * time.Second
	w.drive(RecordReceived{"p1", "n2", model.Record{Node: "n2", Episode: "p-e1", Owners: map[string][]string{"rg": {"n2"}}, LPMHeartbeat: &lpm}})
	if len(w.peers) != 1 || !w.peers[0].Stored {
		t.Fatalf("replies %+v", w.peers)
	}
	w.peer = model.NodeUnmanaged
	w.group["n1"], w.group["n2"] = model.GroupUnmanaged, model.GroupUnmanaged
	w.run(10 * time.Second)
	return w
}

func (w *world) dies() {
	w.peerUp = false
	w.peer = model.NodeOffline
	w.run(30 * time.Second)
}

func approval() control.OperatorRequest {
	return control.OperatorRequest{Verb: control.VerbApproveFailover, Node: "n2", Reason: "powered off at the HMC by me"}
}

func TestAttestedFailover(t *testing.T) {
	w := standby(t)
	w.dies()
	w.until("shown as pending", time.Minute, func() bool { return w.state() == decide.StateFailoverPending })
	if v := w.core.View(); v.Pending != 1 {
		t.Errorf("%d decisions wait for a person", v.Pending)
	}
	if !w.paged(string(decide.ReasonPeerSilent)) {
		t.Errorf("pages %v", w.pages)
	}
	w.drive(Operator{"o", "uid 0", approval()})
	w.run(time.Second)
	if len(w.ops) != 1 || !w.ops[0].Accepted {
		t.Fatalf("replies %+v", w.ops)
	}
	w.until("failed over", time.Minute, func() bool { return w.closed("p-e1") == decide.ResultFailedOver })
	if len(w.log) != 1 || w.log[0] != "clmgr move rg n1" || w.group["n1"] != model.GroupOnline {
		t.Errorf("commands %v", w.log)
	}
	if v := w.core.View(); len(v.Taken["n2"]) != 1 {
		t.Errorf("taken %v", v.Taken)
	}
	// At most once (S6): a second approval, and the record again, change nothing.
	w.drive(Operator{"o2", "uid 0", approval()}, RecordReceived{"p2", "n2", model.Record{Node: "n2", Episode: "p-e1", Owners: map[string][]string{"rg": {"n2"}}}})
	w.run(time.Minute)
	w.restart()
	w.run(time.Minute)
	if len(w.log) != 1 || w.state() != decide.StateIdle {
		t.Errorf("commands %v, state %s", w.log, w.state())
	}
}

func TestS7FailoverKilledAfterAnyRecord(t *testing.T) {
	whole := standby(t)
	whole.dies()
	whole.drive(Operator{"o", "uid 0", approval()})
	whole.until("failed over", time.Minute, func() bool { return whole.closed("p-e1") != "" })
	for kill := 3; kill <= len(whole.records); kill++ {
		w := standby(t)
		w.dies()
		w.killAfter = kill
		w.drive(Operator{"o", "uid 0", approval()})
		w.run(2 * time.Minute)
		w.drive(Operator{"o2", "uid 0", approval()})
		w.until("failed over", time.Minute, func() bool { return w.closed("p-e1") == decide.ResultFailedOver })
		if w.count("move") != 1 {
			t.Errorf("killed after %d (%s): %v\n%s", kill, whole.records[kill-1].Kind, w.log, w.dump())
		}
	}
}

func TestS1FailoverRefused(t *testing.T) {
	tests := map[decide.Reason]func(*world, *control.OperatorRequest){
		decide.ReasonPeerAlive:        func(w *world, _ *control.OperatorRequest) { w.peerUp = true },
		decide.ReasonManagerNotStable: func(w *world, _ *control.OperatorRequest) { w.manager = model.ManagerUnstable },
		decide.ReasonGroupElsewhere: func(w *world, _ *control.OperatorRequest) {
			w.group["n1"], w.group["n2"] = model.GroupOffline, model.GroupOnline
		},
		decide.ReasonOwnNode:        func(_ *world, r *control.OperatorRequest) { r.Node = "n1" },
		decide.ReasonUnknownNode:    func(_ *world, r *control.OperatorRequest) { r.Node = "n9" },
		decide.ReasonUnknownGroup:   func(_ *world, r *control.OperatorRequest) { r.Groups = []string{"other"} },
		decide.ReasonNeedsReason:    func(_ *world, r *control.OperatorRequest) { r.Reason = " " },
		decide.ReasonNoSuchDecision: func(_ *world, r *control.OperatorRequest) { r.Decision = "0000" },
		decide.ReasonNodeNotNormal:  func(w *world, _ *control.OperatorRequest) { w.node = model.NodeUnmanaged },
		decide.ReasonFactsFailed:    func(w *world, _ *control.OperatorRequest) { w.broken[model.SourceGroups] = true },
		decide.ReasonFailoverOff:    func(w *world, _ *control.OperatorRequest) { w.core.opt.Policy.FailoverMode = "off" },
		decide.ReasonHeld:           func(w *world, _ *control.OperatorRequest) { w.core.st.Hold = "wait" },
	}
	for reason, set := range tests {
		t.Run(string(reason), func(t *testing.T) {
			w := standby(t)
			w.dies()
			r := approval()
			set(w, &r)
			w.run(10 * time.Second)
			w.drive(Operator{"o", "uid 0", r})
			w.run(40 * time.Second)
			if len(w.ops) != 1 || w.ops[0].Accepted || w.ops[0].Reason != string(reason) || len(w.log) != 0 {
				t.Errorf("replies %+v, commands %v", w.ops, w.log)
			}
		})
	}
}

// In a freeze that the cluster tolerates nobody is asked for an approval, though a person may attest at any time.
func TestFreezeWaitsForNobody(t *testing.T) {
	w := standby(t)
	w.silence = 20 * time.Second
	w.dies()
	v := w.core.View()
	if v.Pending != 0 || w.state() != decide.StateIdle || v.Status.DecisionID == "" || len(v.Status.Lost) != 1 {
		t.Errorf("pending %d, state %s, status %+v", v.Pending, w.state(), v.Status)
	}
	w.silence = time.Hour
	w.run(10 * time.Second)
	if v := w.core.View(); v.Pending != 1 || w.state() != decide.StateFailoverPending {
		t.Errorf("pending %d, state %s", v.Pending, w.state())
	}
}

func TestPeerClosedItsEpisode(t *testing.T) {
	w := standby(t)
	w.drive(ClosedReceived{"p2", "n2", "p-e1", decide.ResultResumed})
	w.run(time.Second)
	// A late replay of the record does not open it again.
	w.drive(RecordReceived{"p3", "n2", model.Record{Node: "n2", Episode: "p-e1", Owners: map[string][]string{"rg": {"n2"}}}})
	w.dies()
	if len(w.core.View().Status.Lost) != 0 || w.state() != decide.StateIdle {
		t.Errorf("lost %+v, state %s", w.core.View().Status.Lost, w.state())
	}
}

func TestS1NodeThatReturnsLooksFirst(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.run(10 * time.Second)
	w.migrate("e1", model.EventPost)
	// The standby has taken the group while this node was frozen.
	w.group["n1"], w.group["n2"] = model.GroupOffline, model.GroupOnline
	w.run(5 * time.Minute)
	if w.count("start") != 0 || !w.paged(string(decide.ReasonGroupsTaken)) {
		t.Errorf("commands %v, pages %v", w.log, w.pages)
	}
}

func TestRecordOfAnotherNodeIsRefused(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.drive(RecordReceived{"p", "n2", model.Record{Node: "n1", Episode: "x"}})
	w.failKind = KindPeerRecord
	w.drive(RecordReceived{"p", "n2", model.Record{Node: "n2", Episode: "y"}})
	for _, p := range w.peers {
		if p.Stored {
			t.Errorf("stored: %+v", p)
		}
	}
	if len(w.peers) != 2 {
		t.Errorf("replies %+v", w.peers)
	}
}

func TestVariables(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.policy, w.lpm = model.PolicyUnset, 0
	w.run(10 * time.Second)
	w.drive(Operator{"o", "uid 0", control.OperatorRequest{Verb: control.VerbApply}})
	w.until("synchronised", time.Minute, func() bool { return w.count("sync") == 1 && w.core.st.Plan == nil })
	if w.policy != model.PolicyUnmanage || w.lpm != 120*time.Second || len(w.core.st.Applied) != 2 {
		t.Fatalf("policy %s, heartbeat %v, applied %v, replies %+v", w.policy, w.lpm, w.core.st.Applied, w.ops)
	}
	if w.core.View().Dirty[decide.AttrPolicy] {
		t.Error("a standing setting is no trace")
	}
	standing := w.core.opt.Policy.Variables
	w.core.opt.Policy.Variables = decide.Variables{LPMHeartbeat: 60 * time.Second, Apply: standing.Apply, Sync: standing.Sync}
	if d := w.core.View().Dirty; !d[decide.AttrPolicy] || !d[decide.AttrHeartbeat] {
		t.Errorf("what is not to stand any more is not shown as changed by us: %v", d)
	}
	w.core.opt.Policy.Variables = standing
	w.run(10 * time.Second)
	w.drive(Operator{"o2", "uid 0", control.OperatorRequest{Verb: control.VerbRestore}})
	w.until("restored", time.Minute, func() bool { return w.count("sync") == 2 && w.core.st.Plan == nil })
	if len(w.core.st.Applied) != 0 || w.lpm != 0 {
		t.Errorf("applied %v, heartbeat %v", w.core.st.Applied, w.lpm)
	}
}

func TestVariablesAutomatic(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.opt.Policy.Variables.Apply = "automatic"
	w.policy = model.PolicyUnset
	w.restart()
	w.until("applied", time.Minute, func() bool { return w.policy == model.PolicyUnmanage && w.count("sync") == 1 && w.core.st.Plan == nil })
	w.run(30 * time.Minute)
	if w.count("modify") != 1 {
		t.Errorf("commands %v", w.log)
	}
}

func TestVariablesRefused(t *testing.T) {
	for reason, set := range map[decide.Reason]func(*world){
		decide.ReasonUnsynced:         func(w *world) { w.unsynced = true },
		decide.ReasonNothingToDo:      func(*world) {},
		decide.ReasonManagerNotStable: func(w *world) { w.manager = model.ManagerRPRunning },
		decide.ReasonPeerMigrating:    func(w *world) { w.peer = model.NodeUnmanaged },
		decide.ReasonEpisodeOpen:      func(w *world) { w.pre("e1") },
		decide.ReasonApplyNever:       func(w *world) { w.core.opt.Policy.Variables.Apply = "never" },
		decide.ReasonSyncNotAllowed:   func(w *world) { w.core.opt.Policy.Variables.Sync = "never" },
	} {
		t.Run(string(reason), func(t *testing.T) {
			w := newWorld(t, decide.ModeGated)
			w.run(10 * time.Second)
			set(w)
			w.run(10 * time.Second)
			had := len(w.log)
			w.drive(Operator{"o", "uid 0", control.OperatorRequest{Verb: control.VerbApply}})
			w.run(40 * time.Second)
			if w.ops[0].Accepted || w.ops[0].Reason != string(reason) || strings.Contains(strings.Join(w.log[had:], ""), "modify") {
				t.Errorf("replies %+v, commands %v", w.ops, w.log)
			}
		})
	}
}
