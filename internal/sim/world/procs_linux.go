package world

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"unicode"
)

// proc is one line of the process table.
type proc struct {
	pid, ppid int
	state     byte
	start     uint64 // clock ticks since boot: with the pid, the identity of a process
}

// readSmall reads a file of /proc in one piece, by plain system calls: the poller of package os does not take such files,
// and asking it costs more than reading.
func readSmall(path string) ([]byte, error) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	b := make([]byte, 4096)
	n, err := syscall.Read(fd, b)
	if err != nil {
		return nil, err
	}
	return b[:n], nil
}

// readProc parses /proc/PID/stat, or a thread's (proc(5): the command may hold spaces and brackets).
func readProc(path string) (proc, bool) {
	b, err := readSmall(path)
	if err != nil {
		return proc{}, false
	}
	return parseStat(b)
}

func parseStat(b []byte) (proc, bool) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 1 || end < open {
		return proc{}, false
	}
	f := bytes.Fields(b[end+1:])
	if len(f) < 20 || len(f[0]) != 1 || !unicode.IsLetter(rune(f[0][0])) {
		return proc{}, false
	}
	pid, err1 := strconv.Atoi(string(bytes.TrimSpace(b[:open])))
	ppid, err2 := strconv.Atoi(string(f[1]))
	start, err3 := strconv.ParseUint(string(f[19]), 10, 64)
	if errors.Join(err1, err2, err3) != nil {
		return proc{}, false
	}
	return proc{pid: pid, ppid: ppid, state: f[0][0], start: start}, true
}

// processes reads the whole process table.
func processes() map[int]proc {
	names, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	out := make(map[int]proc, len(names))
	for _, n := range names {
		if _, err := strconv.Atoi(n.Name()); err != nil {
			continue
		}
		if p, ok := readProc("/proc/" + n.Name() + "/stat"); ok {
			out[p.pid] = p
		}
	}
	return out
}

// descendants lists all live processes under the roots, the roots themselves left out, parents first.
func descendants(roots []int) []proc { return descendantsIn(processes(), roots) }

// descendantsIn looks for them in a process table.
func descendantsIn(all map[int]proc, roots []int) []proc {
	children := map[int][]int{}
	for pid, p := range all {
		children[p.ppid] = append(children[p.ppid], pid)
	}
	isRoot := map[int]bool{}
	for _, r := range roots {
		isRoot[r] = true
	}
	var out []proc
	queue := append([]int(nil), roots...)
	seen := map[int]bool{}
	for len(queue) > 0 {
		pid := queue[0]
		queue = queue[1:]
		if seen[pid] {
			continue
		}
		seen[pid] = true
		if p := all[pid]; !isRoot[pid] && p.state != 'Z' && p.state != 'X' {
			out = append(out, p)
		}
		queue = append(queue, children[pid]...)
	}
	return out
}

// halted reports whether every thread of the process is stopped, or the process is gone.
func halted(pid int) bool {
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/stat")
	if err != nil {
		return false
	}
	for _, t := range tasks {
		p, ok := readProc(t)
		if !ok {
			continue
		}
		switch p.state {
		case 'T', 't', 'Z', 'X':
		default:
			return false
		}
	}
	return true
}

// startTime is the identity of a live process beside its pid; 0 when there is none.
func startTime(pid int) uint64 {
	p, ok := readProc("/proc/" + strconv.Itoa(pid) + "/stat")
	if !ok || p.state == 'Z' || p.state == 'X' {
		return 0
	}
	return p.start
}

func send(pid int, sig syscall.Signal) { _ = syscall.Kill(pid, sig) } // gone in between is what was wanted, or seen next

// parent is the pid of a process's parent; 0 when there is no such process.
func parent(pid int) int {
	p, _ := readProc("/proc/" + strconv.Itoa(pid) + "/stat")
	return p.ppid
}

// program is the base name of argv[0] of a process.
func program(pid int) string {
	b, err := readSmall("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil {
		return ""
	}
	name, _, _ := bytes.Cut(b, []byte{0})
	return filepath.Base(string(name))
}
