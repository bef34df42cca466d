package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// unit is one of the notation of durations that Prometheus uses, largest first.
type unit struct {
	name string
	long time.Duration
	// exact: String writes it only where nothing smaller is left.
	exact bool
}

func units() []unit {
	const day = 24 * time.Hour
	return []unit{
		{"y", 365 * day, true},
		{"w", 7 * day, true},
		{"d", day, false},
		{"h", time.Hour, false},
		{"m", time.Minute, false},
		{"s", time.Second, false},
		{"ms", time.Millisecond, false},
	}
}

// parseDuration reads a duration in Prometheus's notation: whole numbers, each
// with its unit, the largest first ("1h30m", "500ms"), or "0". It is written
// anew here because the library for it makes every call by drmgr start slower.
func parseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	rest, left := s, units()
	var sum time.Duration
	for ok := true; ok; ok = rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("not a valid duration: %q", s)
		}
		rest = rest[digits:]
		name := rest
		if i := strings.IndexAny(rest, "0123456789"); i >= 0 {
			name = rest[:i]
		}
		rest = rest[len(name):]
		for len(left) > 0 && left[0].name != name {
			left = left[1:]
		}
		if len(left) == 0 {
			return 0, fmt.Errorf("not a valid duration: %q", s)
		}
		long := left[0].long
		left = left[1:]
		if n > int64((math.MaxInt64-sum)/long) {
			return 0, errors.New("duration out of range")
		}
		sum += time.Duration(n) * long
	}
	return sum, nil
}

// durationText writes a duration in that notation, down to milliseconds.
func durationText(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	d = d.Truncate(time.Millisecond)
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range units() {
		if n := d / u.long; n > 0 && (!u.exact || d%u.long == 0) {
			fmt.Fprintf(&b, "%d%s", int64(n), u.name)
			d -= n * u.long
		}
	}
	return sign + b.String()
}
