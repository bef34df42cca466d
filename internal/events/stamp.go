package events

import (
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// The logs print local time: cluster.log as syslog does, "Nov 23 22:10:05", without a year or a zone; the summaries of
// hacmp.out as date(1) does, "Sun Sep  4 12:01:02 CDT 2016". Neither the zone nor its rules are known here: on AIX TZ is
// often a POSIX rule that Go does not read. So a zone is learned from lines that were just written.

// stamped reads a stamp as if it were UTC, in the year in which it is nearest to a moment where it has none.
func stamped(stamp string, near time.Time) (time.Time, bool) {
	f := strings.Fields(stamp)
	if len(f) > 3 && len(f[0]) == 3 && month(f[0]) == 0 {
		f = f[1:] // the day of the week
	}
	if len(f) < 3 {
		return time.Time{}, false
	}
	m := month(f[0])
	day, err := strconv.Atoi(f[1])
	clock, err2 := time.Parse(time.TimeOnly, f[2])
	if m == 0 || err != nil || err2 != nil || day < 1 || day > 31 {
		return time.Time{}, false
	}
	in := func(year int) time.Time {
		return time.Date(year, m, day, clock.Hour(), clock.Minute(), clock.Second(), 0, time.UTC)
	}
	if n := len(f); n > 3 {
		if year, err := strconv.Atoi(f[n-1]); err == nil && year > 1970 && year < 10000 {
			return in(year), true
		}
	}
	best := in(near.Year())
	for _, year := range []int{near.Year() - 1, near.Year() + 1} {
		if t := in(year); t.Sub(near).Abs() < best.Sub(near).Abs() {
			best = t
		}
	}
	return best, true
}

func month(s string) time.Month {
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	if i := strings.Index(names, s); len(s) == 3 && i >= 0 && i%3 == 0 {
		return time.Month(i/3 + 1)
	}
	return 0
}

// How far a line that was just written may lie from when it was read, and the least difference between two zones.
const (
	readLag  = 10 * time.Second
	readLead = 2 * time.Second
	zoneStep = 15 * time.Minute
	maxZone  = 14 * time.Hour
)

// Zone tells how far local time is ahead of UTC, from the stamp of a line that was read within seconds after it was
// written. It fails when stamp and clock are apart by what no zone is: one of them was set in between.
func Zone(stamp string, seen time.Time) (time.Duration, bool) {
	t, ok := stamped(stamp, seen)
	if !ok {
		return 0, false
	}
	zone := t.Sub(seen).Round(zoneStep)
	lag := seen.Sub(t) + zone
	return zone, zone.Abs() <= maxZone && lag >= -readLead && lag <= readLag
}

// When tells when a line was written, by its stamp and a zone. It fails where that lies after the line was read, or a
// month before.
func When(stamp string, zone time.Duration, seen time.Time) (time.Time, bool) {
	t, ok := stamped(stamp, seen.Add(zone))
	if !ok {
		return time.Time{}, false
	}
	t = t.Add(-zone)
	return t, !t.After(seen.Add(readLead)) && seen.Sub(t) < 31*24*time.Hour
}

// Between is the time from one stamp to another of the same log. It fails where the second lies before the first or a
// day after it: the clock was set.
func Between(from, to string, seen time.Time) (time.Duration, bool) {
	a, ok := stamped(from, seen)
	b, known := stamped(to, seen)
	if !ok || !known {
		return 0, false
	}
	d := b.Sub(a)
	return d, d >= 0 && d < 24*time.Hour
}

// Moment is when an event happened: by its log where that is known, else when it was read.
func Moment(e model.ClusterEvent) time.Time {
	if !e.At.IsZero() {
		return e.At.Add(time.Second) // it was written by then
	}
	return e.Seen
}
