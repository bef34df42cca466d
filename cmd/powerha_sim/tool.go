package main

import (
	"context"
	"os"

	"powerha_lpm_exporter/internal/sim/world"
)

// tool acts as a command of a node.
func tool(ctx context.Context, s shell, c world.Caller, args []string) int {
	if c.Tool == "drmgr" && world.Installs(args) {
		ctx, stop := interruptible(ctx)
		defer stop()
		m := world.Drmgr{
			Dir: c.Dir, Node: c.Node, Clock: s.clock, Stdout: s.stdout, Stderr: s.stderr,
			Ask: func(ctx context.Context, r world.Request) error {
				_, err := world.Call(ctx, c.Dir, r, nil)
				return err
			},
		}
		return m.Run(ctx, args)
	}
	last, err := world.CallPlainly(c.Dir, world.Command(c, args, world.Who(os.Getpid())), func(f world.Frame) {
		_, _ = s.stdout.Write(f.Stdout) // who does not listen does not matter to the cluster
		_, _ = s.stderr.Write(f.Stderr)
	})
	if err != nil {
		return s.fail(exitUnreachable, err)
	}
	return last.Exit
}
