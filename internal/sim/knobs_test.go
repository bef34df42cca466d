package sim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestExitCodes(t *testing.T) {
	for kind, want := range map[string][4]int{"one": {1, 1, 1, 1}, "classes": {4, 5, 7, 7}, "zero": {0, 0, 0, 0}} {
		s := newShell(t, Config{Knobs: map[string]string{"exit_codes": kind}})
		for i, line := range []string{"clmgr query", "clmgr frob node", "clmgr query node nosuch", "clRGinfo nosuch"} {
			argv := strings.Fields(line)
			if a := s.answered("n1", argv...); a.exit != want[i] || a.err == "" {
				t.Errorf("%s: %s: %+v, want exit %d", kind, line, a, want[i])
			}
		}
		if a := s.answered("n1", "clmgr", "query", "cluster"); a.exit != 0 {
			t.Errorf("%s: %+v", kind, a)
		}
	}
}

func TestClmgrWait(t *testing.T) {
	took := func(kv map[string]string, args ...string) (time.Duration, answered, *shell) {
		s := newShell(t, Config{Knobs: kv})
		began := s.now
		a := s.answered("n1", append([]string{"clmgr", "stop", "node", "n1", "MANAGE=unmanage"}, args...)...)
		return s.now - began, a, s
	}
	after, a, s := took(nil)
	if after < 13*time.Second || a.exit != 0 || s.node("n1").Managed {
		t.Errorf("after: %v %+v", after, a)
	}
	for _, how := range []map[string]string{{"clmgr_wait": "before"}, nil} {
		arg := []string{"TIMEOUT=0"}
		if how != nil {
			arg = nil
		}
		d, a, s := took(how, arg...)
		if d >= after || a.exit != 0 || !s.node("n1").Managed {
			t.Errorf("%v %v: %v %+v", how, arg, d, a)
		}
		if s.run(time.Minute); s.node("n1").Managed {
			t.Errorf("%v: it was not done in the background", how)
		}
	}
	if d, a, s := took(nil, "TIMEOUT=5"); d >= after || a.exit == 0 || !strings.Contains(a.err, "within 5 seconds") {
		t.Errorf("TIMEOUT=5: %v %+v", d, a)
	} else if s.run(time.Minute); s.node("n1").Managed {
		t.Error("TIMEOUT=5: it was not done in the background")
	}
}

func TestWatchdog(t *testing.T) {
	for _, c := range []struct {
		fires, suspended string
		dies             bool
	}{{"no", "no", false}, {"yes", "no", true}, {"yes", "yes", false}} {
		s := newShell(t, Config{Knobs: map[string]string{"pvm_wdog_fires": c.fires, "pvm_wdog_suspended": c.suspended, "pvm_wdog_listed": "yes"}})
		protect(s)
		s.must("n1", "clmgr", "modify", "cluster", "CAA_PVM_WATCHDOG_TIMER=hard_reset", "HEARTBEAT_FREQUENCY_DURING_LPM=60")
		s.must("n1", "clmgr", "sync", "cluster")
		got := s.migrate(MigrationRequested{Node: "n1", Freeze: 65 * time.Second})
		if (got.Result == "lost") != c.dies {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

// With the survivor unmanaged, the event of a node's death may be run or not; either way nothing is taken over.
func TestEventsWhileUnmanaged(t *testing.T) {
	for value, runs := range map[string]bool{"yes": true, "no": false} {
		s := newShell(t, Config{Knobs: map[string]string{"events_while_unmanaged": value}})
		s.must("n2", "clmgr", "stop", "node", "n2", "MANAGE=unmanage")
		s.step(NodeDied{Node: "n1"})
		s.run(3 * time.Minute)
		if got := strings.Contains(s.files["n2:var/hacmp/adm/cluster.log"], "EVENT START: node_down n1"); got != runs || s.core.Status().Takeovers != 0 {
			t.Errorf("%s: node_down run: %v, takeovers %d", value, got, s.core.Status().Takeovers)
		}
	}
}

func TestUnmanagedVotes(t *testing.T) {
	for value, votes := range map[string]bool{"yes": true, "no": false} {
		s := newShell(t, Config{Nodes: []string{"n1", "n2", "n3"}, Knobs: map[string]string{"unmanaged_votes": value}})
		s.must("n3", "clmgr", "stop", "node", "n3", "MANAGE=unmanage")
		if n := s.node("n3"); n.Manager != stStable {
			t.Fatalf("%s: after the stop %s", value, n.Manager)
		}
		mark := len(s.trace)
		s.must("n1", "clmgr", "move", "rg", "rg_app", "NODE=n2")
		took := false
		for _, tr := range s.trace[mark:] {
			took = took || tr.Kind == "manager" && tr.Node == "n3"
		}
		if took != votes {
			t.Errorf("%s: took part: %v", value, took)
		}
	}
}

func TestOtherExitCodesOfDRScripts(t *testing.T) {
	for value, result := range map[string]string{"failure": "vetoed", "success": "completed"} {
		s := newShell(t, Config{Knobs: map[string]string{"dr_other_exit": value}})
		s.own = func(string, string) ScriptEnded { return ScriptEnded{Exit: 3} }
		if err := s.core.RegisterDRScript("n1", "/dr/own", "a_own", "ours", time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := s.migrate(MigrationRequested{Node: "n1", Freeze: time.Second}); got.Result != result {
			t.Errorf("%s: %+v", value, got)
		}
	}
}

// What cl_dr forgets stays behind after a migration; nothing else does.
func TestClDRForgets(t *testing.T) {
	left := func(s *shell) map[string]bool {
		n, peer := s.node("n1"), s.node("n2")
		_, state := s.files["n1:"+clDRStateFile]
		_, restrict := s.files["n1:"+ifrestrictFile]
		if restrict != n.IfRestrict {
			t.Errorf("ifrestrict: file %v, node %v", restrict, n.IfRestrict)
		}
		return map[string]bool{
			forgetTimeout: n.NodeTimeout != 30000, forgetSwitch: !n.DeadManSwitch, forgetPeer: !peer.DeadManSwitch,
			forgetMode: n.DeadmanMode != "a", forgetRestrict: n.IfRestrict, forgetInittab: n.Inittab, forgetState: state, forgetResume: !n.Managed,
		}
	}
	kinds := []string{forgetTimeout, forgetSwitch, forgetPeer, forgetMode, forgetRestrict, forgetInittab, forgetState, forgetResume}
	for _, value := range append([]string{"nothing", "all", forgetMode + "," + forgetInittab}, kinds...) {
		s := newShell(t, Config{Knobs: map[string]string{"cl_dr_forgets": value}})
		protect(s)
		if got := s.migrate(MigrationRequested{Node: "n1", Freeze: 3 * time.Second}); got.Result != "completed" {
			t.Fatalf("%s: %+v", value, got)
		}
		for kind, is := range left(s) {
			want := strings.Contains(","+value+",", ","+kind+",") || value == "all" && kind != forgetResume
			if is != want {
				t.Errorf("cl_dr_forgets=%s: %s left behind: %v", value, kind, is)
			}
		}
	}
	if CheckKnob("cl_dr_forgets", "inittab,keys") == nil {
		t.Error("a thing that cl_dr does not know is taken")
	}
}

// A restriction that the site had made stands again after the migration.
func TestOwnIfRestrict(t *testing.T) {
	s := newShell(t, Config{Knobs: map[string]string{"ifrestrict": "present"}})
	protect(s)
	during := ""
	s.at(70*time.Second, SetKnob{Name: "ifrestrict", Value: "present"})
	s.step(MigrationRequested{ID: "m", Node: "n1", Precopy: time.Minute, Freeze: 3 * time.Second})
	for range 600 {
		s.run(time.Second)
		if s.node("n1").IfRestrict {
			during = s.files["n1:"+ifrestrictFile] + "|" + s.files["n1:"+ifrestrictCopy]
		}
	}
	_, copied := s.files["n1:"+ifrestrictCopy]
	if during != "en5\nsfwcom\n|en5\n" || s.files["n1:"+ifrestrictFile] != "en5\n" || copied {
		t.Errorf("during %q, after %q, copy %v", during, s.files["n1:"+ifrestrictFile], copied)
	}
}

func TestLayoutsOfCAA(t *testing.T) {
	s := newShell(t, Config{})
	for _, c := range []struct{ knob, value, line, want string }{
		{"lscluster_layout", "new", "lscluster -m", "Points of contact for node: 2"},
		{"lscluster_layout", "old", "lscluster -m", "Number of points_of_contact for node: 2\nPoint-of-contact interface & contact state\n"},
		{"lscluster_layout", "new", "lscluster -m", "tcpsock->02"},
		{"heartbeat_type", "multicast", "lscluster -m", "dpcom         DOWN   none        RESTRICTED"},
		{"heartbeat_type", "multicast", "lscluster -c", "Communication Mode: multicast"},
		{"heartbeat_type", "multicast", "clmgr -a heartbeat_type query cluster", `HEARTBEAT_TYPE="multicast"`},
		{"heartbeat_type", "multicast", "clctrl -tune -x communication_mode", "m\n"},
		{"heartbeat_type", "multicast", "cltopinfo", "Heartbeat Type:  Multicast"},
		{"heartbeat_type", "unicast", "odmget HACMPcluster", `heartbeattype = "U"`},
		{"rginfo_heading", "state", "clRGinfo", "State            Node"},
		{"rginfo_heading", "group_state", "clRGinfo", "Group State      Node"},
		{"rg_state.rg_app@n1", "TEMPORARY ERROR", "clRGinfo -s", ":TEMPORARY ERROR:n1"},
		{"rg_state.rg_app@n1", "", "clRGinfo -s", ":ONLINE:n1"},
	} {
		s.step(SetKnob{Name: c.knob, Value: c.value})
		if got := s.must("n1", strings.Fields(c.line)[0], strings.Fields(c.line)[1:]...); !strings.Contains(got, c.want) {
			t.Errorf("%s=%s: %s: %s", c.knob, c.value, c.line, got)
		}
	}
}

// Every knob is set by some test, and every knob and tool is in the guide.
func TestKnobsAreTestedAndDocumented(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(b)
	}
	guide, err := os.ReadFile("../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range knobTable() {
		if !strings.Contains(tests.String(), `"`+name) {
			t.Errorf("no test sets knob %s", name)
		}
		if !strings.Contains(string(guide), "`"+name) {
			t.Errorf("docs/simulator.md says nothing of knob %s", name)
		}
		for _, v := range k.values {
			if !strings.Contains(string(guide), "`"+v+"`") && !strings.Contains(string(guide), v) {
				t.Errorf("docs/simulator.md says nothing of %s=%s", name, v)
			}
		}
	}
	for _, tool := range Tools() {
		if !strings.Contains(string(guide), "`"+tool) {
			t.Errorf("docs/simulator.md says nothing of %s", tool)
		}
	}
}

func TestHangsOfClmgr(t *testing.T) {
	for value, hangs := range map[string][2]bool{"no": {false, false}, "query": {true, false}, "act": {false, true}, "all": {true, true}} {
		s := newShell(t, Config{Knobs: map[string]string{"clmgr_hang": value}})
		query := s.start("n1", "clmgr", "query", "cluster")
		act := s.start("n1", "clmgr", "modify", "cluster", "GRACE_PERIOD=20")
		s.run(10 * time.Minute)
		if got := [2]bool{!s.done[query], !s.done[act]}; got != hangs {
			t.Errorf("%s: query and act hang: %v", value, got)
		}
	}
}

func TestShortSpellingAndCrashedPartitions(t *testing.T) {
	s := newShell(t, Config{Knobs: map[string]string{"rg_state_spelling": "short"}})
	s.core.groups[0].state = "TEMPORARY ERROR"
	if got := s.must("n1", "clRGinfo", "-s"); !strings.Contains(got, ":TEMP ERROR:n1:") {
		t.Errorf("short: %s", got)
	}
	s.step(NodeDied{Node: "n1"})
	for _, word := range []string{"Error", "Open Firmware", "Not Available", "Running"} {
		s.step(SetKnob{Name: "hmc_crash_shows", Value: word})
		if got := s.lpar(sourceSystem, "state"); got != word {
			t.Errorf("crashed: %q, want %q", got, word)
		}
	}
}

func TestMoveOfAGroupWhoseUnmanagedOwnerDied(t *testing.T) {
	for value, want := range map[string][2]bool{"accept": {true, true}, "refuse": {false, false}, "accept_after_node_down": {false, true}} {
		for i, wait := range []time.Duration{5 * time.Second, 3 * time.Minute} {
			s := newShell(t, Config{Knobs: map[string]string{"move_unmanaged_dead_owner": value}})
			s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
			s.step(NodeDied{Node: "n1"})
			s.run(wait)
			_, exit := s.command("n2", "clmgr", "move", "rg", "rg_app", "NODE=n2")
			if (exit == 0) != want[i] || (s.group0().Owner == "n2") != want[i] {
				t.Errorf("%s after %v: exit %d, %+v", value, wait, exit, s.group0())
			}
		}
	}
}

func TestClusterManagerThatIsNotThere(t *testing.T) {
	says := func(s *shell, line string) string {
		a := s.answered("n1", strings.Fields(line)...)
		return strings.TrimSpace(a.out + a.err)
	}
	for value, want := range map[string][4]string{
		"active":         {"ST_STABLE", "active", "CLUSTER_NAME", ":ONLINE:n1"},
		"inoperative":    {"0513-036", "inoperative", "CLUSTER_NAME", ":ONLINE:n1"},
		"not_on_file":    {"0513-085", "0513-086", "ERROR", ":ONLINE:n1"},
		"not_configured": {"Current state: NOT_CONFIGURED", "active", "ERROR", ":ONLINE:n1"},
	} {
		s := newShell(t, Config{Knobs: map[string]string{"clstrmgr@n1": value}})
		for i, line := range []string{"lssrc -ls clstrmgrES", "lssrc -g cluster", "clmgr query cluster", "clRGinfo -s"} {
			if got := says(s, line); !strings.Contains(got, want[i]) {
				t.Errorf("%s: %s: %s", value, line, got)
			}
		}
		s.step(SetKnob{Name: "clstrmgr@n2", Value: value}) // nobody is left that clRGinfo could ask
		if got := says(s, "clRGinfo -s"); (value == "active") == strings.Contains(got, "Cluster IPC error") {
			t.Errorf("%s everywhere: %s", value, got)
		}
		if got := says(s, "clshowsrv -v"); strings.Contains(got, "CLversion") != (value == "active") {
			t.Errorf("%s: clshowsrv: %s", value, got)
		}
	}
}
