package clock

import (
	"context"
	"sync"
	"time"
)

// timeoutCtx is a context that ends with DeadlineExceeded when a timer of a
// Clock fires. It has no Deadline: the standard library would turn one into
// timers of the Go runtime, which are what is avoided here. Whoever waits,
// waits for Done.
type timeoutCtx struct {
	context.Context // the parent, for values
	done            chan struct{}

	mu  sync.Mutex
	err error // guarded by mu; set before done is closed
}

// withTimer derives a context from parent. arm starts the timer, which calls
// end, and returns how it is stopped.
func withTimer(parent context.Context, arm func(end func()) (stop func())) (context.Context, context.CancelFunc) {
	c := &timeoutCtx{Context: parent, done: make(chan struct{})}
	stopParent := context.AfterFunc(parent, func() { c.end(parent.Err()) })
	stopTimer := arm(func() { c.end(context.DeadlineExceeded) })
	return c, func() {
		stopParent()
		stopTimer()
		c.end(context.Canceled)
	}
}

func (c *timeoutCtx) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c *timeoutCtx) Done() <-chan struct{}       { return c.done }

// Err asks the parent too, because the word of its end arrives a little later.
func (c *timeoutCtx) Err() error {
	if err := c.Context.Err(); err != nil {
		c.end(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *timeoutCtx) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.done)
	}
}
