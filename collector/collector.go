package collector

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"
)

// Collector publishes the last view it was given. A scrape copies what is ready: the metrics of a view are made once,
// when it is set.
type Collector struct {
	table   map[string]entry
	current atomic.Pointer[[]prometheus.Metric]
}

type entry struct {
	Metric
	desc *prometheus.Desc
}

// New returns a collector with no view yet: it publishes nothing.
func New() *Collector {
	c := &Collector{table: make(map[string]entry)}
	for _, m := range Metrics() {
		if m.Program == ProgramExporter {
			c.table[m.Name] = entry{Metric: m, desc: m.Desc()}
		}
	}
	return c
}

// Set makes v the view that is published from now on.
func (c *Collector) Set(v *View) {
	metrics := c.render(v)
	c.current.Store(&metrics)
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, e := range c.table {
		ch <- e.desc
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	metrics := c.current.Load()
	if metrics == nil {
		return
	}
	for _, m := range *metrics {
		ch <- m
	}
}

func (c *Collector) render(v *View) []prometheus.Metric {
	e := &emitter{table: c.table, cluster: v.Cluster, node: v.Node, created: v.Created, seen: make(map[string]bool)}
	self(e, v)
	if v.Cluster == "" || v.Node == "" {
		return e.out
	}
	publish := map[string]func(*emitter, *View){
		Migration: migration, Freeze: freeze, ResourceGroup: resourceGroup, Cluster: cluster,
		Variables: variables, Application: application, Peer: peer,
	}
	for _, s := range v.Collectors {
		if f, ok := publish[s.Name]; ok {
			f(e, v)
		}
	}
	return e.out
}

// emitter turns values into metrics with the labels that every series carries.
type emitter struct {
	table         map[string]entry
	cluster, node string
	created       time.Time
	seen          map[string]bool
	out           []prometheus.Metric
}

// labels completes the labels of a series. What a command printed is not trusted: a name that is no UTF-8 is mended,
// and a series that is there already (a row printed twice) is left out, because either would fail the whole scrape.
func (e *emitter) labels(name string, more []string) (values []string, first bool) {
	values = make([]string, 0, 2+len(more))
	values = append(values, e.cluster, e.node)
	values = append(values, more...)
	key := name
	for i, v := range values {
		values[i] = strings.ToValidUTF8(v, "\uFFFD")
		key += "\xff" + values[i]
	}
	if e.seen[key] {
		return nil, false
	}
	e.seen[key] = true
	return values, true
}

// set publishes one series.
func (e *emitter) set(name string, v float64, labels ...string) {
	values, first := e.labels(name, labels)
	if !first {
		return
	}
	m := e.table[name]
	if m.Type == TypeCounter {
		e.out = append(e.out, prometheus.MustNewConstMetricWithCreatedTimestamp(
			m.desc, prometheus.CounterValue, v, e.created, values...))
		return
	}
	e.out = append(e.out, prometheus.MustNewConstMetric(m.desc, prometheus.GaugeValue, v, values...))
}

func (e *emitter) bool(name string, v bool, labels ...string) {
	if v {
		e.set(name, 1, labels...)
		return
	}
	e.set(name, 0, labels...)
}

func (e *emitter) seconds(name string, d time.Duration, labels ...string) {
	e.set(name, d.Seconds(), labels...)
}

// optional publishes a duration that may not be known.
func (e *emitter) optional(name string, d *time.Duration, labels ...string) {
	if d != nil {
		e.seconds(name, *d, labels...)
	}
}

// time publishes a moment in Unix seconds with whole milliseconds, unless it never was.
func (e *emitter) time(name string, t time.Time, labels ...string) {
	if !t.IsZero() {
		e.set(name, float64(t.UnixMilli())/1000, labels...)
	}
}

// state publishes a whole state set. A state that the table does not have counts as unknown.
func (e *emitter) state(name, current string, labels ...string) {
	m := e.table[name]
	found := false
	for _, s := range m.States {
		found = found || s == current
	}
	if !found {
		current = "unknown"
	}
	for _, s := range m.States {
		e.bool(name, s == current, append(labels[:len(labels):len(labels)], s)...)
	}
}

// counts publishes a counter for each state of its last label, those never counted with 0.
func (e *emitter) counts(name string, n map[string]uint64) {
	for _, s := range e.table[name].States {
		e.set(name, float64(n[s]), s)
	}
}

func (e *emitter) histogram(name string, h Histogram, labels ...string) {
	values, first := e.labels(name, labels)
	if !first || len(h.Counts) != len(h.Bounds)+1 {
		return
	}
	buckets := make(map[float64]uint64, len(h.Bounds))
	var n uint64
	for i, b := range h.Bounds {
		n += h.Counts[i]
		buckets[b] = n
	}
	n += h.Counts[len(h.Bounds)]
	m := prometheus.MustNewConstHistogramWithCreatedTimestamp(
		e.table[name].desc, n, h.Sum, buckets, e.created, values...)
	var exemplars []prometheus.Exemplar
	for _, x := range h.Exemplars {
		exemplars = append(exemplars, prometheus.Exemplar{
			Value: x.Value, Labels: prometheus.Labels{"episode": x.Episode}, Timestamp: x.At,
		})
	}
	if len(exemplars) > 0 {
		if with, err := prometheus.NewMetricWithExemplars(m, exemplars...); err == nil {
			m = with
		}
	}
	e.out = append(e.out, m)
}

// self publishes what concerns the exporter itself, whether the cluster is known or not.
func self(e *emitter, v *View) {
	for _, s := range v.Collectors {
		e.bool("powerha_exporter_collector_success", s.Success, s.Name)
		e.seconds("powerha_exporter_collector_duration_seconds", s.Duration, s.Name)
		e.time("powerha_exporter_collector_last_success_timestamp_seconds", s.LastSuccess, s.Name)
		e.set("powerha_exporter_collector_timeouts_total", float64(s.Timeouts), s.Name)
	}
	for command, n := range v.ParseErrors {
		e.set("powerha_exporter_parse_errors_total", float64(n), command)
	}
	for fact, d := range v.Disagree {
		e.bool("powerha_exporter_sources_disagree", d, fact)
	}
	e.bool("powerha_exporter_state_writable", v.StateWritable)
	e.bool("powerha_exporter_config_last_reload_successful", !v.Config.Failed)
	e.time("powerha_exporter_config_last_reload_success_timestamp_seconds", v.Config.LoadedAt)
	e.set("powerha_config_info", 1, v.Config.Hash)
	e.set("powerha_lpm_exporter_build_info", 1, version.Version, version.GetRevision(), version.Branch,
		version.GoVersion, version.GoOS, version.GoArch, version.GetTags())
}
