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
	for _, m := range g.monitors {
		m.misses, m.healthy = 0, -1
		c.watchLater(g, m, m.Stabilization)
	}
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
		switch c.knob(owner, "monitor."+g.Application+"_mon") {
		case "suspended":
			c.monitorLater(g)
			return
		case "failed":
			c.monitored(g, false)
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
	c.applicationFailed(g, reaction{restarts: g.RestartCount, fallover: true, cleanup: g.Stop, restart: g.Start})
}

// reaction is what a monitor wants done when it finds the application failed.
type reaction struct {
	restarts                 int
	fallover                 bool // else the method notify, if there is one
	cleanup, restart, notify string
}

// applicationFailed restarts the application, or does what the failure action says once that was in vain.
func (c *Core) applicationFailed(g *group, r reaction) {
	g.monitorBad, g.healthy = true, -1
	g.generation++
	if g.restarts < r.restarts {
		g.restarts++
		c.restartApplication(g, r)
		return
	}
	if !r.fallover {
		owner := c.nodes[g.owner]
		if r.notify != "" {
			c.run(owner, "app_notify", r.notify, nil, haEnv(g), scriptLimit, func(ScriptEnded) {})
		}
		c.note(owner.name, "application "+g.Application+" cannot be restarted: notified")
		c.clusterLog(owner, "EVENT START: server_down "+owner.name+" "+g.Application)
		c.clusterLog(owner, "EVENT COMPLETED: server_down "+owner.name+" "+g.Application+" 0")
		return
	}
	c.failApplicationOver(g)
}

func (c *Core) restartApplication(g *group, r reaction) {
	owner := c.nodes[g.owner]
	c.log.restarts++
	c.note(owner.name, "application "+g.Application+" failed its monitor: restart "+strconv.Itoa(g.restarts)+" of "+strconv.Itoa(r.restarts))
	c.enqueue(&event{
		name: "server_restart", args: owner.name + " " + g.Application, node: owner, walk: 2 * time.Second,
		action: func(done func(bool)) {
			if g.owner != owner.name || !g.managed {
				done(true)
				return
			}
			c.runApp(g, owner.name, "app_stop", r.cleanup, "stop_server", func(bool) {
				c.runApp(g, owner.name, "app_start", r.restart, "start_server", func(ok bool) {
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
