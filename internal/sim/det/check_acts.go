package det

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// verbOf is what a command of ours does: stop, start, move, modify, sync; "" for what no actor may type.
func verbOf(argv []string) string {
	line := strings.Join(argv, " ")
	for _, f := range []struct{ verb, form string }{
		{"stop", "clmgr stop node * WHEN=now MANAGE=unmanage BROADCAST=false"},
		{"start", "clmgr start node * WHEN=now MANAGE=auto FIX=no BROADCAST=false"},
		{"start", "clmgr start node * WHEN=now MANAGE=auto FIX=no BROADCAST=false CLINFO=true"},
		{"move", "clmgr move resource_group * NODE=*"},
		{"modify", "clmgr modify cluster LPM_POLICY=*"},
		{"modify", "clmgr modify cluster HEARTBEAT_FREQUENCY_DURING_LPM=*"},
		{"sync", "clmgr sync cluster"},
	} {
		if ok, _ := path.Match(f.form, line); ok {
			return f.verb
		}
	}
	return ""
}

// commandStart judges a command of ours in the moment in which it is begun.
func (c *checker) commandStart(b *book, r *Record) {
	argv, by := r.list("argv"), r.text("by")
	if len(argv) > 1 && (argv[1] == "stop" || argv[1] == "start") {
		target := b
		if len(argv) > 3 && c.nodes[argv[3]] != nil {
			target = c.nodes[argv[3]]
		}
		target.pending = append(target.pending, pending{r.text("id"), argv[1], by, r.At})
	}
	if len(argv) > 0 && argv[0] == "cl_dr" {
		b.product++
		b.productAt = r.At
	}
	if by != "actor" {
		return
	}
	a := &ourAct{id: r.text("id"), verb: verbOf(argv), argv: strings.Join(argv, " "), began: r.At}
	c.ends["act_"+a.verb]++
	c.unrecorded(b, a)
	if c.w.plan.config.Migration.Mode == "observe" {
		c.violated("mode", b.name, "an act in mode observe: "+a.argv)
	}
	if a.verb == "" {
		c.violated("S11", b.name, "a command that no actor may type: "+a.argv)
	}
	for _, o := range b.acts {
		if !o.over {
			c.violated("S9", b.name, fmt.Sprintf("%s was begun while %s has not ended", a.argv, o.argv))
		}
	}
	if b.byID[a.id] != nil {
		c.violated("S7", b.name, "run twice: "+a.argv)
	}
	b.acts, b.byID[a.id] = append(b.acts, a), a
	switch a.verb {
	case "stop":
		c.beforeStop(b, a)
	case "start":
		c.beforeStart(b, a)
	case "move":
		c.beforeMove(b, a, argv)
	case "sync":
		if c.foreign > 0 && r.At-c.foreign > 2*readSlack {
			c.violated("S4", b.name, fmt.Sprintf("synchronised, and with it a change of a person that waits since %s", c.foreign))
		}
	}
}

// unrecorded: S12, the intent is on disk before the act.
func (c *checker) unrecorded(b *book, a *ourAct) {
	argv, ok := b.intents[strings.TrimPrefix(a.id, b.name+"/")]
	if !ok || path.Base(strings.Fields(argv)[0])+argv[strings.Index(argv, " "):] != a.argv {
		c.violated("S12", b.name, "no intent in the journal: "+a.argv)
	}
}

func (c *checker) commandEnd(b *book, r *Record) {
	if argv := r.list("argv"); len(argv) > 0 && argv[0] == "cl_dr" {
		b.product = max(b.product-1, 0)
		b.productAt = r.At
	}
	if c.w.plan.knobs["clmgr_wait"] != "before" || r.text("effect") != "applied" {
		for _, o := range c.nodes {
			o.pending = slices.DeleteFunc(o.pending, func(p pending) bool { return p.id == r.text("id") })
		}
	}
	if a := b.byID[r.text("id")]; a != nil && !a.over {
		a.over, a.ended, a.applied = true, r.At, r.text("effect") == "applied"
	}
}

// beforeStop: S6 and S10.
func (c *checker) beforeStop(b *book, a *ourAct) {
	if b.stops++; b.stops > 1 && c.sameMigration(b, "stop") {
		c.violated("S6", b.name, "a second unmanage in one migration: "+a.argv)
	}
	b.starts, b.approvedResume, b.override = 0, 0, false
	now := a.began
	if !b.manager.on && now-b.manager.since > readSlack {
		c.violated("S10", b.name, fmt.Sprintf("unmanaged while the cluster manager has not been stable since %s", b.manager.since))
	}
	for _, o := range c.nodes {
		if o != b && o.alive && !o.managed.on && o.managedBy == "actor" && now-o.managed.since > readSlack && o.bootAt < o.managed.since {
			c.violated("S10", b.name, "unmanaged while "+o.name+" is unmanaged by its actor")
		}
		if o != b && o.open && now-o.openAt > 2*readSlack && !c.cutOff(b.name, o.name) {
			c.violated("S10", b.name, "unmanaged while "+o.name+" is being migrated")
		}
	}
	if !c.standby.on && c.standby.since > 0 && now-c.standby.since > readSlack {
		c.violated("S10", b.name, fmt.Sprintf("unmanaged without a standby since %s", c.standby.since))
	}
}

// cutOff: two nodes cannot tell each other, or one has no actor that could.
func (c *checker) cutOff(a, b string) bool {
	x, y := c.w.byName[a], c.w.byName[b]
	return c.w.cut[a+">"+b] || c.w.cut[b+">"+a] || y.proc == nil || !y.exporter || x.stale != nil || !x.exporter || c.w.plan.noStub || y.frozen
}

// sameMigration: an act of ours of that kind was begun since the migration was opened.
func (c *checker) sameMigration(b *book, verb string) bool {
	n := 0
	for _, a := range b.acts {
		if a.verb == verb && a.began >= b.openAt {
			n++
		}
	}
	return n > 1
}

// beforeStart holds S2, S3, S5, S6 and S10 against a resume.
func (c *checker) beforeStart(b *book, a *ourAct) {
	now := a.began
	b.starts++
	approved := b.approvedResume > 0 && b.approvedAt > b.endAt
	if b.starts > 1+b.approvedResume {
		c.violated("S6", b.name, "a second resume without a person: "+a.argv)
	}
	switch {
	case b.managed.on && now-b.managed.since > readSlack:
		c.violated("S5", b.name, fmt.Sprintf("resumed, and it is managed since %s", b.managed.since))
	case b.managedBy == "human" && !b.managed.on && c.inVain(b):
		// Our stop had changed nothing, and a person's came before that was known: nothing that is read tells them apart.
	case b.managedBy != "actor" && now-b.managedAt > readSlack:
		c.violated("S5", b.name, fmt.Sprintf("resumed, and %s was the last to act on it, at %s", b.managedBy, b.managedAt))
	}
	for _, g := range c.w.plan.groups {
		for _, n := range c.w.nodes {
			if n.name != b.name && n.alive && n.apps[g.Name].running && c.recordedHere(b, g.Name) && now-b.managedAt > readSlack {
				c.taken(b, g.Name, n.name, now)
			}
		}
	}
	if b.open && now-b.openAt > readSlack {
		c.violated("S2", b.name, fmt.Sprintf("resumed while the migration is open since %s", b.openAt))
	}
	if b.product > 0 && now-b.productAt > readSlack {
		c.violated("S2", b.name, fmt.Sprintf("resumed while PowerHA's own script runs since %s", b.productAt))
	}
	if !b.manager.on && now-b.manager.since > readSlack {
		c.violated("S10", b.name, fmt.Sprintf("resumed while the cluster manager has not been stable since %s", b.manager.since))
	}
	if approved && b.override {
		return
	}
	c.evidence(b, now)
	if approved {
		return
	}
	if b.hold {
		c.violated("S5", b.name, "resumed while a person holds it")
	}
	limit := c.w.plan.config.Migration.SuspensionDeadline.D() + b.extended + readSlack
	if b.endAt > 0 && now-b.endAt > limit && !b.clockSet {
		c.violated("S3", b.name, fmt.Sprintf("resumed %s after the end, past its deadline", now-b.endAt))
	}
}

// inVain: the last stop of ours had no effect, and was still being read back when the node was unmanaged.
func (c *checker) inVain(b *book) bool {
	for i := len(b.acts) - 1; i >= 0; i-- {
		if a := b.acts[i]; a.verb == "stop" {
			return !a.applied && a.began < b.managedAt && b.managedAt-a.ended < 6*time.Minute
		}
	}
	return false
}

// recordedHere: the group belonged to the node when it was suspended, by the cluster's own book.
func (c *checker) recordedHere(b *book, group string) bool { return c.w.owner[group] == b.name }

func (c *checker) taken(b *book, group, by string, now time.Duration) {
	c.violated("S1", b.name, fmt.Sprintf("resumed at %s while group %s runs on %s", now, group, by))
}

// evidence is S2: what was told since the end of this migration, by every server, and what is true of the application.
func (c *checker) evidence(b *book, now time.Duration) {
	conf := c.w.plan.config.Confirmation
	oldest := conf.MaximumSampleAge.D()
	confirmed := false
	for _, s := range sortedKeys(b.signals) {
		r := b.signals[s]
		asked, _ := r.Fields["asked_ago"].(time.Duration)
		when := r.At - asked
		if now-when > oldest || when < b.thawedAt-3*time.Second {
			continue
		}
		if r.text("err") != "" {
			continue
		}
		age, _ := r.Fields["sample_age"].(time.Duration)
		end, _ := r.Fields["end_millis"].(int64)
		switch {
		case !r.flag("found"):
			c.violated("S2", b.name, "resumed although "+s+" does not confirm")
		case !b.ended[end]:
			c.violated("S2", b.name, fmt.Sprintf("resumed although %s confirms another migration (%d)", s, end))
		case age+(now-when) > oldest+time.Second || age < -3*time.Second:
			c.violated("S2", b.name, fmt.Sprintf("resumed on a sample of %s that is %s old", s, age+(now-when)))
		default:
			confirmed = true
		}
	}
	if !confirmed {
		c.violated("S2", b.name, "resumed without any answer that confirms this migration")
	}
	if h := c.w.health[b.name]; h != nil && !h.at(now) {
		last := (*h)[len(*h)-1]
		if now-last.at > oldest+probeSlack {
			c.violated("S2", b.name, fmt.Sprintf("resumed although the application has been unhealthy since %s", last.at))
		}
	}
}

// beforeMove holds S1, S6 and S10 against a failover.
func (c *checker) beforeMove(b *book, a *ourAct, argv []string) {
	group := argv[3]
	from := ""
	for _, n := range c.w.nodes {
		if n.name != b.name && n.apps[group].running && n.alive {
			from = n.name
		}
	}
	if from != "" && (!c.lied(b) || c.heard(b.name, from)) {
		c.violated("S1", b.name, fmt.Sprintf("%s while %s runs it", a.argv, from))
	}
	approvals := 0
	for _, n := range b.approvals {
		approvals += n
	}
	if approvals == 0 {
		c.violated("S1", b.name, "failover without a person's word: "+a.argv)
	}
	moves := 0
	for _, o := range b.acts {
		if o.verb == "move" && strings.Contains(o.argv, " "+group+" ") {
			moves++
		}
	}
	if moves > approvals {
		c.violated("S6", b.name, "a failover was repeated without a person: "+a.argv)
	}
	if !b.manager.on && a.began-b.manager.since > readSlack {
		c.violated("S10", b.name, fmt.Sprintf("failover while the cluster manager has not been stable since %s", b.manager.since))
	}
	if !slices.Contains(c.w.plan.nodes, strings.TrimPrefix(argv[len(argv)-1], "NODE=")) {
		c.violated("S11", b.name, "a node that the cluster does not have: "+a.argv)
	}
}

// heard: the heartbeats of a node have been heard by another for a while, whatever a person says of it.
func (c *checker) heard(by, of string) bool {
	x, y := c.w.byName[by], c.w.byName[of]
	return c.w.hears(x, y) && y.proc != nil && x.stale == nil && c.w.now-y.thawedAt > readSlack && c.w.now-y.bootAt > readSlack
}
