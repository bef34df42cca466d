//go:build ppc64 || ppc64le

package freeze

import (
	"math"
	"testing"
	"time"
)

func TestTimeBase(t *testing.T) {
	a := timeBase()
	b := timeBase()
	if b < a || b-a > baseFrequency*60 {
		t.Errorf("time base %d, then %d", a, b)
	}
	for ticks, want := range map[uint64]time.Duration{
		0: 0, 512: time.Microsecond, baseFrequency: time.Second, baseFrequency * 86400 * 365: 365 * 24 * time.Hour,
	} {
		if got := baseTime(ticks); got != want {
			t.Errorf("%d ticks: %v, want %v", ticks, got, want)
		}
	}
	_ = baseTime(math.MaxUint64) // no panic
}
