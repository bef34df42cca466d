package episode

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/model"
)

func TestAppendThenParse(t *testing.T) {
	fsys := durable.NewMem()
	first, second := ev(0, model.EventCheck, "a"), ev(1.5, model.EventPre, "a", "stage", "begin")
	for _, e := range []model.EpisodeEvent{first, second} {
		if err := Append(fsys, e); err != nil {
			t.Fatal(err)
		}
	}
	p, err := fsys.ReadFile(LogName)
	if err != nil {
		t.Fatal(err)
	}
	got, damaged := Parse(p)
	if damaged != 0 || len(got) != 2 {
		t.Fatalf("got %d events, %d damaged", len(got), damaged)
	}
	if !got[1].Time.Equal(second.Time) || got[1].Details["stage"] != "begin" || got[0].Event != model.EventCheck {
		t.Errorf("got %+v", got)
	}
}

// A line that a crash left torn is ignored, and what is appended after it is not lost with it.
func TestTornLine(t *testing.T) {
	fsys := durable.NewMem()
	if err := Append(fsys, ev(0, model.EventCheck, "a")); err != nil {
		t.Fatal(err)
	}
	if err := fsys.Append(LogName, []byte(`{"version":1,"time":"2026-03-01T10:00:0`), 0o640, 0); err != nil {
		t.Fatal(err)
	}
	p, _ := fsys.ReadFile(LogName)
	if got, damaged := Parse(p); len(got) != 1 || damaged != 1 {
		t.Fatalf("torn: got %d events, %d damaged, want 1 and 1", len(got), damaged)
	}
	if err := Append(fsys, ev(2, model.EventPre, "a")); err != nil {
		t.Fatal(err)
	}
	p, _ = fsys.ReadFile(LogName)
	if got, damaged := Parse(p); len(got) != 2 || damaged != 1 {
		t.Fatalf("after it: got %d events, %d damaged, want 2 and 1", len(got), damaged)
	}
}

// Cut after any byte, every whole line is still there.
func TestParseTruncatedAnywhere(t *testing.T) {
	var p []byte
	for i := range 4 {
		line, err := encode(ev(float64(i), model.EventPre, "a"))
		if err != nil {
			t.Fatal(err)
		}
		p = append(p, line...)
	}
	for n := range len(p) + 1 {
		got, damaged := Parse(p[:n])
		if whole := bytes.Count(p[:n], []byte{'\n'}); len(got) != whole || damaged > 1 {
			t.Fatalf("cut at %d: %d events of %d, %d damaged", n, len(got), whole, damaged)
		}
	}
}

func TestParseBadLines(t *testing.T) {
	good := `{"version":1,"time":"2026-03-01T10:00:00Z","event":"premigrate","source":"dr","episode":"a"}` + "\n"
	for name, bad := range map[string]string{
		"rubbish": "rubbish\n", "newer": strings.Replace(good, `"version":1`, `"version":9`, 1),
		"unknown event": strings.Replace(good, "premigrate", "prefix", 1), "no time": `{"version":1,"event":"premigrate"}` + "\n",
		"no version": strings.Replace(good, `"version":1,`, "", 1),
		"too long":   strings.Replace(good, `"a"`, `"`+strings.Repeat("x", maxLine)+`"`, 1),
	} {
		if got, damaged := Parse([]byte(good + bad + "\n" + good)); len(got) != 2 || damaged != 1 {
			t.Errorf("%s: %d events, %d damaged, want 2 and 1", name, len(got), damaged)
		}
	}
}

func TestAppendErrors(t *testing.T) {
	fsys := durable.NewMem()
	fsys.Hold(LogName, true)
	if err := Append(fsys, ev(0, model.EventPre, "a")); !errors.Is(err, durable.ErrLocked) || !strings.Contains(err.Error(), "premigrate") {
		t.Errorf("locked: %v", err)
	}
	fsys.Hold(LogName, false)
	if err := Append(fsys, ev(0, model.EventPre, strings.Repeat("x", maxLine))); err == nil {
		t.Error("an event that is too long was written")
	}
}

func TestRotateKeepsOpenEpisode(t *testing.T) {
	fsys := durable.NewMem()
	pad := strings.Repeat("x", 8000)
	add := func(e model.EpisodeEvent) {
		if err := Append(fsys, e); err != nil {
			t.Fatal(err)
		}
	}
	add(ev(0, model.EventPre, "open", "stage", "begin"))
	for i := range 100 {
		add(ev(float64(i), model.EventFreeze, "other", "pad", pad))
	}
	rotate := func() int64 {
		if err := Rotate(fsys, LogName, at(200), expires); err != nil {
			t.Fatal(err)
		}
		n, _ := fsys.Size(LogName)
		return n
	}
	before, _ := fsys.Size(LogName)
	if after := rotate(); after != before {
		t.Fatalf("%d bytes are not too many, but were cut to %d", before, after)
	}
	for i := range 600 {
		add(ev(float64(100+i)/10, model.EventFreeze, "other", "pad", pad))
	}
	before, _ = fsys.Size(LogName)
	if after := rotate(); after > before/2+20000 {
		t.Fatalf("%d bytes were cut to %d only", before, after)
	}
	p, _ := fsys.ReadFile(LogName)
	events, damaged := Parse(p)
	if damaged != 0 || events[0].Event != model.EventPre {
		t.Fatalf("%d damaged, first event is %s of %s", damaged, events[0].Event, events[0].Episode)
	}
	if eps := Fold(events, at(200), expires); len(eps) != 1 || !eps[0].Open || eps[0].ID != "open" {
		t.Errorf("open episode is gone: %+v", eps)
	}
}

func TestNewID(t *testing.T) {
	got := NewID("node 1/../x", time.Date(2026, 3, 1, 10, 0, 0, 5e6, time.UTC))
	if got != "20260301T100000005Z-node_1_.._x" {
		t.Errorf("got %q", got)
	}
	if NewID("", t0()) == "" || strings.ContainsAny(got, "/ ") {
		t.Errorf("unsafe id %q", got)
	}
}

func FuzzParse(f *testing.F) {
	line, _ := encode(ev(0, model.EventPre, "a", "stage", "end"))
	f.Add(line)
	f.Add(append(line[:len(line)-1:len(line)-1], line...))
	f.Add([]byte("{}\n\n{"))
	f.Fuzz(func(t *testing.T, p []byte) {
		events, damaged := Parse(p)
		if n := bytes.Count(p, []byte{'\n'}); len(events) > n || damaged > n+1 {
			t.Fatalf("%d events and %d damaged of %d lines", len(events), damaged, n)
		}
		Fold(events, t0(), expires)
		for _, e := range events {
			again, err := encode(e)
			if err != nil {
				continue // longer when escaped
			}
			if back, _ := Parse(again); len(back) != 1 || !back[0].Time.Equal(e.Time) || fmt.Sprint(back[0].Details) != fmt.Sprint(e.Details) {
				t.Fatalf("%+v came back as %+v", e, back)
			}
		}
	})
}
