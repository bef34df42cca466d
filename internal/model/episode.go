package model

import "time"

// EventKind is what a line of the episode log tells.
type EventKind string

// The events of dr/episode.jsonl and exporter/observed.jsonl.
const (
	EventCheck     EventKind = "checkmigrate"
	EventUndoCheck EventKind = "undocheckmigrate"
	EventPre       EventKind = "premigrate"
	EventPost      EventKind = "postmigrate"
	EventUndoPre   EventKind = "undopremigrate"
	EventStarted   EventKind = "pmig_started"
	EventDone      EventKind = "pmig_done"
	EventAborted   EventKind = "pmig_aborted"
	EventFreeze    EventKind = "freeze"
	EventRebooted  EventKind = "rebooted"
	EventBegin     EventKind = "begin"
	EventEnd       EventKind = "end"
	EventEnded     EventKind = "ended"
	EventExpired   EventKind = "expired"
	// The server under the partition, compared before and after: another one proves the move, the same one that nothing moved.
	EventMoved  EventKind = "server_changed"
	EventStayed EventKind = "server_unchanged"
)

// EpisodeEvent is one line of an episode log.
type EpisodeEvent struct {
	Version int               `json:"version"`
	Time    time.Time         `json:"time"` // RFC 3339 with nanoseconds, UTC
	Mono    time.Duration     `json:"mono,omitempty"`
	Event   EventKind         `json:"event"`
	Source  string            `json:"source"` // dr, errpt, clock, actor, operator, … (package episode)
	Episode string            `json:"episode"`
	Details map[string]string `json:"details,omitempty"`
}

// Episode is one migration, or a provisional check for one, as folded from
// the events of a log.
type Episode struct {
	ID          string    `json:"id"`
	Phase       Phase     `json:"phase"`
	PhaseStart  time.Time `json:"phase_start"`
	Provisional bool      `json:"provisional"` // only checked so far: counts as no migration
	Open        bool      `json:"open"`        // the migration has not ended
	Window      bool      `json:"window,omitempty"`
	Start       time.Time `json:"start"` // of the first event
	Pre         time.Time `json:"pre"`   // of the first premigrate; zero before it
	// End is taken once, from the first record that ends the migration, in whole milliseconds, and never revised.
	End    time.Time `json:"end"`
	Result Result    `json:"result,omitempty"`
	// Closed is when an actor said that the episode is over, suspension and all; zero before it, or without an actor.
	Closed time.Time `json:"closed"`
	// Why says what the present phase, or the end, follows from: a constant of package episode. EndBy is the source whose
	// record gave the end.
	Why   string `json:"why,omitempty"`
	EndBy string `json:"end_by,omitempty"`
	// Witnesses are the sources that told of it, in the order in which they were heard.
	Witnesses []string `json:"witnesses,omitempty"`
	// Also are further ids under which witnesses told of it.
	Also []string `json:"also,omitempty"`
}

// Freeze is one measured freeze of this node.
type Freeze struct {
	Start   time.Time `json:"start"`
	Episode string    `json:"episode,omitempty"` // "" outside a migration
	// Clock is the gap seen inside, Peer the step of the offset to a peer, RTC that of the offset to the real-time clock
	// chip, Fused the answer. Nil means not visible: of Fused, that the migration froze the node and nothing here could
	// see for how long.
	Clock *time.Duration `json:"clock,omitempty"`
	Peer  *time.Duration `json:"peer,omitempty"`
	RTC   *time.Duration `json:"rtc,omitempty"`
	Fused *time.Duration `json:"fused,omitempty"`
	// The truth lies within ± the bound of the estimate.
	ClockBound time.Duration `json:"clock_bound,omitempty"`
	PeerBound  time.Duration `json:"peer_bound,omitempty"`
	RTCBound   time.Duration `json:"rtc_bound,omitempty"`
	FusedBound time.Duration `json:"fused_bound,omitempty"`
	// Visible tells which sources could have seen it, whether or not they did.
	Visible Visible `json:"visible"`
	// Disagreement is by how much two witnesses contradict each other beyond their bounds; nil with fewer than two.
	Disagreement *time.Duration `json:"disagreement,omitempty"`
	Brownout     *time.Duration `json:"brownout,omitempty"`
	Kind         string         `json:"kind"` // suspended
	// Doubt says why the process may have been stopped alone and not with its node; "" when nothing speaks for it.
	Doubt Doubt `json:"doubt,omitempty"`
}

// Visible tells which sources could have seen a freeze.
type Visible struct {
	Clock bool `json:"clock,omitempty"` // the clocks of the node ran on in it
	Peer  bool `json:"peer,omitempty"`  // a peer's clock was compared before and after it
	RTC   bool `json:"rtc,omitempty"`   // the clock chip was compared before and after it
}

// Doubt is a reason for which a freeze is recorded with low confidence.
type Doubt string

// The doubts.
const (
	DoubtContinued Doubt = "continued" // a signal SIGCONT ended it
	DoubtTraced    Doubt = "traced"    // a debugger holds the process
)

// Confidence is how much a freeze is to be believed: high, or low where there is a doubt.
func (f *Freeze) Confidence() string {
	if f.Doubt != "" {
		return "low"
	}
	return "high"
}
