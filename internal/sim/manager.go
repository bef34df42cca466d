package sim

import (
	"slices"
	"strings"
	"time"
)

// States of clstrmgrES as lssrc prints them.
const (
	stInit     = "ST_INIT"
	stJoining  = "ST_JOINING"
	stVoting   = "ST_VOTING"
	stRunning  = "ST_RP_RUNNING"
	stBarrier  = "ST_BARRIER"
	stCBarrier = "ST_CBARRIER"
	stUnstable = "ST_UNSTABLE"
	stStable   = "ST_STABLE"
)

// event is one recovery program of the cluster manager. Events run one at a time in the whole cluster.
type event struct {
	name, args string
	node       *node   // runs it: it stands still while that node is frozen
	uses       []*node // further nodes without which it cannot end
	walk       time.Duration
	action     func(done func(ok bool))
	ended      func(ok bool)
}

// enqueue puts an event at the end of the queue and runs it when its turn comes.
func (c *Core) enqueue(e *event) {
	c.events = append(c.events, e)
	c.nextEvent()
}

func (c *Core) nextEvent() {
	for c.running == nil && len(c.events) > 0 {
		e := c.events[0]
		c.events = c.events[1:]
		if !e.node.alive {
			c.finishEvent(e, false)
			continue
		}
		c.running = e
		c.runEvent(e)
	}
}

func (c *Core) runEvent(e *event) {
	c.note(e.node.name, "event "+e.name+" "+e.args)
	for _, n := range c.participants() {
		c.clusterLog(n, "EVENT START: "+strings.TrimSpace(e.name+" "+e.args))
	}
	step := func(state string, share time.Duration) func(func()) {
		return func(next func()) {
			if c.running != e {
				return // broken off
			}
			c.setManagers(state, e)
			c.work(e.node, e.walk*share/8, next)
		}
	}
	var ok bool
	seq(
		step(stRunning, 2),
		step(stBarrier, 1),
		step(stUnstable, 1),
		func(next func()) {
			if c.running != e {
				return
			}
			c.setManagers(stRunning, e)
			e.action(func(good bool) { ok = good; next() })
		},
		step(stRunning, 2),
		step(stUnstable, 1),
		step(stCBarrier, 1),
		func(func()) {
			if c.running != e {
				return
			}
			c.setManagers(stStable, e)
			code := " 0"
			if !ok {
				code = " 1"
			}
			for _, n := range c.participants() {
				n.lastEvent = strings.ToUpper(e.name) + " on node " + n.number()
				c.clusterLog(n, "EVENT COMPLETED: "+strings.TrimSpace(e.name+" "+e.args)+code)
			}
			c.running = nil
			c.finishEvent(e, ok)
			c.nextEvent()
		},
	)
}

func (c *Core) finishEvent(e *event, ok bool) {
	if e.ended != nil {
		e.ended(ok)
	}
}

// participants are the nodes whose cluster manager takes part in events.
func (c *Core) participants() []*node {
	var out []*node
	for _, n := range c.all() {
		if n.alive && n.up && !n.down {
			out = append(out, n)
		}
	}
	return out
}

func (c *Core) setManagers(state string, e *event) {
	for _, n := range c.participants() {
		c.setManager(n, state, e.name)
	}
}

func (c *Core) setManager(n *node, state, event string) {
	if n.mgr != state {
		n.mgr = state
		c.trace(n.name, "manager", "state", state, "event", event)
	}
}

// dropEvents ends the events that need a node which has died.
func (c *Core) dropEvents(n *node) {
	needs := func(e *event) bool { return e.node == n || slices.Contains(e.uses, n) }
	var dropped, kept []*event
	for _, e := range c.events {
		if needs(e) {
			dropped = append(dropped, e)
		} else {
			kept = append(kept, e)
		}
	}
	c.events = kept
	if e := c.running; e != nil && needs(e) {
		c.running = nil
		for _, p := range c.participants() {
			c.clusterLog(p, "EVENT FAILED: 1: "+strings.TrimSpace(e.name+" "+e.args)+" 1")
			c.setManager(p, stStable, e.name)
		}
		dropped = append([]*event{e}, dropped...)
	}
	for _, e := range dropped {
		c.finishEvent(e, false)
	}
	c.nextEvent()
}
