package model

import "time"

// Snapshot is what the exporter knows, as it serves it on its local socket.
// It is one witness among others: absent or old, it is no evidence.
type Snapshot struct {
	Version int           `json:"version"`
	At      Instant       `json:"at"`
	Cluster string        `json:"cluster"`
	Node    string        `json:"node"`
	Facts   Facts         `json:"facts"`
	Owners  []LastOwner   `json:"owners"`
	Probes  []ProbeStatus `json:"probes"`
	Peers   []PeerStatus  `json:"peers"`
	Episode Episode       `json:"episode"`
	Freeze  *Freeze       `json:"freeze,omitempty"`
	// Report is that of the last migration that was judged, with its findings and without what they rest on.
	Report *Report `json:"report,omitempty"`
	// Leftovers are settings of PowerHA's own script that are left behind now, after the last migration.
	Leftovers []Leftover      `json:"leftovers,omitempty"`
	Sources   map[string]bool `json:"sources"` // collector name: last refresh succeeded
}

// LastOwner is the last node set that was seen to hold a group online.
type LastOwner struct {
	Group string    `json:"group"`
	Nodes []string  `json:"nodes"`
	At    time.Time `json:"at"`
}

// ProbeStatus is the state of one probe as run from here.
type ProbeStatus struct {
	Application string        `json:"application"`
	Probe       string        `json:"probe"`
	Vantage     string        `json:"vantage"` // local, peer
	TargetNode  string        `json:"target_node"`
	Active      bool          `json:"active"`
	LastAt      Instant       `json:"last_at"`
	Success     bool          `json:"success"`
	Error       string        `json:"error,omitempty"`
	Duration    time.Duration `json:"duration"`
	LastSuccess time.Time     `json:"last_success"`
	// SuccessSince is the start of the unbroken run of successes that is still going on; zero when the last probe failed.
	SuccessSince Instant `json:"success_since"`
	Succeeded    uint64  `json:"succeeded"`
	Failed       uint64  `json:"failed"`
	// Waiting says why an application monitor of PowerHA is not run now; "" when it is, and for every other probe.
	Waiting string `json:"waiting,omitempty"`
}

// PeerStatus is what is known of another node by its heartbeats.
type PeerStatus struct {
	Node          string        `json:"node"`
	Up            bool          `json:"up"`
	LastHeartbeat time.Time     `json:"last_heartbeat"`
	Silence       time.Duration `json:"silence"`
	Phase         Phase         `json:"phase"` // last told
	Episode       string        `json:"episode,omitempty"`
	Suspended     bool          `json:"suspended"`
	// DeadManSwitch: Group Services' switch is armed there; Restricted: its ifrestrict keeps CAA off the SAN. Nil where the
	// peer does not tell.
	DeadManSwitch *bool `json:"dead_man_switch,omitempty"`
	Restricted    *bool `json:"restricted,omitempty"`
	// Probes are the remote probes of our applications as that peer last told them.
	Probes []ProbeStatus `json:"probes,omitempty"`
}
