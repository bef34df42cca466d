package sim

import (
	"strconv"
	"strings"
)

const inittabEntry = "hacmp_lpm:2:once:/usr/es/sbin/cluster/utilities/cl_dr undopremigrate > /dev/null 2>&1"

// clodmget is clodmget -n -f field HACMPcluster, on the node's own configuration.
func (c *Core) clodmget(n *node, args []string) result {
	var field, class string
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "-n":
		case "-f":
			if i++; i < len(args) {
				field = args[i]
			}
		default:
			class = args[i]
		}
	}
	if class != "HACMPcluster" || field == "" {
		return misuse("clodmget")
	}
	switch field {
	case "name":
		return say(c.cfg.Cluster + "\n")
	case "cluster_version":
		return say(strconv.Itoa(c.clversion()) + "\n")
	case "lpm_policy":
		if c.level.lpm {
			return say(strings.ToUpper(n.odm.lpmPolicy) + "\n")
		}
	case "lpm_node_timeout":
		if c.level.lpm {
			return say(strconv.Itoa(n.odm.lpmTimeout) + "\n")
		}
	}
	return complain("clodmget: field " + field + " is not part of class " + class + ".")
}

// lsitab prints an inittab entry; a missing one is exit 1 without a word.
func (c *Core) lsitab(n *node, args []string) result {
	switch {
	case len(args) != 1:
		return misuse("lsitab")
	case args[0] == "-a":
		text := "init:2:initdefault:\nhacmp:2:once:/usr/es/sbin/cluster/etc/rc.init >/dev/console 2>&1\n"
		if n.inittab != "" {
			text += n.inittab + "\n"
		}
		return say(text)
	case args[0] == "hacmp_lpm" && n.inittab != "":
		return say(n.inittab + "\n")
	case args[0] == "init":
		return say("init:2:initdefault:\n")
	}
	return result{exit: 1}
}

func (c *Core) mkitab(n *node, args []string) result {
	if len(args) == 0 || !strings.HasPrefix(args[len(args)-1], "hacmp_lpm:") {
		return misuse("mkitab")
	}
	if n.inittab != "" {
		return complain("mkitab: The entry hacmp_lpm already exists.")
	}
	n.inittab = args[len(args)-1]
	return result{}
}

func (c *Core) rmitab(n *node, args []string) result {
	if len(args) != 1 || args[0] != "hacmp_lpm" || n.inittab == "" {
		return result{exit: 1}
	}
	n.inittab = ""
	return result{}
}

func dmsArgs(args []string) bool { return len(args) == 2 && args[0] == "-s" && args[1] == "cthags" }

// listdms, stopdms, startdms, hags_…_client_kill: the dead man switch of Group Services; all take -s cthags.
func (c *Core) listdms(n *node, args []string) result {
	switch {
	case !dmsArgs(args):
		return misuse("listdms")
	case !n.dms:
		return say("Dead Man Switch Disabled\n")
	}
	return say("Dead Man Switch Enabled:\n   reset interval = 3 seconds\n   trip  interval = 30 seconds\n")
}

func (c *Core) stopdms(n *node, args []string) result {
	if !dmsArgs(args) {
		return misuse("stopdms")
	}
	c.setDMS(n, false)
	return say("\nDead Man Switch Disabled\nDMS Re-arming Thread cancelled\n")
}

func (c *Core) startdms(n *node, args []string) result {
	if !dmsArgs(args) {
		return misuse("startdms")
	}
	c.setDMS(n, true)
	return say("\nDead Man Switch Enabled\nDMS Re-arming Thread created\n")
}

func (c *Core) setDMS(n *node, on bool) {
	if n.dms == on {
		return
	}
	n.dms = on
	c.trace(n.name, "variable", "name", "dead_man_switch", "value", strconv.FormatBool(on), "by", c.by)
}

func (c *Core) disableClientKill(n *node, args []string) result {
	if !dmsArgs(args) {
		return misuse("hags_disable_client_kill")
	}
	n.clientKill = false
	return result{}
}

func (c *Core) enableClientKill(n *node, args []string) result {
	if !dmsArgs(args) {
		return misuse("hags_enable_client_kill")
	}
	n.clientKill = true
	return result{}
}
