package det

import (
	"fmt"
	"time"

	"powerha_lpm_exporter/internal/sim"
)

// horizon is how long after the beginning faults are drawn.
const horizon = 12 * time.Minute

// drawFault draws one fault of safety.md's list.
func (r planner) drawFault() {
	at, name := r.between(30*time.Second, horizon), r.node()
	f := pick(r,
		r.commandFails, r.commandFails, r.commandFails, r.readFails, r.readFails, r.killedAtWrite, r.killedAtWrite, r.killedAtWrite,
		r.killed, r.diskFull, r.clockStep, r.freezes, r.freezes, r.dies, r.cutLink, r.cutLink, r.prometheus, r.prometheus, r.prometheus,
		r.prometheus, r.exporterFails, r.sick, r.sick, r.sick, r.sickAfter, r.sickAfter, r.webhook, r.eventFails, r.killedAtLaunch,
	)
	f(at, name)
}

func (r planner) commandFails(at time.Duration, name string) {
	what := pick(r, actHangs, actFails, actNothing, actLies, actNoStart, actHalf)
	r.add(at, "act_"+what+"_"+name, func(w *World) { w.byName[name].faults.act = what })
}

func (r planner) readFails(at time.Duration, name string) {
	what, tool := pick(r, readHangs, readFails, readHalf, readForeign), pick(r, "", "", "clmgr", "clRGinfo", "lssrc", "ps", "clctrl", "lsitab", "drmgr")
	d := pick(r, r.between(5*time.Second, 5*time.Minute), r.between(5*time.Second, 5*time.Minute), r.between(5*time.Minute, 40*time.Minute))
	r.p.cease = max(r.p.cease, at+d)
	r.add(at, "reads_"+what+"_"+tool+"_"+name, func(w *World) {
		f := &w.byName[name].faults
		f.read, f.tool, f.until = what, tool, w.now+d
	})
}

func (r planner) back() time.Duration {
	return pick(r, r.between(time.Second, 20*time.Second), r.between(time.Second, 20*time.Second), r.between(time.Minute, 10*time.Minute))
}

func (r planner) killedAtWrite(at time.Duration, name string) {
	k := killPoint{in: 1 + r.IntN(25), where: pick(r, killBefore, killTorn, killAfter), back: r.back()}
	r.add(at, fmt.Sprintf("killed_%s_%d_%s", k.where, k.in, name), func(w *World) { w.byName[name].kill = k })
}

// killedAtLaunch ends the actor at the write that follows the launch of a command.
func (r planner) killedAtLaunch(at time.Duration, name string) {
	back, where := r.back(), pick(r, killBefore, killTorn, killAfter)
	r.add(at, "killed_at_launch_"+name, func(w *World) {
		w.byName[name].atLaunch = func(n *node) { n.kill = killPoint{in: 1 + w.rng.IntN(4), where: where, back: back} }
	})
}

func (r planner) killed(at time.Duration, name string) {
	back := r.back()
	r.add(at, "killed_"+name, func(w *World) { w.byName[name].killActor("kill -9", back) })
}

func (r planner) diskFull(at time.Duration, name string) {
	d, ro := r.between(10*time.Second, 5*time.Minute), r.chance(50)
	r.add(at, "disk_"+name, func(w *World) {
		n := w.byName[name]
		set := func(on bool) {
			if ro {
				n.state.ReadOnly(on)
				n.private.ReadOnly(on)
				return
			}
			n.state.Full(on)
			n.private.Full(on)
		}
		set(true)
		w.emit(name, "fault", "name", "disk", "read_only", ro)
		w.after(d, func() { set(false); w.emit(name, "fault", "name", "disk_over") })
	})
}

func (r planner) clockStep(at time.Duration, name string) {
	d := pick(r, r.between(-3*time.Hour, 3*time.Hour), r.between(-10*time.Second, 10*time.Second), -24*time.Hour)
	r.add(at, "clock_"+d.String()+"_"+name, func(w *World) {
		w.emit(name, "fault", "name", "clock_step", "seconds", d.Seconds())
		w.byName[name].step += d
	})
}

// freezes stops a node outside of a migration, for less than any switch of the product waits.
func (r planner) freezes(at time.Duration, name string) {
	d := r.between(10*time.Millisecond, 25*time.Second)
	r.add(at, "freeze_"+d.String()+"_"+name, func(w *World) { w.freezeFor(name, d) })
}

func (w *World) freezeFor(name string, d time.Duration) {
	n := w.byName[name]
	if !n.runs() {
		return
	}
	n.freeze()
	w.step(sim.FreezeDone{Node: name})
	boot := n.boots
	w.after(d, func() {
		if n.alive && n.frozen && n.boots == boot {
			w.emit(name, "freeze_end", "frozen_seconds", d.Seconds())
			n.thaw()
			w.step(sim.ThawDone{Node: name})
		}
	})
}

func (r planner) dies(at time.Duration, name string) {
	back := pick(r, 0, r.between(30*time.Second, 3*time.Minute), r.between(5*time.Minute, 20*time.Minute))
	r.add(at, "dies_"+name, func(w *World) { w.dieAndReturn(name, back) })
}

func (w *World) dieAndReturn(name string, back time.Duration) {
	w.step(sim.NodeDied{Node: name})
	if back > 0 {
		w.after(back, func() { w.bootNode(name) })
	}
}

func (w *World) bootNode(name string) {
	n := w.byName[name]
	if n.alive {
		return
	}
	n.boot()
	w.step(sim.Boot{Node: name})
}

func (r planner) cutLink(at time.Duration, a string) {
	b, both, d := r.node(), r.chance(50), r.between(5*time.Second, 8*time.Minute)
	r.add(at, "link_"+a+"_"+b, func(w *World) {
		w.heartbeats()
		w.cut[a+">"+b] = true
		w.cut[b+">"+a] = both
		w.emit(a, "fault", "name", "link_cut", "to", b, "both", both)
		w.after(d, func() {
			w.heartbeats()
			delete(w.cut, a+">"+b)
			delete(w.cut, b+">"+a)
		})
	})
}

func (r planner) prometheus(at time.Duration, _ string) {
	i, mode := r.IntN(len(r.p.skews)), pick(r, promDown, promSlow, promEmpty, promStale, promPast, promFuture, promLies)
	d := pick(r, r.between(20*time.Second, 4*time.Minute), r.between(4*time.Minute, 15*time.Minute))
	r.add(at, "prometheus_"+mode, func(w *World) {
		s := w.servers[i]
		s.mode, s.since = mode, w.now
		w.emit("", "fault", "name", "prometheus", "server", s.url, "mode", mode)
		w.after(d, func() {
			s.mode = promOK
			w.emit("", "fault", "name", "prometheus", "server", s.url, "mode", promOK)
		})
	})
}

func (r planner) exporterFails(at time.Duration, name string) {
	d, hung := r.between(10*time.Second, 8*time.Minute), r.chance(50)
	r.add(at, "exporter_"+name, func(w *World) {
		n := w.byName[name]
		w.heartbeats()
		if hung {
			n.stale = n.snapshot()
		} else {
			n.exporter = false
		}
		w.healthChanged()
		w.after(d, func() {
			w.heartbeats()
			n.stale, n.exporter = nil, n.alive
			w.healthChanged()
		})
	})
}

func (r planner) sick(at time.Duration, name string) {
	d := pick(r, 0, r.between(5*time.Second, 5*time.Minute), r.between(5*time.Minute, 20*time.Minute))
	r.add(at, "sick_"+name, func(w *World) { w.byName[name].fallSick(d) })
}

// sickAfter makes the applications fall sick when the next migration of the node has ended.
func (r planner) sickAfter(at time.Duration, name string) {
	d, wait := pick(r, 0, r.between(5*time.Second, 5*time.Minute)), r.between(0, 90*time.Second)
	r.add(at, "sick_after_"+name, func(w *World) { w.byName[name].onEnd = func(n *node) { w.on(n, wait, func() { n.fallSick(d) }) } })
}

// webhook is Alertmanager that calls: in duplicate, out of order, late, or for no reason. It is a hint to look.
func (r planner) webhook(at time.Duration, name string) {
	n := 1 + r.IntN(30)
	r.add(at, "webhook_"+name, func(w *World) {
		for range n {
			w.on(w.byName[name], w.between(0, time.Minute), func() {
				w.emit(name, "webhook")
				w.byName[name].tell()
			})
		}
	})
}

func (r planner) eventFails(at time.Duration, _ string) {
	d, event := r.between(time.Minute, 6*time.Minute), pick(r, "node_up", "admin_op", "node_down", "rg_move")
	slow := r.chance(60)
	r.add(at, "event_"+event, func(w *World) {
		if slow {
			w.step(sim.SetKnob{Name: "event_takes." + event, Value: fmt.Sprint(int(d.Seconds()))})
			w.after(d, func() { w.step(sim.SetKnob{Name: "event_takes." + event, Value: "0"}) })
			return
		}
		w.step(sim.SetKnob{Name: "event_fails", Value: event})
		w.after(d, func() {
			w.step(sim.SetKnob{Name: "event_fails", Value: "none"})
			for _, n := range w.nodes {
				if n.runs() {
					w.human(n, "clruncmd", n.name)
					break
				}
			}
		})
	})
}
