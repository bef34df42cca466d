// Command powerha_lpm_actor decides and acts: it unmanages a node before a
// Live Partition Mobility and resumes it when health is confirmed, as the
// configuration allows. It runs as root. A cluster command that it began goes
// on when it is stopped or killed.
package main

import (
	"context"
	"io"
	"os"

	"powerha_lpm_exporter/internal/daemon"
)

func main() { os.Exit(daemon.Main(run)) }

// run is the whole program. It ends when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := newFlags(stdout, stderr)
	done, err := f.parse(args)
	return f.Run(ctx, stderr, done, err, func(ctx context.Context, b daemon.Base) error {
		p := &program{flags: f, logger: b.Logger, slog: b.Slog, cfg: b.Config}
		return p.serve(ctx)
	})
}
