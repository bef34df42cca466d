package sim

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAbortRollsBack(t *testing.T) {
	for _, at := range []string{"pre", "copy", "suspend"} {
		s := newShell(t, Config{})
		protect(s)
		before := s.node("n1")
		got := s.migrate(MigrationRequested{Node: "n1", Precopy: 4 * time.Second, Freeze: 8 * time.Second, AbortAt: at})
		if got.Result != "aborted" {
			t.Errorf("%s: %+v", at, got)
		}
		if after := s.node("n1"); before != after {
			t.Errorf("%s: not restored:\nbefore %+v\nafter  %+v", at, before, after)
		}
		errlog := s.must("n1", "errpt")
		if !strings.Contains(errlog, "5E075ADF") || strings.Contains(errlog, "159D686C") {
			t.Errorf("%s: errpt:\n%s", at, errlog)
		}
	}
}

func TestAbortAfterCheckTouchesNothing(t *testing.T) {
	s := newShell(t, Config{})
	protect(s)
	acts := len(s.core.Status().Commands)
	got := s.migrate(MigrationRequested{Node: "n1", Freeze: time.Second, AbortAt: "check"})
	if got.Result != "aborted" || got.FrozenFor != 0 || len(s.core.Status().Commands) != acts+1 {
		t.Errorf("%+v, commands %+v", got, s.core.Status().Commands[acts:])
	}
	if strings.Contains(s.must("n1", "errpt"), "pmig") {
		t.Error("validation alone left an entry in errpt")
	}
}

func withOwn(t *testing.T, cfg Config, f func(verb, node string) ScriptEnded) *shell {
	t.Helper()
	s := newShell(t, cfg)
	if err := s.core.RegisterDRScript("n1", "/dr/aa_powerha_lpm", "aa_powerha_lpm", "ours", 300*time.Second); err != nil {
		t.Fatal(err)
	}
	s.own = f
	return s
}

func TestOurScriptVetoesInCheckAndPre(t *testing.T) {
	for _, verb := range []string{"checkmigrate", "premigrate"} {
		var undone bool
		s := withOwn(t, Config{}, func(v, _ string) ScriptEnded {
			undone = undone || v == "undopremigrate"
			if v == verb {
				return ScriptEnded{Exit: 10, Stdout: "DR_ERROR=not now\n"}
			}
			return ScriptEnded{}
		})
		got := s.migrate(MigrationRequested{Node: "n1", Freeze: time.Second})
		if got.Result != "vetoed" || !strings.Contains(got.Message, "not now") {
			t.Errorf("%s: %+v", verb, got)
		}
		if undone != (verb == "premigrate") {
			t.Errorf("%s: undo ran: %v", verb, undone)
		}
		if s.has("dr_script", map[string]any{"phase": verb, "by": "product"}) {
			t.Errorf("%s: cl_dr ran after the failure of the script before it", verb)
		}
	}
}

func TestScriptOverItsLimit(t *testing.T) {
	s := withOwn(t, Config{}, func(string, string) ScriptEnded { return ScriptEnded{Exit: -1, TimedOut: true} })
	if got := s.migrate(MigrationRequested{Node: "n1", Freeze: time.Second}); got.Result != "vetoed" || !strings.Contains(got.Message, "time limit") {
		t.Errorf("%+v", got)
	}
	s = withOwn(t, Config{Knobs: map[string]string{"dr_timeout_effect": "ignore"}}, func(string, string) ScriptEnded {
		return ScriptEnded{Exit: -1, TimedOut: true}
	})
	if got := s.migrate(MigrationRequested{Node: "n1", Freeze: time.Second}); got.Result != "completed" {
		t.Errorf("%+v", got)
	}
}

func TestOrderOfScripts(t *testing.T) {
	for order, want := range map[string][]string{
		"directory": {"aa_powerha_lpm", "cl_dr"}, "reverse": {"cl_dr", "aa_powerha_lpm"}, "product_first": {"cl_dr", "aa_powerha_lpm"},
	} {
		s := withOwn(t, Config{Knobs: map[string]string{"dr_script_order": order}}, nil)
		s.migrate(MigrationRequested{Node: "n1", Freeze: time.Second})
		var got []string
		for _, tr := range s.trace {
			if tr.Kind == "dr_script" && tr.Fields["phase"] == "premigrate" && tr.Fields["edge"] == "start" {
				got = append(got, tr.Fields["script"].(string))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", order, got, want)
		}
		list := s.must("n1", "drmgr", "-l")
		if strings.Index(list, want[0]) > strings.Index(list, want[1]) {
			t.Errorf("%s: drmgr -l:\n%s", order, list)
		}
	}
}

// gatedBefore unmanages the node from our script's premigrate, as a gated actor does.
func gatedBefore(t *testing.T, knobs map[string]string) (*shell, MigrationEnded) {
	t.Helper()
	s := newShell(t, Config{Knobs: knobs})
	protect(s)
	s.must("n1", "clmgr", "stop", "node", "n1", "WHEN=now", "MANAGE=unmanage", "BROADCAST=false")
	return s, s.migrate(MigrationRequested{Node: "n1", Precopy: time.Second, Freeze: time.Minute})
}

func TestProductMeetsAnUnmanagedNode(t *testing.T) {
	s, got := gatedBefore(t, nil)
	if n := s.node("n1"); got.Result != "completed" || n.Managed || n.Inittab || n.NodeTimeout != 30000 || !n.DeadManSwitch {
		t.Errorf("%+v %+v: the node stays unmanaged and the rest is restored", got, n)
	}
	if s.core.Status().Takeovers != 0 {
		t.Error("takeover")
	}
	s, _ = gatedBefore(t, map[string]string{"cl_dr_resumes_unmanaged": "yes"})
	if !s.node("n1").Managed {
		t.Error("cl_dr_resumes_unmanaged: the node was not resumed")
	}
	if _, got = gatedBefore(t, map[string]string{"cl_dr_check_unmanaged": "veto"}); got.Result != "vetoed" {
		t.Errorf("cl_dr_check_unmanaged: %+v", got)
	}
	if _, got = gatedBefore(t, map[string]string{"cl_dr_pre_unmanaged": "fail"}); got.Result != "vetoed" {
		t.Errorf("cl_dr_pre_unmanaged=fail: %+v", got)
	}
	if _, got = gatedBefore(t, map[string]string{"cl_dr_pre_unmanaged": "warn"}); got.Result != "completed" {
		t.Errorf("cl_dr_pre_unmanaged=warn: %+v", got)
	}
}

func TestPremigratePosition(t *testing.T) {
	at := func(position string) time.Duration {
		s := newShell(t, Config{Knobs: map[string]string{"premigrate_position": position}})
		s.migrate(MigrationRequested{Node: "n1", Precopy: time.Hour, Freeze: time.Second})
		for _, tr := range s.trace {
			if tr.Kind == "dr_script" && tr.Fields["phase"] == "premigrate" {
				return tr.At
			}
		}
		t.Fatal("no premigrate")
		return 0
	}
	if early, late := at("before_transfer"), at("before_suspend"); early > time.Minute || late < time.Hour {
		t.Errorf("premigrate at %v and %v", early, late)
	}
}

func TestOneMigrationAtATime(t *testing.T) {
	s := newShell(t, Config{})
	s.step(MigrationRequested{ID: "a", Node: "n1", Precopy: time.Minute, Freeze: time.Second})
	s.run(10 * time.Second)
	if got := s.migrate(MigrationRequested{Node: "n1"}); got.Result != "vetoed" {
		t.Errorf("same node: %+v", got)
	}
	if got := s.migrate(MigrationRequested{Node: "n2"}); got.Result != "vetoed" || !strings.Contains(got.Message, "in progress on node n1") {
		t.Errorf("other node: %+v", got)
	}
}

func TestNodeDiesInEachPhase(t *testing.T) {
	for _, die := range []string{"copy", "suspend", "post"} {
		s := newShell(t, Config{})
		protect(s)
		got := s.migrate(MigrationRequested{Node: "n1", Precopy: 4 * time.Second, Freeze: 10 * time.Second, Die: die})
		s.run(15 * time.Minute)
		st := s.core.Status()
		if got.Result != "lost" || s.node("n1").Alive || st.Takeovers != 0 || !s.node("n1").DeclaredDown {
			t.Errorf("%s: %+v, takeovers %d, node %+v", die, got, st.Takeovers, s.node("n1"))
		}
		if n2 := s.node("n2"); n2.NodeTimeout != 600000 || n2.DeadManSwitch {
			t.Errorf("%s: cl_dr left no trace on the peer: %+v", die, n2)
		}
	}
}

func TestInittabUndoesAtBoot(t *testing.T) {
	s := newShell(t, Config{})
	protect(s)
	s.migrate(MigrationRequested{Node: "n1", Precopy: 4 * time.Second, Freeze: 10 * time.Second, Die: "suspend"})
	s.step(Boot{Node: "n1"})
	if n := s.node("n1"); !n.Inittab || n.Services || n.NodeTimeout != 600000 {
		t.Fatalf("after the boot: %+v", n)
	}
	s.run(3 * time.Minute)
	n1, n2 := s.node("n1"), s.node("n2")
	if n1.Inittab || !n1.Services || n1.NodeTimeout != 30000 || n2.NodeTimeout != 30000 || !n2.DeadManSwitch || n1.SavedState {
		t.Errorf("after cl_dr undopremigrate:\n%+v\n%+v", n1, n2)
	}
	if g := s.group0(); g.Owner != "n1" || g.State != "ONLINE" {
		t.Errorf("group %+v", g)
	}
}

func TestFreezeInTheMidstOfAStop(t *testing.T) {
	s := newShell(t, Config{Version: "7.1.3", Knobs: map[string]string{"dms_fires_on_wake": "no", "merge_halts": "no"}})
	id := s.start("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
	s.run(5 * time.Second)
	s.step(FreezeDone{Node: "n1"})
	s.run(30 * time.Second)
	if s.done[id] || !s.node("n1").Managed {
		t.Fatal("a frozen node made progress")
	}
	s.step(ThawDone{Node: "n1"})
	s.run(8900 * time.Millisecond) // of 14 s, 5 s were done before the freeze
	if s.done[id] {
		t.Error("the stop did not lose the time of the freeze")
	}
	s.run(200 * time.Millisecond)
	if !s.done[id] || s.node("n1").Managed {
		t.Errorf("done %v, %+v", s.done[id], s.node("n1"))
	}
}

func TestProductKilledAtItsLimitStops(t *testing.T) {
	s := newShell(t, Config{})
	protect(s)
	id := s.start("n1", "cl_dr", "premigrate", "pmig")
	s.run(3 * time.Second)
	s.step(CommandGone{ID: id})
	s.run(time.Minute)
	n := s.node("n1")
	if n.Managed || n.NodeTimeout != 30000 || n.Inittab {
		t.Errorf("%+v: the stop that was begun ends, the rest of the script does not run", n)
	}
}
