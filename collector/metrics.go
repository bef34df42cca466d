// Package collector publishes what the exporter knows as Prometheus metrics,
// by the one table of every metric of this project. It decides nothing and
// asks nobody: a scrape reads a view that was made before.
package collector

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"powerha_lpm_exporter/collector/table"
)

// Metric is one row of the table.
type Metric = table.Metric

// The types and the programs of metrics.
const (
	TypeGauge     = table.TypeGauge
	TypeCounter   = table.TypeCounter
	TypeHistogram = table.TypeHistogram
	TypeInfo      = table.TypeInfo
	TypeStateSet  = table.TypeStateSet

	ProgramExporter = table.ProgramExporter
	ProgramActor    = table.ProgramActor
)

// Metrics lists every metric of both programs: the exporter's first, each program's in the order of the reference.
func Metrics() []Metric { return table.Metrics() }

// Find returns the metric of that name.
func Find(name string) (Metric, bool) { return table.Find(name) }

// Desc returns the descriptor of a metric. Its variable labels are cluster, node, and then Labels in their order.
func Desc(m Metric) *prometheus.Desc {
	return prometheus.NewDesc(m.Name, m.Help, slices.Concat([]string{"cluster", "node"}, m.Labels), nil)
}

// ValueType is the type for prometheus.NewConstMetric; histograms have none.
func ValueType(m Metric) prometheus.ValueType {
	if m.Type == TypeCounter {
		return prometheus.CounterValue
	}
	return prometheus.GaugeValue
}
