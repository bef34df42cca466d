package command

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"syscall"

	"powerha_lpm_exporter/internal/model"
)

// Query runs a read-only command to its end. At the deadline, or when ctx
// ends, its whole process group is killed and Query returns at once, whether
// or not the processes went: one that hangs in the kernel cannot be killed. It
// stays counted until it is gone, so no more than two of a name ever hang, or
// one of a query that runs alone. One with a signal of its own is waited for.
func (r *OS) Query(ctx context.Context, q Query) (Output, error) {
	if err := checkArgv(q.Argv); err != nil {
		return Output{}, err
	}
	if q.Timeout <= 0 {
		return Output{}, fmt.Errorf("query %s: no deadline given", q.Name)
	}
	limit := maxOutstanding
	if q.Alone {
		limit = 1
	}
	if !r.enter(q.Name, limit) {
		return Output{}, fmt.Errorf("%s: %w (%d of them)", q.Name, ErrBusy, limit)
	}
	run := &queryRun{argv: q.Argv, started: r.clk.Now(), done: make(chan struct{})}
	limited, cancel := r.clk.WithTimeout(ctx, q.Timeout)
	defer cancel()
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		defer close(run.done) // once it does not count any more, so that whoever waited may begin the next one
		defer r.leave(q.Name)
		run.run()
	}()

	select {
	case <-run.done:
	case <-limited.Done():
		// ctx is asked before the wait: what ends it later did not abandon the run.
		err := ctx.Err()
		how := r.abandon(run, q)
		if err != nil {
			return Output{}, fmt.Errorf("%s: %w%s", q.Name, err, how)
		}
		return Output{}, fmt.Errorf("%s: %w (%s)%s", q.Name, ErrTimeout, q.Timeout, how)
	}
	if run.err != nil {
		return Output{}, run.err
	}
	return run.output(r.clk.Now()), nil
}

// enter counts a run in, unless too many are outstanding.
func (r *OS) enter(name string, limit int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outstanding[name] >= limit {
		return false
	}
	r.outstanding[name]++
	return true
}

func (r *OS) leave(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outstanding[name]--
}

// queryRun is one run. All of it but the group belongs to the goroutine that
// runs it, until done is closed.
type queryRun struct {
	argv           []string
	started        model.Instant
	stdout, stderr capped
	exit           int
	err            error
	done           chan struct{}

	mu        sync.Mutex // guards what follows
	group     int        // process group, 0 while there is none
	abandoned syscall.Signal
}

func (q *queryRun) run() {
	q.stdout.max, q.stderr.max = maxOutput, maxOutput
	cmd := &exec.Cmd{
		Path: q.argv[0], Args: q.argv, Env: environment(), Dir: "/",
		Stdout: &q.stdout, Stderr: &q.stderr,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	if err := cmd.Start(); err != nil {
		q.err = startError(q.argv[0], err)
		return
	}
	q.begun(cmd.Process.Pid)
	err := cmd.Wait() // after the end of the process it waits for whoever inherited its output
	q.ended()
	var status *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &status):
		q.exit = status.ExitCode()
	default:
		q.err = fmt.Errorf("run %s: %w", q.argv[0], err)
	}
}

func (q *queryRun) begun(pid int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.group = pid
	if q.abandoned != 0 { // while it was still being started
		_ = kill(pid, q.abandoned)
	}
}

func (q *queryRun) ended() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.group = 0
}

// signal sends a signal to the group, or lets it be sent once there is one. It may be gone already, which is as good.
func (q *queryRun) signal(sig syscall.Signal) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.abandoned = sig
	if q.group == 0 {
		return nil
	}
	return kill(q.group, sig)
}

// kill signals a process group.
func kill(group int, sig syscall.Signal) error {
	if err := syscall.Kill(-group, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func (q *queryRun) output(now model.Instant) Output {
	return Output{
		Stdout: q.stdout.buf, Stderr: q.stderr.buf, Exit: q.exit,
		Truncated: q.stdout.dropped || q.stderr.dropped,
		Started:   q.started, Took: now.Sub(q.started),
	}
}
