package world

import (
	"os"
	"testing"
)

func TestParseStat(t *testing.T) {
	line := "1234 (a) b (c) S 77 1234 1234 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 7 0 98765 1 2 3"
	p, ok := parseStat([]byte(line))
	if want := (proc{pid: 1234, ppid: 77, state: 'S', start: 98765}); !ok || p != want {
		t.Errorf("%q: %+v, %t; want %+v", line, p, ok, want)
	}
	for _, bad := range []string{"", "12", "12 (x) S", "x (y) S 1 " + line[17:], ") ("} {
		if p, ok := parseStat([]byte(bad)); ok {
			t.Errorf("%q gives %+v", bad, p)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("1234 (a) b (c) S 77 1234 1234 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 7 0 98765 1 2 3"))
	f.Add([]byte(") ("))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, ok := parseStat(b); ok && p.state == 0 {
			t.Errorf("%q: no state", b)
		}
	})
}

func TestOwnParent(t *testing.T) {
	if got, want := parent(os.Getpid()), os.Getppid(); got != want {
		t.Errorf("parent %d, want %d", got, want)
	}
	if startTime(os.Getpid()) == 0 {
		t.Error("the test itself does not seem to run")
	}
}
