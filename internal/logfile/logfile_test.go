package logfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type file struct {
	t    *testing.T
	path string
	at   Cursor
}

func (l *file) write(text string, flags int) {
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

func (l *file) read(want string, skipped bool) {
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

// rename puts the file away under its name and what comes behind; "" takes it away.
func (l *file) rename(suffix string) {
	l.t.Helper()
	to := l.path + suffix
	if suffix == "" {
		to = filepath.Join(l.t.TempDir(), "elsewhere")
	}
	if err := os.Rename(l.path, to); err != nil {
		l.t.Fatal(err)
	}
}

func TestRead(t *testing.T) {
	l := &file{t: t, path: filepath.Join(t.TempDir(), "cluster.log")}
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
	// Rotated: a new file under the name; what was written to the old one before is read.
	l.write("last\n", os.O_APPEND)
	l.rename(".1")
	l.write("new\n", os.O_APPEND)
	l.read("last\nnew\n", false)
	// Rotated away, or packed.
	l.write("lost\n", os.O_APPEND)
	l.rename("")
	l.write("newer\n", os.O_APPEND)
	l.read("newer\n", true)
	// Made anew in place: what was written before may be lost.
	l.write("x\n", os.O_TRUNC)
	l.read("x\n", true)
	// Made anew, and longer than before.
	l.write("y\nlonger than it was before\n", os.O_TRUNC)
	l.read("y\nlonger than it was before\n", true)
	l.write("z\n", os.O_APPEND)
	l.read("z\n", false)
	// More than the limit: the last of it, from the begin of a line on.
	l.write(strings.Repeat("0123456\n", 20), os.O_APPEND)
	l.read(strings.Repeat("0123456\n", 8), true)
	l.write("012345678\n"+strings.Repeat("0123456\n", 7)+"ab\n", os.O_APPEND)
	l.read(strings.Repeat("0123456\n", 7)+"ab\n", true)
	l.read("", false)
	// One line that is longer than the limit.
	l.write(strings.Repeat("a", 100)+"\nb\n", os.O_APPEND)
	l.read("b\n", true)
}

// Two rotations between two looks: what lay in between is not read.
func TestRotatedTwice(t *testing.T) {
	l := &file{t: t, path: filepath.Join(t.TempDir(), "cluster.log")}
	l.write("a\n", os.O_APPEND)
	l.read("", false)
	l.write("b\n", os.O_APPEND)
	l.rename(".2")
	l.write("c\n", os.O_APPEND)
	later := time.Now().Add(time.Minute)
	l.rename(".1")
	if err := os.Chtimes(l.path+".1", later, later); err != nil {
		t.Fatal(err)
	}
	l.write("d\n", os.O_APPEND)
	l.read("b\nd\n", true)
}

// A reader that comes while a line is being written gets the whole of it.
func TestBeginsWithinALine(t *testing.T) {
	l := &file{t: t, path: filepath.Join(t.TempDir(), "cluster.log")}
	l.write("one\ntw", os.O_APPEND)
	l.read("", false)
	l.write("o\n", os.O_APPEND)
	l.read("two\n", false)
}

// A cursor of before the tail was kept goes on; one of a file that is gone is kept until it comes back.
func TestOldCursor(t *testing.T) {
	l := &file{t: t, path: filepath.Join(t.TempDir(), "cluster.log")}
	l.write("one\n", os.O_APPEND)
	l.read("", false)
	l.at.Tail = 0
	l.write("two\n", os.O_APPEND)
	l.read("two\n", false)
	l.rename(".1")
	if c, err := Read(l.path, l.at, 64); err == nil || c.Next != l.at {
		t.Errorf("%+v, %v", c, err)
	}
	l.write("three\n", os.O_APPEND)
	l.read("three\n", false)
}

// What is written to a file that was not there at first is all new.
func TestMadeLater(t *testing.T) {
	l := &file{t: t, path: filepath.Join(t.TempDir(), "cluster.log")}
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

// Whatever the order of writes, rotations and looks: every line comes once, whole, and in order, as long as there is a
// look between two rotations.
func TestNothingLost(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 40 {
		l := &file{t: t, path: filepath.Join(t.TempDir(), "log")}
		l.write("", os.O_APPEND)
		var want, got strings.Builder
		rotations := 0
		look := func() {
			c, err := Read(l.path, l.at, 1<<20)
			if err != nil || c.Skipped {
				t.Fatalf("skipped %v, %v", c.Skipped, err)
			}
			l.at = c.Next
			got.Write(c.Text)
		}
		look()
		for i := range 40 {
			switch rnd.IntN(4) {
			case 0:
				look()
			case 1:
				look()
				l.write("end\n", os.O_APPEND) // a log is rotated between two lines
				want.WriteString("end\n")
				rotations++
				l.rename(fmt.Sprint(".", rotations))
				text := fmt.Sprintf("first %d\n", i)
				l.write(text, os.O_APPEND)
				want.WriteString(text)
				look()
			default:
				text := fmt.Sprintf("%d %s", i, strings.Repeat("x", rnd.IntN(30)))
				if rnd.IntN(3) > 0 {
					text += "\n"
				}
				l.write(text, os.O_APPEND)
				want.WriteString(text)
			}
		}
		l.write("\n", os.O_APPEND)
		want.WriteString("\n")
		look()
		if got.String() != want.String() {
			t.Fatalf("got\n%s\nwant\n%s", got.String(), want.String())
		}
	}
}
