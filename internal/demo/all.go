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

// performance is one run of the demo in a process of its own.
type performance struct {
	name string
	args []string
}

// playAll runs every scenario.
func playAll(ctx context.Context, o options, out *screen.Screen) error {
	var plays []performance
	for _, s := range scenarios() {
		plays = append(plays, performance{s.name, []string{s.name}})
	}
	return sideBySide(ctx, o, out, plays)
}

// sideBySide runs each in a process of its own, side by side: they mostly
// wait. It prints each one's summary as it ends. One that fails is played once
// more, alone: its spans are scaled down to seconds, which a machine that is
// busy with the others may not keep.
func sideBySide(ctx context.Context, o options, out *screen.Screen, plays []performance) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		again []performance
	)
	// Each polls its cluster by commands: more than this starve each other.
	room := make(chan struct{}, max(2, runtime.NumCPU()))
	for _, p := range plays {
		group.Go(func() {
			select {
			case room <- struct{}{}:
				defer func() { <-room }()
			case <-ctx.Done():
				return
			}
			text, err := playAlone(ctx, self, o, p)
			mu.Lock()
			defer mu.Unlock()
			out.Say(screen.Plain, "%s", text)
			if err != nil {
				out.Say(screen.Bad, "%v", err)
				again = append(again, p)
			}
		})
	}
	group.Wait()
	var failed []error
	for _, p := range again {
		if ctx.Err() != nil {
			break
		}
		out.Say(screen.Headline, "%s is played once more, alone", p.name)
		text, err := playAlone(ctx, self, o, p)
		out.Say(screen.Plain, "%s", text)
		failed = append(failed, err)
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// playAlone runs one to its end and returns what it printed.
func playAlone(ctx context.Context, self string, o options, p performance) (string, error) {
	start := time.Now()
	cmd := exec.CommandContext(ctx, self, append([]string{"--root", o.root, "--skip-build", "--headless"}, p.args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	text, err := cmd.CombinedOutput()
	if err != nil {
		return string(text), fmt.Errorf("%s failed after %.0f s: %w", p.name, time.Since(start).Seconds(), err)
	}
	return fmt.Sprintf("%s\nok: %s (%.0f s)", text, p.name, time.Since(start).Seconds()), nil
}
