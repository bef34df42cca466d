package sim

import (
	"strings"
	"time"
)

// moveGroup is clmgr move, online and offline of one resource group. About 30 s.
func (c *Core) moveGroup(cm *cmd, p clmgrLine) {
	if c.badAttribute(cm, p, map[string]string{"NODE": "", "NODES": "", "STATE": "", "TIMEOUT": ""}) {
		return
	}
	g := c.group(p.name)
	if g == nil {
		c.answer(cm, errorText(`"`+p.name+`" does not appear to exist!`))
		return
	}
	if p.action == "stop" {
		c.offlineGroup(cm, g)
		return
	}
	name := p.get("NODE", p.get("NODES", ""))
	to := c.nodes[name]
	if to == nil || !g.participates(name) {
		c.answer(cm, errorText(`node "`+name+`" does not participate in resource group "`+g.Name+`".`))
		return
	}
	c.print(cm, "\nAttempting to move resource group "+g.Name+" to node "+name+".\n\n")
	if why := c.cannotMove(g, to); why != "" {
		c.delay(cm, "clmgr", 2*time.Second, func() { c.answer(cm, errorText(why)) })
		return
	}
	ended := func(ok bool) {
		c.work(cm.node, 5*time.Second, func() {
			if !ok {
				c.answer(cm, errorText("the move of resource group "+g.Name+" failed. Check /var/hacmp/log/hacmp.out."))
				return
			}
			g.movedTo, g.movedAt = to.name, c.wall()
			c.print(cm, c.moveText(g))
			c.finish(cm, 0)
		})
	}
	c.work(cm.node, 5*time.Second, func() {
		c.enqueue(&event{
			name: "rg_move", args: to.name + " 1", node: to, walk: 16 * time.Second,
			action: func(done func(bool)) { c.moved(g, to, done) }, ended: ended,
		})
	})
}

// cannotMove says why a group cannot be brought to a node, or "".
func (c *Core) cannotMove(g *group, to *node) string {
	switch {
	case !to.active() || !to.managed || to.down:
		return `cluster services do not manage resource groups on node "` + to.name + `".`
	case g.owner == to.name && g.managed && g.state == stOnline:
		return "resource group " + g.Name + " is already online on node " + to.name + "."
	case g.owner == "" || g.managed:
		return ""
	}
	owner := c.nodes[g.owner]
	if !owner.silent() {
		return "resource group " + g.Name + " is in the UNMANAGED state on node " + owner.name + "."
	}
	switch c.knob(to, "move_unmanaged_dead_owner") {
	case "refuse":
		return "resource group " + g.Name + " is in the UNMANAGED state."
	case "accept_after_node_down":
		if !owner.down {
			return "node " + owner.name + " has not been declared down; resource group " + g.Name + " is in the UNMANAGED state."
		}
	}
	return ""
}

func (c *Core) moved(g *group, to *node, done func(bool)) {
	if c.cannotMove(g, to) != "" { // what held when the command was typed need not hold any more
		done(false)
		return
	}
	fin := func() { done(true) }
	switch owner := c.nodes[g.owner]; {
	case g.owner == "":
		c.acquire(g, to, fin)
	case !g.managed || owner.silent():
		owner.robbed = true
		c.note(to.name, "group "+g.Name+" acquired by command while its owner "+owner.name+" is silent")
		c.acquire(g, to, fin)
	default:
		c.release(g, func() { c.acquire(g, to, fin) })
	}
}

func (c *Core) moveText(g *group) string {
	var b strings.Builder
	b.WriteString("Waiting for the cluster to process the resource group movement request....\n\n" +
		"Waiting for the cluster to stabilize.....\n\nResource group movement successful.\nResource group " + g.Name +
		" is online on node " + g.owner + ".\n\nCluster Name: " + c.cfg.Cluster + "\n\nResource Group Name: " + g.Name +
		"\nNode                                                         Group State\n" +
		"------------------------------------------------------------ ---------------\n")
	for _, n := range g.Nodes {
		b.WriteString(pad(n, 61) + c.rowState(g, n) + "\n")
	}
	return b.String()
}

func (c *Core) offlineGroup(cm *cmd, g *group) {
	if g.owner == "" || !g.managed || c.nodes[g.owner].silent() {
		c.delay(cm, "clmgr", 2*time.Second, func() {
			c.answer(cm, errorText("resource group "+g.Name+" is not online under the control of a node that can be reached."))
		})
		return
	}
	c.work(cm.node, 5*time.Second, func() {
		c.enqueue(&event{
			name: "rg_move", args: g.owner + " 1", node: c.nodes[g.owner], walk: 8 * time.Second,
			action: func(done func(bool)) { c.release(g, func() { done(true) }) },
			ended: func(ok bool) {
				if !ok {
					c.answer(cm, errorText("resource group "+g.Name+" could not be brought offline."))
					return
				}
				c.answer(cm, say("Resource group "+g.Name+" is offline.\n"))
			},
		})
	})
}

func (c *Core) group(name string) *group {
	for _, g := range c.groups {
		if g.Name == name {
			return g
		}
	}
	return nil
}

func pad(s string, width int) string {
	if len(s) >= width {
		return s + " "
	}
	return s + strings.Repeat(" ", width-len(s))
}
