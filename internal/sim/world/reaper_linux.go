package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Exec starts a command as a process of a node, and returns its exit status (128 + signal when a signal ended it) when
// the command and all its descendants are gone, those included that began a session of their own: the calling process
// is their reaper (prctl(2), PR_SET_CHILD_SUBREAPER). On a frozen node the start waits for the end of the freeze. It
// must be the only user of child processes in the calling process.
func Exec(o ExecOptions) (int, error) {
	runtime.LockOSThread() // the command dies with the thread that started it (PR_SET_PDEATHSIG)
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return 0, fmt.Errorf("become the reaper of node %s: %w", o.Node, err)
	}
	unregister, err := o.register()
	if err != nil {
		return 0, err
	}
	defer unregister()

	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(signals)

	pid, err := o.start()
	if err != nil {
		o.tell(report{Error: err.Error()})
		return 0, err
	}
	o.tell(report{Pid: pid})

	var alive atomic.Bool // the command itself
	alive.Store(true)
	done := make(chan struct{})
	forwarded := make(chan struct{})
	go func() {
		defer close(forwarded)
		forward(signals, done, pid, &alive)
	}()
	status := reap(pid, func(status int) {
		alive.Store(false)
		o.tell(report{Exit: &status})
	})
	close(done)
	<-forwarded
	return status, nil
}

// register tells the world that the calling process is a reaper of the node.
func (o ExecOptions) register() (func(), error) {
	me := os.Getpid()
	b, err := json.Marshal(reaperFile{Pid: me, Start: startTime(me), Argv: o.Argv})
	if err != nil {
		return nil, fmt.Errorf("register the reaper: %w", err)
	}
	path := filepath.Join(o.Dir.Run(o.Node), strconv.Itoa(me))
	if err := replaceFile(path, b); err != nil {
		return nil, fmt.Errorf("register the reaper with node %q (is %s the folder of the cluster?): %w", o.Node, o.Dir, err)
	}
	return func() { _ = os.Remove(path) }, nil // a stale file is known by the start time in it
}

// start holds the node's lock while the command comes into being, so that a freeze finds it or precedes it.
func (o ExecOptions) start() (int, error) {
	lock, err := lockNode(o.Dir, o.Node, unix.LOCK_SH)
	if err != nil {
		return 0, err
	}
	defer lock.Close()
	return o.startLocked([]*os.File{os.Stdin, os.Stdout, os.Stderr})
}

func (o ExecOptions) startLocked(files []*os.File) (int, error) {
	if p := o.Dir.Power(o.Node); p != powerUp {
		return 0, fmt.Errorf("start %s on node %s: the node is %s; activate it with \"powerha_sim boot\"", o.Argv[0], o.Node, p)
	}
	path, err := look(o.Argv[0], o.Env)
	if err != nil {
		return 0, err
	}
	p, err := os.StartProcess(path, o.Argv, &os.ProcAttr{
		Env:   o.Env,
		Files: files,
		Sys:   &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return 0, fmt.Errorf("start %s on node %s: %w", o.Argv[0], o.Node, err)
	}
	pid := p.Pid
	return pid, p.Release() // reaped below with all others
}

// reap collects every descendant until none is left.
func reap(command int, ended func(status int)) int {
	status := 0
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil: // ECHILD: all are gone
			return status
		}
		if pid != command {
			continue
		}
		status = exitOf(ws)
		ended(status)
	}
}

// forward passes signals on to the command, and once that is gone to what it left behind.
func forward(signals <-chan os.Signal, done <-chan struct{}, pid int, alive *atomic.Bool) {
	for {
		select {
		case <-done:
			return
		case s := <-signals:
			sig, ok := s.(syscall.Signal)
			if !ok {
				continue
			}
			if alive.Load() {
				_ = syscall.Kill(pid, sig)
				continue
			}
			for _, p := range descendants([]int{os.Getpid()}) {
				_ = syscall.Kill(p.pid, sig)
			}
		}
	}
}

// lockNode takes the node's lock: shared to start a process, exclusive to freeze or kill the node.
func lockNode(d Dir, node string, how int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(d.Run(node), "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock node %s: %w", node, err)
	}
	for {
		err := unix.Flock(int(f.Fd()), how)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EINTR) {
			_ = f.Close()
			return nil, fmt.Errorf("lock node %s: %w", node, err)
		}
	}
}
