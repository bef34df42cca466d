package sim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

const unmanagePolicy = "LPM_POLICY=unmanage"

func protect(s *shell) {
	s.t.Helper()
	s.must("n1", "clmgr", "modify", "cluster", unmanagePolicy)
	s.must("n1", "clmgr", "sync", "cluster")
}

func TestUnprotectedFreezeIsTakenOver(t *testing.T) {
	s := newShell(t, Config{Version: "7.1.3"})
	got := s.migrate(MigrationRequested{Node: "n1", Precopy: 5 * time.Second, Freeze: 60 * time.Second})
	st := s.core.Status()
	if got.Result != "lost" || !strings.Contains(got.Message, "dead man switch") {
		t.Errorf("migration = %+v, want lost by the dead man switch", got)
	}
	if st.Takeovers != 1 || st.TakenOver[0].From != "n1" || st.TakenOver[0].To != "n2" {
		t.Errorf("takeovers = %+v, want one from n1 to n2", st.TakenOver)
	}
	if g := st.Groups[0]; g.Owner != "n2" || g.State != "ONLINE" || !slices.Equal(g.RunsOn, []string{"n2"}) {
		t.Errorf("group = %+v, want it online on n2", g)
	}
	if st.RanTwice != 0 {
		t.Errorf("ran twice %+v: the switch halts the node before it runs again", st.Twice)
	}
	if s.node("n1").Alive {
		t.Error("n1 was not halted at its wake")
	}
}

func TestTakeoverWaitsForNodeTimeoutAndGrace(t *testing.T) {
	for _, c := range []struct {
		freeze time.Duration
		want   int
	}{{39 * time.Second, 0}, {41 * time.Second, 1}} {
		s := newShell(t, Config{Version: "7.1.3", Knobs: map[string]string{"dms_fires_on_wake": "no"}})
		s.migrate(MigrationRequested{Node: "n1", Freeze: c.freeze})
		s.run(time.Minute)
		if got := s.core.Status().Takeovers; got != c.want {
			t.Errorf("freeze of %v: %d takeovers, want %d", c.freeze, got, c.want)
		}
	}
}

func TestTimerScale(t *testing.T) {
	s := newShell(t, Config{Version: "7.1.3", TimerScale: 0.1, Knobs: map[string]string{"dms_fires_on_wake": "no"}})
	s.migrate(MigrationRequested{Node: "n1", Freeze: 4500 * time.Millisecond})
	s.run(10 * time.Second)
	if got := s.core.Status().Takeovers; got != 1 {
		t.Errorf("takeovers = %d, want 1: 40 s scaled by 0.1 is less than 4.5 s", got)
	}
	if out := s.must("n2", "clctrl", "-tune", "-x", "node_timeout"); out != "30000\n" {
		t.Errorf("node_timeout prints %q, want it unscaled", out)
	}
}

func TestProductProtectsAFreeze(t *testing.T) {
	s := newShell(t, Config{})
	protect(s)
	before := s.node("n1")
	got := s.migrate(MigrationRequested{Node: "n1", Precopy: 5 * time.Second, Freeze: 2 * time.Minute})
	if got.Result != "completed" || got.FrozenFor != 2*time.Minute {
		t.Errorf("migration = %+v", got)
	}
	st := s.core.Status()
	if st.Takeovers != 0 || st.RanTwice != 0 || st.Groups[0].Owner != "n1" || !st.Groups[0].Managed {
		t.Errorf("status = %+v", st)
	}
	after := s.node("n1")
	if before.Serial == after.Serial {
		t.Error("the server is the same after the migration")
	}
	after.Serial = before.Serial
	if before != after {
		t.Errorf("not restored:\nbefore %+v\nafter  %+v", before, after)
	}
	if n := slices.Compact(slices.Clone(s.starts)); len(s.starts) != 2 || n[0] != "n1 rg_app" {
		t.Errorf("start scripts = %v, want one at the beginning and one at the resume", s.starts)
	}
	if s.files["n1:var/hacmp/cl_dr.state"] != "" {
		t.Error("cl_dr.state was left behind")
	}
	for _, want := range []string{"cl_dr: PRE_MIGRATE entered", "cl_2dr: POST_MIGRATE entered"} {
		if !strings.Contains(s.files["n1:var/hacmp/log/clutils.log"], want) {
			t.Errorf("clutils.log lacks %q", want)
		}
	}
	errlog := s.must("n1", "errpt")
	if i, j := strings.Index(errlog, "159D686C"), strings.Index(errlog, "F2646817"); i < 0 || j < i {
		t.Errorf("errpt lacks the migration, newest first:\n%s", errlog)
	}
}

func TestProtectedDuringTheFreeze(t *testing.T) {
	s := newShell(t, Config{})
	protect(s)
	s.step(MigrationRequested{ID: "m", Node: "n1", Precopy: 5 * time.Second, Freeze: 2 * time.Minute})
	s.run(90 * time.Second)
	n1, n2 := s.node("n1"), s.node("n2")
	if !n1.Frozen || n1.Managed || n1.NodeTimeout != 600000 || n2.NodeTimeout != 600000 || n1.DeadManSwitch || n2.DeadManSwitch || n1.DeadmanMode != "e" || !n1.Inittab {
		t.Errorf("protection:\nn1 %+v\nn2 %+v", n1, n2)
	}
	if out := s.must("n2", "clRGinfo", "-s"); strings.Count(out, ":UNMANAGED:") != 2 {
		t.Errorf("clRGinfo shows %q, want UNMANAGED for every node", out)
	}
}

func TestUnmanagedGroupStaysWhenItsNodeDies(t *testing.T) {
	s := newShell(t, Config{})
	s.must("n1", "clmgr", "stop", "node", "n1", "WHEN=now", "MANAGE=unmanage", "BROADCAST=false")
	s.step(PowerOff{Node: "n1"})
	s.run(2 * time.Minute)
	st := s.core.Status()
	if st.Takeovers != 0 || st.Groups[0].Owner != "n1" || !s.node("n1").DeclaredDown {
		t.Errorf("status = %+v", st)
	}
	if !strings.Contains(s.must("n2", "lscluster", "-m"), "State of node: DOWN") {
		t.Error("n2 does not see n1 DOWN")
	}
	out := s.must("n2", "clmgr", "move", "resource_group", "rg_app", "NODE=n2")
	if !strings.Contains(out, "Resource group rg_app is online on node n2.") || s.group0().Owner != "n2" || s.core.Status().Takeovers != 0 {
		t.Errorf("move: %s\n%+v", out, s.group0())
	}
	s.step(Boot{Node: "n1"})
	s.must("n1", "clmgr", "start", "node", "n1", "WHEN=now", "MANAGE=auto", "FIX=no", "BROADCAST=false")
	if g := s.group0(); g.Owner != "n2" || s.core.Status().RanTwice != 0 {
		t.Errorf("after the return of n1: %+v", g)
	}
}

func TestMoveOfUnmanagedGroupFollowsKnob(t *testing.T) {
	s := newShell(t, Config{Knobs: map[string]string{"move_unmanaged_dead_owner": "accept_after_node_down"}})
	s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
	if _, exit := s.command("n2", "clmgr", "move", "rg", "rg_app", "node=n2"); exit == 0 {
		t.Error("a group that is unmanaged on a living node was moved")
	}
	s.step(PowerOff{Node: "n1"})
	if _, exit := s.command("n2", "clmgr", "move", "rg", "rg_app", "node=n2"); exit == 0 {
		t.Error("moved before the node was declared down")
	}
	s.run(time.Minute)
	s.must("n2", "clmgr", "move", "rg", "rg_app", "node=n2")
}

func TestMergeHaltsANodeThatWasTakenOver(t *testing.T) {
	cfg := Config{Version: "7.1.3", Knobs: map[string]string{"dms_fires_on_wake": "no"}}
	s := newShell(t, cfg)
	s.migrate(MigrationRequested{Node: "n1", Freeze: time.Minute})
	s.run(10 * time.Second)
	if st := s.core.Status(); s.node("n1").Alive || st.RanTwice != 1 || st.Twice[0].To == 0 {
		t.Errorf("n1 alive %v, twice %+v: it runs until it meets the others", s.node("n1").Alive, st.Twice)
	}
	if !s.has("owner", map[string]any{"resource_group": "rg_app", "nodes": []string{"n1", "n2"}}) {
		t.Error("the trace does not show the two owners")
	}
	cfg.Knobs["merge_halts"] = "no"
	s = newShell(t, cfg)
	s.migrate(MigrationRequested{Node: "n1", Freeze: time.Minute})
	s.run(10 * time.Second)
	if st := s.core.Status(); !s.node("n1").Alive || st.RanTwice != 1 || st.Twice[0].To != 0 {
		t.Errorf("without the halt: n1 alive %v, twice %+v", s.node("n1").Alive, st.Twice)
	}
}

func TestUnmanagedNodeRejoinsAfterALongFreeze(t *testing.T) {
	s := newShell(t, Config{Version: "7.1.3", Knobs: map[string]string{"dms_fires_on_wake": "no"}})
	s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
	s.step(FreezeDone{Node: "n1"})
	s.run(time.Minute)
	if !s.node("n1").DeclaredDown {
		t.Fatal("n1 was not declared down")
	}
	s.step(ThawDone{Node: "n1"})
	s.run(time.Minute)
	if n := s.node("n1"); !n.Alive || n.DeclaredDown || n.State != "UNMANAGED" || s.group0().Owner != "n1" {
		t.Errorf("nothing was taken over, so nothing halts it: %+v", n)
	}
	if out := s.must("n2", "lscluster", "-m"); strings.Contains(out, "DOWN") {
		t.Errorf("n2 still sees it down:\n%s", out)
	}
}

func TestAnObserverThatWasFrozenItselfCountsAnew(t *testing.T) {
	s := newShell(t, Config{Version: "7.1.3", Knobs: map[string]string{"dms_fires_on_wake": "no"}})
	s.step(FreezeDone{Node: "n1"}, FreezeDone{Node: "n2"})
	s.run(60 * time.Second)
	s.step(ThawDone{Node: "n2"})
	s.run(30 * time.Second)
	s.step(ThawDone{Node: "n1"})
	s.run(time.Minute)
	if st := s.core.Status(); st.Takeovers != 0 {
		t.Errorf("taken over after 30 s of silence heard: %+v", st.TakenOver)
	}
}

func TestTargetOfATakeoverDiesToo(t *testing.T) {
	nodes := []string{"n1", "n2", "n3"}
	g := Group{Name: "rg", Nodes: []string{"n1", "n3", "n2"}, Application: "a", Start: "/s", Stop: "/p"}
	s := newShell(t, Config{Nodes: nodes, Groups: []Group{g}})
	s.step(NodeDied{Node: "n1"})
	for range 600 {
		s.run(100 * time.Millisecond)
		if got := s.group0(); got.Owner == "n3" && got.State == "ONLINE" {
			break
		}
	}
	s.step(NodeDied{Node: "n3"})
	s.run(2 * time.Minute)
	if got := s.group0(); got.Owner != "n2" || got.State != "ONLINE" || s.core.Status().Takeovers != 2 {
		t.Errorf("%+v, takeovers %+v", got, s.core.Status().TakenOver)
	}
	log := s.files["n2:var/hacmp/adm/cluster.log"]
	if strings.Contains(log, "EVENT COMPLETED: node_down n1 ") || !strings.Contains(log, "EVENT FAILED: 1: node_down n1 1") ||
		strings.Count(log, "EVENT COMPLETED: node_down n3 0") != 1 {
		t.Errorf("the event that lost its target:\n%s", log)
	}
	if n := s.node("n2"); n.Manager != "ST_STABLE" {
		t.Errorf("%+v", n)
	}
}

func TestMonitorRestartsThenFailsOver(t *testing.T) {
	s := newShell(t, Config{})
	s.run(time.Minute)
	s.broken["rg_app n1"] = true
	s.run(20 * time.Second)
	if st := s.core.Status(); st.Restarts != 1 || st.Groups[0].Owner != "n1" {
		t.Fatalf("restarts = %d, group %+v", st.Restarts, st.Groups[0])
	}
	for range 30 {
		s.broken["rg_app n1"] = true // no restart helps
		s.run(5 * time.Second)
	}
	st := s.core.Status()
	if st.Restarts != 2 || st.Takeovers != 1 || st.TakenOver[0].Reason != "application" || st.Groups[0].Owner != "n2" || st.RanTwice != 0 {
		t.Errorf("restarts %d, takeovers %+v, group %+v", st.Restarts, st.TakenOver, st.Groups[0])
	}
}

func TestNoMonitorWhileUnmanaged(t *testing.T) {
	s := newShell(t, Config{})
	s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
	s.broken["rg_app n1"] = true
	s.run(5 * time.Minute)
	if st := s.core.Status(); st.Restarts != 0 || st.Takeovers != 0 {
		t.Errorf("status = %+v", st)
	}
	s.must("n1", "clmgr", "start", "node", "n1", "MANAGE=auto")
	if len(s.starts) != 2 {
		t.Errorf("starts = %v, want the start script once more at the resume", s.starts)
	}
}

func TestStartupMonitorSparesTheStartScript(t *testing.T) {
	g := Group{Name: "rg", Nodes: []string{"n1", "n2"}, Application: "a", Start: "/s", Stop: "/p", Monitor: "/m", StartupMonitor: true}
	s := newShell(t, Config{Groups: []Group{g}})
	s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
	s.must("n1", "clmgr", "start", "node", "n1", "MANAGE=auto")
	if len(s.starts) != 1 {
		t.Errorf("starts = %v, want none at the resume", s.starts)
	}
	s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
	delete(s.runs, "rg n1")
	s.must("n1", "clmgr", "start", "node", "n1", "MANAGE=auto")
	if len(s.starts) != 2 {
		t.Errorf("starts = %v, want one: the application was gone", s.starts)
	}
}

func TestStatusIsJSON(t *testing.T) {
	s := newShell(t, Config{})
	s.migrate(MigrationRequested{Node: "n1", Freeze: time.Second})
	b, err := json.Marshal(s.core.Status())
	if err != nil || !json.Valid(b) || !strings.Contains(string(b), `"node_timeout_ms":30000`) {
		t.Errorf("status: %v %s", err, b)
	}
}

func TestSameInputsSameEffects(t *testing.T) {
	run := func() []string {
		s := newShell(t, Config{})
		protect(s)
		s.migrate(MigrationRequested{Node: "n1", Precopy: 5 * time.Second, Freeze: 20 * time.Second, AbortAt: "suspend"})
		s.step(NodeDied{Node: "n1"})
		s.run(3 * time.Minute)
		return s.effects
	}
	if a, b := run(), run(); !slices.Equal(a, b) {
		t.Error("two runs differ")
	}
}

func TestBadConfigurations(t *testing.T) {
	for name, cfg := range map[string]Config{
		"version":    {Cluster: "c", Version: "6.1", Nodes: []string{"a"}},
		"no nodes":   {Cluster: "c", Version: "7.2.7"},
		"twice":      {Cluster: "c", Version: "7.2.7", Nodes: []string{"a", "a"}},
		"group node": {Cluster: "c", Version: "7.2.7", Nodes: []string{"a"}, Groups: []Group{{Name: "g", Nodes: []string{"b"}}}},
		"knob":       {Cluster: "c", Version: "7.2.7", Nodes: []string{"a"}, Knobs: map[string]string{"no_such": "1"}},
		"knob value": {Cluster: "c", Version: "7.2.7", Nodes: []string{"a"}, Knobs: map[string]string{"merge_halts": "perhaps"}},
		"scale":      {Cluster: "c", Version: "7.2.7", Nodes: []string{"a"}, TimerScale: -1},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
