package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/demo/screen"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/sim"
	"powerha_lpm_exporter/internal/sim/world"
)

// restorable is what must be as before at the end.
type restorable struct {
	nodes     map[string]sim.NodeStatus
	variables sim.Variables
}

// settings takes out of the referee's view what PowerHA's script and we change for a migration.
func settings(s world.Status) restorable {
	r := restorable{nodes: map[string]sim.NodeStatus{}, variables: s.Variables}
	for _, n := range s.Nodes {
		r.nodes[n.Name] = sim.NodeStatus{
			Name: n.Name, Managed: n.Managed, NodeTimeout: n.NodeTimeout, DeadmanMode: n.DeadmanMode,
			DeadManSwitch: n.DeadManSwitch, Inittab: n.Inittab, IfRestrict: n.IfRestrict,
		}
	}
	return r
}

// differences lists what is not as before.
func (r restorable) differences(now restorable) []string {
	var out []string
	for name, was := range r.nodes {
		is := now.nodes[name]
		for _, d := range []struct {
			what    string
			was, is any
		}{
			{"managed", was.Managed, is.Managed},
			{"node timeout", was.NodeTimeout, is.NodeTimeout},
			{"deadman mode", was.DeadmanMode, is.DeadmanMode},
			{"dead man switch", was.DeadManSwitch, is.DeadManSwitch},
			{"inittab entry", was.Inittab, is.Inittab},
			{"ifrestrict", was.IfRestrict, is.IfRestrict},
		} {
			if d.was != d.is {
				out = append(out, fmt.Sprintf("%s: %s was %v, is %v", name, d.what, d.was, d.is))
			}
		}
	}
	if r.variables != now.variables {
		out = append(out, fmt.Sprintf("variables were %+v, are %+v", r.variables, now.variables))
	}
	slices.Sort(out)
	return out
}

// settle waits until the play has an end, and names it. It does not look at what the scenario wants.
func (s *stage) settle(ctx context.Context) (result, reason string) {
	var since time.Time
	for {
		now, why := s.outcome()
		switch {
		case now != result:
			result, reason, since = now, why, time.Now()
		case result != "" && time.Since(since) > s.patience(result):
			return result, reason
		}
		select {
		case <-ctx.Done():
			return "none", "the scenario did not come to an end in its time"
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// patience is how long an outcome must last. One that a later tick could still change lasts longer.
func (s *stage) patience(result string) time.Duration {
	switch result {
	case waitingOperator:
		return 6 * time.Second
	case untouched:
		return 4 * time.Second
	default:
		return 2 * time.Second
	}
}

// outcome is what the actors say now, or what the referee sees when none has anything to say.
func (s *stage) outcome() (result, reason string) {
	v := s.look()
	for _, n := range []string{"n2", "n1"} {
		if h := v.actors[n].History; len(h) > 0 {
			last := h[len(h)-1]
			if last.Result == untouched || last.Result == "" {
				continue
			}
			return last.Result, last.Reason
		}
	}
	if a := v.actors["n1"]; a.State == "needs_operator" {
		return waitingOperator, a.Reason
	}
	m := v.referee.Migration
	if m == nil || m.Result == "" {
		return "", ""
	}
	acted := slices.ContainsFunc(v.referee.Commands, func(c sim.CommandRun) bool {
		return c.By == "actor" && c.At >= m.Start
	})
	n1 := node(v.referee, "n1")
	calm := !n1.SavedState && n1.RunningDRPhase == "" && v.referee.State != "UNSTABLE"
	if !acted && calm && (n1.Managed || !n1.Services || s.scenario.bare) {
		return untouched, "no act of ours"
	}
	return "", ""
}

// summary prints the table and returns what was not as it should be.
func (s *stage) summary(result, reason string) error {
	v := s.look()
	if st, err := s.lab.Status(context.Background()); err == nil {
		v.referee = st
	}
	var wrong []string
	rows := [][2]string{{"scenario", s.scenario.name}}
	add := func(name, format string, args ...any) {
		rows = append(rows, [2]string{name, fmt.Sprintf(format, args...)})
	}

	wrong = append(wrong, s.freezeRows(v, add)...)
	if !v.unmanagedSince.IsZero() {
		if end := v.managedAgain; end.IsZero() {
			add("unmanaged", "since %.1f s, and still", time.Since(v.unmanagedSince).Seconds())
		} else {
			add("unmanaged", "%.1f s", end.Sub(v.unmanagedSince).Seconds())
		}
	}
	if !v.resumeBegan.IsZero() {
		add("from health and end to resume", "%.1f s", v.healthyForAtResume.Seconds())
		if v.healthyForAtResume < s.lab.Timing.MinimumStable-time.Second {
			wrong = append(wrong, fmt.Sprintf("management was resumed after only %.1f s of health", v.healthyForAtResume.Seconds()))
		}
	}
	if differs := s.before.differences(settings(v.referee)); s.scenario.restored {
		if len(differs) == 0 {
			add("restored", "yes: node timeout, switches, deadman mode, inittab, variables")
		} else {
			add("restored", "NO: %s", strings.Join(differs, "; "))
			wrong = append(wrong, "not everything was restored")
		}
	}
	runs := "nowhere"
	for _, g := range v.referee.World.Groups {
		if len(g.Writing) > 0 {
			runs = strings.Join(g.Writing, " and ")
		}
	}
	add("the application runs on", "%s", runs)
	if runs != s.scenario.owner {
		wrong = append(wrong, fmt.Sprintf("the application should run on %s", s.scenario.owner))
	}
	if pages := s.lab.Pages(); len(pages) > 0 {
		add("paged without Prometheus", "%s", pages[len(pages)-1])
	} else if s.scenario.paged {
		wrong = append(wrong, "nobody was paged")
	}
	add("why", "%s", reason)
	twice := max(v.referee.World.Moments, v.referee.RanTwice)
	wrong = append(wrong, s.judge(result, v.referee.Takeovers, twice)...)
	wrong = append(wrong, s.recordRows(v, add)...)
	if s.scenario.once {
		wrong = append(wrong, ranOnce(v.referee.Commands)...)
	}
	if len(wrong) == 0 {
		add("as it should be", "yes")
	}
	for _, w := range wrong {
		add("NOT as it should be", "%s", w)
	}
	s.final.Table("Summary", rows)
	s.final.Say(screen.Plain, "takeovers: %d\nran twice: %d\nresult: %s", v.referee.Takeovers, twice, result)
	if len(wrong) > 0 {
		return fmt.Errorf("%s did not end as it should: %w", s.scenario.name, errors.New(strings.Join(wrong, "; ")))
	}
	return nil
}

// judge compares the last lines with what the scenario should show.
func (s *stage) judge(result string, takeovers, twice int) (wrong []string) {
	if result != s.scenario.result {
		wrong = append(wrong, fmt.Sprintf("the result should be %s", s.scenario.result))
	}
	if s.scenario.takeovers != (takeovers > 0) {
		wrong = append(wrong, fmt.Sprintf("takeovers: %d", takeovers))
	}
	if twice > 0 && !s.scenario.takeovers {
		wrong = append(wrong, "the workload ran twice")
	}
	return wrong
}

// freezeRows compares the truth with what the exporter published.
func (s *stage) freezeRows(v view, add func(string, string, ...any)) (wrong []string) {
	f := truth(v.referee)
	if f == nil || f.FirstCont == 0 {
		return nil
	}
	add("freeze, the truth", "%.3f s (single processes up to %.3f s longer)", f.FrozenSeconds, f.BoundSeconds)
	if s.scenario.bare {
		return nil
	}
	// The one that began when the truth did: a busy machine has stalls of its own.
	i := slices.IndexFunc(v.freezes, func(m model.Freeze) bool {
		return m.Start.Sub(f.Wall).Abs() < time.Second && *m.Fused > f.Frozen()/2
	})
	if i < 0 {
		add("freeze, fused estimate", "none")
		return []string{"the freeze was not measured"}
	}
	fused, bound := v.freezes[i].Fused.Seconds(), v.freezes[i].FusedBound.Seconds()
	off := math.Abs(fused - f.FrozenSeconds)
	add("freeze, fused estimate", "%.3f s, bound %.3f s, off by %.3f s", fused, bound, off)
	if off > bound+f.BoundSeconds {
		return []string{"the freeze's truth lies outside the published bound"}
	}
	return nil
}
