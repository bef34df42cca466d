package crosscheck

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

var update = flag.Bool("update", false, "rewrite the table in docs/crosscheck.md")

func ptr[T any](v T) *T { return &v }

func at(s int) model.Instant {
	d := time.Duration(s) * time.Second
	return model.Instant{Wall: time.Unix(1_700_000_000, 0).Add(d), Mono: d}
}

type readings map[model.Source]model.Reading

// sound is a cluster of two nodes in which every witness agrees.
func sound() readings {
	return readings{
		model.SourceNodes:   {Nodes: []model.Node{{Name: "n1", State: model.NodeNormal, Raw: "ST_STABLE"}, {Name: "n2", State: model.NodeNormal, Raw: "ST_STABLE"}}},
		model.SourceManager: {Manager: &model.Manager{State: model.ManagerStable}},
		model.SourceGroups: {Groups: []model.GroupRow{
			{Group: "rg1", Node: "n1", State: model.GroupOnline},
			{Group: "rg1", Node: "n2", State: model.GroupOffline},
			{Group: "rg1", Node: "n2", State: model.GroupOnline, Secondary: true},
		}},
		model.SourceGroupAttrs:  {GroupAttrs: []model.GroupAttr{{Name: "rg1", State: model.GroupOnline, CurrentNodes: []string{"n1"}}}},
		model.SourceNodeTimeout: {NodeTimeout: 30 * time.Second},
		model.SourceTunables:    {Tunables: map[string]string{"node_timeout": "30000", "node_down_delay": "10000", "network_fdt": "20000"}},
		model.SourceCluster: {Cluster: &model.Cluster{
			HeartbeatFrequency: ptr(30 * time.Second), GracePeriod: ptr(10 * time.Second), NetworkFailureDetection: ptr(20 * time.Second),
			HasLPM: true, LPMPolicy: model.PolicyUnmanage, LPMHeartbeat: ptr(120 * time.Second),
		}},
		model.SourcePolicyODM:  {PolicyODM: model.PolicyUnmanage},
		model.SourceTimeoutODM: {TimeoutODM: ptr(120 * time.Second)},
		model.SourceMembers:    {Members: []model.Member{{Name: "n1.example.com", Up: true, Local: true}, {Name: "N2", Up: true}}},
		model.SourceErrlog:     {},
	}
}

func input(r readings) Input {
	return Input{
		Node: "n1", Phase: model.PhaseIdle, Readings: r, MaxApart: 15 * time.Second,
		Owners: []model.LastOwner{{Group: "rg1", Nodes: []string{"n1"}}}, Untold: ptr(false),
	}
}

func TestSound(t *testing.T) {
	seen := make(map[Fact]bool)
	for _, r := range Compare(input(sound())) {
		seen[r.Fact] = true
		if r.Verdict != Agree || r.Why != WhySame || r.Text == "" {
			t.Errorf("%s, %s and %s: %s %s %q", r.Fact, r.Wins, r.Other, r.Verdict, r.Why, r.Text)
		}
	}
	for _, f := range Facts() {
		if !seen[f] {
			t.Errorf("%s is never compared", f)
		}
	}
}

func TestCompare(t *testing.T) {
	node := func(s model.NodeState, raw string) func(readings, *Input) {
		return func(r readings, _ *Input) { r[model.SourceNodes].Nodes[0] = model.Node{Name: "n1", State: s, Raw: raw} }
	}
	both := func(fs ...func(readings, *Input)) func(readings, *Input) {
		return func(r readings, in *Input) {
			for _, f := range fs {
				f(r, in)
			}
		}
	}
	forced := func(names ...string) func(readings, *Input) {
		return func(r readings, _ *Input) { r[model.SourceManager].Manager.ForcedDown = names }
	}
	rows := func(here, there model.GroupState) func(readings, *Input) {
		return func(r readings, _ *Input) {
			r[model.SourceGroups].Groups[0].State, r[model.SourceGroups].Groups[1].State = here, there
		}
	}
	attr := func(a model.GroupAttr) func(readings, *Input) {
		return func(r readings, _ *Input) { r[model.SourceGroupAttrs].GroupAttrs[0] = a }
	}
	renamed := func(r readings, _ *Input) { r[model.SourceNodes].Nodes[0].Name = "n9" }
	tests := []struct {
		name  string
		set   func(readings, *Input)
		fact  Fact
		other model.Source
		want  Verdict
		why   Why
	}{
		{"unmanaged for both", both(node(model.NodeUnmanaged, "UNMANAGED"), forced("n1")), Managed, model.SourceManager, Agree, WhySame},
		{"unmanaged, and lssrc has no list", node(model.NodeUnmanaged, "UNMANAGED"), Managed, model.SourceManager, None, WhyNotTold},
		{"unmanaged, and lssrc has another node", both(node(model.NodeUnmanaged, "UNMANAGED"), forced("n2")), Managed, model.SourceManager, Differ, WhyState},
		{"managed, and forced down", forced("n1"), Managed, model.SourceManager, Differ, WhyState},
		{"another node is forced down", forced("n2"), Managed, model.SourceManager, Agree, WhySame},
		{"joins", node(model.NodeJoining, "ST_JOINING"), Managed, model.SourceManager, None, WhyMoving},
		{"this node has another name", renamed, Managed, model.SourceManager, None, WhyRenamed},
		{"no manager", func(r readings, _ *Input) { r[model.SourceManager] = model.Reading{} }, Managed, model.SourceManager, None, WhyNotRead},

		{"unmanaged with an online group", node(model.NodeUnmanaged, "UNMANAGED"), Managed, model.SourceGroups, Differ, WhyState},
		{"unmanaged with its group", both(node(model.NodeUnmanaged, "UNMANAGED"), rows(model.GroupUnmanaged, model.GroupUnmanaged)), Managed, model.SourceGroups, Agree, WhySame},
		{"managed with an unmanaged group of its own", rows(model.GroupUnmanaged, model.GroupUnmanaged), Managed, model.SourceGroups, Differ, WhyState},
		{"managed with an unmanaged group of another", both(rows(model.GroupUnmanaged, model.GroupUnmanaged), func(_ readings, in *Input) { in.Owners[0].Nodes = []string{"n2"} }), Managed, model.SourceGroups, None, WhyNotTold},
		{"owns nothing", rows(model.GroupOffline, model.GroupOnline), Managed, model.SourceGroups, None, WhyNotTold},
		{"this node has another name, groups", renamed, Managed, model.SourceGroups, None, WhyRenamed},
		{"services are down", node(model.NodeOffline, "ST_INIT"), Managed, model.SourceGroups, None, WhyMoving},

		{"not told by the script", func(_ readings, in *Input) { in.Untold = ptr(true) }, Migration, model.SourceErrlog, Differ, WhyUntold},
		{"script's log not readable", func(_ readings, in *Input) { in.Untold = nil }, Migration, model.SourceErrlog, None, WhyNotRead},

		{"group is elsewhere", attr(model.GroupAttr{Name: "rg1", State: model.GroupOnline, CurrentNodes: []string{"n2"}}), ResourceGroup, model.SourceGroupAttrs, Differ, WhyOwners},
		{"order of nodes", both(rows(model.GroupOnline, model.GroupOnline), attr(model.GroupAttr{Name: "rg1", State: model.GroupOnline, CurrentNodes: []string{"n2", "n1"}})), ResourceGroup, model.SourceGroupAttrs, Agree, WhySame},
		{"nodes alone", attr(model.GroupAttr{Name: "rg1", CurrentNodes: []string{"n2"}}), ResourceGroup, model.SourceGroupAttrs, Differ, WhyOwners},
		{"state alone", attr(model.GroupAttr{Name: "rg1", State: model.GroupOnline}), ResourceGroup, model.SourceGroupAttrs, Agree, WhySame},
		{"neither", attr(model.GroupAttr{Name: "rg1"}), ResourceGroup, model.SourceGroupAttrs, None, WhyNotTold},
		{"offline for one", attr(model.GroupAttr{Name: "rg1", State: model.GroupOffline}), ResourceGroup, model.SourceGroupAttrs, Differ, WhyState},
		{"offline for both", both(rows(model.GroupOffline, model.GroupOffline), attr(model.GroupAttr{Name: "rg1", State: model.GroupOffline})), ResourceGroup, model.SourceGroupAttrs, Agree, WhySame},
		{"unmanaged for one", rows(model.GroupUnmanaged, model.GroupUnmanaged), ResourceGroup, model.SourceGroupAttrs, Differ, WhyState},
		{"unmanaged for both, groups", both(rows(model.GroupUnmanaged, model.GroupUnmanaged), attr(model.GroupAttr{Name: "rg1", State: model.GroupUnmanaged, CurrentNodes: []string{"n1"}})), ResourceGroup, model.SourceGroupAttrs, Agree, WhySame},
		{"moves", rows(model.GroupReleasing, model.GroupAcquiring), ResourceGroup, model.SourceGroupAttrs, None, WhyMoving},
		{"on a node that the table has not", attr(model.GroupAttr{Name: "rg1", State: model.GroupOnline, CurrentNodes: []string{"n9"}}), ResourceGroup, model.SourceGroupAttrs, None, WhyRenamed},
		{"clmgr has one more", func(r readings, _ *Input) {
			r[model.SourceGroupAttrs] = model.Reading{GroupAttrs: append(r[model.SourceGroupAttrs].GroupAttrs, model.GroupAttr{Name: "rg2"})}
		}, ResourceGroup, model.SourceGroupAttrs, Differ, WhyOne},
		{"clRGinfo has one more", func(r readings, _ *Input) {
			r[model.SourceGroups] = model.Reading{Groups: append(r[model.SourceGroups].Groups, model.GroupRow{Group: "rg2", Node: "n1", State: model.GroupOffline})}
		}, ResourceGroup, model.SourceGroupAttrs, Differ, WhyOne},
		{"no group", func(r readings, _ *Input) { r[model.SourceGroups] = model.Reading{} }, ResourceGroup, model.SourceGroupAttrs, None, WhyNotTold},

		{"node timeout of a migration left behind", func(r readings, _ *Input) {
			r[model.SourceNodeTimeout] = model.Reading{NodeTimeout: 600 * time.Second}
		}, Timeouts, model.SourceCluster, Differ, WhyValue},
		{"node timeout in a migration", func(r readings, in *Input) {
			r[model.SourceNodeTimeout], in.Phase = model.Reading{NodeTimeout: 600 * time.Second}, model.PhaseMigrating
		}, Timeouts, model.SourceCluster, None, WhyMigrating},
		{"node timeout while another node is on its way", func(r readings, in *Input) {
			r[model.SourceNodeTimeout], in.PeerMoving = model.Reading{NodeTimeout: 600 * time.Second}, true
		}, Timeouts, model.SourceCluster, None, WhyMigrating},
		{"node timeout in a migration, listed", func(_ readings, in *Input) { in.Phase = model.PhasePreparing }, Timeouts, model.SourceTunables, None, WhyMigrating},
		{"no attribute", func(r readings, _ *Input) { r[model.SourceCluster].Cluster.HeartbeatFrequency = nil }, Timeouts, model.SourceCluster, None, WhyNotTold},
		{"listed otherwise", func(r readings, _ *Input) { r[model.SourceTunables].Tunables["node_timeout"] = "20000" }, Timeouts, model.SourceTunables, Differ, WhyValue},
		{"not listed", func(r readings, _ *Input) { r[model.SourceTunables].Tunables["node_timeout"] = "x" }, Timeouts, model.SourceTunables, None, WhyNotTold},

		{"manager down for one", node(model.NodeOffline, "ST_INIT"), Manager, model.SourceNodes, Differ, WhyState},
		{"unmanaged hides it", node(model.NodeUnmanaged, "UNMANAGED"), Manager, model.SourceNodes, None, WhyNotTold},
		{"unstable", node(model.NodeUnstable, "ST_RP_RUNNING"), Manager, model.SourceNodes, None, WhyMoving},
		{"this node has another name, manager", renamed, Manager, model.SourceNodes, None, WhyRenamed},

		{"policy", func(r readings, _ *Input) { r[model.SourcePolicyODM] = model.Reading{PolicyODM: model.PolicyManage} }, Variables, model.SourceCluster, Differ, WhyValue},
		{"never set is manage", func(r readings, _ *Input) {
			r[model.SourcePolicyODM], r[model.SourceCluster].Cluster.LPMPolicy = model.Reading{PolicyODM: model.PolicyUnset}, model.PolicyManage
		}, Variables, model.SourceCluster, Agree, WhySame},
		{"before 7.2", func(r readings, _ *Input) { r[model.SourceCluster].Cluster.HasLPM = false }, Variables, model.SourceCluster, None, WhyNotTold},

		{"another node", func(r readings, _ *Input) { r[model.SourceMembers].Members[1].Name = "n3" }, Members, model.SourceMembers, Differ, WhyOne},
		{"one node more", func(r readings, _ *Input) {
			r[model.SourceMembers] = model.Reading{Members: append(r[model.SourceMembers].Members, model.Member{Name: "n3"})}
		}, Members, model.SourceMembers, Differ, WhyOne},
		{"serves and is down", func(r readings, _ *Input) { r[model.SourceMembers].Members[1].Up = false }, Members, model.SourceMembers, Differ, WhyDown},
		{"offline and down", func(r readings, _ *Input) {
			r[model.SourceMembers].Members[1].Up, r[model.SourceNodes].Nodes[1].State = false, model.NodeOffline
		}, Members, model.SourceMembers, Agree, WhySame},
		{"other names throughout", func(r readings, _ *Input) {
			r[model.SourceMembers].Members[0].Name, r[model.SourceMembers].Members[1].Name = "hosta", "hostb"
		}, Members, model.SourceMembers, None, WhyNames},
		{"empty list", func(r readings, _ *Input) { r[model.SourceMembers] = model.Reading{} }, Members, model.SourceMembers, None, WhyNotTold},

		{"not read", func(r readings, _ *Input) { delete(r, model.SourceMembers) }, Members, model.SourceMembers, None, WhyNotRead},
		{"failed", func(r readings, _ *Input) { r[model.SourceMembers] = model.Reading{Err: "permission denied"} }, Members, model.SourceMembers, None, WhyNotRead},
		{"long apart", func(r readings, _ *Input) {
			m := r[model.SourceMembers]
			m.At = at(16)
			r[model.SourceMembers] = m
		}, Members, model.SourceMembers, None, WhyApart},
	}
	reached := make(map[Why]bool)
	for _, tt := range tests {
		r := sound()
		in := input(r)
		tt.set(r, &in)
		found := false
		var got []string
		for _, res := range Compare(in) {
			if res.Fact != tt.fact || res.Other != tt.other {
				continue
			}
			got = append(got, fmt.Sprint(res.Verdict, " ", res.Why, " ", res.Text))
			reached[res.Why] = true
			found = found || res.Verdict == tt.want && res.Why == tt.why && (res.Text != "") == (tt.want != None)
		}
		if !found {
			t.Errorf("%s: %v, want %s %s", tt.name, got, tt.want, tt.why)
		}
	}
	for _, w := range Whys() {
		if !reached[w] {
			t.Errorf("no test reaches %s", w)
		}
	}
}

func TestOtherTimeouts(t *testing.T) {
	r := sound()
	r[model.SourceTunables].Tunables["network_fdt"] = "5000"
	if o := otherTimeouts(input(r), r[model.SourceTunables], r[model.SourceCluster]); o.why != WhyValue || !strings.Contains(o.text, "network_fdt is 5s") {
		t.Errorf("%+v", o)
	}
	*r[model.SourceCluster].Cluster.NetworkFailureDetection = 0 // left to CAA
	if o := otherTimeouts(input(r), r[model.SourceTunables], r[model.SourceCluster]); o.verdict != Agree {
		t.Errorf("%+v", o)
	}
}

// A difference is told after two rounds of both readings, and over with the first agreement. A node that is renamed
// between two commands makes a difference of the members for one round, which is not told, and no other.
func TestTracker(t *testing.T) {
	var tr Tracker
	r := sound()
	step := func(s int, sources ...model.Source) map[Fact]bool {
		for _, src := range sources {
			x := r[src]
			x.At = at(s)
			r[src] = x
		}
		tr.Step(Compare(input(r)))
		return tr.Disagree()
	}
	all := slices.Collect(maps.Keys(r))
	if d := step(0, all...); len(d) != len(Facts()) || slices.Contains(slices.Collect(maps.Values(d)), true) {
		t.Fatalf("sound: %v", d)
	}
	r[model.SourceMembers].Members[1].Name = "n3"
	if d := step(10, model.SourceMembers); d[Members] {
		t.Error("told after one round")
	}
	if d := step(20, model.SourceMembers); d[Members] {
		t.Error("told although one of them was not read again")
	}
	if got := tr.Doubted(); !slices.Equal(got, []model.Source{model.SourceNodes, model.SourceMembers}) {
		t.Errorf("doubted %v", got)
	}
	if d := step(22, model.SourceNodes); !d[Members] || tr.Texts()[Members] == "" || !tr.Disagrees(Members, model.SourceNodes, model.SourceMembers) {
		t.Errorf("not told after two rounds: %v", d)
	}
	if d := step(60, model.SourceMembers); !d[Members] { // too far from the other one: no evidence
		t.Error("forgotten without evidence")
	}
	delete(r, model.SourceMembers)
	if _, known := step(61)[Members]; known {
		t.Error("known although one of them is not read")
	}
	r[model.SourceMembers] = sound()[model.SourceMembers]
	if d := step(62, model.SourceNodes, model.SourceMembers); d[Members] || len(tr.Doubted()) != 0 {
		t.Errorf("agreement does not end it: %v", d)
	}
	r[model.SourceNodes].Nodes[1].Name = "n3" // renamed, and read before lscluster is
	if d := step(77, model.SourceNodes); d[Members] {
		t.Error("a renamed node is told at once")
	}
	r[model.SourceMembers].Members[1].Name = "n3"
	if d := step(80, model.SourceMembers); d[Members] || len(tr.Doubted()) != 0 || d[Managed] {
		t.Errorf("renamed for both: %v", d)
	}
}

const doc = "../../docs/crosscheck.md"

// The table of the documentation is that of the code.
func TestDocumented(t *testing.T) {
	const begin, end = "<!-- rules -->\n", "<!-- end -->"
	page, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, known := strings.Cut(rest, end)
	if !ok || !known {
		t.Fatalf("%s has no place for the table", doc)
	}
	var b strings.Builder
	b.WriteString("| fact | believed | compared with | what | why |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range Rules() {
		other := "`" + string(r.Other) + "`"
		if r.Other == r.Wins {
			other = "the DR script's log"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", r.Fact, r.Wins, other, r.What, r.Reason)
	}
	want := before + begin + b.String() + end + after
	if *update {
		if err := os.WriteFile(doc, []byte(want), 0o644); err != nil { //nolint:gosec // a page for people
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Errorf("the table in %s is not that of the code: go test -update rewrites it", doc)
	}
}
