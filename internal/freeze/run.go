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

	read   func() Sample // instead of a Reader
	traced func() bool
	pause  func(ctx context.Context, d time.Duration) error
}

// NewSampler returns a sampler that waits by clk.
func NewSampler(cfg Config, clk clock.Clock) *Sampler { return NewSamplerOf(cfg, clk, nil) }

// NewSamplerOf returns a sampler of other clocks than the node's own: those
// that read returns, or the node's where it is nil.
func NewSamplerOf(cfg Config, clk clock.Clock, read func() Sample) *Sampler {
	cfg.Processors = max(cfg.Processors, runtime.NumCPU())
	return &Sampler{
		d: New(cfg), read: read, traced: traced,
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
			g.Traced = g.Kind == Suspended && s.traced()
			emit(g)
		}
	}
}
