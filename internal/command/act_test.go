package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"powerha_lpm_exporter/internal/clock"
)

// TestMain lets the test binary play a program that starts an act and is then killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("COMMAND_TEST_ACT_DIR"); dir != "" {
		s, err := NewRunner(clock.System(), dir).Start(Act{ID: "e1-stop", Name: "stop", Argv: strings.Fields(os.Getenv("COMMAND_TEST_ACT"))})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_ = json.NewEncoder(os.Stdout).Encode(s)
		select {}
	}
	os.Exit(m.Run())
}

func pollUntilEnd(t *testing.T, r *OS, s Started) Ended {
	t.Helper()
	var e Ended
	until(t, "act ended", func() bool {
		got, ok, err := r.Poll(s)
		if err != nil {
			t.Fatal(err)
		}
		e = got
		return ok
	})
	return e
}

func TestActRunsToItsEnd(t *testing.T) {
	r := testRunner(t)
	gate := filepath.Join(t.TempDir(), "gate")
	tool := script(t, fmt.Sprintf(`echo "[$1]"; env | grep -c SECRET; while [ ! -f %s ]; do sleep 0.02; done; echo bad >&2; exit 7`, gate))
	t.Setenv("SECRET", "1")
	s, err := r.Start(Act{ID: "a1", Name: "x", Argv: []string{tool, `a b'"$HOME`}})
	if err != nil {
		t.Fatal(err)
	}
	if s.PID == 0 || s.StartTime == "" || s.At.IsZero() {
		t.Errorf("started %+v", s)
	}
	if _, ok, err := r.Poll(s); ok || err != nil {
		t.Errorf("ended before its end: %t, %v", ok, err)
	}
	if sid, err := unix.Getsid(s.PID); err != nil || sid != s.PID {
		t.Errorf("session %d of act %d, %v", sid, s.PID, err)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e := pollUntilEnd(t, r, s)
	if want := "[a b'\"$HOME]\n0\nbad\n"; e.Output != want || e.Exit != 7 || e.Unknown || e.ID != "a1" || e.Took <= 0 {
		t.Errorf("ended %+v, want exit 7 and %q", e, want)
	}
	select {
	case <-r.Done("a1"):
	case <-time.After(20 * time.Second):
		t.Error("the act is not done")
	}
	if r.Done("a2") != nil {
		t.Error("an act that was never started is done")
	}
	if again, ok, err := r.Poll(s); !ok || err != nil || again.Exit != 7 {
		t.Errorf("polled again: %+v, %t, %v", again, ok, err)
	}
}

// S6: an id is used once, even after its act ended or by another runner.
func TestActIDIsUsedOnceS6(t *testing.T) {
	r := testRunner(t)
	ran := filepath.Join(t.TempDir(), "ran")
	act := Act{ID: "a1", Name: "x", Argv: []string{script(t, "echo x >>"+ran)}}
	s, err := r.Start(act)
	if err != nil {
		t.Fatal(err)
	}
	pollUntilEnd(t, r, s)
	if _, err := r.Start(act); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second start: %v", err)
	}
	if _, err := NewRunner(clock.System(), r.dir).Start(act); !errors.Is(err, fs.ErrExist) {
		t.Errorf("start by another runner: %v", err)
	}
	if b, err := os.ReadFile(ran); string(b) != "x\n" {
		t.Errorf("ran: %q, %v", b, err)
	}
}

func TestActRefusals(t *testing.T) {
	r := testRunner(t)
	for _, id := range []string{"", "../x", "a/b", ".x", "-x", "a b", strings.Repeat("a", 129)} {
		if _, err := r.Start(Act{ID: id, Argv: []string{"/bin/true"}}); err == nil {
			t.Errorf("id %q was taken", id)
		}
		if _, _, err := r.Poll(Started{ID: id, PID: 1}); err == nil {
			t.Errorf("id %q was polled", id)
		}
	}
	if _, err := r.Start(Act{ID: "a", Argv: []string{"true"}}); err == nil {
		t.Error("relative path was taken")
	}
	if _, err := r.Start(Act{ID: "a", Argv: []string{"/does/not/exist"}}); !errors.Is(err, ErrMissing) {
		t.Errorf("missing program: %v", err)
	}
	if _, _, err := r.Poll(Started{ID: "a", PID: os.Getpid()}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("act that was never started: %v", err)
	}
}

// S7, S9: the act of a program that is killed goes on, is found running by the
// next one, and tells it how it ended.
func TestActOutlivesItsStarterS7(t *testing.T) {
	dir, gate := filepath.Join(t.TempDir(), "acts"), filepath.Join(t.TempDir(), "gate")
	tool := script(t, fmt.Sprintf(`while [ ! -f %s ]; do sleep 0.02; done; echo done by itself; exit 3`, gate))
	starter := exec.Command(os.Args[0])
	starter.Env = append(os.Environ(), "COMMAND_TEST_ACT_DIR="+dir, "COMMAND_TEST_ACT="+tool)
	starter.Stderr = os.Stderr
	out, err := starter.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	switch err := starter.Start(); {
	case errors.Is(err, syscall.ENOEXEC):
		t.Skip("the test binary cannot be run by itself here: an emulator")
	case err != nil:
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var s Started
	if err := json.Unmarshal(line, &s); err != nil {
		t.Fatal(err)
	}
	if err := starter.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = starter.Wait() // killed

	r := testRunner(t)
	r.dir = dir
	// The second is what a journal holds when the starter died before it could write the pid down.
	for _, known := range []Started{s, {ID: s.ID}} {
		until(t, "pid written", func() bool { return exists(filepath.Join(dir, s.ID+".pid")) })
		if e, ok, err := r.Poll(known); ok || err != nil {
			t.Errorf("poll of the adopted act %+v: %+v, %t, %v", known, e, ok, err)
		}
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e := pollUntilEnd(t, r, s)
	if e.Exit != 3 || e.Unknown || e.Output != "done by itself\n" || e.Took <= 0 {
		t.Errorf("ended %+v", e)
	}
	if e, ok, err := r.Poll(Started{ID: s.ID}); !ok || err != nil || e.Exit != 3 {
		t.Errorf("by id alone: %+v, %t, %v", e, ok, err)
	}
}

// Signals to the act's group, as a service manager may send, reach the act but do not keep its status from being told.
func TestActSignalled(t *testing.T) {
	r := testRunner(t)
	up := filepath.Join(t.TempDir(), "up")
	s, err := r.Start(Act{ID: "a1", Argv: []string{script(t, "touch "+up+"; exec sleep 600")}})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "act up", func() bool { return exists(up) })
	if err := syscall.Kill(-s.PID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if e := pollUntilEnd(t, r, s); e.Exit != -1 || e.Unknown {
		t.Errorf("ended %+v, want a known end by a signal", e)
	}
}

// With its wrapper dead an act still counts as running, and then ends with an unknown outcome.
func TestActLosesItsWrapper(t *testing.T) {
	r := testRunner(t)
	up, gate := filepath.Join(t.TempDir(), "up"), filepath.Join(t.TempDir(), "gate")
	s, err := r.Start(Act{ID: "a1", Argv: []string{script(t, fmt.Sprintf("touch %s; while [ ! -f %s ]; do sleep 0.02; done", up, gate))}})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "act up", func() bool { return exists(up) })
	if err := syscall.Kill(s.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := r.Wait(ctx); err != nil { // reaped: no zombie is left
		t.Fatal(err)
	}
	if StartTime(s.PID) != "" {
		t.Error("the wrapper was not reaped")
	}
	if e, ok, err := r.Poll(s); ok || err != nil {
		t.Errorf("polled while the act goes on: %+v, %t, %v", e, ok, err)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if e := pollUntilEnd(t, r, s); !e.Unknown || e.Exit != -1 {
		t.Errorf("ended %+v, want unknown", e)
	}
}

// A pid that is another's by now does not count as the act.
func TestPollTellsReusedPID(t *testing.T) {
	r := testRunner(t)
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "old.out"), []byte(strings.Repeat("x", maxTail)+"tail"), 0o600); err != nil {
		t.Fatal(err)
	}
	clk := clock.NewFake(clock.System().Now())
	r.clk = clk
	old := Started{ID: "old", PID: os.Getpid(), StartTime: "1"}
	if _, ok, err := r.Poll(old); ok || err != nil {
		t.Errorf("ended at the first look: %t, %v", ok, err)
	}
	clk.Advance(lostAfter)
	e, ok, err := r.Poll(old)
	if err != nil || !ok || !e.Unknown || len(e.Output) != maxTail || !strings.HasSuffix(e.Output, "tail") || e.Took != 0 {
		t.Errorf("got unknown %t, %d bytes, took %s, %t, %v", e.Unknown, len(e.Output), e.Took, ok, err)
	}
	if !Alive(os.Getpid(), StartTime(os.Getpid())) || Alive(os.Getpid(), "1") || Alive(0, "") {
		t.Error("Alive is wrong about this process")
	}
}

// No trace of an act is no end of it before it was missed twice, lostAfter apart; later for one whose pid is not known.
func TestLostActIsMissedTwice(t *testing.T) {
	for name, tt := range map[string]struct {
		pid   string // what the wrapper has written of its pid
		known int
		after time.Duration
	}{
		"pid known":   {"", 1 << 30, lostAfter},
		"pid written": {"1073741824\n", 0, lostAfter},
		"half a pid":  {"10737", 0, unbornAfter},
		"no pid":      {"", 0, unbornAfter},
	} {
		t.Run(name, func(t *testing.T) {
			r, clk := testRunner(t), clock.NewFake(clock.System().Now())
			r.clk = clk
			write := func(name, text string) {
				if err := os.MkdirAll(r.dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("a.out", "")
			if tt.pid != "" {
				write("a.pid", tt.pid)
			}
			s := Started{ID: "a", PID: tt.known}
			running := func(when string) {
				t.Helper()
				if e, ok, err := r.Poll(s); ok || err != nil {
					t.Fatalf("%s: %+v, %t, %v", when, e, ok, err)
				}
			}
			running("first look")
			clk.Advance(tt.after - time.Millisecond)
			running("second look")
			// It is there after all.
			there := Started{ID: "a", PID: os.Getpid(), StartTime: StartTime(os.Getpid())}
			if _, ok, err := r.Poll(there); ok || err != nil {
				t.Fatalf("alive: %t, %v", ok, err)
			}
			clk.Advance(time.Hour)
			running("first look of the second time")
			clk.Advance(tt.after)
			if e, ok, err := r.Poll(s); !ok || err != nil || !e.Unknown || e.Exit != -1 {
				t.Errorf("missed for long: %+v, %t, %v", e, ok, err)
			}
			write("a.exit", "1")
			if e, ok, _ := r.Poll(s); ok && !e.Unknown {
				t.Errorf("half a status counted: %+v", e)
			}
			write("a.exit", "17\n")
			if e, ok, err := r.Poll(s); !ok || err != nil || e.Unknown || e.Exit != 17 {
				t.Errorf("a status that came late: %+v, %t, %v", e, ok, err)
			}
		})
	}
}

// S9: whoever polls hard, from the first moment on and without a pid as after a restart, sees every act end with its
// own status and never as unknown.
func TestActsArePolledHard(t *testing.T) {
	r := testRunner(t)
	tool := script(t, "exit $1")
	const acts, pollers = 60, 4
	results := make(chan string, acts*pollers)
	for n := range pollers {
		other := NewRunner(clock.System(), r.dir)
		go func() {
			for i := range acts {
				s := Started{ID: fmt.Sprintf("a%d", i)}
				for began := time.Now(); ; {
					e, ok, err := other.Poll(s)
					switch {
					case errors.Is(err, fs.ErrNotExist) && time.Since(began) < 20*time.Second:
						runtime.Gosched()
						continue
					case err == nil && !ok && time.Since(began) < 20*time.Second:
						continue
					case err == nil && ok && !e.Unknown && e.Exit == i:
						results <- ""
					default:
						results <- fmt.Sprintf("poller %d, act %d: %+v, %t, %v", n, i, e, ok, err)
					}
					break
				}
			}
		}()
	}
	for i := range acts {
		s, err := r.Start(Act{ID: fmt.Sprintf("a%d", i), Name: "x", Argv: []string{tool, fmt.Sprint(i)}})
		if err != nil {
			t.Fatal(err)
		}
		for {
			e, ok, err := r.Poll(s)
			if err != nil || ok && (e.Unknown || e.Exit != i) {
				t.Fatalf("act %d: %+v, %v", i, e, err)
			}
			if ok {
				break
			}
		}
	}
	for range acts * pollers {
		if text := <-results; text != "" {
			t.Error(text)
		}
	}
}

func TestExitStatus(t *testing.T) {
	for rc, want := range map[int]int{0: 0, 1: 1, 127: 127, 128: 128, 137: -1, 192: -1, 193: 193, 255: 255, 265: -1} {
		if got := exitStatus(rc); got != want {
			t.Errorf("$? %d: %d, want %d", rc, got, want)
		}
	}
}

func TestParseStat(t *testing.T) {
	const line = "42 (a) b) (c) Z 1 77 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2 3\n"
	p, err := parseStat([]byte(line))
	if want := (process{start: "987654", group: 77, zombie: true}); err != nil || p != want {
		t.Errorf("%+v, %v, want %+v", p, err, want)
	}
	for _, bad := range []string{"", "42 (a", "42 (a) S 1 2", "42 (a) S 1 x 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestParsePsinfo(t *testing.T) {
	b := make([]byte, 448)
	b[11], b[71] = 2, 77      // threads, group
	b[119], b[123] = 100, 250 // seconds, nanoseconds
	p, err := parsePsinfo(b)
	if want := (process{start: "100.000000250", group: 77}); err != nil || p != want {
		t.Errorf("%+v, %v, want %+v", p, err, want)
	}
	if _, err := parsePsinfo(b[:100]); err == nil {
		t.Error("a short one was taken")
	}
}
