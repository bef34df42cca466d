package freeze

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"powerha_lpm_exporter/internal/clock"
)

// pause sleeps in the kernel, on the sampler's own thread: then all of a late
// wake-up is that thread's run delay. A timer of the Go runtime would first
// wake another thread, whose wait for a processor nobody would see. The ticks
// are short, so ctx is looked at between them.
func pause(ctx context.Context, _ clock.Clock, d time.Duration) error {
	ts := unix.NsecToTimespec(int64(d))
	for {
		var rest unix.Timespec
		if err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &ts, &rest); err != unix.EINTR {
			return ctx.Err()
		}
		ts = rest // a signal came
	}
}
