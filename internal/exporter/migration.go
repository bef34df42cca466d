package exporter

import (
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

// follow derives the migrations from what all witnesses tell, and the phase from them and from the node's state.
func (c *Core) follow(now model.Instant) {
	c.rehear()
	if c.refold || now.Mono-c.foldedAt >= time.Second && c.going() {
		c.episodes = c.fuse(now)
		c.refold, c.foldedAt = false, now.Mono
		c.renamed()
	}
	c.count(now)
	was := c.phase
	c.phase, c.phaseStart = c.currentPhase(now)
	if was == model.PhaseIdle && c.phase != model.PhaseIdle && c.phase != model.PhaseUnknown {
		before := c.state.Calm
		c.state.Before, c.dirty = &before, true
	}
	c.declare(now)
}

// going reports whether time alone may change an episode.
func (c *Core) going() bool {
	ep := c.Episode()
	return ep.Open || ep.Phase != model.PhaseIdle
}

// renamed goes on under the id of dr with what was begun under that of another witness.
func (c *Core) renamed() {
	ep := c.Episode()
	if len(ep.Also) == 0 {
		return
	}
	ids := []*string{&c.state.Reported, &c.state.FreezeOf, &c.state.Settled.Episode, &c.state.ScriptDone.Episode, &c.state.Declared.Episode, &c.ended.id}
	if c.state.Record != nil {
		ids = append(ids, &c.state.Record.Episode)
	}
	for _, id := range ids {
		if slices.Contains(ep.Also, *id) {
			*id, c.dirty = ep.ID, true
		}
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
	ep := c.Episode()
	if !c.known(now, ep) {
		return model.PhaseUnknown, c.since(model.PhaseUnknown, now)
	}
	if ep.ID == "" {
		return model.PhaseIdle, c.since(model.PhaseIdle, now)
	}
	if ep.Open || ep.End.IsZero() || !ep.Closed.IsZero() {
		return ep.Phase, ep.PhaseStart
	}
	if c.state.Settled.Episode == ep.ID {
		return model.PhaseIdle, c.state.Settled.At
	}
	if c.outcomeAwaited(now, ep) {
		return model.PhaseSettling, ep.End
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

// known reports whether the phase can be told. What dr would tell is not known while its log cannot be read; then the
// others can tell that a migration goes on, and none can tell that there is none. Without dr one of the others has to
// answer.
func (c *Core) known(now model.Instant, ep model.Episode) bool {
	hears := c.hears(episode.SourceDR)
	if hears && c.drRead && c.drErr == "" || !hears && c.othersAnswer(now) {
		return true
	}
	others := slices.ContainsFunc(ep.Witnesses, func(w string) bool { return w != episode.SourceDR && episode.IsWitness(w) })
	return others && (ep.Open && !ep.Provisional || !ep.End.IsZero() && now.Wall.Sub(ep.End) < c.opt.ScriptTimeout)
}

// othersAnswer reports whether one of the witnesses that are asked again and again was understood lately.
func (c *Core) othersAnswer(now model.Instant) bool {
	for source, from := range map[string]model.Source{episode.SourceErrpt: model.SourceErrlog, episode.SourceServer: model.SourceServer} {
		if _, ok := c.fresh(now, from); ok && c.hears(source) {
			return true
		}
	}
	for source, part := range map[string]string{
		episode.SourceClutils: PartClutils, episode.SourceState: PartStateFile, episode.SourceSigreconfig: PartSigreconfig,
	} {
		if err, looks := c.health[part]; looks && err == "" && c.hears(source) {
			return true
		}
	}
	return c.hears(episode.SourceHMC) && c.state.Heard.HMC.Set && now.Wall.Sub(c.state.Heard.HMC.At).Abs() < c.maxAge(model.SourceErrlog)
}

// outcomeAwaited reports whether somebody may tell yet how the migration ended.
func (c *Core) outcomeAwaited(now model.Instant, ep model.Episode) bool {
	return ep.Result == model.ResultUnknown && !unfinished(ep) && now.Wall.Sub(ep.End) < c.opt.ScriptTimeout
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

// count adds the migrations that ended since the counters began and are not in them yet. One whose outcome nobody told
// has no place in them; one that was seen only afterwards has no duration.
func (c *Core) count(now model.Instant) {
	for _, ep := range c.episodes {
		if ep.End.IsZero() || ep.End.Before(c.state.Created) || c.counted(ep) || c.outcomeAwaited(now, ep) {
			continue
		}
		c.state.Counted = append(c.state.Counted, ep.ID)
		if n := len(c.state.Counted); n > maxCounted {
			c.state.Counted = slices.Clone(c.state.Counted[n-maxCounted:])
		}
		c.state.Migrations[ep.Result]++
		c.dirty = true
		if ep.Why == episode.WhyAfterwards || unfinished(ep) {
			continue
		}
		h := c.state.Histograms["migration"]
		c.state.Histograms["migration"] = h.Observe(ep.End.Sub(ep.Start).Seconds(), ep.ID, ep.End)
	}
}

// unfinished: its end is only the moment since which it is known to be over, and nobody will tell how.
func unfinished(ep model.Episode) bool {
	return ep.Why == episode.WhySuperseded || ep.Why == episode.WhyNoNews
}

// counted reports whether the migration is in the counters, under whatever id.
func (c *Core) counted(ep model.Episode) bool {
	return slices.Contains(c.state.Counted, ep.ID) ||
		slices.ContainsFunc(ep.Also, func(id string) bool { return slices.Contains(c.state.Counted, id) })
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

// unknownToDR: others tell of a migration that the DR script did not.
func (c *Core) unknownToDR() bool {
	ep := c.Episode()
	return ep.ID != "" && !ep.Provisional && c.hears(episode.SourceDR) && !slices.Contains(ep.Witnesses, episode.SourceDR) &&
		!slices.ContainsFunc(c.dr, func(e model.EpisodeEvent) bool { return e.Episode == ep.ID })
}
