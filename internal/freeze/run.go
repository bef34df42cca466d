package freeze

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

// Sampler drives a Detector by the clocks of this node.
type Sampler struct {
	d    *Detector
	fine atomic.Bool

	read  func() Sample // of a test
	pause func(ctx context.Context, d time.Duration) error
}

// NewSampler returns a sampler that waits by clk.
func NewSampler(cfg Config, clk clock.Clock) *Sampler {
	return &Sampler{
		d:     New(cfg),
		pause: func(ctx context.Context, d time.Duration) error { return pause(ctx, clk, d) },
	}
}

// SetFine chooses the fine tick while an episode is open, from the next tick on.
func (s *Sampler) SetFine(fine bool) { s.fine.Store(fine) }

// Run samples until ctx ends and calls emit, from its own goroutine, for each
// gap. It sleeps anew after every sample, so that a jump of the clocks is
// followed by one sample and not by a burst.
func (s *Sampler) Run(ctx context.Context, emit func(Gap)) error {
	// A thread of its own wakes up with the least help of the Go scheduler.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	read := s.read
	if read == nil {
		r := NewReader()
		defer r.Close()
		read = r.Read
	}
	s.d.Step(read())
	for {
		s.d.SetFine(s.fine.Load())
		tick := s.d.Tick()
		if err := s.pause(ctx, tick); err != nil {
			return err
		}
		sample := read()
		sample.Tick = tick
		for _, g := range s.d.Step(sample) {
			emit(g)
		}
	}
}
