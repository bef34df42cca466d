package exporter

import (
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

// lag is how long after the end of a migration its freeze may still become known: peers and the clock chip look for
// some seconds before they are certain.
const lag = 10 * time.Second

// freezes makes freezes of what was seen of them, and counts those.
func (c *Core) freezes(now model.Instant) {
	answering := 0
	for _, p := range c.peers {
		if p.Up {
			answering++
		}
	}
	c.tracker.SetPeers(answering)
	c.tracker.SetChip(c.chip)
	for _, f := range c.tracker.Step(now, c.gaps, c.steps, c.missed, c.measured(now)) {
		c.frozen(f)
	}
	c.gaps, c.steps, c.missed = nil, nil, nil
	c.unseen(now)
}

// measured is the migration that a freeze seen now belongs to, "" when there is none.
func (c *Core) measured(now model.Instant) string {
	ep := c.Episode()
	if ep.Open || settling(c.phase) || c.lately(now, ep) {
		return ep.ID
	}
	return ""
}

// lately reports whether the migration ended less than lag ago, as this core saw it.
func (c *Core) lately(now model.Instant, ep model.Episode) bool {
	if ep.End.IsZero() {
		return false
	}
	if c.ended.id != ep.ID {
		c.ended.id, c.ended.at = ep.ID, now.Mono
	}
	return now.Mono-c.ended.at < lag
}

// settling reports whether the last migration has ended and is not over yet.
func settling(p model.Phase) bool { return p == model.PhaseSettling || p == model.PhaseRollingBack }

// frozen books a freeze, unless it may be none at all; the shell has logged its gap.
func (c *Core) frozen(f model.Freeze) {
	if !freeze.Booked(&f) {
		return
	}
	if ep := c.Episode(); f.Episode == ep.ID && ep.ID != "" && outside(ep, f.Start) {
		f.Episode = "" // seen while the migration was still looked after, but after it
	}
	if f.Episode != "" {
		c.state.FreezeOf = f.Episode
	}
	if c.outlasts(f) {
		c.state.LastFreeze = &f
	}
	c.state.History, c.dirty = remember(c.state.History, recordOf(f)), true
	for by, d := range map[string]*time.Duration{collector.ByClock: f.Clock, collector.ByPeer: f.Peer, collector.ByFused: f.Fused} {
		if d != nil {
			c.state.Histograms[by] = c.state.Histograms[by].Observe(d.Seconds(), f.Episode, f.Start)
		}
	}
	c.froze = append(c.froze, Froze{Freeze: f})
	c.keepFreeze(f)
	c.observe(model.EpisodeEvent{
		Version: episode.Version, Time: f.Start.UTC(), Event: model.EventFreeze, Source: "clock", Episode: f.Episode,
		Details: map[string]string{
			"kind": f.Kind, "duration": f.Fused.String(), "bound": f.FusedBound.String(), "confidence": f.Confidence(),
		},
	})
}

// outside reports whether a freeze began when the migration was over, suspension and all.
func outside(ep model.Episode, start time.Time) bool {
	return !ep.Closed.IsZero() && start.After(ep.Closed.Add(lag))
}

// outlasts reports whether f is to be the last freeze: of one migration that is its longest, so that the hiccups after
// the move do not take its place.
func (c *Core) outlasts(f model.Freeze) bool {
	last := c.state.LastFreeze
	return last == nil || last.Fused == nil || f.Episode == "" || f.Episode != last.Episode || *f.Fused >= *last.Fused
}

// unseen notes that a migration is over in which nobody saw a freeze, though there was one. That is the answer for it:
// not the freeze of an earlier one, and not 0.
func (c *Core) unseen(now model.Instant) {
	ep := c.Episode()
	if ep.End.IsZero() || ep.Result != model.ResultCompleted || ep.End.Before(c.state.Created) ||
		c.state.FreezeOf == ep.ID || c.lately(now, ep) || c.tracker.Pending() {
		return
	}
	f := model.Freeze{Episode: ep.ID}
	c.state.FreezeOf, c.state.LastFreeze, c.dirty = ep.ID, &f, true
	c.state.History = remember(c.state.History, model.FreezeRecord{Start: ep.Start.UTC(), Episode: ep.ID})
	c.froze = append(c.froze, Froze{Freeze: f})
}
