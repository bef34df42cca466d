// Command powerha_sim is a simulated PowerHA cluster on one Linux machine.
//
// It acts by the name that it is called with: as DIR/NODE/bin/clmgr it is the
// clmgr of that node, and so on; as powerha_sim it makes, moves, kills and
// shows the cluster.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/sim/world"
)

const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnreachable = 3
)

func main() {
	os.Exit(run(os.Args, os.Getenv, os.Stdout, os.Stderr))
}

// verb is one command of powerha_sim.
type verb func(ctx context.Context, s shell) int

// shell is what a verb works with.
type shell struct {
	clock          clock.Clock
	stdout, stderr io.Writer
}

func (s shell) fail(status int, err error) int {
	fmt.Fprintf(s.stderr, "powerha_sim: %v\n", err)
	return status
}

func run(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	s := shell{clock: clock.System(), stdout: stdout, stderr: stderr}
	caller, err := world.FindCaller(args[0], getenv)
	if err != nil {
		return s.fail(exitUsage, err)
	}
	if caller.Tool != "" {
		return tool(context.Background(), s, caller, args[1:])
	}
	app := kingpin.New("powerha_sim", "A simulated PowerHA SystemMirror cluster whose nodes really freeze.")
	app.UsageWriter(stderr).ErrorWriter(stderr)
	helped := false
	app.Terminate(func(int) { helped = true })
	app.HelpFlag.Short('h')
	verbs := map[string]verb{}
	for _, add := range []func(*kingpin.Application, map[string]verb){
		addUp, addWorld, addDown, addExec, addScripts, addLPM, addStatus, addHMC, addNode, addKnob, addApp,
	} {
		add(app, verbs)
	}
	name, err := app.Parse(args[1:])
	if helped {
		return exitOK
	}
	if err != nil {
		return s.fail(exitUsage, fmt.Errorf("%w (see powerha_sim --help)", err))
	}
	return verbs[name](context.Background(), s)
}

// interruptible ends with the first signal that asks the program to.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}

// dirFlag adds --dir to a command.
func dirFlag(c *kingpin.CmdClause) *string {
	return c.Flag("dir", "Folder of the cluster.").Required().PlaceHolder("DIR").String()
}

// open opens the folder of a cluster and reads what it holds.
func open(path string) (world.Dir, world.Spec, error) {
	d, err := world.OpenDir(path)
	if err != nil {
		return d, world.Spec{}, err
	}
	spec, err := world.ReadSpec(d)
	return d, spec, err
}
