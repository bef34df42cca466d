package clock

import (
	"context"
	"slices"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// watchStep is the longest time for which the monotonic clock goes unread
// while a timer is armed: the most by which a timer of a watched clock is late
// because somebody set the time of day.
const watchStep = 250 * time.Millisecond

// watched is a clock for a system on which timers of the Go runtime follow the
// wall clock. Such a timer is taken as a hint only: it may come early or late
// by any amount. Whenever one comes, and every watchStep by a pause that the
// wall clock does not touch, the monotonic clock decides what is due.
//
// Its two goroutines end by themselves when no timer is armed: loop at once,
// watch with its pause.
type watched struct {
	read  func() model.Instant
	hint  func(d time.Duration) (c <-chan time.Time, stop func())
	pause func(d time.Duration)

	kick chan struct{} // an earlier timer was armed, or one was stopped
	beat chan struct{} // a pause is over

	mu       sync.Mutex
	armed    []*watchedTimer // by due time, earliest first; guarded by mu
	running  bool            // the loop runs; guarded by mu
	watching bool            // watch runs; guarded by mu
}

func newWatched(read func() model.Instant, hint func(time.Duration) (<-chan time.Time, func()), pause func(time.Duration)) *watched {
	return &watched{read: read, hint: hint, pause: pause, kick: make(chan struct{}, 1), beat: make(chan struct{}, 1)}
}

// goHint is a timer of the Go runtime.
func goHint(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

func (w *watched) Now() model.Instant { return w.read() }

func (w *watched) NewTimer(d time.Duration) Timer {
	t := &watchedTimer{w: w, c: make(chan time.Time, 1)}
	t.fire = func(now model.Instant) {
		select {
		case t.c <- now.Wall:
		default:
		}
	}
	t.Reset(d)
	return t
}

func (w *watched) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return withTimer(ctx, func(end func()) func() {
		t := &watchedTimer{w: w, fire: func(model.Instant) { end() }}
		t.Reset(d)
		return t.Stop
	})
}

// watchedTimer calls fire once, from the loop of its clock.
type watchedTimer struct {
	w    *watched
	c    chan time.Time
	fire func(model.Instant)
	due  time.Duration // monotonic; guarded by w.mu
}

func (t *watchedTimer) C() <-chan time.Time { return t.c }

func (t *watchedTimer) Reset(d time.Duration) {
	w := t.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remove(t)
	t.due = w.read().Mono + d
	i, _ := slices.BinarySearchFunc(w.armed, t, func(a, b *watchedTimer) int {
		if a.due <= b.due { // behind those that are due at the same time
			return -1
		}
		return 1
	})
	w.armed = slices.Insert(w.armed, i, t)
	if !w.watching {
		w.watching = true
		go w.watch()
	}
	if !w.running {
		w.running = true
		go w.loop()
		return
	}
	if i == 0 {
		w.wake()
	}
}

func (t *watchedTimer) Stop() {
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	t.w.remove(t)
	t.w.wake()
}

// remove disarms t and takes back a fire that nobody received.
func (w *watched) remove(t *watchedTimer) {
	if i := slices.Index(w.armed, t); i >= 0 {
		w.armed = slices.Delete(w.armed, i, i+1)
	}
	select {
	case <-t.c:
	default:
	}
}

func (w *watched) wake() {
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// loop fires what is due until no timer is armed.
func (w *watched) loop() {
	early := 0 // hints in a row after which nothing was due
	for {
		wait, fired, ok := w.fireDue()
		if !ok {
			return
		}
		if fired {
			early = 0
		}
		c, stop := w.hint(wait)
		if early > 1 { // they are no good at present: no busy loop
			stop()
			c = nil
		}
		select {
		case <-c:
			early++
		case <-w.beat:
			early = 0
		case <-w.kick:
		}
		stop()
	}
}

// watch makes the loop look at the clock after every pause, and ends with the
// first one that finds no loop.
func (w *watched) watch() {
	for {
		w.pause(watchStep)
		w.mu.Lock()
		if !w.running {
			w.watching = false
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
		select {
		case w.beat <- struct{}{}:
		default:
		}
	}
}

// fireDue fires every timer that is due and returns how long the next one has
// and whether any was. After the last, when the loop has to end, ok is false.
func (w *watched) fireDue() (wait time.Duration, fired, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.armed) > 0 {
		now := w.read()
		t := w.armed[0]
		if t.due > now.Mono {
			return t.due - now.Mono, fired, true
		}
		w.armed = slices.Delete(w.armed, 0, 1)
		t.fire(now)
		fired = true
	}
	w.running = false
	return 0, fired, false
}
