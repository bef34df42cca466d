package sim

import (
	"slices"
	"strconv"
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
	stFailed   = "ST_RP_FAILED"
	// stNotConfigured: PowerHA is installed, and there is no cluster.
	stNotConfigured = "NOT_CONFIGURED"
)

// event is one recovery program of the cluster manager. Events run one at a time in the whole cluster.
type event struct {
	name, args string
	node       *node   // runs it: it stands still while that node is frozen
	uses       []*node // further nodes without which it cannot end
	walk       time.Duration
	action     func(done func(ok bool))
	ended      func(ok bool)

	began   time.Time
	tooLong int    // seconds after which config_too_long was run; 0: it was not
	recover func() // goes on after a failed script
}

// line is the event and its arguments as the logs have them.
func (e *event) line() string { return strings.TrimSpace(e.name + " " + e.args) }

// program is the recovery program of the event.
func (e *event) program() string { return "/usr/es/sbin/cluster/events/" + e.name + ".rp" }

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
	e.began = c.wall()
	c.note(e.node.name, "event "+e.name+" "+e.args)
	for _, n := range c.participants() {
		c.eventPreamble(n, e)
		c.clusterLog(n, "EVENT START: "+e.line())
	}
	c.watchTooLong(e, c.now, 0)
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
			c.work(e.node, c.knobDuration(e.node, "event_takes."+e.name), next)
		},
		func(next func()) {
			if c.running != e {
				return
			}
			if c.knob(e.node, "event_fails") == e.name {
				c.failEvent(e, next)
				return
			}
			next()
		},
		func(next func()) {
			if c.running == e {
				e.action(func(good bool) { ok = good; next() })
			}
		},
		step(stRunning, 2),
		step(stUnstable, 1),
		step(stCBarrier, 1),
		func(func()) {
			if c.running == e {
				c.completeEvent(e, ok)
			}
		},
	)
}

// failEvent: a script of the event has failed. The cluster waits until a person says that it may go on (clruncmd).
func (c *Core) failEvent(e *event, next func()) {
	c.setManagers(stFailed, e)
	for _, n := range c.participants() {
		c.clusterLog(n, "EVENT FAILED: 1: "+e.line()+" 1")
		c.clusterLog(n, "EVENT START: event_error 1 "+e.name)
		c.clusterLog(n, "EVENT COMPLETED: event_error 1 "+e.name+" 0")
	}
	c.note(e.node.name, "event "+e.name+" failed: waiting for clruncmd")
	e.recover = func() {
		e.recover = nil
		c.setManagers(stRunning, e)
		for _, n := range c.participants() {
			c.clusterLog(n, "EVENT START: "+e.line())
		}
		next()
	}
}

// clruncmd is "Recover From PowerHA SystemMirror Script Failure": the event goes on as if its script had succeeded.
func (c *Core) clruncmd(n *node, args []string) result {
	switch {
	case len(args) != 1 || c.nodes[args[0]] == nil:
		return misuse("clruncmd")
	case c.running == nil || c.running.recover == nil:
		return complain("clruncmd: no event waits for a recovery on node " + args[0] + ".")
	}
	c.running.recover()
	return result{}
}

func (c *Core) completeEvent(e *event, ok bool) {
	c.setManagers(stStable, e)
	code := " 0"
	if !ok {
		code = " 1"
	}
	for _, n := range c.participants() {
		n.lastEvent = strings.ToUpper(e.name) + " on node " + n.number()
		if e.tooLong > 0 {
			c.clusterLog(n, "EVENT COMPLETED: config_too_long "+strconv.Itoa(e.tooLong)+" "+e.program()+" 0")
		}
		c.clusterLog(n, "EVENT COMPLETED: "+e.line()+code)
		c.eventSummary(n, e)
	}
	c.running = nil
	c.finishEvent(e, ok)
	c.nextEvent()
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
		votes := n.managed || c.running != nil && c.running.node == n || c.knob(n, "unmanaged_votes") == "yes"
		if n.alive && n.up && !n.down && votes {
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
			c.clusterLog(p, "EVENT FAILED: 1: "+e.line()+" 1")
			c.setManager(p, stStable, e.name)
		}
		dropped = append([]*event{e}, dropped...)
	}
	for _, e := range dropped {
		c.finishEvent(e, false)
	}
	c.nextEvent()
}
