package episode

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Options of Fuse.
type Options struct {
	Now          time.Time
	CheckExpires time.Duration
	// Patience is how long after another witness told the end of a migration that dr knows dr's own word is waited for.
	Patience time.Duration
}

// role is how an event is taken.
type role int

const (
	authority role = iota // of dr's log: believed in every point
	second                // of another witness, about a migration that dr knows
	alone                 // of another witness, about a migration that dr does not know (or has only checked)
)

// item is one event for the fold.
type item struct {
	model.EpisodeEvent
	role role
	of   string // the episode of dr's log that it is about
	wait bool   // it tells an end of which dr has the word, or may have it yet
}

// Fuse joins the two logs of a node: dr/episode.jsonl, whose word stands, and what the exporter observed itself, in the
// order in which it came in. Every witness may be missing, late or doubled; one migration becomes one episode.
//
// What others tell of a migration that dr knows is given to that episode and moves its phase. Its end is dr's: the actor,
// who has to tell the gate which end it waits for, reads dr alone. Only when dr has not told it in its time does the end
// of another witness stand. A migration that dr does not know begins with the first that tells of it and ends with the
// first that came in to tell its end.
func Fuse(dr, observed []model.EpisodeEvent, o Options) []model.Episode {
	known := Fold(dr, o.Now, o.CheckExpires)
	f := folder{
		expires: o.CheckExpires, lone: make(map[string]bool), staged: make(map[string]time.Time),
		started: make(map[string]string), evidence: make(map[string]item),
	}
	for _, i := range stream(dr, observed, known, o) {
		f.event(i)
	}
	return f.done(o.Now)
}

// stream puts each observed event behind everything of dr's log that is not later, but not before the first event of its
// own episode; among themselves they keep their order, so that what comes in late changes no end.
func stream(dr, observed []model.EpisodeEvent, known []model.Episode, o Options) []item {
	first, ids := make(map[string]int, len(known)), make(map[string]int, len(known))
	for i := range known {
		ids[known[i].ID] = i
	}
	for i := len(dr) - 1; i >= 0; i-- {
		first[dr[i].Episode] = i
	}
	out, next := make([]item, 0, len(dr)+len(observed)), 0
	for _, e := range observed {
		i := about(e, known, ids, o)
		for next < len(dr) && (!dr[next].Time.After(e.Time) || next <= begun(first, i.of)) {
			out = append(out, item{EpisodeEvent: dr[next]})
			next++
		}
		out = append(out, i)
	}
	for _, e := range dr[next:] {
		out = append(out, item{EpisodeEvent: e})
	}
	return out
}

func begun(first map[string]int, id string) int {
	if i, ok := first[id]; ok && id != "" {
		return i
	}
	return -1
}

// about sorts an observed event by what dr knows.
func about(e model.EpisodeEvent, known []model.Episode, ids map[string]int, o Options) item {
	var k *model.Episode
	if i, ok := ids[e.Episode]; ok && e.Episode != "" {
		k = &known[i]
	} else if k = inTime(known, e); k == nil {
		return item{EpisodeEvent: e, role: alone}
	}
	i := item{EpisodeEvent: e, role: second, of: k.ID}
	if k.Provisional {
		i.role = alone
	}
	switch {
	case !ends(e.Event):
	case !k.End.IsZero():
		i.wait = !k.End.After(e.Time.Add(o.Patience))
	default:
		// A window that was declared has an end of its own.
		i.wait = k.Window && k.Pre.IsZero() || !o.Now.After(e.Time.Add(o.Patience))
	}
	return i
}

// Of finds the episode that an observed event is about: the one that it names, or else the one in whose time it lies. It
// returns nil for an event of a migration that is not among them. They are in the order of their starts.
func Of(all []model.Episode, e model.EpisodeEvent) *model.Episode {
	if e.Episode != "" {
		for i := len(all) - 1; i >= 0; i-- {
			if all[i].ID == e.Episode || slices.Contains(all[i].Also, e.Episode) {
				return &all[i]
			}
		}
	}
	return inTime(all, e)
}

// inTime finds the episode in whose time the event lies.
func inTime(all []model.Episode, e model.EpisodeEvent) *model.Episode {
	if ep := within(all, e, coarse); ep != nil || !begins(e.Event) {
		return ep
	}
	return within(all, e, late) // a start that was told before the one that is known
}

// near is how many episodes may lie in the time of one event: they do not overlap, but for what is told late of one.
const near = 4

func within(all []model.Episode, e model.EpisodeEvent, early time.Duration) *model.Episode {
	n, _ := slices.BinarySearchFunc(all, e.Time.Add(early), func(ep model.Episode, t time.Time) int {
		if ep.Start.After(t) {
			return 1
		}
		return -1
	})
	for i := n - 1; i >= max(0, n-near); i-- {
		if covers(&all[i], e, early) {
			return &all[i]
		}
	}
	return nil
}

// covers reports whether the event lies in the time of the episode, which begins that much early.
func covers(ep *model.Episode, e model.EpisodeEvent, early time.Duration) bool {
	switch {
	case e.Event == model.EventMoved:
		return !ep.Start.After(e.Time) && (ep.Open || !ep.End.IsZero() && !ep.End.Add(late).Before(since(e)))
	case e.Time.Before(ep.Start.Add(-early)):
		return false
	case ep.Open:
		return true
	case ep.End.IsZero(): // a check that came to nothing
		return !e.Time.After(ep.PhaseStart)
	case begins(e.Event) && prompt(e.Source):
		return e.Time.Before(ep.End.Add(coarse))
	default:
		return !e.Time.After(ep.End.Add(late))
	}
}

// prompt reports whether the stamps of a source are those of what it tells. The others are of when it was looked at, and
// an HMC says that it migrates until it has cleaned up.
func prompt(source string) bool {
	return source != SourceHMC && source != SourceServer && source != SourceState
}

// since is when the other server was last seen.
func since(e model.EpisodeEvent) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, e.Details[DetailSince]); err == nil && t.Before(e.Time) {
		return t
	}
	return e.Time
}
