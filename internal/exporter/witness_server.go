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
}

// stays is how long after the end of a migration the same server proves that nothing moved: before that the answer may
// be of before.
const stays = 30 * time.Second

// serverSeen compares the server with that of before. Another one proves that the partition was moved, whoever told of it.
func (c *Core) serverSeen(r model.Reading) {
	if !c.hears(episode.SourceServer) || r.Server == nil || r.Server.Serial == "" {
		return
	}
	sum := sha256.Sum256([]byte(r.Server.Serial))
	now, m := hex.EncodeToString(sum[:8]), &c.state.Heard.Server
	at := r.At.Wall.UTC()
	switch {
	case m.Print == now:
		m.Last = at // kept with the next change; of before a crash it is earlier, and still right
		c.serverStayed(at)
		return
	case m.Print != "":
		c.testify(episode.SourceServer, model.EventMoved, at, "", map[string]string{episode.DetailSince: m.Last.Format(time.RFC3339Nano)})
	}
	*m, c.dirty = ServerMark{Print: now, First: at, Last: at}, true
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
