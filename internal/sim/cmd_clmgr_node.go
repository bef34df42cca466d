package sim

import (
	"strconv"
	"strings"
	"time"
)

// target finds the node of a stop or start and checks that it can be reached.
func (c *Core) target(cm *cmd, p clmgrLine) *node {
	name := p.name
	if name == "" {
		name = p.get("NODES", cm.node.name)
	}
	n := c.nodes[name]
	switch {
	case n == nil:
		c.answer(cm, errorText(`"`+name+`" does not appear to exist!`))
		return nil
	case n != cm.node && n.silent():
		c.delay(cm, "clmgr", 5*time.Second, func() {
			c.answer(cm, errorText(`node "`+name+`" cannot be reached. Check that clcomd is active there.`))
		})
		return nil
	}
	return n
}

// badAttribute answers for an attribute or a value that the action does not take.
func (c *Core) badAttribute(cm *cmd, p clmgrLine, allowed map[string]string) bool {
	for _, a := range p.attrs {
		values, ok := allowed[a.name]
		if !ok {
			c.answer(cm, errorText(`"`+a.name+`" is not a valid attribute for this operation.`))
			return true
		}
		if values != "" && !strings.Contains("|"+values+"|", "|"+strings.ToLower(a.value)+"|") {
			c.answer(cm, errorText(`"`+a.value+`" is not a valid value for `+a.name+`. Valid values: `+values))
			return true
		}
	}
	return false
}

const yesNoValues = "true|false|yes|no"

// stopNode is clmgr stop node … WHEN=now MANAGE=offline|move|unmanage. About 14 s for unmanage.
func (c *Core) stopNode(cm *cmd, p clmgrLine) {
	if c.badAttribute(cm, p, map[string]string{
		"WHEN": "now|both", "MANAGE": "offline|move|unmanage", "BROADCAST": yesNoValues, "TIMEOUT": "",
		"STOP_CAA": yesNoValues, "NODES": "",
	}) {
		return
	}
	n := c.target(cm, p)
	if n == nil {
		return
	}
	manage := strings.ToLower(p.get("MANAGE", "offline"))
	if !n.up {
		c.delay(cm, "clmgr", time.Second, func() {
			c.printErr(cm, "\nWARNING: cluster services are not running on node \""+n.name+"\".\n")
			c.finish(cm, 0)
		})
		return
	}
	if manage == "unmanage" && !n.managed {
		c.delay(cm, "clmgr", 2*time.Second, func() {
			if c.knob(n, "double_unmanage") == "error" {
				c.answer(cm, errorText(`"`+n.name+`" is already unmanaged.`))
				return
			}
			c.printErr(cm, "\nWARNING: \""+n.name+"\" is already unmanaged.\n")
			c.finish(cm, 0)
		})
		return
	}
	flags := map[string]string{"unmanage": "-N -f", "offline": "-N -g", "move": "-N -gr"}[manage]
	if !isNo(p.get("BROADCAST", "true")) {
		c.print(cm, "\nBroadcast message from root@"+n.name+" (tty) at "+c.wall().Format("15:04:05")+" ...\n\n"+
			"PowerHA SystemMirror on "+n.name+" shutting down. Please exit any cluster applications...\n")
	}
	began := c.wall()
	ended := func(ok bool) {
		c.work(cm.node, 2*time.Second, func() {
			if !ok {
				c.answer(cm, errorText(`the stop of cluster services on node "`+n.name+`" was interrupted.`))
				return
			}
			c.print(cm, c.stopText(n, manage, began, flags))
			c.finish(cm, 0)
		})
	}
	c.work(cm.node, 2*time.Second, func() {
		c.clutilsLog(n, "clstop: called with flags "+flags)
		c.enqueue(&event{
			name: "admin_op", args: "clrm_stop_request " + n.name, node: n, walk: 10 * time.Second,
			action: func(done func(bool)) { c.stopped(n, manage, done) }, ended: ended,
		})
		c.waitFor(cm, p)
	})
}

// waitFor ends a stop or start before the event that it asked for has ended: at its TIMEOUT, and at once where the
// TIMEOUT is 0 or knob clmgr_wait says so. The event goes on.
func (c *Core) waitFor(cm *cmd, p clmgrLine) {
	if c.commands[cm.id] != cm {
		return // it is over
	}
	seconds, err := strconv.Atoi(p.get("TIMEOUT", "-1"))
	switch {
	case c.knob(cm.node, "clmgr_wait") == "before" || err == nil && seconds == 0:
		c.print(cm, "\nThe request was accepted. It is processed in the background.\n")
		c.finish(cm, 0)
	case err == nil && seconds > 0:
		c.timer(cm.node, time.Duration(seconds)*time.Second, func() {
			if c.commands[cm.id] == cm {
				c.answer(cm, errorText("the operation has not ended within "+strconv.Itoa(seconds)+" seconds. It goes on in the background."))
			}
		})
	}
}

func (c *Core) stopText(n *node, manage string, began time.Time, flags string) string {
	word := "offline"
	if manage == "unmanage" {
		word = "unmanaged"
	}
	return n.name + ": 0513-044 The clevmgrdES Subsystem was requested to stop.\n.\n\"" + n.name + "\" is now " + word + ".\n\n" +
		n.name + ": " + began.Format("Jan 2 2006 15:04:05") + " /usr/es/sbin/cluster/utilities/clstop: called with flags " + flags + "\n"
}

// stopped is what the stop does to the node and its groups.
func (c *Core) stopped(n *node, manage string, done func(bool)) {
	n.clevmgrd = false
	if manage == "unmanage" {
		n.managed, n.unmanagedAt = false, c.now
		for _, g := range c.groups {
			if g.owner == n.name && g.managed {
				g.managed = false
				g.generation++ // all monitors stop
			}
		}
		c.trace(n.name, "managed", "node", n.name, "managed", false)
		c.tellStandby()
		c.note(n.name, "unmanaged")
		c.warnForcedDown(n, n.unmanagedAt)
		done(true)
		return
	}
	var steps []func(func())
	for _, g := range c.groups {
		if g.owner != n.name {
			continue
		}
		steps = append(steps, func(next func()) {
			to := c.nextNode(g, n.name)
			c.release(g, func() {
				if manage == "move" && to != nil {
					c.acquire(g, to, next)
					return
				}
				next()
			})
		})
	}
	seq(append(steps, func(func()) {
		n.up, n.managed, n.mgr = false, true, stInit
		c.trace(n.name, "managed", "node", n.name, "managed", false)
		c.tellStandby()
		c.trace(n.name, "manager", "state", stInit, "event", "admin_op")
		c.note(n.name, "cluster services stopped")
		done(true)
	})...)
}

// warnForcedDown runs forced_down_too_long while a node stays unmanaged.
func (c *Core) warnForcedDown(n *node, since time.Duration) {
	c.timer(n, c.knobDuration(n, "forced_down_warn_s"), func() {
		if n.managed || n.unmanagedAt != since {
			return
		}
		c.clusterLog(n, "EVENT START: forced_down_too_long "+n.name)
		c.clusterLog(n, "EVENT COMPLETED: forced_down_too_long "+n.name+" 0")
		c.warnForcedDown(n, since)
	})
}

// startNode is clmgr start node … WHEN=now MANAGE=auto|manual|delayed. About 29 s.
func (c *Core) startNode(cm *cmd, p clmgrLine) {
	if c.badAttribute(cm, p, map[string]string{
		"WHEN": "now|both", "MANAGE": "auto|manual|delayed", "BROADCAST": yesNoValues, "TIMEOUT": "",
		"START_CAA": yesNoValues, "NODES": "", "CLINFO": "true|false|yes|no|consistent", "FORCE": yesNoValues,
		"FIX": yesNoValues + "|interactively",
	}) {
		return
	}
	n := c.target(cm, p)
	if n == nil {
		return
	}
	if n.up && n.managed {
		c.delay(cm, "clmgr", 2*time.Second, func() {
			c.printErr(cm, "\nWARNING: cluster services are already running on node \""+n.name+"\".\n")
			c.finish(cm, 0)
		})
		return
	}
	auto := strings.ToLower(p.get("MANAGE", "auto")) != "manual"
	clinfo := !isNo(p.get("CLINFO", "false"))
	c.print(cm, "\nAdding any necessary PowerHA SystemMirror entries to /etc/inittab and /etc/rc.net for IPAT on node "+n.name+".\n")
	var began time.Time
	ended := func(ok bool) {
		c.work(cm.node, 4*time.Second, func() {
			if !ok {
				c.answer(cm, errorText(`the start of cluster services on node "`+n.name+`" was interrupted.`))
				return
			}
			c.print(cm, c.startText(n, began))
			c.finish(cm, 0)
		})
	}
	c.work(cm.node, 8*time.Second, func() {
		began = c.wall()
		c.print(cm, n.name+": start_cluster: Starting PowerHA SystemMirror\n...\n")
		c.setManager(n, stJoining, "node_up")
		c.work(n, 2*time.Second, func() {
			c.setManager(n, stVoting, "node_up")
			c.work(n, time.Second, func() {
				n.up, n.down, n.robbed = true, false, false
				c.enqueue(&event{
					name: "node_up", args: n.name, node: n, walk: 14 * time.Second,
					action: func(done func(bool)) { c.joined(n, auto, clinfo, done) }, ended: ended,
				})
				c.waitFor(cm, p)
			})
		})
	})
}

func (c *Core) startText(n *node, began time.Time) string {
	return "\"" + n.name + "\" is now online.\n\nStarting Cluster Services on node: " + n.name +
		"\nThis may take a few minutes.  Please wait...\n" +
		n.name + ": " + began.Format("Jan 2 2006 15:04:05") + " Starting execution of /usr/es/sbin/cluster/etc/rc.cluster\n" +
		n.name + ": with parameters: -boot -N -A -b -P cl_rc_cluster\n" + n.name + ":\n" +
		n.name + ": " + c.wall().Format("Jan 2 2006 15:04:05") + " complete.\n"
}

// joined is what the start does: the node is managed again, its groups go back to the state they had, and what is
// found inactive is activated.
func (c *Core) joined(n *node, auto, clinfo bool, done func(bool)) {
	n.clevmgrd, n.clinfo = true, clinfo
	n.managed = true
	c.trace(n.name, "managed", "node", n.name, "managed", true)
	c.tellStandby()
	c.note(n.name, "managed again")
	var steps []func(func())
	for _, g := range c.groups {
		switch {
		case g.owner == n.name:
			steps = append(steps, func(next func()) { c.resumeGroup(g, auto, next) })
		case g.owner == "" && auto && g.participates(n.name):
			steps = append(steps, func(next func()) { c.acquire(g, n, next) })
		case g.managed && auto && g.Nodes[0] == n.name && c.knob(n, "resume_when_group_elsewhere") == "acquire":
			steps = append(steps, func(next func()) { c.release(g, func() { c.acquire(g, n, next) }) })
		}
	}
	seq(append(steps, func(func()) { done(true) })...)
}

// resumeGroup takes an unmanaged group of the starting node under control again.
func (c *Core) resumeGroup(g *group, auto bool, next func()) {
	n := c.nodes[g.owner]
	back := func() {
		g.managed, g.restarts = true, 0
		c.setOwner(g, n.name, stOnline)
		c.startMonitor(g)
		next()
	}
	switch {
	case !auto || n.odm.skipEvent:
		back()
	case c.startupMethod(g) != "":
		c.run(n, "app_monitor", c.startupMethod(g), nil, haEnv(g), scriptLimit, func(e ScriptEnded) {
			if e.Exit == 0 && !e.TimedOut {
				c.note(n.name, "startup monitor: "+g.Application+" runs already")
				back()
				return
			}
			c.runStart(g, n.name, func(bool) { back() })
		})
	default:
		c.runStart(g, n.name, func(bool) { back() })
	}
}

func isNo(s string) bool { return strings.EqualFold(s, "false") || strings.EqualFold(s, "no") }
