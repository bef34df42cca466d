package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
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
	// They mostly wait, but each polls its cluster by commands every second: more than this starve each other.
	room := make(chan struct{}, max(2, runtime.NumCPU()))
	for _, s := range scenarios() {
		group.Go(func() {
			select {
			case room <- struct{}{}:
				defer func() { <-room }()
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
