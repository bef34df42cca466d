package collector

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"
)

// Collector publishes the last view it was given. A scrape copies what is ready: the metrics of a view are made when
// it is set, and those that are as they were before are kept.
type Collector struct {
	table   map[string]entry
	current atomic.Pointer[[]prometheus.Metric]

	// series and turn belong to the goroutine that calls Set.
	series map[string]*series
	turn   uint64
}

type entry struct {
	Metric
	desc *prometheus.Desc
}

// series is a metric as it was last made.
type series struct {
	metric prometheus.Metric
	value  float64 // or a histogram's sum
	count  uint64  // a histogram's
	turn   uint64  // of the view that has it
}

// New returns a collector with no view yet: it publishes nothing.
func New() *Collector {
	c := &Collector{table: make(map[string]entry), series: make(map[string]*series)}
	for _, m := range Metrics() {
		if m.Program == ProgramExporter {
			c.table[m.Name] = entry{Metric: m, desc: Desc(m)}
		}
	}
	return c
}

// Set makes v the view that is published from now on. It must not be called by two goroutines at once.
func (c *Collector) Set(v *View) {
	c.turn++
	metrics := c.render(v)
	for key, s := range c.series {
		if s.turn != c.turn {
			delete(c.series, key)
		}
	}
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
	e := &emitter{Collector: c, cluster: v.Cluster, node: v.Node, created: v.Created, out: make([]prometheus.Metric, 0, len(c.series)+16)}
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
	*Collector
	cluster, node string
	created       time.Time
	key           []byte
	out           []prometheus.Metric
}

// find returns the series of that name and labels. It is nil when the view has it already: a row that a command
// printed twice must not fail the whole scrape.
func (e *emitter) find(name string, labels []string) *series {
	e.key = append(e.key[:0], name...)
	for _, l := range [...]string{e.cluster, e.node} {
		e.key = append(append(e.key, 0xff), l...)
	}
	for _, l := range labels {
		e.key = append(append(e.key, 0xff), mend(l)...)
	}
	s := e.series[string(e.key)]
	if s == nil {
		s = &series{}
		e.series[string(e.key)] = s
	}
	if s.turn == e.turn {
		return nil
	}
	s.turn = e.turn
	return s
}

// labels completes the labels of a series.
func (e *emitter) labels(more []string) []string {
	values := append([]string{e.cluster, e.node}, more...)
	for i, v := range values {
		values[i] = mend(v)
	}
	return values
}

// mend replaces what is no UTF-8: commands may print it, and client_golang refuses it.
func mend(label string) string { return strings.ToValidUTF8(label, "\uFFFD") }

// set publishes one series.
func (e *emitter) set(name string, v float64, labels ...string) {
	s := e.find(name, labels)
	if s == nil {
		return
	}
	if m := e.table[name]; s.metric == nil || s.value != v {
		s.value = v
		if m.Type == TypeCounter {
			s.metric = prometheus.MustNewConstMetricWithCreatedTimestamp(
				m.desc, prometheus.CounterValue, v, e.created, e.labels(labels)...)
		} else {
			s.metric = prometheus.MustNewConstMetric(m.desc, prometheus.GaugeValue, v, e.labels(labels)...)
		}
	}
	e.out = append(e.out, s.metric)
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
	all := append(labels[:len(labels):len(labels)], "")
	for _, s := range m.States {
		all[len(all)-1] = s
		e.bool(name, s == current, all...)
	}
}

// counts publishes a counter for each state of its last label, those never counted with 0.
func (e *emitter) counts(name string, n map[string]uint64) {
	for _, s := range e.table[name].States {
		e.set(name, float64(n[s]), s)
	}
}

// counted publishes a counter for those states of its last label that were ever counted, and for the named ones always.
func (e *emitter) counted(name string, n map[string]uint64, always ...string) {
	for _, s := range e.table[name].States {
		if n[s] > 0 || slices.Contains(always, s) {
			e.set(name, float64(n[s]), s)
		}
	}
}

func (e *emitter) histogram(name string, h Histogram, labels ...string) {
	if len(h.Counts) != len(h.Bounds)+1 {
		return
	}
	s := e.find(name, labels)
	if s == nil {
		return
	}
	var count uint64
	for _, n := range h.Counts {
		count += n
	}
	if s.metric == nil || s.count != count || s.value != h.Sum {
		s.count, s.value = count, h.Sum
		s.metric = e.newHistogram(name, h, count, labels)
	}
	e.out = append(e.out, s.metric)
}

func (e *emitter) newHistogram(name string, h Histogram, count uint64, labels []string) prometheus.Metric {
	buckets := make(map[float64]uint64, len(h.Bounds))
	var n uint64
	for i, b := range h.Bounds {
		n += h.Counts[i]
		buckets[b] = n
	}
	m := prometheus.MustNewConstHistogramWithCreatedTimestamp(
		e.table[name].desc, count, h.Sum, buckets, e.created, e.labels(labels)...)
	var exemplars []prometheus.Exemplar
	for _, x := range h.Exemplars {
		exemplars = append(exemplars, prometheus.Exemplar{
			Value: x.Value, Labels: prometheus.Labels{"episode": x.Episode}, Timestamp: x.At,
		})
	}
	if len(exemplars) == 0 {
		return m
	}
	with, err := prometheus.NewMetricWithExemplars(m, exemplars...)
	if err != nil {
		return m // an id too long for an exemplar
	}
	return with
}

// self publishes what concerns the exporter itself, whether the cluster is known or not.
func self(e *emitter, v *View) {
	for _, s := range v.Collectors {
		e.bool("powerha_exporter_collector_success", s.Success, s.Name)
		e.time("powerha_exporter_collector_last_success_timestamp_seconds", s.LastSuccess, s.Name)
		if s.Name != Freeze && s.Name != Peer { // which run no command
			e.seconds("powerha_exporter_collector_duration_seconds", s.Duration, s.Name)
			e.set("powerha_exporter_collector_timeouts_total", float64(s.Timeouts), s.Name)
		}
	}
	for command, n := range v.ParseErrors {
		e.set("powerha_exporter_parse_errors_total", float64(n), command)
	}
	for fact, d := range v.Disagree {
		e.bool("powerha_exporter_sources_disagree", d, fact)
	}
	e.bool("powerha_exporter_event_log_readable", v.EventLog)
	e.bool("powerha_exporter_state_writable", v.StateWritable)
	e.bool("powerha_exporter_config_last_reload_successful", !v.Config.Failed)
	e.time("powerha_exporter_config_last_reload_success_timestamp_seconds", v.Config.LoadedAt)
	e.set("powerha_config_info", 1, v.Config.Hash)
	e.set("powerha_lpm_exporter_build_info", 1, version.Version, version.GetRevision(), version.Branch,
		version.GoVersion, version.GoOS, version.GoArch, version.GetTags())
}
