// Command powerha_lpm_actor decides and acts: it unmanages a node before a
// Live Partition Mobility and resumes it when health is confirmed, as the
// configuration allows. It runs as root. A cluster command that it began goes
// on when it is stopped or killed.
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
		fmt.Fprintf(stderr, "%s: %v; try --help\n", name, err)
		return exitUsage
	case done:
		return exitOK
	}
	if os.Getenv("GOGC") == "" {
		// The live heap is some two megabytes, so collecting twice as often costs next to nothing and keeps the program small.
		debug.SetGCPercent(50)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		// It shares the node with a database: two are plenty.
		runtime.GOMAXPROCS(min(2, runtime.GOMAXPROCS(0)))
	}
	logger, err := logging.New(stderr, f.log)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return exitUsage
	}
	slogger, err := logging.NewSlog(stderr, f.log)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return exitUsage
	}
	cfg, err := config.Load(f.configFile, f.configNamed)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return exitError
	}
	p := &program{flags: f, logger: logger, slog: slogger, cfg: cfg}
	if err := p.serve(ctx); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return exitError
	}
	return exitOK
}
