package exporter

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

func (c *Core) logRead(l LogRead) {
	c.drRead, c.drErr = true, l.Err
	if l.Err != "" {
		return
	}
	if l.Damaged > c.drDamaged {
		c.parse["episode_log"] += uint64(l.Damaged - c.drDamaged)
	}
	c.drDamaged = l.Damaged
	c.dr, c.refold = l.Events, true
}

// follow derives the migrations from the logs, and the phase from them and from the node's state.
func (c *Core) follow(now model.Instant) {
	if c.refold || now.Mono-c.foldedAt >= time.Second {
		merged := episode.Merge(c.dr, c.observed, now.Wall, c.opt.CheckExpires)
		c.episodes = episode.Fold(merged, now.Wall, c.opt.CheckExpires)
		c.refold, c.foldedAt = false, now.Mono
	}
	c.count()
	was := c.phase
	c.phase, c.phaseStart = c.currentPhase(now)
	if was == model.PhaseIdle && c.phase != model.PhaseIdle && c.phase != model.PhaseUnknown {
		before := c.state.Calm
		c.state.Before, c.dirty = &before, true
	}
	if ep := c.Episode(); ep.Open && ep.Window && !c.lastStep.IsZero() {
		c.state.Window += max(0, now.Sub(c.lastStep))
		c.dirty = true
	}
}

// Episode is the migration that is open or was the last.
func (c *Core) Episode() model.Episode {
	if len(c.episodes) == 0 {
		return model.Episode{Phase: model.PhaseIdle}
	}
	return c.episodes[len(c.episodes)-1]
}

// currentPhase is that of the last episode, but a migration settles until the node is managed again, whatever time
// says, and no longer.
func (c *Core) currentPhase(now model.Instant) (model.Phase, time.Time) {
	if !c.drRead || c.drErr != "" {
		return model.PhaseUnknown, c.since(model.PhaseUnknown, now)
	}
	ep := c.Episode()
	if ep.ID == "" {
		return model.PhaseIdle, c.since(model.PhaseIdle, now)
	}
	if ep.Open || ep.End.IsZero() || !ep.Closed.IsZero() {
		return ep.Phase, ep.PhaseStart
	}
	if c.state.Settled.Episode == ep.ID {
		return model.PhaseIdle, c.state.Settled.At
	}
	managed, known := c.managed(ep.End)
	if known && !managed {
		if ep.Result == model.ResultAborted {
			return model.PhaseRollingBack, ep.End
		}
		return model.PhaseSettling, ep.End
	}
	if known && managed || ep.Phase == model.PhaseIdle {
		c.state.Settled, c.dirty = Settled{Episode: ep.ID, At: now.Wall.UTC().Truncate(time.Millisecond)}, true
		return model.PhaseIdle, c.state.Settled.At
	}
	return ep.Phase, ep.PhaseStart
}

// since keeps the start of a phase that no record dates.
func (c *Core) since(p model.Phase, now model.Instant) time.Time {
	if c.phase == p && !c.phaseStart.IsZero() {
		return c.phaseStart
	}
	return now.Wall.UTC().Truncate(time.Millisecond)
}

// maxCounted is how many ids are remembered as counted; many more than the logs hold open at once.
const maxCounted = 256

// count adds the migrations that ended since the counters began and are not in them yet.
func (c *Core) count() {
	for _, ep := range c.episodes {
		if ep.End.IsZero() || ep.End.Before(c.state.Created) || slices.Contains(c.state.Counted, ep.ID) {
			continue
		}
		c.state.Counted = append(c.state.Counted, ep.ID)
		if n := len(c.state.Counted); n > maxCounted {
			c.state.Counted = slices.Clone(c.state.Counted[n-maxCounted:])
		}
		c.state.Migrations[ep.Result]++
		h := c.state.Histograms["migration"]
		c.state.Histograms["migration"] = h.Observe(ep.End.Sub(ep.Start).Seconds(), ep.ID, ep.End)
		c.dirty = true
	}
}

// lastTimes are the start of the last migration and the end of the last one that has ended.
func (c *Core) lastTimes() (start, end time.Time) {
	for _, ep := range c.episodes {
		if ep.Provisional || ep.End.IsZero() && !ep.Open {
			continue
		}
		start = ep.Start
		if !ep.End.IsZero() {
			end = ep.End
		}
	}
	return start, end
}

// recent is how old a start without an end may be in the error log to be taken for a migration that goes on, when the
// log is read for the first time.
const recent = 24 * time.Hour

// errlogSeen takes in the entries of the error log that are new. Of a log that was never read before it takes only a
// migration that is still going on: what lies before that is not ours to tell.
func (c *Core) errlogSeen(now model.Instant, entries []model.ErrlogEntry) {
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b model.ErrlogEntry) int { return cmp.Compare(a.Sequence, b.Sequence) })
	cur := &c.state.Errlog
	if !cur.Set {
		cur.Set, c.dirty = true, true
		if n := len(entries); n > 0 {
			cur.Sequence, cur.Time = entries[n-1].Sequence, entries[n-1].Time
			last := entries[n-1]
			if kindOf(last.Label) == model.EventStarted && now.Wall.Sub(last.Time) < recent {
				c.takeErrlog(last)
			}
		}
		return
	}
	for _, e := range entries {
		if !cur.newer(e) {
			continue
		}
		cur.take(e)
		c.dirty = true
		c.takeErrlog(e)
	}
}

func kindOf(label string) model.EventKind {
	switch label {
	case "CLIENT_PMIG_STARTED":
		return model.EventStarted
	case "CLIENT_PMIG_DONE":
		return model.EventDone
	case "CLIENT_PMIG_ABORTED":
		return model.EventAborted
	default:
		return ""
	}
}

func (c *Core) takeErrlog(e model.ErrlogEntry) {
	kind := kindOf(e.Label)
	if kind == "" {
		return
	}
	id := c.Episode().ID
	if kind == model.EventStarted && !c.Episode().Open || id == "" {
		id = episode.NewID(c.state.Node, e.Time)
	}
	c.observe(model.EpisodeEvent{
		Version: episode.Version, Time: e.Time.UTC(), Event: kind, Source: "errpt", Episode: id,
		Details: map[string]string{"label": e.Label, "sequence": fmt.Sprint(e.Sequence)},
	})
}

// unknownToDR: the error log tells of a migration that the DR script did not.
func (c *Core) unknownToDR() bool {
	ep := c.Episode()
	if ep.ID == "" || ep.Provisional || !slices.ContainsFunc(c.observed, func(e model.EpisodeEvent) bool { return e.Source == "errpt" }) {
		return false
	}
	return !slices.ContainsFunc(c.dr, func(e model.EpisodeEvent) bool { return e.Episode == ep.ID })
}
