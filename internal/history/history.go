// Package history reads the freezes that were measured: from the state of this
// node's exporter, from Prometheus, and from a file of durations. It only
// reads and needs no program to run; what the freezes mean is judged elsewhere.
package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/model"
)

// StateName is the exporter's file, relative to the state folder, and stateVersion the newest that is understood.
const (
	StateName    = "exporter/exporter.json"
	stateVersion = 1
)

// Node is what one node's exporter remembers.
type Node struct {
	Version int       `json:"version"`
	Created time.Time `json:"created"` // since when it remembers
	Cluster string    `json:"cluster"`
	Node    string    `json:"node"`
	// History holds the node's name in every record.
	History []model.FreezeRecord `json:"history"`
}

// Read reads the state from the folder; the error matches fs.ErrNotExist when there is none.
func Read(fsys durable.FS) (Node, error) {
	p, err := fsys.ReadFile(StateName)
	if err != nil {
		return Node{}, err
	}
	n, err := Parse(p)
	if err != nil {
		return Node{}, fmt.Errorf("%s: %w", StateName, err)
	}
	return n, nil
}

var errIncomplete = errors.New("no version or creation time in it: it is no state of the exporter")

// Parse reads the bytes of the state.
func Parse(p []byte) (Node, error) {
	var head struct {
		Version int `json:"version"`
	}
	if json.Unmarshal(p, &head) == nil && head.Version > stateVersion { // its fields may be of other types
		return Node{}, fmt.Errorf("it has version %d, this program knows %d: use the lpmctl that was installed with the exporter", head.Version, stateVersion)
	}
	var n Node
	if err := json.Unmarshal(p, &n); err != nil {
		return Node{}, fmt.Errorf("it is damaged: %w; the exporter will put it aside at its next start, and begin anew", err)
	}
	if n.Version < 1 || n.Created.IsZero() {
		return Node{}, errIncomplete
	}
	for i := range n.History {
		n.History[i].Node = n.Node
	}
	return n, nil
}

// maxSeconds is what no freeze reaches: 30 years.
const maxSeconds = 1e9

// duration turns seconds into a duration; ok is false when it can be none.
func duration(seconds float64) (time.Duration, bool) {
	if math.IsNaN(seconds) || seconds < 0 || seconds > maxSeconds {
		return 0, false
	}
	return time.Duration(math.Round(seconds * float64(time.Second))), true
}
