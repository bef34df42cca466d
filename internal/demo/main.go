// Command demo shows the project at work: a simulated two-node PowerHA cluster
// whose nodes really freeze, the exporters and actors as processes of these
// nodes, and the real Prometheus scraping them and evaluating the mixin.
//
//	make demo                        a migration, from the check to the resume
//	make demo ARGS=--without-actor   the same without PowerHA's script and without us
//	make demo ARGS=abort             another scenario; ARGS=--list names them
//	make demo ARGS=--without-witness=errpt   … with the exporters deaf to the error log
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/demo/lab"
	"powerha_lpm_exporter/internal/demo/screen"
	"powerha_lpm_exporter/internal/episode"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if len(os.Args) > 1 && os.Args[1] == lab.LateVerb {
		os.Exit(lab.RunLate(os.Args[2:], time.Now(), os.Stdout, os.Stderr))
	}
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are the flags.
type options struct {
	root, scenario              string
	withoutActor, list, all     bool
	headless, skipBuild, ending bool
	stay                        bool

	without        []string          // witnesses that the exporters do not hear
	late           map[string]string // … hear late, by how much
	checkWitnesses bool
	checkPaging    bool
}

// demoCluster is the name of the cluster of a single play.
const demoCluster = "demo"

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o := options{late: make(map[string]string)}
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
	app.Flag("stay", "Keep exporters, actors and Prometheus running at the end until interrupted, to look at them.").BoolVar(&o.stay)
	app.Flag("without-witness", "Let the exporters not hear this witness of a migration ("+strings.Join(episode.Witnesses(), ", ")+
		"), and fail unless the migration is recorded once and rightly all the same. Repeatable; plays the scenario native unless another is named.").
		PlaceHolder("NAME").StringsVar(&o.without)
	app.Flag("late-witness", "Let the exporters hear this witness that much late: dr, errpt, clutils, cl_dr_state or server. Else as --without-witness.").
		PlaceHolder("NAME=SPAN").StringMapVar(&o.late)
	app.Flag("check-witnesses", "Play it with each witness off in turn, and with each pair in the other order.").BoolVar(&o.checkWitnesses)
	app.Flag("check-paging", "Play what people are woken by, with the real Prometheus and Alertmanager: the pages must be exactly those of the table. A play may be named.").BoolVar(&o.checkPaging)
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
		for _, s := range append(scenarios(), pagingScenarios()...) {
			_, _ = fmt.Fprintf(stdout, "%-18s %s\n", s.name, s.about)
		}
		return 0
	}
	heard, err := o.witnesses()
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "demo: %v\n", err)
		return 2
	}
	if o.scenario == "main" && (heard.given() || o.checkWitnesses) {
		o.scenario = "native" // gated confirms the end that dr told
	}
	s, ok := find(o.scenario)
	if !ok && !o.checkPaging {
		_, _ = fmt.Fprintf(stderr, "demo: there is no scenario %q; --list names them\n", o.scenario)
		return 2
	}
	s.heard = heard
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
	if o.checkPaging {
		return checkPaging(ctx, o, bin, out)
	}
	if o.checkWitnesses {
		return playWitnesses(ctx, o, s, out)
	}
	if o.headless {
		out = screen.New(io.Discard)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	st := &stage{self: self, cluster: demoCluster, options: o, scenario: s, bin: bin, out: out, final: screen.New(stdout)}
	return st.play(ctx)
}
