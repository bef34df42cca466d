package world

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// scriptRequest asks a node's script server for one script. Out is a file that is there already.
type scriptRequest struct {
	ID         int      `json:"id"`
	Argv       []string `json:"argv"`
	Env        []string `json:"env"`
	Out        string   `json:"out"`
	StdoutOnly bool     `json:"stdout_only,omitempty"`
}

// scriptReport is a report on the script with the id.
type scriptReport struct {
	ID int `json:"id"`
	report
}

// scripts is the world's end of the script server of one node: one process for all scripts of the node, which lives as
// long as the world and starts again if somebody ended it.
type scripts struct {
	dir  Dir
	node string
	self string
	task func(func())

	mu     sync.Mutex // guards all below
	ids    int
	waits  map[int]chan report
	in     io.WriteCloser // nil when no server runs
	closed bool
}

func newScripts(w *World, node string) *scripts {
	return &scripts{dir: w.dir, node: node, self: w.self, task: w.task, waits: map[int]chan report{}}
}

// run asks for a script. The channel has room for its reports and is closed if the server ends before the script.
func (s *scripts) run(r scriptRequest) (<-chan report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("the cluster ends")
	}
	if s.in == nil {
		if err := s.begin(); err != nil {
			return nil, fmt.Errorf("start the reaper of its node: %w", err)
		}
	}
	s.ids++
	r.ID = s.ids
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	wait := make(chan report, 2) // started, ended
	s.waits[r.ID] = wait
	if _, err := s.in.Write(append(b, '\n')); err != nil {
		delete(s.waits, r.ID)
		return nil, fmt.Errorf("ask the reaper of its node: %w", err)
	}
	return wait, nil
}

// begin starts the server.
func (s *scripts) begin() error {
	cmd := exec.Command(s.self, "scripts", "--dir", string(s.dir), "--node", s.node)
	cmd.Env, cmd.Dir, cmd.Stderr, cmd.SysProcAttr = []string{"GOMAXPROCS=1"}, "/", os.Stderr, newSession()
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.in = in
	s.task(func() {
		s.hear(out)
		s.mu.Lock()
		_ = in.Close()
		s.in = nil
		for id, wait := range s.waits {
			close(wait)
			delete(s.waits, id)
		}
		s.mu.Unlock()
		_ = cmd.Wait() // it said on stderr what it died of
	})
	return nil
}

// hear hands the reports on until the server ends.
func (s *scripts) hear(out io.Reader) {
	in := bufio.NewScanner(out)
	for in.Scan() {
		var r scriptReport
		if json.Unmarshal(in.Bytes(), &r) != nil {
			continue
		}
		s.mu.Lock()
		if wait := s.waits[r.ID]; wait != nil {
			wait <- r.report
			if r.Exit != nil || r.Error != "" {
				delete(s.waits, r.ID)
			}
		}
		s.mu.Unlock()
	}
}

// close lets the server end when the processes of the node have.
func (s *scripts) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.in != nil {
		_ = s.in.Close()
	}
}
