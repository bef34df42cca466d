package realdrmgr

import (
	"math"
	"strings"
	"testing"
	"time"
)

// freezeFor is how long the partition is suspended, tolerance how far the measured freeze may be from it.
const (
	freezeFor = 2 * time.Second
	tolerance = 100 * time.Millisecond
)

// A check that nothing speaks against passes; the hook is called and writes it down.
func TestCheck(t *testing.T) {
	n := newNode(t)
	ran, err := n.r.Check(t.Context())
	n.ran(ran, err, 0, "check")
	n.wrote("checkmigrate")
}

// A refusal of the actor vetoes the migration, and the user of the HMC sees why; once that is gone a check passes.
func TestVeto(t *testing.T) {
	n := newNode(t)
	const policy = "migration: {mode: native, preflight: enforce}\n"
	n.configure(policy)
	standby := n.actor(policy, "OFFLINE")
	ran, err := n.r.Check(t.Context())
	n.ran(ran, err, 1, "check", "undocheck")
	if len(ran.Hooks) > 0 && ran.Hooks[0].Exit != 1 {
		t.Errorf("hook %+v", ran.Hooks[0])
	}
	const reason = "powerha_lpm: the migration is refused: no_standby_up"
	if !strings.Contains(ran.Output, reason) {
		t.Errorf("the reason is not shown:\n%s", ran.Output)
	}
	t.Logf("drmgr ended with %d and showed: %s", ran.Exit, line(ran.Output, reason))
	n.wrote("checkmigrate", "undocheckmigrate")
	standby("NORMAL")
	ran, err = n.r.Check(t.Context())
	n.ran(ran, err, 0, "check")
	if strings.Contains(ran.Output, "powerha_lpm:") {
		t.Errorf("complains of a node that is ready:\n%s", ran.Output)
	}
}

// line returns the line that holds a text.
func line(text, what string) string {
	for l := range strings.Lines(text) {
		if strings.Contains(l, what) {
			return strings.TrimSpace(l)
		}
	}
	return ""
}

// A whole migration: the hook before and after it, and a freeze that is measured rightly.
func TestFreeze(t *testing.T) {
	n := newNode(t)
	exporter := n.exporter()
	n.until("the server is known", func() bool {
		v, ok := n.value("powerha_lpm_server_info", `cluster="c1",node="n1",serial="0278AAAAA",type_model="9009-42A"`)
		return ok && v == 1
	})
	ran, err := n.r.Check(t.Context())
	n.ran(ran, err, 0, "check")

	var truth Truth
	ran, err = n.r.Migrate(t.Context(), func() (err error) {
		if truth, err = Stop(freezeFor, exporter.Pid); err != nil {
			return err
		}
		return n.r.SetSerial("0278BBBBB")
	})
	n.ran(ran, err, 0, "pre", "post")
	n.wrote("checkmigrate", "premigrate begin", "premigrate end", "postmigrate")
	var measured float64
	n.until("the freeze is published", func() (ok bool) {
		measured, ok = n.value("powerha_lpm_last_freeze_duration_seconds", `cluster="c1",estimator="clock",node="n1"`)
		return ok
	})
	off := time.Duration(math.Abs(measured-truth.Length().Seconds()) * float64(time.Second))
	t.Logf("freeze of %v to %v, measured %.4f s: %v off", truth.Resume-truth.Stood, truth.Gone-truth.Ask, measured, off)
	if off > tolerance {
		t.Errorf("off by %v, more than %v", off, tolerance)
	}
	n.until("one migration is counted", func() bool {
		v, ok := n.value("powerha_lpm_migrations_total", `cluster="c1",node="n1",result="`+completed+`"`)
		return ok && v == 1
	})
	n.until("the new server is known", func() bool {
		v, ok := n.value("powerha_lpm_server_info", `cluster="c1",node="n1",serial="0278BBBBB",type_model="9009-42A"`)
		return ok && v == 1
	})
	if strings.Contains(n.metrics(), "0278AAAAA") {
		t.Error("the old server is still told of")
	}
}

// Firmware that cannot suspend yet: drmgr runs the hooks again and again. It is one migration with one end.
func TestNotSuspendable(t *testing.T) {
	n := newNode(t)
	exporter := n.exporter()
	var truth Truth
	ran, err := n.r.MigrateByFirmware(t.Context(), func(call int) int32 {
		if call < 4 {
			return NotSuspendable
		}
		var err error
		if truth, err = Stop(freezeFor, exporter.Pid); err != nil {
			t.Error(err)
		}
		return Suspended
	})
	n.ran(ran, err, 0, "pre", "pre", "pre", "pre", "post")
	n.wrote(strings.Split(strings.Repeat("premigrate begin,premigrate end,", 4)+"postmigrate", ",")...)
	n.until("the freeze is published", func() bool {
		measured, ok := n.value("powerha_lpm_last_freeze_duration_seconds", `cluster="c1",estimator="clock",node="n1"`)
		return ok && math.Abs(measured-truth.Length().Seconds()) <= tolerance.Seconds()
	})
	n.until("one migration is counted", func() bool { return n.migrations() == 1 })
}

// Firmware that fails: drmgr calls post all the same and tells nobody. The freeze that did not happen is not made up.
func TestPostWithoutSuccess(t *testing.T) {
	n := newNode(t)
	n.exporter()
	ran, err := n.r.MigrateByFirmware(t.Context(), func(int) int32 { return HardwareError })
	if ran.Exit == 0 {
		t.Errorf("drmgr ended with 0\n%s", ran.Output)
	}
	n.ran(ran, err, ran.Exit, "pre", "post")
	n.wrote("premigrate begin", "premigrate end", "postmigrate")
	n.until("one migration is counted", func() bool { return n.migrations() == 1 })
	if v, ok := n.value("powerha_lpm_last_freeze_duration_seconds", `cluster="c1",estimator="clock",node="n1"`); ok && v > tolerance.Seconds() {
		t.Errorf("a freeze of %v s was published", v)
	}
}

// migrations sums the migrations that ended, whatever their result.
func (n *node) migrations() (sum float64) {
	for _, result := range []string{"completed", "aborted", "lost", "rebooted"} {
		v, _ := n.value("powerha_lpm_migrations_total", `cluster="c1",node="n1",result="`+result+`"`)
		sum += v
	}
	return sum
}

// Without the product's programs the link of the hook is dead, and drmgr goes on without it.
func TestHookGone(t *testing.T) {
	n := newNode(t)
	if err := n.r.Remove(bin + "/lpmctl"); err != nil {
		t.Fatal(err)
	}
	ran, err := n.r.Check(t.Context())
	n.ran(ran, err, 0)
}
