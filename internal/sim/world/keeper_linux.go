package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"powerha_lpm_exporter/internal/clock"
)

const (
	// settleLimit is how long a process may take to stop or to die: one in an uninterruptible sleep takes its time.
	settleLimit = 3 * time.Second
	settlePause = time.Millisecond
)

// keeper holds the processes of one node: it stops, continues and kills them. It is used by one goroutine.
type keeper struct {
	dir   Dir
	node  string
	clock clock.Clock
	lock  *os.File // held while frozen: nothing starts then
	truth Freeze
}

func newKeeper(d Dir, node string, c clock.Clock) *keeper {
	return &keeper{dir: d, node: node, clock: c}
}

func (k *keeper) mono() time.Duration { return k.clock.Now().Mono }

// freeze stops every process of the node and returns when all their threads stand still.
func (k *keeper) freeze(ctx context.Context) error {
	if k.lock != nil {
		return nil
	}
	lock, err := lockNode(k.dir, k.node, unix.LOCK_EX)
	if err != nil {
		return err
	}
	k.lock = lock
	at := k.clock.Now()
	k.truth = Freeze{Node: k.node, Wall: at.Wall, FirstStop: at.Mono}
	pids, err := k.stopAll(ctx)
	k.truth.AllStopped = k.mono()
	k.truth.Processes = len(pids)
	return err
}

// stopAll repeats until a look at the process table finds nobody that was not stopped before that look.
func (k *keeper) stopAll(ctx context.Context) (map[int]bool, error) {
	stopped := map[int]bool{}
	deadline := k.mono() + settleLimit
	for {
		fresh := 0
		for _, p := range descendants(k.dir.reapers(k.node)) {
			if !stopped[p.pid] {
				send(p.pid, syscall.SIGSTOP)
				stopped[p.pid] = true
				fresh++
			}
		}
		if fresh == 0 {
			return stopped, nil
		}
		for pid := range stopped {
			for !halted(pid) {
				if k.mono() > deadline {
					return stopped, fmt.Errorf("freeze node %s: process %d does not stop within %v", k.node, pid, settleLimit)
				}
				if err := clock.Sleep(ctx, k.clock, settlePause); err != nil {
					return stopped, err
				}
			}
		}
	}
}

// thaw lets every process of the node go on and returns the truth about the freeze.
func (k *keeper) thaw() Freeze {
	if k.lock == nil {
		return Freeze{Node: k.node}
	}
	pids := descendants(k.dir.reapers(k.node))
	k.truth.FirstCont = k.mono()
	for _, p := range pids {
		send(p.pid, syscall.SIGCONT)
	}
	k.truth.LastCont = k.mono()
	k.release()
	return k.truth
}

// kill ends every process of the node, stopped ones too, and returns when none is left.
func (k *keeper) kill(ctx context.Context) error {
	if err := k.dir.setPower(k.node, powerOff); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("switch node %s off: %w", k.node, err)
	}
	if k.lock == nil {
		lock, err := lockNode(k.dir, k.node, unix.LOCK_EX)
		if err != nil {
			return err
		}
		k.lock = lock
	}
	defer k.release()
	deadline := k.mono() + settleLimit
	for {
		left := descendants(k.dir.reapers(k.node))
		if len(left) == 0 {
			return nil
		}
		for _, p := range left {
			send(p.pid, syscall.SIGKILL)
		}
		if k.mono() > deadline {
			return fmt.Errorf("kill node %s: %d processes are left after %v", k.node, len(left), settleLimit)
		}
		if err := clock.Sleep(ctx, k.clock, settlePause); err != nil {
			return err
		}
	}
}

// boot lets processes start again.
func (k *keeper) boot() error { return k.dir.setPower(k.node, powerUp) }

func (k *keeper) release() {
	if k.lock != nil {
		_ = k.lock.Close()
		k.lock = nil
	}
}

// count tells how many processes the node has.
func (k *keeper) count() int { return len(descendants(k.dir.reapers(k.node))) }

// KillAll ends the processes of all nodes of a cluster without its world.
func KillAll(ctx context.Context, d Dir, nodes []string, c clock.Clock) error {
	var errs []error
	for _, n := range nodes {
		errs = append(errs, newKeeper(d, n, c).kill(ctx))
	}
	return errors.Join(errs...)
}
