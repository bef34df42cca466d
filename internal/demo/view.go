package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/demo/screen"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/sim"
	"powerha_lpm_exporter/internal/sim/world"
)

type lostNode = control.LostNode

const kindAct = screen.Act

// view is what the watchers have seen so far. It is copied out by look.
type view struct {
	referee   world.Status
	actors    map[string]control.Status
	snapshots map[string]model.Snapshot
	alerts    []string // firing ones without the prefix, "Name node"
	healthy   bool
	columns   screen.Columns

	// Moments of the referee's view, zero before they were seen.
	unmanagedSince, managedAgain time.Time
	healthySince                 time.Time // of the present run of good answers
	resumeBegan, migrationEnded  time.Time
	healthyForAtResume           time.Duration
	failures                     int            // of the application in a row
	freezes                      []model.Freeze // that n1 measured
}

// look returns the present view. Its maps must not be changed.
func (s *stage) look() view {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view
	v.actors, v.snapshots = copied(v.actors), copied(v.snapshots)
	return v
}

func copied[V any](in map[string]V) map[string]V {
	out := make(map[string]V, len(in))
	for k, v := range in {
		out[k] = v
	}
	return out
}

func (s *stage) tell(kind screen.Kind, format string, args ...any) {
	s.mu.Lock()
	c := s.view.columns
	s.mu.Unlock()
	s.out.Line(c, kind, format, args...)
}

func (s *stage) headline(format string, args ...any) {
	s.tell(screen.Headline, ">> "+format, args...)
}

// sawReferee takes in what the referee says and tells what is new in it.
func (s *stage) sawReferee(now world.Status) {
	s.mu.Lock()
	old := s.view.referee
	s.view.referee = now
	n1 := node(now, "n1")
	s.view.columns.Frozen = n1.Frozen
	s.view.columns.Node = strings.ToLower(n1.State)
	switch {
	case !n1.Alive:
		s.view.columns.Node = "DEAD"
	case n1.State == "UNMANAGED":
		s.view.columns.Node = "UNMANAGED"
	}
	if n1.Services && !n1.Managed {
		if s.view.unmanagedSince.IsZero() {
			s.view.unmanagedSince = time.Now()
		}
	} else if !s.view.unmanagedSince.IsZero() && s.view.managedAgain.IsZero() {
		s.view.managedAgain = time.Now()
	}
	s.mu.Unlock()
	if old.Time.IsZero() {
		return
	}
	for _, e := range fresh(old.Events, now.Events) {
		s.tell(screen.Quiet, "powerha%s: %s", prefixed(" ", e.Node), e.Text)
	}
	s.commands(old.Commands, now.Commands)
	for _, t := range now.TakenOver[min(len(old.TakenOver), len(now.TakenOver)):] {
		s.tell(screen.Bad, "TAKEOVER of %s from %s by %s (%s)", t.Group, t.From, t.To, t.Reason)
	}
	if n := now.World.Moments - old.World.Moments; n > 0 {
		s.tell(screen.Bad, "THE WORKLOAD RUNS TWICE (%d moments)", n)
	}
	if before, is := node(old, "n1"), n1; before.Frozen != is.Frozen {
		word := "every process of n1 is stopped: the freeze"
		if !is.Frozen {
			word = "n1 goes on"
			switch f := truth(now); {
			case !n1.Alive:
				word = "n1 does not go on: it is dead"
			case f != nil:
				word = fmt.Sprintf("n1 goes on after %.2f s", f.FrozenSeconds)
			}
		}
		s.tell(screen.Headline, "%s", word)
	}
}

// commands tells those that began or ended.
func (s *stage) commands(old, now []sim.CommandRun) {
	seen := map[string]sim.CommandRun{}
	for _, c := range old {
		seen[c.ID] = c
	}
	for _, c := range now {
		before, known := seen[c.ID]
		kind := screen.Quiet
		if c.By == "actor" {
			kind = screen.Act
		}
		if !known {
			s.tell(kind, "%s %s: %s", c.Node, c.By, strings.Join(c.Argv, " "))
			if slices.Contains(c.Argv, "start") && c.By == "actor" {
				s.resumeBegins()
			}
		}
		if c.Ended && !before.Ended && (c.By == "actor" || c.Exit != 0) {
			s.tell(kind, "%s %s: exit %d after %.1f s", c.Node, c.By, c.Exit, c.Took.Seconds())
		}
	}
}

func (s *stage) resumeBegins() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view.resumeBegan.IsZero() {
		s.view.resumeBegan = time.Now()
		since := s.view.healthySince
		if s.view.migrationEnded.After(since) {
			since = s.view.migrationEnded
		}
		if !s.view.healthySince.IsZero() {
			s.view.healthyForAtResume = time.Since(since)
		}
	}
}

// sawActor takes in what an actor says of itself.
func (s *stage) sawActor(name string, now control.Status) {
	s.mu.Lock()
	old := s.view.actors[name]
	s.view.actors[name] = now
	s.mu.Unlock()
	if old.State != now.State {
		kind := screen.Act
		if now.State == "needs_operator" || now.State == "unmanaged_only" {
			kind = screen.Bad
		}
		s.tell(kind, "%s actor is %s", name, now.State)
	}
	if old.Decision != now.Decision || old.Reason != now.Reason {
		s.tell(screen.Act, "%s actor: %s (%s)", name, now.Decision, now.Reason)
	}
	if len(now.History) > len(old.History) && !old.At.IsZero() {
		h := now.History[len(now.History)-1]
		s.tell(screen.Good, "%s actor closes the episode: %s", name, h.Result)
	}
}

// sawSnapshot takes in what an exporter knows.
func (s *stage) sawSnapshot(name string, now model.Snapshot) {
	s.mu.Lock()
	old, known := s.view.snapshots[name]
	s.view.snapshots[name] = now
	if name == "n1" {
		s.view.columns.Phase = string(now.Episode.Phase)
		if now.Episode.Phase == "" {
			s.view.columns.Phase = string(model.PhaseIdle)
		}
		s.view.migrationEnded = now.Episode.End
	}
	s.mu.Unlock()
	if !known {
		return
	}
	if old.Episode.Phase != now.Episode.Phase && now.Episode.Phase != "" {
		s.tell(screen.Plain, "%s exporter: phase %s", name, now.Episode.Phase)
	}
	if f := now.Freeze; f != nil && f.Fused != nil && (old.Freeze == nil || !old.Freeze.Start.Equal(f.Start)) {
		s.sawFreeze(name, *f)
	}
	s.peers(name, old.Peers, now.Peers)
}

// sawFreeze keeps what n1 measured. Short ones are those of a busy machine, and not told.
func (s *stage) sawFreeze(name string, f model.Freeze) {
	if name == "n1" {
		s.mu.Lock()
		s.view.freezes = append(s.view.freezes, f)
		s.mu.Unlock()
	}
	if *f.Fused < time.Second || f.Kind != "suspended" {
		return
	}
	s.tell(screen.Plain, "%s exporter: was frozen for %.2f s ±%.2f (its clocks: %s, step at the peer: %s)",
		name, f.Fused.Seconds(), f.FusedBound.Seconds(), seen(f.Clock), seen(f.Peer))
}

func seen(d *time.Duration) string {
	if d == nil {
		return "not visible"
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// peers tells of heartbeats that stop and come back.
func (s *stage) peers(name string, old, now []model.PeerStatus) {
	for _, p := range now {
		i := slices.IndexFunc(old, func(o model.PeerStatus) bool { return o.Node == p.Node })
		if i < 0 || old[i].Up == p.Up {
			continue
		}
		if p.Up {
			s.tell(screen.Plain, "%s exporter: hears %s again", name, p.Node)
			continue
		}
		s.tell(screen.Plain, "%s exporter: %s is silent for %.1f s (last phase told: %s)", name, p.Node, p.Silence.Seconds(), p.Phase)
	}
}

// sawAlerts takes in the list of firing alerts.
func (s *stage) sawAlerts(now []string) {
	s.mu.Lock()
	old := s.view.alerts
	s.view.alerts = now
	s.mu.Unlock()
	for _, a := range now {
		if !slices.Contains(old, a) {
			kind := screen.Bad
			if strings.HasPrefix(a, "ResumeReady") {
				kind = screen.Good
			}
			s.tell(kind, "alert %s fires", a)
		}
	}
	for _, a := range old {
		if !slices.Contains(now, a) {
			s.tell(screen.Plain, "alert %s is over", a)
		}
	}
}

// sawHealth takes in one answer of the application on n1. Two bad ones in a row count: a single one may be a busy machine.
func (s *stage) sawHealth(ok bool) {
	s.mu.Lock()
	v := &s.view
	was, known := v.healthy, v.columns.App != ""
	if ok {
		v.failures, v.healthy = 0, true
	} else {
		v.failures++
		v.healthy = v.healthy && v.failures < 2
	}
	switch {
	case !v.healthy:
		v.columns.App, v.healthySince = "DOWN", time.Time{}
	case v.healthySince.IsZero():
		v.columns.App, v.healthySince = "ok", time.Now()
	}
	healthy, frozen := v.healthy, v.columns.Frozen
	s.mu.Unlock()
	switch {
	case known && was && !healthy && !frozen:
		s.tell(screen.Bad, "the application on n1 does not answer well")
	case !was && healthy && !frozen:
		s.tell(screen.Good, "the application on n1 answers well")
	}
}

func node(s world.Status, name string) sim.NodeStatus {
	for _, n := range s.Nodes {
		if n.Name == name {
			return n
		}
	}
	return sim.NodeStatus{}
}

// truth is the last freeze as it really was.
func truth(s world.Status) *world.FreezeTruth {
	if len(s.World.Freezes) == 0 {
		return nil
	}
	f := s.World.Freezes[len(s.World.Freezes)-1]
	return &f
}

func fresh(old, now []sim.Event) []sim.Event {
	if len(old) == 0 {
		return now
	}
	last := old[len(old)-1]
	for i := len(now) - 1; i >= 0; i-- {
		if now[i] == last {
			return now[i+1:]
		}
	}
	return now
}

func prefixed(p, s string) string {
	if s == "" {
		return ""
	}
	return p + s
}
