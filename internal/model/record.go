package model

import (
	"slices"
	"time"
)

// Record is what the actor writes down and has a peer acknowledge before it
// unmanages a node: who owned what, and every setting to be put back.
type Record struct {
	Version int       `json:"version"`
	Episode string    `json:"episode"`
	Cluster string    `json:"cluster"`
	Node    string    `json:"node"`
	At      time.Time `json:"at"`
	Mode    string    `json:"mode"`
	// Owners maps each group to the nodes on which it was online.
	Owners      map[string][]string `json:"owners"`
	NodeTimeout time.Duration       `json:"node_timeout,omitempty"`
	DeadmanMode string              `json:"deadman_mode,omitempty"`
	// DeadManSwitch is cthags' switch; nil when it could not be read.
	DeadManSwitch *bool                `json:"dead_man_switch,omitempty"`
	LPMPolicy     Policy               `json:"lpm_policy"`
	LPMHeartbeat  *time.Duration       `json:"lpm_heartbeat,omitempty"`
	Clinfo        bool                 `json:"clinfo"` // clinfoES was running
	Peers         []string             `json:"peers"`
	States        map[string]NodeState `json:"states"` // of all nodes
}

// Owned lists the groups that the node of the record owned, sorted by name.
func (r Record) Owned() []string {
	var out []string
	for g, nodes := range r.Owners {
		for _, n := range nodes {
			if n == r.Node {
				out = append(out, g)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}
