package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/budget"
)

// situation is one way in which a node meets a freeze.
type situation struct {
	name              string
	script, unmanaged bool
	version           string
	knobs             map[string]string
	heartbeat, lpm    int // seconds; 0: the default
}

func situations() []situation {
	var out []situation
	for _, script := range []bool{true, false} {
		for _, unmanaged := range []bool{true, false} {
			for _, base := range []situation{
				{name: "default"},
				{name: "short timeouts", heartbeat: 15, lpm: 120},
				{name: "long timeout", heartbeat: 240},
				{name: "switches do not fire", knobs: map[string]string{"dms_fires_on_wake": "no"}},
			} {
				base.script, base.unmanaged, base.version = script, unmanaged, "7.2.7"
				base.name = fmt.Sprintf("script=%v/unmanaged=%v/%s", script, unmanaged, base.name)
				out = append(out, base)
			}
		}
	}
	return append(out, situation{name: "7.1.3", version: "7.1.3"}, situation{name: "7.1.3 unmanaged", version: "7.1.3", unmanaged: true})
}

// freeze plays the freeze in the simulated cluster and returns the settings before it with what followed.
func (x situation) freeze(t *testing.T, d time.Duration) (budget.Settings, map[budget.Effect]bool) {
	t.Helper()
	knobs := map[string]string{"cl_dr": "absent"}
	if x.script {
		knobs["cl_dr"] = "registered"
	}
	for k, v := range x.knobs {
		knobs[k] = v
	}
	s := newShell(t, Config{Version: x.version, Knobs: knobs})
	set := func(attr string) {
		s.must("n1", "clmgr", "modify", "cluster", attr)
		s.must("n1", "clmgr", "sync", "cluster")
	}
	if x.heartbeat > 0 {
		set(fmt.Sprintf("HEARTBEAT_FREQUENCY=%d", x.heartbeat))
	}
	if x.lpm > 0 {
		set(fmt.Sprintf("HEARTBEAT_FREQUENCY_DURING_LPM=%d", x.lpm))
	}
	if x.script && x.unmanaged {
		set(unmanagePolicy)
	}
	if !x.script && x.unmanaged {
		s.must("n1", "clmgr", "stop", "node", "n1", "WHEN=now", "MANAGE=unmanage")
	}
	settings := x.settings(s)
	s.migrate(MigrationRequested{Node: "n1", Precopy: 5 * time.Second, Freeze: d})
	s.run(5 * time.Minute)
	return settings, x.seen(s)
}

// settings are those that the simulated node has, as its commands tell them.
func (x situation) settings(s *shell) budget.Settings {
	n := s.core.nodes["n1"]
	managed, armed := n.managed, n.dms
	set := budget.Settings{
		Managed: &managed, NodeTimeout: budget.Of(time.Duration(n.nodeTimeout) * time.Millisecond),
		Grace: budget.Of(time.Duration(n.downDelay) * time.Millisecond), DeadmanMode: n.deadman, Switch: &armed,
		Network: budget.Of(time.Duration(n.odm.network) * time.Second), Link: budget.None(), Watchdog: budget.None(), Monitor: budget.Of(10 * time.Second),
	}
	if x.script {
		set = budget.ForMigration(set, budget.Of(time.Duration(n.odm.lpmSeconds())*time.Second), x.unmanaged)
	}
	return set
}

// seen lists the effects that the simulated cluster shows.
func (x situation) seen(s *shell) map[budget.Effect]bool {
	st, log := s.core.Status(), s.files["n2:var/hacmp/adm/cluster.log"]
	out := make(map[budget.Effect]bool)
	out[budget.NodeDown] = strings.Contains(log, "EVENT START: node_down n1")
	out[budget.Takeover] = st.Takeovers > 0
	out[budget.NetworkDown] = strings.Contains(log, "EVENT START: network_down n1")
	out[budget.ApplicationRestart] = strings.Contains(log, "EVENT START: server_restart")
	for _, e := range s.trace {
		if e.Kind == "node_dead" {
			why, _ := e.Fields["reason"].(string)
			out[budget.Merged] = strings.HasPrefix(why, "merge")
			out[budget.Halted] = !out[budget.Merged]
		}
	}
	out[budget.Abandoned] = len(st.Groups[0].RunsOn) == 0
	return out
}

// Every row of a rehearsal is what the simulated cluster shows: what is certain happens, and nothing happens that was
// not named.
func TestRehearsalIsWhatHappens(t *testing.T) {
	freezes := []time.Duration{1, 2, 5, 10, 30, 60, 120, 300, 600}
	for _, x := range situations() {
		t.Run(x.name, func(t *testing.T) {
			for _, d := range append(slices.Clone(freezes), 12, 14, 19, 21, 26, 31, 39, 41, 129, 131, 249, 251, 611) {
				d *= time.Second
				settings, seen := x.freeze(t, d)
				if x.knobs["dms_fires_on_wake"] == "no" { // the product may win the race on waking
					off := false
					settings.Switch, settings.DeadmanMode = &off, "e"
				}
				row := budget.Rehearse(settings, d)
				if len(row.Missing) > 0 {
					t.Fatalf("%v: %v", d, row.Missing)
				}
				named := make(map[budget.Effect]bool)
				for _, c := range row.Consequences {
					named[c.Effect] = true
					if c.Certain && !seen[c.Effect] {
						t.Errorf("%v: %q by %s was rehearsed and does not happen: %v", d, c.Effect, c.Timer, seen)
					}
				}
				for e, happened := range seen {
					if happened && !named[e] {
						t.Errorf("%v: %q happens and was not rehearsed: %+v", d, e, row.Consequences)
					}
				}
				b := budget.Longest(settings)
				if certain := slices.ContainsFunc(row.Consequences, func(c budget.Consequence) bool { return c.Certain }); certain && d <= b.Longest {
					t.Errorf("%v is within the budget of %v and has consequences: %+v", d, b.Longest, row.Consequences)
				}
			}
		})
	}
}
