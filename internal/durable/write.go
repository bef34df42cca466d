package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// lockRetry is the pause between two tries to get a lock.
const lockRetry = 5 * time.Millisecond

// Append writes p at the end in one write and returns when it is on disk.
func (d *Dir) Append(name string, p []byte, perm fs.FileMode, lock time.Duration) error {
	if lock <= 0 {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.withReserve(len(p), func() error { return d.append(name, p, perm, false) })
	}
	since := d.clk.Now()
	for {
		d.mu.Lock()
		err := d.withReserve(len(p), func() error { return d.append(name, p, perm, true) })
		d.mu.Unlock()
		if !errors.Is(err, ErrLocked) || d.clk.Now().Sub(since) >= lock {
			return err
		}
		d.pause()
	}
}

// pause waits for a moment by the monotonic clock.
func (d *Dir) pause() {
	t := d.clk.NewTimer(lockRetry)
	defer t.Stop()
	<-t.C()
}

// append does one try. The lock goes with the descriptor.
func (d *Dir) append(name string, p []byte, perm fs.FileMode, lock bool) (err error) {
	f, err := d.openAppend(name, perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if lock {
		if err := tryLock(f); err != nil {
			return err
		}
	}
	before, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err = f.Write(p); err == nil {
		err = f.Sync()
	}
	if err != nil {
		// What was half written, or is not known to be on disk, is cut off again.
		return errors.Join(fmt.Errorf("append to %s: %w", name, err), f.Truncate(before))
	}
	return nil
}

// openAppend opens the file and makes it, with exactly perm, if there is none.
func (d *Dir) openAppend(name string, perm fs.FileMode) (*os.File, error) {
	const flag = os.O_WRONLY | os.O_APPEND
	f, err := d.open("append", name, flag, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	f, err = d.open("append", name, flag|os.O_CREATE|os.O_EXCL, perm)
	if errors.Is(err, fs.ErrExist) { // another was faster
		return d.open("append", name, flag, 0)
	}
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(perm); err != nil { // whatever the umask
		return nil, errors.Join(err, f.Close())
	}
	syncDir(filepath.Dir(f.Name()))
	return f, nil
}

// tryLock takes the fcntl write lock of the whole file.
func tryLock(f *os.File) error {
	err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart})
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("append to %s: %w", f.Name(), ErrLocked)
	}
	if err != nil {
		return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	return nil
}

// Replace puts p in place of the file, atomically and durably.
func (d *Dir) Replace(name string, p []byte, perm fs.FileMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.withReserve(len(p), func() error { return d.replace(name, p, perm) })
}

func (d *Dir) replace(name string, p []byte, perm fs.FileMode) error {
	target, err := d.path("replace", name)
	if err != nil {
		return err
	}
	if info, err := os.Lstat(target); err == nil && !info.Mode().IsRegular() {
		return irregular("replace", target)
	}
	dir, base := path.Split(name)
	temp := dir + "." + base + ".tmp"
	tempPath, err := d.path("replace", temp)
	if err != nil {
		return err
	}
	if err := os.Remove(tempPath); err != nil && !errors.Is(err, fs.ErrNotExist) { // of one that was cut short
		return err
	}
	if err := d.writeNew(temp, p, perm); err != nil {
		return errors.Join(fmt.Errorf("replace %s: %w", name, err), removeIfThere(tempPath))
	}
	if err := os.Rename(tempPath, target); err != nil {
		return errors.Join(err, removeIfThere(tempPath))
	}
	syncDir(filepath.Dir(target))
	if runtime.GOOS == "aix" {
		return d.harden(name)
	}
	return nil
}

func (d *Dir) writeNew(name string, p []byte, perm fs.FileMode) (err error) {
	f, err := d.open("write", name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Chmod(perm); err != nil {
		return err
	}
	if _, err := f.Write(p); err != nil {
		return err
	}
	return f.Sync()
}

// harden syncs a file by its new name. JFS2 then has the log record of the
// rename on disk, which a sync of the folder does on other systems.
func (d *Dir) harden(name string) error {
	f, err := d.open("sync", name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func removeIfThere(p string) error {
	if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
