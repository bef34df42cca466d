package clock

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// skewed is a watched clock in a synctest bubble whose runtime timers are off,
// as they are on AIX when somebody sets the time: by the skew, which is added
// to the duration of each timer that is armed.
func skewed(skew *time.Duration) (*watched, func() time.Duration) {
	origin := time.Now()
	mono := func() time.Duration { return time.Since(origin) }
	w := newWatched(
		func() model.Instant { return model.Instant{Wall: time.Now().UTC().Round(0), Mono: mono()} },
		func(d time.Duration) (<-chan time.Time, func()) { return goHint(max(0, d+*skew)) },
		time.Sleep)
	return w, mono
}

// idle waits for the watcher's last pause, so that the bubble ends with no goroutine left. It is what proves that
// the goroutines stop by themselves.
func idle() { time.Sleep(2 * watchStep) }

func TestWatchedTimers(t *testing.T) {
	tests := []struct {
		name string
		skew time.Duration
		late time.Duration // at most
	}{
		{"clock left alone", 0, 0},
		{"time set back by an hour: runtime timers come an hour late", time.Hour, watchStep},
		{"time set ahead: runtime timers come too early", -50 * time.Millisecond, watchStep},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, mono := skewed(&tt.skew)
				for _, d := range []time.Duration{time.Millisecond, 100 * time.Millisecond, 999 * time.Millisecond, 70 * time.Second} {
					before := mono()
					if err := Sleep(t.Context(), w, d); err != nil {
						t.Fatal(err)
					}
					if took := mono() - before; took < d || took > d+tt.late {
						t.Errorf("timer of %v fired after %v", d, took)
					}
				}
				before := mono()
				ctx, cancel := w.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				<-ctx.Done()
				if took := mono() - before; took < 3*time.Second || took > 3*time.Second+tt.late || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
					t.Errorf("timeout after %v: %v", took, ctx.Err())
				}
				idle()
			})
		})
	}
}

// A timer that is armed while the loop waits for a later one is not missed, and one that was stopped does not fire.
func TestWatchedEarlierTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var skew time.Duration
		w, mono := skewed(&skew)
		long, stopped := w.NewTimer(time.Hour), w.NewTimer(20*time.Millisecond)
		synctest.Wait()
		short := w.NewTimer(10 * time.Millisecond)
		stopped.Stop()
		<-short.C()
		if mono() != 10*time.Millisecond {
			t.Errorf("fired after %v", mono())
		}
		short.Reset(time.Minute)
		time.Sleep(time.Second)
		if fired(stopped) || fired(short) || fired(long) {
			t.Error("fired early, or after Stop")
		}
		<-short.C()
		long.Reset(time.Second)
		<-long.C()
		if want := time.Minute + time.Second + 10*time.Millisecond; mono() != want {
			t.Errorf("fired after %v, want %v", mono(), want)
		}
		idle()
	})
}

// Ticks in quick succession do not heap up goroutines.
func TestWatchedOneWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var skew time.Duration
		w, _ := skewed(&skew)
		var pauses atomic.Int32
		w.pause = func(d time.Duration) { pauses.Add(1); time.Sleep(d) }
		for range 500 {
			if err := Sleep(t.Context(), w, 10*time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		idle()
		if n := pauses.Load(); n > 23 { // of 250 ms, in 5.5 s
			t.Errorf("%d pauses", n)
		}
	})
}
