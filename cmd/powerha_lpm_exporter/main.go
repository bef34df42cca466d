// Command powerha_lpm_exporter publishes what a node of a PowerHA cluster
// knows of Live Partition Mobility as Prometheus metrics. It needs no
// privilege and changes nothing.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/logging"
)

// Exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program. It ends when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := newFlags(stdout, stderr)
	done, err := f.parse(args)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "powerha_lpm_exporter: %v; try --help\n", err)
		return exitUsage
	case done:
		return exitOK
	}
	if os.Getenv("GOMAXPROCS") == "" {
		// It shares the node with a database: two are plenty.
		runtime.GOMAXPROCS(min(2, runtime.GOMAXPROCS(0)))
	}
	if os.Getenv("GOGC") == "" {
		// The heap is small: memory is worth more on such a node than the little work of collecting it twice as often.
		debug.SetGCPercent(50)
	}
	logger, err := logging.New(stderr, f.log)
	if err != nil {
		fmt.Fprintf(stderr, "powerha_lpm_exporter: %v\n", err)
		return exitUsage
	}
	slogger, err := logging.NewSlog(stderr, f.log)
	if err != nil {
		fmt.Fprintf(stderr, "powerha_lpm_exporter: %v\n", err)
		return exitUsage
	}
	cfg, err := config.Load(f.configFile, f.configNamed)
	if err != nil {
		fmt.Fprintf(stderr, "powerha_lpm_exporter: %v\n", err)
		return exitError
	}
	p := &program{flags: f, logger: logger, slog: slogger, cfg: cfg}
	if err := p.serve(ctx); err != nil {
		fmt.Fprintf(stderr, "powerha_lpm_exporter: %v\n", err)
		return exitError
	}
	return exitOK
}
