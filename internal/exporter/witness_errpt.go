package exporter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

// Errpt names the entries of the error log that tell of a migration: each word is a label or an identifier, and may demand
// a resource behind an @.
type Errpt config.Errpt

// kind is what an entry tells, "" for nothing. Identifiers are hashes of a template and change between levels of AIX, so
// the label comes first; where neither is known, the resource and the description do.
func (k Errpt) kind(e model.ErrlogEntry) model.EventKind {
	if k.Started == nil && k.Done == nil && k.Aborted == nil {
		k = Errpt(config.Default().Migration.Errpt)
	}
	for _, set := range []struct {
		words []string
		kind  model.EventKind
	}{{k.Started, model.EventStarted}, {k.Done, model.EventDone}, {k.Aborted, model.EventAborted}} {
		if slices.ContainsFunc(set.words, func(w string) bool { return isNamed(w, e) }) {
			return set.kind
		}
	}
	return described(e)
}

// isNamed reports whether the word of the configuration names the entry.
func isNamed(word string, e model.ErrlogEntry) bool {
	name, resource, demanded := strings.Cut(word, "@")
	return (name == e.Label || e.ID != "" && strings.EqualFold(name, e.ID)) && (!demanded || resource == e.Resource)
}

// described reads the text of an entry of resource pmig, as AIX words it in the C locale.
func described(e model.ErrlogEntry) model.EventKind {
	words := strings.Fields(e.Description)
	if e.Resource != "pmig" || len(words) == 0 {
		return ""
	}
	switch words[len(words)-1] {
	case "Started":
		return model.EventStarted
	case "Completed":
		return model.EventDone
	case "Aborted":
		return model.EventAborted
	default:
		return ""
	}
}

// recent is how old a start without an end may be in the error log to be taken for a migration that goes on, when the
// log is read for the first time.
const recent = 24 * time.Hour

// errlogSeen takes in the entries of the error log that are new: those behind the last sequence number, since STARTED and
// DONE may carry one stamp. Of a log that was never read before it takes only a migration that is still going on: what
// lies before that is not ours to tell.
func (c *Core) errlogSeen(now model.Instant, entries []model.ErrlogEntry) {
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b model.ErrlogEntry) int { return cmp.Compare(a.Sequence, b.Sequence) })
	cur := &c.state.Errlog
	if !cur.Set {
		cur.Set, c.dirty = true, true
		if n := len(entries); n > 0 {
			cur.Sequence, cur.Time = entries[n-1].Sequence, entries[n-1].Time
			last := entries[n-1]
			if c.opt.Witness.Errpt.kind(last) == model.EventStarted && now.Wall.Sub(last.Time) < recent {
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

func (c *Core) takeErrlog(e model.ErrlogEntry) {
	kind := c.opt.Witness.Errpt.kind(e)
	if kind == "" || !c.hears(episode.SourceErrpt) {
		return
	}
	c.testify(episode.SourceErrpt, kind, e.Time, "", map[string]string{
		"label": e.Label, episode.DetailSequence: fmt.Sprint(e.Sequence),
	})
}
