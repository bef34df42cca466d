package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

// long is a deadline that no test is meant to reach.
const long = time.Minute

// script writes an executable shell script and returns its path.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tool")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	return path
}

func testRunner(t *testing.T) *OS {
	t.Helper()
	r := NewRunner(clock.System(), filepath.Join(t.TempDir(), "acts"))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), long)
		defer cancel()
		if err := r.Wait(ctx); err != nil {
			t.Error(err)
		}
	})
	return r
}

// until waits for a condition that another process brings about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestQueryOutput(t *testing.T) {
	r := testRunner(t)
	t.Setenv("SECRET", "1")
	out, err := r.Query(t.Context(), Query{
		Name: "x", Timeout: long,
		Argv: []string{script(t, `env | sort; pwd; cat; echo "[$1] [$2]"; echo bad >&2; exit 3`), "a b", "$HOME"},
	})
	if err != nil {
		t.Fatal(err)
	}
	// A shell adds PWD, and some add _ and SHLVL.
	var env []string
	for line := range strings.Lines(string(out.Stdout)) {
		switch name, _, _ := strings.Cut(line, "="); name {
		case "PWD", "OLDPWD", "_", "SHLVL":
		default:
			env = append(env, line)
		}
	}
	want := "LC_ALL=C\nPATH=/usr/bin:/usr/sbin:/bin\nTZ=UTC0\n/\n[a b] [$HOME]\n"
	if got := strings.Join(env, ""); got != want {
		t.Errorf("stdout %q, want %q", got, want)
	}
	if string(out.Stderr) != "bad\n" || out.Exit != 3 || out.Truncated || out.Started.IsZero() || out.Took <= 0 {
		t.Errorf("output %+v", out)
	}
}

func TestQueryCapsOutput(t *testing.T) {
	out, err := testRunner(t).Query(t.Context(), Query{
		Name: "x", Timeout: long, Argv: []string{script(t, `yes | head -c 3000000; echo end >&2`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Stdout) != maxOutput || !out.Truncated || out.Exit != 0 || string(out.Stderr) != "end\n" {
		t.Errorf("%d bytes, truncated %t, exit %d, stderr %q", len(out.Stdout), out.Truncated, out.Exit, out.Stderr)
	}
}

func TestQueryMissing(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := testRunner(t)
	_, err := r.Query(t.Context(), Query{Name: "x", Timeout: long, Argv: []string{filepath.Join(dir, "none")}})
	if !errors.Is(err, ErrMissing) || errors.Is(err, fs.ErrPermission) {
		t.Errorf("no file: %v", err)
	}
	_, err = r.Query(t.Context(), Query{Name: "x", Timeout: long, Argv: []string{plain}})
	if !errors.Is(err, ErrMissing) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("not executable: %v", err)
	}
	for _, argv := range [][]string{nil, {"true"}, {"./true"}, {"/bin/true", "a\x00b"}} {
		if _, err := r.Query(t.Context(), Query{Name: "x", Timeout: long, Argv: argv}); err == nil {
			t.Errorf("argv %q was taken", argv)
		}
	}
	if _, err := r.Query(t.Context(), Query{Name: "x", Argv: []string{"/bin/true"}}); err == nil {
		t.Error("no deadline was taken")
	}
}

// A missing program that the system reports oddly is found missing by looking (golang/go#76965).
func TestStartErrorLooksAtTheFile(t *testing.T) {
	odd := errors.New("restart the system call")
	if err := startError("/does/not/exist", odd); !errors.Is(err, ErrMissing) {
		t.Errorf("got %v", err)
	}
	if err := startError("/bin/sh", odd); errors.Is(err, ErrMissing) || !errors.Is(err, odd) {
		t.Errorf("got %v", err)
	}
}

// S9: at the deadline the query and its children are killed and Query returns.
func TestQueryDeadlineKillsGroupS9(t *testing.T) {
	dir := t.TempDir()
	child := filepath.Join(dir, "child")
	r := testRunner(t)
	_, err := r.Query(t.Context(), Query{
		Name: "x", Timeout: 300 * time.Millisecond,
		Argv: []string{script(t, fmt.Sprintf(`sh -c 'echo $$ >%s; exec sleep 600' & wait`, child))},
	})
	if !errors.Is(err, ErrTimeout) {
		t.Fatalf("got %v, want ErrTimeout", err)
	}
	pid := readPID(child)
	if pid == 0 {
		t.Skip("machine too slow: the child was not even started")
	}
	until(t, "child killed", func() bool { return !Alive(pid, "") })
}

func TestQueryEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	up := filepath.Join(t.TempDir(), "up")
	go func() {
		defer cancel()
		for !exists(up) && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := testRunner(t).Query(ctx, Query{Name: "x", Timeout: long, Argv: []string{script(t, "touch "+up+"; exec sleep 600")}})
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrTimeout) {
		t.Errorf("got %v", err)
	}
}

// S9: what cannot be killed stays counted, and a third run of its kind is not started; other kinds are.
func TestQueryLimitsHungRunsS9(t *testing.T) {
	r := testRunner(t)
	gate := filepath.Join(t.TempDir(), "gate")
	defer func() { _ = os.WriteFile(gate, nil, 0o600) }()
	// A process outside the group that keeps the output open is out of reach, like one that hangs in the kernel.
	hang := script(t, fmt.Sprintf(`setsid sh -c 'while [ ! -f %s ]; do sleep 0.05; done' & wait`, gate))
	for i := range maxOutstanding {
		_, err := r.Query(t.Context(), Query{Name: "clmgr", Timeout: 300 * time.Millisecond, Argv: []string{hang}})
		if !errors.Is(err, ErrTimeout) {
			t.Fatalf("run %d: %v", i, err)
		}
	}
	if _, err := r.Query(t.Context(), Query{Name: "clmgr", Timeout: long, Argv: []string{"/bin/true"}}); !errors.Is(err, ErrBusy) {
		t.Errorf("third run: %v, want ErrBusy", err)
	}
	if _, err := r.Query(t.Context(), Query{Name: "lssrc", Timeout: long, Argv: []string{"/bin/true"}}); err != nil {
		t.Errorf("another kind: %v", err)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "runs gone and the kind free again", func() bool {
		_, err := r.Query(t.Context(), Query{Name: "clmgr", Timeout: long, Argv: []string{"/bin/true"}})
		return err == nil
	})
}
