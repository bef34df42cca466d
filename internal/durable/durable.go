// Package durable is the file system as the journal, the episode log and the
// persisted state need it: whole appends, atomic replacement, locks between
// processes. It is one of the seams that a simulation replaces.
package durable

import (
	"errors"
	"io/fs"
	"time"
)

// ErrLocked: another process held the lock for longer than the caller would wait.
var ErrLocked = errors.New("file is locked by another process")

// FS is a folder of durable files. Names are relative and slash-separated.
type FS interface {
	// ReadFile returns the whole file; the error matches fs.ErrNotExist when there is none.
	ReadFile(name string) ([]byte, error)
	// ReadFrom returns what was written at or after the offset.
	ReadFrom(name string, offset int64) ([]byte, error)
	// Append writes p at the end in one write and returns when it is on disk. lock is how long to wait for
	// the fcntl lock of the file; 0 takes none. A write that fails half-way is cut off again.
	Append(name string, p []byte, perm fs.FileMode, lock time.Duration) error
	// Replace puts p in place of the file, atomically and durably.
	Replace(name string, p []byte, perm fs.FileMode) error
	Rename(from, to string) error
	Remove(name string) error
	// Size returns the size of the file; the error matches fs.ErrNotExist when there is none.
	Size(name string) (int64, error)
	// Reserve makes sure that n bytes can still be written to the folder.
	Reserve(name string, n int64) error
	// Free returns the bytes that are available on the file system.
	Free() (int64, error)
	List(dir string) ([]string, error)
	MkdirAll(dir string, perm fs.FileMode) error
}
