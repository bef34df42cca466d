package sim

import (
	"maps"
	"strconv"
	"strings"
)

// odm is the part of the cluster's configuration that can be changed. Every node has its own copy; a
// synchronisation carries one over to all.
type odm struct {
	lpmPolicy  string // "" while never set
	lpmTimeout int    // seconds; 0 while never set (600 is used)
	heartbeat  int    // seconds
	grace      int
	network    int
	skipEvent  bool
	extra      map[string]string // other attributes of the cluster
}

func defaultODM(l level) odm {
	o := odm{heartbeat: 30, grace: 10, network: 20, extra: map[string]string{
		"RG_SETTLING_TIME": "0", "MAX_EVENT_TIME": "180", "MAX_RG_PROCESSING_TIME": "180",
		"DAILY_VERIFICATION": "Enabled", "VERIFICATION_NODE": "Default", "VERIFICATION_HOUR": "0",
		"VERIFICATION_DEBUGGING": "Enabled", "TEMP_HOSTNAME": "disallow",
	}}
	if l.lpm {
		o.extra["CRIT_DAEMON_RESTART_GRACE_PERIOD"] = "60"
	}
	if l.pvmWdog {
		o.extra["CAA_PVM_WATCHDOG_TIMER"] = "DISABLE"
	}
	return o
}

func (o odm) clone() odm {
	o.extra = maps.Clone(o.extra)
	return o
}

func (o odm) equal(p odm) bool {
	return o.lpmPolicy == p.lpmPolicy && o.lpmTimeout == p.lpmTimeout && o.heartbeat == p.heartbeat &&
		o.grace == p.grace && o.network == p.network && o.skipEvent == p.skipEvent && maps.Equal(o.extra, p.extra)
}

// unmanages: cl_dr is to unmanage the node for a migration.
func (o odm) unmanages() bool { return strings.EqualFold(o.lpmPolicy, "unmanage") }

// lpmSeconds is the node timeout during a migration: 600 s while never set.
func (o odm) lpmSeconds() int {
	if o.lpmTimeout == 0 {
		return 600
	}
	return o.lpmTimeout
}

func (c *Core) traceVariables(by string) {
	for _, v := range c.variables(c.active) {
		c.trace("", "variable", "name", v.name, "value", v.value, "by", by)
	}
	c.trace("", "variable", "name", "node_timeout", "value", strconv.Itoa(c.nodes[c.order[0]].nodeTimeout), "by", by)
}

func (c *Core) variables(o odm) []attr {
	out := []attr{{"HEARTBEAT_FREQUENCY", strconv.Itoa(o.heartbeat)}, {"GRACE_PERIOD", strconv.Itoa(o.grace)}}
	if c.level.lpm {
		out = append(out, attr{"LPM_POLICY", o.lpmPolicy}, attr{"HEARTBEAT_FREQUENCY_DURING_LPM", strconv.Itoa(o.lpmTimeout)})
	}
	return out
}

func (c *Core) markUnsynced() {
	for _, n := range c.all() {
		if u := !n.odm.equal(c.active); u != n.unsynced {
			n.unsynced = u
			c.trace(n.name, "unsynced", "unsynced", u)
		}
	}
}

// adopt makes a configuration the one in force on the nodes that can be reached.
func (c *Core) adopt(o odm, by string) {
	old := c.active
	c.active = o.clone()
	for _, n := range c.all() {
		n.odm = o.clone()
		if old.heartbeat != o.heartbeat || old.grace != o.grace {
			n.downDelay = o.grace * 1000
			c.setNodeTimeout(n, o.heartbeat*1000, by)
		}
	}
	c.markUnsynced()
	for i, v := range c.variables(o) {
		if c.variables(old)[i] != v {
			c.trace("", "variable", "name", v.name, "value", v.value, "by", by)
		}
	}
}

// setNodeTimeout changes CAA's node_timeout (milliseconds) as it is in force on one node.
func (c *Core) setNodeTimeout(n *node, ms int, by string) {
	if n.nodeTimeout == ms {
		return
	}
	n.nodeTimeout = ms
	c.trace(n.name, "variable", "name", "node_timeout", "value", strconv.Itoa(ms), "by", by)
	c.note(n.name, "node_timeout "+strconv.Itoa(ms))
	c.rewatch(n)
}
