package command

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hang runs a script that says when it is up, until its deadline.
func hang(t *testing.T, r *OS, signal int, body string) (dir string, err error) {
	t.Helper()
	dir = t.TempDir()
	body = strings.ReplaceAll(body, "DIR", dir)
	_, err = r.Query(t.Context(), Query{Name: "m", Timeout: 500 * time.Millisecond, HungSignal: signal, Alone: true, Argv: []string{script(t, body)}})
	return dir, err
}

func TestHungSignal(t *testing.T) {
	r := testRunner(t)
	dir, err := hang(t, r, 15, `trap 'echo term >DIR/got; exit 1' TERM; touch DIR/up; while :; do sleep 0.05; done`)
	if !exists(filepath.Join(dir, "up")) {
		t.Skip("machine too slow: the script was not even started")
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "got")); string(got) != "term\n" {
		t.Errorf("the signal did not arrive: %q", got)
	}
	if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "signal 15 ended it") {
		t.Errorf("got %v", err)
	}
	// Since it was waited for, the next run is let in at once.
	if _, err := r.Query(t.Context(), Query{Name: "m", Timeout: long, Alone: true, Argv: []string{"/bin/true"}}); err != nil {
		t.Errorf("next run: %v", err)
	}
	_, err = hang(t, r, 15, `trap '' TERM; while :; do sleep 0.05; done`)
	if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "signal 9 ended it") {
		t.Errorf("ignored: %v", err)
	}
	_, err = hang(t, r, 9, `exec sleep 600`)
	if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "signal 9 ended it") {
		t.Errorf("signal 9: %v", err)
	}
	_, err = hang(t, r, 4711, `exec sleep 600`)
	if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "signal 9 ended it") {
		t.Errorf("no such signal: %v", err)
	}
}

// What cannot be killed keeps the next run of its name out.
func TestAloneKeepsTheNextOut(t *testing.T) {
	r := testRunner(t)
	gate := filepath.Join(t.TempDir(), "gate")
	defer func() { _ = os.WriteFile(gate, nil, 0o600) }()
	_, err := hang(t, r, 9, `setsid sh -c 'while [ ! -f `+gate+` ]; do sleep 0.05; done' & wait`)
	if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "it goes on") {
		t.Errorf("out of reach: %v", err)
	}
	next := Query{Name: "m", Timeout: long, Alone: true, Argv: []string{"/bin/true"}}
	if _, err := r.Query(t.Context(), next); !errors.Is(err, ErrBusy) {
		t.Errorf("a second copy: %v, want ErrBusy", err)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "the name free again", func() bool {
		_, err := r.Query(t.Context(), next)
		return err == nil
	})
}

// A program that starts the command with other rights is never killed: it must live to pass the signals on.
func TestRelayedSignals(t *testing.T) {
	for hung, want := range map[int][]syscall.Signal{
		9:  {syscall.SIGTERM, syscall.SIGALRM},
		15: {syscall.SIGTERM, syscall.SIGALRM},
		1:  {syscall.SIGHUP, syscall.SIGALRM},
		6:  {syscall.SIGTERM, syscall.SIGALRM},
	} {
		var got []syscall.Signal
		for _, s := range steps(Query{HungSignal: hung, Relayed: true}) {
			got = append(got, s.signal)
		}
		if !slices.Equal(got, want) {
			t.Errorf("hung signal %d: %v, want %v", hung, got, want)
		}
	}
	r := testRunner(t)
	dir := t.TempDir()
	// The wrapper's child is in a session of its own, out of reach but for what the wrapper passes on.
	_, err := r.Query(t.Context(), Query{
		Name: "m", Timeout: 500 * time.Millisecond, HungSignal: 9, Relayed: true,
		Argv: []string{script(t, `trap 'kill -TERM $child; wait; exit 0' TERM
setsid sh -c 'echo $$ >`+dir+`/child; exec sleep 600' &
child=$!
touch `+dir+`/up
wait`)},
	})
	pid := readPID(filepath.Join(dir, "child"))
	if pid == 0 {
		t.Skip("machine too slow: the command was not even started")
	}
	if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "signal 15 ended it") {
		t.Errorf("got %v", err)
	}
	until(t, "the command ended with its wrapper", func() bool { return !Alive(pid, "") })
}
