package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// scenario is one play of the demo and how it should end.
type scenario struct {
	name, about string
	// version of the simulated PowerHA; bare means without anything of ours.
	version string
	bare    bool
	watched bool     // exporters alone: no actors, and none of the standing settings
	mode    string   // migration.mode of the actors
	lpm     []string // more arguments of powerha_sim lpm
	freeze  time.Duration
	// deadline of the suspension, where it is not the usual one of timing().
	deadline time.Duration
	// during runs when the migration has begun and reached the named phase of the simulated migration.
	during func(ctx context.Context, s *stage) error
	// before runs when everything is up; after when powerha_sim lpm has returned.
	before, after func(ctx context.Context, s *stage) error
	// result is how it should end; takeovers says whether an unwanted takeover is what it shows.
	result    string
	takeovers bool
	// owner is the node on which the application should run at the end.
	owner string
	// restored: the settings are as before at the end.
	restored bool
	paged    bool
	// once: the stop and the start of n1 by the actor each ran exactly once, to their end.
	once bool
	// open: it has no end of its own within the time of a play; what counts are the pages.
	open bool
	// heard says which witnesses of the migration the exporters hear; where it was given, the record is judged, too.
	heard heard
}

// Results that the summary can name.
const (
	resumed         = "resumed"
	rolledBack      = "rolled_back"
	failedOver      = "failed_over"
	waitingOperator = "waiting_operator"
	untouched       = "untouched"
)

const longFreeze = 6 * time.Second

func scenarios() []scenario {
	return []scenario{
		{
			name: "main", about: "a migration in gated mode: protected, frozen, confirmed, resumed",
			version: "7.2.7", mode: "gated", freeze: longFreeze,
			result: resumed, owner: "n1", restored: true,
		},
		{
			name: "without-actor", about: "the same on PowerHA 7.1.3, without cl_dr and without us: the unwanted takeover",
			version: "7.1.3", bare: true, freeze: longFreeze,
			result: untouched, takeovers: true, owner: "n2",
		},
		{
			name: "abort", about: "the migration is aborted while memory is copied: rolled back",
			version: "7.2.7", mode: "gated", freeze: longFreeze, lpm: []string{"--abort-at", "copy"},
			result: rolledBack, owner: "n1", restored: true,
		},
		{
			name: "node-lost", about: "the partition dies in its freeze; an operator attests that it is off: failed over",
			version: "7.2.7", mode: "gated", freeze: longFreeze, lpm: []string{"--die=suspend"}, after: attest,
			result: failedOver, owner: "n2",
		},
		{
			name: "application-dies", about: "the application is broken after the migration: nothing is resumed",
			version: "7.2.7", mode: "gated", freeze: longFreeze, during: breakApplication,
			result: waitingOperator, owner: "n1", paged: true,
		},
		{
			name: "prometheus-down", about: "Prometheus is gone when it should confirm: nothing is resumed, people are paged",
			version: "7.2.7", mode: "gated", freeze: longFreeze, during: stopPrometheus,
			result: waitingOperator, owner: "n1", paged: true,
		},
		{
			name: "native", about: "PowerHA's own script unmanages and resumes; we only watch",
			version: "7.2.7", mode: "native", freeze: longFreeze,
			result: untouched, owner: "n1", restored: true,
		},
		{
			name: "actor-dead", about: "gated, but our actors are dead: PowerHA's own handling works",
			version: "7.2.7", mode: "gated", freeze: longFreeze, before: stopActors,
			result: untouched, owner: "n1", restored: true,
		},
		{
			name: "actor-killed", about: "kill -9 of n1's actor while it stops, confirms and starts; each time it goes on",
			version: "7.2.7", mode: "gated", freeze: longFreeze, during: killWhileStopping, after: killWhileResuming,
			result: resumed, owner: "n1", restored: true, once: true,
		},
	}
}

func find(name string) (scenario, bool) {
	all := append(scenarios(), pagingScenarios()...)
	i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
	if i < 0 {
		return scenario{}, false
	}
	return all[i], true
}

func (s *stage) isUnmanaged() bool { return s.look().unmanagedSince != (time.Time{}) }

// breakApplication waits until the node is unmanaged, so that nobody restarts the application, and breaks it.
func breakApplication(ctx context.Context, s *stage) error {
	if err := s.until(ctx, 60*time.Second, "n1 to be unmanaged", s.isUnmanaged); err != nil {
		return err
	}
	s.headline("somebody breaks the application on n1")
	out, err := s.lab.App(ctx, "n1", "break")
	if err != nil {
		return fmt.Errorf("break the application: %w\n%s", err, out)
	}
	return nil
}

func stopPrometheus(ctx context.Context, s *stage) error {
	if err := s.until(ctx, 60*time.Second, "n1 to be unmanaged", s.isUnmanaged); err != nil {
		return err
	}
	s.headline("Prometheus is stopped")
	return s.stopPrometheus()
}

func stopActors(_ context.Context, s *stage) error {
	for _, n := range s.lab.Nodes {
		if err := s.lab.StopActor(n); err != nil {
			return err
		}
	}
	s.headline("the actors are dead")
	return nil
}

// attest powers the lost partition off, as a person at the HMC would, and says so on the standby.
func attest(ctx context.Context, s *stage) error {
	lost := func() bool {
		st := s.look().actors["n2"]
		return slices.ContainsFunc(st.Lost, func(l lostNode) bool { return l.Node == "n1" })
	}
	if err := s.until(ctx, 60*time.Second, "n2's actor to list n1 as lost", lost); err != nil {
		return err
	}
	alerted := func() bool { return slices.Contains(s.look().alerts, "NodeLostDuringLPM n1") }
	if err := s.until(ctx, 60*time.Second, "the alert PowerHANodeLostDuringLPM", alerted); err != nil {
		return err
	}
	s.headline("an operator powers n1 off at the HMC, sees it off, and attests that on n2")
	if out, err := s.lab.Sim(ctx, "power-off", "--node", "n1"); err != nil {
		return fmt.Errorf("power n1 off: %w\n%s", err, out)
	}
	out, err := s.lab.Lpmctl(ctx, "n2", "approve", "--i-have-powered-it-off", "seen off at the HMC", "--node", "n1")
	for line := range strings.Lines(out) {
		s.tell(kindAct, "n2 lpmctl: %s", strings.TrimSpace(line))
	}
	if err != nil {
		return fmt.Errorf("approve the failover: %w", err)
	}
	return nil
}
