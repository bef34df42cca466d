package exporter

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

// ServerMark tells whether the server is still the same, and nothing else of it.
type ServerMark struct {
	Print string    `json:"print,omitempty"`
	First time.Time `json:"first"` // since when it is this one
	Last  time.Time `json:"last"`
	// Next is another one that was seen once, at NextAt: an answer that was cut looks like one.
	Next   string    `json:"next,omitempty"`
	NextAt time.Time `json:"next_at"`
}

// stays is how long after the end of a migration the same server proves that nothing moved: before that the answer may
// be of before.
const stays = 30 * time.Second

// serverSeen compares the server with that of before. Another one, seen twice, proves that the partition was moved, whoever
// told of it.
func (c *Core) serverSeen(now model.Instant, r model.Reading) {
	if !c.hears(episode.SourceServer) || r.Server == nil || r.Server.Serial == "" {
		return
	}
	sum := sha256.Sum256([]byte(r.Server.Serial))
	seen, m := hex.EncodeToString(sum[:8]), &c.state.Heard.Server
	at := r.At.Wall.UTC()
	switch m.Print {
	case "":
		*m, c.dirty = ServerMark{Print: seen, First: at, Last: at}, true
	case seen:
		// Kept with the next change; of before a crash it is earlier, and still right.
		m.Last, m.Next = at, ""
		c.serverStayed(at)
	default:
		if m.Next != seen {
			m.Next, m.NextAt, c.dirty = seen, at, true
			if st := c.sources[model.SourceServer]; st != nil {
				st.due = now.Mono
			}
			return
		}
		c.testify(episode.SourceServer, model.EventMoved, m.NextAt, "", map[string]string{episode.DetailSince: m.Last.Format(time.RFC3339Nano)})
		*m, c.dirty = ServerMark{Print: seen, First: m.NextAt, Last: at}, true
	}
}

// serverStayed tells how a migration ended of which nobody else could: the server is the same as before it.
func (c *Core) serverStayed(at time.Time) {
	ep := c.Episode()
	if ep.Open || ep.End.IsZero() || ep.Result != model.ResultUnknown || unfinished(ep) ||
		!c.state.Heard.Server.First.Before(ep.Start) || at.Before(ep.End.Add(stays)) {
		return
	}
	c.testify(episode.SourceServer, model.EventStayed, at, ep.ID, nil)
}
