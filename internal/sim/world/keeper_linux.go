package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
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

// keeper holds the processes of one node: it stops, continues and kills them. It is used by one goroutine,
// but for remember and reapers.
type keeper struct {
	dir   Dir
	node  string
	clock clock.Clock
	lock  *os.File // held while frozen: nothing starts then
	truth Freeze

	mu    sync.Mutex     // guards known
	known map[int]uint64 // start times of reapers by pid
}

func newKeeper(d Dir, node string, c clock.Clock) *keeper {
	return &keeper{dir: d, node: node, clock: c, known: map[int]uint64{}}
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
	return k.stopAll(ctx)
}

// stopAll repeats until a look at the process table finds nobody that was not stopped before that look. So all stood
// still when the last one that was found had stopped.
func (k *keeper) stopAll(ctx context.Context) error {
	stopped := map[int]bool{}
	found := descendants(k.reapers())
	at := k.clock.Now()
	k.truth = Freeze{Node: k.node, Wall: at.Wall, FirstStop: at.Mono, AllStopped: at.Mono}
	deadline := at.Mono + settleLimit
	for {
		fresh := 0
		for _, p := range found {
			if !stopped[p.pid] {
				send(p.pid, syscall.SIGSTOP)
				stopped[p.pid] = true
				fresh++
			}
		}
		if fresh == 0 {
			return nil
		}
		for pid := range stopped {
			for !halted(pid) {
				if k.mono() > deadline {
					return fmt.Errorf("freeze node %s: process %d does not stop within %v", k.node, pid, settleLimit)
				}
				if err := clock.Sleep(ctx, k.clock, settlePause); err != nil {
					return err
				}
			}
		}
		k.truth.AllStopped = k.mono()
		k.truth.Processes = len(stopped)
		found = descendants(k.reapers())
	}
}

// reapers lists the node's live reapers. Those that were seen once are known even when the folder is gone.
func (k *keeper) reapers() []int {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, pid := range k.dir.reapers(k.node) {
		k.known[pid] = startTime(pid)
	}
	var out []int
	for pid, start := range k.known {
		if start == 0 || startTime(pid) != start {
			delete(k.known, pid)
			continue
		}
		out = append(out, pid)
	}
	return out
}

// thaw lets every process of the node go on and returns the truth about the freeze.
func (k *keeper) thaw() Freeze {
	if k.lock == nil {
		return Freeze{Node: k.node}
	}
	pids := descendants(k.reapers())
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
		if err != nil && !errors.Is(err, os.ErrNotExist) { // without its folder nothing starts anyway
			return err
		}
		k.lock = lock
	}
	defer k.release()
	deadline := k.mono() + settleLimit
	for {
		left := descendants(k.reapers())
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

// remember notes the node's reapers, for the case that the folder disappears.
func (k *keeper) remember() { k.reapers() }

// countProcesses tells how many processes each node has, by one look at the process table.
func countProcesses(nodes map[string]*nodeShell) map[string]int {
	all := processes()
	out := make(map[string]int, len(nodes))
	for name, n := range nodes {
		out[name] = len(descendantsIn(all, n.keeper.reapers()))
	}
	return out
}

// KillAll ends the processes of all nodes of a cluster without its world.
func KillAll(ctx context.Context, d Dir, nodes []string, c clock.Clock) error {
	var errs []error
	for _, n := range nodes {
		errs = append(errs, newKeeper(d, n, c).kill(ctx))
	}
	return errors.Join(errs...)
}
