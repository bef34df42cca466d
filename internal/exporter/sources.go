package exporter

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

// judgedBy lists the sources that a collector stands on: it succeeds when all of them do.
func judgedBy(name string) []model.Source {
	switch name {
	case collector.Migration:
		return []model.Source{model.SourceErrlog, model.SourceServer}
	case collector.ResourceGroup:
		return []model.Source{model.SourceGroups}
	case collector.Cluster:
		return []model.Source{model.SourceCluster, model.SourceNodes, model.SourceManager, model.SourceMembers}
	case collector.Variables:
		return []model.Source{
			model.SourceCluster, model.SourceNodeTimeout, model.SourceDeadmanMode, model.SourceGroupServices,
			model.SourceInittab, model.SourceTunables,
		}
	case collector.Application:
		return []model.Source{model.SourceMonitors}
	default: // freeze and peer run no command
		return nil
	}
}

// alsoReads lists what a collector needs without standing on it.
func alsoReads(name string) []model.Source {
	switch name {
	case collector.Application:
		return []model.Source{model.SourceGroups} // where probes run follows the owners
	case collector.Migration:
		return []model.Source{model.SourceNodes, model.SourceFaults} // settling ends when the node is managed
	case collector.Peer:
		return []model.Source{model.SourceNodes}
	case collector.Variables:
		return []model.Source{model.SourceNodes, model.SourceMonitors} // a freeze may make monitors of managed groups fail
	default:
		return nil
	}
}

// slow is how many intervals lie between two reads of a source that changes with the configuration alone.
const slow = 4

// maxRuns is how many runs of one command may be outstanding.
const maxRuns = 2

// grace is how long after its deadline a read may still come back before it counts as hung.
const grace = 2 * time.Second

// sourceState is the schedule of one source.
type sourceState struct {
	source  model.Source
	due     time.Duration // by the monotonic clock
	started model.Instant
	running int
	lost    bool // the last run is past its deadline
}

// needed lists the sources of the enabled collectors, sorted.
func needed(enabled map[string]bool, identified bool) []model.Source {
	var out []model.Source
	for _, name := range collector.Names() {
		if enabled[name] {
			out = append(out, judgedBy(name)...)
			out = append(out, alsoReads(name)...)
		}
	}
	if !identified {
		out = append(out, model.SourceCluster, model.SourceNodes, model.SourceMembers)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (c *Core) interval(s model.Source) time.Duration {
	switch s {
	case model.SourceMonitors, model.SourceTunables:
		return slow * c.opt.Interval
	case model.SourceFaults:
		if c.phase == model.PhaseIdle || c.phase == model.PhaseUnknown {
			return slow * c.opt.Interval
		}
	case model.SourceGroups, model.SourceNodes, model.SourceManager:
		if c.phase != model.PhaseIdle && c.phase != model.PhaseUnknown {
			return max(c.opt.Interval/3, min(time.Second, c.opt.Interval))
		}
	default:
	}
	return c.opt.Interval
}

// schedule returns the reads that are due. A run that hangs is told as a timeout and joined by one more at most.
func (c *Core) schedule(now model.Instant) []Effect {
	busy := make(map[string]int)
	for _, st := range c.sources {
		busy[powerha.Tool(st.source)] += st.running
	}
	var out []Effect
	for _, st := range c.inTurn(now) {
		s, command := st.source, powerha.Tool(st.source)
		if st.running > 0 && !st.lost && now.Sub(st.started) > c.opt.Timeout+grace {
			st.lost = true
			c.reading(now, model.Reading{
				Source: s, At: st.started, Took: now.Sub(st.started), TimedOut: true,
				Err: fmt.Sprintf("read %s: no answer within %s: see whether %s hangs", s, c.opt.Timeout, command),
			})
		}
		if now.Mono < st.due || st.running > 0 && !st.lost || busy[command] >= maxRuns {
			continue
		}
		busy[command]++
		st.running++
		st.started, st.lost = now, false
		st.due = now.Mono + c.interval(s)
		out = append(out, Read{Source: s})
	}
	return out
}

// inTurn lists the schedules of the needed sources, the longest due first, and of those the ones read more often.
func (c *Core) inTurn(now model.Instant) []*sourceState {
	var out []*sourceState
	sources := needed(c.opt.Enabled, c.identified())
	for _, s := range c.monitored() {
		if !slices.Contains(sources, s) {
			sources = append(sources, s)
		}
	}
	if c.opt.Enabled[collector.Variables] && c.scriptPending() {
		sources = append(sources, model.SourceProcesses) // whether PowerHA's own script still runs
	}
	for _, s := range sources {
		st := c.sources[s]
		if st == nil {
			st = &sourceState{source: s, due: now.Mono}
			c.sources[s] = st
		}
		out = append(out, st)
	}
	slices.SortStableFunc(out, func(a, b *sourceState) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(c.interval(a.source), c.interval(b.source)))
	})
	return out
}

// hurry makes everything due.
func (c *Core) hurry(now model.Instant) {
	for _, s := range c.sources {
		s.due = now.Mono
	}
}

// returned takes note that a run of the source is over.
func (c *Core) returned(r model.Reading) {
	st := c.sources[r.Source]
	if st == nil || st.running == 0 {
		return
	}
	st.running--
	if st.running == 0 {
		st.lost = false
	}
}

// maxAge is how long a value that was understood is still published when later reads fail.
func (c *Core) maxAge(s model.Source) time.Duration {
	n := time.Duration(3)
	if s == model.SourceMonitors || s == model.SourceTunables || s == model.SourceFaults {
		n *= slow
	}
	return n*c.opt.Interval + c.opt.Timeout
}

// fresh returns what is known of the source, unless it is too old.
func (c *Core) fresh(now model.Instant, s model.Source) (model.Reading, bool) {
	r, ok := c.facts.Get(s)
	if !ok || now.Sub(r.At) > c.maxAge(s) {
		return model.Reading{}, false
	}
	return r, true
}
