package exporter

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

// Declared is the declared window of the last migration that has one: the time that an availability without declared
// migration windows leaves out, up to a cap. It begins with the DR script's premigrate, so that nobody leaves time out
// by typing a command, and ends when the node is managed again; where nothing was suspended, at the end of the
// migration. It outlives a restart, and is measured by the log's time stamps, so that it goes on over one and over a
// freeze.
type Declared struct {
	Episode   string        `json:"episode,omitempty"`
	From      time.Time     `json:"from"`
	Suspended bool          `json:"suspended,omitempty"` // the node was seen unmanaged in it
	Length    time.Duration `json:"length,omitempty"`    // so far; it never shrinks
	Counted   time.Duration `json:"counted,omitempty"`   // the part of Length that the cap let through
	Open      bool          `json:"open,omitempty"`
	Over      bool          `json:"over,omitempty"`
}

// declare follows the window of the last migration.
func (c *Core) declare(now model.Instant) {
	ep, d := c.Episode(), &c.state.Declared
	if ep.ID == "" {
		return
	}
	if d.Episode != ep.ID {
		if d.Episode != "" && !d.Over {
			c.lengthen(ep.Start) // overtaken by the next migration
			d.Open, d.Over, c.dirty = false, true, true
		}
		from := c.scriptsWord(ep)
		if from.IsZero() || ep.Provisional || !ep.End.IsZero() && ep.End.Before(c.state.Created) {
			return
		}
		*d, c.dirty = Declared{Episode: ep.ID, From: from}, true
	}
	if d.Over {
		return
	}
	was := *d
	until, over := c.windowEnd(now, ep)
	c.lengthen(until)
	d.Over = over
	d.Open = !over && until.Equal(now.Wall)
	c.dirty = c.dirty || *d != was
}

// scriptsWord is when the DR script told of this migration's premigrate; zero when it did not.
func (c *Core) scriptsWord(ep model.Episode) time.Time {
	for _, e := range c.dr {
		if e.Event == model.EventPre && e.Source == episode.SourceDR && (e.Episode == ep.ID || slices.Contains(ep.Also, e.Episode)) {
			return e.Time
		}
	}
	return time.Time{}
}

// windowEnd is how far the window reaches, now at most, and whether it will reach no further.
func (c *Core) windowEnd(now model.Instant, ep model.Episode) (until time.Time, over bool) {
	d := &c.state.Declared
	managed, known := c.managed(d.From)
	if known && !managed {
		d.Suspended = true
	}
	switch {
	case d.Suspended && known && managed:
		r, _ := c.facts.Get(model.SourceNodes)
		return r.At.Wall, true
	case !ep.Closed.IsZero():
		return ep.Closed, true
	case d.Suspended || ep.End.IsZero():
		return now.Wall, false
	}
	// Ended, and not seen unmanaged: a reading from after the end decides whether anything was suspended.
	managed, known = c.managed(ep.End)
	return ep.End, known && managed
}

// lengthen takes the window to a moment, and adds to the counters what that makes it longer.
func (c *Core) lengthen(until time.Time) {
	d := &c.state.Declared
	more := until.Sub(d.From) - d.Length
	if more <= 0 {
		return
	}
	counted := min(more, max(0, c.opt.WindowCap-d.Counted))
	d.Length += more
	d.Counted += counted
	c.state.Window += counted
	c.state.WindowRefused += more - counted
}

// windowNow tells whether a declared window is open, and when the cap will end it; zero once the cap is used up.
func (c *Core) windowNow() (open bool, until time.Time) {
	d := &c.state.Declared
	if !d.Open {
		return false, time.Time{}
	}
	if d.Counted < c.opt.WindowCap {
		until = d.From.Add(c.opt.WindowCap)
	}
	return true, until
}
