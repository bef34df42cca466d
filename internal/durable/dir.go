package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"powerha_lpm_exporter/internal/clock"
)

// Dir is a folder of the operating system. It implements FS.
//
// Names that are or lead through symbolic links, and files that are not
// regular, are refused: a program of root must not be led elsewhere by what
// lies in a folder.
type Dir struct {
	root string
	clk  clock.Clock

	// mu keeps the goroutines of this program apart. fcntl locks do not: they belong to the process, and drop
	// when any of its descriptors of the file is closed, so that even a read may not be under way meanwhile.
	mu       sync.Mutex
	reserves map[string]struct{}
}

// OpenDir opens an existing folder.
func OpenDir(dir string) (FS, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("open state folder: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open state folder: %s is no folder", dir)
	}
	return &Dir{root: dir, clk: clock.System(), reserves: make(map[string]struct{})}, nil
}

// ReadFile returns the whole file.
func (d *Dir) ReadFile(name string) ([]byte, error) { return d.ReadFrom(name, 0) }

// ReadFrom returns what was written at or after the offset.
func (d *Dir) ReadFrom(name string, offset int64) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := d.open("read", name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if offset > 0 {
		if _, err := f.Seek(offset, io.SeekStart); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(f)
}

// Size returns the size of the file.
func (d *Dir) Size(name string) (int64, error) {
	p, err := d.path("size", name)
	if err != nil {
		return 0, err
	}
	info, err := os.Lstat(p)
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, irregular("size", p)
	}
	return info.Size(), nil
}

// Rename moves a file within the folder, in place of one that is there.
func (d *Dir) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, err := d.path("rename", from)
	if err != nil {
		return err
	}
	b, err := d.path("rename", to)
	if err != nil {
		return err
	}
	if err := os.Rename(a, b); err != nil {
		return err
	}
	syncDir(filepath.Dir(a))
	syncDir(filepath.Dir(b))
	return nil
}

// Remove removes a file.
func (d *Dir) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, err := d.path("remove", name)
	if err != nil {
		return err
	}
	if err := os.Remove(p); err != nil {
		return err
	}
	syncDir(filepath.Dir(p))
	return nil
}

// Free returns the bytes that are available on the file system to its user.
func (d *Dir) Free() (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(d.root, &s); err != nil {
		return 0, &fs.PathError{Op: "statfs", Path: d.root, Err: err}
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:gosec,unconvert // the types differ by system
}

// List returns the names in a sub-folder ("." for the folder itself), sorted.
func (d *Dir) List(dir string) ([]string, error) {
	p, err := d.path("list", dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(p)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names, nil
}

// MkdirAll makes a sub-folder and those above it.
func (d *Dir) MkdirAll(dir string, perm fs.FileMode) error {
	p, err := d.path("mkdir", dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p, perm); err != nil {
		return err
	}
	info, err := os.Lstat(p)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return irregular("mkdir", p)
	}
	syncDir(filepath.Dir(p))
	return nil
}

// path turns a name into a path. The folders that it names must be real ones.
func (d *Dir) path(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	for parent := path.Dir(name); parent != "."; parent = path.Dir(parent) {
		p := filepath.Join(d.root, filepath.FromSlash(parent))
		info, err := os.Lstat(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if !info.IsDir() {
			return "", irregular(op, p)
		}
	}
	return filepath.Join(d.root, filepath.FromSlash(name)), nil
}

// open opens a regular file. It does not wait for the other end of a pipe that
// lies in its place.
func (d *Dir) open(op, name string, flag int, perm fs.FileMode) (*os.File, error) {
	p, err := d.path(op, name)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(p, flag|unix.O_NOFOLLOW|unix.O_NONBLOCK, perm)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) {
		return nil, irregular(op, p)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = irregular(op, p)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func irregular(op, p string) error {
	return &fs.PathError{Op: op, Path: p, Err: errors.New("a link or no regular file; remove it")}
}

// syncDir makes a change of a folder durable where the system can: AIX answers
// EBADF or EINVAL (measured on 7.3), which is no lost write.
func syncDir(p string) {
	f, err := os.Open(p)
	if err != nil {
		return
	}
	defer f.Close()
	_ = f.Sync()
}
