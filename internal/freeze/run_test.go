package freeze

import (
	"context"
	"errors"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

// The sampler sleeps by the tick in force, tells each gap, follows a jump with one sample, and ends with its context.
func TestSampler(t *testing.T) {
	c := newClocks()
	s := NewSampler(Config{}, clock.System())
	ctx, cancel := context.WithCancel(t.Context())
	var slept []time.Duration
	s.read = func() Sample { return c.s }
	s.pause = func(ctx context.Context, d time.Duration) error {
		slept = append(slept, d)
		c.pass(d)
		switch len(slept) {
		case 3:
			s.SetFine(true)
		case 6:
			c.pass(time.Hour)
		case 9:
			cancel()
		}
		return ctx.Err()
	}
	var gaps []Gap
	err := s.Run(ctx, func(g Gap) { gaps = append(gaps, g) })
	if !errors.Is(err, context.Canceled) || len(slept) != 9 {
		t.Errorf("%v after %d ticks", err, len(slept))
	}
	if slept[2] != 250*ms || slept[3] != 10*ms {
		t.Errorf("ticks %v", slept)
	}
	if len(gaps) != 1 || (gaps[0].Estimate-time.Hour).Abs() > gaps[0].Bound {
		t.Errorf("gaps %+v", gaps)
	}
}
