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
)

// ClusterEvent is one event of the cluster as a log of this node tells it.
type ClusterEvent struct {
	// Seen is when this node first read the line, by its own clock: the logs carry local time, most without a year or
	// a zone. Logged is the stamp as printed.
	Seen   time.Time        `json:"seen"`
	Logged string           `json:"logged,omitempty"`
	Source string           `json:"source"` // cluster.log, hacmp.out, errpt
	Step   ClusterEventStep `json:"step"`
	Name   string           `json:"name"` // node_down, rg_move, …; of errpt the label
	Args   []string         `json:"args,omitempty"`
	Exit   *int             `json:"exit,omitempty"` // of completed and failed
}
