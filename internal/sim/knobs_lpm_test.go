package sim

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestVariableKnobs(t *testing.T) {
	for _, c := range []struct {
		knob, value, attr string
		stop, refused     bool
	}{
		{"modify_refused_when_unmanaged", "no", "GRACE_PERIOD=20", true, false},
		{"modify_refused_when_unmanaged", "yes", "GRACE_PERIOD=20", true, true},
		{"lpm_timeout_changeable", "yes", "HEARTBEAT_FREQUENCY_DURING_LPM=120", false, false},
		{"lpm_timeout_changeable", "no", "HEARTBEAT_FREQUENCY_DURING_LPM=120", false, true},
	} {
		s := newShell(t, Config{Knobs: map[string]string{c.knob: c.value}})
		if c.stop {
			s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
		}
		if _, exit := s.command("n1", "clmgr", "modify", "cluster", c.attr); (exit != 0) != c.refused {
			t.Errorf("%+v: exit %d", c, exit)
		}
	}
}

func TestTimeLimitsOfDRScripts(t *testing.T) {
	for _, limit := range []string{"10", "25"} {
		s := newShell(t, Config{Knobs: map[string]string{"dr_timeout_default": limit, "cl_dr_timeout": limit + "0"}})
		if err := s.core.RegisterDRScript("n1", "/dr/own", "a_own", "ours", 0); err != nil {
			t.Fatal(err)
		}
		s.migrate(MigrationRequested{Node: "n1", Freeze: time.Second})
		if !containsEffect(s, "Path:/dr/own", "Timeout:"+limit+"s") {
			t.Errorf("a script without DR_TIMEOUT does not get %s s", limit)
		}
		if out := s.must("n1", "cl_dr", "scriptinfo"); !strings.Contains(out, "DR_TIMEOUT="+limit+"0\n") {
			t.Errorf("cl_dr: %s", out)
		}
	}
}

func TestEnvironmentOfDRScripts(t *testing.T) {
	for value, want := range map[string]bool{"yes": true, "no": false} {
		s := newShell(t, Config{Knobs: map[string]string{"dr_env": value}})
		s.migrate(MigrationRequested{Node: "n1", Freeze: time.Second})
		if got := containsEffect(s, "Path:/dr/cl_dr", "DR_FORCE=FALSE", "DR_DETAIL_LEVEL=0"); got != want {
			t.Errorf("%s: the variables are there: %v", value, got)
		}
	}
}

func TestUndoScope(t *testing.T) {
	for value, want := range map[string][]string{"ran": {"premigrate", "undopremigrate"}, "all": {"premigrate", "undopremigrate", "undopremigrate"}} {
		s := newShell(t, Config{Knobs: map[string]string{"dr_undo_scope": value, "cl_dr": "absent"}})
		var verbs []string
		s.own = func(verb, _ string) ScriptEnded {
			if verb == "premigrate" || verb == "undopremigrate" {
				verbs = append(verbs, verb)
			}
			if verb == "premigrate" {
				return ScriptEnded{Exit: 10}
			}
			return ScriptEnded{}
		}
		for _, name := range []string{"a_own", "b_own"} {
			if err := s.core.RegisterDRScript("n1", "/dr/"+name, name, "ours", time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.migrate(MigrationRequested{Node: "n1", Freeze: time.Second}); got.Result != "vetoed" || !slices.Equal(verbs, want) {
			t.Errorf("%s: %+v, %v", value, got, verbs)
		}
	}
}

func TestResumeWhenGroupElsewhere(t *testing.T) {
	for value, owner := range map[string]string{"leave": "n2", "acquire": "n1"} {
		s := newShell(t, Config{Knobs: map[string]string{"resume_when_group_elsewhere": value}})
		s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=move")
		s.must("n1", "clmgr", "start", "node", "n1", "MANAGE=auto")
		if g := s.group0(); g.Owner != owner {
			t.Errorf("%s: %+v", value, g)
		}
	}
}

func TestUndoAtBoot(t *testing.T) {
	for _, delay := range []string{"30", "300"} {
		s := newShell(t, Config{Knobs: map[string]string{"lpm_undo_boot_delay": delay}})
		protect(s)
		s.migrate(MigrationRequested{Node: "n1", Freeze: 20 * time.Second, Die: "suspend"})
		s.step(Boot{Node: "n1"})
		if s.run(2 * time.Minute); s.node("n1").Inittab != (delay == "300") {
			t.Errorf("%s s: the entry stands after two minutes: %v", delay, s.node("n1").Inittab)
		}
		if s.run(6 * time.Minute); s.node("n1").Inittab {
			t.Errorf("%s s: the entry stands after eight minutes", delay)
		}
	}
}

func TestForcedDownWarning(t *testing.T) {
	for after, want := range map[string]int{"60": 10, "3600": 0} {
		s := newShell(t, Config{Knobs: map[string]string{"forced_down_warn_s": after}})
		s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
		s.run(10*time.Minute + 30*time.Second)
		if got := strings.Count(s.files["n1:var/hacmp/adm/cluster.log"], "EVENT START: forced_down_too_long"); got != want {
			t.Errorf("%s: %d warnings in ten minutes", after, got)
		}
	}
}
