package actor

import (
	"testing"
	"time"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

// spoilt are states that speak against a migration, each with how it passes.
func spoilt() map[decide.Reason][2]func(*world) {
	return map[decide.Reason][2]func(*world){
		decide.ReasonManagerNotStable: {func(w *world) { w.manager = model.ManagerBarrier }, func(w *world) { w.manager = model.ManagerStable }},
		decide.ReasonUnsynced:         {func(w *world) { w.unsynced = true }, func(w *world) { w.unsynced = false }},
		decide.ReasonNodeNotNormal:    {func(w *world) { w.node = model.NodeJoining }, func(w *world) { w.node = model.NodeNormal }},
		decide.ReasonGroupNotStable:   {func(w *world) { w.group["n1"] = model.GroupAcquiring }, func(w *world) { w.group["n1"] = model.GroupOnline }},
		decide.ReasonPeerMigrating:    {func(w *world) { w.migrating = true }, func(w *world) { w.migrating = false }},
		decide.ReasonFactsFailed:      {func(w *world) { w.broken[model.SourceNodes] = true }, func(w *world) { clear(w.broken) }},
	}
}

// spoil lets the actor read what speaks against a migration, then lets that pass without a further reading.
func spoil(t *testing.T, how [2]func(*world)) *world {
	t.Helper()
	w := newWorld(t, decide.ModeGated)
	w.opt.Interval, w.opt.Policy.FactAge = 15*time.Second, 30*time.Second
	w.restart()
	how[0](w)
	w.run(16 * time.Second)
	how[1](w)
	clear(w.reads)
	return w
}

// What was true before the request only, as right after a synchronisation, does not refuse a prepare.
func TestPrepareDoesNotRefuseOnAnOldFact(t *testing.T) {
	for reason, how := range spoilt() {
		t.Run(string(reason), func(t *testing.T) {
			w := spoil(t, how)
			r := w.pre("e1")
			if r.Verdict != control.VerdictOK || w.count("stop") != 1 || len(w.pages) > 0 {
				t.Fatalf("answer %+v, commands %v, pages %v\n%s", r, w.log, w.pages, w.dump())
			}
			for s, n := range w.reads {
				if n > 2 {
					t.Errorf("%s was read %d times", s, n)
				}
			}
		})
	}
}

// What is still so is asked once more, and refuses then.
func TestPrepareAsksAgainOnce(t *testing.T) {
	for reason, how := range spoilt() {
		t.Run(string(reason), func(t *testing.T) {
			w := spoil(t, [2]func(*world){how[0], func(*world) {}})
			began := w.now
			r := w.pre("e1")
			if r.Verdict != control.VerdictWarn || r.Reason != string(decide.Refused(reason)) || len(w.log) != 0 {
				t.Fatalf("answer %+v, commands %v", r, w.log)
			}
			if took := w.now.Sub(began); took > 2*time.Second {
				t.Errorf("refused after %v", took)
			}
		})
	}
}

// check asks for the preflight and returns the answer.
func (w *world) check(id string) control.DRReply {
	w.t.Helper()
	w.event(model.EventCheck, id, "")
	had := len(w.dr)
	w.drive(Tick{}, w.folded(), DR{"dr1", control.DRRequest{Phase: model.EventCheck, Episode: id, Limit: 280 * time.Second}})
	w.until("the check is answered", 5*time.Minute, func() bool { return len(w.dr) > had })
	return w.dr[len(w.dr)-1]
}

func TestPreflightDoesNotRefuseOnAnOldFact(t *testing.T) {
	for reason, how := range spoilt() {
		t.Run(string(reason), func(t *testing.T) {
			w := spoil(t, how)
			w.core.opt.Preflight = "enforce"
			if r := w.check("e1"); r.Verdict != control.VerdictOK {
				t.Fatalf("answer %+v", r)
			}
			how[0](w)
			w.run(16 * time.Second)
			if r := w.check("e1"); r.Verdict != control.VerdictRefuse || r.Reason != string(reason) {
				t.Fatalf("answer %+v", r)
			}
		})
	}
}

// A no that cannot be asked about again, for the reading does not end, is a no.
func TestPrepareRefusesWhenThereIsNoRoomToReadAgain(t *testing.T) {
	w := spoil(t, spoilt()[decide.ReasonUnsynced])
	w.slow = map[model.Source]time.Duration{model.SourceCluster: time.Hour}
	w.core.opt.Policy.FactAge = time.Hour
	r := w.pre("e1")
	if r.Verdict != control.VerdictWarn || r.Reason != string(decide.Refused(decide.ReasonUnsynced)) || len(w.log) != 0 {
		t.Fatalf("answer %+v, commands %v", r, w.log)
	}
}

// One read that takes longer than fact_age does not make the others stale for ever.
func TestPrepareWithASlowReading(t *testing.T) {
	w := newWorld(t, decide.ModeGated)
	w.opt.Policy.FactAge = 5 * time.Second
	w.slow = map[model.Source]time.Duration{model.SourceCluster: 12 * time.Second, model.SourceScripts: 25 * time.Second}
	w.restart()
	w.run(40 * time.Second)
	r := w.pre("e1")
	if r.Verdict != control.VerdictOK || w.count("stop") != 1 {
		t.Fatalf("answer %+v, commands %v\n%s", r, w.log, w.dump())
	}
}
