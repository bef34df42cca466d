package sim

import (
	"slices"
	"strings"
	"time"
)

// cmd is one running command.
type cmd struct {
	id       string
	node     *node
	name     string
	args     []string
	by       string
	locale   string // LC_ALL of who typed it
	external bool   // somebody waits for its output outside of the core
	started  time.Duration
	out      strings.Builder
	act      bool       // changes something
	follow   *errFilter // of an errpt that waits for entries
	gone     bool       // its process was killed; nobody reads its output
	done     func(exit int, out string)
}

// result is what a query prints.
type result struct {
	out, err string
	exit     int
}

func say(out string) result { return result{out: out} }

// complain is an error text of a command that failed.
func complain(text string) result { return result{err: text + "\n", exit: 1} }

// query is a command that answers from the state of the moment, with how long it works.
type query struct {
	took time.Duration
	f    func(*Core, *node, []string) result
}

func queryTable() map[string]query {
	ms := time.Millisecond
	return map[string]query{
		"clRGinfo": {200 * ms, (*Core).clRGinfo}, "clfindres": {200 * ms, (*Core).clRGinfo},
		"lssrc": {50 * ms, (*Core).lssrc}, "clshowsrv": {300 * ms, (*Core).clshowsrv},
		"lscluster": {100 * ms, (*Core).lscluster}, "clctrl": {100 * ms, (*Core).clctrl},
		"clodmget": {50 * ms, (*Core).clodmget}, "lsitab": {20 * ms, (*Core).lsitab},
		"mkitab": {20 * ms, (*Core).mkitab}, "rmitab": {20 * ms, (*Core).rmitab},
		"listdms": {50 * ms, (*Core).listdms}, "stopdms": {time.Second, (*Core).stopdms},
		"startdms": {time.Second, (*Core).startdms}, "hags_disable_client_kill": {time.Second, (*Core).disableClientKill},
		"hags_enable_client_kill": {time.Second, (*Core).enableClientKill},
		"errpt":                   {50 * ms, (*Core).errpt}, "errlogger": {20 * ms, (*Core).errlogger},
		"ps": {30 * ms, (*Core).ps}, "lsattr": {30 * ms, (*Core).lsattr}, "drmgr": {50 * ms, (*Core).drmgrList},
		"lparstat": {50 * ms, (*Core).lparstat}, "odmget": {50 * ms, (*Core).odmget},
		"cltopinfo": {200 * ms, (*Core).cltopinfo}, "clruncmd": {200 * ms, (*Core).clruncmd}, "clcmd": {500 * ms, (*Core).clcmd},
		"halevel": {50 * ms, (*Core).halevel}, "clhaver": {300 * ms, (*Core).clhaver},
		"lsrpdomain": {100 * ms, (*Core).lsrpdomain}, "lsrpnode": {100 * ms, (*Core).lsrpnode},
		"cllsgrp": {100 * ms, (*Core).cllsgrp},
	}
}

// Tools lists the names of all commands that the core answers, sorted.
func Tools() []string {
	out := []string{"clmgr", "cl_dr", "hmc"}
	for name := range queryTable() {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func isAct(name string, args []string) bool {
	switch name {
	case "cl_dr", "clruncmd", "mkitab", "rmitab", "stopdms", "startdms", "hags_disable_client_kill", "hags_enable_client_kill":
		return true
	case "clctrl":
		return slices.Contains(args, "-o")
	case "clmgr":
		p := parseClmgr(args)
		return p.usage == "" && p.action != "query"
	}
	return false
}

func (c *Core) commandStarted(in CommandStarted) {
	if in.Name == "hmc" {
		c.hmcStarted(in)
		return
	}
	n := c.nodes[in.Node]
	if n == nil || !n.alive {
		c.emit(CommandDone{ID: in.ID, Exit: 255})
		return
	}
	cm := &cmd{id: in.ID, node: n, name: in.Name, args: in.Args, by: in.By, locale: in.Locale, external: true}
	if cm.name == "cl_dr" {
		cm.by = "product"
	}
	c.launch(cm)
}

// spawn runs a command from within the cluster (cl_dr calls clmgr); done may be nil.
func (c *Core) spawn(n *node, name string, args []string, by string, done func(exit int, out string)) {
	c.launch(&cmd{id: c.newID("i"), node: n, name: name, args: args, by: by, locale: "C", done: done})
}

func (c *Core) launch(cm *cmd) {
	cm.started, cm.act = c.now, isAct(cm.name, cm.args)
	c.commands[cm.id] = cm
	if cm.act {
		argv := append([]string{cm.name}, cm.args...)
		c.log.acts = append(c.log.acts, CommandRun{ID: cm.id, At: c.now, Node: cm.node.name, Argv: argv, By: cm.by})
		if n := len(c.log.acts); n > keepActs {
			c.log.acts = slices.Delete(c.log.acts, 0, n-keepActs)
		}
		c.trace(cm.node.name, "command_start", "id", cm.id, "argv", argv, "by", cm.by)
	} else {
		if c.log.queries == nil {
			c.log.queries = map[string]int{}
		}
		c.log.queries[cm.node.name+"/"+cm.name]++
	}
	// A frozen node begins nothing: the first step is put aside like any other work.
	c.schedule(&item{at: c.now, node: cm.node, work: true, fn: func() { c.dispatch(cm) }})
}

func (c *Core) dispatch(cm *cmd) {
	switch cm.name {
	case "clmgr":
		c.clmgr(cm)
		return
	case "cl_dr":
		c.clDR(cm)
		return
	case "errpt":
		if c.follows(cm) {
			return
		}
	}
	q, ok := c.tools[cm.name]
	if !ok {
		c.answer(cm, result{err: cm.name + ": not found.\n", exit: 127})
		return
	}
	c.delay(cm, cm.name, q.took, func() {
		c.by = cm.by
		c.answer(cm, q.f(c, cm.node, cm.args))
	})
}

// delay lets a command work: as long as the configuration says for the tool, else for its own scaled time.
func (c *Core) delay(cm *cmd, key string, own time.Duration, fn func()) {
	if d, ok := c.cfg.Delays[key]; ok {
		c.workUnscaled(cm.node, d, fn)
		return
	}
	c.work(cm.node, own, fn)
}

func (c *Core) print(cm *cmd, text string) {
	cm.out.WriteString(text)
	c.emitOut(cm, c.translate(cm, text))
}

func (c *Core) emitOut(cm *cmd, text string) {
	if cm.external && !cm.gone && c.commands[cm.id] == cm {
		c.emit(CommandOutput{ID: cm.id, Stdout: []byte(text)})
	}
}

func (c *Core) printErr(cm *cmd, text string) {
	c.emitErr(cm, c.translate(cm, text))
}

func (c *Core) emitErr(cm *cmd, text string) {
	if c.knob(cm.node, "error_stream") == "stdout" {
		c.emitOut(cm, text)
		return
	}
	if cm.external && !cm.gone && c.commands[cm.id] == cm {
		c.emit(CommandOutput{ID: cm.id, Stderr: []byte(text)})
	}
}

// exitCode is the exit status of a command that failed; what clmgr and clRGinfo give for which mistake is not certain.
func (c *Core) exitCode(cm *cmd, r result) int {
	kind := c.knob(cm.node, "exit_codes")
	if r.exit != 1 || cm.name != "clmgr" && cm.name != "clRGinfo" || kind == "one" {
		return r.exit
	}
	if kind == "zero" {
		return 0
	}
	for _, class := range []struct {
		code int
		says []string
	}{
		{4, []string{"needed", "no attribute"}},
		{8, []string{"too many"}},
		{7, []string{"does not appear to exist", "not found"}},
		{5, []string{"not a valid", "is not known", "is not an action", "is not a class", "is not supported", "Usage:"}},
	} {
		for _, text := range class.says {
			if strings.Contains(r.err, text) {
				return class.code
			}
		}
	}
	return 1
}

// answer ends a command with what it has to say. Knobs may spoil what a query prints.
func (c *Core) answer(cm *cmd, r result) {
	if cm.external {
		r.exit = c.exitCode(cm, r)
	}
	if cm.external && !cm.act {
		r.out, r.err = c.translate(cm, r.out), c.translate(cm, r.err)
		r, ends := c.spoil(cm, r)
		if !ends {
			return
		}
		if r.out != "" {
			c.emitOut(cm, r.out)
		}
		if r.err != "" {
			c.emitErr(cm, r.err)
		}
		c.finish(cm, r.exit)
		return
	}
	if r.out != "" {
		c.print(cm, r.out)
	}
	if r.err != "" {
		c.printErr(cm, r.err)
	}
	c.finish(cm, r.exit)
}

func (c *Core) finish(cm *cmd, exit int) {
	if c.commands[cm.id] != cm {
		return // its node died
	}
	delete(c.commands, cm.id)
	if c.lock == cm {
		c.lock = nil
	}
	c.logEnd(cm, exit, exit == 0)
	if cm.external && !cm.gone {
		c.emit(CommandDone{ID: cm.id, Exit: exit})
	}
	if cm.done != nil {
		cm.done(exit, cm.out.String())
	}
}

func (c *Core) logEnd(cm *cmd, exit int, applied bool) {
	if !cm.act {
		return
	}
	for i := range c.log.acts {
		if a := &c.log.acts[i]; a.ID == cm.id {
			a.Ended, a.Exit, a.Took = true, exit, c.now-cm.started
		}
	}
	effect := "none"
	if applied {
		effect = "applied"
	}
	c.trace(cm.node.name, "command_end", "id", cm.id, "argv", append([]string{cm.name}, cm.args...), "by", cm.by, "exit", exit, "effect", effect)
}

// commandGone: the process that typed the command was killed.
func (c *Core) commandGone(id string) {
	cm := c.commands[id]
	if cm == nil {
		return
	}
	cm.gone = true
	if cm.name == "cl_dr" || !cm.act {
		delete(c.commands, id)
		c.logEnd(cm, -1, false)
	}
}

// dropCommands forgets the commands of a node that has died, and what they held.
func (c *Core) dropCommands(n *node) {
	var dropped []*cmd
	for _, id := range slices.Sorted(mapKeys(c.commands)) {
		if cm := c.commands[id]; cm.node == n {
			dropped = append(dropped, cm)
			delete(c.commands, id)
			if c.lock == cm {
				c.lock = nil
			}
			c.logEnd(cm, -1, false)
		}
	}
	for _, cm := range dropped {
		if cm.done != nil { // cl_dr of another node waits for it
			cm.done(255, "")
		}
	}
}
