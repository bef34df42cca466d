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

// maxRuns is how many runs of one command may be outstanding: of one source a second one only beside a run that is past
// its deadline and could not be ended.
const maxRuns = 2

// grace is how long after its deadline a read may still come back before it counts as hung.
const grace = 2 * time.Second

// hurriedApart is the time between two commands that are wanted soon, but are not vital.
const hurriedApart = 250 * time.Millisecond

// sourceState is the schedule of one source.
type sourceState struct {
	source  model.Source
	tool    string        // its command
	slot    int           // of those that are needed
	due     time.Duration // by the monotonic clock
	started model.Instant
	running int
	lost    bool // the last run is past its deadline
}

// interval is the time between two reads of a source now.
func (c *Core) interval(s model.Source) time.Duration {
	every := intervals(s) * c.opt.Interval
	calm := c.phase == model.PhaseIdle || c.phase == model.PhaseUnknown
	switch s {
	case model.SourceFaults:
		if !calm {
			every = c.opt.Interval
		}
	case model.SourceInittab:
		if r, ok := c.facts.Get(s); !calm || ok && r.Inittab != nil && *r.Inittab { // until it is gone again
			every = c.opt.Interval
		}
	case model.SourceGroups, model.SourceNodes, model.SourceManager:
		if !calm {
			every = max(every/3, min(time.Second, every))
		}
	default:
	}
	if c.critical() && changing(s) && c.opt.FactAge > 0 {
		every = min(every, c.opt.FactAge/2) // so that one read may fail
	}
	return every
}

// deferred: the read waits for the end of the critical seconds. What would not be published any more before the next
// look is read all the same: the copy of a big memory takes hours.
func (c *Core) deferred(now model.Instant, s model.Source) bool {
	if !c.critical() || vital(s) {
		return false
	}
	r, ok := c.facts.Get(s)
	if !ok {
		_, tried := c.facts.Last[s]
		return tried || intervals(s) == rare
	}
	return intervals(s) == rare || now.Sub(r.At) < c.maxAge(s)-c.opt.Timeout-c.opt.Interval/3
}

// schedule returns the reads that are due. A run that hangs is told as a timeout and joined by one more at most.
func (c *Core) schedule(now model.Instant) []Effect {
	busy := make(map[string]int)
	for _, st := range c.sources {
		busy[st.tool] += st.running
	}
	var out []Effect
	all := c.inTurn(now)
	for _, st := range all {
		s, command := st.source, st.tool
		if st.running > 0 && !st.lost && now.Sub(st.started) > c.opt.Timeout+grace {
			st.lost = true
			c.reading(now, model.Reading{
				Source: s, At: st.started, Took: now.Sub(st.started), TimedOut: true,
				Err: fmt.Sprintf("read %s: no answer within %s: see whether %s hangs", s, c.opt.Timeout, command),
			})
		}
		if now.Mono < st.due || st.running > 0 && !st.lost || busy[command] >= maxRuns || c.deferred(now, s) {
			continue
		}
		if intervals(s) == rare && busy[command] > 0 {
			continue // a second witness never takes the last run of a command that others need
		}
		busy[command]++
		st.running++
		st.started, st.lost = now, false
		st.due = c.next(now, st, len(all))
		out = append(out, Read{Source: s})
	}
	return out
}

// next is when a source that is read now is read again. In calm times each has its own place in the interval, so that
// commands do not run in bursts; the first time it comes sooner, or up to a quarter later, for that.
func (c *Core) next(now model.Instant, st *sourceState, n int) time.Duration {
	every := c.interval(st.source)
	if c.phase != model.PhaseIdle || every <= 0 {
		return now.Mono + every
	}
	// Places are in the interval of all: a slow source keeps its place in one of its rounds.
	place := c.opt.Interval * time.Duration(st.slot) / time.Duration(max(1, n))
	due := now.Mono + every - (now.Mono-place)%every
	if due-now.Mono < every/4 { // it was hurried and is new
		due += every
	}
	return due
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
	for i, s := range sources {
		st := c.sources[s]
		if st == nil {
			st = &sourceState{source: s, tool: powerha.Tool(s), due: now.Mono}
			c.sources[s] = st
		}
		st.slot = i
		out = append(out, st)
	}
	slices.SortStableFunc(out, func(a, b *sourceState) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(c.interval(a.source), c.interval(b.source)))
	})
	return out
}

// hurry makes due what the phase needs: the vital ones now, the others one after another, but for second witnesses.
func (c *Core) hurry(now model.Instant) {
	later := now.Mono
	for _, st := range c.inTurn(now) {
		switch {
		case vital(st.source):
			st.due = now.Mono
		case !c.critical() && intervals(st.source) != rare:
			later += hurriedApart
			st.due = min(st.due, later)
		}
	}
}

// anew makes everything due, as far as the phase allows: commands or intervals are others now.
func (c *Core) anew(now model.Instant) {
	c.hurry(now)
	for _, st := range c.sources {
		if intervals(st.source) == rare {
			st.due = now.Mono
		}
	}
}

// sooner makes a source due an interval after its last read at the latest.
func (c *Core) sooner(s model.Source) {
	if st := c.sources[s]; st != nil {
		st.due = min(st.due, st.started.Mono+c.opt.Interval)
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
