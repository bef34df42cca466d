package sim

import "time"

// migration is one running Live Partition Mobility operation.
type migration struct {
	req      MigrationRequested
	node     *node
	ended    bool
	started  bool       // STARTED stands in errpt
	ran      []drScript // whose premigrate was run
	onFrozen func()
	onThawed func()
	status   *MigrationStatus
}

// migrationRequested begins a migration: validation, check scripts, then the rest.
func (c *Core) migrationRequested(r MigrationRequested) {
	refuse := func(why string) { c.emit(MigrationEnded{ID: r.ID, Result: "vetoed", Message: why}) }
	n := c.nodes[r.Node]
	switch {
	case n == nil:
		refuse("the cluster has no node " + r.Node)
		return
	case !n.alive:
		refuse("partition " + r.Node + " is not running")
		return
	case c.moves[r.Node] != nil:
		refuse("partition " + r.Node + " is being migrated already")
		return
	}
	m := &migration{req: r, node: n, status: &MigrationStatus{ID: r.ID, Node: r.Node, Start: c.now}}
	c.moves[r.Node], c.log.migration = m, m.status
	c.trace(r.Node, "migration_open", "id", r.ID)
	c.note(r.Node, "migration begins")
	m.phase("check")
	c.hmc(m, c.scaled(time.Second), func() {
		c.runPhase(m, "checkmigrate", c.orderedScripts(n), true, func(_ []drScript, failure string) {
			switch {
			case failure != "":
				c.endMigration(m, "vetoed", failure)
			case r.AbortAt == "check":
				c.endMigration(m, "aborted", "stopped after the check phase")
			case c.knob(n, "premigrate_position") == "before_suspend":
				c.copyMemory(m, func() { c.preMigrate(m, func() { c.suspend(m) }) })
			default:
				c.preMigrate(m, func() { c.copyMemory(m, func() { c.suspend(m) }) })
			}
		})
	})
}

func (m *migration) phase(p string) { m.status.Phase = p }

// hmc does fn after d unless the migration has ended meanwhile.
func (c *Core) hmc(m *migration, d time.Duration, fn func()) {
	c.after(d, func() {
		if !m.ended {
			fn()
		}
	})
}

func (c *Core) preMigrate(m *migration, next func()) {
	m.phase("pre")
	m.started = true
	if c.knob(m.node, "errpt_pmig_offsets") != "suspend" {
		c.logError(m.node, c.pmigEntry(pmigStarted))
	}
	c.runPhase(m, "premigrate", c.orderedScripts(m.node), true, func(ran []drScript, failure string) {
		m.ran = ran
		switch {
		case failure != "":
			c.undo(m, "vetoed", failure)
		case m.req.AbortAt == "pre":
			c.undo(m, "aborted", "stopped after the pre phase")
		default:
			next()
		}
	})
}

func (c *Core) copyMemory(m *migration, next func()) {
	m.phase("copy")
	half := m.req.Precopy / 2
	c.hmc(m, half, func() {
		switch {
		case m.req.Die == "copy":
			c.kill(m.node, "crashed during the memory copy")
		case m.req.AbortAt == "copy":
			c.undo(m, "aborted", "stopped during the memory copy")
		default:
			c.hmc(m, m.req.Precopy-half, next)
		}
	})
}

// suspend freezes the partition; it goes on on the target, or on the source when the suspension is aborted.
func (c *Core) suspend(m *migration) {
	m.phase("suspend")
	if c.knob(m.node, "errpt_pmig_offsets") == "suspend" {
		c.logError(m.node, c.pmigEntry(pmigStarted))
	}
	m.onFrozen = func() {
		m.status.FrozenAt = c.now
		if m.req.Die == "suspend" {
			c.hmc(m, m.req.Freeze/2, func() { c.kill(m.node, "lost while it was suspended") })
			return
		}
		m.onThawed = func() { c.resumed(m) }
		c.hmc(m, m.req.Freeze, func() {
			m.status.FrozenFor = c.now - m.status.FrozenAt
			if m.req.AbortAt != "suspend" {
				m.node.frame++
			}
			c.wake(m.node)
		})
	}
	c.emit(FreezeNode{Node: m.node.name})
}

func (c *Core) resumed(m *migration) {
	if m.req.AbortAt == "suspend" {
		c.undo(m, "aborted", "the suspension failed; the partition goes on on the source")
		return
	}
	m.phase("post")
	late := c.knob(m.node, "errpt_pmig_offsets") == "done_late"
	if !late {
		c.logError(m.node, c.pmigEntry(pmigDone))
	}
	if m.req.Die == "post" {
		c.hmc(m, c.scaled(time.Second), func() { c.kill(m.node, "crashed during the post phase") })
	}
	c.runPhase(m, "postmigrate", c.orderedScripts(m.node), false, func(_ []drScript, failure string) {
		if m.req.Die == "post" {
			return // the crash ends it
		}
		if late {
			c.logError(m.node, c.pmigEntry(pmigDone))
		}
		c.endMigration(m, "completed", failure)
	})
}

// undo runs undopremigrate where premigrate was run.
func (c *Core) undo(m *migration, result, why string) {
	m.phase("undo")
	scripts := m.ran
	if m.started {
		c.logError(m.node, c.pmigEntry(pmigAborted))
		if c.knob(m.node, "dr_undo_scope") == "all" {
			scripts = c.orderedScripts(m.node)
		}
	}
	c.runPhase(m, "undopremigrate", scripts, false, func([]drScript, string) { c.endMigration(m, result, why) })
}

// migrationLost: the partition died or was halted.
func (c *Core) migrationLost(m *migration, why string) { c.endMigration(m, "lost", why) }

func (c *Core) endMigration(m *migration, result, message string) {
	if m.ended {
		return
	}
	m.ended = true
	delete(c.moves, m.node.name)
	m.status.End, m.status.Result, m.status.Message = c.now, result, message
	m.phase("ended")
	c.trace(m.node.name, "migration_close", "id", m.req.ID, "result", result)
	c.note(m.node.name, "migration "+result+" "+message)
	c.emit(MigrationEnded{
		ID: m.req.ID, Result: result, Message: message, FrozenFor: m.status.FrozenFor, FrozenAt: m.status.FrozenAt,
	})
}
