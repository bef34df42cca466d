package exporter

import (
	"time"

	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/logfile"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

// ClutilsRead: what was appended to clutils.log. Written is when the file was last written to, by the node's own clock.
type ClutilsRead struct {
	At       model.Instant
	Events   []powerha.ClutilsEvent
	Unparsed int
	Written  time.Time
	Cursor   logfile.Cursor
	Err      string
}

// StateFileSeen: a look at cl_dr.state. Saved is its content where it can be read.
type StateFileSeen struct {
	At      model.Instant
	Present bool
	Written time.Time
	Saved   powerha.ClDRState
	// Unparsed counts lines of it that were not understood.
	Unparsed int
	Err      string
}

func (ClutilsRead) input()   {}
func (StateFileSeen) input() {}

// Parts of the shell.
const (
	PartClutils   = "clutils_log"
	PartStateFile = "cl_dr_state"
)

// parseClutils is the label of what PowerHA's own script wrote, here and in its state, and was not understood.
const parseClutils = "clutils_log"

// ClutilsMark is how far clutils.log was read, and the last phase that it told.
type ClutilsMark struct {
	Cursor logfile.Cursor  `json:"cursor"`
	Phase  model.EventKind `json:"phase,omitempty"`
}

func (c *Core) clutilsRead(r ClutilsRead) {
	c.health[PartClutils] = r.Err
	if r.Err != "" && !r.Cursor.Set {
		return
	}
	m := &c.state.Heard.Clutils
	if m.Cursor != r.Cursor {
		m.Cursor, c.dirty = r.Cursor, true
	}
	c.parse[parseClutils] += uint64(max(0, r.Unparsed))
	if !c.hears(episode.SourceClutils) {
		return
	}
	ahead := zoneOf(r)
	for _, e := range r.Events {
		if e.Implied && m.Phase == e.Kind {
			continue // another line of a phase that was told already
		}
		m.Phase, c.dirty = e.Kind, true
		at := r.At.Wall
		if ahead != nil && !e.Stamp.IsZero() {
			at = e.Stamp.Add(-*ahead)
		}
		c.testify(episode.SourceClutils, e.Kind, at, "", nil)
	}
}

// zoneOf is by how much the stamps of the log are ahead of UTC; nil where that cannot be told, and then the time at which
// a line was read has to do. Words for zones are ambiguous, so it is told by the last line: it was written when the file
// was.
func zoneOf(r ClutilsRead) *time.Duration {
	n := len(r.Events)
	if n == 0 {
		return nil
	}
	last := r.Events[n-1]
	switch last.Zone {
	case "UTC", "GMT", "UCT":
		return new(time.Duration)
	}
	const quarter = 15 * time.Minute // zones differ by quarters of an hour
	diff := last.Stamp.Sub(r.Written)
	ahead := diff.Round(quarter)
	if last.Stamp.IsZero() || r.Written.IsZero() || (diff-ahead).Abs() > 5*time.Minute || ahead.Abs() > 15*time.Hour {
		return nil
	}
	return &ahead
}

// StateFileMark is what was last seen of cl_dr.state.
type StateFileMark struct {
	Set     bool      `json:"set"`
	Present bool      `json:"present"`
	Written time.Time `json:"written"`
	Episode string    `json:"episode,omitempty"` // of the migration that it told of; "" when its beginning was not seen
}

// stateFileSeen: PowerHA's own script writes the file in its pre phase and removes it when all is put back. That the file
// was there at the first look tells nothing: it may be left of long ago.
func (c *Core) stateFileSeen(s StateFileSeen) {
	c.health[PartStateFile] = s.Err
	c.parse[parseClutils] += uint64(max(0, s.Unparsed))
	if s.Err != "" || !c.hears(episode.SourceState) {
		return
	}
	was := c.state.Heard.State
	m := StateFileMark{Set: true, Present: s.Present, Written: s.Written.UTC(), Episode: was.Episode}
	// A level that leaves the file behind writes it anew; within one migration it is written several times.
	anew := s.Present && was.Present && s.Written.Sub(was.Written) > c.opt.CheckExpires
	switch {
	case !was.Set:
	case s.Present && !was.Present, anew:
		at := s.At.Wall
		if s.Written.Before(at) && at.Sub(s.Written) < c.opt.CheckExpires {
			at = s.Written
		}
		m.Episode = c.testify(episode.SourceState, model.EventPre, at, "", nil)
	case !s.Present && was.Present && was.Episode != "":
		c.testify(episode.SourceState, model.EventPost, s.At.Wall, was.Episode, map[string]string{episode.DetailResult: string(model.ResultUnknown)})
		m.Episode = ""
	}
	if s.Present {
		c.inform(s.Saved)
	}
	if m != was {
		c.state.Heard.State, c.dirty = m, true
	}
}
