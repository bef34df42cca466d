package exporter

import (
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/probe"
)

func monitorRig(t *testing.T) *rig {
	t.Helper()
	o := options()
	o.Probes = []probe.Spec{{Application: "db", Group: "rg1", Name: "own", Type: probe.TypeMonitor, Vantage: probe.Local, Monitor: "db_mon"}}
	o.Enabled = map[string]bool{collector.Peer: true} // what monitors stand on is read all the same
	r := newRig(t, o)
	r.answers[model.SourceMonitors] = model.Reading{Monitors: []model.Monitor{
		{Name: "db_mon", Application: "db", Type: "custom", Mode: "longrunning", Interval: 20 * time.Second, Method: "/ha/db_mon"},
	}}
	return r
}

// work counts the runs and the stops since the last time, and answers the runs.
func (r *rig) work(answer bool) (runs, stops int) {
	for _, f := range r.effects {
		switch f := f.(type) {
		case RunProbe:
			runs++
			if answer {
				r.tell(ProbeDone{Result: probe.Result{Run: f.Run, At: r.now}})
			}
		case StopProbe:
			stops++
		}
	}
	r.effects = nil
	return runs, stops
}

func (r *rig) manage(node model.NodeState, group model.GroupState) {
	r.answers[model.SourceNodes] = model.Reading{Nodes: []model.Node{{Name: "n1", State: node}, {Name: "n2", State: model.NodeNormal}}}
	there := model.GroupOffline
	if group == model.GroupUnmanaged {
		there = group
	}
	r.answers[model.SourceGroups] = groups(group, there)
}

func (r *rig) waiting() string {
	r.t.Helper()
	s := r.core.Snapshot(r.now)
	if len(s.Probes) != 1 {
		r.t.Fatalf("probes %+v", s.Probes)
	}
	return s.Probes[0].Waiting
}

// PowerHA's monitor is run between the moment at which the node is seen unmanaged and the one at which it is not surely so.
func TestMonitorsFollowTheManagedState(t *testing.T) {
	r := monitorRig(t)
	r.advance(40 * time.Second)
	if runs, _ := r.work(true); runs != 0 || r.waiting() != probe.WhyManaged {
		t.Errorf("managed: %d runs, waits: %q", runs, r.waiting())
	}
	if v := r.core.View(r.now); len(v.Probes) != 0 {
		t.Errorf("series of a monitor that is not run: %+v", v.Probes)
	}
	r.manage(model.NodeUnmanaged, model.GroupOnline) // the one witness is ahead of the other
	r.advance(31 * time.Second)
	if runs, _ := r.work(true); runs != 0 {
		t.Error("runs while the group's own row is online")
	}
	r.manage(model.NodeUnmanaged, model.GroupUnmanaged)
	r.advance(31 * time.Second)
	if runs, _ := r.work(true); runs == 0 {
		t.Fatal("does not run on an unmanaged node")
	}
	r.advance(time.Second)
	if v := r.core.View(r.now); len(v.Probes) != 1 || !v.Probes[0].Success {
		t.Errorf("probes %+v", v.Probes)
	}
	r.advance(30 * time.Second)
	r.work(false) // one run is under way
	r.manage(model.NodeJoining, model.GroupUnmanaged)
	r.advance(31 * time.Second)
	if runs, stops := r.work(true); runs != 0 || stops != 1 {
		t.Errorf("at the resume: %d runs, %d given up", runs, stops)
	}
}

// A node whose state cannot be read may be managed again.
func TestMonitorsStopWhenTheStateIsNotKnown(t *testing.T) {
	r := monitorRig(t)
	r.advance(time.Second)
	r.manage(model.NodeUnmanaged, model.GroupUnmanaged)
	r.advance(40 * time.Second)
	if runs, _ := r.work(true); runs == 0 {
		t.Fatal("does not run")
	}
	r.answers[model.SourceNodes] = model.Reading{Err: "clmgr: exit 1"}
	r.advance(31 * time.Second)
	r.work(true)
	r.advance(60 * time.Second)
	if runs, _ := r.work(true); runs != 0 || r.waiting() != probe.WhyUnsure {
		t.Errorf("%d runs, waits: %q", runs, r.waiting())
	}
}

// A name that the cluster does not have is a failing probe, whoever manages.
func TestMissingMonitorIsSeen(t *testing.T) {
	r := monitorRig(t)
	r.answers[model.SourceMonitors] = model.Reading{}
	r.advance(20 * time.Second)
	v := r.core.View(r.now)
	if len(v.Probes) != 1 || v.Probes[0].Success || v.Probes[0].Failed == 0 || !strings.Contains(v.Probes[0].Error, "db_mon is not in the cluster's configuration") {
		t.Errorf("probes %+v", v.Probes)
	}
}
