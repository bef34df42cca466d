package freeze

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

const samplerEnv = "FREEZE_TEST_SAMPLER"

// TestMain turns the test binary into a sampler that prints its gaps, when it is told to.
func TestMain(m *testing.M) {
	if os.Getenv(samplerEnv) == "" {
		os.Exit(m.Run())
	}
	s := NewSampler(Config{}, clock.System())
	s.SetFine(true)
	out := json.NewEncoder(os.Stdout)
	r, up := NewReader(), 0
	s.read = func() Sample {
		if up++; up == 3 {
			fmt.Println("{}") // it samples by now
		}
		return r.Read()
	}
	_ = s.Run(context.Background(), func(g Gap) { _ = out.Encode(g) })
}

// A process that is really stopped measures how long it was; the truth lies inside the bound.
func TestStoppedProcess(t *testing.T) {
	p, gaps := startSampler(t)
	for _, d := range []time.Duration{150 * ms, 400 * ms, 800 * ms} {
		least, most := stopFor(t, p, d)
		g := nextFreeze(t, gaps)
		if g.Estimate+g.Bound < least || g.Estimate-g.Bound > most {
			t.Errorf("stopped for %v to %v, measured %v ± %v: %+v", least, most, g.Estimate, g.Bound, g)
		}
		if g.RunDelay < 20*ms && g.Bound > 100*ms {
			t.Errorf("bound %v with a tick of %v: %+v", g.Bound, g.Tick, g)
		}
	}
}

// startSampler starts this binary as a sampler that is stopped with the test.
func startSampler(t *testing.T) (*os.Process, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.StartProcess(exe, []string{exe}, &os.ProcAttr{Env: append(os.Environ(), samplerEnv+"=1"), Files: []*os.File{nil, w, os.Stderr}})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() {
		_ = p.Kill()
		_, _ = p.Wait()
		r.Close()
	})
	_ = r.SetReadDeadline(time.Now().Add(time.Minute))
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		t.Fatalf("the sampler does not start: %v", lines.Err())
	}
	return p, lines
}

// stopFor stops the process for d and returns between what bounds it really stood.
func stopFor(t *testing.T, p *os.Process, d time.Duration) (least, most time.Duration) {
	t.Helper()
	before := clock.Monotonic()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for !stopped(p.Pid) {
		if clock.Monotonic()-before > 10*time.Second {
			t.Fatal("the process does not stop")
		}
	}
	stood := clock.Monotonic()
	time.Sleep(d)
	resume := clock.Monotonic()
	if err := p.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	return resume - stood, clock.Monotonic() - before
}

// stopped reads the state of proc_pid_stat(5), which follows the name in parentheses.
func stopped(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	i := bytes.LastIndex(b, []byte(") "))
	return i >= 0 && len(b) > i+2 && b[i+2] == 'T'
}

// nextFreeze skips what a busy machine adds.
func nextFreeze(t *testing.T, lines *bufio.Scanner) Gap {
	t.Helper()
	for lines.Scan() {
		var g Gap
		if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		if g.Kind == Suspended && g.Estimate > 100*ms {
			return g
		}
		t.Logf("also: %+v", g)
	}
	t.Fatalf("no freeze was seen: %v", lines.Err())
	return Gap{}
}
