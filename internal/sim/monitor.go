package sim

import (
	"strconv"
	"time"
)

// minMonitorLimit keeps a scaled monitor interval from killing healthy scripts on a busy machine.
const minMonitorLimit = 2 * time.Second

// startMonitor begins the monitor of a group that has just come online, after one interval of stabilisation.
func (c *Core) startMonitor(g *group) {
	g.generation++
	g.healthy, g.misses = -1, 0
	c.monitorLater(g)
}

func (c *Core) monitorLater(g *group) {
	if g.Monitor == "" || g.MonitorInterval <= 0 || !g.managed || g.state != stOnline || g.owner == "" {
		return
	}
	gen, owner := g.generation, c.nodes[g.owner]
	c.timer(owner, g.MonitorInterval, func() {
		if g.generation != gen {
			return
		}
		limit := max(c.scaled(g.MonitorInterval), minMonitorLimit)
		c.run(owner, "app_monitor", g.Monitor, nil, haEnv(g), limit, func(e ScriptEnded) {
			if g.generation == gen {
				c.monitored(g, e.Exit == 0 && !e.TimedOut)
			}
		})
	})
}

func (c *Core) monitored(g *group, ok bool) {
	if !ok && g.misses < c.monitorRetry() {
		g.misses++
		c.monitorLater(g)
		return
	}
	g.misses = 0
	if ok {
		g.monitorBad = false
		if g.healthy < 0 {
			g.healthy = c.now
		}
		if c.now-g.healthy >= c.scaled(restartInterval(g)) {
			g.restarts = 0
		}
		c.monitorLater(g)
		return
	}
	g.monitorBad, g.healthy = true, -1
	g.generation++
	if g.restarts < g.RestartCount {
		g.restarts++
		c.restartApplication(g)
		return
	}
	c.failApplicationOver(g)
}

func (c *Core) restartApplication(g *group) {
	owner := c.nodes[g.owner]
	c.log.restarts++
	c.note(owner.name, "application "+g.Application+" failed its monitor: restart "+strconv.Itoa(g.restarts)+" of "+strconv.Itoa(g.RestartCount))
	c.enqueue(&event{
		name: "server_restart", args: owner.name + " " + g.Application, node: owner, walk: 2 * time.Second,
		action: func(done func(bool)) {
			if g.owner != owner.name || !g.managed {
				done(true)
				return
			}
			c.runStop(g, owner.name, func(bool) {
				c.runStart(g, owner.name, func(ok bool) {
					c.startMonitor(g)
					done(ok)
				})
			})
		},
	})
}

func (c *Core) failApplicationOver(g *group) {
	owner := c.nodes[g.owner]
	c.note(owner.name, "application "+g.Application+" cannot be restarted")
	c.clusterLog(owner, "EVENT START: server_down "+owner.name+" "+g.Application)
	c.enqueue(&event{
		name: "rg_move", args: owner.name + " 1", node: owner, walk: 3 * time.Second,
		action: func(done func(bool)) {
			if g.owner != owner.name || !g.managed {
				done(true)
				return
			}
			target := c.nextNode(g, owner.name)
			if target == nil {
				c.setOwner(g, owner.name, stError)
				done(false)
				return
			}
			c.tookOver(g, owner.name, target.name, "application")
			c.release(g, func() { c.acquire(g, target, func() { done(true) }) })
		},
	})
}

// monitorRetry is how many failures of a monitor in a row are tolerated (7.2.2 on).
func (c *Core) monitorRetry() int {
	n, err := strconv.Atoi(c.knob(nil, "monitor_retry"))
	if !c.level.monitorRetry || err != nil || n < 0 {
		return 0
	}
	return n
}

// restartInterval is how long a restarted application must stay up before the count is reset:
// 1.1 × restart count × (stabilisation + monitor interval).
func restartInterval(g *group) time.Duration {
	return time.Duration(1.1 * float64(g.RestartCount) * float64(2*g.MonitorInterval))
}
