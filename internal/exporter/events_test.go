package exporter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// wrote appends to a log of a watcher under test.
func wrote(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// logged follows two logs through the watcher into the core.
type loggedRig struct {
	*rig
	w        *logWatcher
	log, out string
}

func newLoggedRig(t *testing.T) *loggedRig {
	t.Helper()
	o := options()
	o.EventLogs = true
	dir := t.TempDir()
	l := &loggedRig{rig: newRig(t, o), log: filepath.Join(dir, "cluster.log"), out: filepath.Join(dir, "hacmp.out")}
	wrote(t, l.log, "")
	wrote(t, l.out, "")
	l.w = newLogWatcher(EventLogs{ClusterLog: l.log, HacmpOut: l.out}, nil)
	l.pass(2)
	return l
}

// pass lets seconds pass, with a look at the logs in each.
func (l *loggedRig) pass(seconds int) {
	for range seconds {
		l.advance(time.Second)
		if e, news := l.w.look(l.now); news {
			l.tell(e)
		}
	}
}

// say writes a line as of now to either log, in a zone an hour ahead.
func (l *loggedRig) say(path, text string) {
	head := l.now.Wall.Add(time.Hour).Format("Jan _2 15:04:05")
	if path == l.log {
		head += " n1 user:notice PowerHA SystemMirror for AIX:"
	}
	wrote(l.t, path, head+" "+text+"\n")
}

func (l *loggedRig) kept(name string) (out []model.JudgedEvent) {
	for _, e := range l.core.state.Record.Events {
		if e.Name == name {
			out = append(out, e)
		}
	}
	return out
}

// Both logs tell of the same events: they count once; what only hacmp.out tells counts after a while; and durations come
// from whichever has them.
func TestBothLogs(t *testing.T) {
	l := newLoggedRig(t)
	l.event(model.EventPre)
	for _, path := range []string{l.log, l.out} {
		l.say(path, "EVENT START: network_down n1 net_ether_01")
	}
	l.pass(7)
	for _, path := range []string{l.out, l.log} {
		l.say(path, "EVENT FAILED: 1: network_down n1 net_ether_01 1")
	}
	l.say(l.out, "EVENT FAILED: 1: start_server app1 1")
	l.say(l.out, "EVENT START: config_too_long 360 /usr/es/sbin/cluster/events/node_down.rp")
	l.say(l.log, "EVENT COMPLETED: get_disk_vg_fs fs1 0") // its begin is in hacmp.out alone
	wrote(t, l.out, "HACMP Event Summary\nEvent: get_disk_vg_fs fs1\nStart time: Sun Mar  1 11:00:00 CET 2026\nEnd time: Sun Mar  1 11:00:09 CET 2026\n")
	l.pass(3)
	v := l.core.View(l.now)
	if v.Events["network_down"] != 1 || v.Events["event_failed"] != 1 || v.Events["config_too_long"] != 0 {
		t.Errorf("events %v", v.Events)
	}
	l.pass(5)
	v = l.core.View(l.now)
	if v.Events["event_failed"] != 2 || v.Events["config_too_long"] != 1 || v.Unwanted["event_failed"] != 2 {
		t.Errorf("events %v, unwanted %v", v.Events, v.Unwanted)
	}
	if e := l.kept("network_down"); len(e) != 2 || e[1].Took == nil || *e[1].Took != 7*time.Second || e[1].Exit == nil || *e[1].Exit != 1 {
		t.Errorf("network_down %+v", e)
	}
	if e := l.kept("get_disk_vg_fs"); len(e) != 1 || e[0].Took == nil || *e[0].Took != 9*time.Second {
		t.Errorf("get_disk_vg_fs %+v", e)
	}
	if l.core.state.LogZone == nil || *l.core.state.LogZone != time.Hour {
		t.Errorf("zone %v", l.core.state.LogZone)
	}
	// hacmp.out alone that cannot be read is told and costs nothing else.
	if err := os.Remove(l.out); err != nil {
		t.Fatal(err)
	}
	l.pass(2)
	if h := l.core.health[PartDetails]; !strings.Contains(h, l.out) || !l.core.View(l.now).EventLog {
		t.Errorf("%q", h)
	}
}

// After a restart the lines of before are dated by their stamps: those before the migration are none of it, and a server
// that was started before its end was not resumed.
func TestBacklogIsDated(t *testing.T) {
	l := newLoggedRig(t)
	l.say(l.log, "EVENT START: cluster_notify n1") // the zone is learned
	l.pass(2)
	l.say(l.log, "EVENT START: network_down n1 before")
	l.advance(10 * time.Second) // the exporter does not run
	l.event(model.EventPre)
	l.advance(10 * time.Second)
	l.say(l.log, "EVENT START: start_server app1")
	l.answers[model.SourceNodes] = model.Reading{Nodes: []model.Node{{Name: "n1", State: model.NodeUnmanaged}, {Name: "n2", State: model.NodeNormal}}}
	l.advance(10 * time.Second)
	l.event(model.EventPost)
	l.advance(10 * time.Second)
	l.say(l.log, "EVENT START: start_server app2")
	l.advance(10 * time.Second)
	l.pass(1)
	if e := l.kept("network_down"); len(e) != 0 {
		t.Errorf("of before the migration: %+v", e)
	}
	if e := l.kept("start_server"); len(e) != 2 || e[0].At.IsZero() {
		t.Errorf("%+v", e)
	}
	if v := l.core.View(l.now); v.Unwanted["other"] != 1 || v.Unwanted["network_down"] != 0 || v.Events["network_down"] != 1 {
		t.Errorf("events %v, unwanted %v", v.Events, v.Unwanted)
	}
}

// The time of day may be set while the logs are read, and the year may end: events stay those of their moment.
func TestClockSteps(t *testing.T) {
	l := newLoggedRig(t)
	l.now.Wall = time.Date(2026, 12, 31, 22, 59, 50, 0, time.UTC) // the logs are ten seconds before the new year
	l.pass(1)
	l.event(model.EventPre)
	l.say(l.log, "EVENT START: network_down n1 net")
	l.pass(12)
	l.say(l.log, "EVENT COMPLETED: network_down n1 net 0")
	l.pass(1)
	if e := l.kept("network_down"); len(e) != 2 || e[1].Took == nil || (*e[1].Took-12*time.Second).Abs() > time.Second {
		t.Errorf("over the year's end: %+v", e)
	}
	l.say(l.log, "EVENT START: network_down n1 net")
	l.pass(1)
	l.now.Wall = l.now.Wall.Add(-3 * time.Hour)
	l.pass(4)
	l.say(l.log, "EVENT COMPLETED: network_down n1 net 0")
	l.pass(1)
	if e := l.kept("network_down"); len(e) != 4 || e[3].Took == nil || (*e[3].Took-5*time.Second).Abs() > time.Second {
		t.Errorf("over a step of the clock: %+v", e)
	}
}
