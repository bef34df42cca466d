package sim

import (
	"strings"
	"testing"
	"time"
)

const sourceSystem, targetSystem = "Server-9009-42A-SN17268B0", "Server-9040-MR9-SN78A3C10"

// hmc asks from outside of all nodes.
func (s *shell) hmc(line string) answered {
	s.t.Helper()
	id := s.newID()
	s.step(CommandStarted{ID: id, Name: "hmc", Args: []string{line}})
	for range 100 {
		if s.done[id] {
			return answered{s.out[id], s.errOut[id], s.exit[id]}
		}
		s.run(100 * time.Millisecond)
	}
	s.t.Fatalf("the HMC does not answer %q", line)
	return answered{}
}

func (s *shell) lpar(system, fields string) string {
	s.t.Helper()
	command := "lssyscfg"
	if strings.Contains(fields, "migration") {
		command = "lslparmigr"
	}
	return strings.TrimSpace(s.hmc(command + " -r lpar -m " + system + ` --filter "lpar_names=n1" -F ` + fields).out)
}

func TestHMCStates(t *testing.T) {
	s := newShell(t, Config{})
	if got := s.lpar(sourceSystem, "name,state"); got != "n1,Running" {
		t.Errorf("running: %q", got)
	}
	if a := s.hmc("lssyscfg -r lpar -m " + targetSystem + " --filter lpar_names=n1 -F state"); a.exit == 0 {
		t.Errorf("on the other system: %+v", a)
	}
	s.step(NodeDied{Node: "n1"})
	if got := s.lpar(sourceSystem, "state"); got != "Error" {
		t.Errorf("crashed: %q", got)
	}
	s.step(SetKnob{Name: "hmc_crash_shows", Value: "Open Firmware"})
	if got := s.lpar(sourceSystem, "state"); got != "Open Firmware" {
		t.Errorf("crashed, with the knob: %q", got)
	}
	if a := s.hmc("chsysstate -m " + sourceSystem + " -r lpar -n n1 -o shutdown --immed"); a.exit != 0 || s.node("n1").Off {
		t.Errorf("shutdown: %+v; it is not to be off at once", a)
	}
	s.run(5 * time.Second)
	if got := s.lpar(sourceSystem, "state"); got != "Not Activated" || !s.node("n1").Off {
		t.Errorf("off: %q", got)
	}
	s.step(SetKnob{Name: "hmc_migration_words", Value: "lower"})
	if got := s.lpar(sourceSystem, "state"); got != "not activated" {
		t.Errorf("other words: %q", got)
	}
	s.step(SetKnob{Name: "hmc_state@n1", Value: "Hardware Discovery"}, SetKnob{Name: "hmc_migration_words", Value: "rest"})
	if got := s.lpar(sourceSystem, "state"); got != "Hardware_Discovery" {
		t.Errorf("any word: %q", got)
	}
	s.hmc("chsysstate -m " + sourceSystem + " -r lpar -n n1 -o on -f default")
	s.run(5 * time.Second)
	if !containsEffect(s, "BootNode", "n1") {
		t.Error("nobody was asked to boot it")
	}
}

// During a migration both systems list the partition; afterwards the target alone does.
func TestHMCMigration(t *testing.T) {
	s := newShell(t, Config{Delays: map[string]time.Duration{"hmc": 10 * time.Millisecond}})
	if got := s.lpar(sourceSystem, "name,migration_state"); got != "n1,Not Migrating" {
		t.Errorf("before: %q", got)
	}
	s.step(MigrationRequested{ID: "m", Node: "n1", Precopy: time.Minute, Freeze: 10 * time.Second})
	seen := map[string]bool{}
	for range 200 {
		s.run(500 * time.Millisecond)
		seen["source "+s.lpar(sourceSystem, "state")] = true
		seen["target "+s.lpar(targetSystem, "state")] = true
		seen[s.lpar(sourceSystem, "migration_state")] = true
		seen[s.lpar(targetSystem, "migration_state")] = true
		if s.ended != nil {
			break
		}
	}
	for _, want := range []string{
		"source Running", "source Migrating - Running", "target Migrating - Not Activated", "target Running", "source ",
		"Migration Starting", "Migration In Progress",
	} {
		if !seen[want] {
			t.Errorf("%q was not seen: %v", want, seen)
		}
	}
	if got := s.lpar(targetSystem, "state,migration_state"); s.ended == nil || got != "Running,Not Migrating" {
		t.Errorf("after: %q", got)
	}
	if a := s.hmc("lslparmigr -r lpar -m " + targetSystem); !strings.Contains(a.out, "name=n1,lpar_id=11,migration_state=Not Migrating\n") {
		t.Errorf("without -F: %+v", a)
	}
}

func TestHMCAnswers(t *testing.T) {
	s := newShell(t, Config{})
	for line, want := range map[string]string{
		"lssyscfg -r sys -F name:serial_num":                                sourceSystem + ":17268B0\n" + targetSystem + ":78A3C10\n",
		"lssyscfg -r sys -F name,state --header":                            "name,state\n" + sourceSystem + ",Operating\n",
		"lssyscfg -r lpar -m " + sourceSystem:                               "name=n2,lpar_id=12,lpar_env=aixlinux,state=Running",
		"lssyscfg -r lpar -m " + targetSystem:                               "No results were found.\n",
		"lssyscfg -r lpar -m " + sourceSystem + " -F lpar_id,dest_sys_name": "11,null\n",
		"lshmc -v": "Version: 10",
	} {
		a := s.hmc(line)
		if a.exit != 0 || !strings.Contains(a.out, want) {
			t.Errorf("%s: %+v", line, a)
		}
	}
	for _, bad := range []string{
		"", "rm -rf /", "lssyscfg -r lpar -m nosuch", "lssyscfg -r lpar -m " + sourceSystem + " -F nosuch", "lssyscfg -q x",
		"lssyscfg -r lpar -m " + sourceSystem + " --filter lpar_ids=1", "chsysstate -r lpar -m " + sourceSystem + " -n nosuch -o shutdown",
		"chsysstate -r lpar -m " + sourceSystem + " -n n1 -o on", "chsysstate -r lpar -m " + sourceSystem + " -n n1 -o dance", "lssyscfg -r",
	} {
		if a := s.hmc(bad); a.exit == 0 || a.err == "" {
			t.Errorf("%q: %+v", bad, a)
		}
	}
	s.step(SetKnob{Name: "output.hmc", Value: "cut:5"})
	if a := s.hmc("lssyscfg -r sys"); a.out != "name=" || a.exit != 0 {
		t.Errorf("cut: %+v", a)
	}
	s.step(SetKnob{Name: "output.hmc", Value: "normal"})
	s.step(SetKnob{Name: "hmc", Value: "busy"})
	if a := s.hmc("lshmc -v"); a.exit == 0 || !strings.Contains(a.err, "HSCL3205") {
		t.Errorf("busy: %+v", a)
	}
}

// The HMC answers while a node is frozen; but nobody asks it from there.
func TestHMCDuringAFreeze(t *testing.T) {
	s := newShell(t, Config{})
	s.step(FreezeDone{Node: "n1"})
	if got := s.lpar(sourceSystem, "state,rmc_state"); got != "Running,inactive" {
		t.Errorf("%q", got)
	}
	id := s.start("n1", "hmc", "lshmc", "-v")
	s.run(10 * time.Second)
	if s.done[id] {
		t.Error("a frozen node asked and was answered")
	}
	if out := s.must("n2", "hmc", "lshmc -v"); !strings.Contains(out, "Release: 3") {
		t.Errorf("%q", out)
	}
	s.step(ThawDone{Node: "n1"})
	s.run(time.Minute)
	if !s.done[id] {
		t.Error("after the thaw it has no answer")
	}
}
