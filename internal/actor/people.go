package actor

import (
	"fmt"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

// opLimit is how long a person waits for facts to be read.
const opLimit = 30 * time.Second

// autoEvery spaces attempts at variables that are applied without being asked for.
const autoEvery = 5 * time.Minute

// operation is a person's request that is being answered.
type operation struct {
	Operator
	end      model.Instant
	answered bool
}

// operator takes a person's request.
func (c *Core) operator(o Operator) {
	op := &operation{Operator: o, end: c.now.Add(opLimit)}
	c.ops = append(c.ops, op)
}

func (c *Core) advanceOperations() {
	for _, o := range c.ops {
		if !o.answered {
			c.operate(o)
		}
	}
	c.dropAnswered()
}

func (c *Core) dropAnswered() {
	kept := c.ops[:0]
	for _, o := range c.ops {
		if !o.answered {
			kept = append(kept, o)
		}
	}
	c.ops = kept
}

func (c *Core) refuseOp(o *operation, r decide.Reason, detail string, commands ...string) {
	o.answered = true
	c.emit(ReplyOperator{o.ID, control.OperatorReply{
		Reason: string(r), Message: strings.TrimSpace("refused: " + string(r) + " " + detail), Commands: commands,
	}})
	c.logf(true, "msg", "refused an operator's request", "verb", string(o.Request.Verb), "who", o.Who, "reason", string(r), "detail", detail)
}

// accept writes the person's word down, who and why, then answers.
func (c *Core) accept(o *operation, text string, commands ...string) {
	o.answered = true
	c.emit(AppendJournal{KindOperator, c.trackEpisode(), operatorData{Who: o.Who, Request: o.Request}})
	c.emit(ReplyOperator{o.ID, control.OperatorReply{Accepted: true, Message: text, Commands: commands}})
	c.logf(false, "msg", text, "verb", string(o.Request.Verb), "who", o.Who, "why", o.Request.Reason)
}

func needsReason(v control.OperatorVerb) bool {
	switch v {
	case control.VerbHold, control.VerbExtend, control.VerbApproveFailover:
		return true
	case control.VerbRelease, control.VerbResume, control.VerbApply, control.VerbRestore, control.VerbAcknowledge, control.VerbEnd:
	}
	return false
}

func (c *Core) operate(o *operation) {
	r := o.Request
	switch {
	case strings.TrimSpace(r.Reason) == "" && (needsReason(r.Verb) || r.Override):
		c.refuseOp(o, decide.ReasonNeedsReason, "say why")
		return
	case r.Decision != "" && r.Decision != c.decisionID():
		c.refuseOp(o, decide.ReasonNoSuchDecision, "look at lpmctl status again")
		return
	}
	switch r.Verb {
	case control.VerbHold:
		c.accept(o, "resume and failover are held")
	case control.VerbRelease:
		c.accept(o, "the hold is released")
	case control.VerbAcknowledge:
		c.accept(o, "acknowledged")
	case control.VerbExtend:
		c.extend(o)
	case control.VerbEnd:
		c.endByHand(o)
	case control.VerbResume:
		c.resumeByHand(o)
	case control.VerbApproveFailover:
		c.approve(o)
	case control.VerbApply, control.VerbRestore:
		c.variables(o)
	default:
		c.refuseOp(o, decide.ReasonVerbUnknown, string(r.Verb))
	}
}

func (c *Core) extend(o *operation) {
	switch {
	case !c.suspended():
		c.refuseOp(o, decide.ReasonNotSuspended, "")
	case o.Request.For <= 0:
		c.refuseOp(o, decide.ReasonNeedsReason, "say for how long")
	default:
		c.accept(o, "the deadline is "+o.Request.For.String()+" later")
	}
}

// endByHand ends a migration whose post never comes.
func (c *Core) endByHand(o *operation) {
	e := c.episode()
	if !e.Open || e.ID == "" {
		c.refuseOp(o, decide.ReasonIdle, "no migration is open")
		return
	}
	c.accept(o, "the migration counts as ended")
	c.emit(AppendEpisode{model.EpisodeEvent{
		Version: 1, Time: c.now.Wall, Mono: c.now.Mono, Event: model.EventEnd, Source: "operator", Episode: e.ID,
		Details: map[string]string{"who": o.Who, "reason": o.Request.Reason},
	}})
}

// resumeByHand lets a named person ask for the resume: with the same checks, or with --override without the evidence.
func (c *Core) resumeByHand(o *operation) {
	t, e := c.st.Track, c.episode()
	clinfo := t != nil && t.Record != nil && t.Record.Clinfo
	a, _ := c.opt.Acts.StartManage("show", c.opt.Node, clinfo)
	cmd := joinArgv(a.Argv)
	in := c.input()
	switch {
	case c.opt.Policy.Mode == decide.ModeObserve:
		c.refuseOp(o, decide.ReasonModeObserve, "type the command by hand when the application is healthy", cmd)
	case t == nil || !c.suspended():
		c.refuseOp(o, decide.ReasonNotSuspended, "this actor has not suspended the node", cmd)
	case c.st.outstanding() || t.Stage != decide.StageSuspended:
		c.refuseOp(o, decide.ReasonActRunning, "")
	case e.ID == "" || e.Open || e.End.IsZero():
		c.refuseOp(o, decide.ReasonMigrating, "nothing is resumed while the migration is open")
	default:
		if g := decide.TakenElsewhere(in); g != "" {
			c.refuseOp(o, decide.ReasonGroupsTaken, g)
			return
		}
		delete(c.asked, "resume")
		c.accept(o, "the resume is approved; it is begun when nothing speaks against it", cmd)
	}
}

// approve starts the groups of a lost node here, on a person's word that it is powered off (S1).
func (c *Core) approve(o *operation) {
	r := o.Request
	req := decide.FailoverRequest{Node: r.Node, Groups: r.Groups}
	episode := ""
	if p, ok := c.st.Records[r.Node]; ok {
		req.Record, episode = &p.Record, p.Record.Episode
	}
	if c.st.Plan != nil || c.st.outstanding() {
		c.refuseOp(o, decide.ReasonActRunning, "")
		return
	}
	in := c.input()
	// A person may approve on facts from just now only.
	in.Floor = later(in.Floor, o.end.Add(-opLimit))
	d, groups := decide.Failover(in, req)
	show := groups
	if len(show) == 0 && req.Record != nil {
		show = req.Record.Owned()
	}
	switch d.What {
	case decide.WhatWait:
		c.waitFor(o, d)
		return
	case decide.WhatFailover:
	default:
		c.refuseOp(o, d.Reason, d.Detail, c.planCommands(show, nil)...)
		return
	}
	if c.opt.Policy.DryRun {
		c.refuseOp(o, decide.ReasonDryRun, "", c.planCommands(groups, nil)...)
		return
	}
	c.accept(o, "failover of "+r.Node+" begins: "+strings.Join(groups, " "), c.planCommands(groups, nil)...)
	c.emit(AppendJournal{KindPlan, episode, planData{
		ID: c.newID(planFailover), Name: planFailover, Node: r.Node, Episode: episode, Groups: groups, Who: o.Who, Reason: r.Reason,
	}})
}

// variables gives the standing settings their configured values, or puts back what was there before.
func (c *Core) variables(o *operation) {
	in := c.input()
	name := planApply
	judge := func() (decide.Decision, []decide.Change) { return decide.Apply(in) }
	if o.Request.Verb == control.VerbRestore {
		name = planRestore
		judge = func() (decide.Decision, []decide.Change) { return decide.Restore(in, c.st.Applied) }
	}
	d, list := judge()
	if c.st.Plan != nil || c.st.outstanding() || c.prep != nil {
		c.refuseOp(o, decide.ReasonActRunning, "")
		return
	}
	switch d.What {
	case decide.WhatWait:
		c.waitFor(o, d)
		return
	case decide.WhatApply:
	default:
		c.refuseOp(o, d.Reason, d.Detail, c.planCommands(nil, c.shownChanges(name))...)
		return
	}
	cmds := c.planCommands(nil, list)
	if c.opt.Policy.DryRun {
		c.refuseOp(o, decide.ReasonDryRun, "", cmds...)
		return
	}
	c.accept(o, fmt.Sprintf("%d variables are set, read back and synchronised", len(list)), cmds...)
	c.emit(AppendJournal{KindPlan, "", planData{ID: c.newID(name), Name: name, Changes: list, Who: o.Who, Reason: o.Request.Reason}})
}

// applyByItself gives the variables their configured values in calm times, where variables.apply says automatic.
func (c *Core) applyByItself() {
	if c.opt.Policy.Variables.Apply != "automatic" || c.opt.Policy.DryRun || !c.Calm() || len(c.episodes) > 0 && c.episode().Open || !c.due("automatic", autoEvery) {
		return
	}
	d, list := decide.Apply(c.input())
	switch d.What {
	case decide.WhatApply:
		c.emit(AppendJournal{KindPlan, "", planData{ID: c.newID(planApply), Name: planApply, Changes: list, Who: "variables.apply: automatic", Reason: string(d.Reason)}})
	case decide.WhatWait:
		delete(c.asked, "automatic") // facts are on their way
	default:
	}
}

// shownChanges are what would be set, for a person who has to type it.
func (c *Core) shownChanges(name string) []decide.Change {
	if name == planRestore {
		var back []decide.Change
		for _, a := range c.st.Applied {
			back = append(back, decide.Change{Attribute: a.Attribute, From: a.To, To: a.From})
		}
		return back
	}
	if r, ok := c.facts.Get(model.SourceCluster); ok && r.Cluster != nil {
		return decide.Drift(*r.Cluster, c.opt.Policy.Variables)
	}
	return nil
}

// waitFor reads what a request needs, for a while.
func (c *Core) waitFor(o *operation, d decide.Decision) {
	if !c.now.Before(o.end) {
		c.refuseOp(o, decide.ReasonFactsStale, d.Detail)
		return
	}
	for _, s := range d.Need {
		c.ask(s)
	}
}

func later(a, b model.Instant) model.Instant {
	if a.Before(b) {
		return b
	}
	return a
}

func joinArgv(argv []string) string { return strings.Join(argv, " ") }
