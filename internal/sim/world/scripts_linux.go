package world

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// scriptServer starts the scripts of one node, one after the other, and reaps what becomes of them.
type scriptServer struct {
	dir     Dir
	node    string
	null    *os.File
	started chan struct{} // has a token when a child may be there
	ended   chan struct{} // closed when nothing is started any more

	mu  sync.Mutex // guards ids and out; held while a script comes into being, so that its end is not taken for a stranger's
	ids map[int]int
	out io.Writer
}

// ServeScripts starts what the requests in the JSON lines of in ask for as processes of the node and reports in JSON
// lines on out. It returns when in has ended and all descendants are gone; until then the calling process is their
// reaper, as in Exec, and it must be the only user of child processes in it.
func ServeScripts(d Dir, node string, in io.Reader, out io.Writer) error {
	runtime.LockOSThread() // scripts die with the thread that started them (PR_SET_PDEATHSIG)
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become the reaper of node %s: %w", node, err)
	}
	unregister, err := ExecOptions{Dir: d, Node: node, Argv: []string{"scripts"}}.register()
	if err != nil {
		return err
	}
	defer unregister()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("serve the scripts of node %s: %w", node, err)
	}
	defer null.Close()
	s := &scriptServer{
		dir: d, node: node, null: null, started: make(chan struct{}, 1), ended: make(chan struct{}), ids: map[int]int{}, out: out,
	}
	reaped := make(chan struct{})
	go func() {
		defer close(reaped)
		s.reap()
	}()
	lines := bufio.NewReader(in)
	for {
		line, readErr := lines.ReadBytes('\n')
		if readErr != nil {
			if !errors.Is(readErr, io.EOF) {
				err = fmt.Errorf("serve the scripts of node %s: %w", node, readErr)
			}
			break
		}
		var r scriptRequest
		if err = json.Unmarshal(line, &r); err != nil {
			err = fmt.Errorf("read a request for a script of node %s: %w", node, err)
			break
		}
		s.start(r)
	}
	close(s.ended)
	<-reaped
	return err
}

// start waits for the end of a freeze, as all starts do.
func (s *scriptServer) start(r scriptRequest) {
	out, err := os.OpenFile(r.Out, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		s.tell(r.ID, report{Error: "keep the output: " + err.Error()})
		return
	}
	defer out.Close()
	files := []*os.File{s.null, out, out}
	if r.StdoutOnly {
		files[2] = s.null
	}
	o := ExecOptions{Dir: s.dir, Node: s.node, Argv: r.Argv, Env: r.Env}
	lock, err := lockNode(o.Dir, o.Node, unix.LOCK_SH)
	if err != nil {
		s.tell(r.ID, report{Error: err.Error()})
		return
	}
	defer lock.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	pid, err := o.startLocked(files)
	if err != nil {
		s.tellLocked(r.ID, report{Error: err.Error()})
		return
	}
	s.ids[pid] = r.ID
	s.tellLocked(r.ID, report{Pid: pid})
	select {
	case s.started <- struct{}{}:
	default:
	}
}

// reap collects every descendant until none is left and none will come.
func (s *scriptServer) reap() {
	over := false
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil && over: // ECHILD: all are gone
			return
		case err != nil:
			select {
			case <-s.started:
			case <-s.ended:
				over = true
			}
			continue
		}
		s.over(pid, exitOf(ws))
	}
}

// over reports the end of a script; descendants of scripts end without a word.
func (s *scriptServer) over(pid, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, ok := s.ids[pid]; ok {
		delete(s.ids, pid)
		s.tellLocked(id, report{Exit: &status})
	}
}

func (s *scriptServer) tell(id int, r report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tellLocked(id, r)
}

func (s *scriptServer) tellLocked(id int, r report) {
	if b, err := json.Marshal(scriptReport{ID: id, report: r}); err == nil {
		_, _ = s.out.Write(append(b, '\n')) // nobody listens any more: nothing to do about it
	}
}

// exitOf is a shell's view of how a process ended: 128 + signal when a signal ended it.
func exitOf(ws unix.WaitStatus) int {
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}

// newSession keeps the signals of a terminal away from a process.
func newSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
