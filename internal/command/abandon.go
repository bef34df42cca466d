package command

import (
	"fmt"
	"syscall"
	"time"
)

// How long a run that is abandoned by a signal of its own may take to end.
const (
	hungGrace = 2 * time.Second // after that signal; then it is killed
	killGrace = time.Second     // after SIGKILL; then it hangs
)

// abandon ends a run. With a signal of its own it gets that first, and is waited for; the text says how it ended, or that
// it is still there. Without, it is killed and left to end by itself.
func (r *OS) abandon(run *queryRun, hung int) string {
	if hung == 0 {
		_ = run.signal(syscall.SIGKILL)
		return ""
	}
	sig := syscall.Signal(hung)
	err := run.signal(sig)
	switch {
	case err == nil && sig != syscall.SIGKILL && r.over(run, hungGrace):
		return fmt.Sprintf("; signal %d ended it", hung)
	case err == nil && sig == syscall.SIGKILL && r.over(run, killGrace):
		return "; it was killed"
	}
	if err := run.signal(syscall.SIGKILL); err != nil {
		return fmt.Sprintf("; it goes on, because it cannot be signalled: %v: let its wrapper end it (sudoers: TIMEOUT=)", err)
	}
	if r.over(run, killGrace) {
		return fmt.Sprintf("; it stayed at signal %d and was killed", hung)
	}
	return "; it is still there, though it was killed"
}

// over waits for the end of a run.
func (r *OS) over(run *queryRun, d time.Duration) bool {
	t := r.clk.NewTimer(d)
	defer t.Stop()
	select {
	case <-run.done:
		return true
	case <-t.C():
		return false
	}
}
