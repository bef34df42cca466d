package model

import "time"

// GateSample is what one Prometheus said about the gate of this node.
type GateSample struct {
	URL string  `json:"url"`
	At  Instant `json:"at"` // when the question was put
	Err string  `json:"error,omitempty"`
	// Found: powerha:gate:migration_end_timestamp_seconds has a sample for this cluster and node.
	Found bool `json:"found"`
	// EndMillis is the sample's value in Unix milliseconds: the end of the migration that it confirms.
	EndMillis int64 `json:"end_millis,omitempty"`
	// SampleTime is when the rule wrote the sample, by the server's clock; ServerTime is that clock now.
	SampleTime time.Time `json:"sample_time"`
	ServerTime time.Time `json:"server_time"`
	// EvaluatedFound, EvaluatedTime: powerha:gate_evaluated:timestamp_seconds, which tells not ready from not evaluated.
	EvaluatedFound bool      `json:"evaluated_found"`
	EvaluatedTime  time.Time `json:"evaluated_time"`
	// Window is powerha:gate_window:seconds, the span over which the gate looks; 0 when absent.
	Window time.Duration `json:"window"`
}

// EvidenceItem is one item of evidence as people and the journal see it.
type EvidenceItem struct {
	Name   string        `json:"name"`   // gate, local_probes, peer_probes, cluster, product_script, …
	Source string        `json:"source"` // a URL, "exporter", "peer node2", a command
	Value  string        `json:"value"`
	Age    time.Duration `json:"age"`
	OK     bool          `json:"ok"`
	Reason string        `json:"reason,omitempty"` // a reason constant when not OK
}
