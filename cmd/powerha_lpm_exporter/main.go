// Command powerha_lpm_exporter publishes what a node of a PowerHA cluster
// knows of Live Partition Mobility as Prometheus metrics. It needs no
// privilege and changes nothing.
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
		if err := f.mayRun(os.Geteuid()); err != nil {
			return err
		}
		p := &program{flags: f, logger: b.Logger, slog: b.Slog, cfg: b.Config}
		return p.serve(ctx)
	})
}
