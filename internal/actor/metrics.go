package actor

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"powerha_lpm_exporter/collector"
)

// Metrics publishes the actor's view. The table of collector says what there is.
type Metrics struct {
	view    func() View
	webhook func() map[string]uint64
	table   map[string]published
}

type published struct {
	collector.Metric
	desc *prometheus.Desc
}

// NewMetrics returns a collector over the view; webhook counts the requests to the webhook by result, and may be nil.
func NewMetrics(view func() View, webhook func() map[string]uint64) *Metrics {
	m := &Metrics{view: view, webhook: webhook, table: map[string]published{}}
	for _, row := range collector.Metrics() {
		if row.Program == collector.ProgramActor {
			m.table[row.Name] = published{row, collector.Desc(row)}
		}
	}
	return m
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, p := range m.table {
		ch <- p.desc
	}
}

// sink sends series of one node.
type sink struct {
	m             *Metrics
	ch            chan<- prometheus.Metric
	cluster, node string
}

func (s sink) put(name string, v float64, labels ...string) {
	p := s.m.table[name]
	s.ch <- prometheus.MustNewConstMetric(p.desc, collector.ValueType(p.Metric), v, append([]string{s.cluster, s.node}, labels...)...)
}

func (s sink) flag(name string, on bool, labels ...string) {
	v := 0.0
	if on {
		v = 1
	}
	s.put(name, v, labels...)
}

func (s sink) timestamp(name string, t time.Time, labels ...string) {
	if !t.IsZero() {
		s.put(name, float64(t.UnixMilli())/1000, labels...)
	}
}

// Collect implements prometheus.Collector. No series is there until the cluster's name is known.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	v := m.view()
	s := sink{m, ch, v.Status.Cluster, v.Status.Node}
	if s.cluster == "" {
		return
	}
	for _, st := range m.table["powerha_actor_state"].States {
		s.flag("powerha_actor_state", st == v.Status.State, st)
	}
	for _, c := range v.Checks {
		s.flag("powerha_actor_preflight_ready", c.OK, c.Name)
	}
	s.flag("powerha_actor_window_open", v.Window)
	for k, n := range v.Counters.Decisions {
		s.put("powerha_actor_decisions_total", float64(n), k[0], k[1])
	}
	m.commands(s, v)
	for variable, dirty := range v.Dirty {
		s.flag("powerha_actor_variables_dirty", dirty, variable)
	}
	s.timestamp("powerha_actor_suspension_deadline_timestamp_seconds", v.Status.Deadline)
	s.put("powerha_actor_pending_approvals", float64(v.Pending))
	s.flag("powerha_actor_held", v.Held)
	s.flag("powerha_actor_dry_run", v.Status.DryRun)
	for name, t := range v.Evidence {
		s.timestamp("powerha_actor_evidence_timestamp_seconds", t, name)
	}
	if m.webhook != nil {
		counts := m.webhook()
		for _, r := range m.table["powerha_actor_webhook_requests_total"].States {
			s.put("powerha_actor_webhook_requests_total", float64(counts[r]), r)
		}
	}
	s.put("powerha_actor_journal_records_total", float64(v.Counters.JournalRecords))
	s.put("powerha_actor_journal_errors_total", float64(v.Counters.JournalErrors))
	s.put("powerha_lpm_actor_build_info", 1, version.Version, version.GetRevision(), version.Branch, version.GoVersion, runtime.GOOS, runtime.GOARCH, version.GetTags())
}

// commands publishes counts and durations of every modifying command, run or not.
func (m *Metrics) commands(s sink, v View) {
	for _, c := range []string{actUnmanage, actResume, actMove, actSet, actSync} {
		for _, r := range m.table["powerha_actor_commands_total"].States {
			s.put("powerha_actor_commands_total", float64(v.Counters.Commands[[2]string{c, r}]), c, r)
		}
		p := m.table["powerha_actor_command_duration_seconds"]
		buckets := make(map[float64]uint64, len(p.Buckets))
		sum := 0.0
		for _, b := range p.Buckets {
			buckets[b] = 0
		}
		for _, d := range v.Counters.Durations[c] {
			sum += d.Seconds()
			for _, b := range p.Buckets {
				if d.Seconds() <= b {
					buckets[b]++
				}
			}
		}
		s.ch <- prometheus.MustNewConstHistogram(p.desc, uint64(len(v.Counters.Durations[c])), sum, buckets, s.cluster, s.node, c)
	}
}
