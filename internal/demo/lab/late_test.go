package lab

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func moment(seconds int) time.Time { return time.Date(2026, 3, 1, 10, 0, seconds, 0, time.UTC) }

// A command answers what it answered then, its exit status and its errors with it.
func TestRunLate(t *testing.T) {
	dir := t.TempDir()
	tool := filepath.Join(dir, "tool")
	says := func(text string) {
		if err := os.WriteFile(tool, []byte("#!/bin/sh\necho "+text+" $1\necho oh >&2\nexit 3\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct {
		at   int
		says string
		want string
	}{
		{0, "calm", "calm -a\n"},
		{5, "moved", "calm -a\n"},  // the answer of 10 s ago was that
		{14, "moved", "calm -a\n"}, // … of 4 s, the first
		{15, "moved", "moved -a\n"},
		{30, "later", "moved -a\n"},
	} {
		says(step.says)
		var out, errs bytes.Buffer
		exit := RunLate([]string{"10s", filepath.Join(dir, "answers"), tool, "-a"}, moment(step.at), &out, &errs)
		if exit != 3 || out.String() != step.want || errs.String() != "oh\n" {
			t.Errorf("%d: exit %d, %q, %q, want %q", i, exit, out.String(), errs.String(), step.want)
		}
	}
	var out bytes.Buffer
	if RunLate([]string{"10s", filepath.Join(dir, "answers"), tool, "-b"}, moment(40), &out, &out); out.String() != "later -b\noh\n" {
		t.Errorf("another question got the answer of the first: %q", out.String())
	}
	for _, args := range [][]string{{"10s"}, {"soon", dir, tool}} {
		if RunLate(args, moment(0), &out, &out) != 2 {
			t.Errorf("%v was taken", args)
		}
	}
	if RunLate([]string{"1s", dir, filepath.Join(dir, "none")}, moment(0), &out, &out) != 1 {
		t.Error("a command that is missing was run")
	}
}

// A copy follows its file 10 s late: it comes, grows, is written anew and goes, and keeps the stamp.
func TestLateFile(t *testing.T) {
	dir := t.TempDir()
	f := &lateFile{from: filepath.Join(dir, "from"), to: filepath.Join(dir, "to"), span: 10 * time.Second}
	inode := func() os.FileInfo {
		st, err := os.Stat(f.to)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	var first os.FileInfo
	for _, step := range []struct {
		at   int
		from string // "-" removes it
		want string // "-": there is none
	}{
		{0, "-", "-"},
		{5, "one\n", "-"},
		{8, "one\ntwo\n", "-"},
		{15, "one\ntwo\n", "one\n"},
		{20, "anew\n", "one\ntwo\n"},
		{29, "-", "one\ntwo\n"},
		{30, "-", "anew\n"},
		{39, "-", "-"},
	} {
		if step.from == "-" {
			if err := os.Remove(f.from); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		} else if err := errors.Join(os.WriteFile(f.from, []byte(step.from), 0o600), os.Chtimes(f.from, moment(step.at), moment(step.at))); err != nil {
			t.Fatal(err)
		}
		if err := f.step(moment(step.at)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(f.to)
		if err != nil {
			got = []byte("-")
		}
		if string(got) != step.want {
			t.Errorf("at %d: %q, want %q", step.at, got, step.want)
		}
		switch step.at {
		case 15:
			first = inode()
			if !first.ModTime().Equal(moment(5)) {
				t.Errorf("stamp %v", first.ModTime())
			}
		case 20:
			if !os.SameFile(first, inode()) {
				t.Error("what only grew is another file")
			}
		}
	}
}
