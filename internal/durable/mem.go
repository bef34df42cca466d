package durable

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrInjected is the failure that FailAppend and FailReplace cause.
var ErrInjected = errors.New("injected fault")

// Mem is a folder in memory with faults that can be injected. It implements
// FS, waits for nothing, and is meant for tests and simulations.
type Mem struct {
	mu          sync.Mutex // guards everything
	files       map[string][]byte
	dirs        map[string]struct{}
	reserves    map[string]int64
	locked      map[string]bool
	full        bool
	readOnly    bool
	failAppend  int
	failReplace int
	appends     int
}

// NewMem returns an empty folder.
func NewMem() *Mem {
	return &Mem{
		files: make(map[string][]byte), dirs: map[string]struct{}{".": {}},
		reserves: make(map[string]int64), locked: make(map[string]bool),
	}
}

// FailAppend lets the nth append from now fail with nothing written (1: the next; 0: none).
func (m *Mem) FailAppend(n int) { m.set(func() { m.failAppend = n }) }

// FailReplace lets the nth replacement from now fail with nothing changed (1: the next; 0: none).
func (m *Mem) FailReplace(n int) { m.set(func() { m.failReplace = n }) }

// Full sets whether the file system is full: then only what is reserved can be written.
func (m *Mem) Full(full bool) { m.set(func() { m.full = full }) }

// ReadOnly sets whether every write is refused.
func (m *Mem) ReadOnly(ro bool) { m.set(func() { m.readOnly = ro }) }

// Hold sets whether another process holds the lock of the file.
func (m *Mem) Hold(name string, held bool) { m.set(func() { m.locked[name] = held }) }

// Tear cuts the last n bytes off a file, as a crash in the midst of an append does.
func (m *Mem) Tear(name string, n int) {
	m.set(func() {
		p := m.files[name]
		m.files[name] = p[:max(len(p)-n, 0)]
	})
}

// Appends returns how many appends succeeded.
func (m *Mem) Appends() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.appends
}

// Clone returns a copy of the files without faults: what is on disk after a crash.
func (m *Mem) Clone() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := NewMem()
	for name, p := range m.files {
		c.files[name] = slices.Clone(p)
	}
	for dir := range m.dirs {
		c.dirs[dir] = struct{}{}
	}
	for name, n := range m.reserves {
		c.reserves[name] = n
	}
	return c
}

func (m *Mem) set(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// ReadFile returns the whole file.
func (m *Mem) ReadFile(name string) ([]byte, error) { return m.ReadFrom(name, 0) }

// ReadFrom returns what was written at or after the offset.
func (m *Mem) ReadFrom(name string, offset int64) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return slices.Clone(p[min(max(offset, 0), int64(len(p))):]), nil
}

// Append writes p at the end.
func (m *Mem) Append(name string, p []byte, _ fs.FileMode, lock time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.writable("append", name, len(p)); err != nil {
		return err
	}
	if lock > 0 && m.locked[name] {
		return &fs.PathError{Op: "append", Path: name, Err: ErrLocked}
	}
	if m.failAppend > 0 {
		if m.failAppend--; m.failAppend == 0 {
			return &fs.PathError{Op: "append", Path: name, Err: ErrInjected}
		}
	}
	m.files[name] = append(m.files[name], p...)
	m.appends++
	return nil
}

// Replace puts p in place of the file.
func (m *Mem) Replace(name string, p []byte, _ fs.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.writable("replace", name, len(p)); err != nil {
		return err
	}
	if m.failReplace > 0 {
		if m.failReplace--; m.failReplace == 0 {
			return &fs.PathError{Op: "replace", Path: name, Err: ErrInjected}
		}
	}
	m.files[name] = slices.Clone(p)
	return nil
}

// writable checks the name and the room for n bytes.
func (m *Mem) writable(op, name string, n int) error {
	if !fs.ValidPath(name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if _, ok := m.dirs[path.Dir(name)]; !ok {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	if m.readOnly {
		return &fs.PathError{Op: op, Path: name, Err: syscall.EROFS}
	}
	if !m.full {
		return nil
	}
	for reserve, left := range m.reserves {
		if left >= int64(n) {
			m.reserves[reserve] = left - int64(n)
			return nil
		}
	}
	return &fs.PathError{Op: op, Path: name, Err: syscall.ENOSPC}
}

// Rename moves a file.
func (m *Mem) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.files[from]
	if !ok {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	if m.readOnly {
		return &fs.PathError{Op: "rename", Path: from, Err: syscall.EROFS}
	}
	delete(m.files, from)
	m.files[to] = p
	return nil
}

// Remove removes a file.
func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.files[name]; !ok {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	if m.readOnly {
		return &fs.PathError{Op: "remove", Path: name, Err: syscall.EROFS}
	}
	delete(m.files, name)
	return nil
}

// Size returns the size of the file.
func (m *Mem) Size(name string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.files[name]
	if !ok {
		return 0, &fs.PathError{Op: "size", Path: name, Err: fs.ErrNotExist}
	}
	return int64(len(p)), nil
}

// Reserve keeps n bytes, unless the folder is full or read-only.
func (m *Mem) Reserve(name string, n int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.readOnly {
		return &fs.PathError{Op: "reserve", Path: name, Err: syscall.EROFS}
	}
	if m.full && m.reserves[name] < n {
		return &fs.PathError{Op: "reserve", Path: name, Err: syscall.ENOSPC}
	}
	m.reserves[name] = n
	return nil
}

// Free returns the bytes that are available: much, or none when full.
func (m *Mem) Free() (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full {
		return 0, nil
	}
	return 1 << 40, nil
}

// List returns the names in a sub-folder, sorted.
func (m *Mem) List(dir string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.dirs[dir]; !ok {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	var names []string
	for name := range m.files {
		if path.Dir(name) == dir {
			names = append(names, path.Base(name))
		}
	}
	for name := range m.dirs {
		if name != "." && path.Dir(name) == dir {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

// MkdirAll makes a sub-folder and those above it.
func (m *Mem) MkdirAll(dir string, _ fs.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !fs.ValidPath(dir) {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrInvalid}
	}
	for at := ""; ; {
		next, rest, more := strings.Cut(strings.TrimPrefix(dir, at), "/")
		at += next
		m.dirs[at] = struct{}{}
		if !more || rest == "" {
			return nil
		}
		at += "/"
	}
}
