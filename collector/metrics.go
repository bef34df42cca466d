// Package collector publishes what the exporter knows as Prometheus metrics,
// and holds the one table of every metric of this project. It decides nothing
// and asks nobody: a scrape reads a view that was made before.
package collector

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

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

// Desc returns the descriptor. Its variable labels are cluster, node, and then Labels in their order.
func (m Metric) Desc() *prometheus.Desc {
	return prometheus.NewDesc(m.Name, m.Help, slices.Concat([]string{"cluster", "node"}, m.Labels), nil)
}

// ValueType is the type for prometheus.NewConstMetric; histograms have none.
func (m Metric) ValueType() prometheus.ValueType {
	if m.Type == TypeCounter {
		return prometheus.CounterValue
	}
	return prometheus.GaugeValue
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

// Desc returns the descriptor of the metric of that name, with the variable labels cluster, node and the metric's own.
// It panics on a name that the table does not have: that is a fault of the program.
func Desc(name string) *prometheus.Desc {
	m, ok := Find(name)
	if !ok {
		panic("collector: no metric " + name + " in the table")
	}
	return m.Desc()
}

func texts[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

func phases() []string { return texts(model.Phases()) }
