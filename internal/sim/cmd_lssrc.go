package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// subsystem is one row of the SRC.
type subsystem struct {
	name, group string
	active      bool
	pid         int
}

func (c *Core) subsystems(n *node) []subsystem {
	base := 4000000 + n.index*1000000
	sub := func(i int, name, group string, active bool) subsystem {
		return subsystem{name, group, active, base + i*65538}
	}
	all := []subsystem{
		sub(1, "clstrmgrES", "cluster", c.knob(n, "clstrmgr") != "inoperative"),
		sub(2, "clevmgrdES", "cluster", n.clevmgrd),
		sub(3, "clinfoES", "cluster", n.clinfo),
		sub(4, "clcomd", "caa", true),
		sub(5, "clconfd", "caa", true),
		sub(6, "cthags", "cthags", true),
		sub(7, "ctrmc", "rsct", true),
		sub(8, "gsclvmd", "", n.up),
	}
	if c.knob(n, "clstrmgr") == "not_on_file" {
		return slices.DeleteFunc(all, func(s subsystem) bool { return s.group == "cluster" })
	}
	return all
}

const srcHeading = "Subsystem         Group            PID          Status\n"

func srcRow(s subsystem) string {
	pid, status := "", "inoperative"
	if s.active {
		pid, status = strconv.Itoa(s.pid), "active"
	}
	return fmt.Sprintf(" %-16s %-16s %-12s %s\n", s.name, s.group, pid, status)
}

func (c *Core) srcTable(n *node, keep func(subsystem) bool) string {
	var b strings.Builder
	b.WriteString(srcHeading)
	for _, s := range c.subsystems(n) {
		if keep(s) {
			b.WriteString(srcRow(s))
		}
	}
	return b.String()
}

// lssrc is lssrc -g group, -s subsystem, -ls subsystem.
func (c *Core) lssrc(n *node, args []string) result {
	var long bool
	var group, name string
	for i := 0; i < len(args); i++ {
		a := args[i]
		value := func() string {
			if i++; i < len(args) {
				return args[i]
			}
			return ""
		}
		switch a {
		case "-a":
			return say(c.srcTable(n, func(subsystem) bool { return true }))
		case "-l":
			long = true
		case "-g":
			group = value()
		case "-s":
			name = value()
		case "-ls":
			long, name = true, value()
		default:
			return result{err: "0513-015 The " + a + " option is not valid.\n" + usageText("lssrc"), exit: 1}
		}
	}
	switch {
	case group != "":
		for _, s := range c.subsystems(n) {
			if s.group == group {
				return say(c.srcTable(n, func(s subsystem) bool { return s.group == group }))
			}
		}
		return complain("0513-086 The " + group + " Group is not on file.")
	case name != "":
		for _, s := range c.subsystems(n) {
			if s.name == name {
				if long {
					return c.lssrcLong(n, s)
				}
				return say(srcHeading + srcRow(s))
			}
		}
		return complain("0513-085 The " + name + " Subsystem is not on file.")
	}
	return misuse("lssrc")
}

func (c *Core) lssrcLong(n *node, s subsystem) result {
	switch s.name {
	case "clstrmgrES":
		if !s.active {
			return complain("0513-036 The request could not be passed to the clstrmgrES subsystem.\nStart the subsystem and try your command again.")
		}
		return say(c.managerStatus(n))
	case "cthags":
		return say(c.groupServices(n, s))
	}
	return complain("0513-005 The Subsystem, " + s.name + ", only supports signal communication.")
}

func (c *Core) managerStatus(n *node) string {
	var b strings.Builder
	state := n.mgr
	if c.knob(n, "clstrmgr") == "not_configured" {
		state = stNotConfigured
	}
	fmt.Fprintf(&b, "Current state: %s\nsccsid = %s\n", state, c.level.sccsid)
	fmt.Fprintf(&b, "build = %q\n", c.level.build)
	if state == stNotConfigured {
		return b.String()
	}
	fmt.Fprintf(&b, "i_local_nodeid %d, i_local_siteid -1, my_handle %d\n", n.index, n.index+1)
	for i := range c.order {
		fmt.Fprintf(&b, "ml_idx[%d]=%d\t", i+1, i)
	}
	fmt.Fprintf(&b, "\nThere are %d events on the Ibcast queue\nThere are 0 events on the RM Ibcast queue\n", len(c.events))
	fmt.Fprintf(&b, "CLversion: %d\nlocal node vrmf is %s\ncluster fix level is \"0\"\n", c.clversion(), c.level.vrmf)
	if down := c.forcedDown(); down != "" && c.knob(n, "lssrc_forced_down_line") == "yes" {
		b.WriteString("Forced down node list: " + down + "\n")
	}
	b.WriteString("The following timer(s) are currently active:\nCurrent DNP values\n")
	for i, name := range c.order {
		fmt.Fprintf(&b, "DNP Values for NodeId - %d  NodeName - %s\n    PgSpFree = 130258  PvPctBusy = 0  PctTotalTimeIdle = 98.1\n", i+1, name)
	}
	b.WriteString("CAA Cluster Capabilities\nCAA Cluster services are active\ntrcOn 0, kTraceOn 0, stopTraceOnExit 0, cdNodeOn 0\n")
	b.WriteString("Last event run was " + n.lastEvent + "\n")
	return b.String()
}

func (c *Core) forcedDown() string {
	var names []string
	for _, n := range c.all() {
		if n.up && !n.managed {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, " ")
}

func (c *Core) groupServices(n *node, s subsystem) string {
	kill, dms := "will be", "Enabled"
	tail := "if unresponsive"
	if !n.clientKill {
		kill, tail = "will not be", "even if unresponsive"
	}
	if !n.dms {
		dms = "Disabled"
	}
	return srcHeading + srcRow(s) + "5 locally-connected clients.  Their PIDs:\nHA Group Services domain information:\n" +
		"Domain established by node 1\nNumber of groups known locally: 4\n\n" +
		"Critical clients " + kill + " terminated " + tail + "\n\nDead Man Switch " + dms + "\n"
}

// clshowsrv is clshowsrv -v.
func (c *Core) clshowsrv(n *node, _ []string) result {
	in := func(names ...string) func(subsystem) bool {
		return func(s subsystem) bool { return strings.Contains(" "+strings.Join(names, " ")+" ", " "+s.name+" ") }
	}
	details := c.managerStatus(n)
	if state := c.knob(n, "clstrmgr"); state == "inoperative" || state == "not_on_file" {
		details = ""
	}
	return say("Status of the RSCT subsystems used by PowerHA SystemMirror:\n" + c.srcTable(n, in("cthags", "ctrmc")) +
		"\nStatus of the PowerHA SystemMirror subsystems:\n" + c.srcTable(n, in("clstrmgrES", "clevmgrdES")) +
		"\nStatus of the CAA subsystems:\n" + c.srcTable(n, in("clconfd", "clcomd")) +
		"\nDetails of PowerHA SystemMirror cluster manager:\n" + details)
}
