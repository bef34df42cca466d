package realdrmgr

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

// Truth is a freeze of processes, by CLOCK_MONOTONIC: asked for, all stopped,
// about to be let go, let go. The freeze lasted from Stood to Resume at least
// and from Ask to Gone at most.
type Truth struct{ Ask, Stood, Resume, Gone time.Duration }

// Length is the middle of what it lasted at least and at most.
func (t Truth) Length() time.Duration { return (t.Resume - t.Stood + t.Gone - t.Ask) / 2 }

// Stop stops the processes for d, as a suspended partition stops all of its own.
func Stop(d time.Duration, pids ...int) (t Truth, err error) {
	defer func() {
		t.Resume = clock.Monotonic()
		for _, p := range pids {
			if e := syscall.Kill(p, syscall.SIGCONT); e != nil && err == nil {
				err = fmt.Errorf("continue process %d: %w", p, e)
			}
		}
		t.Gone = clock.Monotonic()
	}()
	t.Ask = clock.Monotonic()
	for _, p := range pids {
		if err := syscall.Kill(p, syscall.SIGSTOP); err != nil {
			return t, fmt.Errorf("stop process %d: %w", p, err)
		}
	}
	for _, p := range pids {
		for !stopped(p) {
			if clock.Monotonic()-t.Ask > 10*time.Second {
				return t, fmt.Errorf("process %d does not stop", p)
			}
		}
	}
	t.Stood = clock.Monotonic()
	time.Sleep(d)
	return t, nil
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
