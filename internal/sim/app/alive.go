package app

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// birth tells whether a process runs, and when it started: with the pid its identity, where /proc is Linux's. A zombie
// does not run.
func birth(pid int) (string, bool) {
	if pid <= 1 || syscall.Kill(pid, 0) != nil {
		return "", false
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", !os.IsNotExist(err)
	}
	end := bytes.LastIndexByte(b, ')')
	f := bytes.Fields(b[end+1:])
	if len(f) < 20 {
		return "", true
	}
	return string(f[19]), f[0][0] != 'Z' && f[0][0] != 'X'
}
