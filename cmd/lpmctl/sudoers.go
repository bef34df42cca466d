package main

import (
	"fmt"
	"slices"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/privilege"
)

func addSudoers(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	c := app.Command("sudoers", "Print the sudo rules that the configuration needs, each command with all its arguments.")
	user := c.Flag("user", "User that the rules are for.").Default("powerha_lpm").IsSetByUser(&t.userSet).String()
	component := c.Flag("component", "Whose: exporter, actor.").Default("exporter").Enum("exporter", "actor")
	verbs["sudoers"] = func() int { return t.sudoers(*user, *component) }
}

func (t *tool) sudoers(user, component string) int {
	if err := privilege.CheckUser(user); err != nil {
		return t.fail(exitUsage, "--user: %v", err)
	}
	if !t.config() {
		return exitUsage
	}
	var rules []privilege.Rule
	if component == "exporter" {
		rules = privilege.Exporter(t.cfg, t.monitors())
	} else {
		// The actor is meant to run as root; for a user that is named it is another's.
		rules = privilege.Actor(t.cfg, !t.userSet || user == "root", t.actorsCluster())
	}
	if t.output == "json" {
		if rules == nil {
			rules = []privilege.Rule{}
		}
		return t.json(rules)
	}
	where := t.cfg.Path
	if where == "" {
		where = "the defaults"
	}
	fmt.Fprintf(t.stdout, "# What the %s of powerha_lpm runs through sudo, by %s (hash %.12s).\n", component, where, t.cfg.Hash)
	if len(rules) == 0 {
		fmt.Fprintf(t.stdout, "# Nothing: %s.\n", nothing(component, user, len(t.cfg.Cluster.Sudo) > 0))
		return exitOK
	}
	fmt.Fprintf(t.stdout, "# Install it as root, and again when the configuration changes:\n#   lpmctl sudoers --user %s --component %s > FILE && visudo -cf FILE &&\n"+
		"#   install -m 0440 FILE /etc/sudoers.d/powerha_lpm_%[2]s\n"+
		"# Every argument is fixed. There is no NOEXEC: clmgr and others are scripts, which run programs.\n", user, component)
	fmt.Fprint(t.stdout, privilege.Text(user, component, rules))
	return exitOK
}

// nothing says why there is no rule, and what to do if one is wanted.
func nothing(component, user string, sudo bool) string {
	switch {
	case component == "actor" && sudo:
		return "the actor runs as root; name a user with --user if it does not"
	case component == "actor":
		return "the actor runs as root"
	default:
		return "no command is; set cluster.sudo: [/usr/bin/sudo, -n] to have " + user + " run those that need root through it"
	}
}

// monitors asks for PowerHA's own monitors where a probe runs one.
func (t *tool) monitors() []model.Monitor {
	if !slices.ContainsFunc(t.cfg.Probes, func(p config.Probe) bool { return p.Monitor != "" }) {
		return nil
	}
	r := cluster(t.cfg, t.clk).Read(t.ctx, model.SourceMonitors)
	if r.Err != "" {
		fmt.Fprintf(t.stderr, "lpmctl: the monitors that probes run are left out: %s\n", r.Err)
	}
	return r.Monitors
}

// actorsCluster asks for the names and values that acts are made of. What cannot be had leaves its acts out, and is said.
func (t *tool) actorsCluster() privilege.Cluster {
	ha := cluster(t.cfg, t.clk)
	var k privilege.Cluster
	if t.cfg.Migration.Mode == "observe" {
		return k // it never acts
	}
	var err error
	if k.Node, err = nodeName(t.ctx, t.cfg, ha); err != nil {
		fmt.Fprintf(t.stderr, "lpmctl: the acts on this node are left out: %v\n", err)
	}
	k.Now, k.Groups = t.actsOn(ha)
	return k
}

func (t *tool) actsOn(ha *powerha.Client) (*model.Cluster, []string) {
	r := ha.Read(t.ctx, model.SourceCluster)
	if r.Err != "" {
		fmt.Fprintf(t.stderr, "lpmctl: putting settings back is left out: %s\n", r.Err)
	}
	groups := ha.Read(t.ctx, model.SourceGroups)
	if groups.Err != "" {
		fmt.Fprintf(t.stderr, "lpmctl: moving groups is left out: %s\n", groups.Err)
	}
	var names []string
	for _, g := range groups.Groups {
		if len(names) == 0 || names[len(names)-1] != g.Group {
			names = append(names, g.Group)
		}
	}
	return r.Cluster, names
}
