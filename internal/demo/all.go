package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/demo/screen"
)

// playAll runs every scenario in a process of its own, side by side: they
// mostly wait. It prints each one's summary as it ends.
func playAll(ctx context.Context, o options, out *screen.Screen) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	var (
		group  sync.WaitGroup
		mu     sync.Mutex
		failed []error
	)
	for i, s := range scenarios() {
		group.Go(func() {
			// One after the other they come up; a start is the only time in which they need the processors.
			select {
			case <-time.After(time.Duration(i) * 3 * time.Second):
			case <-ctx.Done():
				return
			}
			start := time.Now()
			cmd := exec.CommandContext(ctx, self, "--root", o.root, "--skip-build", "--headless", s.name)
			cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
			cmd.WaitDelay = 30 * time.Second
			text, err := cmd.CombinedOutput()
			mu.Lock()
			defer mu.Unlock()
			out.Say(screen.Plain, "%s", text)
			if err != nil {
				failed = append(failed, fmt.Errorf("scenario %s failed after %.0f s: %w", s.name, time.Since(start).Seconds(), err))
				return
			}
			out.Say(screen.Good, "ok: %s (%.0f s)", s.name, time.Since(start).Seconds())
		})
	}
	group.Wait()
	return errors.Join(append(failed, ctx.Err())...)
}
