package sim

import (
	"slices"
	"time"
)

// States of a resource group as clRGinfo prints them.
const (
	stOnline    = "ONLINE"
	stOffline   = "OFFLINE"
	stAcquiring = "ACQUIRING"
	stReleasing = "RELEASING"
	stError     = "ERROR"
	stUnmanaged = "UNMANAGED"
	stUnknown   = "UNKNOWN"
)

// Policies of every simulated group, as codes and as texts.
const (
	policyStartup      = "OFAN"
	policyFallover     = "FNPN"
	policyFallback     = "NFB"
	policyStartupText  = "Online On First Available Node"
	policyFalloverText = "Fallover To Next Priority Node In The List"
	policyFallbackText = "Never Fallback"
)

// scriptLimit ends a start or stop script that hangs.
const scriptLimit = 10 * time.Minute

// group is one resource group and what the cluster manager believes of it.
type group struct {
	Group
	owner   string // node on which it is (being) active; "" none
	state   string // on the owner
	managed bool
	movedTo string // a person moved it there: it comes first until the move is taken back
	movedAt time.Time
	// monitoring
	generation int // a change ends the monitor loop that runs
	restarts   int
	healthy    time.Duration // since when the monitor is satisfied
	monitorBad bool
	misses     int // failures of the monitor in a row that were tolerated
	monitors   []*monitor
}

func (g *group) participates(name string) bool { return slices.Contains(g.Nodes, name) }

// rowState is what clRGinfo prints for the group on a node.
func (c *Core) rowState(g *group, node string) string {
	if g.owner != "" && !g.managed {
		if o := c.nodes[g.owner]; o.down && !o.alive {
			return c.knob(nil, "unmanaged_owner_death_shows")
		}
		return stUnmanaged
	}
	if g.owner == node {
		return g.state
	}
	return stOffline
}

// setOwner changes where the cluster manager believes the group to run.
func (c *Core) setOwner(g *group, owner, state string) {
	changed := g.owner != owner
	g.owner, g.state = owner, state
	if changed {
		c.traceOwner(g)
		c.note("", "group "+g.Name+": owner now "+orNone(owner))
	}
	c.tellStandby()
}

// traceOwner tells where the workload runs: nowhere once its node is dead.
func (c *Core) traceOwner(g *group) {
	nodes := []string{}
	if g.owner != "" && c.nodes[g.owner].alive {
		nodes = append(nodes, g.owner)
	}
	c.trace("", "owner", "resource_group", g.Name, "nodes", nodes)
}

// nextNode is the node that takes the group when it leaves from: managed, up, in the order of the group's list.
func (c *Core) nextNode(g *group, from string) *node {
	for _, name := range g.Nodes {
		if n := c.nodes[name]; name != from && n.active() && n.managed && !n.down {
			return n
		}
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// script is a RunScript that has not ended.
type script struct {
	node *node
	kind string
	done func(ScriptEnded)
}

// run asks the shell for a script; done is called on the node (after its freeze, never after its death).
func (c *Core) run(n *node, kind, path string, args, env []string, limit time.Duration, done func(ScriptEnded)) {
	c.runScript(RunScript{Node: n.name, Kind: kind, Path: path, Args: args, Env: env, Timeout: limit}, done)
}

func (c *Core) runScript(r RunScript, done func(ScriptEnded)) {
	r.ID = c.newID("s")
	c.scripts[r.ID] = &script{node: c.nodes[r.Node], kind: r.Kind, done: done}
	c.emit(r)
}

func (c *Core) scriptEnded(e ScriptEnded) {
	s := c.scripts[e.ID]
	if s == nil {
		return // of a node that died meanwhile
	}
	delete(c.scripts, e.ID)
	c.schedule(&item{at: c.now, node: s.node, fn: func() { s.done(e) }})
}

func (c *Core) dropScripts(n *node) {
	for id, s := range c.scripts {
		if s.node == n {
			delete(c.scripts, id)
		}
	}
}

// haEnv is the environment in which PowerHA runs application scripts.
func haEnv(g *group) []string {
	return []string{"LANG=C", "PATH=/usr/es/sbin/cluster/utilities:/usr/bin:/usr/sbin:/bin", "GROUPNAME=" + g.Name}
}

// runStart runs the start script of a group's application; a failing one is logged and, as in the product, nothing more.
func (c *Core) runStart(g *group, owner string, done func(ok bool)) {
	c.runApp(g, owner, "app_start", g.Start, "start_server", done)
}

func (c *Core) runStop(g *group, owner string, done func(ok bool)) {
	c.runApp(g, owner, "app_stop", g.Stop, "stop_server", done)
}

func (c *Core) runApp(g *group, owner, kind, path, event string, done func(bool)) {
	n := c.nodes[owner]
	if path == "" {
		c.schedule(&item{at: c.now, node: n, fn: func() { done(true) }})
		return
	}
	c.clusterLog(n, "EVENT START: "+event+" "+g.Application)
	c.run(n, kind, path, nil, haEnv(g), scriptLimit, func(e ScriptEnded) {
		ok := e.Exit == 0 && !e.TimedOut
		if ok {
			c.clusterLog(n, "EVENT COMPLETED: "+event+" "+g.Application+" 0")
		} else {
			c.clusterLog(n, "EVENT FAILED: 1: "+event+" "+g.Application+" 1")
			c.note(owner, event+" "+g.Application+" failed")
		}
		done(ok)
	})
}
