package events

import (
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

func utc(year int, m time.Month, d, h, min, s int) time.Time {
	return time.Date(year, m, d, h, min, s, 0, time.UTC)
}

func TestStamped(t *testing.T) {
	for _, tt := range []struct {
		stamp string
		near  time.Time
		want  time.Time
	}{
		{"Nov 23 22:10:05", utc(2026, 11, 23, 21, 0, 0), utc(2026, 11, 23, 22, 10, 5)},
		{"Nov  3 22:10:05", utc(2026, 11, 3, 21, 0, 0), utc(2026, 11, 3, 22, 10, 5)},
		{"Dec 31 23:59:59", utc(2027, 1, 1, 0, 0, 1), utc(2026, 12, 31, 23, 59, 59)},
		{"Jan 1 00:30:00", utc(2026, 12, 31, 23, 30, 0), utc(2027, 1, 1, 0, 30, 0)}, // a zone ahead of UTC
		{"Feb 29 12:00:00", utc(2028, 3, 1, 0, 0, 0), utc(2028, 2, 29, 12, 0, 0)},
		{"Sun Sep 4 12:01:02 CDT 2016", utc(2026, 1, 1, 0, 0, 0), utc(2016, 9, 4, 12, 1, 2)},
		{"Sun Sep 4 12:01:02 2016", utc(2026, 1, 1, 0, 0, 0), utc(2016, 9, 4, 12, 1, 2)},
		{"", utc(2026, 1, 1, 0, 0, 0), time.Time{}},
		{"4. Nov 22:10:05", utc(2026, 1, 1, 0, 0, 0), time.Time{}},
		{"anF 23 22:10:05", utc(2026, 1, 1, 0, 0, 0), time.Time{}},
		{"Nov 32 22:10:05", utc(2026, 1, 1, 0, 0, 0), time.Time{}},
		{"Nov 23 25:10:05", utc(2026, 1, 1, 0, 0, 0), time.Time{}},
	} {
		if got, ok := stamped(tt.stamp, tt.near); !got.Equal(tt.want) || ok == tt.want.IsZero() {
			t.Errorf("%q near %s: %s %v, want %s", tt.stamp, tt.near, got, ok, tt.want)
		}
	}
}

func TestZone(t *testing.T) {
	seen := utc(2026, 11, 23, 21, 10, 6)
	for stamp, want := range map[string]time.Duration{
		"Nov 23 22:10:05": time.Hour, "Nov 23 21:10:06": 0, "Nov 23 15:40:05": -330 * time.Minute, "Nov 24 11:10:05": 14 * time.Hour,
	} {
		if got, ok := Zone(stamp, seen); !ok || got != want {
			t.Errorf("%s: %s %v, want %s", stamp, got, ok, want)
		}
	}
	for _, stamp := range []string{"Nov 23 22:05:05", "Nov 23 22:10:30", "Nov 20 22:10:05", "rubbish"} { // set by minutes, by days
		if got, ok := Zone(stamp, seen); ok {
			t.Errorf("%s: %s", stamp, got)
		}
	}
	if at, ok := When("Nov 23 22:00:00", time.Hour, seen); !ok || !at.Equal(utc(2026, 11, 23, 21, 0, 0)) {
		t.Errorf("%s %v", at, ok)
	}
	if at, ok := When("Jan  1 00:59:00", time.Hour, utc(2027, 1, 1, 0, 10, 0)); !ok || !at.Equal(utc(2026, 12, 31, 23, 59, 0)) {
		t.Errorf("%s %v", at, ok)
	}
	for _, stamp := range []string{"Nov 23 22:20:00", "Sep 23 22:00:00"} { // after it was read, or long before
		if at, ok := When(stamp, time.Hour, seen); ok {
			t.Errorf("%s: %s", stamp, at)
		}
	}
}

func TestPairs(t *testing.T) {
	seen := utc(2027, 1, 1, 0, 0, 3)
	event := func(step model.ClusterEventStep, stamp string, args ...string) model.ClusterEvent {
		return model.ClusterEvent{Step: step, Name: "node_down", Args: args, Logged: stamp, Seen: seen}
	}
	const start, end = model.ClusterEventStart, model.ClusterEventCompleted
	for _, tt := range []struct {
		name     string
		from, to string        // stamps
		read     time.Duration // between the two
		live     bool
		want     time.Duration // <0: not known
	}{
		{"as logged", "Nov 23 22:10:05", "Nov 23 22:10:12", 7400 * time.Millisecond, true, 7 * time.Second},
		{"over the end of a year", "Dec 31 23:59:58", "Jan  1 00:00:03", 5 * time.Second, true, 5 * time.Second},
		{"the clock was set back in between", "Nov 23 22:10:05", "Nov 23 21:10:12", 7 * time.Second, true, 7 * time.Second},
		{"the clock was set on in between", "Nov 23 22:10:05", "Nov 23 23:10:12", 7 * time.Second, true, 7 * time.Second},
		{"no stamps", "", "", 7 * time.Second, true, 7 * time.Second},
		{"both read at once", "Nov 23 22:10:05", "Nov 23 22:11:05", 0, false, time.Minute},
		{"both read at once, the clock was set back", "Nov 23 22:10:05", "Nov 23 21:11:05", 0, false, -1},
		{"both read at once, no stamps", "", "", 0, false, -1},
	} {
		var p Pairs
		if got := p.Take(event(start, tt.from, "n1"), time.Hour, tt.live); got != nil {
			t.Errorf("%s: a begin took %s", tt.name, got)
		}
		if got := p.Take(event(end, tt.to, "n2"), time.Hour+tt.read, tt.live); got != nil {
			t.Errorf("%s: another event took %s", tt.name, got)
		}
		got := p.Take(event(end, tt.to, "n1"), time.Hour+tt.read, tt.live)
		if got == nil != (tt.want < 0) || got != nil && *got != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
		if p.Take(event(end, tt.to, "n1"), time.Hour+tt.read, tt.live) != nil {
			t.Errorf("%s: it ended twice", tt.name)
		}
	}
	var p Pairs
	for i := range 3 * maxOpen {
		p.Take(event(start, "", time.Duration(i).String()), 0, true)
		if len(p.open) > maxOpen {
			t.Fatal("events that never end are kept for ever")
		}
	}
}

func FuzzStamped(f *testing.F) {
	f.Add("Nov 23 22:10:05")
	f.Add("Sun Sep 4 12:01:02 CDT 2016")
	seen := utc(2026, 11, 23, 21, 10, 6)
	f.Fuzz(func(t *testing.T, s string) {
		if zone, ok := Zone(s, seen); ok {
			at, known := When(s, zone, seen)
			if !known || seen.Sub(at) > readLag || at.Sub(seen) > readLead {
				t.Errorf("%q: zone %s, written at %s %v, read at %s", s, zone, at, known, seen)
			}
		}
		if d, ok := Between(s, s, seen); ok && d != 0 {
			t.Errorf("%q: %s from itself", s, d)
		}
	})
}
