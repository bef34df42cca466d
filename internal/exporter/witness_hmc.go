package exporter

import (
	"time"

	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

// HMCSeen: an HMC was asked about this node's partition.
type HMCSeen struct{ View model.HMCView }

func (HMCSeen) input() {}

// HMCMark is what the HMC last said.
type HMCMark struct {
	Set     bool      `json:"set"`
	Says    hmcWord   `json:"says,omitempty"`
	At      time.Time `json:"at"`
	Episode string    `json:"episode,omitempty"` // of the migration that it tells of
}

// hmcWord is what the rows of a view tell together. In a migration two systems list the partition.
type hmcWord string

const (
	hmcIdle     hmcWord = "not_migrating"
	hmcStarting hmcWord = "starting"
	hmcMoving   hmcWord = "in_progress"
	hmcComplete hmcWord = "complete"
	hmcFailed   hmcWord = "failed"
)

// hmcSays joins the rows. "" is nothing that could be told: that nothing migrates is told by a whole view alone.
func hmcSays(v model.HMCView) hmcWord {
	seen := make(map[hmcWord]bool)
	for _, r := range v.Rows {
		switch r.Migration {
		case model.HMCStarting:
			seen[hmcStarting] = true
		case model.HMCInProgress, model.HMCStopping, model.HMCRecovery:
			seen[hmcMoving] = true
		case model.HMCComplete:
			seen[hmcComplete] = true
		case model.HMCFailed:
			seen[hmcFailed] = true
		case model.HMCNotMigrating:
			seen[hmcIdle] = true
		case model.HMCUnknown:
		}
		if r.State == model.LPARMigrating {
			seen[hmcMoving] = true
		}
	}
	for _, w := range []hmcWord{hmcMoving, hmcStarting, hmcFailed, hmcComplete} {
		if seen[w] {
			return w
		}
	}
	if seen[hmcIdle] && v.Err == "" {
		return hmcIdle
	}
	return ""
}

// hmcSeen tells what changed at the HMC since it was last asked. What it says at first is of now only while it moves: an
// end stands there until the next migration.
func (c *Core) hmcSeen(v model.HMCView) {
	says := hmcSays(v)
	if says == "" || !c.hears(episode.SourceHMC) {
		return
	}
	was, at := c.state.Heard.HMC, v.At.Wall.UTC()
	m := HMCMark{Set: true, Says: says, At: at, Episode: was.Episode}
	under := was.Says == hmcStarting || was.Says == hmcMoving
	var details map[string]string
	if !under { // a migration between two looks
		details = map[string]string{episode.DetailSince: was.At.Format(time.RFC3339Nano)}
	}
	tell := func(kind model.EventKind, id string, d map[string]string) string {
		return c.testify(episode.SourceHMC, kind, at, id, d)
	}
	switch {
	case says == was.Says:
	case says == hmcStarting && was.Says != hmcMoving:
		m.Episode = tell(model.EventCheck, "", nil)
	case says == hmcMoving: // its check may have expired meanwhile
		m.Episode = tell(model.EventStarted, "", nil)
	case says == hmcIdle && was.Says == hmcMoving:
		tell(model.EventPost, was.Episode, map[string]string{episode.DetailResult: string(model.ResultUnknown)})
		m.Episode = ""
	case says == hmcIdle && was.Says == hmcStarting:
		tell(model.EventUndoCheck, was.Episode, nil)
		m.Episode = ""
	case says == hmcComplete && was.Set:
		tell(model.EventDone, named(was, under), details)
		m.Episode = ""
	case says == hmcFailed && was.Set:
		tell(model.EventAborted, named(was, under), details)
		m.Episode = ""
	}
	c.state.Heard.HMC = m
	c.dirty = c.dirty || says != was.Says
}

// named is the episode that the HMC told of while that was under way.
func named(m HMCMark, under bool) string {
	if under {
		return m.Episode
	}
	return ""
}
