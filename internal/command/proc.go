package command

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
)

// process is what /proc tells of a process.
type process struct {
	start  string // opaque; differs between two processes that had the same pid
	group  int
	zombie bool
}

// StartTime returns the start time of a process as the system tells it, or ""
// when it does not or there is no such process.
func StartTime(pid int) string {
	p, err := readProcess(pid)
	if err != nil {
		return ""
	}
	return p.start
}

// Alive reports whether the process that had the pid and the start time, or
// one of its process group if it led one, is still there. Without a start time
// it goes by the pid alone. What cannot be read on a machine that is short of
// memory or of descriptors counts as there.
func Alive(pid int, startTime string) bool {
	if pid <= 0 {
		return false
	}
	p, err := readProcess(pid)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return signalled(pid) || signalled(-pid)
	case err == nil && startTime != "" && p.start != startTime:
		return false // the pid is another's now, so the group was gone before
	case err == nil && !p.zombie:
		return true
	case transient(err):
		return true
	}
	return groupAlive(pid)
}

// transient: the error is the system's or ours, and says nothing about the process.
func transient(err error) bool {
	for _, e := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EAGAIN, syscall.EINTR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// signalled reports whether a signal would reach somebody.
func signalled(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// groupAlive reports whether a process of the group is left that has not ended.
func groupAlive(group int) bool {
	if !signalled(-group) {
		return false
	}
	dir, err := os.Open("/proc")
	if err != nil {
		return true // somebody is there
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return true
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		p, err := readProcess(pid)
		if err == nil && p.group == group && !p.zombie || transient(err) {
			return true
		}
	}
	return false
}

func readProcess(pid int) (process, error) {
	var name string
	var parse func([]byte) (process, error)
	switch runtime.GOOS {
	case "linux":
		name, parse = "stat", parseStat
	case "aix":
		name, parse = "psinfo", parsePsinfo
	default:
		return process{}, errors.ErrUnsupported
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	if err != nil {
		return process{}, err
	}
	return parse(b)
}

// parseStat reads /proc/<pid>/stat of Linux, proc(5): the name in parentheses
// may hold anything, the state is the third field, the group the fifth and the
// start time, in ticks since the boot, the twenty-second.
func parseStat(b []byte) (process, error) {
	end := bytes.LastIndexByte(b, ')')
	if end < 0 {
		return process{}, errors.New("no name in /proc stat")
	}
	f := bytes.Fields(b[end+1:])
	if len(f) < 20 {
		return process{}, errors.New("too few fields in /proc stat")
	}
	group, err := strconv.Atoi(string(f[2]))
	if err != nil {
		return process{}, fmt.Errorf("group in /proc stat: %w", err)
	}
	state := string(f[0])
	return process{start: string(f[19]), group: group, zombie: state == "Z" || state == "X"}, nil
}

// parsePsinfo reads /proc/<pid>/psinfo of AIX: a big-endian structure with the
// number of threads at 8 (none is left of a zombie), the group at 64 and the
// start as seconds and nanoseconds at 112.
func parsePsinfo(b []byte) (process, error) {
	if len(b) < 128 {
		return process{}, errors.New("short psinfo")
	}
	sec, nsec := binary.BigEndian.Uint64(b[112:]), binary.BigEndian.Uint32(b[120:])
	return process{
		start:  fmt.Sprintf("%d.%09d", sec, nsec),
		group:  int(binary.BigEndian.Uint64(b[64:])), //nolint:gosec // a pid
		zombie: binary.BigEndian.Uint32(b[8:]) == 0,
	}, nil
}
