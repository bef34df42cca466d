package daemon

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/go-kit/log"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/logging"
)

// Exit codes.
const (
	ExitOK    = 0
	ExitError = 1
	ExitUsage = 2
)

// Base is what a daemon starts from.
type Base struct {
	Logger log.Logger
	Slog   *slog.Logger // the same, for libraries that speak log/slog
	Config *config.Config
}

// Main runs a daemon until SIGINT or SIGTERM and returns its exit code.
func Main(run func(ctx context.Context, args []string, stdout, stderr io.Writer) int) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// Run is a daemon from its parsed flags on: done and err are what parsing gave.
// Whatever ends it early is one line on stderr.
func (f *Flags) Run(ctx context.Context, stderr io.Writer, done bool, err error, serve func(context.Context, Base) error) int {
	fail := func(code int, err error, hint string) int {
		fmt.Fprintf(stderr, "%s: %v%s\n", f.name, err, hint)
		return code
	}
	switch {
	case err != nil:
		return fail(ExitUsage, err, "; try --help")
	case done:
		return ExitOK
	}
	limit()
	var b Base
	if b.Logger, err = logging.New(stderr, f.Log); err != nil {
		return fail(ExitUsage, err, "")
	}
	if b.Slog, err = logging.NewSlog(stderr, f.Log); err != nil {
		return fail(ExitUsage, err, "")
	}
	if b.Config, err = config.Load(f.ConfigFile, f.ConfigNamed); err != nil {
		return fail(ExitError, err, "")
	}
	if err := serve(ctx, b); err != nil {
		return fail(ExitError, err, "")
	}
	return ExitOK
}

// limit keeps the program small, unless told otherwise: it shares the node with a database.
func limit() {
	if os.Getenv("GOGC") == "" {
		// The live heap is some two megabytes, so collecting twice as often costs next to nothing.
		debug.SetGCPercent(50)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(min(2, runtime.GOMAXPROCS(0)))
	}
}
