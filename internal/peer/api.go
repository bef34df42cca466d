package peer

import (
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

// Config is who we are and whom we talk to.
type Config struct {
	// Cluster may be empty until it is known (LocalState.Cluster): until then nothing is sent or accepted.
	Cluster, Node string
	Peers         []string // node names
	Key           []byte   // shared; at least MinKey bytes
	// Session is different in each start of the program: random.
	Session uint64
	// Slow and Fast are the intervals of heartbeats, Fast while any episode is open and around a freeze.
	Slow, Fast time.Duration // 1 s, 100 ms when zero
}

// Input is something that happened.
type Input interface{ isInput() }

// Datagram arrived at a moment that was taken right after it was read.
type Datagram struct {
	Bytes []byte
	At    model.Instant
}

// LocalState is what this node tells its peers.
type LocalState struct {
	Cluster   string // empty: as before
	Phase     model.Phase
	Episode   string
	Suspended bool // this node is unmanaged by our actor
	// DeadManSwitch and Restricted are told of model.PeerStatus; nil is not known.
	DeadManSwitch, Restricted *bool
	// Probes are the results of our remote probes of each peer's applications, by the peer's name. Of each only the
	// application, probe, activity, success, age, duration and counters are sent.
	Probes map[string][]model.ProbeStatus
}

// OwnGap is a gap that the detector of this node saw.
type OwnGap struct{ Gap freeze.Gap }

func (Datagram) isInput()   {}
func (LocalState) isInput() {}
func (OwnGap) isInput()     {}

// Effect is something to do, or to know.
type Effect interface{ isEffect() }

// Send a datagram to a peer.
type Send struct {
	Peer  string
	Bytes []byte
}

// SilenceOver: a peer was silent for longer than the loss of single datagrams explains, and is back. Our own gaps
// are taken out. For the histogram powerha_peer_silence_seconds.
type SilenceOver struct {
	Peer     string
	Duration time.Duration
	End      model.Instant
}

// OffsetStep: the offset to a peer was compared before and after something irregular. Feed it to freeze.Tracker.
type OffsetStep struct{ freeze.PeerStep }

// SilenceTold: a peer says that it heard nothing of us. Feed it to freeze.Tracker.
type SilenceTold struct{ freeze.PeerSilence }

func (Send) isEffect()        {}
func (SilenceOver) isEffect() {}
func (OffsetStep) isEffect()  {}
func (SilenceTold) isEffect() {}

// Stats counts what the core did. Dropped datagrams are counted by reason.
type Stats struct {
	Sent, Accepted uint64
	Malformed      uint64 // not a heartbeat, or one of another version
	Unknown        uint64 // a sender, a cluster or a receiver that we do not know
	BadMAC         uint64 // a wrong key
	Replayed       uint64 // duplicated, too old, or of a session that is over
	Unproven       uint64 // of a new session that has not yet echoed us; one or two at each start of a peer
	Unsendable     uint64 // ours, whose names do not fit a datagram
	SendErrors     uint64 // datagrams that the system did not take (Service)
}
