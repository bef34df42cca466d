// Package table is the one table of every metric of this project. It depends
// on nothing that publishes them, so that whoever only prints it stays light.
package table

import (
	"slices"

	"powerha_lpm_exporter/internal/events"
	"powerha_lpm_exporter/internal/model"
)

// Type is the type of a metric, as exposed.
type Type string

// The types. TypeInfo is a gauge that is always 1.
const (
	TypeGauge     Type = "gauge"
	TypeCounter   Type = "counter"
	TypeHistogram Type = "histogram"
	TypeInfo      Type = "info"
	TypeStateSet  Type = "stateset" // one 0/1 series a state, summing to exactly 1
)

// Program is the program that publishes a metric.
type Program string

// The programs.
const (
	ProgramExporter Program = "powerha_lpm_exporter"
	ProgramActor    Program = "powerha_lpm_actor"
)

// The cluster events that are counted.
const (
	EventNodeDown = "node_down" // another node went offline
	EventNodeUp   = "node_up"   // another node came back
	EventTakeover = "takeover"  // a resource group came online on a node that did not own it
)

// Metric is one row of the table.
type Metric struct {
	Name string
	Type Type
	Help string
	// Labels are those beside cluster and node, which every series carries. Of a state set the last one is the state.
	Labels []string
	// States are the values of the last label, where that label is an enumeration: every one is always present.
	States  []string
	Program Program
	// Buckets are the upper bounds of a histogram.
	Buckets []float64
}

// Metrics lists every metric of both programs: the exporter's first, each program's in the order of the reference.
func Metrics() []Metric {
	return slices.Concat(migrationMetrics(), clusterMetrics(), groupMetrics(), peerMetrics(), applicationMetrics(),
		selfMetrics(), actorMetrics())
}

// Find returns the metric of that name.
func Find(name string) (Metric, bool) {
	for _, m := range Metrics() {
		if m.Name == name {
			return m, true
		}
	}
	return Metric{}, false
}

func texts[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

func phases() []string { return texts(model.Phases()) }

// Events lists the values of label event of the metrics that count cluster events.
func Events() []string { return events.Kinds() }

// UnwantedEvents lists those that may be unwanted.
func UnwantedEvents() []string { return events.UnwantedKinds() }
