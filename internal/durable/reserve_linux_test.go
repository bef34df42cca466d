package durable

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReserve(t *testing.T) {
	d, root := openDir(t)
	for _, n := range []int64{100_000, 100_000, 300_000, 200_000} {
		if err := d.Reserve(".reserve", n); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(root, ".reserve"))
		if err != nil || info.Size() != n {
			t.Errorf("size %d, %v, want %d", info.Size(), err, n)
		}
		if real := info.Sys().(*syscall.Stat_t).Blocks * 512; real < n {
			t.Errorf("%d bytes of %d are real", real, n)
		}
	}
}

// S12: a write that finds the file system full takes room from the reserve, step by step, and fails only when it is used up.
func TestFullTakesFromReserveS12(t *testing.T) {
	d, _ := openDir(t)
	if err := d.Reserve(".reserve", 3*reserveStep); err != nil {
		t.Fatal(err)
	}
	writeOnceBelow := func(limit int64) error {
		return d.withReserve(10, func() error {
			if n, err := d.Size(".reserve"); err != nil || n > limit {
				return errors.Join(fmt.Errorf("write: %w", unix.ENOSPC), err)
			}
			return nil
		})
	}
	for _, left := range []int64{3, 2, 1, 0} {
		if err := writeOnceBelow(left * reserveStep); err != nil {
			t.Fatalf("with %d steps in reserve: %v", left, err)
		}
		if n, err := d.Size(".reserve"); n != left*reserveStep || err != nil {
			t.Errorf("%d bytes left, %v, want %d steps", n, err, left)
		}
	}
	if err := writeOnceBelow(-1); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("with nothing in reserve: %v", err)
	}
	if err := d.Reserve(".reserve", reserveStep); err != nil {
		t.Fatal(err)
	}
	other := errors.New("other")
	if err := d.withReserve(10, func() error { return other }); !errors.Is(err, other) {
		t.Errorf("another failure: %v", err)
	}
	if n, _ := d.Size(".reserve"); n != reserveStep {
		t.Errorf("another failure took from the reserve: %d left", n)
	}
}

// On a file system that is really full: the journal's room is there, and a half-written line is cut off again.
func TestFullFileSystemS12(t *testing.T) {
	root := t.TempDir()
	if err := mountSmall(root, 1<<20); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(root, 0) })
	f, err := OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Reserve(".reserve", 256<<10); err != nil {
		t.Fatal(err)
	}
	if err := f.Append("journal", []byte("first\n"), 0o600, 0); err != nil {
		t.Fatal(err)
	}
	hog, err := os.Create(filepath.Join(root, "hog"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = hog.Write(make([]byte, 4096))
	}
	_ = hog.Close()
	if free, err := f.Free(); free != 0 || err != nil {
		t.Fatalf("free %d, %v", free, err)
	}
	line := append(bytes.Repeat([]byte("x"), 9999), '\n')
	written := 0
	for written < 64 {
		if err = f.Append("journal", line, 0o600, 0); err != nil {
			break
		}
		written++
	}
	if !errors.Is(err, unix.ENOSPC) || written < 20 {
		t.Errorf("%d lines, then %v; want 20 or more from the reserve", written, err)
	}
	b, err := f.ReadFile("journal")
	if err != nil || len(b) != 6+written*len(line) || b[len(b)-1] != '\n' {
		t.Errorf("%d bytes, %v, after %d whole lines", len(b), err, written)
	}
	if err := f.Reserve(".more", 1<<20); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("reserve on a full file system: %v", err)
	}
}

// mountSmall mounts a file system of the size in memory, which root alone may.
func mountSmall(dir string, size int) error {
	return unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size))
}
