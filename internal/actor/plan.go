package actor

import (
	"slices"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

// The names of plans.
const (
	planFailover = "failover"
	planApply    = "variables_apply"
	planRestore  = "variables_restore"
)

func (p *planState) steps() int {
	if p.Name == planFailover {
		return len(p.Groups)
	}
	return len(p.Changes) + 1 // the synchronisation
}

// advancePlan begins the next command of a plan, or judges what the last one has done. One at a time (S9).
func (c *Core) advancePlan() {
	p := c.st.Plan
	switch {
	case p == nil || c.st.outstanding():
	case c.st.Act != nil:
		c.readBackStep(c.st.Act)
	case p.Missing != "":
		c.endPlan(p, false, p.Missing)
	case p.Step >= p.steps():
		c.endPlan(p, true, "")
	default:
		c.nextStep(p)
	}
}

func (c *Core) endPlan(p *planState, ok bool, reason string) {
	if !c.due("plan_end/"+p.ID, retryEvery) {
		return
	}
	c.emit(AppendJournal{KindPlanEnd, p.Episode, planEndData{ID: p.ID, OK: ok, Reason: reason}})
	if ok {
		c.logf(false, "msg", "done", "plan", p.Name, "node", p.Node)
		return
	}
	c.page(p.Name+"_failed", p.Episode, "Not every step of "+p.Name+" was read back: "+reason)
}

// nextStep waits for stable ground, then writes the intent of the next command.
func (c *Core) nextStep(p *planState) {
	late := c.now.Sub(p.StepAt) > noChangeLimit && c.now.Mono >= p.StepAt.Mono
	if late {
		c.endPlan(p, false, "no stable ground for step "+p.Name)
		return
	}
	if c.prep != nil || !c.due("step/"+p.ID, c.quick()) {
		return
	}
	if p.Name == planFailover {
		c.failoverStep(p)
		return
	}
	var a command.Act
	var err error
	if p.Step < len(p.Changes) {
		ch := p.Changes[p.Step]
		a, err = c.opt.Acts.SetVariable(c.newID(actSet), ch.Attribute, ch.To)
		if c.intend(actSet, a, err, actData{Reason: p.Reason, Change: &ch}) {
			return
		}
	} else if c.intend(actSync, c.opt.Acts.Sync(c.newID(actSync)), nil, actData{Reason: p.Reason}) {
		return
	}
	c.endPlan(p, false, "no command can be made")
}

// failoverStep asks the same questions again before each group (S1, S10).
func (c *Core) failoverStep(p *planState) {
	in := c.input()
	in.Track = nil
	req := decide.FailoverRequest{Node: p.Node, Groups: p.Groups[p.Step:]}
	d, groups := decide.Failover(in, req)
	next := p.Groups[p.Step]
	switch {
	case d.What == decide.WhatWait:
		c.ask(d.Need...)
		return
	case d.Reason == decide.ReasonManagerNotStable || d.Reason == decide.ReasonEventQueued || d.Reason == decide.ReasonHeld:
		c.ask(decide.FailoverSources()...)
		return
	case d.Reason == decide.ReasonNothingToDo, d.What == decide.WhatFailover && !slices.Contains(groups, next):
		// It is online here already: somebody was faster.
		c.emit(AppendJournal{KindPlan, p.Episode, skipped(p)})
		return
	case d.What != decide.WhatFailover:
		c.endPlan(p, false, string(d.Reason)+" "+d.Detail)
		return
	}
	a, err := c.opt.Acts.MoveGroup(c.newID(actMove), next, c.opt.Node)
	if !c.intend(actMove, a, err, actData{Group: next, Reason: string(d.Reason)}) {
		c.endPlan(p, false, "no command can be made for group "+next)
	}
}

// skipped is the plan without its next group.
func skipped(p *planState) planData {
	d := p.planData
	d.Groups = p.Groups[p.Step+1:]
	return d
}

// readBackStep judges a command of a plan by what the cluster says.
func (c *Core) readBackStep(a *actState) {
	if a.Ended == nil || a.Ended.Never {
		return
	}
	source, changed, state := c.stepDone(a)
	r, ok := c.facts.Since(source, a.EndedAt)
	switch {
	case ok && changed(r):
		c.result(a, readChanged, state)
	case c.now.Sub(a.EndedAt) > actLimit, ok && c.inVain(a):
		// The first: the source cannot be read, or no stable ground ever comes on which to tell, as on a node that has
		// rebooted. A plan does not block prepares and people for ever.
		c.result(a, readNoChange, a.Kind+" "+state+": "+lastLine(a.Ended.Output))
	case !ok:
		c.askSince(source, a.EndedAt)
	default:
		c.ask(source)
		c.ask(model.SourceManager)
	}
}

// stepDone returns the source that shows the effect of a command, and the question to it.
func (c *Core) stepDone(a *actState) (model.Source, func(model.Reading) bool, string) {
	switch a.Kind {
	case actSet:
		return model.SourceCluster, func(r model.Reading) bool {
			return r.Cluster != nil && a.Change != nil && decide.Attribute(*r.Cluster, a.Change.Attribute) == a.Change.To
		}, a.Change.Attribute + "=" + a.Change.To
	case actSync:
		return model.SourceCluster, func(r model.Reading) bool {
			return r.Cluster != nil && r.Cluster.Unsynced != nil && !*r.Cluster.Unsynced && a.Ended.Exit == 0
		}, "synchronised"
	}
	return model.SourceGroups, func(r model.Reading) bool {
		owners, _ := r.Owners()
		return slices.Contains(owners[a.Group], c.opt.Node)
	}, a.Group + " online on " + c.opt.Node
}

// planDecision shows a plan that is under way.
func (c *Core) planDecision(d decide.Decision) decide.Decision {
	p := c.st.Plan
	out := decide.Decision{What: decide.WhatApply, Reason: decide.ReasonReady, State: d.State, Next: "Each variable is set and read back, then the cluster is synchronised."}
	if p.Name == planFailover {
		out.What, out.Reason, out.State, out.Detail = decide.WhatFailover, decide.ReasonAttestation, decide.StateFailingOver, p.Node
		out.Next = "The groups of the lost node are started here, one after another, each read back."
	}
	if c.st.outstanding() && c.now.Sub(c.st.Act.At) > actLimit {
		out.What, out.Reason, out.State, out.Page = decide.WhatNeedOperator, decide.ReasonActUnknown, decide.StateNeedsOperator, true
		out.Next = "A cluster command has not ended in its time. It is not killed, and none is started beside it; look at it."
	}
	return out
}

// planCommands are the commands of a plan, to show.
func (c *Core) planCommands(groups []string, changes []decide.Change) []string {
	var out []string
	add := func(a command.Act, err error) {
		if err == nil {
			out = append(out, joinArgv(a.Argv))
		}
	}
	for _, g := range groups {
		add(c.opt.Acts.MoveGroup("show", g, c.opt.Node))
	}
	for _, ch := range changes {
		add(c.opt.Acts.SetVariable("show", ch.Attribute, ch.To))
	}
	if len(changes) > 0 {
		add(c.opt.Acts.Sync("show"), nil)
	}
	return out
}
