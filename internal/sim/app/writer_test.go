package app

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

func testClock() *clock.Fake {
	return clock.NewFake(model.Instant{Wall: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Mono: time.Hour})
}

// instance opens a writer on a shared disk.
func instance(t *testing.T, c clock.Clock, shared, id, node string) *Writer {
	t.Helper()
	w, err := NewWriter(Options{Group: "rg", Shared: shared, Clock: c}, Instance{ID: id, Node: node, Pid: 1})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func write(t *testing.T, w *Writer) {
	t.Helper()
	if err := w.Write(); err != nil {
		t.Fatal(err)
	}
}

// recorded reads who noticed whom.
func recorded(t *testing.T, shared string) []string {
	t.Helper()
	b, err := os.ReadFile(RanTwiceLog(shared))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		var r RanTwice
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		out = append(out, r.By.ID+" saw "+r.Other.ID)
	}
	return out
}

func TestWriterAcceptsHandover(t *testing.T) {
	shared, c := t.TempDir(), testClock()
	a, b := instance(t, c, shared, "a", "n1"), instance(t, c, shared, "b", "n2")
	write(t, a)
	write(t, a)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, b)
	write(t, b)
	write(t, b)
	if got := recorded(t, shared); got != nil {
		t.Errorf("a handover counts as running twice: %q", got)
	}
}

func TestWriterAcceptsTakeoverOfDeadInstance(t *testing.T) {
	shared, c := t.TempDir(), testClock()
	a, b := instance(t, c, shared, "a", "n1"), instance(t, c, shared, "b", "n2")
	write(t, a) // and is killed, or frozen for good
	write(t, b)
	write(t, b)
	if got := recorded(t, shared); got != nil {
		t.Errorf("a takeover counts as running twice: %q", got)
	}
}

func TestWriterNoticesSecondInstance(t *testing.T) {
	shared, c := t.TempDir(), testClock()
	a, b := instance(t, c, shared, "a", "n1"), instance(t, c, shared, "b", "n2")
	write(t, a)
	write(t, b) // takes over while a is frozen
	write(t, b)
	write(t, a) // a wakes
	if got := recorded(t, shared); len(got) != 1 || got[0] != "a saw b" {
		t.Fatalf("the one that woke noticed %q, want that a saw b", got)
	}
	write(t, b)
	if got := recorded(t, shared); len(got) != 2 || got[1] != "b saw a" {
		t.Fatalf("recorded %q, want that b saw a too", got)
	}
	write(t, a)
	write(t, b)
	if got := recorded(t, shared); len(got) != 2 {
		t.Errorf("the same moment is recorded again: %q", got)
	}
	c.Advance(2 * quiet)
	write(t, a)
	if got := recorded(t, shared); len(got) != 3 {
		t.Errorf("a later moment is not recorded: %q", got)
	}
}

func TestTailKeepsUnfinishedLine(t *testing.T) {
	shared, c := t.TempDir(), testClock()
	tail := NewTail(shared)
	if lines, err := tail.Next(); err != nil || lines != nil {
		t.Fatalf("without a log: %v, %v", lines, err)
	}
	a := instance(t, c, shared, "a", "n1")
	write(t, a)
	f, err := os.OpenFile(WriterLog(shared), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	half := `{"instance":"b","node":"n2","seq":7`
	if _, err := f.WriteString(half); err != nil {
		t.Fatal(err)
	}
	lines, err := tail.Next()
	if err != nil || len(lines) != 1 || lines[0].ID != "a" {
		t.Fatalf("lines %v, %v; want a's alone", lines, err)
	}
	if _, err := f.WriteString("}\nrubbish\n"); err != nil {
		t.Fatal(err)
	}
	lines, err = tail.Next()
	if err != nil || len(lines) != 1 || lines[0].ID != "b" || lines[0].Seq != 7 {
		t.Fatalf("lines %v, %v; want b's line whole, and no rubbish", lines, err)
	}
}
