package exporter

import (
	"context"
	"fmt"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

// shareFor is how long after its begin a read is also the answer to others who ask the same: many probes that look for
// a process need one list of them.
const shareFor = time.Second

// sharing lets those who ask a source at about the same time share one command. What it tells is as old as it says.
type sharing struct {
	reader Reader
	clk    clock.Clock

	mu   sync.Mutex
	runs map[model.Source]*sharedRun
}

type sharedRun struct {
	at   model.Instant // before the begin
	done chan struct{}
	r    model.Reading // once done is closed
}

func newSharing(r Reader, clk clock.Clock) *sharing {
	return &sharing{reader: r, clk: clk, runs: make(map[model.Source]*sharedRun)}
}

// Read asks the source, or waits for the one who asked it within shareFor. Who asked first may have had less time than
// this caller: a failure is not shared.
func (s *sharing) Read(ctx context.Context, src model.Source) model.Reading {
	s.mu.Lock()
	now := s.clk.Now()
	if run := s.runs[src]; run != nil && now.Sub(run.at) <= shareFor {
		s.mu.Unlock()
		select {
		case <-run.done:
			if run.r.Err == "" {
				return run.r
			}
		case <-ctx.Done():
			return model.Reading{Source: src, At: now, Took: s.clk.Now().Sub(now), Err: fmt.Sprintf("read %s: %v", src, ctx.Err())}
		}
		return s.reader.Read(ctx, src)
	}
	run := &sharedRun{at: now, done: make(chan struct{})}
	s.runs[src] = run
	s.mu.Unlock()
	run.r = s.reader.Read(ctx, src)
	close(run.done)
	return run.r
}
