package accuracy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

// process is a child of this program.
type process struct {
	p     *os.Process
	stdin *os.File
	lines chan line // closed at its end
}

// startChild starts this program once more. Every process ends with stop, or with this one.
func startChild(o order) (*process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer inR.Close()
	outR, outW, err := os.Pipe()
	if err != nil {
		inW.Close()
		return nil, err
	}
	defer outW.Close()
	p, err := os.StartProcess(exe, []string{exe}, &os.ProcAttr{
		Env: append(os.Environ(), childEnv+"="+string(text)), Files: []*os.File{inR, outW, os.Stderr},
	})
	if err != nil {
		inW.Close()
		outR.Close()
		return nil, fmt.Errorf("start a child: %w", err)
	}
	c := &process{p: p, stdin: inW, lines: make(chan line, 4096)}
	go c.scan(outR)
	return c, nil
}

func (c *process) scan(r *os.File) {
	defer close(c.lines)
	defer r.Close()
	for s := bufio.NewScanner(r); s.Scan(); {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			l = line{Err: fmt.Sprintf("child said %q: %v", s.Text(), err)}
		}
		c.lines <- l
	}
}

// stop kills the child, waits for it, and returns the processor time that it
// used; 0 when it was stopped before.
func (c *process) stop() (used time.Duration) {
	_ = c.p.Kill()
	if state, err := c.p.Wait(); err == nil {
		used = state.UserTime() + state.SystemTime()
	}
	c.stdin.Close()
	for range c.lines { // until its pipe ends
	}
	return used
}

// await returns the lines until one satisfies last, or until d has passed.
func (c *process) await(ctx context.Context, clk clock.Clock, d time.Duration, last func(line) bool) (out []line, found bool, err error) {
	t := clk.NewTimer(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return out, false, ctx.Err()
		case <-t.C():
			return out, false, nil
		case l, ok := <-c.lines:
			switch {
			case !ok:
				return out, false, errors.New("a child has ended")
			case l.Err != "":
				return out, false, fmt.Errorf("child: %s", l.Err)
			}
			out = append(out, l)
			if last != nil && last(l) {
				return out, true, nil
			}
		}
	}
}

// span is one stop of a process, by CLOCK_MONOTONIC: asked for, seen of every
// thread, about to be ended, ended.
type span struct{ ask, stood, resume, gone time.Duration }

// truth is how long no thread ran, and how unsure that is: threads that sleep
// have to be woken to stop, and a busy machine takes its time for it.
func (s span) truth() (d, unsure time.Duration) {
	low, high := s.resume-s.stood, s.gone-s.ask
	return (low + high) / 2, (high - low) / 2
}

// poll is how long to wait between two looks whether a process stands, stopTimeout how long in all.
const (
	poll        = 100 * time.Microsecond
	stopTimeout = 20 * time.Second
)

// freeze stops the process for d. Where it has clocks of a guest, these stand
// still meanwhile, and it stays stopped for hiccup after they run again.
func (c *process) freeze(ctx context.Context, clk clock.Clock, g *guest, d, hiccup time.Duration) (s span, err error) {
	s.ask = clock.Monotonic()
	if err := c.p.Signal(syscall.SIGSTOP); err != nil {
		return s, err
	}
	for !standing(c.p.Pid) {
		if clock.Monotonic()-s.ask > stopTimeout {
			return s, errors.New("a child does not stop")
		}
		if err := clock.Sleep(ctx, clk, poll); err != nil {
			return s, err
		}
	}
	s.stood = clock.Monotonic()
	if err := clock.Sleep(ctx, clk, max(0, d-(s.stood-s.ask)/2)); err != nil {
		return s, err
	}
	s.resume = clock.Monotonic()
	if g != nil {
		// The guest's clocks stood still from the moment at which nothing could read them any more.
		g.frozen.Add(int64(s.resume - s.stood))
		s.ask, s.gone = s.stood, s.resume
		if err := clock.Sleep(ctx, clk, hiccup); err != nil {
			return s, err
		}
		return s, c.p.Signal(syscall.SIGCONT)
	}
	err = c.p.Signal(syscall.SIGCONT)
	s.gone = clock.Monotonic()
	return s, err
}

// standing reports whether every thread is stopped: the state in
// /proc/<pid>/task/<tid>/stat, proc_pid_stat(5), follows the name in parentheses.
func standing(pid int) bool {
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	tasks, err := os.ReadDir(dir)
	if err != nil || len(tasks) == 0 {
		return false
	}
	for _, t := range tasks {
		b, err := os.ReadFile(filepath.Join(dir, t.Name(), "stat"))
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // the thread has ended
		}
		i := bytes.LastIndex(b, []byte(") "))
		if err != nil || i < 0 || len(b) <= i+2 || b[i+2] != 'T' {
			return false
		}
	}
	return true
}

// addresses finds two that nobody listens on. The kernel gives a port again as
// soon as it is free, and the pairs of a campaign start side by side with
// whatever else this machine tests: so each pair also has an address of
// 127.0.0.0/8 to itself, all of which is this machine's own on Linux.
func addresses() (a, b string, err error) {
	n := rand.Uint32()
	host := net.IPv4(127, 1+byte(n>>16)%254, byte(n>>8), 1+byte(n)%254).String()
	var found [2]string
	for i := range found {
		conn, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
		if err != nil {
			return "", "", err
		}
		defer conn.Close()
		found[i] = conn.LocalAddr().String()
	}
	return found[0], found[1], nil
}
