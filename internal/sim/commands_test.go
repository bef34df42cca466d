package sim

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLocksAndRefusals(t *testing.T) {
	s := newShell(t, Config{})
	first := s.start("n1", "clmgr", "sync", "cluster")
	if out, exit := s.command("n2", "clmgr", "modify", "cluster", unmanagePolicy); exit == 0 || !strings.Contains(out, "ERROR: the cluster is locked") {
		t.Errorf("second change: %d %s", exit, out)
	}
	s.run(2 * time.Minute)
	if s.exit[first] != 0 {
		t.Error("the first one failed")
	}
	s.must("n1", "clmgr", "stop", "node", "n1", "when=now", "manage=unmanage")
	if out := s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage"); !strings.Contains(out, "WARNING") {
		t.Errorf("double unmanage: %s", out)
	}
	if out, exit := s.command("n2", "clmgr", "sync", "cluster"); exit == 0 || !strings.Contains(out, "forced down") {
		t.Errorf("sync while unmanaged: %d %s", exit, out)
	}
	if out := s.must("n2", "clmgr", "-a", "state", "query", "cluster"); out != "STATE=\"WARNING\"\n" {
		t.Errorf("cluster state: %q", out)
	}
}

func TestVariablesNeedASynchronisation(t *testing.T) {
	s := newShell(t, Config{})
	s.must("n1", "clmgr", "modify", "cluster", "HEARTBEAT_FREQUENCY_DURING_LPM=120", "LPM_POLICY=unmanage")
	if st := s.core.Status(); st.Variables.LPMPolicy != "" || !st.Variables.Unsynced || s.node("n2").Unsynced {
		t.Errorf("%+v", st.Variables)
	}
	if out := s.must("n1", "clmgr", "-a", "UNSYNCED_CHANGES,LPM_POLICY", "query", "cluster"); out != "UNSYNCED_CHANGES=\"true\"\nLPM_POLICY=\"unmanage\"\n" {
		t.Errorf("query: %q", out)
	}
	s.must("n1", "clmgr", "sync", "cluster")
	if st := s.core.Status(); st.Variables.LPMNodeTimeout != 120 || st.Variables.Unsynced {
		t.Errorf("%+v", st.Variables)
	}
	if out := s.must("n2", "clodmget", "-n", "-f", "lpm_policy", "HACMPcluster"); out != "UNMANAGE\n" {
		t.Errorf("clodmget: %q", out)
	}
	for _, bad := range []string{"HEARTBEAT_FREQUENCY=5", "LPM_POLICY=perhaps", "NO_SUCH=1"} {
		if _, exit := s.command("n1", "clmgr", "modify", "cluster", bad); exit == 0 {
			t.Errorf("%s was accepted", bad)
		}
	}
	s.must("n1", "clmgr", "-f", "modify", "cluster", "HEARTBEAT_FREQUENCY=600")
	if n := s.node("n2"); n.NodeTimeout != 600000 || s.core.Status().Variables.HeartbeatFrequency != 30 {
		t.Errorf("-f: %+v", n)
	}
}

func TestHangingClmgr(t *testing.T) {
	s := newShell(t, Config{})
	s.step(SetKnob{Name: "clmgr_hang@n1", Value: "query"})
	id := s.start("n1", "clmgr", "query", "cluster")
	s.run(10 * time.Minute)
	if s.done[id] {
		t.Error("it answered")
	}
	s.must("n2", "clmgr", "query", "cluster")
	s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
}

func TestStateWalkOfAnEvent(t *testing.T) {
	s := newShell(t, Config{})
	s.must("n1", "clmgr", "sync", "cluster")
	var walk []string
	for _, tr := range s.trace {
		if tr.Kind == "manager" && tr.Node == "n2" {
			walk = append(walk, tr.Fields["state"].(string))
		}
	}
	want := []string{"ST_RP_RUNNING", "ST_BARRIER", "ST_UNSTABLE", "ST_RP_RUNNING", "ST_UNSTABLE", "ST_CBARRIER", "ST_STABLE"}
	if !slices.Equal(walk, want) {
		t.Errorf("walk %v, want %v", walk, want)
	}
}

func TestStopOfflineAndMove(t *testing.T) {
	s := newShell(t, Config{})
	s.must("n1", "clmgr", "stop", "node", "n1", "WHEN=now", "MANAGE=move")
	if g := s.group0(); g.Owner != "n2" || s.node("n1").Services || s.core.Status().Takeovers != 0 {
		t.Errorf("move: %+v", g)
	}
	s.must("n2", "clmgr", "stop", "node", "n2", "WHEN=now", "MANAGE=offline")
	if g := s.group0(); g.Owner != "" || len(g.RunsOn) != 0 {
		t.Errorf("offline: %+v", g)
	}
	if out, exit := s.command("n1", "clRGinfo", "-s"); exit == 0 || !strings.Contains(out, "Cluster IPC error") {
		t.Errorf("clRGinfo: %d %q", exit, out)
	}
	s.must("n2", "clmgr", "start", "node", "n2", "WHEN=now", "MANAGE=auto")
	if g := s.group0(); g.Owner != "n2" || g.State != "ONLINE" {
		t.Errorf("start: %+v", g)
	}
}

func TestFreezeBeyondTheLimitInTheMidstOfAStop(t *testing.T) {
	s := newShell(t, Config{Version: "7.1.3", Knobs: map[string]string{"dms_fires_on_wake": "no", "merge_halts": "no"}})
	id := s.start("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
	s.run(5 * time.Second)
	s.step(FreezeDone{Node: "n1"})
	s.run(2 * time.Minute)
	if g := s.group0(); g.Owner != "n2" || s.core.Status().Takeovers != 1 {
		t.Errorf("the unfinished stop kept the group: %+v", g)
	}
	s.step(ThawDone{Node: "n1"})
	s.run(time.Minute)
	if !s.done[id] || s.exit[id] == 0 {
		t.Errorf("the stop that was broken off: done %v exit %d", s.done[id], s.exit[id])
	}
}

func TestFastRebootIsTakenOver(t *testing.T) {
	s := newShell(t, Config{})
	s.step(NodeDied{Node: "n1"})
	s.run(5 * time.Second)
	s.step(Boot{Node: "n1"})
	s.run(time.Minute)
	if g := s.group0(); g.Owner != "n2" || g.State != "ONLINE" || s.core.Status().Takeovers != 1 {
		t.Errorf("%+v", g)
	}
	if n := s.node("n1"); n.Services || n.State != "OFFLINE" {
		t.Errorf("%+v", n)
	}
}

func TestAbsentProductScript(t *testing.T) {
	s := newShell(t, Config{})
	protect(s)
	s.step(SetKnob{Name: "cl_dr", Value: "absent"})
	got := s.migrate(MigrationRequested{Node: "n1", Freeze: 5 * time.Second})
	if got.Result != "completed" || len(s.starts) != 1 || s.has("dr_script", map[string]any{"by": "product"}) {
		t.Errorf("%+v, starts %v", got, s.starts)
	}
	if _, exit := s.command("n1", "cl_dr", "premigrate", "pmig"); exit != 127 {
		t.Errorf("cl_dr ended with %d", exit)
	}
}

func TestNoStandbyLeavesTheGroupInError(t *testing.T) {
	s := newShell(t, Config{})
	s.step(NodeDied{Node: "n2"})
	s.run(time.Minute)
	for range 40 {
		s.broken["rg_app n1"] = true
		s.run(5 * time.Second)
	}
	if g, st := s.group0(), s.core.Status(); g.State != "ERROR" || g.Owner != "n1" || st.Restarts != 2 || st.Takeovers != 0 {
		t.Errorf("%+v, restarts %d, takeovers %d", g, st.Restarts, st.Takeovers)
	}
	if !s.has("standby", map[string]any{"up": false}) {
		t.Error("the trace does not tell that the standby is gone")
	}
}

func TestForcedDownTooLong(t *testing.T) {
	s := newShell(t, Config{})
	s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
	s.run(2*time.Hour + time.Minute)
	if got := strings.Count(s.files["n1:var/hacmp/adm/cluster.log"], "EVENT START: forced_down_too_long"); got != 2 {
		t.Errorf("%d warnings in two hours", got)
	}
}

// FuzzCommandLine types anything: the core must answer every command, or let it be killed, and never panic.
func FuzzCommandLine(f *testing.F) {
	for _, l := range queries {
		_, rest, _ := strings.Cut(l, " ")
		f.Add(rest)
	}
	f.Add("clmgr -a")
	f.Add("clmgr -cva name q node =")
	f.Add("clmgr modify cluster =x LPM_POLICY=")
	f.Add("errpt -s 99 -J")
	f.Add("clctrl -tune -n n1 -o node_timeout=99999999999999999999")
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Fields(line)
		if len(words) == 0 {
			return
		}
		c, err := New(Config{Cluster: "c", Version: "7.2.7", Nodes: []string{"n1", "n2"}})
		if err != nil {
			t.Fatal(err)
		}
		done := false
		in := []Input{CommandStarted{ID: "x", Node: "n1", Name: words[0], Args: words[1:]}}
		for now := time.Duration(0); now < 10*time.Minute; now += 10 * time.Second {
			for _, e := range c.Step(now, in) {
				if d, ok := e.(CommandDone); ok && d.ID == "x" {
					done = true
				}
			}
			in = nil
		}
		if cm := c.commands["x"]; !done && cm != nil && cm.follow != nil { // errpt -c goes on until it is killed
			c.Step(10*time.Minute, []Input{CommandGone{ID: "x"}})
			done = c.commands["x"] == nil
		}
		if !done {
			t.Errorf("%q never ended", line)
		}
	})
}
