package clock

import (
	"context"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Monotonic reads CLOCK_MONOTONIC of the node: time since an origin that all
// processes share until the next reboot. It is what Instant.Mono holds.
func Monotonic() time.Duration { return monotonic() }

// read takes both clocks in the order that keeps them nearest to each other.
func read() model.Instant {
	mono := monotonic()
	return model.Instant{Wall: time.Now().UTC().Round(0), Mono: mono}
}

// goClock waits by Go's own timers, which is right wherever the Go runtime
// keeps them by CLOCK_MONOTONIC.
type goClock struct{}

func (goClock) Now() model.Instant { return read() }

func (goClock) NewTimer(d time.Duration) Timer { return goTimer{time.NewTimer(d)} }

func (goClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

type goTimer struct{ t *time.Timer }

func (t goTimer) C() <-chan time.Time   { return t.t.C }
func (t goTimer) Reset(d time.Duration) { t.t.Reset(d) }
func (t goTimer) Stop()                 { t.t.Stop() }
