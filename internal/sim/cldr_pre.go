package sim

import (
	"strconv"
	"strings"
	"time"
)

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
			if d.c.knob(n, "ifrestrict") == "present" {
				d.c.emit(WriteFile{Node: n.name, Name: ifrestrictCopy, Text: ownRestrictions})
			}
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
		{"node_state", s.nodeState},
		{"RSCT_local_DMS_state", s.localDMS},
		{"RSCT_peer_DMS_state", s.peerDMS},
		{"deadman_mode", s.deadman},
	} {
		if v.value != "" {
			b.WriteString(v.name + "=" + v.value + "\n")
		}
	}
	if s.nodeTimeout != 0 {
		b.WriteString(d.c.knob(d.n, "cl_dr_timeout_name") + "=" + strconv.Itoa(s.nodeTimeout) + "\n")
	}
	d.c.emit(WriteFile{Node: d.n.name, Name: clDRStateFile, Text: b.String()})
}
