package sim

import (
	"slices"
	"strconv"
	"strings"
)

// object is what clmgr tells about one thing: attributes in the order of the listing.
type object []attr

func (o object) get(name string) (string, bool) {
	for _, a := range o {
		if a.name == name {
			return a.value, true
		}
	}
	return "", false
}

func (c *Core) clmgrQuery(n *node, p clmgrLine) result {
	if state := c.knob(n, "clstrmgr"); state == "not_configured" || state == "not_on_file" {
		return errorText("no cluster is defined on this node.")
	}
	var objs []object
	switch p.class {
	case "cluster":
		objs = []object{c.clusterObject(n)}
		if p.name != "" && p.name != c.cfg.Cluster {
			return errorText(`"` + p.name + `" does not appear to exist!`)
		}
		return c.renderObjects(objs, p)
	case "node":
		for _, o := range c.all() {
			objs = append(objs, c.nodeObject(n, o))
		}
	case "resource_group":
		for _, g := range c.groups {
			objs = append(objs, c.groupObject(g))
		}
	case "application_monitor":
		for _, g := range c.groups {
			objs = append(objs, c.monitorObjects(g)...)
		}
	default:
		objs = c.otherObjects(p.class)
	}
	if p.name != "" {
		objs = slices.DeleteFunc(objs, func(o object) bool { return o[0].value != p.name })
		if len(objs) == 0 {
			return errorText(`"` + p.name + `" does not appear to exist!`)
		}
		return c.renderObjects(objs, p)
	}
	if len(p.only) == 0 && !p.verbose && !p.colon && !p.xml {
		var b strings.Builder
		for _, o := range objs {
			b.WriteString(o[0].value + "\n")
		}
		return say(b.String())
	}
	return c.renderObjects(objs, p)
}

func (c *Core) renderObjects(objs []object, p clmgrLine) result {
	var b strings.Builder
	var xml []object
	for i, o := range objs {
		if len(p.only) > 0 {
			var chosen object
			for _, name := range p.only {
				v, ok := o.get(name)
				if !ok {
					return errorText(`"` + name + `" is not a valid attribute of class "` + p.class + `".`)
				}
				chosen = append(chosen, attr{name, v})
			}
			o = chosen
		}
		if p.xml {
			xml = append(xml, o)
			continue
		}
		if p.colon {
			renderRow(&b, o, p, i == 0 && !p.bare)
			continue
		}
		if i > 0 {
			b.WriteString("\n")
		}
		for _, a := range o {
			b.WriteString(a.name + `="` + a.value + "\"\n")
		}
	}
	if p.xml {
		return say(c.xml(xml, p.class))
	}
	return say(b.String())
}

func renderRow(b *strings.Builder, o object, p clmgrLine, heading bool) {
	names, values := make([]string, 0, len(o)), make([]string, 0, len(o))
	for _, a := range o {
		names = append(names, a.name)
		values = append(values, strings.ReplaceAll(a.value, p.delim, `\`+p.delim))
	}
	if heading {
		b.WriteString("# " + strings.Join(names, p.delim) + "\n")
	}
	b.WriteString(strings.Join(values, p.delim) + "\n")
}

// clusterState is STATE of clmgr query cluster as seen from a node.
func (c *Core) clusterState(n *node) string {
	var up, full, unmanaged int
	for _, o := range c.all() {
		reachable := o == n || !o.silent()
		if reachable && o.up {
			up++
			if o.managed {
				full++
			} else {
				unmanaged++
			}
		}
	}
	switch {
	case up == 0:
		return "OFFLINE"
	case c.running != nil && c.running.recover != nil:
		return "ERROR"
	case c.running != nil || n.mgr != stStable && n.mgr != stInit:
		return "UNSTABLE"
	case unmanaged > 0 && c.knob(n, "cluster_state_unmanaged") != "WARNING":
		return "STABLE"
	case full < len(c.order):
		return "WARNING"
	}
	return "STABLE"
}

// nodeState is STATE and RAW_STATE of a node as seen from another.
func (c *Core) nodeState(from, n *node) (state, raw string) {
	switch {
	case n != from && n.silent():
		return "UNKNOWN", "UNKNOWN"
	case n.mgr == stJoining || n.mgr == stVoting:
		return "JOINING", n.mgr
	case !n.up:
		return "OFFLINE", stInit
	case !n.managed:
		return "UNMANAGED", "UNMANAGED"
	case n.mgr == stStable:
		return "NORMAL", n.mgr
	case n.mgr == stFailed:
		return "ERROR", n.mgr
	}
	return "UNSTABLE", n.mgr
}

func (c *Core) clusterObject(n *node) object {
	o := n.odm
	obj := object{
		{"CLUSTER_NAME", c.cfg.Cluster},
		{"CLUSTER_ID", "1120652512"},
		{"STATE", c.clusterState(n)},
		{"TYPE", c.knob(nil, "cluster_type")},
		{"HEARTBEAT_TYPE", c.knob(nil, "heartbeat_type")},
		{"CLUSTER_IP", ""},
		{"REPOSITORIES", "hdisk2 (00f6f5d0d387b342)"},
		{"VERSION", c.level.name},
		{"VERSION_NUMBER", strconv.Itoa(c.clversion())},
		{"EDITION", "STANDARD"},
		{"UNSYNCED_CHANGES", strconv.FormatBool(n.unsynced)},
		{"SECURITY", "Standard"},
		{"FC_SYNC_INTERVAL", "10"},
		{"RG_SETTLING_TIME", o.extra["RG_SETTLING_TIME"]},
		{"RG_DIST_POLICY", "node"},
		{"MAX_EVENT_TIME", o.extra["MAX_EVENT_TIME"]},
		{"MAX_RG_PROCESSING_TIME", o.extra["MAX_RG_PROCESSING_TIME"]},
		{"DAILY_VERIFICATION", o.extra["DAILY_VERIFICATION"]},
		{"VERIFICATION_NODE", o.extra["VERIFICATION_NODE"]},
		{"VERIFICATION_HOUR", o.extra["VERIFICATION_HOUR"]},
		{"VERIFICATION_DEBUGGING", o.extra["VERIFICATION_DEBUGGING"]},
		{"HEARTBEAT_FREQUENCY", strconv.Itoa(o.heartbeat)},
		{"GRACE_PERIOD", strconv.Itoa(o.grace)},
		{"SITE_POLICY_FAILURE_ACTION", "fallover"},
		{"SITE_POLICY_NOTIFY_METHOD", ""},
		{"SITE_HEARTBEAT_CYCLE", "0"},
		{"SITE_GRACE_PERIOD", "0"},
		{"TEMP_HOSTNAME", o.extra["TEMP_HOSTNAME"]},
	}
	if c.knob(nil, "network_fdt_listed") == "yes" {
		after := slices.IndexFunc(obj, func(a attr) bool { return a.name == "GRACE_PERIOD" }) + 1
		obj = slices.Insert(obj, after, attr{"NETWORK_FAILURE_DETECTION_TIME", strconv.Itoa(o.network)})
	}
	if c.level.lpm {
		obj = append(obj, attr{"LPM_POLICY", o.lpmPolicy}, attr{"HEARTBEAT_FREQUENCY_DURING_LPM", strconv.Itoa(o.lpmTimeout)})
	}
	if c.level.lpm {
		obj = append(obj, attr{"CAA_AUTO_START_DR", "Enabled"}, attr{"CAA_REPOS_MODE", "event"},
			attr{"CAA_CONFIG_TIMEOUT", "240"}, attr{"LVM_PREFERRED_READ", "roundrobin"})
	}
	if v, ok := o.extra["CRIT_DAEMON_RESTART_GRACE_PERIOD"]; ok {
		obj = append(obj, attr{"CRIT_DAEMON_RESTART_GRACE_PERIOD", v})
	}
	if c.level.skipEvent {
		obj = append(obj, attr{"SKIP_EVENT_PROCESSING_MANAGE_MODE", strconv.FormatBool(o.skipEvent)})
	}
	if c.level.pvmWdog {
		obj = append(obj, attr{"CAA_PVM_WATCHDOG_TIMER", o.extra["CAA_PVM_WATCHDOG_TIMER"]})
	}
	return obj
}

func (c *Core) nodeObject(from, n *node) object {
	state, raw := c.nodeState(from, n)
	o := object{
		{"NAME", n.name},
		{"STATE", state},
		{"RAW_STATE", raw},
		{"COMMPATH", nodeAddress(n)},
		{"PERSISTENT_IP", ""},
		{"NODE_ID", n.number()},
	}
	if c.level.lpm {
		o = append(o, attr{"ENABLE_LIVE_UPDATE", "true"})
	}
	return o
}

func (c *Core) groupObject(g *group) object {
	state, current := g.state, g.owner
	if g.owner != "" {
		state = c.rowState(g, g.owner)
	}
	if state == stUnmanaged || state == stUnknown {
		current = "" // the cluster manager cannot say
	}
	return object{
		{"NAME", g.Name},
		{"STATE", state},
		{"CURRENT_NODE", current},
		{"NODES", strings.Join(g.Nodes, " ")},
		{"STARTUP", policyStartup},
		{"FALLOVER", policyFallover},
		{"FALLBACK", policyFallback},
		{"SERVICE_LABEL", g.Name + "_svc"},
		{"APPLICATIONS", g.Application},
		{"VOLUME_GROUP", g.Name + "_vg"},
		{"FILESYSTEM", ""},
	}
}

// monitorObjects are the monitors of a group's application: its own first, then those of the configuration.
func (c *Core) monitorObjects(g *group) []object {
	out := c.ownMonitor(g)
	for _, m := range g.monitors {
		out = append(out, c.monitorObject(g, m))
	}
	return out
}

func (c *Core) ownMonitor(g *group) []object {
	if g.Monitor == "" {
		return nil
	}
	monitor := func(suffix, mode string) object {
		o := object{
			{"NAME", g.Application + suffix},
			{"TYPE", "Custom"},
			{"APPLICATIONS", g.Application},
			{"MODE", mode},
			{"STABILIZATION", seconds(g.MonitorInterval)},
			{"RESTARTCOUNT", strconv.Itoa(g.RestartCount)},
			{"FAILUREACTION", "fallover"},
			{"NOTIFYMETHOD", ""},
			{"CLEANUPMETHOD", g.Stop},
			{"RESTARTMETHOD", g.Start},
			{"RESTARTINTERVAL", seconds(restartInterval(g))},
			{"MONITORMETHOD", g.Monitor},
			{"MONITORINTERVAL", seconds(g.MonitorInterval)},
			{"HUNGSIGNAL", "9"},
		}
		if c.level.monitorRetry {
			o = append(o, attr{"MONITOR_RETRY", strconv.Itoa(c.monitorRetry())})
		}
		return o
	}
	if g.MonitorInterval > 0 {
		mode := "longrunning"
		if g.StartupMonitor {
			mode = "both"
		}
		return []object{monitor("_mon", mode)}
	}
	if g.StartupMonitor {
		return []object{monitor("_mon", "startup")}
	}
	return nil
}
