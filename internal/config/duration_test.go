package config

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// The notation is Prometheus's own, to the letter.
func TestDurationsAreThoseOfPrometheus(t *testing.T) {
	for _, s := range []string{
		"", "0", "0s", "00", "1", "5 minutes", "1s", "1h30m", "30m1h", "1m1m", "1y2w3d4h5m6s7ms", "1ms", "1us", "s", "1s ", " 1s", "-1s", "+1s", "1.5s",
		"292y", "293y", "9223372036854775807ms", "99999999999999999999s", "1M", "1s2", "106751d", "106752d",
	} {
		sameDuration(t, s)
	}
	for _, d := range []time.Duration{
		0, 1, time.Millisecond, -time.Second, 1500 * time.Millisecond, 36 * time.Hour, 14 * 24 * time.Hour, 15 * 24 * time.Hour, 365 * 24 * time.Hour,
		366 * 24 * time.Hour, 400*24*time.Hour + 3*time.Millisecond, math.MaxInt64,
	} {
		if got, want := durationText(d), model.Duration(d).String(); got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
}

func sameDuration(t *testing.T, s string) {
	t.Helper()
	got, err := parseDuration(s)
	want, wantErr := model.ParseDuration(s)
	if (err == nil) != (wantErr == nil) || err == nil && got != time.Duration(want) {
		t.Errorf("%q: %v, %v; want %v, %v", s, got, err, want, wantErr)
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"", "0", "1h30m", "1y2w3d4h5m6s7ms", "1.5s"} {
		f.Add(s)
	}
	f.Fuzz(sameDuration)
}
