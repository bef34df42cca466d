package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
	"time"
)

// Mem and the real folder must answer alike: tests on the one speak for the other.
func TestFSBehaveAlike(t *testing.T) {
	real, _ := openDir(t)
	for name, f := range map[string]FS{"dir": real, "mem": NewMem()} {
		t.Run(name, func(t *testing.T) {
			if err := f.Append("a/log", []byte("x"), 0o600, 0); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("append in no folder: %v", err)
			}
			if err := f.MkdirAll("a/b", 0o700); err != nil {
				t.Fatal(err)
			}
			for _, s := range []string{"one\n", "two\n"} {
				if err := f.Append("a/log", []byte(s), 0o600, time.Second); err != nil {
					t.Fatal(err)
				}
			}
			for offset, want := range map[int64]string{0: "one\ntwo\n", 4: "two\n", 8: "", 99: ""} {
				if b, err := f.ReadFrom("a/log", offset); string(b) != want || err != nil {
					t.Errorf("from %d: %q, %v", offset, b, err)
				}
			}
			if err := f.Replace("a/state", []byte("s"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := f.Rename("a/state", "a/log.1"); err != nil {
				t.Fatal(err)
			}
			if n, err := f.Size("a/log.1"); n != 1 || err != nil {
				t.Errorf("size %d, %v", n, err)
			}
			if names, err := f.List("a"); fmt.Sprint(names) != "[b log log.1]" || err != nil {
				t.Errorf("list %v, %v", names, err)
			}
			if err := f.Remove("a/log.1"); err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{
				"read": second(f.ReadFile("a/log.1")), "size": second(f.Size("a/log.1")), "remove": f.Remove("a/log.1"),
				"rename": f.Rename("a/log.1", "x"), "list": second(f.List("none")), "replace": f.Replace("none/x", nil, 0o600),
			} {
				if !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s of what is not there: %v", what, err)
				}
			}
			if err := f.Append("../x", nil, 0o600, 0); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("append outside: %v", err)
			}
		})
	}
}

func TestMemFaults(t *testing.T) {
	m := NewMem()
	add := func() error { return m.Append("log", []byte("line\n"), 0o600, time.Second) }
	m.FailAppend(2)
	for i, want := range []error{nil, ErrInjected, nil} {
		if err := add(); !errors.Is(err, want) {
			t.Errorf("append %d: %v, want %v", i, err, want)
		}
	}
	m.FailReplace(1)
	if err := m.Replace("state", nil, 0o600); !errors.Is(err, ErrInjected) {
		t.Errorf("replace: %v", err)
	}
	m.Hold("log", true)
	if err := add(); !errors.Is(err, ErrLocked) {
		t.Errorf("held: %v", err)
	}
	m.Hold("log", false)
	m.ReadOnly(true)
	if err := add(); !errors.Is(err, syscall.EROFS) {
		t.Errorf("read-only: %v", err)
	}
	m.ReadOnly(false)
	if m.Appends() != 2 {
		t.Errorf("%d appends counted", m.Appends())
	}
	copied := m.Clone()
	copied.Tear("log", 3)
	if b, _ := copied.ReadFile("log"); string(b) != "line\nli" {
		t.Errorf("torn: %q", b)
	}
	if b, _ := m.ReadFile("log"); string(b) != "line\nline\n" {
		t.Errorf("the original of a clone changed: %q", b)
	}
}

// S12: on a full file system exactly what was reserved can still be written.
func TestMemReserveS12(t *testing.T) {
	m := NewMem()
	if err := m.Reserve(".reserve", 12); err != nil {
		t.Fatal(err)
	}
	m.Full(true)
	for i, want := range []error{nil, nil, syscall.ENOSPC} {
		if err := m.Append("log", []byte("line\n"), 0o600, 0); !errors.Is(err, want) {
			t.Errorf("append %d: %v, want %v", i, err, want)
		}
	}
	if free, err := m.Free(); free != 0 || err != nil {
		t.Errorf("free %d, %v", free, err)
	}
	if err := m.Reserve(".reserve", 12); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("reserve when full: %v", err)
	}
	m.Full(false)
	if err := m.Reserve(".reserve", 12); err != nil {
		t.Error(err)
	}
}
