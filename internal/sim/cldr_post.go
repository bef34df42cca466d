package sim

import (
	"strconv"
	"time"
)

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
			if n.inittab == "" || d.forgets(forgetInittab) {
				next()
				return
			}
			d.call("rmitab", []string{"hacmp_lpm"}, func(int, string) { next() })
		},
		func(next func()) { d.eachDMS(d.startSwitch, next) },
		func(next func()) {
			if d.forgets(forgetTimeout) || n.saved.nodeTimeout == 0 || n.saved.nodeTimeout == n.nodeTimeout {
				next()
				return
			}
			d.call("clctrl", []string{"-tune", "-o", "node_timeout=" + strconv.Itoa(n.saved.nodeTimeout)}, func(int, string) { next() })
		},
		func(next func()) {
			if n.saved.deadman == "" || d.forgets(forgetMode) {
				next()
				return
			}
			d.call("clctrl", []string{"-tune", "-n", n.name, "-o", "deadman_mode=" + n.saved.deadman}, func(int, string) { next() })
		},
		func(func()) {
			d.unrestrict()
			n.saved = nil
			if !d.forgets(forgetState) {
				c.emit(RemoveFile{Node: n.name, Name: clDRStateFile})
			}
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
	if d.forgets(forgetResume) || was != "NORMAL" && (was != "UNMANAGED" || c.knob(n, "cl_dr_resumes_unmanaged") == "no") {
		done(true)
		return
	}
	d.call("clmgr", []string{"start", "node", n.name, "WHEN=now", "MANAGE=auto"}, func(exit int, out string) {
		d.log("%s", out)
		done(exit == 0)
	})
}

func (d *dr) startSwitch(n *node, local bool, next func()) {
	was, what := d.n.saved.localDMS, forgetSwitch
	if !local {
		was, what = d.n.saved.peerDMS, forgetPeer
	}
	if was != "Enabled" || d.forgets(what) {
		next()
		return
	}
	d.callOn(n, "startdms", []string{"-s", "cthags"}, func(int, string) {
		d.callOn(n, "hags_enable_client_kill", []string{"-s", "cthags"}, func(int, string) { next() })
	})
}

func (d *dr) unrestrict() {
	if !d.n.saved.restricted || d.forgets(forgetRestrict) {
		return
	}
	for _, n := range d.sanNodes() {
		if !n.ifrestrict {
			continue
		}
		n.ifrestrict = false
		if d.c.knob(n, "ifrestrict") == "absent" {
			d.c.emit(RemoveFile{Node: n.name, Name: ifrestrictFile})
			continue
		}
		d.c.emit(WriteFile{Node: n.name, Name: ifrestrictFile, Text: ownRestrictions})
		d.c.emit(RemoveFile{Node: n.name, Name: ifrestrictCopy})
	}
}
