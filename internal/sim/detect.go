package sim

import (
	"strings"
	"time"
)

// cthagsTrip is the trip interval of the Group Services dead man switch (listdms: 30 seconds).
const cthagsTrip = 30 * time.Second

// mergeDelay is how long after its wake a node that was taken for dead meets the others again.
const mergeDelay = time.Second

// linkTimeout is CAA's link_timeout: what nodes of another site of a linked cluster wait longer.
const linkTimeout = 30 * time.Second

// fixedNetworkFDT is how fast CAA finds a network failed at levels where that cannot be set.
const fixedNetworkFDT = 5 * time.Second

// limit is how long a node stays silent before o takes it for dead: node_timeout + node_down_delay in force on o, and
// link_timeout for one of another site.
func (c *Core) limit(o, n *node) time.Duration {
	d := time.Duration(o.nodeTimeout+o.downDelay) * time.Millisecond
	if c.site(o) != c.site(n) {
		d += linkTimeout
	}
	return c.scaled(d)
}

// site is 1 for the first half of the nodes and 2 for the others; 1 for all unless the sites are linked.
func (c *Core) site(n *node) int {
	if c.knob(nil, "cluster_type") == "LC" && n.index >= (len(c.order)+1)/2 {
		return 2
	}
	return 1
}

// watchSilent lets every other node watch a node that has fallen silent.
func (c *Core) watchSilent(n *node) {
	for _, o := range c.others(n) {
		c.watch(o, n)
	}
}

// rewatch is called when the node timeout in force on o has changed.
func (c *Core) rewatch(o *node) {
	for _, n := range c.others(o) {
		if n.silent() {
			c.watch(o, n)
		}
	}
}

func (c *Core) watch(o, n *node) {
	since := n.silentSince
	due := max(since, o.awakeSince) + c.limit(o, n)
	c.schedule(&item{at: max(due, c.now), node: o, fn: func() {
		switch {
		case !n.silent() || n.silentSince != since || o.seesDown[n.name]:
		case c.now < max(since, o.awakeSince)+c.limit(o, n):
			c.watch(o, n)
		default:
			o.seesDown[n.name] = true
			c.note(o.name, "sees "+n.name+" DOWN")
			if o.up && !n.down {
				c.declareDown(n)
			}
		}
	}})
}

// haltsOnWake tells why a node that was frozen for gap is halted when it runs again, or "".
func (c *Core) haltsOnWake(n *node, gap time.Duration) string {
	if c.knob(n, "dms_fires_on_wake") == "no" {
		return ""
	}
	if n.dms && gap > c.scaled(cthagsTrip) {
		return "cthags: dead man switch fired, node halted"
	}
	if n.deadman == "a" && gap > c.scaled(time.Duration(n.nodeTimeout)*time.Millisecond) {
		return "CAA: Deadman timer triggered"
	}
	if c.watchdogFires(n, gap) {
		return "pvm_wdog: CAA did not reset the hypervisor's watchdog, partition reset"
	}
	if n.clientKill && gap > c.scaled(cthagsTrip) && c.knob(n, "client_kill_on_wake") == "yes" {
		return "cthags: critical daemons did not respond and were ended, node halted"
	}
	return ""
}

// watchdogFires: the hypervisor's watchdog, where it is enabled, was not reset for longer than the node timeout. Whether
// it acts on a partition that was suspended is not known (knob pvm_wdog_fires), nor how long it waits, nor whether
// PowerHA suspends it for a migration (knob pvm_wdog_suspended).
func (c *Core) watchdogFires(n *node, gap time.Duration) bool {
	timer := n.odm.extra["CAA_PVM_WATCHDOG_TIMER"]
	listed := c.knob(nil, "pvm_wdog_listed")
	if c.knob(n, "pvm_wdog_fires") == "no" || timer == "" || strings.EqualFold(timer, "disable") || listed == "no" || listed == "level" && !c.level.pvmWdog {
		return false
	}
	suspended := n.saved != nil && c.knob(n, "pvm_wdog_suspended") == "yes"
	return !suspended && gap > c.scaled(time.Duration(n.nodeTimeout)*time.Millisecond)
}

// heardAgain: a silent node runs again. If its groups run elsewhere by now, it is halted when it meets the others.
func (c *Core) heardAgain(n *node) {
	for _, o := range c.others(n) {
		delete(o.seesDown, n.name)
	}
	if !n.down {
		return
	}
	if n.robbed && c.knob(n, "merge_halts") == "yes" {
		c.timer(n, mergeDelay, func() { c.kill(n, "merge: declared down meanwhile, halt -q") })
		return
	}
	n.down, n.robbed = false, false
	if !n.up {
		return
	}
	c.enqueue(&event{
		name: "node_up", args: n.name, node: n, walk: 4 * time.Second,
		action: func(done func(bool)) { done(true) },
	})
}

// networkFDT is how long a network may be still before it counts as failed.
func (c *Core) networkFDT(n *node) time.Duration {
	if c.knob(nil, "network_fdt_listed") == "no" || n.odm.network == 0 {
		return fixedNetworkFDT
	}
	return time.Duration(n.odm.network) * time.Second
}

// missedNetwork: a managed node that stood still for longer than its network failure detection time finds its networks
// failed when it wakes, and right again. An unmanaged node's cluster manager moves nothing for it.
func (c *Core) missedNetwork(n *node, gap time.Duration) {
	if !n.up || !n.managed || n.down || gap <= c.scaled(c.networkFDT(n)) || c.knob(n, "network_events") == "no" {
		return
	}
	for _, name := range []string{"network_down", "network_up"} {
		c.enqueue(&event{
			name: name, args: n.name + " net_ether_01", node: n, walk: time.Second,
			action: func(done func(bool)) { done(true) },
		})
	}
}

// hungMonitors: the monitors of a node that stood still for longer than they may take, as often as their failure is
// tolerated, count as hung when it wakes. Whether one is under way at that moment is chance.
func (c *Core) hungMonitors(n *node, gap time.Duration) {
	if !n.up || !n.managed || n.down || c.knob(n, "monitor_hung_on_wake") == "no" {
		return
	}
	for _, g := range c.groups {
		watched := g.Monitor != "" && g.MonitorInterval > 0 && g.managed && g.state == stOnline && g.owner == n.name
		if watched && gap > c.scaled(g.MonitorInterval*time.Duration(1+c.monitorRetry())) {
			g.misses = c.monitorRetry()
			c.note(n.name, "monitor of "+g.Application+" hung")
			c.monitored(g, false)
		}
	}
}
