package sim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// The HMC stands outside of all nodes: it answers while a node is frozen or dead. Two managed systems hang on it. While
// a partition is moved, both list it.

// partition is what the HMC says of a node's partition on one managed system.
type partition struct {
	node   *node
	system frame
	state  string // lssyscfg
	move   string // lslparmigr
	target frame  // of a migration
}

// partitions lists them by system; only is the name of one system, or "".
func (c *Core) partitions(only string) []partition {
	var out []partition
	for i, f := range frames() {
		if only != "" && f.name != only {
			continue
		}
		for _, n := range c.all() {
			m := c.moves[n.name]
			here := n.frame%len(frames()) == i
			p := partition{node: n, system: f, target: frames()[(n.frame+1)%len(frames())], state: c.lparState(n), move: c.moveState(n)}
			switch {
			case here && c.transferring(m):
				p.state = "Migrating - Running"
			case here:
			case c.transferring(m):
				p.state = "Migrating - Not Activated"
			default:
				continue
			}
			p.state, p.move = c.hmcWords(n, p.state), c.hmcWords(n, p.move)
			out = append(out, p)
		}
	}
	return out
}

func (c *Core) transferring(m *migration) bool {
	return m != nil && slices.Contains([]string{"pre", "copy", "suspend"}, m.status.Phase)
}

// lparState is the state of a partition that is not moved.
func (c *Core) lparState(n *node) string {
	if word := c.knob(n, "hmc_state"); word != "" {
		return word
	}
	switch {
	case n.off:
		return "Not Activated"
	case !n.alive:
		return c.knob(n, "hmc_crash_shows")
	}
	return "Running"
}

// moveState is migration_state of lslparmigr.
func (c *Core) moveState(n *node) string {
	m := c.moves[n.name]
	if m == nil {
		return "Not Migrating"
	}
	switch m.status.Phase {
	case "check":
		return "Migration Starting"
	case "pre", "copy", "suspend":
		return "Migration In Progress"
	case "undo":
		return "Migration Stopping"
	}
	return "Migration Complete"
}

// hmcWords spells a state as the level of the HMC does: the command line, or the words of its REST interface.
func (c *Core) hmcWords(n *node, state string) string {
	switch c.knob(n, "hmc_migration_words") {
	case "rest":
		return strings.ReplaceAll(strings.ReplaceAll(state, " - ", " "), " ", "_")
	case "lower":
		return strings.ToLower(strings.ReplaceAll(state, " - ", " "))
	}
	return state
}

// hmcStarted answers a command line of the HMC's restricted shell. Asked from a node, that node has to run.
func (c *Core) hmcStarted(in CommandStarted) {
	n := c.nodes[in.Node]
	if in.Node != "" && (n == nil || !n.alive) {
		c.emit(CommandDone{ID: in.ID, Exit: 255})
		return
	}
	words := splitWords(strings.Join(in.Args, " "))
	wait := c.scaled(2 * time.Second)
	if d, ok := c.cfg.Delays["hmc"]; ok {
		wait = d
	}
	if c.knob(n, "output.hmc") == faultHang {
		return
	}
	c.schedule(&item{at: c.now + wait, node: n, work: true, fn: func() {
		r := c.hmcCommand(n, words)
		r, _ = c.spoil(&cmd{node: n, name: "hmc", args: words}, r)
		if r.out != "" || r.err != "" {
			c.emit(CommandOutput{ID: in.ID, Stdout: []byte(r.out), Stderr: []byte(r.err)})
		}
		c.emit(CommandDone{ID: in.ID, Exit: r.exit})
	}})
}

// hmcCommand is lssyscfg, lslparmigr, chsysstate or lshmc.
func (c *Core) hmcCommand(n *node, words []string) result {
	if c.knob(n, "hmc") == "busy" {
		return complain("HSCL3205 The managed system is busy: the lock on it could not be obtained. Try the operation again later.")
	}
	if len(words) == 0 {
		return misuse("hmc")
	}
	o, bad := parseHMC(words[1:])
	if bad != "" {
		return complain("HSCL8001 " + bad)
	}
	switch {
	case words[0] == "lshmc":
		return say("\"version= Version: 10\n Release: 3\n Service Pack: 1060\nHMC Build level 2402140000\n\"\n")
	case words[0] == "lssyscfg" && o.of == "sys":
		return c.hmcSystems(o)
	case words[0] == "lssyscfg" && o.of == "lpar":
		return c.hmcPartitions(o, []string{"name", "lpar_id", "lpar_env", "state", "rmc_state", "os_version", "uuid"})
	case words[0] == "lslparmigr" && o.of == "lpar":
		return c.hmcPartitions(o, nil)
	case words[0] == "chsysstate" && o.of == "lpar":
		return c.changeState(o)
	}
	return complain(words[0] + ": the command or its -r is not supported here: lssyscfg -r sys|lpar, lslparmigr -r lpar, chsysstate -r lpar, lshmc -v.")
}

func (c *Core) hmcSystems(o hmcOptions) result {
	var objs []object
	for _, f := range frames() {
		objs = append(objs, object{
			{"name", f.name}, {"type_model", strings.TrimPrefix(f.model, "IBM,")}, {"serial_num", strings.TrimPrefix(f.systemid, "IBM,02")}, {"state", "Operating"},
		})
	}
	return hmcRows(objs, o, nil)
}

func (c *Core) hmcPartitions(o hmcOptions, columns []string) result {
	known := slices.ContainsFunc(frames(), func(f frame) bool { return f.name == o.system })
	if !known {
		return complain("HSCL0237 The managed system " + o.system + " was not found. Check the name and try the operation again.")
	}
	var objs []object
	for _, p := range c.partitions(o.system) {
		if o.lpar != "" && p.node.name != o.lpar {
			continue
		}
		rmc := "active"
		if p.node.silent() {
			rmc = "inactive"
		}
		obj := object{
			{"name", p.node.name},
			{"lpar_id", strconv.Itoa(partitionID(p.node))},
			{"lpar_env", "aixlinux"},
			{"state", p.state},
			{"rmc_state", rmc},
			{"os_version", "AIX 7.2 7200-05-04-2220"},
			{"uuid", p.node.uuid()},
			{"migration_state", p.move},
		}
		if c.moves[p.node.name] != nil {
			obj = append(obj, attr{"migration_type", "active"}, attr{"dest_sys_name", p.target.name},
				attr{"dest_lpar_id", strconv.Itoa(partitionID(p.node))}, attr{"source_msp_name", "vios1"}, attr{"dest_msp_name", "vios2"})
		}
		objs = append(objs, obj)
	}
	if len(objs) == 0 && o.lpar != "" {
		return complain("HSCL8012 The partition named " + o.lpar + " was not found.")
	}
	return hmcRows(objs, o, columns)
}

// changeState is chsysstate: the command returns at once, the state follows a few seconds later.
func (c *Core) changeState(o hmcOptions) result {
	n := c.nodes[o.lpar]
	if n == nil || c.frameOf(n).name != o.system {
		return complain("HSCL8012 The partition named " + o.lpar + " was not found on " + o.system + ".")
	}
	switch {
	case c.moves[n.name] != nil:
		return complain("HSCLA9C5 Partition " + n.name + " is being migrated: the operation is not allowed.")
	case o.op == "shutdown" && n.off:
		return complain("HSCL0DB5 Partition " + n.name + " is not activated.")
	case o.op == "shutdown":
		c.after(c.scaled(3*time.Second), func() { c.powerOff(n.name) })
	case o.op == "on" && n.alive:
		return complain("HSCL0DB4 Partition " + n.name + " is already activated.")
	case o.op == "on":
		c.after(c.scaled(3*time.Second), func() { c.emit(BootNode{Node: n.name}) })
	default:
		return complain("HSCL8001 -o takes shutdown or on.")
	}
	c.note(n.name, "HMC: "+o.op)
	return result{}
}
