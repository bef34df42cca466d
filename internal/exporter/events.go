package exporter

import (
	"cmp"
	"maps"
	"slices"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/events"
	"powerha_lpm_exporter/internal/model"
)

// eventsRead takes in what PowerHA's logs told.
func (c *Core) eventsRead(now model.Instant, e EventsRead) {
	c.parse["event_log"] += uint64(max(0, e.Unparsed))
	c.health[PartEvents], c.health[PartDetails], c.eventLog = e.Err, e.DetailsErr, e.Err == ""
	if !c.eventLog {
		c.missedEvents(e.Err)
	}
	if e.Skipped {
		c.missedEvents("lines of the log were passed over, because it was rotated, made anew, or grew too fast")
	}
	if len(e.Cursors) > 0 && !maps.Equal(c.state.Logs, e.Cursors) {
		c.state.Logs, c.dirty = maps.Clone(e.Cursors), true
	}
	for _, x := range e.Events {
		c.date(&x, e.Live)
		x.Took = c.logs.counts.Take(x, now.Mono, e.Live)
		c.logs.told(now, &x)
		c.clusterEvent(x)
	}
	for _, x := range e.Details {
		c.date(&x, e.DetailsLive)
		c.detail(now, x, e.DetailsLive)
	}
}

// date learns the zone of the logs from a line that was just written, and dates by it one that was written before.
func (c *Core) date(e *model.ClusterEvent, live bool) {
	if e.Logged == "" {
		return
	}
	if live {
		if zone, ok := events.Zone(e.Logged, e.Seen); ok && (c.state.LogZone == nil || *c.state.LogZone != zone) {
			c.state.LogZone, c.dirty = &zone, true
		}
		return
	}
	if c.state.LogZone != nil {
		if at, ok := events.When(e.Logged, *c.state.LogZone, e.Seen); ok {
			e.At = at
		}
	}
}

// clusterEvent counts an event, and keeps it for the report of the migration in which it happened.
func (c *Core) clusterEvent(e model.ClusterEvent) {
	ep, moment := c.Episode(), events.Moment(e)
	if e.At.IsZero() || !moment.Before(ep.Start) {
		c.keepEvent(e)
	}
	kind := events.Kind(e)
	if kind == "" {
		return
	}
	c.state.Events[kind]++
	ended := settling(c.phase)
	if !e.At.IsZero() {
		ended = !ep.End.IsZero() && !moment.Before(ep.End)
	}
	unwanted, _ := events.Judge(e, events.Context{Node: c.state.Node, Ended: ended})
	if unwanted && c.migrating() && (e.At.IsZero() || !moment.Before(ep.Start)) {
		c.state.Unwanted[kind]++
	}
	c.dirty = true
}

// seenByState counts an event that a change of states tells. Those of nodes are not counted where the log tells them.
func (c *Core) seenByState(name string, now model.Instant, args ...string) {
	if c.eventLog && name != collector.EventTakeover {
		return
	}
	c.state.Events[name]++
	if c.migrating() {
		c.state.Unwanted[name]++
	}
	if name == collector.EventTakeover {
		name = "rg_move"
	}
	c.keepEvent(model.ClusterEvent{Seen: now.Wall.UTC(), Source: "states", Step: model.ClusterEventStart, Name: name, Args: args})
	c.dirty = true
}

// faultsSeen takes in the entries of the error log about faults that are new. Of a log that was never read before it
// takes none: what lies before that is not ours to tell.
func (c *Core) faultsSeen(now model.Instant, entries []model.ErrlogEntry) {
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b model.ErrlogEntry) int { return cmp.Compare(a.Sequence, b.Sequence) })
	first := !c.state.Faults.Set
	for _, e := range entries {
		if !c.state.Faults.newer(e) {
			continue
		}
		c.state.Faults.take(e)
		c.dirty = true
		if !first {
			c.clusterEvent(model.ClusterEvent{
				Seen: now.Wall.UTC(), Logged: e.Time.UTC().Format("Jan _2 15:04:05"), Source: "errpt", Step: model.ClusterEventNoted, Name: e.Label,
			})
		}
	}
	if first {
		c.state.Faults.Set, c.dirty = true, true
	}
}

// newer reports whether the entry came after the last one that was taken in. The sequence restarts when the log is
// made anew.
func (c *ErrlogCursor) newer(e model.ErrlogEntry) bool {
	return e.Sequence > c.Sequence || e.Time.After(c.Time)
}

func (c *ErrlogCursor) take(e model.ErrlogEntry) { c.Sequence, c.Time = e.Sequence, e.Time }
