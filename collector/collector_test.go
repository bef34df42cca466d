package collector

import (
	"bytes"
	"flag"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"powerha_lpm_exporter/internal/model"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func moment(s int64) time.Time { return time.Unix(1_700_000_000+s, 123_456_789).UTC() }

func ptr[T any](v T) *T { return &v }

// fullView has a value for every metric of the exporter.
func fullView() *View {
	v := &View{
		Cluster: "c1", Node: "n1", Created: moment(-100),
		Phase: model.PhaseSettling, PhaseStart: moment(5),
		Migrations: map[model.Result]uint64{model.ResultCompleted: 3},
		LastStart:  moment(0), LastEnd: moment(40),
		MigrationDuration: NewHistogram("powerha_lpm_migration_duration_seconds").Observe(40, "ep-1", moment(40)),
		Freezes: map[string]Histogram{
			ByFused: NewHistogram("powerha_lpm_freeze_duration_seconds").Observe(4.2, "ep-1", moment(20)),
			ByClock: NewHistogram("powerha_lpm_freeze_duration_seconds").Observe(4.1, "", moment(20)),
			ByPeer:  NewHistogram("powerha_lpm_freeze_duration_seconds"),
		},
		LastFreeze: &model.Freeze{
			Start: moment(20), Clock: ptr(4100 * time.Millisecond), ClockBound: 20 * time.Millisecond,
			Fused: ptr(4200 * time.Millisecond), FusedBound: 30 * time.Millisecond, Brownout: ptr(50 * time.Millisecond),
			Visible: model.Visible{Clock: true}, Disagreement: ptr(time.Duration(0)),
		},
		Budgets:  []Budget{{Scope: "idle", Limit: "dead_man_switch", Longest: 30 * time.Second}, {Scope: "lpm", Limit: "node_timeout", Longest: 130 * time.Second}},
		Events:   map[string]uint64{EventNodeDown: 1},
		Unwanted: map[string]uint64{},
		Verdicts: map[model.Verdict]uint64{model.VerdictPass: 2}, LastVerdict: model.VerdictPass, EventLog: true,
		Outages: map[string]time.Duration{"local": 0, "peer": 4 * time.Second},
		Window:  90 * time.Second, WindowRefused: 30 * time.Second, WindowOpen: true, WindowUntil: time.UnixMilli(1_790_000_000_500),
		Leftovers: map[string]bool{"node_timeout": true, "inittab": false},
		Drift:     map[string]bool{"lpm_policy": true},
		Owners:    []model.LastOwner{{Group: "rg1", Nodes: []string{"n1"}}, {Group: "rg2", Nodes: []string{"n2"}}},
		Unmanaged: map[string]time.Time{"rg1": moment(7)},
		Peers: []PeerView{{
			PeerStatus: model.PeerStatus{Node: "n2", Up: true, LastHeartbeat: moment(44), Phase: model.PhaseIdle},
			Silences:   NewHistogram("powerha_peer_silence_seconds").Observe(6, "", moment(0)),
		}},
		Datagrams: map[string]uint64{"sent": 12, "accepted": 11, "bad_mac": 1},
		Probes: []model.ProbeStatus{{
			Application: "db", Probe: "sql", Vantage: "local", TargetNode: "n1", Success: true,
			Duration: 3 * time.Millisecond, LastSuccess: moment(43), Succeeded: 12, Failed: 1,
		}},
		ParseErrors:   map[string]uint64{"clmgr": 0, "clRGinfo": 2},
		Disagree:      map[string]bool{"managed": false},
		StateWritable: true,
		Config:        ConfigState{Hash: "abc", LoadedAt: moment(-90)},
		Fresh:         fullFacts(),
	}
	for _, n := range Names() {
		v.Collectors = append(v.Collectors, State{Name: n, Success: n != Cluster, Duration: time.Second, LastSuccess: moment(30), Timeouts: 1})
	}
	return v
}

func fullFacts() map[model.Source]model.Reading {
	return map[model.Source]model.Reading{
		model.SourceCluster: {Cluster: &model.Cluster{
			Name: "c1", State: model.ClusterStable, Unsynced: ptr(true), HeartbeatFrequency: ptr(30 * time.Second),
			GracePeriod: ptr(10 * time.Second), NetworkFailureDetection: ptr(20 * time.Second), HasLPM: true,
			LPMPolicy: model.PolicyUnmanage, LPMHeartbeat: ptr(120 * time.Second),
		}},
		model.SourceNodes:   {Nodes: []model.Node{{Name: "n1", State: model.NodeUnmanaged}, {Name: "n2", State: model.NodeNormal}}},
		model.SourceManager: {Manager: &model.Manager{State: model.ManagerStable}},
		model.SourceGroups: {Groups: []model.GroupRow{
			{Group: "rg1", Node: "n1", State: model.GroupUnmanaged},
			{Group: "rg1", Node: "n2", State: model.GroupUnmanaged},
			{Group: "rg2", Node: "n1", State: model.GroupOffline},
			{Group: "rg2", Node: "n2", State: model.GroupOnline},
			{Group: "rg2", Node: "n2", State: model.GroupOffline, Secondary: true},
		}},
		model.SourceNodeTimeout:   {NodeTimeout: 120 * time.Second},
		model.SourceDeadmanMode:   {DeadmanMode: "e"},
		model.SourceGroupServices: {DeadManSwitch: ptr(false)},
		model.SourceServer:        {Server: &model.Server{Serial: "78ABC", TypeModel: "9009-42A"}},
		model.SourceMonitors: {Monitors: []model.Monitor{
			{Name: "db_mon", Application: "db", Type: "custom", Mode: "longrunning", Interval: 30 * time.Second},
		}},
	}
}

func gather(t *testing.T, v *View) string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	c := New()
	c.Set(v)
	reg.MustRegister(c)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	enc := expfmt.NewEncoder(&b, expfmt.NewFormat(expfmt.TypeOpenMetrics))
	for _, f := range families {
		if f.GetName() == "powerha_lpm_exporter_build_info" {
			continue // differs by build
		}
		if err := enc.Encode(f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (go test -update rewrites it); got:\n%s", file, diff(string(want), got))
	}
}

func diff(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, l := range w {
		if !slices.Contains(g, l) {
			b.WriteString("-" + l + "\n")
		}
	}
	for _, l := range g {
		if !slices.Contains(w, l) {
			b.WriteString("+" + l + "\n")
		}
	}
	return b.String()
}

func TestGolden(t *testing.T) { golden(t, "testdata/full.metrics", gather(t, fullView())) }

// Without the names of cluster and node nothing of them is published, and what concerns the exporter is.
func TestUnidentified(t *testing.T) {
	v := fullView()
	v.Cluster = ""
	got := gather(t, v)
	if strings.Contains(got, "resource_group=") || strings.Contains(got, "powerha_lpm_phase") {
		t.Errorf("publishes entities of a cluster that is not known:\n%s", got)
	}
	if !strings.Contains(got, `powerha_exporter_collector_success{cluster="",collector="cluster",node="n1"} 0`) {
		t.Errorf("does not say how its collectors fare:\n%s", got)
	}
}

// A view of nothing known has unknown states, and no made-up values.
func TestNothingKnown(t *testing.T) {
	v := &View{Cluster: "c1", Node: "n1", Created: moment(0), Owners: []model.LastOwner{{Group: "rg1", Nodes: []string{"n2"}}}}
	for _, n := range Names() {
		v.Collectors = append(v.Collectors, State{Name: n})
	}
	golden(t, "testdata/unknown.metrics", gather(t, v))
}

// A collector that is switched off publishes nothing.
func TestDisabled(t *testing.T) {
	v := fullView()
	v.Collectors = v.Collectors[:1]
	if got := gather(t, v); strings.Contains(got, "powerha_cluster_state") || !strings.Contains(got, "powerha_lpm_phase") {
		t.Errorf("got:\n%s", got)
	}
}

// What commands print cannot break the scrape: not a row that is there twice, and not bytes that are no text.
func TestHostileNames(t *testing.T) {
	v := fullView()
	rows := v.Fresh[model.SourceGroups].Groups
	rows = append(rows, rows[0], rows[3], model.GroupRow{Group: "a\xffb\n\"", Node: "n1", State: "surprise"},
		model.GroupRow{Group: "a\xfeb\n\"", Node: "n1", State: "surprise"})
	v.Fresh[model.SourceGroups] = model.Reading{Groups: rows}
	v.Fresh[model.SourceNodes] = model.Reading{Nodes: []model.Node{{Name: "n2"}, {Name: "n2"}, {Name: "n1", State: "odd"}}}
	got := gather(t, v)
	for _, want := range []string{
		`powerha_node_state{cluster="c1",node="n1",state="unknown"} 1`,
		"resource_group=\"a\uFFFDb\\n\\\"\",state=\"unknown\"} 1",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// Every state set sums to exactly 1, and every metric of the table is published for the full view.
func TestStateSetsAndTable(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	c := New()
	c.Set(fullView())
	reg.MustRegister(c)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sums := make(map[string]map[string]float64)
	for _, f := range families {
		m, ok := Find(f.GetName())
		if !ok {
			t.Errorf("%s is not in the table", f.GetName())
			continue
		}
		sums[m.Name] = make(map[string]float64)
		for _, s := range f.GetMetric() {
			var key []string
			for _, l := range s.GetLabel() {
				if m.Type == TypeStateSet && l.GetName() == m.Labels[len(m.Labels)-1] {
					if !slices.Contains(m.States, l.GetValue()) {
						t.Errorf("%s has the state %q", m.Name, l.GetValue())
					}
					continue
				}
				key = append(key, l.GetName()+"="+l.GetValue())
			}
			sums[m.Name][strings.Join(key, ",")] += s.GetGauge().GetValue()
		}
		if m.Type == TypeStateSet {
			for key, sum := range sums[m.Name] {
				if sum != 1 {
					t.Errorf("%s{%s} sums to %v", m.Name, key, sum)
				}
			}
		}
	}
	for _, m := range Metrics() {
		if _, ok := sums[m.Name]; !ok && m.Program == ProgramExporter {
			t.Errorf("%s is in the table and not published", m.Name)
		}
	}
}

func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range Metrics() {
		if seen[m.Name] {
			t.Errorf("%s is there twice", m.Name)
		}
		seen[m.Name] = true
		switch {
		case !strings.HasPrefix(m.Name, "powerha_"), m.Help == "", !strings.HasSuffix(m.Help, "."):
			t.Errorf("%s: name or help %q", m.Name, m.Help)
		case m.Type == TypeCounter != strings.HasSuffix(m.Name, "_total"):
			t.Errorf("%s is a %s", m.Name, m.Type)
		case m.Type == TypeHistogram != (len(m.Buckets) > 0), !slices.IsSorted(m.Buckets):
			t.Errorf("%s has the buckets %v", m.Name, m.Buckets)
		case m.Type == TypeStateSet && (len(m.States) == 0 || len(m.Labels) == 0):
			t.Errorf("%s has no states", m.Name)
		case slices.Contains(m.Labels, "cluster") || slices.Contains(m.Labels, "node") || slices.Contains(m.Labels, "episode"):
			t.Errorf("%s has the labels %v", m.Name, m.Labels)
		}
		if m.Type == TypeStateSet && m.Program == ProgramExporter && !slices.Contains(m.States, "unknown") {
			t.Errorf("%s has no unknown", m.Name)
		}
	}
}

// The budget of series: 250 + 11 a group + 1 a group and peer + 3 a monitor + 5 a probe, vantage and target + 32 a peer.
func TestSeriesBudget(t *testing.T) {
	for _, size := range []struct{ nodes, groups int }{{2, 10}, {16, 64}} {
		v, budget := bigView(size.nodes, size.groups)
		reg := prometheus.NewPedanticRegistry()
		c := New()
		c.Set(v)
		reg.MustRegister(c)
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range families {
			for _, m := range f.GetMetric() {
				n++
				if h := m.GetHistogram(); h != nil {
					n += len(h.GetBucket()) + 2 // +Inf, sum, count are three for one
				}
			}
		}
		t.Logf("%d nodes, %d groups: %d series of %d", size.nodes, size.groups, n, budget)
		if n > budget {
			t.Errorf("%d nodes, %d groups: %d series, %d allowed", size.nodes, size.groups, n, budget)
		}
	}
}

// bigView fills everything that grows with the cluster.
func bigView(nodes, groups int) (v *View, budget int) {
	v = fullView()
	v.LastFreeze.Peer, v.LastFreeze.RTC = ptr(time.Second), ptr(time.Second)
	everyLabel(v)
	v.Owners, v.Unmanaged, v.Peers, v.Probes = nil, map[string]time.Time{}, nil, nil
	var rows []model.GroupRow
	var all []model.Node
	var monitors []model.Monitor
	name := func(prefix string, i int) string { return prefix + string(rune('a'+i/26)) + string(rune('a'+i%26)) }
	v.Node = name("n", 0)
	for n := range nodes {
		all = append(all, model.Node{Name: name("n", n), State: model.NodeNormal})
		if n > 0 {
			v.Peers = append(v.Peers, PeerView{
				PeerStatus: model.PeerStatus{Node: name("n", n), LastHeartbeat: moment(0)}, Silences: NewHistogram("powerha_peer_silence_seconds"),
			})
		}
		for g := range groups {
			rows = append(rows, model.GroupRow{Group: name("g", g), Node: name("n", n), State: model.GroupUnmanaged})
		}
	}
	for g := range groups {
		v.Owners = append(v.Owners, model.LastOwner{Group: name("g", g), Nodes: []string{v.Node}})
		v.Unmanaged[name("g", g)] = moment(0)
		monitors = append(monitors, model.Monitor{Name: name("m", g), Application: name("g", g)})
		v.Probes = append(v.Probes, model.ProbeStatus{Application: name("g", g), Probe: "p", Vantage: "local", TargetNode: v.Node, LastSuccess: moment(0)})
	}
	v.Fresh[model.SourceGroups] = model.Reading{Groups: rows}
	v.Fresh[model.SourceNodes] = model.Reading{Nodes: all}
	v.Fresh[model.SourceMonitors] = model.Reading{Monitors: monitors}
	return v, 250 + 11*groups + groups*(nodes-1) + 3*groups + 5*groups + 32*(nodes-1)
}

// everyLabel fills what has a label value for each of a closed list.
func everyLabel(v *View) {
	fill := func(metric string, out map[string]bool) {
		m, ok := Find(metric)
		if !ok || len(m.States) == 0 {
			panic(metric)
		}
		for _, s := range m.States {
			out[s] = true
		}
	}
	fill("powerha_exporter_sources_disagree", v.Disagree)
	fill("powerha_lpm_leftover", v.Leftovers)
	fill("powerha_variable_drift", v.Drift)
	for _, command := range []string{ // others are there after the first line that was not understood
		"clmgr", "clRGinfo", "lssrc", "clctrl", "lsitab", "lscluster", "errpt", "lsattr", "episode_log", "event_log", "clutils_log",
	} {
		v.ParseErrors[command] = 0
	}
	v.Datagrams = map[string]uint64{"sent": 1, "accepted": 1, "unproven": 1}
}

func TestHistogram(t *testing.T) {
	h := NewHistogram("powerha_lpm_freeze_duration_seconds")
	if !h.Fits("powerha_lpm_freeze_duration_seconds") || h.Fits("powerha_peer_silence_seconds") || h.Fits("nothing") {
		t.Error("does not know its metric")
	}
	a := h.Observe(0.05, "e1", moment(0))
	b := a.Observe(0.04, "e2", moment(1)).Observe(math.MaxFloat64, "e3", moment(2)).Observe(3, "", moment(3))
	if h.Counts[0] != 0 || a.Counts[0] != 1 || b.Counts[0] != 2 || b.Counts[len(b.Bounds)] != 1 {
		t.Errorf("counts %v, %v, %v", h.Counts, a.Counts, b.Counts)
	}
	if len(b.Exemplars) != 2 || b.Exemplars[1].Episode != "e2" {
		t.Errorf("exemplars %+v: want the latest of each bucket", b.Exemplars)
	}
}
