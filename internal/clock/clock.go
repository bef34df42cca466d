// Package clock is the only source of time in this module.
//
// On AIX Go's monotonic readings, timers, tickers and context deadlines run on
// CLOCK_REALTIME (runtime/os_aix.go of Go 1.26), so they jump when somebody
// sets the time. Everything here measures and waits by the true
// CLOCK_MONOTONIC instead.
package clock

import (
	"context"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Clock tells the time and waits by it.
type Clock interface {
	// Now reads both clocks of the node.
	Now() model.Instant
	// NewTimer returns a timer that fires once, no earlier than d after now by the monotonic clock.
	NewTimer(d time.Duration) Timer
	// WithTimeout returns a context that ends d after now by the monotonic clock.
	WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
}

// Timer fires once. It must be stopped when it is not needed any more.
type Timer interface {
	C() <-chan time.Time
	// Reset re-arms the timer; a fire that was not received is taken back.
	Reset(d time.Duration)
	Stop()
}

// Sleep waits for d or until ctx ends, whichever is first, and returns ctx's error in the second case.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	t := c.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
