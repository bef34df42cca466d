package events

import (
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Pairs finds for the end of each event its begin, and so how long it took. Its zero value knows of none. It is of one
// log: the two logs write the same events.
type Pairs struct {
	open map[string]begun
}

type begun struct {
	stamp string
	mono  time.Duration // when it was read
	live  bool
}

const (
	maxOpen = 1000
	// stampSlack is by how much two stamps may differ from the clock that never steps: they have whole seconds, and are read
	// within a second.
	stampSlack = 3 * time.Second
)

// Key is what an event is known by in its log and in another.
func Key(e model.ClusterEvent) string { return e.Name + "\x00" + strings.Join(e.Args, "\x00") }

// Take notes the begin of an event, or returns how long one took that ends; nil where its begin was not seen or the
// clock was set. Live events were read within seconds after they were written; mono is when, by the clock that never
// steps.
func (p *Pairs) Take(e model.ClusterEvent, mono time.Duration, live bool) *time.Duration {
	key := Key(e)
	switch e.Step {
	case model.ClusterEventStart:
		if p.open == nil || len(p.open) >= maxOpen {
			p.open = make(map[string]begun)
		}
		p.open[key] = begun{e.Logged, mono, live}
	case model.ClusterEventCompleted, model.ClusterEventFailed:
		b, ok := p.open[key]
		if !ok {
			return nil
		}
		if e.Step == model.ClusterEventCompleted { // a failure may be told before the end
			delete(p.open, key)
		}
		return took(b, e, mono, live)
	case model.ClusterEventNoted, model.ClusterEventSummary:
	}
	return nil
}

// took trusts the stamps unless the clock that never steps contradicts them.
func took(b begun, e model.ClusterEvent, mono time.Duration, live bool) *time.Duration {
	logged, ok := Between(b.stamp, e.Logged, e.Seen)
	read := mono - b.mono
	switch {
	case live && b.live && ok && (logged-read).Abs() <= stampSlack:
		return &logged
	case live && b.live:
		return &read
	case ok:
		return &logged
	default:
		return nil
	}
}
