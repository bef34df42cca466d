package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/sim"
)

// killWhileStopping kills n1's actor while its clmgr stop runs: the command goes on, and the actor that comes after
// finds its outcome.
func killWhileStopping(ctx context.Context, s *stage) error {
	return s.killOver(ctx, "clmgr stop runs", func() bool { return s.runs("stop") })
}

// killWhileResuming kills it once more while health is being confirmed, and again while its clmgr start runs.
func killWhileResuming(ctx context.Context, s *stage) error {
	confirming := func() bool { return s.look().actors["n1"].State == "confirming" }
	if err := s.killOver(ctx, "health is being confirmed", confirming); err != nil {
		return err
	}
	return s.killOver(ctx, "clmgr start runs", func() bool { return s.runs("start") })
}

// killOver waits for the moment, kills n1's actor in it, and starts it again.
func (s *stage) killOver(ctx context.Context, moment string, now func() bool) error {
	if err := s.until(ctx, 60*time.Second, moment, now); err != nil {
		return err
	}
	if err := s.lab.KillActor("n1"); err != nil {
		return err
	}
	s.headline("kill -9 of n1's actor while %s; it is started again", moment)
	return s.lab.StartActor("n1")
}

// runs reports whether the actor's clmgr with that verb is running on n1.
func (s *stage) runs(verb string) bool {
	return slices.ContainsFunc(s.look().referee.Commands, func(c sim.CommandRun) bool {
		return isAct(c, verb) && !c.Ended
	})
}

// isAct: the command is the actor's clmgr stop node or clmgr start node.
func isAct(c sim.CommandRun, verb string) bool {
	return c.By == "actor" && strings.Contains(strings.Join(c.Argv, " "), "clmgr "+verb+" node")
}

// ranOnce says what is wrong when the stop or the start ran more or less often than once.
func ranOnce(commands []sim.CommandRun) (wrong []string) {
	for _, verb := range []string{"stop", "start"} {
		runs, bad := 0, 0
		for _, c := range commands {
			if isAct(c, verb) {
				runs++
				if !c.Ended || c.Exit != 0 {
					bad++
				}
			}
		}
		if runs != 1 || bad != 0 {
			wrong = append(wrong, fmt.Sprintf("clmgr %s node ran %d times, %d of them not to a good end", verb, runs, bad))
		}
	}
	return wrong
}
