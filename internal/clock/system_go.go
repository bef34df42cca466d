//go:build unix && !aix

package clock

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// System is the clock of this node.
func System() Clock { return goClock{} }

func monotonic() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		// Every supported kernel has this clock; without it nothing here can be measured or waited for safely.
		panic(fmt.Sprintf("clock_gettime(CLOCK_MONOTONIC): %v", err))
	}
	return time.Duration(ts.Nano())
}
