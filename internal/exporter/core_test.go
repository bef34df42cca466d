package exporter

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/probe"
)

// rig drives a core by hand: time passes only by advance.
type rig struct {
	t       testing.TB
	core    *Core
	now     model.Instant
	effects []Effect
	log     []model.EpisodeEvent
	// answers by source; a source without one does not answer.
	answers map[model.Source]model.Reading
	reads   map[model.Source]int
	pending []model.Source
	watch   func(model.Source) // of reads that begin
	// heartbeat and restrict are told with every step.
	heartbeat func() Input
	restrict  *bool
	state     State
}

func ptr[T any](v T) *T { return &v }

func allEnabled() map[string]bool {
	m := make(map[string]bool)
	for _, n := range collector.Names() {
		m[n] = true
	}
	return m
}

func options() Options {
	return Options{
		Interval: 15 * time.Second, Timeout: 10 * time.Second, CheckExpires: 15 * time.Minute, ScriptTimeout: 10 * time.Minute, Enabled: allEnabled(),
		LPMPolicy: model.PolicyUnmanage, LPMHeartbeat: 120 * time.Second,
	}
}

func start() model.Instant {
	return model.Instant{Wall: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), Mono: 1000 * time.Second}
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	r := &rig{t: t, now: start(), answers: calm(), reads: make(map[model.Source]int)}
	r.core = NewCore(o, NewState(r.now.Wall), nil)
	r.tell(LogRead{})
	return r
}

// calm is a healthy cluster of two nodes, with rg1 here and rg2 there.
func calm() map[model.Source]model.Reading {
	return map[model.Source]model.Reading{
		model.SourceCluster: {Cluster: &model.Cluster{
			Name: "c1", State: model.ClusterStable, HasLPM: true, LPMPolicy: model.PolicyUnmanage, LPMHeartbeat: ptr(120 * time.Second),
			HeartbeatFrequency: ptr(30 * time.Second), GracePeriod: ptr(10 * time.Second), Unsynced: ptr(false),
		}},
		model.SourceNodes:         {Nodes: []model.Node{{Name: "n1", State: model.NodeNormal}, {Name: "n2", State: model.NodeNormal}}},
		model.SourceMembers:       {Members: []model.Member{{Name: "n1", Up: true, Local: true}, {Name: "n2", Up: true}}},
		model.SourceManager:       {Manager: &model.Manager{State: model.ManagerStable}},
		model.SourceGroups:        groups(model.GroupOnline, model.GroupOffline),
		model.SourceNodeTimeout:   {NodeTimeout: 30 * time.Second},
		model.SourceDeadmanMode:   {DeadmanMode: "a"},
		model.SourceTunables:      {Tunables: map[string]string{"node_timeout": "30000", "network_fdt": "20000", "link_timeout": "30000"}},
		model.SourceGroupServices: {DeadManSwitch: ptr(true)},
		model.SourceInittab:       {Inittab: ptr(false)},
		model.SourceErrlog:        {},
		model.SourceFaults:        {},
		model.SourceServer:        {Server: &model.Server{Serial: "1", TypeModel: "T"}},
		model.SourceMonitors:      {},
		model.SourceProcesses:     {Processes: []model.Process{{PID: 1, Args: "/etc/init"}}},
	}
}

func groups(here, there model.GroupState) model.Reading {
	return model.Reading{Groups: []model.GroupRow{
		{Group: "rg1", Node: "n1", State: here}, {Group: "rg1", Node: "n2", State: there},
	}}
}

// tell steps the core once with inputs, and answers the reads that it asks for with the next step.
func (r *rig) tell(in ...Input) {
	r.t.Helper()
	for _, s := range r.pending {
		if a, ok := r.answers[s]; ok {
			a.Source, a.At = s, r.now
			in = append(in, ReadingDone{Reading: a})
		}
	}
	r.pending = nil
	if r.heartbeat != nil {
		in = append(in, r.heartbeat())
	}
	if r.restrict != nil {
		in = append(in, RestrictSeen{At: r.now, Restricted: r.restrict})
	}
	for _, f := range r.core.Step(r.now, in) {
		r.effects = append(r.effects, f)
		switch f := f.(type) {
		case Read:
			r.reads[f.Source]++
			if r.watch != nil {
				r.watch(f.Source)
			}
			r.pending = append(r.pending, f.Source)
		case Persist:
			r.state = f.State
		case AppendObserved:
		case RunProbe, Tell, Fine:
		}
	}
}

func (r *rig) advance(d time.Duration) {
	for ; d > 0; d -= 500 * time.Millisecond {
		r.now = r.now.Add(min(d, 500*time.Millisecond))
		r.tell()
	}
}

func (r *rig) event(k model.EventKind, details ...string) {
	e := model.EpisodeEvent{Version: 1, Time: r.now.Wall, Event: k, Source: "dr", Episode: "ep"}
	if len(details) == 2 {
		e.Details = map[string]string{details[0]: details[1]}
	}
	r.log = append(r.log, e)
	r.tell(LogRead{Events: slices.Clone(r.log)})
}

func (r *rig) phase(want model.Phase) {
	r.t.Helper()
	if got := r.core.View(r.now).Phase; got != want {
		r.t.Errorf("phase %s, want %s", got, want)
	}
}

func (r *rig) owners(group string) []string {
	for _, o := range r.core.View(r.now).Owners {
		if o.Group == group {
			return o.Nodes
		}
	}
	return nil
}

func (r *rig) collector(name string) collector.State {
	for _, s := range r.core.View(r.now).Collectors {
		if s.Name == name {
			return s
		}
	}
	r.t.Fatalf("no collector %s", name)
	return collector.State{}
}

func TestIdentity(t *testing.T) {
	r := newRig(t, options())
	if v := r.core.View(r.now); v.Cluster != "" || v.Node != "" || r.core.Ready() {
		t.Errorf("knows itself before it asked: %+v", v)
	}
	r.advance(time.Second)
	if v := r.core.View(r.now); v.Cluster != "c1" || v.Node != "n1" || !r.core.Ready() {
		t.Errorf("cluster %q, node %q, ready %v", v.Cluster, v.Node, r.core.Ready())
	}
	// A name that is not in the cluster's list is a host name, not a node.
	other := newRig(t, options())
	other.answers[model.SourceMembers] = model.Reading{Members: []model.Member{{Name: "host1", Local: true}}}
	other.advance(time.Second)
	if v := other.core.View(other.now); v.Node != "" {
		t.Errorf("took %q for the node", v.Node)
	}
	o := options()
	o.Cluster, o.Node = "cfg", "n2"
	configured := newRig(t, o)
	configured.advance(time.Second)
	if v := configured.core.View(configured.now); v.Cluster != "cfg" || v.Node != "n2" {
		t.Errorf("configuration does not win: %q %q", v.Cluster, v.Node)
	}
}

func TestIntervals(t *testing.T) {
	r := newRig(t, options())
	r.advance(60 * time.Second)
	for s, want := range map[model.Source]int{model.SourceGroups: 4, model.SourceNodeTimeout: 4, model.SourceMonitors: 1} {
		if got := r.reads[s]; got < want || got > want+1 {
			t.Errorf("%s was read %d times in a minute, want %d or %d", s, got, want, want+1)
		}
	}
}

// At most two runs of one command at a time, and of one source none beside another unless it hangs.
func TestOutstanding(t *testing.T) {
	r := newRig(t, options())
	delete(r.answers, model.SourceCluster)
	delete(r.answers, model.SourceNodes)
	delete(r.answers, model.SourceMonitors)
	r.advance(5 * time.Minute)
	if n := r.reads[model.SourceCluster] + r.reads[model.SourceNodes] + r.reads[model.SourceMonitors]; n != maxRuns {
		t.Errorf("%d runs of clmgr are outstanding, want %d", n, maxRuns)
	}
	if r.reads[model.SourceGroups] < 20 {
		t.Errorf("clRGinfo was read %d times only", r.reads[model.SourceGroups])
	}
}

// A source that hangs fails its own collector, visibly, and comes back by itself.
func TestHungSource(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	delete(r.answers, model.SourceGroups)
	r.advance(40 * time.Second)
	hung := r.collector(collector.ResourceGroup)
	if hung.Success || hung.Timeouts == 0 {
		t.Errorf("hung: %+v", hung)
	}
	for _, name := range collector.Names() {
		if s := r.collector(name); name != collector.ResourceGroup && (!s.Success || s.Timeouts != 0) {
			t.Errorf("%s suffers: %+v", name, s)
		}
	}
	if _, ok := r.core.View(r.now).Fresh[model.SourceGroups]; !ok {
		t.Error("the last value is gone before its time")
	}
	r.advance(30 * time.Second)
	if _, ok := r.core.View(r.now).Fresh[model.SourceGroups]; ok {
		t.Error("a value of more than a minute ago is published")
	}
	if !slices.Equal(r.owners("rg1"), []string{"n1"}) {
		t.Errorf("the owner is forgotten: %v", r.owners("rg1"))
	}
	r.answers = calm()
	r.tell(ReadingDone{Reading: model.Reading{Source: model.SourceGroups, At: r.now, Groups: calm()[model.SourceGroups].Groups}})
	r.advance(20 * time.Second)
	if back := r.collector(collector.ResourceGroup); !back.Success || back.LastSuccess.Before(r.now.Wall.Add(-20*time.Second)) {
		t.Errorf("does not come back: %+v", back)
	}
}

func TestFailedSource(t *testing.T) {
	r := newRig(t, options())
	r.answers[model.SourceManager] = model.Reading{Err: "no such command", Missing: true}
	r.advance(20 * time.Second)
	s := r.collector(collector.Cluster)
	if s.Success || s.Timeouts != 0 || !s.LastSuccess.IsZero() {
		t.Errorf("missing: %+v", s)
	}
	r.answers[model.SourceManager] = model.Reading{Manager: &model.Manager{State: model.ManagerStable}, Unparsed: 2}
	r.advance(20 * time.Second)
	if s := r.collector(collector.Cluster); !s.Success {
		t.Errorf("back: %+v", s)
	}
	if n := r.core.View(r.now).ParseErrors["lssrc"]; n == 0 {
		t.Error("lines that were not understood are not counted")
	}
}

// One whole migration: phases, refresh at once, owners that survive UNMANAGED, and the end of the first record.
func TestMigration(t *testing.T) {
	r := newRig(t, options())
	r.advance(10 * time.Second)
	r.phase(model.PhaseIdle)
	before := r.reads[model.SourceGroups]
	r.event(model.EventCheck)
	r.phase(model.PhaseChecking)
	if r.reads[model.SourceGroups] != before+1 {
		t.Error("a change of phase does not refresh at once")
	}
	r.advance(2 * time.Second)
	r.event(model.EventPre, "stage", "begin")
	r.phase(model.PhasePreparing)
	r.answers[model.SourceNodes] = model.Reading{Nodes: []model.Node{{Name: "n1", State: model.NodeUnmanaged}, {Name: "n2", State: model.NodeNormal}}}
	r.answers[model.SourceGroups] = groups(model.GroupUnmanaged, model.GroupUnmanaged)
	r.advance(6 * time.Second)
	r.event(model.EventPre, "stage", "end")
	r.phase(model.PhaseMigrating)
	if got := r.owners("rg1"); !slices.Equal(got, []string{"n1"}) {
		t.Errorf("owner while unmanaged: %v", got)
	}
	if r.core.View(r.now).Unmanaged["rg1"].IsZero() {
		t.Error("does not know since when it is unmanaged")
	}
	r.advance(4 * time.Second)
	r.event(model.EventPost)
	r.phase(model.PhaseSettling)
	end := r.core.View(r.now).LastEnd
	if !end.Equal(r.now.Wall.Truncate(time.Millisecond)) {
		t.Errorf("end %v, want %v", end, r.now.Wall)
	}
	r.advance(15 * time.Minute)
	r.phase(model.PhaseSettling) // as long as it is unmanaged
	r.answers = calm()
	r.advance(16 * time.Second)
	r.phase(model.PhaseIdle)
	v := r.core.View(r.now)
	if !v.LastEnd.Equal(end) || v.Migrations[model.ResultCompleted] != 1 || len(v.Unmanaged) != 0 {
		t.Errorf("end %v, migrations %v, unmanaged %v", v.LastEnd, v.Migrations, v.Unmanaged)
	}
	if n := v.MigrationDuration.Counts; slices.Max(n) != 1 || v.MigrationDuration.Exemplars[0].Episode != "ep" {
		t.Errorf("duration %+v", v.MigrationDuration)
	}
	// Unmanaged by hand days later is no settling of it.
	r.answers[model.SourceNodes] = model.Reading{Nodes: []model.Node{{Name: "n1", State: model.NodeUnmanaged}, {Name: "n2", State: model.NodeNormal}}}
	r.advance(time.Minute)
	r.phase(model.PhaseIdle)
}

func TestActorClosesTheEpisode(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	r.event(model.EventPre)
	r.answers[model.SourceNodes] = model.Reading{Nodes: []model.Node{{Name: "n1", State: model.NodeUnmanaged}}}
	r.advance(10 * time.Second)
	r.event(model.EventUndoPre)
	r.advance(10 * time.Second)
	r.phase(model.PhaseRollingBack)
	r.event(model.EventEnded)
	r.phase(model.PhaseIdle)
}

// The error log alone: old entries are not ours to tell, a migration that goes on is.
func TestErrlog(t *testing.T) {
	entry := func(seq int, label string, ago time.Duration) model.ErrlogEntry {
		return model.ErrlogEntry{Label: label, Sequence: seq, Time: start().Wall.Add(-ago), Resource: "pmig"}
	}
	old := []model.ErrlogEntry{entry(2, "CLIENT_PMIG_DONE", time.Hour), entry(1, "CLIENT_PMIG_STARTED", 2*time.Hour)}
	r := newRig(t, options())
	r.answers[model.SourceErrlog] = model.Reading{Errlog: old}
	r.advance(20 * time.Second)
	r.phase(model.PhaseIdle)
	if v := r.core.View(r.now); !v.LastStart.IsZero() || v.Migrations[model.ResultCompleted] != 0 {
		t.Errorf("took over history: %+v", v.Migrations)
	}
	began := model.ErrlogEntry{Label: "CLIENT_PMIG_STARTED", Sequence: 3, Time: r.now.Wall.Truncate(time.Second)}
	r.answers[model.SourceErrlog] = model.Reading{Errlog: append([]model.ErrlogEntry{began}, old...)}
	r.advance(20 * time.Second)
	r.phase(model.PhaseMigrating)
	if !r.core.View(r.now).Disagree["migration"] {
		t.Error("does not say that the DR script did not tell")
	}
	ended := model.ErrlogEntry{Label: "CLIENT_PMIG_DONE", Sequence: 4, Time: r.now.Wall.Truncate(time.Second)}
	r.answers[model.SourceErrlog] = model.Reading{Errlog: append([]model.ErrlogEntry{ended, began}, old...)}
	r.advance(40 * time.Second)
	r.phase(model.PhaseIdle)
	v := r.core.View(r.now)
	if v.Migrations[model.ResultCompleted] != 1 || !v.LastEnd.Equal(ended.Time) {
		t.Errorf("migrations %v, end %v", v.Migrations, v.LastEnd)
	}

	running := newRig(t, options())
	running.answers[model.SourceErrlog] = model.Reading{Errlog: []model.ErrlogEntry{entry(7, "CLIENT_PMIG_STARTED", time.Minute)}}
	running.advance(2 * time.Second)
	running.phase(model.PhaseMigrating)
}

// Both logs tell of one migration: it is one, and its end is that of dr.
func TestErrlogAndScriptAreOneMigration(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	r.event(model.EventPre, "stage", "begin")
	r.answers[model.SourceErrlog] = model.Reading{Errlog: []model.ErrlogEntry{{Label: "CLIENT_PMIG_STARTED", Sequence: 1, Time: r.now.Wall}}}
	r.advance(20 * time.Second)
	r.answers[model.SourceErrlog] = model.Reading{Errlog: []model.ErrlogEntry{{Label: "CLIENT_PMIG_DONE", Sequence: 2, Time: r.now.Wall}}}
	r.advance(20 * time.Second)
	r.phase(model.PhaseSettling) // though only dr ends it
	if v := r.core.View(r.now); !v.LastEnd.IsZero() || v.Migrations[model.ResultCompleted] != 0 {
		t.Errorf("ended by the error log: %v", v.LastEnd)
	}
	r.event(model.EventPost)
	want := r.now.Wall
	r.advance(40 * time.Second)
	v := r.core.View(r.now)
	if !v.LastEnd.Equal(want) || v.Migrations[model.ResultCompleted] != 1 || len(r.core.episodes) != 1 {
		t.Errorf("end %v, want %v; %v; %+v", v.LastEnd, want, v.Migrations, r.core.episodes)
	}
	if v.Disagree["migration"] {
		t.Error("says that they disagree")
	}
}

func TestUnreadableLog(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	r.tell(LogRead{Err: "permission denied"})
	r.phase(model.PhaseUnknown)
	if s := r.collector(collector.Migration); s.Success {
		t.Error("the migration collector claims success")
	}
	r.tell(LogRead{Damaged: 1})
	r.phase(model.PhaseIdle)
	if n := r.core.View(r.now).ParseErrors["episode_log"]; n != 1 {
		t.Errorf("%d damaged lines", n)
	}
}

func TestOwnersAndEvents(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	r.answers[model.SourceGroups] = groups(model.GroupOffline, model.GroupOffline)
	r.advance(16 * time.Second)
	if got := r.owners("rg1"); !slices.Equal(got, []string{"n1"}) {
		t.Errorf("offline everywhere: last owner %v", got)
	}
	r.event(model.EventPre)
	r.answers[model.SourceGroups] = groups(model.GroupError, model.GroupOnline)
	r.answers[model.SourceNodes] = model.Reading{Nodes: []model.Node{{Name: "n1", State: model.NodeNormal}, {Name: "n2", State: model.NodeOffline}}}
	r.advance(16 * time.Second)
	v := r.core.View(r.now)
	if got := r.owners("rg1"); !slices.Equal(got, []string{"n2"}) {
		t.Errorf("after the takeover: owner %v", got)
	}
	if v.Events[collector.EventTakeover] != 1 || v.Unwanted[collector.EventTakeover] != 1 || v.Events[collector.EventNodeDown] != 1 {
		t.Errorf("events %v, unwanted %v", v.Events, v.Unwanted)
	}
	// An empty table does not make it forget, a table without the group does.
	r.answers[model.SourceGroups] = model.Reading{}
	r.advance(16 * time.Second)
	if r.owners("rg1") == nil {
		t.Error("an empty table made it forget the owner")
	}
	r.answers[model.SourceGroups] = model.Reading{Groups: []model.GroupRow{{Group: "rg9", Node: "n1", State: model.GroupOnline}}}
	r.advance(16 * time.Second)
	if r.owners("rg1") != nil || r.owners("rg9") == nil {
		t.Errorf("owners %v", r.core.View(r.now).Owners)
	}
}

// A restart goes on where the last run was: owners, counters, identity; and counts nothing twice.
func TestRestart(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	r.event(model.EventPre)
	r.answers[model.SourceGroups] = groups(model.GroupUnmanaged, model.GroupUnmanaged)
	r.advance(20 * time.Second)
	r.event(model.EventPost)
	r.advance(20 * time.Second)
	old := r.core.View(r.now)

	again := &rig{t: t, now: r.now.Add(time.Minute), answers: map[model.Source]model.Reading{}, reads: map[model.Source]int{}}
	again.core = NewCore(options(), r.state, nil)
	again.tell(LogRead{Events: r.log})
	again.advance(2 * time.Second)
	v := again.core.View(again.now)
	if v.Cluster != "c1" || v.Node != "n1" || !v.Created.Equal(old.Created) {
		t.Errorf("identity %q %q, created %v", v.Cluster, v.Node, v.Created)
	}
	if got := again.owners("rg1"); !slices.Equal(got, []string{"n1"}) || !v.Unmanaged["rg1"].Equal(old.Unmanaged["rg1"]) {
		t.Errorf("owners %v, unmanaged %v", got, v.Unmanaged)
	}
	if v.Migrations[model.ResultCompleted] != 1 || !v.LastEnd.Equal(old.LastEnd) {
		t.Errorf("migrations %v, end %v", v.Migrations, v.LastEnd)
	}
	// A first start on a node with a history counts none of it.
	fresh := &rig{t: t, now: r.now.Add(time.Minute), answers: calm(), reads: map[model.Source]int{}}
	fresh.core = NewCore(options(), NewState(fresh.now.Wall), nil)
	fresh.tell(LogRead{Events: r.log})
	if v := fresh.core.View(fresh.now); v.Migrations[model.ResultCompleted] != 0 || !v.LastEnd.Equal(old.LastEnd) {
		t.Errorf("first start: %v, end %v", v.Migrations, v.LastEnd)
	}
}

func TestLeftovers(t *testing.T) {
	r := newRig(t, options())
	r.advance(20 * time.Second)
	r.event(model.EventPre)
	raised := func() {
		r.answers[model.SourceNodeTimeout] = model.Reading{NodeTimeout: 120 * time.Second}
		r.answers[model.SourceGroupServices] = model.Reading{DeadManSwitch: ptr(false)}
		r.answers[model.SourceDeadmanMode] = model.Reading{DeadmanMode: "e"}
		r.answers[model.SourceInittab] = model.Reading{Inittab: ptr(true)}
	}
	raised()
	r.advance(30 * time.Second)
	if l := r.core.View(r.now).Leftovers; len(l) != 0 {
		t.Errorf("judged during the migration: %v", l)
	}
	r.event(model.EventPost)
	r.answers[model.SourceProcesses] = model.Reading{Processes: []model.Process{{PID: 9, Args: "/bin/ksh /usr/es/sbin/cluster/utilities/cl_dr postmigrate"}}}
	r.advance(40 * time.Second)
	r.phase(model.PhaseIdle)
	if l := r.core.View(r.now).Leftovers; len(l) != 0 {
		t.Errorf("judged while PowerHA's script runs: %v", l)
	}
	r.answers[model.SourceProcesses] = calm()[model.SourceProcesses]
	r.advance(20 * time.Second)
	l := r.core.View(r.now).Leftovers
	for _, what := range []string{"node_timeout", "dead_man_switch", "deadman_mode", "inittab"} {
		if !l[what] {
			t.Errorf("%s was left behind and is not told: %v", what, l)
		}
	}
	if _, ok := l["ifrestrict"]; ok {
		t.Error("tells of ifrestrict, which nothing reads")
	}
	r.answers = calm()
	r.answers[model.SourceNodeTimeout] = model.Reading{NodeTimeout: 45 * time.Second} // by a human
	r.advance(16 * time.Second)
	if l := r.core.View(r.now).Leftovers; l["node_timeout"] || l["dead_man_switch"] || l["deadman_mode"] || l["inittab"] || len(l) != 4 {
		t.Errorf("after it was mended: %v", l)
	}
}

func TestBudgets(t *testing.T) {
	r := newRig(t, options())
	r.advance(2 * time.Second)
	find := func(scope string) collector.Budget {
		for _, b := range r.core.View(r.now).Budgets {
			if b.Scope == scope {
				return b
			}
		}
		return collector.Budget{}
	}
	if b := find("idle"); b.Longest != 20*time.Second || b.Limit != "network_failure_detection" {
		t.Errorf("idle: %+v", b)
	}
	if b := find("lpm"); b.Longest != 130*time.Second || b.Limit != "node_timeout" {
		t.Errorf("lpm: %+v", b)
	}
	r.event(model.EventPre) // nothing is prepared: what is in force counts
	r.answers[model.SourceTunables].Tunables["network_fdt"] = "45000"
	r.advance(2 * time.Minute)
	if b := find("lpm"); b.Longest != 30*time.Second || b.Limit != "dead_man_switch" {
		t.Errorf("lpm in a migration: %+v", b)
	}
	r.answers[model.SourceDeadmanMode] = model.Reading{Err: "no"}
	r.advance(2 * time.Minute)
	if b := find("lpm"); b.Limit != "unknown" || !slices.Equal(b.Missing, []string{"deadman_mode"}) {
		t.Errorf("a budget in force with a term that is not known: %+v", b)
	}
}

// A budget that is not known says of what: once for each change, and not before everything was tried.
func TestBudgetsLogged(t *testing.T) {
	var out strings.Builder
	l := newLogged(log.NewLogfmtLogger(&out))
	r := newRig(t, options())
	said := func() string {
		out.Reset()
		for range 3 {
			l.budgets(r.core.View(r.now), r.core.Snapshot(r.now))
		}
		return out.String()
	}
	if s := said(); s != "" {
		t.Errorf("before anything was read: %s", s)
	}
	r.advance(2 * time.Second)
	if s := said(); s != "" {
		t.Errorf("all is known: %s", s)
	}
	good := r.answers[model.SourceDeadmanMode]
	r.answers[model.SourceDeadmanMode] = model.Reading{Err: "no"}
	r.advance(2 * time.Minute)
	if s := said(); strings.Count(s, "\n") != 1 || !strings.Contains(s, "scope=idle limits=deadman_mode sources=deadman_mode,node_timeout") {
		t.Errorf("one term is lost, for the calm scope alone: %s", s)
	}
	r.answers[model.SourceTunables] = model.Reading{Unparsed: 1, Tunables: map[string]string{"node_timeout": "30000"}}
	r.advance(2 * time.Minute)
	if s := said(); strings.Count(s, "\n") != 2 || !strings.Contains(s, "limits=deadman_mode,network_failure_detection,pvm_wdog") ||
		!strings.Contains(s, "scope=lpm limits=pvm_wdog sources=cluster,tunables") {
		t.Errorf("a list that was not wholly understood: %s", s)
	}
	r.answers[model.SourceDeadmanMode], r.answers[model.SourceTunables] = good, calm()[model.SourceTunables]
	r.advance(2 * time.Minute)
	if s := said(); strings.Count(s, "\n") != 2 || strings.Count(s, "known again") != 2 {
		t.Errorf("all is known again: %s", s)
	}
	o := options()
	delete(o.Enabled, collector.Variables)
	r, l = newRig(t, o), newLogged(log.NewLogfmtLogger(&out))
	r.advance(2 * time.Second)
	if s := said(); strings.Count(s, "\n") != 2 || !strings.Contains(s, "dead_man_switch") {
		t.Errorf("nothing reads the settings: %s", s)
	}
}

// The calm scope supposes a managed node; the other one follows what the script would do, or what is in force.
func TestBudgetsManaged(t *testing.T) {
	r := newRig(t, options())
	r.answers[model.SourceNodes].Nodes[0].State = model.NodeUnmanaged
	r.answers[model.SourceCluster].Cluster.LPMPolicy = model.PolicyManage
	r.advance(2 * time.Second)
	for _, b := range r.core.View(r.now).Budgets {
		if b.Longest != 20*time.Second || b.Limit != "network_failure_detection" {
			t.Errorf("%+v", b)
		}
	}
	r.answers[model.SourceCluster].Cluster.LPMPolicy = model.PolicyUnknown
	r.advance(16 * time.Second)
	if b := r.core.View(r.now).Budgets[1]; b.Limit != "unknown" || !slices.Equal(b.Missing, []string{"network_failure_detection"}) {
		t.Errorf("whether the script would unmanage the node is not known: %+v", b)
	}
}

// Before PowerHA 7.2 nothing is changed for a migration.
func TestBudgetsBefore72(t *testing.T) {
	r := newRig(t, options())
	r.answers[model.SourceCluster].Cluster.HasLPM = false
	r.answers[model.SourceMonitors] = model.Reading{Monitors: []model.Monitor{
		{Name: "m1", Type: "custom", Mode: "longrunning", Interval: 5 * time.Second, Retries: 1}, {Name: "m2", Type: "process"},
	}}
	r.advance(2 * time.Second)
	for _, b := range r.core.View(r.now).Budgets {
		if b.Longest != 10*time.Second || b.Limit != "application_monitor" {
			t.Errorf("%+v", b)
		}
	}
}

func TestDrift(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	if d := r.core.View(r.now).Drift; d["lpm_policy"] || d["heartbeat_frequency_during_lpm"] || len(d) != 2 {
		t.Errorf("drift %v", d)
	}
	r.answers[model.SourceCluster].Cluster.LPMPolicy = model.PolicyManage
	*r.answers[model.SourceCluster].Cluster.LPMHeartbeat = 0
	r.advance(16 * time.Second)
	if d := r.core.View(r.now).Drift; !d["lpm_policy"] || !d["heartbeat_frequency_during_lpm"] {
		t.Errorf("drift %v", d)
	}
}

func TestFreeze(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	r.event(model.EventPre, "stage", "begin")
	if !slices.Contains(r.effects, Effect(Fine{On: true})) {
		t.Error("freezes are not measured finely while a migration is open")
	}
	from := r.now
	r.now = r.now.Add(4 * time.Second)
	r.tell(GapSeen{Gap: freeze.Gap{Kind: freeze.Suspended, Start: from, End: r.now, Estimate: 4 * time.Second, Bound: 10 * time.Millisecond}})
	r.advance(4 * time.Second)
	v := r.core.View(r.now)
	if v.LastFreeze == nil || v.LastFreeze.Fused == nil || *v.LastFreeze.Fused != 4*time.Second || v.LastFreeze.Episode != "ep" {
		t.Fatalf("last freeze %+v", v.LastFreeze)
	}
	if v.Freezes[collector.ByFused].Sum != 4 || v.Freezes[collector.ByPeer].Sum != 0 {
		t.Errorf("histograms %+v", v.Freezes)
	}
	r.phase(model.PhaseMigrating) // it is evidence of the move
	if !slices.ContainsFunc(r.effects, func(f Effect) bool {
		a, ok := f.(AppendObserved)
		return ok && a.Events[0].Event == model.EventFreeze && a.Events[0].Episode == "ep"
	}) {
		t.Error("the freeze is not written down")
	}
	// Stalls are none.
	r.tell(GapSeen{Gap: freeze.Gap{Kind: freeze.Stalled, Start: from, End: r.now, Estimate: time.Second}})
	r.advance(4 * time.Second)
	if n := r.core.View(r.now).Freezes[collector.ByFused].Sum; n != 4 {
		t.Errorf("a stall was counted: %v", n)
	}
}

// Of one migration the longest freeze is the last one; later ones are counted when they are freezes for sure.
func TestLongestFreezeOfAMigration(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	gap := func(kind freeze.Kind, estimate, bound time.Duration) {
		t.Helper()
		from := r.now
		r.now = r.now.Add(estimate)
		r.tell(GapSeen{Gap: freeze.Gap{Kind: kind, Start: from, End: r.now, Estimate: estimate, Bound: bound}})
		r.advance(4 * time.Second)
	}
	check := func(what string, last time.Duration, sum float64) {
		t.Helper()
		v := r.core.View(r.now)
		if v.LastFreeze == nil || *v.LastFreeze.Fused != last || r.core.Snapshot(r.now).Freeze != v.LastFreeze {
			t.Errorf("%s: last freeze %+v, want %v", what, v.LastFreeze, last)
		}
		if got := v.Freezes[collector.ByFused].Sum; math.Abs(got-sum) > 1e-9 {
			t.Errorf("%s: freezes of %v s counted, want %v", what, got, sum)
		}
	}
	gap(freeze.Suspended, 300*time.Millisecond, 10*time.Millisecond)
	if v := r.core.View(r.now); v.LastFreeze != nil || v.Freezes[collector.ByFused].Sum != 0 {
		t.Errorf("a short gap that nobody else has looked at: %+v", v.LastFreeze)
	}
	gap(freeze.Suspended, 2700*time.Millisecond, 10*time.Millisecond)
	check("outside", 2700*time.Millisecond, 2.7)
	r.event(model.EventPre, "stage", "begin")
	gap(freeze.Suspended, 2600*time.Millisecond, 10*time.Millisecond)
	check("the first of a migration, short as it is", 2600*time.Millisecond, 5.3)
	gap(freeze.Suspended, 4*time.Second, 20*time.Millisecond)
	check("the freeze", 4*time.Second, 9.3)
	gap(freeze.Suspended, 2800*time.Millisecond, 20*time.Millisecond)
	check("another stop", 4*time.Second, 12.1)
	gap(freeze.Stalled, 500*time.Millisecond, 10*time.Millisecond)
	check("a stall", 4*time.Second, 12.1)
	gap(freeze.Suspended, 700*time.Millisecond, 700*time.Millisecond)
	check("one that waits may explain", 4*time.Second, 12.1)
	gap(freeze.Suspended, 6*time.Second, 6*time.Second)
	check("too long to be one of them", 6*time.Second, 18.1)
	r.answers[model.SourceGroups] = groups(model.GroupUnmanaged, model.GroupUnmanaged)
	r.answers[model.SourceNodes] = model.Reading{Nodes: []model.Node{{Name: "n1", State: model.NodeUnmanaged}, {Name: "n2", State: model.NodeNormal}}}
	r.advance(20 * time.Second)
	r.event(model.EventPost, "stage", "end")
	r.event(model.EventDone)
	r.advance(time.Second)
	r.phase(model.PhaseSettling)
	gap(freeze.Suspended, 2600*time.Millisecond, 130*time.Millisecond)
	check("a stop while it settles", 6*time.Second, 20.7)
}

// A migration whose freeze nobody saw has no length: not that of an earlier one, and not 0. A hiccup is none.
func TestFreezeNotVisible(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	gap := func(estimate time.Duration) {
		from := r.now
		r.now = r.now.Add(estimate)
		r.tell(GapSeen{Gap: freeze.Gap{Kind: freeze.Suspended, Start: from, End: r.now, Estimate: estimate, Bound: 10 * time.Millisecond}})
		r.advance(time.Second)
	}
	gap(3 * time.Second) // an earlier freeze
	r.event(model.EventPre, "stage", "begin")
	r.advance(5 * time.Second)
	gap(90 * time.Millisecond)
	if f := r.core.View(r.now).LastFreeze; f == nil || f.Fused == nil {
		t.Fatalf("before the end the earlier one stays: %+v", f)
	}
	r.event(model.EventPost, "stage", "end")
	r.event(model.EventDone)
	r.advance(2 * lag)
	f := r.core.View(r.now).LastFreeze
	if f == nil || f.Episode != "ep" || f.Fused != nil || f.Clock != nil || f.Peer != nil || f.Visible != (model.Visible{}) {
		t.Fatalf("last freeze %+v", f)
	}
	told := 0
	for _, e := range r.effects {
		if e, ok := e.(Froze); ok && e.Freeze.Fused == nil {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	if sum := r.core.View(r.now).Freezes[collector.ByFused].Sum; sum != 3 {
		t.Errorf("%v s counted", sum)
	}
	gap(3 * time.Second) // one after it is the last, and the migration does not come back
	r.advance(2 * lag)
	if f := r.core.View(r.now).LastFreeze; f.Fused == nil || *f.Fused != 3*time.Second || f.Episode != "" {
		t.Errorf("last freeze %+v", f)
	}
}

// The clock chip shows the freeze where no peer answers, even after the end of the migration.
func TestChip(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	r.event(model.EventPre, "stage", "begin")
	from := r.now
	r.event(model.EventPost, "stage", "end")
	r.event(model.EventDone)
	r.advance(3 * time.Second)
	if !slices.Contains(r.effects, Effect(Look{})) {
		t.Error("the clocks are not compared")
	}
	r.tell(ChipSeen{Present: true, Steps: []freeze.PeerStep{{Chip: true, Step: 5 * time.Second, Bound: 60 * time.Millisecond, Start: from, End: r.now}}})
	r.advance(5 * time.Second)
	f := r.core.View(r.now).LastFreeze
	if f == nil || f.Fused == nil || *f.RTC != 5*time.Second || f.Episode != "ep" || !f.Visible.RTC {
		t.Errorf("last freeze %+v", f)
	}
}

// A stop that SIGCONT ended is a freeze of low confidence.
func TestContinued(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	from := r.now
	r.now = r.now.Add(4 * time.Second)
	r.tell(GapSeen{Gap: freeze.Gap{Kind: freeze.Suspended, Start: from, End: r.now, Estimate: 4 * time.Second, Bound: 10 * time.Millisecond}})
	r.tell(Continued{At: r.now})
	r.advance(time.Second)
	if f := r.core.View(r.now).LastFreeze; f == nil || f.Confidence() != "low" || f.Doubt != model.DoubtContinued {
		t.Errorf("last freeze %+v", f)
	}
}

func TestPeers(t *testing.T) {
	r := newRig(t, options())
	r.tell(PeersSeen{
		Status: []model.PeerStatus{{Node: "n2", Up: true, Phase: model.PhaseIdle}},
		Ended:  []Silence{{Peer: "n2", Duration: 7 * time.Second}},
	})
	v := r.core.View(r.now)
	if len(v.Peers) != 1 || v.Peers[0].Silences.Sum != 7 {
		t.Errorf("peers %+v", v.Peers)
	}
	r.tell(Health{Part: PartPeers, Err: "no key"})
	if r.collector(collector.Peer).Success {
		t.Error("the peer collector claims success without heartbeats")
	}
	r.tell(Health{Part: PartPeers})
	if !r.collector(collector.Peer).Success {
		t.Error("the peer collector does not come back")
	}
}

// Probes follow the owner, and peers are told what is seen of their applications.
func TestProbesFollowTheOwner(t *testing.T) {
	o := options()
	o.Probes = []probe.Spec{
		{Application: "db", Group: "rg1", Name: "sql", Type: "tcp", Target: "x:1", Vantage: probe.Local, Interval: 5 * time.Second, Timeout: time.Second},
		{Application: "db", Group: "rg1", Name: "users", Type: "tcp", Target: "x:1", Vantage: probe.Peer, Interval: 5 * time.Second, Timeout: time.Second},
	}
	r := newRig(t, o)
	asked := func() (ids []string) {
		for _, f := range r.effects {
			if p, ok := f.(RunProbe); ok {
				ids = append(ids, p.Run.ID)
				r.tell(ProbeDone{Result: probe.Result{Run: p.Run, At: r.now}})
			}
		}
		r.effects = nil
		return ids
	}
	r.advance(3 * time.Second)
	if got := asked(); !slices.Equal(got, []string{"db/sql/local"}) {
		t.Errorf("on the owner: %v", got)
	}
	r.answers[model.SourceGroups] = groups(model.GroupOffline, model.GroupOnline)
	r.advance(16 * time.Second)
	if got := strings.Join(asked(), " "); !strings.HasSuffix(got, "db/users/peer") {
		t.Errorf("off the owner: %v", got)
	}
	r.effects = nil
	r.advance(time.Second)
	v := r.core.View(r.now)
	if len(v.Probes) != 1 || v.Probes[0].TargetNode != "n2" || len(r.core.told.Probes) != 1 {
		t.Errorf("probes %+v, told %+v", v.Probes, r.core.told.Probes)
	}
}

func TestDisabledCollectorsRunNothing(t *testing.T) {
	o := options()
	o.Enabled = map[string]bool{collector.Freeze: true}
	o.Cluster, o.Node = "c1", "n1"
	r := newRig(t, o)
	r.core.identity()
	r.reads = map[model.Source]int{}
	r.advance(time.Minute)
	if len(r.reads) != 0 {
		t.Errorf("read %v", r.reads)
	}
}

func TestSnapshot(t *testing.T) {
	r := newRig(t, options())
	r.advance(2 * time.Second)
	r.event(model.EventPre)
	s := r.core.Snapshot(r.now)
	if s.At != r.now || s.Node != "n1" || !s.Episode.Open || !s.Sources[collector.Cluster] || len(s.Owners) != 1 {
		t.Errorf("snapshot %+v", s)
	}
	if _, ok := s.Facts.Fresh(model.SourceGroups, r.now, 5*time.Second); !ok {
		t.Error("no fresh groups in it")
	}
	n := len(s.Facts.Good)
	delete(s.Facts.Good, model.SourceGroups)
	if len(r.core.Snapshot(r.now).Facts.Good) != n {
		t.Error("shares its facts with the core")
	}
}

func TestMergedLogsFoldAsEpisodeDoes(t *testing.T) {
	r := newRig(t, options())
	r.event(model.EventCheck)
	want := episode.Fold(r.log, r.now.Wall, r.core.opt.CheckExpires)
	if got := r.core.episodes; len(got) != 1 || !reflect.DeepEqual(got[0], want[0]) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
