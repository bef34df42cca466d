package logfile

import (
	"path/filepath"
	"syscall"
	"testing"
)

// What nobody writes to must not hold the reader up.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := Read(pipe, Cursor{}, 64); err == nil {
		t.Error("a pipe was read")
	}
}
