package sim

import (
	"strings"
	"testing"
	"time"
)

func TestSlowEventsAreTooLong(t *testing.T) {
	for takes, warned := range map[string]bool{"0": false, "500": true} {
		s := newShell(t, Config{Knobs: map[string]string{"event_takes.rg_move": takes}})
		id := s.start("n1", "clmgr", "move", "rg", "rg_app", "NODE=n2")
		s.run(20 * time.Minute)
		log, out := s.files["n2:var/hacmp/adm/cluster.log"], s.files["n2:"+hacmpOut]
		if !s.done[id] || s.exit[id] != 0 || s.group0().Owner != "n2" {
			t.Errorf("%s: done %v exit %d", takes, s.done[id], s.exit[id])
		}
		if got := strings.Contains(log, "EVENT START: config_too_long 360 /usr/es/sbin/cluster/events/rg_move.rp"); got != warned || got != strings.Contains(log, "EVENT COMPLETED: config_too_long 360") {
			t.Errorf("%s: %s", takes, log)
		}
		if n := strings.Count(out, "has been running recovery program"); (n > 3) != warned {
			t.Errorf("%s: %d messages", takes, n)
		}
		for _, file := range []string{out, s.files["n2:"+eventSummaries]} {
			if !strings.Contains(file, "HACMP Event Summary\nEvent: rg_move n2 1\nStart time: Sun Mar  1 12:00:0") || !strings.Contains(file, "End time: ") {
				t.Errorf("no summary: %s", file)
			}
		}
	}
}

func TestFailedEventWaitsForAPerson(t *testing.T) {
	s := newShell(t, Config{Knobs: map[string]string{"event_fails": "rg_move"}})
	id := s.start("n1", "clmgr", "move", "rg", "rg_app", "NODE=n2")
	s.run(time.Hour)
	if s.done[id] || s.node("n2").Manager != stFailed {
		t.Errorf("done %v, manager %s", s.done[id], s.node("n2").Manager)
	}
	if out := s.must("n2", "clmgr", "-cv", "-a", "name,state,raw_state", "query", "node"); !strings.Contains(out, "n2:ERROR:ST_RP_FAILED") {
		t.Errorf("%s", out)
	}
	if out := s.must("n2", "lssrc", "-ls", "clstrmgrES"); !strings.HasPrefix(out, "Current state: ST_RP_FAILED\n") {
		t.Errorf("%s", out)
	}
	if _, exit := s.command("n1", "clruncmd", "nosuch"); exit == 0 {
		t.Error("clruncmd takes any name")
	}
	s.must("n1", "clruncmd", "n2")
	s.run(time.Minute)
	if !s.done[id] || s.group0().Owner != "n2" || s.node("n2").Manager != stStable {
		t.Errorf("after clruncmd: done %v, %+v", s.done[id], s.group0())
	}
	if _, exit := s.command("n1", "clruncmd", "n2"); exit == 0 {
		t.Error("clruncmd found something to recover")
	}
}
