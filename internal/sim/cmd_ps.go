package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// process is one line of ps.
type process struct {
	pid, parent int
	user, args  string
	name        string // the command's name as the accounting has it, 8 characters or more
}

// processes of a node: the daemons, PowerHA's scripts that run, and what its process monitors look for.
func (c *Core) processes(n *node) []process {
	list := []process{
		{1, 0, "root", "/etc/init", ""},
		{3539404, 1, "root", "/usr/sbin/syncd 60", ""},
		{3735942, 1, "root", "/usr/lib/errdemon", ""},
	}
	paths := map[string]string{
		"clstrmgrES": "/usr/es/sbin/cluster/clstrmgr", "clevmgrdES": "/usr/es/sbin/cluster/clevmgrd",
		"clinfoES": "/usr/es/sbin/cluster/clinfo", "clcomd": "/usr/sbin/clcomd -d -g",
		"clconfd": "/usr/sbin/clconfd", "cthags": "/opt/rsct/bin/hagsd cthags",
		"ctrmc": "/opt/rsct/bin/rmcd -a IBM.LPCommands -r", "gsclvmd": "/usr/sbin/gsclvmd",
	}
	const srcmstr = 4260096
	for _, s := range c.subsystems(n) {
		if s.active {
			list = append(list, process{s.pid, srcmstr, "root", paths[s.name], ""})
		}
	}
	for _, p := range c.appProcesses(n) {
		list = append(list, process{p.pid, 1, p.user, p.name, p.name})
	}
	if n.drmgr != "" {
		list = append(list, process{20185560, 3735942, "root", "/usr/sbin/drmgr -c pmig -p " + n.drmgr, ""})
	}
	for _, id := range slices.Sorted(mapKeys(c.commands)) {
		cm := c.commands[id]
		if cm.node == n && cm.act && (cm.name == "cl_dr" || cm.name == "clmgr") {
			list = append(list, process{21000000 + 2*idNumber(id), 20185560, "root", "/bin/ksh93 /usr/es/sbin/cluster/utilities/" + strings.Join(append([]string{cm.name}, cm.args...), " "), ""})
		}
	}
	return list
}

// comm is the name of the program without its path.
func (p process) comm() string {
	if p.name != "" {
		return p.name
	}
	program, _, _ := strings.Cut(p.args, " ")
	return program[strings.LastIndexByte(program, '/')+1:]
}

// psColumn is a column of ps -o: its heading, its width (0: the last may run on), and whether it is a number.
type psColumn struct {
	heading string
	width   int
	right   bool
	value   func(process) string
}

func psColumns() map[string]psColumn {
	pid := func(n int) string { return strconv.Itoa(n) }
	return map[string]psColumn{
		"pid":   {"PID", 8, true, func(p process) string { return pid(p.pid) }},
		"ppid":  {"PPID", 8, true, func(p process) string { return pid(p.parent) }},
		"user":  {"USER", 8, true, func(p process) string { return p.user }},
		"ruser": {"RUSER", 8, true, func(p process) string { return p.user }},
		"etime": {"ELAPSED", 11, true, func(process) string { return "10-02:14:33" }},
		"comm":  {"COMMAND", 0, false, process.comm},
		"ucomm": {"CMD", 0, false, process.comm},
		"args":  {"COMMAND", 0, false, func(p process) string { return p.args }},
	}
}

// ps is ps -e -o LIST, also with LIST=HEADING for each column, and ps -ef.
func (c *Core) ps(n *node, args []string) result {
	line := strings.Join(args, " ")
	if line == "-ef" || line == "-e -f" {
		return say(c.psFull(n))
	}
	list, ok := strings.CutPrefix(strings.Replace(line, "-e -o ", "-eo ", 1), "-eo ")
	if !ok {
		return complain("ps: 0551-203 only -ef and -e -o LIST are answered by the simulation.")
	}
	var columns []psColumn
	heading := false
	for _, name := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		name, text, own := strings.Cut(name, "=")
		col, ok := psColumns()[name]
		if !ok {
			return result{err: "ps: 0551-205 Specifier " + name + " is not valid with the -o flag.\n" + usageText("ps"), exit: 1}
		}
		if own {
			col.heading = text
		}
		heading = heading || col.heading != ""
		columns = append(columns, col)
	}
	var b strings.Builder
	row := func(cell func(psColumn) string) {
		for i, col := range columns {
			if i > 0 {
				b.WriteString(" ")
			}
			switch text := cell(col); {
			case col.right:
				fmt.Fprintf(&b, "%*s", col.width, text)
			case i < len(columns)-1:
				fmt.Fprintf(&b, "%-18s", text)
			default:
				b.WriteString(text)
			}
		}
		b.WriteString("\n")
	}
	if heading {
		row(func(col psColumn) string { return col.heading })
	}
	for _, p := range c.processes(n) {
		row(func(col psColumn) string { return col.value(p) })
	}
	return say(b.String())
}

func (c *Core) psFull(n *node) string {
	var b strings.Builder
	b.WriteString("     UID      PID     PPID   C    STIME    TTY  TIME CMD\n")
	for _, p := range c.processes(n) {
		fmt.Fprintf(&b, "%8s %8d %8d   0   Feb 19      -  0:00 %s\n", p.user, p.pid, p.parent, p.args)
	}
	return b.String()
}
