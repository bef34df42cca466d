package det

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/drscript"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/sim"
)

// call is one run of the product's DR script. It is written to wait; here it runs as a coroutine that hands the time
// until which it waits to the world, and is gone on with then.
type call struct {
	n        *node
	run      sim.RunScript
	next     func() (time.Duration, bool)
	stop     func()
	out      bytes.Buffer
	exit     int
	wakes    int
	replies  []control.DRReply
	lost     bool
	asked    bool
	finished bool
}

// errEnded unwinds a script whose process was killed.
var errEnded = errors.New("the process was ended")

func (n *node) script(r sim.RunScript) {
	c := &call{n: n, run: r}
	n.calls[r.ID] = c
	c.next, c.stop = iter.Pull(func(yield func(time.Duration) bool) {
		defer func() {
			if p := recover(); p != nil && p != errEnded { //nolint:errorlint // the very value
				panic(p)
			}
		}()
		s := &drscript.Script{
			Config: n.w.plan.configOf(n.name), Clock: scriptClock{c, yield}, FS: n.disk(), Actor: scriptActor{c, yield},
			NodeState: func(context.Context) (model.NodeState, error) { return c.nodeState(yield) },
			Running: func(l control.Launched) bool {
				x := n.acts[l.ID]
				return x != nil && !x.ended && x.boot == n.boots
			},
			Outstanding: func(since time.Time) ([]control.Launched, error) { return n.outstanding(since), nil },
		}
		c.exit = s.RunAIX(context.Background(), r.Args, &c.out)
		c.finished = true
	})
	n.w.on(n, r.Timeout, func() { c.timedOut() })
	n.w.on(n, 50*time.Millisecond, c.resume) // a process has to be started
}

// pause waits for d, or for less when the call is woken.
func (c *call) pause(yield func(time.Duration) bool, d time.Duration) {
	if !yield(d) {
		panic(errEnded)
	}
}

func (c *call) resume() {
	if c.n.calls[c.run.ID] != c {
		return
	}
	d, more := c.next()
	if more {
		c.wakes++
		mine := c.wakes
		c.n.w.on(c.n, d, func() {
			if c.wakes == mine {
				c.resume()
			}
		})
		return
	}
	delete(c.n.calls, c.run.ID)
	c.n.w.scriptEnded(sim.ScriptEnded{ID: c.run.ID, Exit: c.exit, Stdout: c.out.String()})
}

// wake goes on with a call that waits for something that has come.
func (c *call) wake() {
	c.wakes++
	mine := c.wakes
	c.n.w.on(c.n, time.Millisecond, func() {
		if c.wakes == mine {
			c.resume()
		}
	})
}

func (c *call) end() { c.stop() }

func (c *call) timedOut() {
	if c.n.calls[c.run.ID] != c {
		return
	}
	delete(c.n.calls, c.run.ID)
	c.end()
	c.n.w.scriptEnded(sim.ScriptEnded{ID: c.run.ID, Exit: -1, Stdout: c.out.String(), TimedOut: true})
}

func (c *call) nodeState(yield func(time.Duration) bool) (model.NodeState, error) {
	var got *model.Reading
	c.n.read(model.SourceNodes, func(r model.Reading) { got = &r; c.wake() })
	c.pause(yield, 20*time.Second)
	switch {
	case got == nil:
		return model.NodeUnknown, errors.New("no answer in time")
	case got.Err != "":
		return model.NodeUnknown, errors.New(got.Err)
	}
	return got.NodeState(c.n.name), nil
}

// scriptClock is the clock of a DR script: to wait by it hands the turn to the world.
type scriptClock struct {
	c     *call
	yield func(time.Duration) bool
}

// Now reads both clocks of the node.
func (s scriptClock) Now() model.Instant { return s.c.n.Now() }

// NewTimer returns a timer that has fired: the time has passed when it returns.
func (s scriptClock) NewTimer(d time.Duration) clock.Timer {
	s.c.pause(s.yield, d)
	ch := make(chan time.Time, 1)
	ch <- s.Now().Wall
	return firedTimer(ch)
}

// WithTimeout returns a context that ends by this clock.
func (s scriptClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return timedContext{ctx, s.c.n, s.Now().Add(d)}, func() {}
}

type firedTimer chan time.Time

// C returns a channel that holds the time.
func (t firedTimer) C() <-chan time.Time { return t }

// Reset is not for use.
func (firedTimer) Reset(time.Duration) { panic("det: a fired timer cannot be reset") }

// Stop does nothing.
func (firedTimer) Stop() {}

// timedContext ends at a moment of the node's clock. Who asks for its end learns it; nobody waits for it.
type timedContext struct {
	context.Context
	n   *node
	end model.Instant
}

// Err tells whether the time is over.
func (t timedContext) Err() error {
	if !t.n.Now().Before(t.end) {
		return context.DeadlineExceeded
	}
	return t.Context.Err()
}

// scriptActor is the control socket as the DR script sees it.
type scriptActor struct {
	c     *call
	yield func(time.Duration) bool
}

// DR puts the request to the actor and waits for its answers.
func (s scriptActor) DR(ctx context.Context, r control.DRRequest, reply func(control.DRReply)) error {
	c, n := s.c, s.c.n
	p := n.proc
	if p == nil {
		return control.ErrUnreachable
	}
	n.serial++
	id := fmt.Sprintf("dr%d", n.serial)
	c.replies, c.lost, c.asked = nil, false, true
	n.waiting[id] = c
	defer delete(n.waiting, id)
	n.w.on(n, 2*time.Millisecond, func() { p.take(actorDR(id, r)) })
	for {
		for len(c.replies) > 0 {
			line := c.replies[0]
			c.replies = c.replies[1:]
			reply(line)
			if line.Done {
				return nil
			}
		}
		switch {
		case c.lost:
			return control.ErrLost
		case ctx.Err() != nil:
			return ctx.Err()
		}
		wait := 10 * time.Minute
		if t, ok := ctx.(timedContext); ok {
			wait = max(t.end.Sub(n.Now()), time.Millisecond)
		}
		c.pause(s.yield, wait)
	}
}
