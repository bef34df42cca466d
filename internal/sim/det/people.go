package det

import (
	"fmt"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/actor"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/sim"
)

// human types a command of the cluster on a node.
func (w *World) human(n *node, name string, args ...string) {
	if !n.runs() {
		return
	}
	w.ids++
	w.step(sim.CommandStarted{ID: fmt.Sprintf("h%d", w.ids), Node: n.name, Name: name, Args: args, By: "human", Locale: "C"})
}

// operator puts a person's request to the actor of a node.
func (w *World) operator(name string, r control.OperatorRequest, kv ...any) {
	n := w.byName[name]
	if !n.runs() || n.proc == nil {
		return
	}
	w.ids++
	id := fmt.Sprintf("o%d", w.ids)
	w.emit(name, "operator_asks", append([]any{"id", id, "verb", string(r.Verb), "node_lost", r.Node, "override", r.Override, "for", r.For}, kv...)...)
	n.proc.take(actor.Operator{ID: id, Who: "uid 0", Request: r})
}

// drawPerson draws what a person does, at a moment of their own.
func (r planner) drawPerson() {
	at, name := r.between(30*time.Second, horizon+5*time.Minute), r.node()
	ask := func(what control.OperatorRequest) {
		r.add(at, "operator_"+string(what.Verb)+"_"+name, func(w *World) { w.operator(name, what) })
	}
	group := r.p.groups[r.IntN(len(r.p.groups))].Name
	types := func(args ...string) {
		r.add(at, "human_"+args[0]+"_"+name, func(w *World) { w.human(w.byName[name], "clmgr", args...) })
	}
	switch r.IntN(22) {
	case 0:
		ask(control.OperatorRequest{Verb: control.VerbHold, Reason: "wait for me"})
		at += r.between(time.Minute, 15*time.Minute)
		ask(control.OperatorRequest{Verb: control.VerbRelease})
	case 1:
		ask(control.OperatorRequest{Verb: control.VerbExtend, Reason: "one more look", For: r.between(time.Minute, 20*time.Minute)})
	case 2:
		ask(control.OperatorRequest{Verb: control.VerbResume, Reason: "I have looked"})
	case 3:
		ask(control.OperatorRequest{Verb: control.VerbResume, Reason: "I know better", Override: true})
	case 4:
		ask(control.OperatorRequest{Verb: control.VerbEnd, Reason: "the HMC says so"})
	case 5:
		ask(control.OperatorRequest{Verb: control.VerbAcknowledge})
	case 6:
		ask(control.OperatorRequest{Verb: control.VerbApply})
		at += r.between(time.Minute, 6*time.Minute)
		ask(control.OperatorRequest{Verb: control.VerbRestore})
	case 19, 20, 21:
		r.holdOver(name)
	case 17, 18: // one asks for the values of before, after somebody has set another one
		r.p.config.Variables.Apply = "on_request"
		r.p.faults = slices.DeleteFunc(r.p.faults, func(f fault) bool { return f.name == "variables_set" })
		ask(control.OperatorRequest{Verb: control.VerbRestore})
		at -= r.between(2*time.Minute, 4*time.Minute)
		if r.chance(60) {
			types("modify", "cluster", "HEARTBEAT_FREQUENCY_DURING_LPM=240")
			at += 20 * time.Second
			types("sync", "cluster")
		}
		at = 20 * time.Second
		ask(control.OperatorRequest{Verb: control.VerbApply})
	case 7, 8:
		r.failover(at, name)
	case 9:
		types("start", "node", name, "WHEN=now", "MANAGE=auto")
	case 10:
		types("stop", "node", name, "WHEN=now", "MANAGE=unmanage")
	case 11:
		types("stop", "node", name, "WHEN=now", "MANAGE=offline")
	case 12:
		types("stop", "node", name, "WHEN=now", "MANAGE=move")
	case 13:
		types("move", "rg", group, "NODE="+r.node())
	case 14:
		types("modify", "cluster", "HEARTBEAT_FREQUENCY_DURING_LPM="+pick(r, "90", "240", "600"))
		at += r.between(20*time.Second, 3*time.Minute)
		types("sync", "cluster")
	case 15:
		types("modify", "cluster", "LPM_POLICY="+pick(r, "manage", "unmanage"))
		at += r.between(20*time.Second, 3*time.Minute)
		types("sync", "cluster")
	case 16:
		types("sync", "cluster")
	}
}

// failover is a person who attests that a node is powered off: mostly after doing it, at times in error.
func (r planner) failover(at time.Duration, lost string) {
	standby, lies, off := r.node(), r.chance(25), r.chance(60)
	wait, back := r.between(5*time.Second, 4*time.Minute), pick(r, 0, r.between(3*time.Minute, 15*time.Minute))
	r.add(at, "failover_of_"+lost, func(w *World) {
		n := w.byName[lost]
		if off {
			w.step(sim.PowerOff{Node: lost})
			if back > 0 {
				w.after(back, func() { w.bootNode(lost) })
			}
		}
		w.after(wait, func() {
			if n.alive && !lies {
				return
			}
			w.operator(standby, control.OperatorRequest{Verb: control.VerbApproveFailover, Node: lost, Reason: "powered off at the HMC by me"}, "true", !n.alive)
		})
	})
}

// holdOver is a person who holds a resume while it is being confirmed, and lets it go when what was known then may not
// hold any more.
func (r planner) holdOver(name string) {
	frozen := pick(r, 0, r.between(4*time.Second, 24*time.Second)) // until the moment before
	i, mode, wait := r.IntN(len(r.p.skews)), pick(r, promOK, promStale, promStale, promDown), r.between(2*time.Minute, 6*time.Minute)
	r.add(30*time.Second, "hold_over_"+mode+"_"+name, func(w *World) {
		w.byName[name].onEnd = func(*node) {
			w.operator(name, control.OperatorRequest{Verb: control.VerbHold, Reason: "wait for me"})
			w.after(100*time.Second, func() { w.servers[i].mode, w.servers[i].since = mode, w.now })
			w.after(100*time.Second+wait, func() { w.operator(name, control.OperatorRequest{Verb: control.VerbRelease}) })
			if frozen > 0 {
				w.after(100*time.Second+wait-frozen-200*time.Millisecond, func() { w.freezeFor(name, frozen) })
			}
			w.after(10*time.Minute+wait, func() { w.servers[i].mode = promOK })
		}
	})
}
