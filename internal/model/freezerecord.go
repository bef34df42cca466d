package model

import "time"

// FreezeRecord is one booked freeze in the history from which advice is made, or a completed migration whose freeze
// nobody could see.
type FreezeRecord struct {
	// Node is "" in a node's own history.
	Node string `json:"node,omitempty"`
	// Start of the freeze; of the migration where the freeze was not visible.
	Start   time.Time      `json:"start"`
	Episode string         `json:"episode,omitempty"` // "" outside a migration
	Fused   *time.Duration `json:"fused,omitempty"`   // nil: not visible
	Bound   time.Duration  `json:"bound,omitempty"`   // the truth lies within Fused ± Bound
	Doubt   Doubt          `json:"doubt,omitempty"`
}
