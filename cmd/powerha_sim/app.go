package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/sim/app"
	"powerha_lpm_exporter/internal/sim/world"
)

func addApp(a *kingpin.Application, verbs map[string]verb) {
	parent := a.Command("app", "The application of a resource group.")
	for _, v := range [][2]string{
		{"serve", "Run it in the foreground."},
		{"start", "Start it in the background, unless it runs."},
		{"stop", "Stop it."},
		{"monitor", "Tell by the exit status whether it is healthy."},
		{"break", "Make it unhealthy until it is restarted."},
		{"mend", "Make it healthy again."},
	} {
		name, help := v[0], v[1]
		c := parent.Command(name, help)
		dir := dirFlag(c)
		group := c.Flag("group", "Resource group (default: the first).").String()
		node := c.Flag("node", "Node (default: the one whose process this is).").String()
		sticky := new(bool)
		if name == "break" {
			sticky = c.Flag("sticky", "A restart does not cure it, only mend.").Bool()
		}
		verbs["app "+name] = func(ctx context.Context, s shell) int {
			o, err := appOptions(s, *dir, *group, *node)
			if err != nil {
				return s.fail(exitUsage, err)
			}
			return runApp(ctx, s, name, o, *dir, *sticky)
		}
	}
}

// appOptions finds out which application on which node is meant.
func appOptions(s shell, path, group, node string) (app.Options, error) {
	d, spec, err := open(path)
	if err != nil {
		return app.Options{}, err
	}
	if group == "" && len(spec.Groups) > 0 {
		group = spec.Groups[0].Name
	}
	g, ok := spec.Group(group)
	if !ok {
		return app.Options{}, fmt.Errorf("--group %q: the cluster does not have it", group)
	}
	if node == "" {
		if node, ok = d.NodeOf(os.Getpid(), spec.Nodes); !ok {
			return app.Options{}, fmt.Errorf("this is no process of a node: give --node (%s), or run it with \"powerha_sim exec\"", strings.Join(spec.Nodes, ", "))
		}
	}
	port, ok := g.Ports[node]
	if !ok {
		return app.Options{}, fmt.Errorf("--node %q: group %s is for %s", node, group, strings.Join(g.Nodes, ", "))
	}
	return app.Options{Group: group, Node: node, Port: port, Home: d.App(node), Shared: d.Shared(group), Clock: s.clock}, nil
}

func runApp(ctx context.Context, s shell, name string, o app.Options, dir string, sticky bool) int {
	ctx, stop := interruptible(ctx)
	defer stop()
	var said string
	var err error
	switch name {
	case "serve":
		err = app.Serve(ctx, o, s.stderr)
	case "start":
		said, err = start(ctx, o, dir)
	case "stop":
		said, err = app.Stop(ctx, o)
	case "monitor":
		err = app.Monitor(ctx, o)
	case "break":
		err = o.Break(sticky)
	case "mend":
		err = o.Mend()
	}
	if err != nil {
		return s.fail(exitFailed, err)
	}
	if said != "" {
		fmt.Fprintln(s.stdout, said)
	}
	return exitOK
}

func start(ctx context.Context, o app.Options, dir string) (string, error) {
	d, err := world.OpenDir(dir)
	if err != nil {
		return "", err
	}
	self := filepath.Join(d.Bin(o.Node), "powerha_sim")
	return app.Start(ctx, o, []string{self, "app", "serve", "--dir", string(d), "--group", o.Group, "--node", o.Node})
}
