package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"powerha_lpm_exporter/internal/demo/screen"
)

func programs() []string {
	return []string{"powerha_sim", "powerha_lpm_exporter", "powerha_lpm_actor", "lpmctl"}
}

// build makes the four programs, and says how far it is.
func build(ctx context.Context, root, bin string, out *screen.Screen) error {
	for i, name := range programs() {
		start := time.Now()
		cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(bin, name), "./cmd/"+name)
		cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", name, err, text)
		}
		out.Say(screen.Quiet, "built %d of %d: %s (%.0f s)", i+1, len(programs()), name, time.Since(start).Seconds())
	}
	return nil
}
