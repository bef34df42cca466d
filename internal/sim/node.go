package sim

import "time"

// node is one partition and what PowerHA, CAA and RSCT hold on it.
type node struct {
	name  string
	index int

	alive, frozen bool
	off           bool // switched off at the HMC: not merely crashed
	frozenSince   time.Duration
	awakeSince    time.Duration
	silentSince   time.Duration // valid while silent()
	parked        []*item

	down     bool            // the survivors have declared it down
	robbed   bool            // and taken groups of it over
	seesDown map[string]bool // its own view of the others (lscluster -m)

	up, managed bool // cluster services run; its groups are under their control
	unmanagedAt time.Duration
	mgr         string // state of clstrmgrES
	lastEvent   string
	clevmgrd    bool
	clinfo      bool

	nodeTimeout, downDelay int    // CAA, milliseconds, in force here
	deadman                string // CAA deadman_mode, in force here: a or e
	dms, clientKill        bool   // cthags
	inittab                string // the entry hacmp_lpm
	ifrestrict             bool

	odm      odm
	unsynced bool
	saved    *savedState // cl_dr.state

	errlog  []errEntry
	errSeq  int
	logSeq  int // of cluster.log
	frame   int // which physical server it is on
	scripts []drScript
	drmgr   string // phase for which drmgr runs now
}

func newNode(name string, index int, cfg odm) *node {
	return &node{
		name: name, index: index, alive: true, up: true, managed: true, mgr: stStable, clevmgrd: true,
		seesDown: map[string]bool{}, nodeTimeout: cfg.heartbeat * 1000, downDelay: cfg.grace * 1000, deadman: "a",
		dms: true, clientKill: true, odm: cfg.clone(), lastEvent: "JOIN_NODE_CO on node 1", errSeq: 100,
	}
}

// silent: the others hear nothing of it.
func (n *node) silent() bool { return !n.alive || n.frozen }

// active: cluster services answer here now.
func (n *node) active() bool { return n.alive && !n.frozen && n.up }

func (c *Core) freezeDone(name string) {
	n := c.nodes[name]
	if n == nil || !n.alive || n.frozen {
		return
	}
	n.frozen, n.frozenSince, n.silentSince = true, c.now, c.now
	c.park(n)
	c.trace(name, "freeze_start")
	c.note(name, "frozen")
	c.tellStandby()
	c.watchSilent(n)
	if m := c.moves[name]; m != nil && m.onFrozen != nil {
		f := m.onFrozen
		m.onFrozen = nil
		f()
	}
}

// wake ends a freeze. A node that a dead man switch halts on waking is ended before it runs again.
func (c *Core) wake(n *node) time.Duration {
	gap := c.now - n.frozenSince
	c.trace(n.name, "freeze_end", "frozen_seconds", gap.Seconds())
	if why := c.haltsOnWake(n, gap); why != "" {
		n.frozen = false
		c.kill(n, why)
		return gap
	}
	c.emit(ThawNode{Node: n.name})
	return gap
}

func (c *Core) thawDone(name string) {
	n := c.nodes[name]
	if n == nil || !n.alive || !n.frozen {
		return
	}
	n.frozen, n.awakeSince = false, c.now
	c.unpark(n, n.frozenSince)
	c.note(name, "runs again")
	c.tellStandby()
	c.missedNetwork(n, c.now-n.frozenSince)
	c.hungMonitors(n, c.now-n.frozenSince)
	c.heardAgain(n)
	if m := c.moves[name]; m != nil && m.onThawed != nil {
		f := m.onThawed
		m.onThawed = nil
		f()
	}
}

// kill ends a node at once.
func (c *Core) kill(n *node, why string) {
	if !n.alive {
		return
	}
	if !n.silent() {
		n.silentSince = c.now
	}
	wasFrozen := n.frozen
	n.alive, n.frozen = false, false
	c.takeItems(n)
	n.parked = nil
	n.drmgr = ""
	c.dropCommands(n)
	c.dropScripts(n)
	c.emit(KillNode{Node: n.name})
	c.trace(n.name, "node_dead", "reason", why)
	c.note(n.name, "dead: "+why)
	for _, g := range c.groups {
		if g.owner == n.name {
			c.traceOwner(g)
		}
	}
	c.dropEvents(n)
	if !wasFrozen {
		c.watchSilent(n)
	}
	if m := c.moves[n.name]; m != nil {
		c.migrationLost(m, why)
	}
	c.tellStandby()
}

func (c *Core) powerOff(name string) {
	n := c.nodes[name]
	if n == nil || n.off {
		return
	}
	if n.alive {
		c.kill(n, "powered off at the HMC")
	}
	n.off = true
	c.trace(name, "node_off")
	c.note(name, "powered off")
}

// boot activates a partition: AIX, RSCT and CAA come up, cluster services stay down (ST_INIT).
func (c *Core) boot(name string) {
	n := c.nodes[name]
	if n == nil || n.alive {
		return
	}
	taking := !n.down && c.declareDown(n) // it joins anew: the others learn now that it was gone
	n.alive, n.off, n.frozen = true, false, false
	n.awakeSince = c.now
	n.up, n.managed, n.mgr = false, true, stInit
	n.clevmgrd, n.clinfo = false, false
	n.dms, n.clientKill = true, true
	n.seesDown = map[string]bool{}
	for _, o := range c.others(n) {
		if o.silent() {
			n.seesDown[o.name] = true
		}
		delete(o.seesDown, n.name)
		if o.alive {
			n.nodeTimeout, n.downDelay = o.nodeTimeout, o.downDelay // kept in the repository
		}
	}
	n.down, n.robbed = false, false
	c.trace(name, "node_boot")
	c.note(name, "booted; cluster services are down")
	n.bootEntries(c)
	for _, g := range c.groups {
		if g.owner == name && (!g.managed || !taking) {
			c.setOwner(g, "", stOffline)
			g.managed = true
		}
	}
	if n.inittab != "" && c.level.lpm {
		c.timer(n, c.knobDuration(n, "lpm_undo_boot_delay"), func() {
			c.spawn(n, "cl_dr", []string{"undopremigrate"}, "product", nil)
		})
	}
}

// standbyUp: every online group has another node that could take it.
func (c *Core) standbyUp() bool {
	for _, g := range c.groups {
		if g.owner != "" && c.nextNode(g, g.owner) == nil {
			return false
		}
	}
	return true
}

func (c *Core) standbyChanged() bool {
	up := c.standbyUp()
	changed := up != !c.log.standbyDown
	c.log.standbyDown = !up
	return changed
}

// tellStandby tells the referee whether every online group has somewhere to go, when that has changed.
func (c *Core) tellStandby() {
	if c.standbyChanged() {
		c.trace("", "standby", "up", c.standbyUp())
	}
}
