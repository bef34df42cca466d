// Lpmctl is the operator's tool beside powerha_lpm_actor, and the DR script
// that drmgr calls.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/config"
)

// Exit statuses.
const (
	exitOK          = 0
	exitNo          = 1 // no, refused, or failed
	exitUsage       = 2
	exitUnreachable = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run does what one call asks for and returns the exit status.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	if path, rest, ok := drCall(args, environ); ok {
		return runDR(ctx, path, rest, environ, stdout)
	}
	t := &tool{ctx: ctx, clk: clock.System(), stdout: stdout, stderr: stderr}
	t.color = isTerminal(stdout) && !slices.ContainsFunc(environ, func(e string) bool {
		return strings.HasPrefix(e, "NO_COLOR=") && e != "NO_COLOR="
	})
	t.sudoUser = lookup(environ, "SUDO_USER")

	app := kingpin.New("lpmctl", "Operate Live Partition Mobility of PowerHA nodes: see, plan, approve, and speak with drmgr.")
	app.Version(version.Print("lpmctl"))
	app.UsageWriter(stdout).ErrorWriter(stderr)
	app.HelpFlag.Short('h')
	ended := false
	app.Terminate(func(int) { ended = true })
	app.Flag("config.file", "Configuration file.").Default(config.DefaultPath).IsSetByUser(&t.configSet).StringVar(&t.configFile)
	app.Flag("output", "How to print: text, json; of slo also html, csv. Of support-bundle: the archive to write.").Default("text").StringVar(&t.output)
	verbs := map[string]func() int{}
	for _, add := range []func(*kingpin.Application, *tool, map[string]func() int){
		addStatus, addPlan, addOperator, addVariables, addRehearse, addAdvise, addReport, addLeftovers, addJournal, addConfig, addDocs, addInstall, addHMC,
		addSLO, addSelftest, addBundle, addReplay, addSudoers,
	} {
		add(app, t, verbs)
	}
	verb, err := app.Parse(args)
	switch {
	case ended:
		return exitOK // --help or --version
	case err != nil:
		fmt.Fprintf(stderr, "lpmctl: %v; try --help\n", err)
		return exitUsage
	}
	if t.output != "text" && t.output != "json" && (verb != "slo" || !slices.Contains([]string{"html", "csv"}, t.output)) {
		if verb != "support-bundle" {
			fmt.Fprintf(stderr, "lpmctl: --output must be one of text,json, got %q; try --help\n", t.output)
			return exitUsage
		}
		t.output, t.outputFile = "text", t.output
	}
	return verbs[verb]()
}

// tool is what every verb works with.
type tool struct {
	ctx            context.Context
	clk            clock.Clock
	stdout, stderr io.Writer
	color          bool
	sudoUser       string

	configFile string
	configSet  bool
	output     string
	outputFile string // of support-bundle
	userSet    bool
	cfg        *config.Config
}

// config loads the file once. It reports false after it has said why not.
func (t *tool) config() bool {
	if t.cfg != nil {
		return true
	}
	c, err := config.Load(t.configFile, t.configSet)
	if err != nil {
		fmt.Fprintf(t.stderr, "lpmctl: %v\n", err)
		return false
	}
	t.cfg = c
	return true
}

func (t *tool) fail(status int, format string, a ...any) int {
	fmt.Fprintf(t.stderr, "lpmctl: "+format+"\n", a...)
	return status
}

func lookup(environ []string, name string) string {
	for _, e := range environ {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}

// limitProcs leaves the node's processors to its applications.
func limitProcs(environ []string) {
	if lookup(environ, "GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2)
	}
}
