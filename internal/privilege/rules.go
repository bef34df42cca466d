package privilege

import (
	"slices"
	"strconv"
	"time"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/probe"
)

// Rule is one command that a user has to be allowed.
type Rule struct {
	For     string   `json:"for"`     // what it is run for
	Sudo    string   `json:"sudo"`    // path of sudo
	As      string   `json:"as"`      // the user that it is run as
	Command []string `json:"command"` // absolute path and every argument
	// Open: further arguments follow that are known only when it is run, so that they cannot be fixed.
	Open bool `json:"open,omitempty"`
}

// Exporter lists what the exporter, and lpmctl when it reads as its user, run through sudo by this configuration. monitors
// are those of the cluster's configuration: probes may run them.
func Exporter(c *config.Config, monitors []model.Monitor) []Rule {
	var rules collection
	rules.reads(powerha.New(Reading(c, false)))
	for i := range c.Probes {
		p := &c.Probes[i]
		rules.add("probe "+p.Name, p.Command, false)
		if argv := monitorArgv(p, monitors); argv != nil {
			rules.add("probe "+p.Name, argv, false)
		}
	}
	return rules.list
}

// monitorArgv is what a probe runs that reuses a monitor of PowerHA; nil where it runs none.
func monitorArgv(p *config.Probe, monitors []model.Monitor) []string {
	for i := range monitors {
		if p.Monitor == "" || monitors[i].Name != p.Monitor || monitors[i].Method == "" {
			continue
		}
		if argv, err := probe.MonitorArgv(monitors[i]); err == nil {
			return append(slices.Clone([]string(p.Wrapper)), argv...)
		}
	}
	return nil
}

// Cluster is what the acts are made of.
type Cluster struct {
	Node   string // this node
	Groups []string
	Now    *model.Cluster // its settings, so that they can be put back; nil when they are not known
}

// Actor lists what the actor runs through sudo by this configuration. root: it runs as root, which needs no rule but where
// the configuration names sudo itself.
func Actor(c *config.Config, root bool, k Cluster) []Rule {
	var rules collection
	client := powerha.New(Reading(c, root))
	rules.reads(client)
	if c.Migration.Mode != "observe" {
		rules.acts(c, client, k)
	}
	rules.add("proof of death", c.Failover.ProofOfDeath.Command, false)
	rules.add("notify", c.Notify.Command, true)
	return rules.list
}

// collection gathers rules without doubles.
type collection struct{ list []Rule }

func (r *collection) add(what string, argv []string, open bool) {
	w, ok := unwrap(argv)
	if !ok {
		return
	}
	n := Rule{For: what, Sudo: w.sudo, As: w.user, Command: slices.Clone(w.command), Open: open}
	if !slices.ContainsFunc(r.list, func(o Rule) bool { return o.As == n.As && slices.Equal(o.Command, n.Command) && o.Open == n.Open }) {
		r.list = append(r.list, n)
	}
}

func (r *collection) reads(client *powerha.Client) {
	deciding, informing := powerha.Sources()
	for _, s := range slices.Concat(deciding, informing) {
		r.add(string(s), client.Argv(s), false)
	}
}

// acts adds what the actor does to the cluster, each with the names and values that it may have here.
func (r *collection) acts(c *config.Config, client *powerha.Client, k Cluster) {
	add := func(a command.Act, err error) {
		if err == nil { // a name that makes no command is never run either
			r.add(a.Name, a.Argv, false)
		}
	}
	if k.Node != "" {
		add(client.StopUnmanage("", k.Node))
		add(client.StartManage("", k.Node, false))
		add(client.StartManage("", k.Node, true))
	}
	if c.Failover.Mode != "off" && k.Node != "" {
		for _, g := range k.Groups {
			add(client.MoveGroup("", g, k.Node))
		}
	}
	if c.Variables.Apply == "never" {
		return
	}
	for _, v := range variables(c, k.Now) {
		add(client.SetVariable("", v[0], v[1]))
	}
	if c.Variables.Sync != "never" {
		add(client.Sync(""), nil)
	}
}

// variables lists the settings that may be made: what is wanted, and what is there now, to be put back.
func variables(c *config.Config, now *model.Cluster) [][2]string {
	out := [][2]string{{decide.AttrPolicy, c.Variables.LPMPolicy}}
	if d := c.Variables.HeartbeatFrequencyDuringLPM.D(); d > 0 {
		out = append(out, [2]string{decide.AttrHeartbeat, strconv.Itoa(int(d / time.Second))})
	}
	if now != nil && now.HasLPM {
		out = append(out, [2]string{decide.AttrPolicy, decide.Attribute(*now, decide.AttrPolicy)},
			[2]string{decide.AttrHeartbeat, decide.Attribute(*now, decide.AttrHeartbeat)})
	}
	return out
}
