package sim

import "time"

// declareDown runs node_down on the survivors and takes over the managed groups of the lost node. What the lost node
// had under way is broken off. It tells whether anybody was left to run it.
func (c *Core) declareDown(n *node) bool {
	n.down = true
	c.note(n.name, "declared down")
	c.dropEvents(n)
	if !n.up {
		return false
	}
	var runner *node
	for _, o := range c.others(n) {
		if o.active() && !o.down && (runner == nil || !runner.managed && o.managed) {
			runner = o
		}
	}
	if runner == nil || !runner.managed && c.knob(runner, "events_while_unmanaged") == "no" {
		return false
	}
	c.enqueue(&event{
		name: "node_down", args: n.name, node: runner, walk: 4 * time.Second,
		action: func(done func(bool)) { c.takeOver(n, runner, done) },
		ended:  func(bool) { c.clusterLog(runner, "EVENT COMPLETED: node_down_complete "+n.name+" 0") },
	})
	return true
}

// takeOver moves the managed groups of the lost node one after another. Unmanaged ones stay as they are.
func (c *Core) takeOver(n, runner *node, done func(bool)) {
	var steps []func(next func())
	for _, g := range c.groups {
		if g.owner != n.name || !g.managed {
			continue
		}
		steps = append(steps, func(next func()) {
			if target := c.nextNode(g, n.name); target != nil {
				n.robbed = true
				c.tookOver(g, n.name, target.name, "node_down")
				c.acquire(g, target, next)
				return
			}
			c.setOwner(g, "", stOffline)
			c.note("", "group "+g.Name+": no node left to take it")
			next()
		})
	}
	steps = append(steps, func(func()) { done(true) })
	seq(steps...)
}

// tookOver records a takeover that no person asked for.
func (c *Core) tookOver(g *group, from, to, why string) {
	c.log.takeovers = append(c.log.takeovers, Takeover{
		At: c.now, Time: c.wall(), Group: g.Name, From: from, To: to, Reason: why,
	})
	c.note(to, "takeover of "+g.Name+" from "+from+": "+why)
}

// acquire activates a group on a node: resources, then the start script. A target that was lost meanwhile is replaced.
func (c *Core) acquire(g *group, target *node, done func()) {
	if !target.active() || target.down {
		other := c.nextNode(g, target.name)
		if other == nil {
			c.setOwner(g, "", stOffline)
			c.note("", "group "+g.Name+": no node left to take it")
			done()
			return
		}
		target = other
	}
	g.generation++
	g.managed, g.restarts, g.monitorBad = true, 0, false
	c.useInEvent(target)
	c.setOwner(g, target.name, stAcquiring)
	c.clusterLog(target, "EVENT START: rg_move_acquire "+target.name+" 1")
	c.work(target, 2*time.Second, func() {
		c.runStart(g, target.name, func(bool) {
			c.setOwner(g, target.name, stOnline)
			c.clusterLog(target, "EVENT COMPLETED: rg_move_acquire "+target.name+" 1 0")
			c.startMonitor(g)
			done()
		})
	})
}

// release stops a group on its owner.
func (c *Core) release(g *group, done func()) {
	owner := c.nodes[g.owner]
	g.generation++
	c.useInEvent(owner)
	c.setOwner(g, g.owner, stReleasing)
	c.clusterLog(owner, "EVENT START: rg_move_release "+owner.name+" 1")
	c.runStop(g, g.owner, func(bool) {
		c.work(owner, time.Second, func() {
			c.setOwner(g, "", stOffline)
			c.clusterLog(owner, "EVENT COMPLETED: rg_move_release "+owner.name+" 1 0")
			done()
		})
	})
}

// useInEvent: the running event cannot end without this node.
func (c *Core) useInEvent(n *node) {
	if c.running != nil {
		c.running.uses = append(c.running.uses, n)
	}
}
