package exporter

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

// slowReader answers after a while, and counts.
type slowReader struct {
	mu    sync.Mutex
	runs  int
	takes time.Duration
	fails int // that many first runs fail
}

func (s *slowReader) Read(ctx context.Context, src model.Source) model.Reading {
	s.mu.Lock()
	s.runs++
	run := s.runs
	s.mu.Unlock()
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return model.Reading{Source: src, Err: ctx.Err().Error()}
	}
	if run <= s.fails {
		return model.Reading{Source: src, Err: "no"}
	}
	return model.Reading{Source: src, Processes: []model.Process{{PID: run}}}
}

// bubbleClock tells the time of the bubble that a test runs in.
type bubbleClock struct {
	clock.Clock
	from time.Time
}

func (b bubbleClock) Now() model.Instant {
	now := time.Now()
	return model.Instant{Wall: now.UTC().Round(0), Mono: now.Sub(b.from)}
}

func TestSharing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		under := &slowReader{takes: 500 * time.Millisecond}
		s := newSharing(under, bubbleClock{clock.System(), time.Now()})
		ask := func(n int, want int) {
			t.Helper()
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() {
					if r := s.Read(t.Context(), model.SourceProcesses); r.Err != "" || r.Processes[0].PID != want {
						t.Errorf("%+v, want run %d", r, want)
					}
				})
			}
			wg.Wait()
		}
		ask(10, 1)
		ask(1, 1) // 500 ms later it is still new
		time.Sleep(600 * time.Millisecond)
		ask(3, 2)
		if under.runs != 2 {
			t.Errorf("%d commands for 14 questions", under.runs)
		}
		if s.Read(t.Context(), model.SourceGroups); under.runs != 3 {
			t.Error("another source was not asked")
		}
		// One that hangs holds nobody up who asks later.
		under.takes = time.Hour
		time.Sleep(2 * time.Second)
		var wg sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() { s.Read(ctx, model.SourceProcesses) })
		synctest.Wait()
		short, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer stop()
		if r := s.Read(short, model.SourceProcesses); r.Err == "" || r.At.IsZero() {
			t.Errorf("waited for one that hangs, and got %+v", r)
		}
		time.Sleep(2 * time.Second)
		under.takes = time.Millisecond
		ask(1, 5)
		cancel()
		wg.Wait()
		// A failure of who asked first is not that of the others.
		under.mu.Lock()
		under.fails, under.takes = under.runs+1, 100*time.Millisecond
		under.mu.Unlock()
		time.Sleep(2 * time.Second)
		failed := 0
		var mu sync.Mutex
		for range 2 {
			wg.Go(func() {
				r := s.Read(t.Context(), model.SourceProcesses)
				mu.Lock()
				defer mu.Unlock()
				if r.Err != "" {
					failed++
				}
			})
		}
		wg.Wait()
		if failed != 1 {
			t.Errorf("%d of 2 failed", failed)
		}
	})
}
