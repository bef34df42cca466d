package sim

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// drScript is one DR script that drmgr knows on a node.
type drScript struct {
	name, path, info string
	timeout          time.Duration
}

const drFolder = "/usr/lib/dr/scripts/all/"

// RegisterDRScript makes a DR script known on a node, as drmgr -i does after it has copied it. Path is where the shell
// finds it, name its name in the repository, info its DR_SCRIPTINFO, timeout its DR_TIMEOUT (0: drmgr's default, 10 s).
// A script of the same name is replaced.
func (c *Core) RegisterDRScript(nodeName, file, name, info string, timeout time.Duration) error {
	n := c.nodes[nodeName]
	if n == nil {
		return fmt.Errorf("the cluster has no node %q", nodeName)
	}
	if name == "" {
		name = path.Base(file)
	}
	n.scripts = slices.DeleteFunc(n.scripts, func(s drScript) bool { return s.name == name })
	n.scripts = append(n.scripts, drScript{name: name, path: file, info: info, timeout: timeout})
	slices.SortFunc(n.scripts, func(a, b drScript) int { return strings.Compare(a.name, b.name) })
	return nil
}

// UnregisterDRScript forgets a DR script, as drmgr -u does.
func (c *Core) UnregisterDRScript(nodeName, name string) error {
	n := c.nodes[nodeName]
	if n == nil {
		return fmt.Errorf("the cluster has no node %q", nodeName)
	}
	kept := slices.DeleteFunc(slices.Clone(n.scripts), func(s drScript) bool { return s.name == name })
	if len(kept) == len(n.scripts) {
		return fmt.Errorf("no DR script %q is installed on %s", name, nodeName)
	}
	n.scripts = kept
	return nil
}

// orderedScripts are the node's DR scripts in the order in which drmgr runs them.
func (c *Core) orderedScripts(n *node) []drScript {
	s := slices.Clone(n.scripts)
	if c.knob(n, "cl_dr") == "absent" {
		s = slices.DeleteFunc(s, func(d drScript) bool { return d.name == "cl_dr" })
	}
	switch c.knob(n, "dr_script_order") {
	case "reverse":
		slices.Reverse(s)
	case "product_first":
		slices.SortStableFunc(s, func(a, b drScript) int {
			switch {
			case a.name == "cl_dr" && b.name != "cl_dr":
				return -1
			case b.name == "cl_dr" && a.name != "cl_dr":
				return 1
			}
			return 0
		})
	}
	return s
}

// drmgrList is drmgr -l; installing and removing is done by the shell.
func (c *Core) drmgrList(n *node, args []string) result {
	if len(args) != 1 || args[0] != "-l" {
		return misuse("drmgr")
	}
	var b strings.Builder
	b.WriteString("DR Install Root Directory: /usr/lib/dr/scripts\nSyslog ID: DRMGR\n------------------------------------------------------------\n")
	for _, s := range c.orderedScripts(n) {
		b.WriteString(pad(drFolder+s.name, 48) + s.info + "\n")
	}
	return say(b.String())
}

// runPhase runs one verb of the DR protocol through scripts, one after another. done gets the scripts that ran and,
// when one failed (or was ended at its limit), the text for the HMC's user.
func (c *Core) runPhase(m *migration, verb string, scripts []drScript, stopAtFailure bool, done func(ran []drScript, failure string)) {
	n := m.node
	n.drmgr = verb
	var ran []drScript
	var failure string
	var steps []func(func())
	for order, s := range scripts {
		steps = append(steps, func(next func()) {
			c.runDR(m, verb, s, order, func(fail string) {
				ran = append(ran, s)
				if fail != "" && failure == "" {
					failure = fail
				}
				if fail != "" && stopAtFailure {
					n.drmgr = ""
					done(ran, failure)
					return
				}
				next()
			})
		})
	}
	seq(append(steps, func(func()) {
		n.drmgr = ""
		done(ran, failure)
	})...)
}

func (c *Core) runDR(m *migration, verb string, s drScript, order int, done func(fail string)) {
	n := m.node
	env := []string{"LC_ALL=C", "PATH=/usr/bin:/usr/sbin:/bin"}
	if c.knob(n, "dr_env") == "yes" {
		env = append([]string{"DR_FORCE=FALSE", "DR_DETAIL_LEVEL=0"}, env...)
	}
	limit := s.timeout
	if limit == 0 {
		limit = c.knobDuration(n, "dr_timeout_default")
	}
	by := "actor"
	if s.name == "cl_dr" {
		by = "product"
	}
	c.trace(n.name, "dr_script", "phase", verb, "by", by, "script", s.name, "order", order, "edge", "start")
	c.note(n.name, "DR script "+s.name+" "+verb)
	c.run(n, "dr", s.path, []string{verb, "pmig"}, env, limit, func(e ScriptEnded) {
		c.trace(n.name, "dr_script", "phase", verb, "by", by, "script", s.name, "order", order, "edge", "end", "exit", e.Exit)
		if e.TimedOut {
			c.dropProductScript(n, s, verb)
		}
		fail := c.judgeDR(n, s, verb, e)
		if fail != "" {
			c.note(n.name, fail)
		}
		done(fail)
	})
}

// dropProductScript: drmgr has killed cl_dr at its limit; it does not go on behind it.
func (c *Core) dropProductScript(n *node, s drScript, verb string) {
	if s.name != "cl_dr" {
		return
	}
	for _, id := range slices.Sorted(mapKeys(c.commands)) {
		if cm := c.commands[id]; cm.node == n && cm.name == "cl_dr" && len(cm.args) > 0 && cm.args[0] == verb {
			c.commandGone(id)
		}
	}
}

// judgeDR reads a script's lines and exit code: 0 is success, 10 and everything else failure.
func (c *Core) judgeDR(n *node, s drScript, verb string, e ScriptEnded) string {
	var text string
	for line := range strings.Lines(e.Stdout) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch {
		case name == "DR_ERROR":
			text = value
		case strings.HasPrefix(name, "DR_LOG_"):
			c.note(n.name, s.name+": "+value)
		}
	}
	if e.Exit == 0 && !e.TimedOut {
		return ""
	}
	if !e.TimedOut && e.Exit != 10 && c.knob(n, "dr_other_exit") == "success" {
		return ""
	}
	if e.TimedOut && c.knob(n, "dr_timeout_effect") == "ignore" {
		return ""
	}
	c.logError(n, errEntry{label: "DR_SCRIPT_MSG", id: "DD42A684", class: "S", typ: "TEMP", resource: "DRAF", description: "Script error and other messages", detail: text})
	switch {
	case e.TimedOut:
		return fmt.Sprintf("DR script %s was ended in %s: it had not finished within its time limit", s.name, verb)
	case text == "":
		return fmt.Sprintf("DR script %s failed in %s with exit code %d", s.name, verb, e.Exit)
	}
	return fmt.Sprintf("DR script %s failed in %s: %s", s.name, verb, text)
}
