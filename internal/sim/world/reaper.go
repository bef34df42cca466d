package world

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ExecOptions say what to start as a process of a node.
type ExecOptions struct {
	Dir  Dir
	Node string
	Argv []string
	// Env is the whole environment of the command.
	Env []string
	// Report, if set, is told in JSON lines when the command has started and when it has ended: its descendants may
	// live on, and then so does the reaper.
	Report *os.File
}

// report is one line on ExecOptions.Report.
type report struct {
	Pid   int    `json:"pid,omitempty"`
	Exit  *int   `json:"exit,omitempty"`
	Error string `json:"error,omitempty"`
}

func (o ExecOptions) tell(r report) {
	if o.Report == nil {
		return
	}
	if b, err := json.Marshal(r); err == nil {
		_, _ = o.Report.Write(append(b, '\n')) // nobody listens any more: nothing to do about it
	}
}

// reaperFile is what a reaper leaves in the node's run folder while it lives.
type reaperFile struct {
	Pid   int      `json:"pid"`
	Start uint64   `json:"start"`
	Argv  []string `json:"argv"`
}

// look finds the command: a path as it is, a bare name in the PATH of env.
func look(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, kv := range env {
		path, ok := strings.CutPrefix(kv, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(path) {
			p := filepath.Join(dir, name)
			if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
				return p, nil
			}
		}
	}
	return "", fmt.Errorf("command %q: not found in PATH; give its absolute path", name)
}

// reapers lists the live reapers of a node.
func (d Dir) reapers(node string) []int {
	names, err := os.ReadDir(d.Run(node))
	if err != nil {
		return nil
	}
	var out []int
	for _, n := range names {
		pid, err := strconv.Atoi(n.Name())
		if err != nil {
			continue
		}
		b, err := os.ReadFile(filepath.Join(d.Run(node), n.Name()))
		if err != nil {
			continue
		}
		var f reaperFile
		if json.Unmarshal(b, &f) == nil && f.Pid == pid && f.Start != 0 && startTime(pid) == f.Start {
			out = append(out, pid)
		}
	}
	return out
}

// NodeOf finds the node that a process belongs to: the one of the nearest reaper among its ancestors.
func (d Dir) NodeOf(pid int, nodes []string) (string, bool) {
	home := map[int]string{}
	for _, n := range nodes {
		for _, r := range d.reapers(n) {
			home[r] = n
		}
	}
	for pid > 1 {
		if n, ok := home[pid]; ok {
			return n, true
		}
		pid = parent(pid)
	}
	return "", false
}
