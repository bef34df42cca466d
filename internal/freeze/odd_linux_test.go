package freeze

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"powerha_lpm_exporter/internal/clock"
)

// A debugger that holds every thread of the process for a while makes a gap that says so.
func TestDebuggersPause(t *testing.T) {
	p, gaps := startSampler(t)
	runtime.LockOSThread() // who traces is a thread
	defer runtime.UnlockOSThread()
	var s stop
	s.ask = clock.Monotonic()
	threads := seize(t, p.Pid)
	t.Cleanup(func() { reap(p, threads) })
	for _, tid := range threads {
		if err := unix.PtraceInterrupt(tid); err != nil {
			t.Fatalf("interrupt: %v", err)
		}
	}
	for _, tid := range threads {
		var status unix.WaitStatus
		if _, err := unix.Wait4(tid, &status, unix.WALL, nil); err != nil || !status.Stopped() {
			t.Fatalf("wait: %v, %v", status, err)
		}
	}
	s.stood = clock.Monotonic()
	time.Sleep(700 * ms)
	s.resume = clock.Monotonic()
	for _, tid := range threads {
		if err := unix.PtraceCont(tid, 0); err != nil {
			t.Fatalf("continue: %v", err)
		}
	}
	s.gone = clock.Monotonic()
	seen := make(chan Gap)
	go func() {
		defer close(seen) // when there is none within the deadline of the pipe
		seen <- s.gap(t, gaps)
	}()
	g := passOn(seen)
	if g.Kind != Suspended {
		t.Skipf("a busy machine: %+v", g)
	}
	s.judge(t, g)
	if !g.Traced {
		t.Errorf("not told from a freeze: %+v", g)
	}
}

// seize attaches to all threads that there are, the sampler's among them.
func seize(t *testing.T, pid int) (threads []int) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range tasks {
		tid, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		switch err := unix.PtraceSeize(tid); {
		case err == nil:
			threads = append(threads, tid)
		case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.ENOSYS):
			t.Skipf("tracing is not allowed here: %v", err)
		default:
			t.Fatalf("seize %d: %v", tid, err)
		}
	}
	return threads
}

// passOn lets threads go on that a signal has stopped, as a debugger does, until the gap was seen.
func passOn(seen <-chan Gap) Gap {
	for {
		select {
		case g := <-seen:
			return g
		default:
		}
		var status unix.WaitStatus
		tid, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOHANG, nil)
		if err != nil || tid <= 0 || !status.Stopped() {
			time.Sleep(ms)
			continue
		}
		signal := int(status.StopSignal())
		if status.StopSignal() == unix.SIGTRAP {
			signal = 0
		}
		_ = unix.PtraceCont(tid, signal)
	}
}

// reap ends a process whose threads are traced: each has to be waited for before the process is.
func reap(p *os.Process, threads []int) {
	_ = p.Kill()
	for _, tid := range threads {
		for range 5000 {
			var status unix.WaitStatus
			if tid == p.Pid {
				break
			}
			if got, err := unix.Wait4(tid, &status, unix.WALL|unix.WNOHANG, nil); err != nil || got == tid && !status.Stopped() {
				break
			}
			time.Sleep(ms)
		}
	}
}
