package exporter

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

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
			if c.opt.Witness.Errpt.Kind(last) == model.EventStarted && now.Wall.Sub(last.Time) < recent {
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
	kind := c.opt.Witness.Errpt.Kind(e)
	if kind == "" || !c.hears(episode.SourceErrpt) {
		return
	}
	c.testify(episode.SourceErrpt, kind, e.Time, "", map[string]string{
		"label": e.Label, episode.DetailSequence: fmt.Sprint(e.Sequence),
	})
}
