package world

import "time"

// Freeze is the truth about one freeze, by the clock that all processes of the machine share (CLOCK_MONOTONIC).
type Freeze struct {
	Node string    `json:"node"`
	Wall time.Time `json:"wall"` // when the first process was stopped
	// FirstStop precedes the first stop, AllStopped follows the last; FirstCont precedes the first continuation,
	// LastCont follows the last. LastCont is 0 while the node is frozen, and when it was killed in the freeze.
	FirstStop  time.Duration `json:"first_stop_mono_ns"`
	AllStopped time.Duration `json:"all_stopped_mono_ns"`
	FirstCont  time.Duration `json:"first_cont_mono_ns"`
	LastCont   time.Duration `json:"last_cont_mono_ns"`
	Processes  int           `json:"processes"`
}

// Frozen is how long all processes stood still together.
func (f Freeze) Frozen() time.Duration {
	if f.FirstCont == 0 {
		return 0
	}
	return f.FirstCont - f.AllStopped
}

// Bound is how much longer a single process may have stood still: it was stopped early, or continued late.
func (f Freeze) Bound() time.Duration {
	if f.LastCont == 0 {
		return 0
	}
	return (f.AllStopped - f.FirstStop) + (f.LastCont - f.FirstCont)
}

// FreezeTruth is a freeze as status and lpm tell it.
type FreezeTruth struct {
	Freeze
	FrozenSeconds float64 `json:"frozen_seconds"`
	BoundSeconds  float64 `json:"bound_seconds"`
}

func (f Freeze) told() FreezeTruth {
	return FreezeTruth{Freeze: f, FrozenSeconds: f.Frozen().Seconds(), BoundSeconds: f.Bound().Seconds()}
}
