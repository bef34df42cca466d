package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// savedState is /var/hacmp/cl_dr.state: what cl_dr found before it changed anything. Empty fields were not saved.
type savedState struct {
	nodeState, localDMS, peerDMS string
	nodeTimeout                  int // milliseconds
	deadman                      string
	restricted                   bool
}

const clDRStateFile, ifrestrictFile = "var/hacmp/cl_dr.state", "etc/cluster/ifrestrict"

// dr is one run of cl_dr.
type dr struct {
	c   *Core
	cm  *cmd
	n   *node
	tag string // cl_2dr in the post phase
}

// clDR is PowerHA's own DR script: cl_dr <verb> [pmig].
func (c *Core) clDR(cm *cmd) {
	verb := ""
	if len(cm.args) > 0 {
		verb = cm.args[0]
	}
	d := &dr{c: c, cm: cm, n: cm.node, tag: "cl_dr"}
	switch {
	case !c.level.lpm || c.knob(d.n, "cl_dr") == "absent":
		c.answer(cm, result{err: "cl_dr: not found.\n", exit: 127})
	case verb == "scriptinfo":
		c.answer(cm, say("DR_VERSION=1.0\nDR_DATE=04112015\nDR_SCRIPTINFO=PowerHA SystemMirror Live Partition Mobility script\nDR_VENDOR=IBM\nDR_TIMEOUT="+c.knob(cm.node, "cl_dr_timeout")+"\n"))
	case verb == "register":
		c.answer(cm, say("DR_RESOURCE=pmig\n"))
	case verb == "usage":
		c.answer(cm, say("DR_USAGE=PowerHA SystemMirror cluster services\n"))
	case verb == "checkmigrate":
		d.work(2*time.Second, d.check)
	case verb == "premigrate":
		d.pre()
	case verb == "postmigrate":
		d.tag = "cl_2dr"
		d.post()
	case verb == "undopremigrate":
		d.post()
	default:
		c.answer(cm, result{out: "DR_ERROR=command " + verb + " is not supported\n", exit: 10})
	}
}

// work goes on after t (scaled) unless this run was ended meanwhile.
func (d *dr) work(t time.Duration, next func()) {
	d.c.work(d.n, t, func() {
		if d.c.commands[d.cm.id] == d.cm {
			next()
		}
	})
}

func (d *dr) log(format string, args ...any) {
	d.c.clutilsLog(d.n, d.tag+": "+fmt.Sprintf(format, args...))
}

func (d *dr) fail(text string) {
	d.log("%s", text)
	d.c.answer(d.cm, result{out: "DR_ERROR=" + text + "\n", exit: 10})
}

// call runs another command as cl_dr does, and goes on with its exit code.
func (d *dr) call(name string, args []string, next func(exit int, out string)) {
	d.callOn(d.n, name, args, next)
}

func (d *dr) callOn(n *node, name string, args []string, next func(exit int, out string)) {
	d.log("%s %s", name, strings.Join(args, " "))
	d.c.spawn(n, name, args, "product", func(exit int, out string) {
		if d.c.commands[d.cm.id] == d.cm {
			next(exit, out)
		}
	})
}

// check refuses a migration: another one in the cluster, an unstable cluster, a node that cannot be reached.
func (d *dr) check() {
	c, n := d.c, d.n
	d.log("CHECK_MIGRATE entered")
	if !n.up {
		c.finish(d.cm, 0)
		return
	}
	for _, o := range c.others(n) {
		if c.moves[o.name] != nil || o.alive && o.saved != nil {
			d.fail("another Live Partition Mobility operation is in progress on node " + o.name)
			return
		}
		if o.silent() {
			d.fail("node " + o.name + " cannot be reached")
			return
		}
	}
	switch {
	case c.running != nil || n.mgr != stStable:
		d.fail("the cluster is not stable")
	case !n.managed && c.knob(n, "cl_dr_check_unmanaged") == "veto":
		d.fail("node " + n.name + " is unmanaged")
	default:
		c.finish(d.cm, 0)
	}
}

// pre protects the cluster from the freeze.
func (d *dr) pre() {
	c, n := d.c, d.n
	d.log("PRE_MIGRATE entered")
	n.saved = &savedState{}
	seq(
		func(next func()) { d.work(time.Second, next) },
		d.unmanage,
		func(next func()) { d.eachDMS(d.stopSwitch, next) },
		d.raiseTimeout,
		func(next func()) {
			if n.deadman != "a" {
				next()
				return
			}
			n.saved.deadman = "a"
			d.call("clctrl", []string{"-tune", "-n", n.name, "-o", "deadman_mode=e"}, func(int, string) { next() })
		},
		func(next func()) { d.work(2*time.Second, func() { d.restrict(); next() }) },
		func(func()) {
			d.save()
			d.log("PRE_MIGRATE completed")
			c.finish(d.cm, 0)
		},
	)
}

// unmanage does what LPM_POLICY asks for, and leaves an inittab entry that undoes all at the next boot.
func (d *dr) unmanage(next func()) {
	c, n := d.c, d.n
	d.log("clodmget -n -f lpm_policy HACMPcluster: %s", strings.ToUpper(n.odm.lpmPolicy))
	if !n.odm.unmanages() || !n.up {
		next()
		return
	}
	state, _ := c.nodeState(n, n)
	n.saved.nodeState = state
	d.log("Node = %s, state = %s", n.name, state)
	d.save()
	entry := func() {
		if n.inittab != "" {
			next()
			return
		}
		d.call("mkitab", []string{inittabEntry}, func(int, string) { next() })
	}
	if !n.managed {
		switch c.knob(n, "cl_dr_pre_unmanaged") {
		case "fail":
			d.fail("node " + n.name + " is already unmanaged")
		case "warn":
			c.print(d.cm, "DR_LOG_WARNING=node "+n.name+" is already unmanaged\n")
			entry()
		default:
			entry()
		}
		return
	}
	d.call("clmgr", []string{"stop", "node", n.name, "WHEN=now", "MANAGE=unmanage"}, func(exit int, out string) {
		d.log("%s", out)
		if exit != 0 {
			d.fail("node " + n.name + " could not be unmanaged")
			return
		}
		entry()
	})
}

// eachDMS does f to the local node and, in a cluster of two, to the peer.
func (d *dr) eachDMS(f func(n *node, local bool, next func()), done func()) {
	others := d.c.others(d.n)
	f(d.n, true, func() {
		if len(others) != 1 || others[0].silent() {
			done()
			return
		}
		f(others[0], false, done)
	})
}

func (d *dr) stopSwitch(n *node, local bool, next func()) {
	word := "Disabled"
	if n.dms {
		word = "Enabled"
	}
	if local {
		d.n.saved.localDMS = word
	} else {
		d.n.saved.peerDMS = word
	}
	d.save()
	if !n.dms {
		next()
		return
	}
	wait := time.Duration(0)
	if local {
		wait = 4 * time.Second
	}
	d.work(wait, func() {
		d.callOn(n, "hags_disable_client_kill", []string{"-s", "cthags"}, func(int, string) {
			d.callOn(n, "stopdms", []string{"-s", "cthags"}, func(int, string) { next() })
		})
	})
}

func (d *dr) raiseTimeout(next func()) {
	n := d.n
	want := n.odm.lpmSeconds() * 1000
	n.saved.nodeTimeout = n.nodeTimeout
	d.save()
	if n.nodeTimeout == want {
		next()
		return
	}
	d.call("clctrl", []string{"-tune", "-o", "node_timeout=" + strconv.Itoa(want)}, func(int, string) { next() })
}

// restrict keeps the SAN heartbeat out of the way, on both nodes of a cluster of two.
func (d *dr) restrict() {
	d.n.saved.restricted = true
	for _, n := range d.sanNodes() {
		if !n.ifrestrict {
			n.ifrestrict = true
			d.c.emit(AppendFile{Node: n.name, Name: ifrestrictFile, Text: "sfwcom\n"})
		}
	}
}

func (d *dr) sanNodes() []*node {
	out := []*node{d.n}
	if o := d.c.others(d.n); len(o) == 1 && !o[0].silent() {
		out = append(out, o[0])
	}
	return out
}

// save writes cl_dr.state.
func (d *dr) save() {
	s := d.n.saved
	var b strings.Builder
	for _, v := range []attr{
		{"node_state", s.nodeState}, {"RSCT_local_DMS_state", s.localDMS}, {"RSCT_peer_DMS_state", s.peerDMS},
		{"deadman_mode", s.deadman},
	} {
		if v.value != "" {
			b.WriteString(v.name + "=" + v.value + "\n")
		}
	}
	if s.nodeTimeout != 0 {
		b.WriteString("node_timeout=" + strconv.Itoa(s.nodeTimeout) + "\n")
	}
	d.c.emit(WriteFile{Node: d.n.name, Name: clDRStateFile, Text: b.String()})
}

// post puts everything back: the managed restart first, then the heartbeat settings.
func (d *dr) post() {
	c, n := d.c, d.n
	d.log("%s entered", map[string]string{"cl_2dr": "POST_MIGRATE", "cl_dr": "UNDO_PRE_MIGRATE"}[d.tag])
	if n.saved == nil {
		d.work(time.Second, func() { c.finish(d.cm, 0) })
		return
	}
	exit := 0
	seq(
		func(next func()) { d.work(time.Second, next) },
		func(next func()) { d.manage(func(ok bool) { exit = map[bool]int{true: 0, false: 10}[ok]; next() }) },
		func(next func()) {
			if n.inittab == "" {
				next()
				return
			}
			d.call("rmitab", []string{"hacmp_lpm"}, func(int, string) { next() })
		},
		func(next func()) { d.eachDMS(d.startSwitch, next) },
		func(next func()) {
			if n.saved.nodeTimeout == 0 || n.saved.nodeTimeout == n.nodeTimeout {
				next()
				return
			}
			d.call("clctrl", []string{"-tune", "-o", "node_timeout=" + strconv.Itoa(n.saved.nodeTimeout)}, func(int, string) { next() })
		},
		func(next func()) {
			if n.saved.deadman == "" {
				next()
				return
			}
			d.call("clctrl", []string{"-tune", "-n", n.name, "-o", "deadman_mode=" + n.saved.deadman}, func(int, string) { next() })
		},
		func(func()) {
			d.unrestrict()
			n.saved = nil
			c.emit(RemoveFile{Node: n.name, Name: clDRStateFile})
			d.log("completed, exit %d", exit)
			if exit != 0 {
				c.print(d.cm, "DR_ERROR=cluster services could not be started on node "+n.name+"\n")
			}
			c.finish(d.cm, exit)
		},
	)
}

// manage starts cluster services again if the saved state says that they were managed.
func (d *dr) manage(done func(ok bool)) {
	c, n := d.c, d.n
	was := n.saved.nodeState
	if was != "NORMAL" && (was != "UNMANAGED" || c.knob(n, "cl_dr_resumes_unmanaged") == "no") {
		done(true)
		return
	}
	d.call("clmgr", []string{"start", "node", n.name, "WHEN=now", "MANAGE=auto"}, func(exit int, out string) {
		d.log("%s", out)
		done(exit == 0)
	})
}

func (d *dr) startSwitch(n *node, local bool, next func()) {
	was := d.n.saved.localDMS
	if !local {
		was = d.n.saved.peerDMS
	}
	if was != "Enabled" {
		next()
		return
	}
	d.callOn(n, "startdms", []string{"-s", "cthags"}, func(int, string) {
		d.callOn(n, "hags_enable_client_kill", []string{"-s", "cthags"}, func(int, string) { next() })
	})
}

func (d *dr) unrestrict() {
	if !d.n.saved.restricted {
		return
	}
	for _, n := range d.sanNodes() {
		if n.ifrestrict {
			n.ifrestrict = false
			d.c.emit(RemoveFile{Node: n.name, Name: ifrestrictFile})
		}
	}
}
