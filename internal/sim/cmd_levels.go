package sim

import (
	"fmt"
	"strings"
)

// halevel is halevel -s: the level as people say it.
func (c *Core) halevel(_ *node, args []string) result {
	if len(args) > 1 || len(args) == 1 && args[0] != "-s" {
		return misuse("halevel")
	}
	return say(c.level.name + " GA\n")
}

// clhaver tells the version of each node.
func (c *Core) clhaver(_ *node, _ []string) result {
	var b strings.Builder
	for _, n := range c.all() {
		if n.silent() {
			fmt.Fprintf(&b, "Node %s cannot be reached\n", n.name)
			continue
		}
		fmt.Fprintf(&b, "Node %s has HACMP version %s installed\n", n.name, c.level.vrmf)
	}
	return say(b.String())
}

// lsrpdomain shows RSCT's peer domain, lsrpnode its nodes: they stay online while a node is unmanaged.
func (c *Core) lsrpdomain(n *node, _ []string) result {
	state := "Online"
	if c.knob(n, "caa") == "stopped" {
		state = "Offline"
	}
	width := max(4, len(c.cfg.Cluster))
	return say(fmt.Sprintf("%-*s OpState RSCTActiveVersion MixedVersions TSPort GSPort \n%-*s %-7s 3.2.1.0           No            12347  12348  \n",
		width, "Name", width, c.cfg.Cluster, state))
}

func (c *Core) lsrpnode(n *node, _ []string) result {
	width := 4
	for _, o := range c.all() {
		width = max(width, len(o.name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s OpState RSCTVersion \n", width, "Name")
	for _, o := range c.all() {
		state := "Online"
		if n.seesDown[o.name] || o == n && c.knob(n, "caa") == "stopped" {
			state = "Offline"
		}
		fmt.Fprintf(&b, "%-*s %-7s 3.2.1.0     \n", width, o.name, state)
	}
	return say(b.String())
}

// clcmd runs a command on every node that can be reached, each answer in a block.
func (c *Core) clcmd(n *node, args []string) result {
	if len(args) == 0 {
		return misuse("clcmd")
	}
	q, ok := queryTable()[args[0][strings.LastIndexByte(args[0], '/')+1:]]
	if !ok || args[0] == "clcmd" || isAct(args[0], args[1:]) {
		return complain("clcmd: " + args[0] + " is not answered here.")
	}
	const rule = "-------------------------------\n"
	var all result
	for _, o := range c.all() {
		if o != n && o.silent() {
			all.err += "clcmd: node " + o.name + " cannot be reached.\n"
			all.exit = 1
			continue
		}
		r := q.f(c, o, args[1:])
		all.out += rule + "NODE " + o.name + "\n" + rule + r.out
		all.err += r.err
		all.exit = max(all.exit, r.exit)
	}
	return all
}
