package clock

import (
	"context"
	"slices"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Fake is a clock for tests that stands still until it is told to move. It is
// safe for concurrent use.
type Fake struct {
	mu     sync.Mutex
	change *sync.Cond    // armed has changed
	now    model.Instant // guarded by mu
	armed  []*fakeTimer  // by due time, then by arming; guarded by mu
}

var _ Clock = (*Fake)(nil)

// NewFake returns a clock that shows start.
func NewFake(start model.Instant) *Fake {
	f := &Fake{now: start}
	f.change = sync.NewCond(&f.mu)
	return f
}

// Now returns what the clock shows.
func (f *Fake) Now() model.Instant {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance moves both clocks on by d. Timers that come due fire in order, each
// while the clock shows the time at which it is due.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	end := f.now.Add(d)
	for len(f.armed) > 0 && f.armed[0].due <= end.Mono {
		t := f.armed[0]
		f.armed = slices.Delete(f.armed, 0, 1)
		if t.due > f.now.Mono {
			f.now = f.now.Add(t.due - f.now.Mono)
		}
		t.fire(f.now.Wall)
	}
	f.now = end
	f.change.Broadcast()
}

// StepWall sets the time of day by d, as an administrator would. No timer
// fires and the monotonic clock does not move.
func (f *Fake) StepWall(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.Wall = f.now.Wall.Add(d)
}

// BlockUntil returns once at least n timers are armed (contexts with a timeout
// included), so that the next Advance reaches whoever has begun to wait.
func (f *Fake) BlockUntil(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.armed) < n {
		f.change.Wait()
	}
}

// NewTimer implements Clock.
func (f *Fake) NewTimer(d time.Duration) Timer {
	t := &fakeTimer{f: f, c: make(chan time.Time, 1)}
	t.fire = func(at time.Time) {
		select {
		case t.c <- at:
		default:
		}
	}
	t.Reset(d)
	return t
}

// WithTimeout implements Clock. The context has no Deadline.
func (f *Fake) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return withTimer(ctx, func(end func()) func() {
		t := &fakeTimer{f: f, fire: func(time.Time) { end() }}
		t.Reset(d)
		return t.Stop
	})
}

type fakeTimer struct {
	f    *Fake
	c    chan time.Time
	fire func(at time.Time)
	due  time.Duration // guarded by f.mu
}

func (t *fakeTimer) C() <-chan time.Time { return t.c }

func (t *fakeTimer) Reset(d time.Duration) {
	f := t.f
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remove(t)
	t.due = f.now.Mono + d
	if d <= 0 {
		t.fire(f.now.Wall)
		return
	}
	i, _ := slices.BinarySearchFunc(f.armed, t, func(a, b *fakeTimer) int {
		if a.due <= b.due {
			return -1
		}
		return 1
	})
	f.armed = slices.Insert(f.armed, i, t)
	f.change.Broadcast()
}

func (t *fakeTimer) Stop() {
	t.f.mu.Lock()
	defer t.f.mu.Unlock()
	t.f.remove(t)
	t.f.change.Broadcast()
}

// remove disarms t and takes back a fire that nobody received.
func (f *Fake) remove(t *fakeTimer) {
	if i := slices.Index(f.armed, t); i >= 0 {
		f.armed = slices.Delete(f.armed, i, i+1)
	}
	select {
	case <-t.c:
	default:
	}
}
