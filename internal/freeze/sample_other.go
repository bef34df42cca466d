//go:build !linux

package freeze

import (
	"time"

	"powerha_lpm_exporter/internal/clock"
)

// ReadSample reads the clocks; Tick is left to the caller. AIX has neither
// CLOCK_MONOTONIC_RAW nor CLOCK_BOOTTIME, and tells a thread nothing about its
// wait for a processor.
func ReadSample() Sample {
	return Sample{Mono: clock.Monotonic(), Real: time.Now().UTC().Round(0)}
}
