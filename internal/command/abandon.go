package command

import (
	"fmt"
	"slices"
	"syscall"
	"time"
)

// How long a run that is abandoned with a signal of its own may take to end after each signal.
const (
	hungGrace = 2 * time.Second
	killGrace = time.Second
	// relayGrace: at SIGALRM sudo sends SIGHUP and SIGTERM, and SIGKILL two seconds later.
	relayGrace = 4 * time.Second
)

type step struct {
	signal syscall.Signal
	wait   time.Duration
}

// steps are the signals that end a run, in turn. Where another program starts the command with other rights, this one
// can signal that program alone, which must live to pass the signal on: so it gets what sudo(8) relays, then SIGALRM, at
// which sudo ends the command itself, and never SIGKILL, which would set the command free.
func steps(q Query) []step {
	hung := syscall.Signal(q.HungSignal)
	relayed := []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2}
	switch {
	case q.HungSignal == 0:
		return nil
	case q.Relayed && slices.Contains(relayed, hung):
		return []step{{hung, hungGrace}, {syscall.SIGALRM, relayGrace}}
	case q.Relayed:
		return []step{{syscall.SIGTERM, hungGrace}, {syscall.SIGALRM, relayGrace}}
	case hung == syscall.SIGKILL:
		return []step{{hung, killGrace}}
	default:
		return []step{{hung, hungGrace}, {syscall.SIGKILL, killGrace}}
	}
}

// abandon ends a run. Without signals of its own it is killed and left to end by itself; otherwise it is waited for, and
// the text says which signal ended it, or that it is still there.
func (r *OS) abandon(run *queryRun, q Query) string {
	turns := steps(q)
	if len(turns) == 0 {
		_ = run.signal(syscall.SIGKILL)
		return ""
	}
	var refused error
	for _, s := range turns {
		if err := run.signal(s.signal); err != nil {
			refused = err
			continue
		}
		if r.over(run, s.wait) {
			return fmt.Sprintf("; signal %d ended it", int(s.signal))
		}
	}
	if refused != nil {
		return fmt.Sprintf("; it goes on, a signal was refused: %v", refused)
	}
	return "; it goes on in spite of the signals"
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
