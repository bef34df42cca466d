package det

import (
	"fmt"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/journal"
)

// script is S8: ours ends in time, and fails only where policy chose that.
func (c *checker) script(b *book, r *Record) {
	if r.text("by") != "actor" {
		return
	}
	if r.text("edge") != "end" {
		b.asked["script"] = r.At.String()
		return
	}
	exit, _ := r.Fields["exit"].(int)
	m := c.w.plan.config.Migration
	switch phase := r.text("phase"); {
	case exit == 0:
	case exit < 0:
		c.violated("S8", b.name, "our DR script was ended at its limit in "+phase)
	case phase == "checkmigrate" && m.Preflight == "enforce":
	case phase == "premigrate" && m.OnUnfinishedPrepare == "refuse" && c.unfinished(b):
	default:
		c.violated("S8", b.name, "our DR script made the migration fail in "+phase)
	}
}

// unfinished: a command of ours has not ended, or its effect does not show yet.
func (c *checker) unfinished(b *book) bool {
	for _, a := range b.acts {
		if !a.over || c.w.now-a.ended < 6*time.Minute {
			return true
		}
	}
	return false
}

// published is S13: protected means that it is so.
func (c *checker) published(b *book, r *Record) {
	if r.text("state") != string(decide.StateProtected) {
		return
	}
	if b.managed.on && r.At-b.managed.since > 2*readSlack {
		c.violated("S13", b.name, "says protected and is managed")
	}
	if b.armed.on && r.At-b.armed.since > readSlack {
		c.violated("S13", b.name, "says protected with its dead man switch armed")
	}
}

// settled: nothing is under way any more, or a person is waited for.
func (c *checker) settled() bool {
	for _, n := range c.w.nodes {
		if len(n.calls) > 0 || c.nodes[n.name].open || n.frozen {
			return false
		}
		if !n.alive {
			continue
		}
		if n.proc == nil || !n.proc.core.Calm() && !c.waiting(c.nodes[n.name]) {
			return false
		}
		if e := n.last(); e.Open && !e.Provisional && !c.waiting(c.nodes[n.name]) {
			return false
		}
	}
	return true
}

// waiting: a named person is waited for, and was told.
func (c *checker) waiting(b *book) bool {
	asks := b.what == string(decide.WhatNeedOperator) || b.what == string(decide.WhatHold)
	return asks && c.w.now-b.decidedAt > 30*time.Second && (b.pagedAt > 0 || b.hold)
}

// late: the bound has come. Whatever is still under way is a violation of liveness.
func (c *checker) late() {
	for _, n := range c.w.nodes {
		b := c.nodes[n.name]
		switch {
		case !n.alive:
		case b.open:
			c.violated("liveness", n.name, "the migration has not ended")
		case n.proc == nil:
			c.violated("liveness", n.name, "there is no actor")
		case !n.proc.core.Calm() && !c.waiting(b):
			c.violated("liveness", n.name, fmt.Sprintf("still %s (%s %s) since %s", b.state, b.what, b.reason, b.decidedAt))
		}
	}
	c.silence()
}

// silence is S3: past the deadline somebody has been told.
func (c *checker) silence() {
	for _, n := range c.w.nodes {
		if n.runs() && c.w.now-n.thawedAt > time.Minute && c.suspendedTooLong(c.nodes[n.name]) {
			c.violated("S3", n.name, "suspended past its deadline, and nobody was told")
		}
	}
}

// suspendedTooLong: our suspension is past its deadline and no page was sent since the end.
func (c *checker) suspendedTooLong(b *book) bool {
	limit := c.w.plan.config.Migration.SuspensionDeadline.D() + b.extended + time.Minute
	ours := b.alive && !b.managed.on && b.managedBy == "actor" && b.managedAt > b.bootAt
	return ours && b.endAt > 0 && c.w.now-b.endAt > limit && c.w.now-b.actorAt > time.Minute && b.actorUp && b.pagedAt < b.endAt && !b.clockSet
}

// finish holds what can be told at the end alone.
func (c *checker) finish() {
	for _, n := range c.w.nodes {
		b := c.nodes[n.name]
		if _, _, damage, err := journal.Open(n.private.Clone(), n, 0); err != nil || damage.Broken > 0 {
			c.violated("S12", n.name, fmt.Sprintf("the journal does not verify: %v %s", err, damage.Reason))
		}
		for _, a := range b.acts {
			if a.over && !b.over[strings.TrimPrefix(a.id, b.name+"/")] && b.actorUp && c.w.now-max(a.ended, b.actorAt) > time.Minute && b.badJournal < a.ended {
				c.violated("S12", n.name, "the end of a command stands nowhere in the journal: "+a.argv)
			}
		}
		if n.proc == nil {
			continue
		}
		for _, h := range n.proc.core.View().Status.History {
			c.ends[h.Result]++
			c.w.emit(n.name, "end", "result", h.Result, "reason", h.Reason, "episode", h.Episode)
		}
		if !n.proc.core.Calm() {
			c.ends["waiting_operator"]++
			c.w.emit(n.name, "end", "result", "waiting_operator", "reason", b.reason)
		}
	}
}
