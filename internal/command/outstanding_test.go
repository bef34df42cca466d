package command

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

func TestOutstanding(t *testing.T) {
	dir := t.TempDir()
	r := NewRunner(clock.System(), dir)
	if got, err := NewRunner(clock.System(), filepath.Join(dir, "none")).Outstanding(time.Time{}); err != nil || got != nil {
		t.Errorf("without a folder: %v, %v", got, err)
	}
	before := time.Now().Add(-time.Second)
	gate := filepath.Join(dir, "gate")
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := r.Start(Act{ID: "a1", Name: "wait", Argv: []string{"/bin/sh", "-c", `while [ -e "$0" ]; do sleep 0.01; done`, gate}})
	if err != nil {
		t.Fatal(err)
	}
	other := NewRunner(clock.System(), dir) // a program that did not begin it
	got, err := other.Outstanding(before)
	if err != nil || len(got) != 1 || got[0].ID != "a1" {
		t.Fatalf("outstanding: %+v, %v", got, err)
	}
	if _, ended, err := other.Poll(got[0]); ended || err != nil {
		t.Errorf("it is said to have ended: %t, %v", ended, err)
	}
	if got, err := other.Outstanding(time.Now().Add(time.Hour)); err != nil || len(got) != 0 {
		t.Errorf("begun since an hour hence: %+v, %v", got, err)
	}
	if err := os.Remove(gate); err != nil {
		t.Fatal(err)
	}
	<-r.Done(s.ID)
	if got, err := other.Outstanding(before); err != nil || len(got) != 0 {
		t.Errorf("after its end: %+v, %v", got, err)
	}
}
