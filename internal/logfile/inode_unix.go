//go:build unix

package logfile

import (
	"io/fs"
	"os"
	"syscall"
)

// openFlags: what is no file must not hold the reader up.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK

func inode(st fs.FileInfo) uint64 {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Ino) //nolint:unconvert // its type differs between systems
	}
	return 0
}
