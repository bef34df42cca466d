// Package records is the link between actors: a node's actor hands its record
// to its peers before it unmanages, so that a survivor knows what to start if
// the node is lost. HTTP with JSON over mutually authenticated TLS 1.3; a
// caller is known by the DNS name in its certificate, which must be a node
// that is configured.
//
//	POST /v1/record  model.Record -> Ack
//	POST /v1/closed  Closed       -> Ack
//	GET  /v1/info                 -> PeerInfo
package records

import (
	"context"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Ack says that a peer has stored what it was sent. A replay is acknowledged again and changes nothing.
type Ack struct {
	Node    string    `json:"node"` // who acknowledges
	Episode string    `json:"episode"`
	Stored  bool      `json:"stored"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason,omitempty"` // when not stored
}

// Closed tells that an episode is over, so that its record asks for nothing any more.
type Closed struct {
	Node    string `json:"node"`
	Episode string `json:"episode"`
	Result  string `json:"result"`
}

// PeerInfo is what a peer's actor says about its own node.
type PeerInfo struct {
	Node          string             `json:"node"`
	At            time.Time          `json:"at"`
	State         string             `json:"state"` // as powerha_actor_state
	Phase         model.Phase        `json:"phase"`
	Episode       string             `json:"episode,omitempty"`
	Suspended     bool               `json:"suspended"`
	NodeState     model.NodeState    `json:"node_state"`
	Manager       model.ManagerState `json:"manager"`
	DeadManSwitch *bool              `json:"dead_man_switch,omitempty"` // cthags' switch; nil: not known
	DeadmanMode   string             `json:"deadman_mode,omitempty"`
	NodeTimeout   time.Duration      `json:"node_timeout,omitempty"`
	// Unsynced: changes of the configuration wait there for a synchronisation, which each node sees of itself alone; nil: not known.
	Unsynced *bool `json:"unsynced,omitempty"`
	// Taken are the episodes of the asking node whose groups this peer has taken over.
	Taken []string `json:"taken,omitempty"`
}

// Link is the client's side and the seam that a simulation replaces. Every error names the peer and the remedy.
type Link interface {
	SendRecord(ctx context.Context, peer string, r model.Record) (Ack, error)
	SendClosed(ctx context.Context, peer, node, episode, result string) error
	Ask(ctx context.Context, peer string) (PeerInfo, error)
}

// Handler is the server's side. peer is the authenticated node name of the caller; the record or the closed episode
// is always about that node.
type Handler interface {
	Record(ctx context.Context, peer string, r model.Record) (Ack, error)
	Closed(ctx context.Context, peer string, c Closed) error
	Info(ctx context.Context, peer string) (PeerInfo, error)
}
