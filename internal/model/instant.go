// Package model holds the typed facts that every other package speaks of:
// groups, nodes, episodes, records and evidence. It is a leaf: it imports
// nothing of this module, performs no input or output and reads no clock.
package model

import "time"

// Instant is one joint reading of the two clocks of a node.
//
// Wall is the time of day in UTC and may be stepped by people and by time
// synchronisation. Mono is the time since an origin that is common to all
// processes of the node until it reboots (CLOCK_MONOTONIC); it never steps
// back. Durations are taken from Mono alone.
type Instant struct {
	Wall time.Time     `json:"wall"`
	Mono time.Duration `json:"mono"`
}

// IsZero reports whether the instant was never taken.
func (i Instant) IsZero() bool { return i.Wall.IsZero() && i.Mono == 0 }

// Sub returns the monotonic time that passed from j to i.
func (i Instant) Sub(j Instant) time.Duration { return i.Mono - j.Mono }

// Add returns the instant d later on both clocks.
func (i Instant) Add(d time.Duration) Instant {
	return Instant{Wall: i.Wall.Add(d), Mono: i.Mono + d}
}

// Before reports whether i was taken before j, by the monotonic clock.
func (i Instant) Before(j Instant) bool { return i.Mono < j.Mono }
