package exporter

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/probe"
	"powerha_lpm_exporter/internal/report"
)

func clusterEvent(name string, args ...string) model.ClusterEvent {
	return model.ClusterEvent{Source: "cluster.log", Step: model.ClusterEventStart, Name: name, Args: args}
}

func (r *rig) reports() []model.Report {
	var out []model.Report
	for _, e := range r.effects {
		if e, ok := e.(AppendReport); ok {
			out = append(out, e.Report)
		}
	}
	return out
}

// restart begins anew from what was kept.
func (r *rig) restart() {
	r.t.Helper()
	r.advance(2 * time.Second) // the state is kept
	old := r.core
	r.core = NewCore(old.opt, r.state, old.observed)
	r.tell(LogRead{Events: r.log}, EventsRead{})
	r.tell(PeersSeen{Status: old.peers})
}

func unmanagedHere(r *rig, on bool) {
	state := model.NodeNormal
	if on {
		state = model.NodeUnmanaged
	}
	r.answers[model.SourceNodes] = model.Reading{Nodes: []model.Node{{Name: "n1", State: state}, {Name: "n2", State: model.NodeNormal}}}
}

// A whole migration is judged once, with all that was seen of it, also when the exporter is started anew in its midst.
func TestReport(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		o := options()
		o.EventLogs = true
		o.Probes = []probe.Spec{{Application: "db", Name: "users", Vantage: probe.Peer, Interval: time.Second, Timeout: time.Second}}
		r := newRig(t, o)
		again := func() {
			if restarts {
				r.restart()
			}
		}
		r.tell(EventsRead{})
		r.advance(20 * time.Second)
		peers := func(ok bool, failed uint64, last, since time.Duration) {
			// The peer's clock is hours off.
			s := model.ProbeStatus{
				Application: "db", Probe: "users", Vantage: "peer", TargetNode: "n1", Active: true, Success: ok,
				LastAt: r.now, LastSuccess: r.now.Wall.Add(-7 * time.Hour).Add(last), Succeeded: 5, Failed: failed,
			}
			if ok {
				s.SuccessSince = r.now.Add(since)
			}
			r.tell(PeersSeen{Status: []model.PeerStatus{{Node: "n2", Up: true, Probes: []model.ProbeStatus{s}}}})
		}
		peers(true, 0, 0, -time.Minute)
		r.event(model.EventPre, "stage", "begin")
		unmanagedHere(r, true)
		r.advance(5 * time.Second)
		r.tell(EventsRead{Events: []model.ClusterEvent{clusterEvent("admin_op", "clrm_stop_request", "n1")}})
		again()
		from := r.now
		r.now = r.now.Add(4 * time.Second)
		r.tell(GapSeen{Gap: freeze.Gap{Kind: freeze.Suspended, Start: from, End: r.now, Estimate: 4 * time.Second, Bound: 10 * time.Millisecond}})
		peers(false, 2, -4*time.Second, 0)
		r.advance(4 * time.Second)
		peers(true, 2, 0, -4*time.Second)
		again()
		r.advance(3 * time.Second)
		r.event(model.EventPost, "stage", "end")
		r.event(model.EventDone)
		r.advance(2 * time.Second)
		unmanagedHere(r, false)
		r.tell(EventsRead{Events: []model.ClusterEvent{clusterEvent("node_up", "n1"), clusterEvent("network_down", "n2", "net1")}})
		again()
		r.advance(40 * time.Second)
		again()
		r.advance(time.Hour)
		all := r.reports()
		if len(all) != 1 {
			t.Fatalf("restarts %v: %d reports", restarts, len(all))
		}
		checkReport(t, &all[0])
		v := r.core.View(r.now)
		if v.LastVerdict != model.VerdictFail || v.Verdicts[model.VerdictFail] != 1 || v.Outages["peer"] != all[0].Outages[0].Duration || len(v.Outages) != 1 {
			t.Errorf("restarts %v: %s %v %v", restarts, v.LastVerdict, v.Verdicts, v.Outages)
		}
		if v.Events["network_down"] != 1 || v.Unwanted["network_down"] != 1 || v.Unwanted["node_up"] != 0 || v.Events["node_up"] != 1 {
			t.Errorf("restarts %v: events %v, unwanted %v", restarts, v.Events, v.Unwanted)
		}
		if s := r.core.Snapshot(r.now).Report; s == nil || s.Episode != "ep" || s.Verdict != model.VerdictFail || len(s.Findings) == 0 || s.Events != nil {
			t.Errorf("snapshot: %+v", s)
		}
	}
}

func checkReport(t *testing.T, rep *model.Report) {
	t.Helper()
	if rep.Episode != "ep" || rep.Result != model.ResultCompleted || rep.Freeze == nil || *rep.Freeze.Fused != 4*time.Second {
		t.Errorf("%+v", rep)
	}
	if len(rep.Events) != 3 || rep.Events[0].Unwanted || rep.Events[1].Unwanted || !rep.Events[2].Unwanted {
		t.Errorf("events %+v", rep.Events)
	}
	if len(rep.Outages) != 1 || rep.Outages[0].Duration != 4*time.Second || rep.Outages[0].From != "n2" || rep.ProbesFrom["peer"] != 1 {
		t.Errorf("outages %+v of probes %v", rep.Outages, rep.ProbesFrom)
	}
	if rep.UnmanagedFrom.IsZero() || rep.UnmanagedTo.Before(rep.UnmanagedFrom) {
		t.Errorf("unmanaged %v to %v", rep.UnmanagedFrom, rep.UnmanagedTo)
	}
	var phases []model.Phase
	for _, m := range rep.Phases {
		phases = append(phases, m.Phase)
	}
	if !slices.Equal(phases, []model.Phase{model.PhasePreparing, model.PhaseMigrating, model.PhaseSettling, model.PhaseIdle}) {
		t.Errorf("phases %v", phases)
	}
	if rep.Budget == nil || rep.BudgetLimit == "unknown" || rep.Verdict != model.VerdictFail {
		t.Errorf("budget %v by %s, verdict %s", rep.Budget, rep.BudgetLimit, rep.Verdict)
	}
	for _, f := range rep.Findings {
		if want := f.Check != report.CheckEvents; (f.Verdict == model.VerdictPass) != want {
			t.Errorf("%+v", f)
		}
	}
}

// A check that nothing follows is no migration; what was there before the exporter is not judged.
func TestReportOfNothing(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	r.event(model.EventCheck)
	r.advance(time.Hour)
	if n := len(r.reports()); n != 0 || r.core.state.Record != nil {
		t.Errorf("%d reports, %+v", n, r.core.state.Record)
	}
}

// A migration that is tried again at once is judged when the next one begins; one of long ago is not judged at all.
func TestReportOvertaken(t *testing.T) {
	r := newRig(t, options())
	r.advance(20 * time.Second)
	r.event(model.EventPre, "stage", "begin")
	r.event(model.EventUndoPre, "stage", "end")
	r.advance(2 * time.Second)
	if n := len(r.reports()); n != 0 {
		t.Fatalf("judged too early: %d", n)
	}
	r.log = append(r.log, model.EpisodeEvent{Version: 1, Time: r.now.Wall, Event: model.EventPre, Source: "dr", Episode: "second"})
	r.tell(LogRead{Events: r.log})
	r.advance(2 * time.Second)
	all := r.reports()
	if len(all) != 1 || all[0].Episode != "ep" || all[0].Result != model.ResultAborted || r.core.state.Record == nil || r.core.state.Record.Episode != "second" {
		t.Errorf("%+v, recording %+v", all, r.core.state.Record)
	}
	later := &rig{t: t, now: r.now.Add(24 * time.Hour), answers: calm(), reads: map[model.Source]int{}}
	state := NewState(r.now.Wall.Add(-time.Hour))
	later.core = NewCore(options(), state, nil)
	later.tell(LogRead{Events: r.log[:len(r.log)-1]})
	later.advance(time.Minute)
	if n := len(later.reports()); n != 0 {
		t.Errorf("%d reports of a migration of yesterday", n)
	}
}

// An application that stays down is waited for, and then reported as going on.
func TestReportOutageGoesOn(t *testing.T) {
	r := newRig(t, options())
	r.advance(20 * time.Second)
	status := model.ProbeStatus{Application: "db", Probe: "users", Vantage: "peer", Active: true, LastAt: r.now, Failed: 3}
	r.tell(PeersSeen{Status: []model.PeerStatus{{Node: "n2", Up: true, Probes: []model.ProbeStatus{status}}}})
	r.event(model.EventPre, "stage", "begin")
	r.event(model.EventPost, "stage", "end")
	r.event(model.EventDone)
	r.advance(time.Minute)
	if n := len(r.reports()); n != 0 {
		t.Fatalf("judged while the application is down: %d", n)
	}
	r.advance(outageWait)
	all := r.reports()
	if len(all) != 1 || len(all[0].Outages) != 1 || !all[0].Outages[0].Ongoing || all[0].Outages[0].Duration < outageWait {
		t.Errorf("%+v", all)
	}
	if all[0].EventsErr == "" {
		t.Error("no log is configured, and the events are called known")
	}
}

// Events of nodes count once: by the log where it is read, else by the states.
func TestEventsCountOnce(t *testing.T) {
	for _, readable := range []bool{true, false} {
		o := options()
		o.EventLogs = true
		r := newRig(t, o)
		if readable {
			r.tell(EventsRead{})
		} else {
			r.tell(EventsRead{Err: "permission denied"})
		}
		r.advance(time.Second)
		r.answers[model.SourceNodes] = model.Reading{Nodes: []model.Node{{Name: "n1", State: model.NodeNormal}, {Name: "n2", State: model.NodeOffline}}}
		if readable {
			r.tell(EventsRead{Events: []model.ClusterEvent{clusterEvent("node_down", "n2"), clusterEvent("node_down_complete", "n2")}})
		}
		r.advance(20 * time.Second)
		v := r.core.View(r.now)
		if v.Events["node_down"] != 1 || v.EventLog != readable {
			t.Errorf("readable %v: %v, %v", readable, v.Events, v.EventLog)
		}
	}
}

func TestFaults(t *testing.T) {
	r := newRig(t, options())
	began := r.now.Wall
	entry := func(seq int, label string) model.ErrlogEntry {
		return model.ErrlogEntry{Label: label, Sequence: seq, Time: began.Add(time.Duration(seq) * time.Minute)}
	}
	r.answers[model.SourceFaults] = model.Reading{Errlog: []model.ErrlogEntry{entry(4, "KERNEL_PANIC")}}
	r.advance(2 * time.Second)
	if n := r.core.View(r.now).Events["fault"]; n != 0 {
		t.Errorf("%d faults of before", n)
	}
	r.answers[model.SourceFaults] = model.Reading{Errlog: []model.ErrlogEntry{entry(5, "SRC_SVKO"), entry(4, "KERNEL_PANIC")}}
	r.advance(5 * time.Minute)
	if n := r.core.View(r.now).Events["fault"]; n != 1 {
		t.Errorf("%d faults, want 1", n)
	}
}

func TestLogWatcher(t *testing.T) {
	dir := t.TempDir()
	l := EventLogs{ClusterLog: filepath.Join(dir, "cluster.log"), HacmpOut: filepath.Join(dir, "hacmp.out")}
	w := newLogWatcher(l, nil)
	if e, news := w.look(start()); !news || e.Err == "" {
		t.Errorf("no file: %+v", e)
	}
	if _, news := w.look(start()); news {
		t.Error("tells the same again")
	}
	add := func(path, text string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	// hacmp.out stands in while cluster.log is not there.
	add(l.HacmpOut, "Mar  3 01:02:03 EVENT START: node_down n2\n")
	if e, _ := w.look(start()); len(e.Events) != 1 || e.Err != "" || e.Events[0].Source != "hacmp.out" || !e.Events[0].Seen.Equal(start().Wall) {
		t.Errorf("%+v", e)
	}
	add(l.ClusterLog, "Mar  3 01:02:03 n1 user:notice PowerHA SystemMirror for AIX: EVENT START: node_up n2\nMar  3 01:02:04 n1 EVENT ST")
	e, _ := w.look(start())
	if len(e.Events) != 1 || e.Events[0].Source != "cluster.log" {
		t.Errorf("%+v", e)
	}
	// Another run goes on where this one ended.
	w = newLogWatcher(l, e.Cursors)
	add(l.ClusterLog, "ART: network_down n1 net\n")
	if e, _ := w.look(start()); len(e.Events) != 1 || e.Events[0].Name != "network_down" {
		t.Errorf("%+v", e)
	}
}
