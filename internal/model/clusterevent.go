package model

import "time"

// ClusterEventStep is which part of an event a log line tells.
type ClusterEventStep string

// The steps of an event, as cluster.log words them.
const (
	ClusterEventStart     ClusterEventStep = "start"     // EVENT START
	ClusterEventCompleted ClusterEventStep = "completed" // EVENT COMPLETED
	ClusterEventFailed    ClusterEventStep = "failed"    // EVENT FAILED
	ClusterEventNoted     ClusterEventStep = "noted"     // an entry of the error log: it has no duration
	ClusterEventSummary   ClusterEventStep = "summary"   // Event Summary of hacmp.out: begin and end of one event
)

// ClusterEvent is one event of the cluster as a log of this node tells it.
type ClusterEvent struct {
	// Seen is when this node first read the line, by its own clock: the logs carry local time, most without a year or
	// a zone. Logged is the stamp as printed.
	Seen time.Time `json:"seen"`
	// At is the second in which it was written, in UTC by its stamp, of a line that was read later than that; zero of one
	// that was read at once, where Seen says it, and where the stamp does not tell.
	At     time.Time        `json:"at,omitzero"`
	Logged string           `json:"logged,omitempty"`
	Began  string           `json:"began,omitempty"` // of a summary: the stamp of its begin
	Source string           `json:"source"`          // cluster.log, hacmp.out, errpt
	Step   ClusterEventStep `json:"step"`
	Name   string           `json:"name"` // node_down, rg_move, …; of errpt the label
	Args   []string         `json:"args,omitempty"`
	Exit   *int             `json:"exit,omitempty"` // of completed and failed
	// Took is how long the event took; of completed and failed, where its begin is known.
	Took *time.Duration `json:"took,omitempty"`
}
