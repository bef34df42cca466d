package exporter

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

func historyOf(c *Core) []model.FreezeRecord {
	s, _ := c.Final()
	return s.History
}

// Every booked freeze is remembered, over a restart too, and a migration without a visible one as such.
func TestHistory(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	gap := func(estimate time.Duration) {
		t.Helper()
		from := r.now
		r.now = r.now.Add(estimate)
		r.tell(GapSeen{Gap: freeze.Gap{Kind: freeze.Suspended, Start: from, End: r.now, Estimate: estimate, Bound: 10 * time.Millisecond}})
		r.advance(4 * time.Second)
	}
	gap(3 * time.Second)
	r.event(model.EventPre, "stage", "begin")
	gap(4 * time.Second)
	history := historyOf(r.core)
	if len(history) != 2 || history[0].Episode != "" || *history[0].Fused != 3*time.Second {
		t.Fatalf("history %+v", history)
	}
	h := history[1]
	if h.Episode != "ep" || h.Fused == nil || *h.Fused != 4*time.Second || h.Bound != 10*time.Millisecond || h.Start.IsZero() {
		t.Errorf("the freeze of the migration: %+v", h)
	}
	if !slices.ContainsFunc(r.effects, func(e Effect) bool {
		p, ok := e.(Persist)
		return ok && len(p.State.History) == 2
	}) {
		t.Error("it is not written")
	}
	// It survives.
	fsys := durable.NewMem()
	if err := fsys.MkdirAll("exporter", 0o750); err != nil {
		t.Fatal(err)
	}
	final, _ := r.core.Final()
	if err := SaveState(fsys, final); err != nil {
		t.Fatal(err)
	}
	s, err := LoadState(fsys, r.now.Wall)
	if err != nil {
		t.Fatal(err)
	}
	again := historyOf(NewCore(options(), s, nil))
	if fmt.Sprint(len(again), *again[1].Fused, again[1].Episode, again[1].Start) != fmt.Sprint(2, 4*time.Second, "ep", h.Start) {
		t.Errorf("after a restart: %+v", again)
	}
}

func TestHistoryOfAMigrationThatNobodySaw(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	r.event(model.EventPre, "stage", "begin")
	r.advance(5 * time.Second)
	r.event(model.EventPost, "stage", "end")
	r.event(model.EventDone)
	r.advance(20 * time.Second)
	history := historyOf(r.core)
	if len(history) != 1 || history[0].Fused != nil || history[0].Episode != "ep" || history[0].Start.IsZero() {
		t.Errorf("history %+v", history)
	}
}

// A file that was written before there was a history is read.
func TestStateWithoutHistory(t *testing.T) {
	fsys := durable.NewMem()
	if err := fsys.MkdirAll("exporter", 0o750); err != nil {
		t.Fatal(err)
	}
	if err := fsys.Replace(StateName, []byte(`{"version":1,"created":"2026-01-01T00:00:00Z","cluster":"c","node":"n"}`), 0o640); err != nil {
		t.Fatal(err)
	}
	s, err := LoadState(fsys, time.Now())
	if err != nil || s.History != nil {
		t.Errorf("%+v, %v", s.History, err)
	}
}

// Migrations outlive hiccups outside them, and the file stays small.
func TestHistoryIsCapped(t *testing.T) {
	var history []model.FreezeRecord
	d := time.Second
	add := func(episode string) {
		history = remember(history, model.FreezeRecord{Start: time.Unix(int64(len(history)), 0).UTC(), Episode: episode, Fused: &d, Bound: d})
	}
	add("first")
	for range maxHistory + 10 {
		add("")
	}
	add("last")
	if len(history) != maxHistory || history[0].Episode != "first" || history[maxHistory-1].Episode != "last" {
		t.Errorf("%d records, %+v … %+v", len(history), history[0], history[len(history)-1])
	}
	for i := range maxHistory {
		add("20261124T115500-node" + strings.Repeat("0", 3) + fmt.Sprint(i))
	}
	if len(history) != maxHistory || history[0].Episode != "20261124T115500-node0000" {
		t.Errorf("%d records, %+v", len(history), history[0])
	}
	fsys := durable.NewMem()
	if err := fsys.MkdirAll("exporter", 0o750); err != nil {
		t.Fatal(err)
	}
	s := NewState(time.Now())
	s.History = history
	if err := SaveState(fsys, s); err != nil {
		t.Fatal(err)
	}
	if n, err := fsys.Size(StateName); err != nil || n > 320<<10 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
