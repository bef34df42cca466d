package freeze

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

const (
	samplerEnv = "FREEZE_TEST_SAMPLER"
	burnEnv    = "FREEZE_TEST_BURN"
)

// TestMain turns the test binary into a sampler that prints its gaps, or into a burner of time, when it is told to.
func TestMain(m *testing.M) {
	for os.Getenv(burnEnv) != "" { // until it is killed
		continue
	}
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
		s := stopFor(t, p, d)
		g := s.gap(t, gaps)
		if g.Kind != Suspended {
			t.Logf("a busy machine: %v, %+v", s, g)
			continue
		}
		s.judge(t, g)
		if g.Waits < 20*ms && g.Bound > 100*ms {
			t.Errorf("bound %v with a tick of %v: %+v", g.Bound, g.Tick, g)
		}
	}
}

// On a machine with twice as much to do as it can, the process is late to stop and late to go on: the truth lies
// inside the bound still, and a freeze is told from the waits around it.
func TestStoppedUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	load(t)
	p, gaps := startSampler(t)
	seen := 0
	const freezes = 10
	for i := range freezes {
		s := stopFor(t, p, 300*ms+time.Duration(i)*75*ms)
		g := s.gap(t, gaps)
		t.Logf("%v: %s %v ± %v, run delay %v, waits %v", s, g.Kind, g.Estimate, g.Bound, g.RunDelay, g.Waits)
		if g.Kind == Suspended {
			seen++
			s.judge(t, g)
		}
	}
	if seen < freezes/2 {
		t.Errorf("%d of %d freezes were taken for stalls", freezes-seen, freezes)
	}
}

// load keeps every processor busy twice over until the test ends.
func load(t *testing.T) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 * runtime.NumCPU() {
		p, err := os.StartProcess(exe, []string{exe}, &os.ProcAttr{Env: append(os.Environ(), burnEnv+"=1")})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = p.Kill()
			_, _ = p.Wait()
		})
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

// stop is one stop of a process, by CLOCK_MONOTONIC: asked for, seen, about to be ended, ended.
type stop struct{ ask, stood, resume, gone time.Duration }

func (s stop) String() string {
	return fmt.Sprintf("stopped for %v to %v", s.resume-s.stood, s.gone-s.ask)
}

// stopFor stops the process for d.
func stopFor(t *testing.T, p *os.Process, d time.Duration) (s stop) {
	t.Helper()
	s.ask = clock.Monotonic()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for !stopped(p.Pid) {
		if clock.Monotonic()-s.ask > 10*time.Second {
			t.Fatal("the process does not stop")
		}
	}
	s.stood = clock.Monotonic()
	time.Sleep(d)
	s.resume = clock.Monotonic()
	if err := p.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.gone = clock.Monotonic()
	return s
}

// gap waits for the gap in which the stop lies; a busy machine adds others.
func (s stop) gap(t *testing.T, lines *bufio.Scanner) Gap {
	t.Helper()
	for lines.Scan() {
		var g Gap
		if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		if (g.Kind == Suspended || g.Kind == Stalled) && g.Start.Mono <= s.stood && g.End.Mono >= s.resume {
			return g
		}
	}
	t.Fatalf("%v, and nothing was seen: %v", s, lines.Err())
	return Gap{}
}

// judge holds the estimate against what is known of the truth.
func (s stop) judge(t *testing.T, g Gap) {
	t.Helper()
	if g.Estimate+g.Bound < s.resume-s.stood || g.Estimate-g.Bound > s.gone-s.ask {
		t.Errorf("%v, measured %v ± %v: %+v", s, g.Estimate, g.Bound, g)
	}
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
