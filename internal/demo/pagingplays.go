package main

import (
	"context"
	"fmt"
	"time"

	"powerha_lpm_exporter/internal/demo/paging"
)

// farDeadline is none that a play reaches, on however slow a machine.
const farDeadline = 10 * time.Minute

// pagingScenarios are played for their pages alone.
func pagingScenarios() []scenario {
	return []scenario{
		{
			name: "unprotected", about: "PowerHA 7.1.3, watched by our exporters but without actors: the unwanted takeover",
			version: "7.1.3", mode: "observe", watched: true, freeze: longFreeze,
			result: untouched, takeovers: true, owner: "n2",
		},
		{
			name: "exporter-dead", about: "the exporter of a suspended node dies",
			version: "7.2.7", mode: "gated", freeze: longFreeze, during: whenSuspended("exporter", (*stage).stopExporter), open: true,
			deadline: farDeadline,
		},
		{
			name: "actor-lost", about: "the actor of a suspended node dies and stays away: nobody resumes",
			version: "7.2.7", mode: "gated", freeze: longFreeze, during: whenSuspended("actor", (*stage).stopActor), open: true,
			deadline: farDeadline,
		},
	}
}

func (s *stage) stopExporter() error { return s.lab.StopExporter("n1") }
func (s *stage) stopActor() error    { return s.lab.StopActor("n1") }

// whenSuspended ends a program of n1 once the node is unmanaged and Prometheus knows it.
func whenSuspended(what string, end func(*stage) error) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		if err := s.until(ctx, 60*time.Second, "n1 to be unmanaged", s.isUnmanaged); err != nil {
			return err
		}
		known := func() bool {
			p := s.prometheus()
			return p != nil && p.Has(ctx, fmt.Sprintf(`powerha_node_managed{cluster=%q,node="n1"} == 0`, s.cluster)) &&
				p.Has(ctx, fmt.Sprintf(`powerha_actor_state{cluster=%q,node="n1",state="protected"} == 1`, s.cluster)) &&
				// What keeps quiet goes by the budget told last: that of the migration, not that before its time-outs are set.
				p.Has(ctx, fmt.Sprintf(`powerha_lpm_freeze_budget_seconds{cluster=%q,node="n1",scope="lpm"} >= %g`,
					s.cluster, s.lab.Timing.HeartbeatDuringLPM.Seconds()))
		}
		if err := s.until(ctx, 60*time.Second, "Prometheus to know it", known); err != nil {
			return err
		}
		s.headline("the %s of n1 ends", what)
		return end(s)
	}
}

// takeCalm hands out what the programs serve before anything happens.
func (s *stage) takeCalm(ctx context.Context) error {
	if s.whenCalm == nil {
		return nil
	}
	calm := paging.Calm{}
	for _, n := range s.lab.Nodes {
		for program, port := range map[string]int{"exporter": s.lab.Ports[n].Exporter, "actor": s.lab.Ports[n].Actor} {
			sample, err := paging.Take(ctx, fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				return err
			}
			calm[[2]string{n, program}] = sample
		}
	}
	s.whenCalm(calm)
	return nil
}

// checkPages holds what people were sent against the table.
func (s *stage) checkPages(ctx context.Context) error {
	if s.expects == nil {
		return nil
	}
	return s.shared.Ended(ctx, s.cluster, *s.expects, pageLimit)
}
