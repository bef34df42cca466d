// Command demo shows the project at work: a simulated two-node PowerHA cluster
// whose nodes really freeze, the exporters and actors as processes of these
// nodes, and the real Prometheus scraping them and evaluating the mixin.
//
//	make demo                        a migration, from the check to the resume
//	make demo ARGS=--without-actor   the same without PowerHA's script and without us
//	make demo ARGS=abort             another scenario; ARGS=--list names them
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/demo/screen"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are the flags.
type options struct {
	root, scenario              string
	withoutActor, list, all     bool
	headless, skipBuild, ending bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	app := kingpin.New("demo", "Show a Live Partition Mobility of a simulated PowerHA node.")
	app.UsageWriter(stdout).ErrorWriter(stderr)
	app.Terminate(func(int) { o.ending = true })
	app.HelpFlag.Short('h')
	app.Flag("root", "Folder of the checkout.").Default(".").StringVar(&o.root)
	app.Flag("without-actor", "The scenario without-actor.").BoolVar(&o.withoutActor)
	app.Flag("list", "List the scenarios.").BoolVar(&o.list)
	app.Flag("all", "Run every scenario, side by side, and print their summaries.").BoolVar(&o.all)
	app.Flag("headless", "Print no timeline, only the summary.").BoolVar(&o.headless)
	app.Flag("skip-build", "Use the programs in .build/ as they are.").BoolVar(&o.skipBuild)
	app.Arg("scenario", "Which one to play.").Default("main").StringVar(&o.scenario)
	if _, err := app.Parse(args); err != nil && !o.ending {
		_, _ = fmt.Fprintf(stderr, "demo: %v; try --help\n", err)
		return 2
	}
	if o.ending {
		return 0
	}
	if o.withoutActor {
		o.scenario = "without-actor"
	}
	if o.list {
		for _, s := range scenarios() {
			_, _ = fmt.Fprintf(stdout, "%-18s %s\n", s.name, s.about)
		}
		return 0
	}
	s, ok := find(o.scenario)
	if !ok {
		_, _ = fmt.Fprintf(stderr, "demo: there is no scenario %q; --list names them\n", o.scenario)
		return 2
	}
	if err := play(ctx, o, s, stdout); err != nil {
		if errors.Is(err, context.Canceled) {
			err = errors.New("interrupted; everything was ended")
		}
		_, _ = fmt.Fprintf(stderr, "demo: %v\n", err)
		return 1
	}
	return 0
}

// play builds what is needed and runs one scenario, or all.
func play(ctx context.Context, o options, s scenario, stdout io.Writer) error {
	root, err := filepath.Abs(o.root)
	if err != nil {
		return fmt.Errorf("find the checkout: %w", err)
	}
	o.root = root
	out := screen.New(stdout)
	bin := filepath.Join(root, ".build")
	if !o.skipBuild {
		if err := build(ctx, root, bin, out); err != nil {
			return err
		}
	}
	if o.all {
		return playAll(ctx, o, out)
	}
	if o.headless {
		out = screen.New(io.Discard)
	}
	st := &stage{options: o, scenario: s, bin: bin, out: out, final: screen.New(stdout)}
	return st.play(ctx)
}
