package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// reserveStep is the least that is given back of a reserve at once.
const reserveStep = 64 << 10

// Reserve keeps n bytes of the file system in the named file, filled with
// zeros. A write that finds the file system full takes its room from there.
// Reserve again, in calm times, to fill up what was taken.
func (d *Dir) Reserve(name string, n int64) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := d.open("reserve", name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	d.reserves[name] = struct{}{}
	if have > n {
		return f.Truncate(n)
	}
	zeros := make([]byte, reserveStep)
	for at := have; at < n; at += reserveStep {
		// Real bytes: a hole would reserve nothing.
		if _, err := f.Write(zeros[:min(reserveStep, n-at)]); err != nil {
			// Others need what little room there is, as it was before.
			return errors.Join(fmt.Errorf("keep %d bytes free in %s: %w", n, f.Name(), err), f.Truncate(have))
		}
	}
	return f.Sync()
}

// withReserve does a write, and does it again with room from the reserves as
// long as the file system is full and they hold some.
func (d *Dir) withReserve(need int, write func() error) error {
	for {
		err := write()
		if !errors.Is(err, unix.ENOSPC) || !d.release(int64(need)) {
			return err
		}
	}
}

// release gives back some bytes of a reserve, and tells whether there were any.
func (d *Dir) release(need int64) bool {
	for name := range d.reserves {
		size, ok := d.shrink(name, max(2*need, reserveStep))
		if ok && size > 0 {
			return true
		}
	}
	return false
}

// shrink returns the size that the reserve had.
func (d *Dir) shrink(name string, by int64) (size int64, ok bool) {
	f, err := d.open("release", name, os.O_WRONLY, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			delete(d.reserves, name)
		}
		return 0, false
	}
	defer f.Close()
	size, err = f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return 0, false
	}
	if err := f.Truncate(max(size-by, 0)); err != nil {
		return 0, false
	}
	_ = f.Sync() // the room counts as free once the file system knows
	return size, true
}
