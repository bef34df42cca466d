package probe

import (
	"fmt"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Why a monitor is not run now, as model.ProbeStatus.Waiting has it.
const (
	WhyManaged     = "PowerHA manages the group and runs the monitor itself"
	WhyUnsure      = "whether PowerHA manages the node cannot be read, so it may run the monitor itself"
	WhyUnread      = "the cluster's application monitors are not read yet"
	WhySuspended   = "the monitor is suspended in the cluster"
	WhyStabilizing = "the stabilization interval is not over"
	WhyStarted     = "the startup monitor has said that the application runs; it is not asked again"
)

// stage is where a probe of type powerha_monitor stands.
type stage int

const (
	stageElsewhere stage = iota // the group is not here
	stageWaiting                // it must not run
	stageUnread                 // its definition is not known
	stageFaulty                 // its definition is missing or cannot be run
	stageWatching               // it runs, or will once the application is stable
)

// watch is what a probe of type powerha_monitor knows beside its status.
type watch struct {
	stage stage
	def   model.Monitor // the definition in use
	known bool
	plan  plan
	// owned is since when the group is here by the time of day, since the same by the monotonic clock: fixed when it is
	// first seen, so that a step of the time of day moves nothing.
	owned   time.Time
	since   time.Duration
	started bool // it has succeeded in this watch
}

// follow moves a monitor on to its present stage. What was known is forgotten when it changes, and a copy that still
// runs is to be given up: PowerHA may start its own at any moment, or it runs an old definition.
func (p *state) follow(now model.Instant, own Ownership) (stop bool) {
	stage, why, changed := p.stageOf(now, own)
	if stage != p.watch.stage || changed {
		stop = p.running && p.seq != 0
		p.watch.stage, p.watch.started = stage, false
		p.seq, p.due = 0, now.Mono
		p.st = model.ProbeStatus{
			Application: p.spec.Application, Probe: p.spec.Name, Vantage: p.spec.Vantage, TargetNode: own.Node,
		}
	}
	p.st.Waiting = why
	switch stage {
	case stageElsewhere, stageWaiting:
		p.st.Active = false
	case stageUnread:
		p.st.Active = p.free(own) // it should run and cannot: that is no health
	case stageFaulty:
		p.st.Active = true
		if now.Mono >= p.due {
			p.due = now.Mono + max(p.spec.Interval, defaultInterval)
			p.take(Result{At: now, Err: why})
		}
	case stageWatching:
		p.st.Waiting = p.holds(now)
		p.st.Active = p.st.Waiting != WhyStarted
	}
	return stop
}

// stageOf also tells whether the definition is another one than before.
func (p *state) stageOf(now model.Instant, own Ownership) (s stage, why string, changed bool) {
	if _, here := targetOf(p.spec, own); !here {
		return stageElsewhere, "", false
	}
	p.settle(now, own)
	def, found := monitorOf(own.Monitors, p.spec.Monitor)
	switch {
	case found:
		changed = p.watch.known && !sameMonitor(p.watch.def, def)
		p.watch.def, p.watch.known = def, true
	case !own.MonitorsRead && !p.watch.known:
		return stageUnread, WhyUnread, false
	case own.MonitorsRead && own.Unparsed == 0:
		p.watch.known = false
	}
	if !p.watch.known {
		why = errMissing(p.spec.Monitor).Error()
		if own.Unparsed > 0 {
			why += fmt.Sprintf(" (%d lines of it were not understood)", own.Unparsed)
		}
		return stageFaulty, why, changed
	}
	var err error
	if p.watch.plan, err = planOf(p.spec, p.watch.def); err != nil {
		return stageFaulty, err.Error(), changed
	}
	switch {
	case !p.free(own) && own.Unsure:
		return stageWaiting, WhyUnsure, changed
	case !p.free(own):
		return stageWaiting, WhyManaged, changed
	case p.watch.def.Suspended:
		return stageWaiting, WhySuspended, changed
	}
	return stageWatching, "", changed
}

// settle notes since when the group is here.
func (p *state) settle(now model.Instant, own Ownership) {
	var owned time.Time
	for _, g := range groupsOf(p.spec, own) {
		if t := own.Since[g]; t.After(owned) {
			owned = t
		}
	}
	if p.watch.stage != stageElsewhere && owned.Equal(p.watch.owned) {
		return
	}
	p.watch.owned, p.watch.since = owned, now.Mono
	if !owned.IsZero() {
		p.watch.since -= max(0, now.Wall.Sub(owned))
	}
}

// free reports whether a copy of ours may run: no other does, or that is asked for.
func (p *state) free(own Ownership) bool {
	if p.spec.WhileManaged {
		return true
	}
	groups := groupsOf(p.spec, own)
	return len(groups) > 0 && !slices.ContainsFunc(groups, func(g string) bool { return !own.Unmanaged[g] })
}

// stabilizing: the application is here for less than its stabilization interval.
func (p *state) stabilizing(now model.Instant) bool {
	return now.Mono-p.watch.since < p.watch.def.Stabilization
}

// holds says why a monitor that is watched is not asked now; "" when it is.
func (p *state) holds(now model.Instant) string {
	switch mode := p.watch.plan.mode; {
	case mode == ModeStartup && p.watch.started:
		return WhyStarted
	case mode == ModeLongRunning && p.stabilizing(now), mode == ModeBoth && p.watch.started && p.stabilizing(now):
		return WhyStabilizing
	}
	return ""
}

// run makes the run of a monitor that is due. A failure does not count while the application may still be starting.
func (p *state) run(now model.Instant) Run {
	r := Run{ID: p.spec.ID(), Spec: p.spec, seq: p.seq}
	if p.spec.Type == TypeMonitor {
		def := p.watch.def
		def.Type = p.watch.plan.kind
		r.Monitor, r.trial = &def, p.stabilizing(now)
		r.Spec.Interval, r.Spec.Timeout = p.watch.plan.interval, p.watch.plan.timeout
	}
	return r
}
