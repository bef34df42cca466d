package sim

import (
	"fmt"
	"slices"
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

// The files that cl_dr keeps, and a restriction that the site had made for itself (knob ifrestrict).
const (
	clDRStateFile   = "var/hacmp/cl_dr.state"
	ifrestrictFile  = "etc/cluster/ifrestrict"
	ifrestrictCopy  = "var/hacmp/ifrestrict"
	ownRestrictions = "en5\n"
)

// What knob cl_dr_forgets makes cl_dr leave behind after a migration, in a list parted by commas.
const (
	forgetTimeout  = "node_timeout"
	forgetSwitch   = "dead_man_switch"
	forgetPeer     = "peer_dead_man_switch"
	forgetMode     = "deadman_mode"
	forgetRestrict = "ifrestrict"
	forgetInittab  = "inittab"
	forgetState    = "state"  // cl_dr.state
	forgetResume   = "resume" // it does not start cluster services again; not part of "all"
)

func checkForgets(value string) error {
	known := []string{"nothing", "all", forgetTimeout, forgetSwitch, forgetPeer, forgetMode, forgetRestrict, forgetInittab, forgetState, forgetResume}
	for _, v := range strings.Split(value, ",") {
		if !slices.Contains(known, v) {
			return fmt.Errorf("knob cl_dr_forgets does not take %q; a list of %s", v, strings.Join(known, ", "))
		}
	}
	return nil
}

func (d *dr) forgets(what string) bool {
	list := strings.Split(d.c.knob(d.n, "cl_dr_forgets"), ",")
	return slices.Contains(list, what) || what != forgetResume && slices.Contains(list, "all")
}

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
