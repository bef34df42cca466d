package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// tunable is one CAA tunable as clctrl lists it.
type tunable struct{ name, def, min, max, unit, scope, cur string }

func (c *Core) tunables(n *node) []tunable {
	list := []tunable{
		{"communication_mode", "m", "", "", "", "c", c.knob(nil, "heartbeat_type")[:1]},
		{"config_timeout", "240", "0", "2147483647", "seconds", "c n", "240"},
		{"deadman_mode", "a", "", "", "", "c n", n.deadman},
		{"link_timeout", "30000", "0", "1171000", "milliseconds", "c n", "30000"},
		{"local_merge_policy", "m", "", "", "", "c", "m"},
		{"network_fdt", "20000", "5000", "590000", "milliseconds", "c n", strconv.Itoa(n.odm.network * 1000)},
		{"no_if_traffic_monitor", "0", "0", "1", "boolean", "c", "0"},
		{"node_down_delay", "10000", "5000", "600000", "milliseconds", "c n", strconv.Itoa(n.downDelay)},
		{"node_timeout", "20000", "10000", "600000", "milliseconds", "c n", strconv.Itoa(n.nodeTimeout)},
		{"packet_ttl", "32", "1", "64", "hops", "c n", "32"},
		{"remote_hb_factor", "1", "1", "100", "scale", "c", "1"},
		{"repos_mode", "e", "", "", "", "c n", "e"},
		{"site_merge_policy", "p", "", "", "", "c", "p"},
	}
	if listed := c.knob(nil, "pvm_wdog_listed"); listed == "yes" || listed == "level" && c.level.pvmWdog {
		cur := n.odm.extra["CAA_PVM_WATCHDOG_TIMER"]
		if cur == "" {
			cur = "DISABLE"
		}
		before := len(list) - 3 // in the order of the alphabet
		list = slices.Insert(list, before, tunable{"pvm_wdog", "DISABLE", "", "", "", "c n", strings.ToUpper(cur)})
	}
	if c.knob(nil, "network_fdt_listed") == "no" {
		list = slices.DeleteFunc(list, func(t tunable) bool { return t.name == "network_fdt" })
	}
	return list
}

// clctrl is clctrl -tune -L | -a | -x name | [-n node] -o name=value.
func (c *Core) clctrl(n *node, args []string) result {
	usage := misuse("clctrl")
	if len(args) < 2 || args[0] != "-tune" {
		return usage
	}
	if c.knob(n, "caa") == "stopped" {
		return complain("clctrl: Cluster services are not active.")
	}
	args = args[1:]
	on := ""
	if len(args) > 2 && args[0] == "-n" {
		on, args = args[1], args[2:]
	}
	var name string
	if len(args) > 1 {
		name = args[1]
	}
	list := c.tunables(n)
	if name != "" && args[0] != "-o" {
		list = slices.DeleteFunc(list, func(t tunable) bool { return t.name != name })
		if len(list) == 0 {
			return complain("clctrl: tunable " + name + " is not known.")
		}
	}
	var b strings.Builder
	switch args[0] {
	case "-a":
		for _, t := range list {
			fmt.Fprintf(&b, "%s(%s).%s = %s\n", c.cfg.Cluster, clusterUUID, t.name, t.cur)
		}
	case "-x":
		for _, t := range list {
			if name == "" { // all of them: each value needs its name
				b.WriteString(t.name + " ")
			}
			b.WriteString(t.cur + "\n")
		}
	case "-L":
		b.WriteString("NAME                      DEF    MIN    MAX    UNIT           SCOPE\n     ENTITY_NAME(UUID)                                                CUR\n" + strings.Repeat("-", 80) + "\n")
		for _, t := range list {
			fmt.Fprintf(&b, "%-25s %-6s %-6s %-6s %-14s %s\n     %-64s %s\n", t.name, t.def, t.min, t.max, t.unit, t.scope, c.cfg.Cluster+"("+clusterUUID+")", t.cur)
			b.WriteString(strings.Repeat("-", 80) + "\n")
		}
	case "-o":
		return c.tune(n, on, name)
	default:
		return usage
	}
	return say(b.String())
}

// tune changes a tunable: on all nodes that can be reached, or on one.
func (c *Core) tune(n *node, on, setting string) result {
	name, value, ok := strings.Cut(setting, "=")
	if !ok {
		return complain("clctrl: -o needs tunable=value.")
	}
	targets := c.all()
	if on != "" {
		if c.nodes[on] == nil {
			return complain("clctrl: node " + on + " is not known.")
		}
		targets = []*node{c.nodes[on]}
	}
	switch name {
	case "node_timeout", "node_down_delay":
		ms, err := strconv.Atoi(value)
		if err != nil || ms < 5000 || ms > 600000 || name == "node_timeout" && ms < 10000 {
			return complain("clctrl: value " + value + " is out of range for tunable " + name + ".")
		}
		for _, t := range targets {
			if t.alive && name == "node_timeout" {
				c.setNodeTimeout(t, ms, c.by)
			} else if t.alive {
				t.downDelay = ms
				c.rewatch(t)
			}
		}
	case "deadman_mode":
		if value != "a" && value != "e" {
			return complain("clctrl: value " + value + " is not valid for tunable deadman_mode.")
		}
		for _, t := range targets {
			if t.alive && t.deadman != value {
				t.deadman = value
				c.trace(t.name, "variable", "name", "deadman_mode", "value", value, "by", c.by)
			}
		}
	default:
		return complain("clctrl: tunable " + name + " is not known or cannot be changed.")
	}
	return say("1 tunable updated on cluster " + c.cfg.Cluster + ".\n")
}
