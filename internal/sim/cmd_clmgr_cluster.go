package sim

import (
	"strconv"
	"strings"
	"time"
)

// modifyCluster is clmgr modify cluster ATTR=value …. It changes the configuration of the node where it is typed;
// with -f HEARTBEAT_FREQUENCY goes to CAA at once and leaves the configuration alone.
func (c *Core) modifyCluster(cm *cmd, p clmgrLine) {
	n := cm.node
	if len(p.attrs) == 0 {
		c.answer(cm, errorText("no attribute to modify was given."))
		return
	}
	if !n.managed && c.knob(n, "modify_refused_when_unmanaged") == "yes" {
		c.answer(cm, errorText(`the configuration cannot be changed while node "`+n.name+`" is unmanaged.`))
		return
	}
	o := n.odm.clone()
	for _, a := range p.attrs {
		if why := c.setAttribute(&o, a); why != "" {
			c.delay(cm, "clmgr", time.Second, func() { c.answer(cm, errorText(why)) })
			return
		}
	}
	c.delay(cm, "clmgr", 2*time.Second, func() {
		if p.force {
			for _, t := range c.all() {
				if t.alive {
					c.setNodeTimeout(t, o.heartbeat*1000, cm.by)
				}
			}
			c.answer(cm, say("1 tunable updated on cluster "+c.cfg.Cluster+".\n"))
			return
		}
		n.odm = o
		for _, v := range p.attrs {
			c.trace(n.name, "variable", "name", v.name, "value", v.value, "by", cm.by, "synced", false)
		}
		if c.knob(n, "lpm_var_needs_sync") == "no" {
			c.adopt(o, cm.by)
		} else {
			c.markUnsynced()
		}
		c.finish(cm, 0)
	})
}

// setAttribute changes one attribute of a configuration, or says why not.
func (c *Core) setAttribute(o *odm, a attr) string {
	number := func(into *int, lo, hi int) string {
		v, err := strconv.Atoi(a.value)
		if err != nil || v < lo || v > hi {
			return `"` + a.value + `" is not a valid value for ` + a.name + ". Valid values: " + strconv.Itoa(lo) + "-" + strconv.Itoa(hi)
		}
		*into = v
		return ""
	}
	lpm := func(f func() string) string {
		if !c.level.lpm {
			return `"` + a.name + `" is not a valid attribute of class "cluster".`
		}
		return f()
	}
	switch a.name {
	case "HEARTBEAT_FREQUENCY":
		return number(&o.heartbeat, 10, 600)
	case "GRACE_PERIOD":
		return number(&o.grace, 5, 30)
	case "NETWORK_FAILURE_DETECTION_TIME":
		return number(&o.network, 0, 590)
	case "HEARTBEAT_FREQUENCY_DURING_LPM":
		return lpm(func() string {
			if c.knob(nil, "lpm_timeout_changeable") == "no" {
				return a.name + " cannot be changed."
			}
			if a.value == "0" { // back to "never set"
				o.lpmTimeout = 0
				return ""
			}
			return number(&o.lpmTimeout, 10, 600)
		})
	case "LPM_POLICY":
		return lpm(func() string {
			switch strings.ToLower(a.value) {
			case "manage", "unmanage", "":
				o.lpmPolicy = a.value
				if c.knob(nil, "lpm_policy_case") == "upper" {
					o.lpmPolicy = strings.ToUpper(a.value)
				}
				return ""
			}
			return `"` + a.value + `" is not a valid value for LPM_POLICY. Valid values: manage, unmanage`
		})
	case "SKIP_EVENT_PROCESSING_MANAGE_MODE":
		if c.level.skipEvent && (strings.EqualFold(a.value, "true") || strings.EqualFold(a.value, "false")) {
			o.skipEvent = strings.EqualFold(a.value, "true")
			return ""
		}
	default:
		if _, ok := o.extra[a.name]; ok {
			o.extra[a.name] = a.value
			return ""
		}
	}
	return `"` + a.name + `" is not a valid attribute of class "cluster".`
}

// syncCluster is clmgr sync cluster: verification, then the configuration of this node goes to all. About 60 s.
func (c *Core) syncCluster(cm *cmd) {
	for _, n := range c.all() {
		if n.up && !n.managed {
			c.delay(cm, "clmgr", 3*time.Second, func() {
				c.answer(cm, errorText(`node "`+n.name+`" has been forced down and holds unmanaged resource groups. Dynamic reconfiguration is not allowed.`))
			})
			return
		}
	}
	for _, n := range c.others(cm.node) {
		if n.silent() {
			c.delay(cm, "clmgr", 10*time.Second, func() {
				c.answer(cm, errorText(`node "`+n.name+`" cannot be reached: the cluster was not synchronized.`))
			})
			return
		}
	}
	c.print(cm, "\nVerifying data to be transferred to other nodes in the cluster\n")
	c.work(cm.node, 40*time.Second, func() {
		c.print(cm, "\nVerification has completed normally.\n")
		if !cm.node.active() {
			c.adopt(cm.node.odm, cm.by)
			c.finish(cm, 0)
			return
		}
		c.enqueue(&event{
			name: "reconfig_configuration", args: "", node: cm.node, walk: 16 * time.Second,
			action: func(done func(bool)) { c.adopt(cm.node.odm, cm.by); done(true) },
			ended: func(ok bool) {
				if !ok {
					c.answer(cm, errorText("the cluster was not synchronized."))
					return
				}
				var b strings.Builder
				b.WriteString("\nWaiting for cluster manager to process the configuration change...\n")
				for _, n := range c.all() {
					b.WriteString(n.name + ": " + stRunning + "..." + stBarrier + "..." + stUnstable + "..." + stCBarrier + "..." + stStable + ".....completed.\n")
				}
				c.print(cm, b.String())
				c.finish(cm, 0)
			},
		})
	})
}
