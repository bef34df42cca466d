package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary play another process: it holds a lock until
// its standard input ends, or appends many lines under the lock.
func TestMain(m *testing.M) {
	switch path := os.Getenv("DURABLE_TEST_FILE"); os.Getenv("DURABLE_TEST_ROLE") {
	case "hold":
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
		if err == nil {
			err = tryLock(f)
		}
		fmt.Println("held", err)
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	case "append":
		d, err := OpenDir(filepath.Dir(path))
		if err == nil {
			err = appendLines(d, filepath.Base(path), "other")
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func openDir(t *testing.T) (*Dir, string) {
	t.Helper()
	root := t.TempDir()
	f, err := OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	return f.(*Dir), root
}

func other(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DURABLE_TEST_ROLE="+role, "DURABLE_TEST_FILE="+path)
	return cmd
}

// startOther starts it, unless this binary itself runs in an emulator.
func startOther(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	switch err := cmd.Start(); {
	case errors.Is(err, unix.ENOEXEC):
		t.Skip("the test binary cannot be run by itself here")
	case err != nil:
		t.Fatal(err)
	}
}

func TestOpenDir(t *testing.T) {
	root := t.TempDir()
	if _, err := OpenDir(filepath.Join(root, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	file := filepath.Join(root, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(file); err == nil {
		t.Error("a file was opened as a folder")
	}
}

func TestAppendAndRead(t *testing.T) {
	d, root := openDir(t)
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	if err := d.MkdirAll("dr", 0o750); err != nil {
		t.Fatal(err)
	}
	for _, lock := range []time.Duration{0, time.Second} {
		if err := d.Append("dr/log", []byte("line\n"), 0o640, lock); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := d.ReadFile("dr/log"); string(b) != "line\nline\n" || err != nil {
		t.Errorf("read %q, %v", b, err)
	}
	if b, err := d.ReadFrom("dr/log", 7); string(b) != "ne\n" || err != nil {
		t.Errorf("read from 7: %q, %v", b, err)
	}
	if b, err := d.ReadFrom("dr/log", 100); len(b) != 0 || err != nil {
		t.Errorf("read from beyond the end: %q, %v", b, err)
	}
	if n, err := d.Size("dr/log"); n != 10 || err != nil {
		t.Errorf("size %d, %v", n, err)
	}
	if info, err := os.Stat(filepath.Join(root, "dr/log")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v, whatever the umask", info.Mode(), err)
	}
	for _, err := range []error{second(d.ReadFile("none")), second(d.Size("none")), d.Append("none/x", nil, 0o600, 0), d.Remove("none")} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want not exist", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestReplaceRenameRemoveList(t *testing.T) {
	d, root := openDir(t)
	// What a replacement that was cut short left behind is no hindrance.
	if err := os.WriteFile(filepath.Join(root, ".state.tmp"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"one", "two"} {
		if err := d.Replace("state", []byte(s), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := d.ReadFile("state"); string(b) != "two" || err != nil {
		t.Errorf("read %q, %v", b, err)
	}
	if err := d.Rename("state", "old"); err != nil {
		t.Fatal(err)
	}
	if err := d.MkdirAll("a/b", 0o700); err != nil {
		t.Fatal(err)
	}
	if names, err := d.List("."); fmt.Sprint(names) != "[a old]" || err != nil {
		t.Errorf("list %v, %v", names, err)
	}
	if err := d.Remove("old"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ReadFile("old"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
	if n, err := d.Free(); n <= 0 || err != nil {
		t.Errorf("free %d, %v", n, err)
	}
}

// Whatever lies in the folder, nobody is led out of it and nothing blocks.
func TestRefusesLinksAndPipes(t *testing.T) {
	d, root := openDir(t)
	outside := t.TempDir()
	victim := filepath.Join(outside, "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"link": victim, "dangling": filepath.Join(outside, "new"), "dir": outside} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "dangling", "dir/victim", "dir/new", "pipe", "../victim", "/etc/passwd", "a//b", ""} {
		for what, err := range map[string]error{
			"append":  d.Append(name, []byte("x"), 0o600, 0),
			"replace": d.Replace(name, []byte("x"), 0o600),
			"read":    second(d.ReadFile(name)),
			"reserve": d.Reserve(name, 10),
		} {
			if err == nil {
				t.Errorf("%s of %q was done", what, name)
			}
		}
	}
	if b, err := os.ReadFile(victim); string(b) != "precious" || err != nil {
		t.Errorf("outside: %q, %v", b, err)
	}
	if entries, err := os.ReadDir(outside); len(entries) != 1 || err != nil {
		t.Errorf("outside: %v, %v", entries, err)
	}
}

func TestAppendWaitsForLock(t *testing.T) {
	d, root := openDir(t)
	path := filepath.Join(root, "log")
	holder := other(t, "hold", path)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	startOther(t, holder)
	said := make([]byte, 64)
	n, err := out.Read(said)
	if err != nil || string(said[:n]) != "held <nil>\n" {
		t.Fatalf("holder said %q, %v", said[:n], err)
	}
	if err := d.Append("log", []byte("x\n"), 0o600, 50*time.Millisecond); !errors.Is(err, ErrLocked) {
		t.Errorf("held: %v, want ErrLocked", err)
	}
	if n, err := d.Size("log"); n != 0 || err != nil { // and reads are not kept out
		t.Errorf("size %d, %v", n, err)
	}
	done := make(chan error, 1)
	go func() { done <- d.Append("log", []byte("x\n"), 0o600, time.Minute) }()
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("released: %v", err)
	}
	_ = holder.Wait()
}

const manyLines = 100

func appendLines(d FS, name, who string) error {
	for i := range manyLines {
		line := fmt.Sprintf("%s %d %s\n", who, i, strings.Repeat("=", 100))
		if err := d.Append(name, []byte(line), 0o600, 30*time.Second); err != nil {
			return err
		}
	}
	return nil
}

// Two processes, one of them with two goroutines, write whole lines and lose none.
func TestAppendFromManySides(t *testing.T) {
	d, root := openDir(t)
	cmd := other(t, "append", filepath.Join(root, "log"))
	var said bytes.Buffer
	cmd.Stdout = &said
	startOther(t, cmd)
	var wg sync.WaitGroup
	for _, who := range []string{"a", "b"} {
		wg.Go(func() {
			if err := appendLines(d, "log", who); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err, said.String())
	}
	b, err := d.ReadFile("log")
	if err != nil {
		t.Fatal(err)
	}
	next := make(map[string]int)
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) != 3 || f[1] != fmt.Sprint(next[f[0]]) {
			t.Fatalf("line %q, want number %d", line, next[f[0]])
		}
		next[f[0]]++
	}
	if next["a"] != manyLines || next["b"] != manyLines || next["other"] != manyLines {
		t.Errorf("lines: %v", next)
	}
}
