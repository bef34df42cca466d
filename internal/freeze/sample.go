package freeze

import (
	"time"
)

// Sample is one joint reading of the clocks of this node. Monotonic clocks
// count from origins of their own; only differences mean anything.
type Sample struct {
	// Tick is the time that was to pass since the sample before: what the
	// sampler meant to sleep.
	Tick time.Duration
	Mono time.Duration // CLOCK_MONOTONIC
	Raw  time.Duration // CLOCK_MONOTONIC_RAW: not slewed by time synchronisation
	Boot time.Duration // CLOCK_BOOTTIME: counts system suspension too
	Real time.Time     // CLOCK_REALTIME, UTC
	// RunDelay grows by the time for which this process was runnable and waited
	// for a processor, of its most delayed thread (Linux, see Reader).
	RunDelay time.Duration
	// Waits grows by the same of all threads together: however the sampler's
	// wake-up was handed from one to the other, it waited no longer than this.
	Waits time.Duration
	// Base is the time base register in nanoseconds. A move to another server may give it another origin, so it never
	// counts alone (AIX).
	Base time.Duration
	// Dispatched grows by the time for which the hypervisor let the processors of this partition run, all together (AIX).
	Dispatched time.Duration
	// Has tells which of Raw, Boot, RunDelay (with Waits), Base and Dispatched this system has.
	Has Has
}

// Has is a set of optional parts of a Sample.
type Has uint8

// The optional parts.
const (
	HasRaw Has = 1 << iota
	HasBoot
	HasRunDelay
	HasBase
	HasDispatched
)
