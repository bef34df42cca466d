package exporter

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/logfile"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

// STARTED and DONE of one minute come in the order of their sequence numbers, and a log that was made anew is read on.
func TestErrlogOrder(t *testing.T) {
	r := newRig(t, hearing(episode.SourceErrpt))
	r.answers[model.SourceErrlog] = model.Reading{Errlog: []model.ErrlogEntry{{Label: "CLIENT_PMIG_DONE", Sequence: 900, Time: r.now.Wall.Add(-time.Hour)}}}
	r.advance(20 * time.Second)
	minute := r.now.Wall.Truncate(time.Minute)
	for i, seq := range []int{901, 3} { // the second time the log was cleared
		r.answers[model.SourceErrlog] = model.Reading{Errlog: []model.ErrlogEntry{
			{Label: "CLIENT_PMIG_DONE", Sequence: seq + 1, Time: minute}, {Label: "CLIENT_PMIG_STARTED", Sequence: seq, Time: minute},
		}}
		r.advance(20 * time.Second)
		r.phase(model.PhaseIdle)
		if n := r.core.View(r.now).Migrations[model.ResultCompleted]; n != uint64(i+1) {
			t.Fatalf("%d migrations: %+v", n, r.core.episodes)
		}
		r.advance(30 * time.Minute)
		minute = r.now.Wall.Truncate(time.Minute)
	}
}

func TestClutilsZone(t *testing.T) {
	written := time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC)
	read := func(stamp time.Time, zone string, written time.Time) *time.Duration {
		return zoneOf(ClutilsRead{Written: written, Events: []powerha.ClutilsEvent{{Stamp: stamp, Zone: zone}}})
	}
	wall := written.Add(-time.Second)
	for name, tt := range map[string]struct {
		got  *time.Duration
		want *time.Duration
	}{
		"UTC":                             {read(wall, "UTC", written), ptr(time.Duration(0))},
		"ahead":                           {read(wall.Add(time.Hour), "CET", written), ptr(time.Hour)},
		"behind, by a half":               {read(wall.Add(-3*time.Hour-30*time.Minute), "NST", written), ptr(-3*time.Hour - 30*time.Minute)},
		"written to long after":           {read(wall.Add(time.Hour-9*time.Minute), "CET", written), nil},
		"when the file was is not known":  {read(wall.Add(time.Hour), "CET", time.Time{}), nil},
		"the stamp is of another calling": {read(time.Time{}, "", written), nil},
	} {
		if (tt.got == nil) != (tt.want == nil) || tt.got != nil && *tt.got != *tt.want {
			t.Errorf("%s: %v, want %v", name, tt.got, tt.want)
		}
	}
}

// The watcher tells what the files of PowerHA's own script hold, over their absence, a rewrite and a restart.
func TestWitnessWatcher(t *testing.T) {
	dir := t.TempDir()
	files := Witnesses{ClutilsLog: filepath.Join(dir, "clutils.log"), ClDRState: filepath.Join(dir, "cl_dr.state")}
	write := func(path, text string, flag int) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|flag, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	now := start()
	w := newWitnessWatcher(files, logfile.Cursor{})
	in := w.look(now)
	if len(in) != 2 || in[0].(ClutilsRead).Err == "" || in[1].(StateFileSeen).Present {
		t.Fatalf("no files: %+v", in)
	}
	if in := w.look(now); len(in) != 0 {
		t.Errorf("told again: %+v", in)
	}
	write(files.ClutilsLog, "Sun Mar  1 10:00:00 UTC 2026 cl_dr: PRE_MIGRATE entered\nSun Mar  1 10:00:01 UTC 2026 cl_dr: X_MIGRATE entered\nSun Mar", os.O_APPEND)
	write(files.ClDRState, "node_state=NORMAL\nnode_timeout=30000\nrubbish\n", os.O_TRUNC)
	in = w.look(now)
	if len(in) != 2 {
		t.Fatalf("%+v", in)
	}
	log, state := in[0].(ClutilsRead), in[1].(StateFileSeen)
	if len(log.Events) != 1 || log.Unparsed != 1 || log.Err != "" || log.Written.IsZero() {
		t.Errorf("%+v", log)
	}
	if !state.Present || state.Saved.NodeTimeout != 30*time.Second || state.Unparsed != 1 {
		t.Errorf("%+v", state)
	}
	write(files.ClutilsLog, "  1 10:01:00 UTC 2026 cl_2dr: POST_MIGRATE entered\n", os.O_APPEND)
	again := newWitnessWatcher(files, log.Cursor)
	if in = again.look(now); len(in) != 2 || len(in[0].(ClutilsRead).Events) != 1 {
		t.Errorf("after a restart: %+v", in)
	}
	if err := os.Remove(files.ClDRState); err != nil {
		t.Fatal(err)
	}
	if in = again.look(now); len(in) != 1 || in[0].(StateFileSeen).Present {
		t.Errorf("removed: %+v", in)
	}
}

// What is not understood of the script's words is counted.
func TestClutilsParseErrors(t *testing.T) {
	r := newRig(t, options())
	r.tell(ClutilsRead{At: r.now, Unparsed: 2, Cursor: logfile.Cursor{Set: true}}, StateFileSeen{At: r.now, Unparsed: 1})
	if n := r.core.View(r.now).ParseErrors["clutils_log"]; n != 3 {
		t.Errorf("%d", n)
	}
}
