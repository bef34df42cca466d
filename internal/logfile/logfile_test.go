package logfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type log struct {
	t    *testing.T
	path string
	at   Cursor
}

func (l *log) write(text string, flags int) {
	l.t.Helper()
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|flags, 0o600)
	if err != nil {
		l.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		l.t.Fatal(err)
	}
}

func (l *log) read(want string, skipped bool) {
	l.t.Helper()
	c, err := Read(l.path, l.at, 64)
	if err != nil {
		l.t.Fatal(err)
	}
	l.at = c.Next
	if string(c.Text) != want || c.Skipped != skipped {
		l.t.Errorf("%q, skipped %v, want %q, %v", c.Text, c.Skipped, want, skipped)
	}
}

func TestRead(t *testing.T) {
	l := &log{t: t, path: filepath.Join(t.TempDir(), "cluster.log")}
	if _, err := Read(l.path, l.at, 64); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	l.write("before\n", os.O_APPEND)
	l.read("", false) // the first time begins at the end
	l.read("", false)
	l.write("one\ntwo\nhalf", os.O_APPEND)
	l.read("one\ntwo\n", false)
	l.read("", false)
	l.write(" a line\n", os.O_APPEND)
	l.read("half a line\n", false)
	// Rotated: a new file under the name.
	if err := os.Rename(l.path, l.path+".1"); err != nil {
		t.Fatal(err)
	}
	l.write("new\n", os.O_APPEND)
	l.read("new\n", true)
	// Made anew in place.
	l.write("x\n", os.O_TRUNC)
	l.read("x\n", false)
	// More than the limit: the last of it, from somewhere within a line.
	l.write(strings.Repeat("0123456\n", 20), os.O_APPEND)
	l.read(strings.Repeat("0123456\n", 8), true)
	l.read("", false)
}

// What is written to a file that was not there at first is all new.
func TestMadeLater(t *testing.T) {
	l := &log{t: t, path: filepath.Join(t.TempDir(), "cluster.log")}
	c, err := Read(l.path, l.at, 64)
	if err == nil {
		t.Fatal("no error")
	}
	l.at = c.Next
	l.write("first\n", os.O_APPEND)
	l.read("first\n", false)
}

func TestNotAFile(t *testing.T) {
	if _, err := Read(t.TempDir(), Cursor{Set: true}, 64); err == nil {
		t.Error("a folder was read")
	}
}
