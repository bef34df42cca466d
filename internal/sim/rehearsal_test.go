package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/budget"
	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

// cluster is one set of settings and of what is not known of the product.
type cluster struct {
	name    string
	version string // 7.2.7 when empty
	nodes   int    // 2 when 0
	knobs   map[string]string
	modify  []string // attributes of the cluster, synchronised
	typed   []string // commands on n1, after that
	missing []budget.Limit
}

func clusters() []cluster {
	knob := func(kv ...string) map[string]string {
		out := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			out[kv[i]] = kv[i+1]
		}
		return out
	}
	return []cluster{
		{name: "default"},
		{name: "7.1.3", version: "7.1.3"},
		{name: "7.1.3 without network_fdt", version: "7.1.3", knobs: knob("network_fdt_listed", "no")},
		{name: "7.2.0", version: "7.2.0", nodes: 3},
		{name: "four nodes", nodes: 4},
		{name: "short timeouts", modify: []string{"HEARTBEAT_FREQUENCY=15", "HEARTBEAT_FREQUENCY_DURING_LPM=120", "NETWORK_FAILURE_DETECTION_TIME=6"}},
		{name: "long timeouts", modify: []string{"HEARTBEAT_FREQUENCY=240", "GRACE_PERIOD=30", "NETWORK_FAILURE_DETECTION_TIME=60"}},
		{name: "switches do not fire", knobs: knob("dms_fires_on_wake", "no")},
		{name: "nobody is halted on meeting", knobs: knob("dms_fires_on_wake", "no", "merge_halts", "no")},
		{name: "no network events", knobs: knob("network_events", "no")},
		{name: "monitors hang", knobs: knob("monitor_hung_on_wake", "yes")},
		{name: "monitors hang, two failures tolerated", knobs: knob("monitor_hung_on_wake", "yes", "monitor_retry", "2")},
		{name: "events only", typed: []string{"clctrl -tune -o deadman_mode=e"}},
		{name: "switch stopped by hand", typed: []string{"clctrl -tune -o deadman_mode=e", "stopdms -s cthags", "hags_disable_client_kill -s cthags"}},
		{name: "only the switch stopped", typed: []string{"clctrl -tune -o deadman_mode=e", "stopdms -s cthags"}},
		{
			name: "only the switch stopped, daemons survive", knobs: knob("client_kill_on_wake", "no"),
			typed: []string{"clctrl -tune -o deadman_mode=e", "stopdms -s cthags"}, modify: []string{"CRIT_DAEMON_RESTART_GRACE_PERIOD=0"},
		},
		{name: "linked sites of one node", knobs: knob("cluster_type", "LC")},
		{name: "linked sites of two nodes", nodes: 4, knobs: knob("cluster_type", "LC")},
		{name: "linked, switches do not fire", knobs: knob("cluster_type", "LC", "dms_fires_on_wake", "no")},
		{name: "stretched", knobs: knob("cluster_type", "SC")},
		{name: "watchdog on", modify: []string{"CAA_PVM_WATCHDOG_TIMER=hard_reset"}, missing: []budget.Limit{budget.PVMWatchdog}},
		{name: "no watchdog at this level", knobs: knob("pvm_wdog_listed", "no")},
	}
}

// situation is one way in which a node meets a freeze.
type situation struct {
	cluster
	script, managed bool
}

func (x situation) shell(t *testing.T) *shell {
	t.Helper()
	knobs := map[string]string{"cl_dr": "absent"}
	if x.script {
		knobs["cl_dr"] = "registered"
	}
	maps.Copy(knobs, x.knobs)
	cfg := Config{Version: x.version, Knobs: knobs}
	for i := range max(x.nodes, 2) {
		cfg.Nodes = append(cfg.Nodes, fmt.Sprintf("n%d", i+1))
	}
	s := newShell(t, cfg)
	attrs := slices.Clone(x.modify)
	if x.script && !x.managed {
		attrs = append(attrs, unmanagePolicy)
	}
	if len(attrs) > 0 {
		s.must("n1", "clmgr", append([]string{"modify", "cluster"}, attrs...)...)
		s.must("n1", "clmgr", "sync", "cluster")
	}
	for _, line := range x.typed {
		words := strings.Fields(line)
		s.must("n1", words[0], words[1:]...)
	}
	return s
}

// runner lets the product's own client type its commands in the simulated cluster.
type runner struct {
	command.Runner
	s *shell
}

func (r runner) Query(_ context.Context, q command.Query) (command.Output, error) {
	id := r.s.start("n1", q.Argv[0][strings.LastIndexByte(q.Argv[0], '/')+1:], q.Argv[1:]...)
	for !r.s.done[id] {
		r.s.run(100 * time.Millisecond)
	}
	return command.Output{Stdout: []byte(r.s.out[id]), Stderr: []byte(r.s.errOut[id]), Exit: r.s.exit[id]}, nil
}

// settings are what the product reads on the node by its commands, in calm times, and makes of it for the situation.
func (x situation) settings(t *testing.T, s *shell) budget.Settings {
	t.Helper()
	client := powerha.New(powerha.Options{Runner: runner{s: s}, Clock: clock.NewFake(model.Instant{Wall: s.core.wall()})})
	all := make(map[model.Source]model.Reading)
	for _, source := range budget.AllSources() {
		r := client.Read(t.Context(), source)
		if r.Err != "" || r.Unparsed > 0 {
			t.Fatalf("%s: %d lines, %s", source, r.Unparsed, r.Err)
		}
		all[source] = r
	}
	set := budget.FromReadings(all, "n1")
	set.Managed = &x.managed
	if x.script {
		c := all[model.SourceCluster].Cluster
		unmanages := budget.Unmanages(c)
		if unmanages == nil || *unmanages == x.managed {
			t.Fatalf("LPM_POLICY is read as %v", unmanages)
		}
		set = budget.ForMigration(set, budget.LPMTimeout(c), unmanages)
	}
	return set
}

// freeze lets the node stand still for d in a migration and returns what follows.
func (x situation) freeze(t *testing.T, d time.Duration) map[budget.Effect]bool {
	t.Helper()
	s := x.shell(t)
	if !x.script && !x.managed {
		s.must("n1", "clmgr", "stop", "node", "n1", "WHEN=now", "MANAGE=unmanage")
	}
	s.migrate(MigrationRequested{Node: "n1", Precopy: 5 * time.Second, Freeze: d})
	s.run(15 * time.Minute) // longer than the longest time in which a node is found dead
	return seen(s)
}

// seen lists the effects that the simulated cluster shows.
func seen(s *shell) map[budget.Effect]bool {
	st, log := s.core.Status(), s.files["n2:var/hacmp/adm/cluster.log"]
	out := map[budget.Effect]bool{
		budget.NodeDown:           strings.Contains(log, "EVENT START: node_down n1"),
		budget.Takeover:           st.Takeovers > 0,
		budget.NetworkDown:        strings.Contains(log, "EVENT START: network_down n1"),
		budget.ApplicationRestart: strings.Contains(log, "EVENT START: server_restart n1"),
		budget.Abandoned:          len(st.Groups[0].RunsOn) == 0,
	}
	for _, e := range s.trace {
		if e.Kind != "node_dead" {
			continue
		}
		why, _ := e.Fields["reason"].(string)
		switch {
		case strings.HasPrefix(why, "merge"):
			out[budget.Merged] = true
		case strings.HasPrefix(why, "cthags: critical"):
			out[budget.ClientsKilled], out[budget.DaemonsRestart] = true, true
		default:
			out[budget.Halted] = true
		}
	}
	return out
}

// chance settles what the product is not sure of, as the knobs of the simulated cluster do: what it then expects of an
// effect that it calls uncertain. The second result is false where the moment decides.
func (x situation) chance(c budget.Consequence, d time.Duration, happened map[budget.Effect]bool) (want, known bool) {
	switch c.Effect {
	case budget.ApplicationRestart:
		return x.knobs["monitor_hung_on_wake"] == "yes" && !happened[budget.ClientsKilled], true
	case budget.ClientsKilled, budget.DaemonsRestart:
		// A switch that halts the node for certain is before it.
		return x.knobs["client_kill_on_wake"] != "no" && x.knobs["dms_fires_on_wake"] != "no" && !happened[budget.Halted], true
	case budget.Merged:
		// A takeover begins some seconds after the node was declared down, and only then is there something to meet.
		takes := happened[budget.Takeover] && !happened[budget.ClientsKilled] && !happened[budget.Halted]
		return takes && x.knobs["merge_halts"] != "no", d > c.After+10*time.Second
	case budget.Halted, budget.NodeDown, budget.Takeover, budget.NetworkDown, budget.Abandoned, budget.WatchdogFires:
	}
	return false, false
}

// settled takes out of the settings what the knobs of the simulated cluster make certain not to happen.
func (x situation) settled(s budget.Settings) budget.Settings {
	if x.knobs["dms_fires_on_wake"] == "no" { // the node resets its switches first when it wakes
		s.Switch, s.DeadmanMode, s.ClientKill = new(false), "e", new(false)
	}
	if x.knobs["network_events"] == "no" {
		s.Network = budget.None()
	}
	return s
}

// lengths are those that people ask for, and both sides of every timer; at its very moment both may be.
func lengths(s budget.Settings) []time.Duration {
	var out []time.Duration
	for _, d := range []time.Duration{1, 2, 5, 10, 30, 60, 120, 300, 600} {
		out = append(out, d*time.Second)
	}
	for _, t := range budget.Terms(s) {
		if t.Applies && t.Readable {
			out = append(out, t.Longest-time.Second, t.Longest+time.Second, t.Longest+15*time.Second)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Every row of a rehearsal is what the simulated cluster shows: what is certain happens, what is uncertain happens as
// the knobs have it, and nothing happens that was not named.
func TestRehearsalIsWhatHappens(t *testing.T) {
	rows := 0
	for _, c := range clusters() {
		for _, script := range []bool{false, true} {
			if script && c.version == "7.1.3" {
				continue // there is none
			}
			for _, managed := range []bool{true, false} {
				x := situation{cluster: c, script: script, managed: managed}
				t.Run(fmt.Sprintf("%s/script=%v/managed=%v", c.name, script, managed), func(t *testing.T) {
					settings := x.settled(x.settings(t, x.shell(t)))
					for _, d := range lengths(settings) {
						x.compare(t, settings, d)
						rows++
					}
				})
			}
		}
	}
	if rows < 500 {
		t.Errorf("only %d rows were held against the simulated cluster", rows)
	}
}

func (x situation) compare(t *testing.T, settings budget.Settings, d time.Duration) {
	t.Helper()
	if slices.ContainsFunc(budget.Terms(settings), func(t budget.Term) bool { return t.Applies && t.Longest == d }) {
		d += time.Millisecond
	}
	row := budget.Rehearse(settings, d)
	if !slices.Equal(row.Missing, x.missing) {
		t.Fatalf("%v: not known: %v", d, row.Missing)
	}
	happened := x.freeze(t, d)
	named := map[budget.Effect]bool{}
	certain := false
	for _, c := range row.Consequences {
		named[c.Effect] = true
		certain = certain || c.Certain
		want, known := x.chance(c, d, happened)
		switch {
		case c.Timer == "":
			t.Errorf("%v: %q names no timer", d, c.Effect)
		case c.Certain && !happened[c.Effect]:
			t.Errorf("%v: %q by %s was rehearsed as certain and does not happen: %v", d, c.Effect, c.Timer, happened)
		case !c.Certain && known && want != happened[c.Effect]:
			t.Errorf("%v: %q by %s: happens %v, expected %v", d, c.Effect, c.Timer, happened[c.Effect], want)
		}
	}
	if named[budget.ClientsKilled] || named[budget.DaemonsRestart] {
		named[budget.ClientsKilled], named[budget.DaemonsRestart] = true, true // one deed, two doubts
	}
	for e, yes := range happened {
		if yes && !named[e] {
			t.Errorf("%v: %q happens and was not rehearsed: %+v", d, e, row.Consequences)
		}
	}
	b := budget.Longest(settings)
	switch {
	case b.Limit == budget.Unknown && len(x.missing) == 0:
		t.Errorf("the budget is not known: %v", b.Missing)
	case b.Limit != budget.Unknown && d <= b.Longest && len(row.Consequences) > 0:
		t.Errorf("%v is within the budget of %v and has consequences: %+v", d, b.Longest, row.Consequences)
	case b.Limit != budget.Unknown && d > b.Longest && len(row.Consequences) == 0:
		t.Errorf("%v is beyond the budget of %v and has no consequence", d, b.Longest)
	}
}
