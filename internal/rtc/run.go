package rtc

import (
	"context"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/freeze"
)

// retry is how long after a failed read the chip is asked again.
const retry = time.Minute

// Chip drives a Watch by the clock chip of this node.
type Chip struct {
	clk  clock.Clock
	read func() (int64, error)
	wake chan struct{}

	mu      sync.Mutex
	watch   Watch // guarded by mu
	present bool  // the last read succeeded; guarded by mu
}

// New returns the chip of this node, whether or not there is one.
func New(clk clock.Clock) *Chip {
	return &Chip{clk: clk, read: readChip, wake: make(chan struct{}, 1)}
}

// Present reports whether there is a chip that can be read.
func (c *Chip) Present() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.present
}

// SetHot makes comparisons frequent while a migration is open.
func (c *Chip) SetHot(on bool) {
	c.mu.Lock()
	c.watch.SetHot(c.clk.Now(), on)
	c.mu.Unlock()
	c.poke()
}

// Trigger asks for a comparison because the node may have been frozen.
func (c *Chip) Trigger() {
	c.mu.Lock()
	c.watch.Trigger(c.clk.Now())
	c.mu.Unlock()
	c.poke()
}

func (c *Chip) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run watches the chip until ctx ends and calls emit, from its own goroutine,
// for each comparison that says something.
func (c *Chip) Run(ctx context.Context, emit func(freeze.PeerStep)) error {
	timer := c.clk.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.wake:
		case <-timer.C():
		}
		if wait := c.next(); wait > 0 {
			timer.Reset(wait)
			continue
		}
		step, ok, wait := c.look()
		if ok {
			emit(step)
		}
		timer.Reset(wait)
	}
}

func (c *Chip) next() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.watch.Next(c.clk.Now())
}

// look reads the chip once and returns how long to wait after it.
func (c *Chip) look() (freeze.PeerStep, bool, time.Duration) {
	before := c.clk.Now()
	sec, err := c.read()
	after := c.clk.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.present = err == nil
	if err != nil {
		c.watch = Watch{hot: c.watch.hot, due: after.Mono + retry}
		return freeze.PeerStep{}, false, retry
	}
	step, ok := c.watch.Step(before, after, sec)
	return step, ok, c.watch.Next(c.clk.Now())
}
