package sim

import "strings"

const ruleLine = "-----------------------------------------------------------------------------\n"

// clRGinfo is clRGinfo [-s|-c] [-m] [-v] [group …].
func (c *Core) clRGinfo(n *node, args []string) result {
	var colon, monitors, verbose bool
	var names []string
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			names = append(names, a)
			continue
		}
		for _, f := range a[1:] {
			switch f {
			case 's', 'c':
				colon = true
			case 'm':
				monitors = true
			case 'v':
				verbose = true
			case 'p', 'a', 't', 'i':
			default:
				return result{err: "Usage: clRGinfo [-h] [-v] [-s|-c] [-t] [-p] [-a] [-m] [-i] [resgroup1] [resgroup2] ...\n", exit: 1}
			}
		}
	}
	if !c.anyManager(n) {
		return complain("Cluster IPC error: The cluster manager on node " + n.name + " is in ST_INIT or NOT_CONFIGURED state and cannot process the IPC request.")
	}
	groups := c.groups
	if len(names) > 0 {
		groups = nil
		for _, name := range names {
			g := c.group(name)
			if g == nil {
				return complain("clRGinfo: Resource group " + name + " not found.")
			}
			groups = append(groups, g)
		}
	}
	switch {
	case monitors:
		return say(c.rginfoMonitors(groups))
	case colon:
		return say(c.rginfoColon(n, groups))
	case verbose:
		return say(c.rginfoVerbose(groups))
	}
	return say(c.rginfoTable(groups))
}

// anyManager: a cluster manager with active services can be asked, here or on another node.
func (c *Core) anyManager(n *node) bool {
	for _, o := range c.all() {
		if o.active() && (o == n || !o.down) {
			return true
		}
	}
	return false
}

// widths of the name and the state column: narrow name and wide state at 7.1.3, the other way round later.
func (c *Core) rginfoWidths() (name, state int) {
	if c.level.wide {
		return 29, 17
	}
	return 15, 29
}

func (c *Core) rginfoTable(groups []*group) string {
	nameW, stateW := c.rginfoWidths()
	var b strings.Builder
	b.WriteString(ruleLine + pad("Group Name", nameW) + pad("Group State", stateW) + "Node\n" + ruleLine)
	for _, g := range groups {
		name := g.Name
		for _, node := range g.Nodes {
			b.WriteString(pad(name, nameW) + pad(c.rowState(g, node), stateW) + node + "\n")
			name = ""
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (c *Core) rginfoColon(n *node, groups []*group) string {
	rest := map[string]string{
		"minimal": "",
		"v5":      ":non-concurrent:" + policyStartup + ":" + policyFallover + ":" + policyFallback,
		"v71":     ":non-concurrent:" + policyStartup + ":" + policyFallover + ":" + policyFallback + ":ignore",
		"v72":     ":non-concurrent:" + policyStartup + ":" + policyFallover + ":" + policyFallback + ":ignore: : : : ",
	}[c.knob(n, "rginfo_s_layout")]
	var b strings.Builder
	for _, g := range groups {
		for _, node := range g.Nodes {
			b.WriteString(g.Name + ":" + c.rowState(g, node) + ":" + node + rest + "\n")
		}
	}
	return b.String()
}

func (c *Core) rginfoVerbose(groups []*group) string {
	var b strings.Builder
	b.WriteString("\nCluster Name: " + c.cfg.Cluster + "\n\n")
	for _, g := range groups {
		b.WriteString("Resource Group Name: " + g.Name + "\nStartup Policy: " + policyStartupText +
			"\nFallover Policy: " + policyFalloverText + "\nFallback Policy: " + policyFallbackText +
			"\nSite Policy: ignore\nNode                         Group State\n---------------------------- ---------------\n")
		for _, node := range g.Nodes {
			b.WriteString(pad(node, 29) + c.rowState(g, node) + "\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// appState is the state of the application's monitor on a node.
func (c *Core) appState(g *group, node string) string {
	switch {
	case g.owner != node || g.state != stOnline:
		return stOffline
	case g.Monitor == "" || !g.managed:
		return "ONLINE NOT MONITORED"
	case g.monitorBad:
		return "ONLINE MONITOR FAILED"
	}
	return "ONLINE MONITORED"
}

func (c *Core) rginfoMonitors(groups []*group) string {
	var b strings.Builder
	if c.knob(nil, "rginfo_m_layout") == "table" {
		b.WriteString(ruleLine + "Group Name     Application    Node           State\n" + ruleLine)
		for _, g := range groups {
			for _, node := range g.Nodes {
				b.WriteString(pad(g.Name, 15) + pad(g.Application, 15) + pad(node, 15) + c.appState(g, node) + "\n")
			}
		}
		return b.String()
	}
	b.WriteString(ruleLine + "Group Name     Group State                  Application state            Node\n" + ruleLine)
	for _, g := range groups {
		name := g.Name
		for _, node := range g.Nodes {
			b.WriteString(pad(name, 15) + pad(c.rowState(g, node), 29) + pad("", 29) + node + "\n")
			name = ""
		}
		for _, node := range g.Nodes {
			b.WriteString(" " + pad(g.Application, 43) + pad(c.appState(g, node), 29) + "\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}
