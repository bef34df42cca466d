package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/model"
)

func addPlan(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	app.Command("plan", "Show what a migration of this node would make the actor do, with the exact commands to do it by hand.")
	verbs["plan"] = t.plan
}

// step is one step of a migration.
type step struct {
	When    string `json:"when"`
	Who     string `json:"who"`
	Command string `json:"command"`
}

type plan struct {
	Mode      string          `json:"mode"`
	Node      string          `json:"node"`
	Steps     []step          `json:"steps"`
	Variables []variable      `json:"variables"`
	Hindrance []string        `json:"hindrances"`
	Actor     *control.Status `json:"actor,omitempty"`
}

func (t *tool) plan() int {
	if !t.config() {
		return exitNo
	}
	l := t.live(model.SourceCluster, model.SourceNodes, model.SourceManager)
	p := plan{Mode: t.cfg.Migration.Mode, Node: l.Node, Hindrance: append(hindrances(l), l.Errors...)}
	if s, err := t.askActor(); err == nil {
		p.Actor = &s
	} else {
		p.Hindrance = append(p.Hindrance, "nothing would be done by itself: "+err.Error())
	}
	p.Variables = t.variables(l)
	p.Steps = t.steps(l, p.Variables)
	if t.output == "json" {
		t.json(p)
	} else {
		t.printPlan(p)
	}
	if len(l.Readings) == 0 {
		return exitUnreachable
	}
	return exitOK
}

// hindrances are what speaks against a migration now, as far as these few readings tell. The actor judges by more.
func hindrances(l live) []string {
	var out []string
	if s := l.nodeState(); s != model.NodeNormal {
		out = append(out, fmt.Sprintf("node %s is %s, not normal", orUnknown(l.Node), s))
	}
	if c := l.Readings[model.SourceCluster].Cluster; c != nil {
		if c.State != model.ClusterStable {
			out = append(out, fmt.Sprintf("the cluster is %s, not stable", c.State))
		}
		if c.Unsynced != nil && *c.Unsynced {
			out = append(out, "the configuration has changes that are not synchronised")
		}
		if !c.HasLPM {
			out = append(out, "this PowerHA has no LPM support of its own (before 7.2): dead man switches stay armed")
		}
	}
	if m := l.Readings[model.SourceManager].Manager; m != nil && m.State != model.ManagerStable {
		out = append(out, fmt.Sprintf("the cluster manager is %s, not stable", m.State))
	}
	standby := false
	for _, n := range l.Readings[model.SourceNodes].Nodes {
		standby = standby || n.Name != l.Node && n.State == model.NodeNormal
	}
	if !standby && len(l.Readings[model.SourceNodes].Nodes) > 0 {
		out = append(out, "no other node is normal: nothing could take over")
	}
	return out
}

func (t *tool) steps(l live, vars []variable) []step {
	ha := cluster(t.cfg, t.clk)
	who := "you, by hand"
	switch t.cfg.Migration.Mode {
	case "gated":
		who = "the actor"
	case "native":
		who = "PowerHA's own script"
	}
	var out []step
	drift := false
	for _, v := range vars {
		if !v.Drift {
			continue
		}
		drift = true
		if act, err := ha.SetVariable("plan", v.Name, v.Wanted); err == nil {
			out = append(out, step{"in calm times", "lpmctl variables apply", shell(act.Argv)})
		}
	}
	if drift {
		out = append(out, step{"in calm times", "lpmctl variables apply", shell(ha.Sync("plan").Argv)})
	}
	if act, err := ha.StopUnmanage("plan", l.Node); err == nil {
		out = append(out, step{"before the migration", who, shell(act.Argv)})
	}
	if act, err := ha.StartManage("plan", l.Node, false); err == nil {
		out = append(out, step{"after it, once the applications are healthy", who, shell(act.Argv)})
	}
	return out
}

func (t *tool) printPlan(p plan) {
	t.row("node", "%s, mode %s", orUnknown(p.Node), p.Mode)
	for _, h := range p.Hindrance {
		t.row("hindrance", "%s", h)
	}
	title := ""
	for _, s := range p.Steps {
		if when := s.When + " (" + s.Who + ")"; when != title {
			title = when
			fmt.Fprintln(t.stdout, t.bold(title))
		}
		fmt.Fprintln(t.stdout, "  "+s.Command)
	}
	if p.Actor != nil {
		t.row("actor", "%s: %s", p.Actor.State, p.Actor.Next)
	}
}

// variable is one of PowerHA's standing LPM settings.
type variable struct {
	Name   string `json:"name"`
	Now    string `json:"now"`
	Wanted string `json:"wanted"`
	Drift  bool   `json:"drift"`
}

// variables compares the cluster's settings with the configured ones. Empty when the cluster could not be asked.
func (t *tool) variables(l live) []variable {
	c := l.Readings[model.SourceCluster].Cluster
	if c == nil || !c.HasLPM {
		return nil
	}
	policy := variable{Name: "LPM_POLICY", Now: string(c.LPMPolicy), Wanted: t.cfg.Variables.LPMPolicy}
	policy.Drift = policy.Now != policy.Wanted
	heartbeat := variable{
		Name: "HEARTBEAT_FREQUENCY_DURING_LPM", Now: "unknown",
		Wanted: strconv.Itoa(int(t.cfg.Variables.HeartbeatFrequencyDuringLPM.D() / time.Second)),
	}
	if c.LPMHeartbeat != nil {
		heartbeat.Now = strconv.Itoa(int(*c.LPMHeartbeat / time.Second))
	}
	heartbeat.Drift = heartbeat.Now != heartbeat.Wanted
	return []variable{policy, heartbeat}
}
