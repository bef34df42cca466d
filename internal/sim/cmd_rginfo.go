package sim

import "strings"

const ruleLine = "-----------------------------------------------------------------------------\n"

// rginfoOptions are the flags of clRGinfo.
type rginfoOptions struct {
	colon, monitors, verbose, override, moves, timers, help, bad bool
	groups                                                       []string
}

func parseRGinfo(args []string) (o rginfoOptions) {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			o.groups = append(o.groups, a)
			continue
		}
		for _, f := range a[1:] {
			switch f {
			case 's', 'c':
				o.colon = true
			case 'm':
				o.monitors = true
			case 'v':
				o.verbose = true
			case 'p':
				o.override = true
			case 'a':
				o.moves = true
			case 't':
				o.timers = true
			case 'h':
				o.help = true
			case 'i':
			default:
				o.bad = true
			}
		}
	}
	return o
}

// clRGinfo is clRGinfo [-s|-c] [-m] [-v] [-p] [-a] [-t] [-h] [group …].
func (c *Core) clRGinfo(n *node, args []string) result {
	o := parseRGinfo(args)
	switch {
	case o.bad:
		return misuse("clRGinfo")
	case o.help:
		return say(usageText("clRGinfo"))
	}
	if !c.anyManager(n) {
		return complain("Cluster IPC error: The cluster manager on node " + n.name + " is in ST_INIT or NOT_CONFIGURED state and cannot process the IPC request.")
	}
	groups := c.groups
	if len(o.groups) > 0 {
		groups = nil
		for _, name := range o.groups {
			g := c.group(name)
			if g == nil {
				return complain("clRGinfo: Resource group " + name + " not found.")
			}
			groups = append(groups, g)
		}
	}
	switch {
	case o.monitors:
		return say(c.rginfoMonitors(groups))
	case o.colon:
		return say(c.rginfoColon(n, groups))
	case o.verbose, o.override:
		return say(c.rginfoVerbose(groups, o))
	case o.moves:
		return say(c.rginfoMoves(groups))
	}
	return say(c.rginfoTable(groups, o.timers))
}

// anyManager: a cluster manager with active services can be asked, here or on another node.
func (c *Core) anyManager(n *node) bool {
	for _, o := range c.all() {
		if o.active() && (o == n || !o.down) && c.knob(o, "clstrmgr") == "active" {
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

// shownState is the state of a group on a node as clRGinfo spells it; knob rg_state.GROUP puts any word there.
func (c *Core) shownState(g *group, node string) string {
	if word := c.knob(c.nodes[node], "rg_state."+g.Name); word != "" {
		return word
	}
	state := c.rowState(g, node)
	if c.secondary(g, node) && state != stUnknown {
		state += " SECONDARY"
		if state == stOffline+" SECONDARY" && g.owner != "" && g.state == stOnline && g.managed {
			state = stOnline + " SECONDARY" // the replication's other end
		}
	}
	switch c.knob(c.nodes[node], "rg_state_spelling") {
	case "underscore":
		return strings.ReplaceAll(state, " ", "_")
	case "short":
		return strings.Replace(state, "TEMPORARY", "TEMP", 1)
	}
	return state
}

// siteName names the site of a node where clRGinfo prints sites: the first half of the nodes is site1.
func (c *Core) siteName(n *node) string {
	if n.index >= (len(c.order)+1)/2 {
		return "site2"
	}
	return "site1"
}

// secondary tells whether the node is at the site that holds the group's other end.
func (c *Core) secondary(g *group, node string) bool {
	if c.knob(nil, "site_rows") == "no" {
		return false
	}
	home := g.Nodes[0]
	if g.owner != "" {
		home = g.owner
	}
	return c.siteName(c.nodes[node]) != c.siteName(c.nodes[home])
}

// shownNode is the name of a node in a table: with sites it is node@site.
func (c *Core) shownNode(node string) string {
	if c.knob(nil, "site_rows") == "no" {
		return node
	}
	return node + "@" + c.siteName(c.nodes[node])
}

func (c *Core) stateHeading() string {
	if c.knob(nil, "rginfo_heading") == "state" {
		return "State"
	}
	return "Group State"
}

func (c *Core) rginfoTable(groups []*group, timers bool) string {
	nameW, stateW := c.rginfoWidths()
	last := "Node\n"
	if timers {
		last = pad("Node", 17) + "Delayed Timers\n"
	}
	var b strings.Builder
	b.WriteString(ruleLine + pad("Group Name", nameW) + pad(c.stateHeading(), stateW) + last + ruleLine)
	for _, g := range groups {
		name := g.Name
		for _, node := range g.Nodes {
			b.WriteString(pad(name, nameW) + pad(c.shownState(g, node), stateW) + c.shownNode(node) + "\n")
			name = ""
		}
		b.WriteString("\n")
	}
	return b.String()
}

// rginfoColon: three fields are certain; the policies follow, and the site in the ninth.
func (c *Core) rginfoColon(n *node, groups []*group) string {
	policies := ":non-concurrent:" + policyStartup + ":" + policyFallover + ":" + policyFallback
	var b strings.Builder
	for _, g := range groups {
		for _, node := range g.Nodes {
			relation, site := "ignore", " "
			if c.knob(nil, "site_rows") == "yes" {
				relation, site = "PPS", c.siteName(c.nodes[node])
			}
			rest := map[string]string{
				"minimal": "", "v5": policies, "v71": policies + ":" + relation,
				"v72": policies + ":" + relation + ":" + site + ": : : ",
			}[c.knob(n, "rginfo_s_layout")]
			b.WriteString(g.Name + ":" + c.shownState(g, node) + ":" + node + rest + "\n")
		}
	}
	return b.String()
}

// rginfoVerbose is -v, with the policies, and -p, with the node that a person's move has made the first.
func (c *Core) rginfoVerbose(groups []*group, o rginfoOptions) string {
	var b strings.Builder
	b.WriteString("\nCluster Name: " + c.cfg.Cluster + "\n\n")
	for _, g := range groups {
		b.WriteString("Resource Group Name: " + g.Name + "\n")
		if o.verbose {
			b.WriteString("Startup Policy: " + policyStartupText + "\nFallover Policy: " + policyFalloverText +
				"\nFallback Policy: " + policyFallbackText + "\nSite Policy: ignore\n")
		}
		if o.override && g.movedTo != "" {
			b.WriteString("Primary instance(s):\nThe following node temporarily has the highest priority for this instance:\n" +
				g.movedTo + ", user-requested rg_move performed on " + g.movedAt.Format("Mon Jan _2 15:04:05 2006") + "\n\n")
		}
		b.WriteString("Node                         " + c.stateHeading() + "\n---------------------------- ---------------\n")
		for _, node := range g.Nodes {
			b.WriteString(pad(c.shownNode(node), 29) + c.shownState(g, node) + "\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// rginfoMoves is -a: where a group is, or goes in the event that runs.
func (c *Core) rginfoMoves(groups []*group) string {
	var b strings.Builder
	b.WriteString(ruleLine + pad("Group Name", 15) + pad("Type", 15) + "Resource Group Movement\n" + ruleLine)
	for _, g := range groups {
		b.WriteString(pad(g.Name, 15) + pad("non-concurrent", 15) + `PRIMARY=":` + g.owner + "\"\n")
	}
	return b.String()
}

// appState is the state of the application's monitor on a node.
func (c *Core) appState(g *group, node string) string {
	switch {
	case g.owner != node || g.state != stOnline:
		return stOffline
	case g.Monitor == "" && len(g.monitors) == 0 || !g.managed:
		return "ONLINE NOT MONITORED"
	case c.suspended(g, c.nodes[node]):
		return "ONLINE MONITOR SUSPENDED"
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
			b.WriteString(pad(name, 15) + pad(c.shownState(g, node), 29) + pad("", 29) + node + "\n")
			name = ""
		}
		for _, node := range g.Nodes {
			b.WriteString(" " + pad(g.Application, 43) + pad(c.appState(g, node), 29) + "\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}
