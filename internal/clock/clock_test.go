package clock

import (
	"context"
	"errors"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

func TestSystem(t *testing.T) {
	c := System()
	a := c.Now()
	if err := Sleep(t.Context(), c, 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	b := c.Now()
	if d := b.Sub(a); d < 10*time.Millisecond || d > time.Minute {
		t.Errorf("slept %v of 10ms", d)
	}
	if a.Wall.Location() != time.UTC || a.Wall != a.Wall.Round(0) || time.Since(a.Wall).Abs() > time.Minute {
		t.Errorf("wall %v: want UTC without a monotonic reading", a.Wall)
	}
	if m := Monotonic(); m < b.Mono || m > b.Mono+time.Minute {
		t.Errorf("Monotonic %v, Now %v", m, b.Mono)
	}
	ctx, cancel := c.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	<-ctx.Done()
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("err %v", ctx.Err())
	}
	canceled, cancel2 := context.WithCancel(t.Context())
	cancel2()
	if err := Sleep(canceled, c, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("Sleep in an ended context: %v", err)
	}
}

func start() model.Instant {
	return model.Instant{Wall: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Mono: time.Hour}
}

// fired reports whether the timer has fired, and takes the fire.
func fired(t Timer) bool {
	select {
	case <-t.C():
		return true
	default:
		return false
	}
}

func TestFakeTimers(t *testing.T) {
	f := NewFake(start())
	a, b := f.NewTimer(2*time.Second), f.NewTimer(time.Second)
	f.Advance(time.Second - 1)
	if fired(a) || fired(b) {
		t.Fatal("fired too early")
	}
	f.Advance(1)
	if fired(a) || !fired(b) {
		t.Fatal("want b alone")
	}
	f.StepWall(-5 * time.Hour)
	if fired(a) {
		t.Fatal("a step of the time of day fired a timer")
	}
	b.Reset(500 * time.Millisecond)
	f.Advance(time.Hour)
	wall := start().Wall.Add(-5*time.Hour + 2*time.Second)
	if got := <-a.C(); !got.Equal(wall) {
		t.Errorf("fired at %v, want the time it was due, %v", got, wall)
	}
	b.Reset(time.Second) // takes the fire back that nobody received
	if fired(b) {
		t.Error("an old fire after Reset")
	}
	b.Stop()
	f.Advance(time.Hour)
	if fired(b) || fired(a) {
		t.Error("fired after Stop, or twice")
	}
	if got, want := f.Now(), (model.Instant{Wall: start().Wall.Add(-3*time.Hour + time.Second), Mono: 3*time.Hour + time.Second}); got != want {
		t.Errorf("now %v, want %v", got, want)
	}
	if z := f.NewTimer(0); !fired(z) {
		t.Error("a timer of 0 has to fire at once")
	}
}

// Timers fire in the order in which they are due, equal ones in the order of their arming.
func TestFakeOrder(t *testing.T) {
	f := NewFake(start())
	var order []int
	for i, d := range []time.Duration{3, 1, 2, 1} {
		x := &fakeTimer{f: f, fire: func(time.Time) { order = append(order, i) }}
		x.Reset(d * time.Second)
	}
	f.Advance(time.Minute)
	for i, want := range []int{1, 3, 2, 0} {
		if order[i] != want {
			t.Fatalf("order %v", order)
		}
	}
}

func TestFakeBlockUntil(t *testing.T) {
	f := NewFake(start())
	done := make(chan error, 2)
	for range 2 {
		go func() { done <- Sleep(context.Background(), f, time.Minute) }()
	}
	f.BlockUntil(2)
	f.Advance(time.Minute)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

type key struct{}

// A context of our own ends as those of the standard library do, and so do its children.
func TestTimeoutContext(t *testing.T) {
	tests := []struct {
		name string
		end  func(f *Fake, cancel, parent context.CancelFunc)
		want error
	}{
		{"timeout", func(f *Fake, _, _ context.CancelFunc) { f.Advance(time.Second) }, context.DeadlineExceeded},
		{"canceled", func(_ *Fake, cancel, _ context.CancelFunc) { cancel() }, context.Canceled},
		{"parent", func(_ *Fake, _, parent context.CancelFunc) { parent() }, context.Canceled},
		{"canceled, then due", func(f *Fake, cancel, _ context.CancelFunc) { cancel(); f.Advance(time.Hour) }, context.Canceled},
		{"due, then canceled", func(f *Fake, cancel, _ context.CancelFunc) { f.Advance(time.Hour); cancel() }, context.DeadlineExceeded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFake(start())
			root, parent := context.WithCancel(context.WithValue(t.Context(), key{}, "v"))
			defer parent()
			ctx, cancel := f.WithTimeout(root, time.Second)
			defer cancel()
			child, cancelChild := context.WithCancel(ctx)
			defer cancelChild()
			f.StepWall(time.Hour)
			f.Advance(time.Second - 1)
			if ctx.Err() != nil || child.Err() != nil {
				t.Fatalf("ended early: %v", ctx.Err())
			}
			tt.end(f, cancel, parent)
			if !errors.Is(ctx.Err(), tt.want) {
				t.Errorf("err %v, want %v", ctx.Err(), tt.want)
			}
			<-ctx.Done()
			<-child.Done()
			if !errors.Is(child.Err(), tt.want) {
				t.Errorf("child: %v, want %v", child.Err(), tt.want)
			}
			if child.Value(key{}) != "v" {
				t.Error("the parent's value is lost")
			}
			if _, ok := ctx.Deadline(); ok {
				t.Error("has a deadline, which the standard library would wait for by its own clock")
			}
		})
	}
}
