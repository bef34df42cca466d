package exporter

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/events"
	"powerha_lpm_exporter/internal/model"
)

// The two logs tell of the same events within moments of each other.
const (
	sameEvent  = time.Minute     // an event of the same name and step is the same
	otherWaits = 5 * time.Second // for the log that counts to tell of what the other one has told
)

// eventLogs is what is known of events that go on, by each of the two logs.
type eventLogs struct {
	counts, details events.Pairs
	recent          map[string]time.Duration // step and name in the log that counts: when
	waiting         []waitingEvent
}

// waitingEvent is an event that only the other log has told so far.
type waitingEvent struct {
	model.ClusterEvent
	due time.Duration
}

func stepAndName(e *model.ClusterEvent) string { return string(e.Step) + " " + e.Name }

// told notes an event of the log that counts.
func (l *eventLogs) told(now model.Instant, e *model.ClusterEvent) {
	if l.recent == nil {
		l.recent = make(map[string]time.Duration)
	}
	for key, at := range l.recent {
		if now.Mono-at > sameEvent {
			delete(l.recent, key)
		}
	}
	l.recent[stepAndName(e)] = now.Mono
	l.waiting = slices.DeleteFunc(l.waiting, func(w waitingEvent) bool { return stepAndName(&w.ClusterEvent) == stepAndName(e) })
}

// detail takes in what the other log told: how long an event took, and what failed or took too long, which counts when
// the log that counts does not tell of it.
func (c *Core) detail(now model.Instant, e model.ClusterEvent, live bool) {
	took := c.logs.details.Take(e, now.Mono, live)
	if e.Step == model.ClusterEventSummary {
		if d, ok := events.Between(e.Began, e.Logged, e.Seen); ok {
			took = &d
		}
	}
	if took != nil {
		c.completes(e, *took)
	}
	e.Took = took
	switch events.Kind(e) {
	case "event_failed", "config_too_long":
		if at, ok := c.logs.recent[stepAndName(&e)]; ok && now.Mono-at <= sameEvent {
			return
		}
		c.logs.waiting = append(c.logs.waiting, waitingEvent{e, now.Mono + otherWaits})
	}
}

// completes tells an event that was kept for the report how long it took, where its own log did not.
func (c *Core) completes(e model.ClusterEvent, took time.Duration) {
	r := c.state.Record
	if r == nil {
		return
	}
	for i := len(r.Events) - 1; i >= 0; i-- {
		k := &r.Events[i]
		if k.Name != e.Name || k.Took != nil || k.Step != model.ClusterEventCompleted && k.Step != model.ClusterEventFailed {
			continue
		}
		if (e.Step == model.ClusterEventSummary || slices.Equal(k.Args, e.Args)) && e.Seen.Sub(k.Seen).Abs() <= sameEvent {
			k.Took, c.dirty = &took, true
			return
		}
	}
}

// alone counts what only the other log told.
func (c *Core) alone(now model.Instant) {
	var wait []waitingEvent
	for _, w := range c.logs.waiting {
		if now.Mono < w.due {
			wait = append(wait, w)
			continue
		}
		c.clusterEvent(w.ClusterEvent)
	}
	c.logs.waiting = wait
}
