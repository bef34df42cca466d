package det

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/sim"
)

// plan is everything that a seed decides before the world begins: the cluster, what is not known of the product, the
// configuration, the migrations, and what goes wrong when. Leaving a fault out of it changes nothing of the rest, so
// that a violation can be made smaller.
type plan struct {
	version   string
	nodes     []string
	groups    []sim.Group
	knobs     map[string]string
	config    *config.Config // of every node, save for its name
	fragile   map[string]bool
	skews     []time.Duration
	rotateAt  int64
	monoStops bool
	peerProbes,
	noStub bool
	faults []fault
	cease  time.Duration // from then on nothing goes wrong any more
	long   bool          // run to the bound, whether or not anything is still under way
}

// fault is one thing that happens at a moment; a migration is one as well.
type fault struct {
	at   time.Duration
	name string
	do   func(w *World)
}

// planner draws a plan.
type planner struct {
	*rand.Rand
	p *plan
}

func (r planner) chance(percent int) bool { return r.IntN(100) < percent }

func (r planner) between(least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)+1))
}

func (r planner) node() string { return r.p.nodes[r.IntN(len(r.p.nodes))] }

func pick[T any](r planner, of ...T) T { return of[r.IntN(len(of))] }

func (r planner) add(at time.Duration, name string, do func(w *World)) {
	r.p.faults = append(r.p.faults, fault{at, name, do})
}

// newPlan draws the plan of a seed.
func newPlan(seed uint64) *plan {
	p := &plan{version: "7.2.7", nodes: []string{"n1", "n2"}, knobs: map[string]string{}, fragile: map[string]bool{}}
	r := planner{rand.New(rand.NewPCG(seed, 1)), p}
	if r.chance(20) {
		p.nodes = append(p.nodes, "n3")
	}
	p.version = pick(r, "7.2.7", "7.2.7", "7.2.7", "7.2.3", "7.2.0")
	r.drawGroups()
	r.drawKnobs()
	r.drawConfig()
	p.monoStops, p.peerProbes = r.chance(20), r.chance(60)
	p.noStub, p.long = r.chance(2), r.chance(10)
	p.rotateAt = rotateAt
	if r.chance(10) {
		p.rotateAt = 4 << 10
	}
	r.drawMigrations()
	// Half of the worlds have no fault or one: what goes wrong alone is told from what goes wrong together.
	for range pick(r, 0, 0, 1, 1, 2, 3, 5, 8) {
		r.drawFault()
	}
	for range pick(r, 0, 0, 0, 1, 1, 2, 4) {
		r.drawPerson()
	}
	slices.SortStableFunc(p.faults, func(a, b fault) int { return int(a.at - b.at) })
	for _, f := range p.faults {
		p.cease = max(p.cease, f.at+2*time.Minute)
	}
	return p
}

func (r planner) drawGroups() {
	for i := range 1 + r.IntN(2) {
		g := sim.Group{
			Name: fmt.Sprintf("rg%d", i+1), Application: fmt.Sprintf("app%d", i+1), Nodes: slices.Clone(r.p.nodes),
			Start: "/app/start", Stop: "/app/stop", Monitor: "/app/monitor", MonitorInterval: 20 * time.Second, RestartCount: r.IntN(3),
			StartupMonitor: r.chance(50),
		}
		if r.chance(40) {
			slices.Reverse(g.Nodes)
		}
		if r.chance(30) {
			g.Monitor, g.MonitorInterval = "", 0
		}
		r.p.groups = append(r.p.groups, g)
		r.p.fragile[g.Name] = r.chance(40)
	}
}

// drawKnobs settles some of what no source says of the product (reference, Not known).
func (r planner) drawKnobs() {
	if r.chance(40) {
		return
	}
	for _, k := range []struct {
		name   string
		values []string
	}{
		{"rginfo_s_layout", []string{"minimal", "v5", "v71"}},
		{"error_stream", []string{"stdout"}},
		{"exit_codes", []string{"classes", "zero"}},
		{"clmgr_wait", []string{"before"}},
		{"events_while_unmanaged", []string{"no"}},
		{"unmanaged_votes", []string{"no"}},
		{"cl_dr_timeout_name", []string{"CAA_node_timeout"}},
		{"unmanaged_owner_death_shows", []string{"OFFLINE", "UNKNOWN"}},
		{"lpm_var_needs_sync", []string{"no"}},
		{"modify_refused_when_unmanaged", []string{"yes"}},
		{"lpm_timeout_changeable", []string{"no"}},
		{"lpm_policy_case", []string{"upper"}},
		{"premigrate_position", []string{"before_suspend"}},
		{"dr_script_order", []string{"reverse", "product_first"}},
		{"dr_undo_scope", []string{"all"}},
		{"dr_timeout_effect", []string{"ignore"}},
		{"dr_other_exit", []string{"success"}},
		{"dms_fires_on_wake", []string{"no"}},
		{"merge_halts", []string{"no"}},
		{"network_events", []string{"no"}},
		{"monitor_hung_on_wake", []string{"yes"}},
		{"errpt_pmig_offsets", []string{"suspend", "done_late"}},
		{"errpt_pmig_ids", []string{"old", "new"}},
		{"resume_when_group_elsewhere", []string{"acquire"}},
		{"double_unmanage", []string{"error"}},
		{"move_unmanaged_dead_owner", []string{"refuse", "accept_after_node_down"}},
		{"cl_dr_check_unmanaged", []string{"veto"}},
		{"cl_dr_pre_unmanaged", []string{"warn", "fail"}},
		{"cl_dr_resumes_unmanaged", []string{"yes"}},
		{"cl_dr_forgets", []string{"node_timeout", "dead_man_switch", "inittab", "resume", "all"}},
		{"cl_dr", []string{"absent"}},
		{"lpm_undo_boot_delay", []string{"1", "300"}},
		{"forced_down_warn_s", []string{"120"}},
		{"cluster_state_unmanaged", []string{"STABLE"}},
		{"lssrc_forced_down_line", []string{"no"}},
	} {
		if v := pick(r, k.values...); r.chance(6) {
			r.p.knobs[k.name] = v
		}
	}
}

func (r planner) drawConfig() {
	c := config.Default()
	r.p.config = c
	c.Cluster.Name = clusterName
	c.Migration.Mode = pick(r, "gated", "gated", "gated", "gated", "gated", "gated", "gated", "gated", "native", "native", "observe")
	c.Migration.Preflight = pick(r, "warn", "warn", "enforce")
	c.Migration.OnUnfinishedPrepare = pick(r, "refuse", "refuse", "continue")
	c.Migration.OnUnhealthy = pick(r, "hold", "resume_to_recover")
	c.Migration.SuspensionDeadline = config.Duration(pick(r, 10*time.Minute, 30*time.Minute))
	c.Confirmation.MinimumStable = config.Duration(pick(r, 30*time.Second, time.Minute))
	c.Failover.Mode = pick(r, "approve", "approve", "approve", "off")
	c.Variables.Apply = pick(r, "on_request", "on_request", "automatic", "automatic", "never")
	c.Confirmation.PrometheusURLs = []string{"http://prometheus1:9090"}
	if r.chance(40) {
		c.Confirmation.PrometheusURLs = append(c.Confirmation.PrometheusURLs, "http://prometheus2:9090")
	}
	for range c.Confirmation.PrometheusURLs {
		skew := time.Duration(0)
		if r.chance(15) {
			skew = r.between(-time.Hour, time.Hour)
		}
		r.p.skews = append(r.p.skews, skew)
	}
	c.Probes = []config.Probe{{Name: "http", Application: "app", Type: "http", Vantage: "local"}}
	c.Actors.Targets = map[string]string{}
	for _, n := range r.p.nodes {
		c.Actors.Targets[n] = n + ":10984"
	}
}

// configOf is the configuration on a node.
func (p *plan) configOf(node string) *config.Config {
	c := *p.config
	c.Cluster.Node = node
	return &c
}

// drawMigrations draws one to three migrations, at times on several nodes at once.
func (r planner) drawMigrations() {
	// The variables are synchronised before, save where the actor or nobody does it.
	at := r.between(60*time.Second, 90*time.Second)
	if r.p.config.Variables.Apply == "automatic" && r.chance(90) {
		at += 3 * time.Minute
	} else if r.chance(95) {
		r.add(10*time.Second, "variables_set", func(w *World) {
			w.human(w.nodes[0], "clmgr", "modify", "cluster", "LPM_POLICY=unmanage", "HEARTBEAT_FREQUENCY_DURING_LPM=120")
			w.after(15*time.Second, func() { w.human(w.nodes[0], "clmgr", "sync", "cluster") })
		})
		at += 30 * time.Second
	}
	for i := range 1 + r.IntN(3) {
		m := sim.MigrationRequested{ID: fmt.Sprintf("m%d", i+1), Node: r.node(), Precopy: r.between(time.Second, 90*time.Second)}
		m.Freeze = r.between(10*time.Millisecond, 5*time.Second)
		switch d := r.IntN(100); {
		case d < 10:
			m.Freeze = r.between(5*time.Second, 100*time.Second)
		case d < 14:
			m.Freeze = r.between(100*time.Second, 20*time.Minute)
		}
		if r.chance(1) {
			m.Precopy = r.between(time.Hour, 3*time.Hour)
		}
		if r.chance(20) {
			m.AbortAt = pick(r, "check", "pre", "copy", "suspend")
		} else if r.chance(6) {
			m.Die = pick(r, "copy", "suspend", "post")
		}
		r.add(at, fmt.Sprintf("migration_%s_%s%s", m.Node, m.AbortAt, m.Die), func(w *World) { w.step(m) })
		r.p.cease = max(r.p.cease, at+m.Precopy+m.Freeze+5*time.Minute)
		at += m.Precopy + m.Freeze + r.between(2*time.Second, 8*time.Minute)
	}
}
