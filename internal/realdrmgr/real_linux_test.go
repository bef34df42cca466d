package realdrmgr

import (
	"os"
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
	n.until("the server is known", n.server(serials[0]))
	ran, err := n.r.Check(t.Context())
	n.ran(ran, err, 0, "check")

	truth, measured := n.migrate(exporter, serials[1])
	n.wrote("checkmigrate", "premigrate begin", "premigrate end", "postmigrate")
	n.until("one migration is counted", func() bool { return n.migrations("completed") == 1 })
	n.until("the new server is known", n.server(serials[1]))
	if strings.Contains(n.metrics(), serials[0]) {
		t.Error("the old server is still told of")
	}
	// Where others keep the processors busy, the exporter says that it is not sure; then the migration is done again.
	for i := 0; !n.judge(truth, measured); i++ {
		if i == 3 {
			t.Fatalf("this machine is too busy: no freeze of 4 was measured to %v", tolerance)
		}
		truth, measured = n.migrate(exporter, serials[i%2])
	}
}

// serials are those of two servers.
var serials = [2]string{"0278AAAAA", "0278BBBBB"}

func (n *node) server(serial string) func() bool {
	return func() bool {
		v, ok := n.value("powerha_lpm_server_info", `cluster="c1",node="n1",serial="`+serial+`",type_model="9009-42A"`)
		return ok && v == 1
	}
}

// freeze is what the exporter answers.
type freeze struct{ length, bound time.Duration }

// migrate suspends the partition for freezeFor, moves it to another server, and waits for what is published of the freeze.
func (n *node) migrate(exporter *os.Process, serial string) (truth Truth, measured freeze) {
	n.t.Helper()
	was, _ := n.freeze("start_timestamp")
	ran, err := n.r.Migrate(n.t.Context(), func() (err error) {
		if truth, err = Stop(freezeFor, exporter.Pid); err != nil {
			return err
		}
		return n.r.SetSerial(serial)
	})
	n.ran(ran, err, 0, "pre", "post")
	n.until("the freeze is published", func() bool {
		now, ok := n.freeze("start_timestamp")
		return ok && now != was
	})
	length, _ := n.freeze("duration")
	bound, _ := n.freeze("error_bound")
	return truth, freeze{seconds(length), seconds(bound)}
}

func (n *node) freeze(what string) (float64, bool) {
	return n.value("powerha_lpm_last_freeze_"+what+"_seconds", `cluster="c1",estimator="fused",node="n1"`)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// judge holds what was measured against the truth. It reports false when it is off by more than the tolerance, which is
// an error unless the bound that was published with it says so.
func (n *node) judge(truth Truth, measured freeze) bool {
	n.t.Helper()
	off := (measured.length - truth.Length()).Abs()
	n.t.Logf("freeze of %v to %v, measured %v ± %v: %v off", truth.Resume-truth.Stood, truth.Gone-truth.Ask, measured.length, measured.bound, off)
	if measured.length+measured.bound < truth.Resume-truth.Stood || measured.length-measured.bound > truth.Gone-truth.Ask {
		n.t.Errorf("the truth is outside of the published bound of %v", measured.bound)
	}
	return off <= tolerance
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
		if err := n.r.SetSerial(serials[1]); err != nil {
			t.Error(err)
		}
		return Suspended
	})
	n.ran(ran, err, 0, "pre", "pre", "pre", "pre", "post")
	n.wrote(strings.Split(strings.Repeat("premigrate begin,premigrate end,", 4)+"postmigrate", ",")...)
	n.until("the freeze is published", func() bool { _, ok := n.freeze("start_timestamp"); return ok })
	length, _ := n.freeze("duration")
	bound, _ := n.freeze("error_bound")
	if !n.judge(truth, freeze{seconds(length), seconds(bound)}) {
		t.Log("a busy machine")
	}
	n.until("one migration is counted", func() bool { return n.migrations("completed") == 1 })
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
	n.until("one migration is counted", func() bool { return n.migrations("aborted") == 1 })
	// On a busy machine something may look like a freeze; then its bound says that it may be none.
	if length, ok := n.freeze("duration"); ok {
		bound, _ := n.freeze("error_bound")
		t.Logf("a freeze of %v ± %v was published", seconds(length), seconds(bound))
		if length-bound > tolerance.Seconds() {
			t.Errorf("it is made up\n%s", n.log.String())
		}
	}
}

// migrations counts those that ended so.
func (n *node) migrations(result string) float64 {
	v, _ := n.value("powerha_lpm_migrations_total", `cluster="c1",node="n1",result="`+result+`"`)
	return v
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
