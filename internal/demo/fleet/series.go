package fleet

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"powerha_lpm_exporter/collector/table"
	"powerha_lpm_exporter/internal/demo/ruleset"
)

// series is one synthetic series: its labels, how far back the rules read it,
// and its value at a time; false while a scrape would not have it.
type series struct {
	labels   labels.Labels
	lookback time.Duration
	value    func(time.Time) (float64, bool)
	offset   time.Duration // of its scrapes within the interval
	every    time.Duration // between its samples; 0 is Scrape
}

func (s *series) step() time.Duration {
	if s.every > 0 {
		return s.every
	}
	return Scrape
}

// needs are the selections of all rules by the name of the series.
type needs map[string][]ruleset.Selector

func needsOf(set *ruleset.Set) needs {
	out := make(needs)
	for _, r := range set.Rules {
		for _, s := range ruleset.Selectors(r.AST) {
			out[s.Name] = append(out[s.Name], s)
		}
	}
	return out
}

// lookback says how far back series with these labels are read, and whether they are read at all.
func (n needs) lookback(l labels.Labels) (back time.Duration, read bool) {
	for _, s := range n[l.Get(model.MetricNameLabel)] {
		if s.Matches(l) {
			back, read = max(back, s.Lookback), true
		}
	}
	return back, read
}

// seriesOf makes those series of a cluster that the rules read.
func seriesOf(cluster int, end time.Time, metrics []table.Metric, need needs) []series {
	var out []series
	both := nodes(cluster, end)
	for i := range both {
		n := &both[i]
		for _, m := range metrics {
			for _, name := range exposedNames(m) {
				if len(need[name]) == 0 {
					continue
				}
				for _, set := range n.labelSets(m) {
					out = n.add(out, need, m, name, set)
				}
			}
		}
		for _, job := range []table.Program{table.ProgramExporter, table.ProgramActor} {
			out = n.add(out, need, table.Metric{Name: "up", Type: table.TypeGauge, Program: job}, "up", nil)
		}
	}
	return out
}

// exposedNames are the names of a metric's series; a histogram has three.
func exposedNames(m table.Metric) []string {
	if m.Type != table.TypeHistogram {
		return []string{m.Name}
	}
	return []string{m.Name + "_bucket", m.Name + "_sum", m.Name + "_count"}
}

func (n *node) add(out []series, need needs, m table.Metric, name string, set map[string]string) []series {
	b := labels.NewBuilder(labels.EmptyLabels())
	port := ":10981"
	if m.Program == table.ProgramActor {
		port = ":10982"
	}
	b.Set(model.MetricNameLabel, name).Set("cluster", clusterName(n.cluster)).Set("node", n.name).
		Set("job", string(m.Program)).Set("instance", n.exporterHost+port)
	for k, v := range set {
		b.Set(k, v)
	}
	l := b.Labels()
	back, read := need.lookback(l)
	if !read {
		return out
	}
	value := n.value(m, set)
	if m.Name != "up" { // up itself is 0 where the others are absent
		told := value
		value = func(t time.Time) (float64, bool) {
			if !n.heard(t) {
				return 0, false
			}
			return told(t)
		}
	}
	return append(out, series{labels: l, lookback: back, value: value, offset: n.offset})
}

// labelSets lists the label values with which a node publishes a metric.
func (n *node) labelSets(m table.Metric) []map[string]string {
	if slices.Contains(m.Labels, "probe") {
		return n.probes(m)
	}
	sets := []map[string]string{{}}
	for i, l := range m.Labels {
		values := n.labelValues(l)
		if i == len(m.Labels)-1 && len(m.States) > 0 {
			values = m.States
		}
		var next []map[string]string
		for _, set := range sets {
			for _, v := range values {
				with := map[string]string{l: v}
				for k, v := range set {
					with[k] = v
				}
				next = append(next, with)
			}
		}
		sets = next
	}
	return sets
}

// probes: a local one of the application at home here, and the users' view of the one on the peer.
func (n *node) probes(m table.Metric) []map[string]string {
	sets := []map[string]string{
		{"application": "app-" + n.group, "probe": "port", "vantage": "local", "target_node": n.name},
		{"application": "app-" + n.other, "probe": "users", "vantage": "peer", "target_node": n.peer},
	}
	if len(m.States) == 0 {
		return sets
	}
	var out []map[string]string
	for _, set := range sets {
		for _, state := range m.States {
			with := map[string]string{m.Labels[len(m.Labels)-1]: state}
			for k, v := range set {
				with[k] = v
			}
			out = append(out, with)
		}
	}
	return out
}

// labelValues are those of labels whose values are no closed list in the table.
func (n *node) labelValues(label string) []string {
	switch label {
	case "resource_group":
		groups := []string{n.group, n.other}
		if n.previousGroup != "" {
			groups = append(groups, n.previousGroup)
		}
		return groups
	case "application":
		return []string{"app-" + n.group, "app-" + n.other}
	case "peer":
		return []string{n.peer}
	case "collector":
		return []string{"cluster", "resource_group", "migration", "freeze", "peer", "application", "variables"}
	case "estimator":
		return []string{"clock", "peer", "fused"}
	case "scope":
		return []string{"idle", "lpm"}
	case "check":
		return strings.Fields("product_version no_hyperswap lpm_policy prometheus probes dr_scripts acknowledged understood node manager synchronised groups standby")
	case "evidence":
		return strings.Fields("gate local_probes peer_probes cluster")
	case "variable":
		return strings.Fields("lpm_policy heartbeat_frequency_during_lpm")
	case "command":
		return strings.Fields("clmgr clRGinfo lssrc errpt")
	case "hash":
		return []string{n.hash()}
	case "state":
		return []string{"online"}
	default:
		return []string{"one"}
	}
}

func (n *node) hash() string {
	if n.story == disagreeing && n.first {
		return "b0"
	}
	return "a0"
}
