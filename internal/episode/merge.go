package episode

import (
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Merge joins the two logs of a node for Fold. The events of dr/episode.jsonl keep their order. What the exporter
// observed itself about a migration that dr knows is given to that episode and can change its phase, never its end:
// the actor, who has to tell the gate which end it waits for, reads dr alone.
func Merge(dr, observed []model.EpisodeEvent, now time.Time, checkExpires time.Duration) []model.EpisodeEvent {
	known := Fold(dr, now, checkExpires)
	out := dr[:len(dr):len(dr)]
	for _, e := range observed {
		at := 0
		if ep, ok := match(known, e.Time, checkExpires); ok {
			if !ep.Provisional && ends(e.Event) {
				continue
			}
			e.Episode = ep.ID
			at = firstOf(out, ep.ID) + 1
		}
		out = insert(out, e, at)
	}
	return out
}

func match(known []model.Episode, t time.Time, checkExpires time.Duration) (model.Episode, bool) {
	for i := len(known) - 1; i >= 0; i-- {
		ep := known[i]
		switch {
		case t.Before(ep.Start.Add(-time.Second)):
			continue
		case ep.Provisional && t.After(ep.PhaseStart.Add(checkExpires)):
		case !ep.Open && !ep.End.IsZero() && t.After(ep.End.Add(late)):
		case !ep.Open && ep.End.IsZero() && t.After(ep.PhaseStart):
		default:
			return ep, true
		}
		return model.Episode{}, false
	}
	return model.Episode{}, false
}

func ends(k model.EventKind) bool {
	switch k {
	case model.EventPost, model.EventDone, model.EventUndoPre, model.EventAborted, model.EventRebooted, model.EventEnd:
		return true
	default:
		return false
	}
}

func firstOf(events []model.EpisodeEvent, id string) int {
	for i, e := range events {
		if e.Episode == id {
			return i
		}
	}
	return -1
}

// insert puts e behind everything that is not later than it, but not before index at.
func insert(events []model.EpisodeEvent, e model.EpisodeEvent, at int) []model.EpisodeEvent {
	i := len(events)
	for i > at && events[i-1].Time.After(e.Time) {
		i--
	}
	events = append(events, model.EpisodeEvent{})
	copy(events[i+1:], events[i:])
	events[i] = e
	return events
}
