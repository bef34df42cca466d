package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/sim/world"
)

// nodeFlag adds --node to a command.
func nodeFlag(c *kingpin.CmdClause) *string {
	return c.Flag("node", "Name of the node.").Required().PlaceHolder("NODE").String()
}

func outputFlag(c *kingpin.CmdClause) *string {
	return c.Flag("output", "Format of the output: text or json.").Default("text").Enum("text", "json")
}

// ask sends a request and prints what failed.
func ask(ctx context.Context, s shell, path string, r world.Request, each func(world.Frame)) (world.Frame, int) {
	d, err := world.OpenDir(path)
	if err != nil {
		return world.Frame{}, s.fail(exitUsage, err)
	}
	f, err := world.Call(ctx, d, r, each)
	if err != nil {
		status := f.Exit
		if !f.Done {
			status = exitUnreachable
		}
		return f, s.fail(status, err)
	}
	return f, f.Exit
}

func addNode(app *kingpin.Application, verbs map[string]verb) {
	for _, v := range [][2]string{
		{"power-off", "Switch a node off at the HMC."},
		{"boot", "Activate a node that is off; none of its processes come back by themselves."},
		{"kill-node", "Let a node die."},
	} {
		name, help := v[0], v[1]
		c := app.Command(name, help)
		dir, node := dirFlag(c), nodeFlag(c)
		verbs[name] = func(ctx context.Context, s shell) int {
			_, status := ask(ctx, s, *dir, world.NodeRequest(name, *node), nil)
			return status
		}
	}
}

func addKnob(app *kingpin.Application, verbs map[string]verb) {
	c := app.Command("knob", "Change an uncertain fact about the product, or a fault, while the cluster runs.")
	dir := dirFlag(c)
	setting := c.Arg("setting", "NAME=VALUE, or NAME@NODE=VALUE.").Required().String()
	verbs["knob"] = func(ctx context.Context, s shell) int {
		name, value, ok := strings.Cut(*setting, "=")
		if !ok {
			return s.fail(exitUsage, fmt.Errorf("knob %q: give NAME=VALUE", *setting))
		}
		_, status := ask(ctx, s, *dir, world.Knob(name, value), nil)
		return status
	}
}

func addLPM(app *kingpin.Application, verbs map[string]verb) {
	c := app.Command("lpm", "Move a partition. Ends with 0 when the migration completed.")
	dir, node, output := dirFlag(c), nodeFlag(c), outputFlag(c)
	precopy := c.Flag("precopy", "How long memory is copied before the partition is suspended.").Default("5s").Duration()
	freeze := c.Flag("freeze", "How long the partition is suspended.").Default("4s").Duration()
	abort := c.Flag("abort-at", "Phase in which the migration is aborted.").Enum("check", "pre", "copy", "suspend")
	die := c.Flag("die", "Phase in which the partition dies: copy, suspend (when none is given) or post.").String()
	verbs["lpm"] = func(ctx context.Context, s shell) int {
		if *precopy < 0 || *freeze < 0 {
			return s.fail(exitUsage, errors.New("--precopy and --freeze: give durations of 0 and more"))
		}
		switch *die {
		case "", "copy", "suspend", "post":
		default:
			return s.fail(exitUsage, fmt.Errorf("--die=%s: give copy, suspend or post", *die))
		}
		return lpm(ctx, s, *dir, *output, world.Request{
			Op: "lpm", Node: *node, Precopy: *precopy, Freeze: *freeze, AbortAt: *abort, Die: *die,
		})
	}
}

func lpm(ctx context.Context, s shell, dir, output string, r world.Request) int {
	ctx, stop := interruptible(ctx)
	defer stop()
	notes := s.stdout
	if output == "json" {
		notes = s.stderr
	}
	f, status := ask(ctx, s, dir, r, func(f world.Frame) {
		if f.Note != "" {
			fmt.Fprintln(notes, f.Note)
		}
	})
	if len(f.Result) == 0 {
		return status
	}
	if output == "json" {
		fmt.Fprintln(s.stdout, string(f.Result))
		return status
	}
	var m world.Migration
	if err := json.Unmarshal(f.Result, &m); err != nil {
		return s.fail(exitFailed, fmt.Errorf("read the result: %w", err))
	}
	fmt.Fprintf(s.stdout, "result: %s\n", m.Result)
	if m.Message != "" {
		fmt.Fprintf(s.stdout, "message: %s\n", m.Message)
	}
	if m.Freeze != nil {
		fmt.Fprintf(s.stdout, "frozen: %.4f s (all %d processes; one alone up to %.4f s longer)\n",
			m.Freeze.FrozenSeconds, m.Freeze.Processes, m.Freeze.BoundSeconds)
	}
	return status
}

func addStatus(app *kingpin.Application, verbs map[string]verb) {
	c := app.Command("status", "Show the cluster as a referee sees it.")
	dir, output := dirFlag(c), outputFlag(c)
	verbs["status"] = func(ctx context.Context, s shell) int {
		f, status := ask(ctx, s, *dir, world.StatusRequest(), nil)
		if status != exitOK {
			return status
		}
		if *output == "json" {
			fmt.Fprintln(s.stdout, string(f.Result))
			return exitOK
		}
		var st world.Status
		if err := json.Unmarshal(f.Result, &st); err != nil {
			return s.fail(exitFailed, fmt.Errorf("read the status: %w", err))
		}
		printStatus(s, st)
		return exitOK
	}
}

func printStatus(s shell, st world.Status) {
	fmt.Fprintf(s.stdout, "cluster %s, PowerHA %s, %s, timers x %g, up for %v\n",
		st.Cluster, st.Version, st.State, st.TimerScale, st.At.Round(time.Second))
	for _, n := range st.Nodes {
		power := "alive"
		switch {
		case n.Frozen:
			power = "frozen"
		case !n.Alive:
			power = "dead"
		}
		fmt.Fprintf(s.stdout, "node %-8s %-6s %-10s managed %-5t manager %-16s node timeout %d ms, dead man switch %t, %d processes\n",
			n.Name, power, n.State, n.Managed, n.Manager, n.NodeTimeout, n.DeadManSwitch, st.World.Processes[n.Name])
	}
	for _, g := range st.Groups {
		fmt.Fprintf(s.stdout, "group %-8s owner %-6s %-10s managed %-5t runs on %s\n",
			g.Name, g.Owner, g.State, g.Managed, strings.Join(g.RunsOn, ", "))
	}
	v := st.Variables
	fmt.Fprintf(s.stdout, "LPM_POLICY %q, HEARTBEAT_FREQUENCY_DURING_LPM %d, HEARTBEAT_FREQUENCY %d, GRACE_PERIOD %d, unsynchronised %t\n",
		v.LPMPolicy, v.LPMNodeTimeout, v.HeartbeatFrequency, v.GracePeriod, v.Unsynced)
	for _, f := range st.World.Freezes {
		fmt.Fprintf(s.stdout, "freeze of %s at %s: %.4f s\n", f.Node, f.Wall.Format(time.TimeOnly), f.FrozenSeconds)
	}
	fmt.Fprintf(s.stdout, "takeovers: %d\nran twice: %d\n", st.Takeovers, max(st.RanTwice, st.World.Moments))
}

func addHMC(app *kingpin.Application, verbs map[string]verb) {
	c := app.Command("hmc", "Ask the HMC, from outside of all nodes: lssyscfg, lslparmigr, chsysstate, lshmc.")
	dir := dirFlag(c)
	args := c.Arg("command", "Command line of the HMC; put -- before it.").Required().Strings()
	verbs["hmc"] = func(ctx context.Context, s shell) int {
		_, status := ask(ctx, s, *dir, world.HMC(*args), func(f world.Frame) {
			_, _ = s.stdout.Write(f.Stdout) // who does not listen does not matter to the HMC
			_, _ = s.stderr.Write(f.Stderr)
		})
		return status
	}
}
