package sim

import (
	"fmt"
	"strconv"
	"strings"
)

// The faults of a command's output, knob output.<tool>. They spoil what a query prints; what a command does to the
// cluster they leave alone, and so the answers of commands that change something.
const (
	faultNone    = "normal"
	faultEmpty   = "empty"        // nothing, exit 0
	faultCut     = "cut"          // cut:N, the first N bytes, exit 0
	faultUsage   = "usage"        // its usage text, on stdout, exit 0
	faultHuge    = "huge"         // its rows over and over: megabytes
	faultNUL     = "nul"          // a NUL byte in every line
	faultColumns = "columns"      // each odd line has lost its last column, each even line has one more
	faultDoubled = "doubled_node" // the last node bears the name of the first
	faultRenamed = "renamed_node" // the last node bears a name that no other command knows
	faultDenied  = "denied"       // execute permission denied
	faultMissing = "missing"      // the command is not there
	faultStderr  = "stderr_exit0" // an error text alone, and exit 0
	faultForeign = "foreign"      // the format of another product
	faultHang    = "hang"         // it never ends
)

func faultValues() []string {
	return []string{
		faultNone, faultEmpty, faultCut + ":N", faultUsage, faultHuge, faultNUL, faultColumns, faultDoubled, faultRenamed,
		faultDenied, faultMissing, faultStderr, faultForeign, faultHang,
	}
}

// hugeOutput is how much output.<tool>=huge prints at least.
const hugeOutput = 8 << 20

func checkFault(name, value string) error {
	if n, ok := strings.CutPrefix(value, faultCut+":"); ok {
		if bytes, err := strconv.Atoi(n); err != nil || bytes < 0 {
			return fmt.Errorf("knob %s=%s: %q is not a number of bytes; for example cut:100", name, value, n)
		}
		return nil
	}
	for _, v := range faultValues() {
		if v == value && v != faultCut+":N" {
			return nil
		}
	}
	return fmt.Errorf("knob %s does not take %q; one of %s", name, value, strings.Join(faultValues(), ", "))
}

// spoil does to the answer of a query what the knob asks for. It tells whether the command ends at all.
func (c *Core) spoil(cm *cmd, r result) (spoilt result, ends bool) {
	fault := c.knob(cm.node, "output."+cm.name)
	if n, ok := strings.CutPrefix(fault, faultCut+":"); ok {
		bytes, err := strconv.Atoi(n)
		if err != nil {
			return r, true // refused when it was set
		}
		return result{out: cut(r.out, bytes), err: r.err}, true
	}
	switch fault {
	case faultEmpty:
		return result{}, true
	case faultUsage:
		return say(usageText(cm.name)), true
	case faultHuge:
		r.out = huge(r.out)
	case faultNUL:
		r.out = eachLine(r.out, func(_ int, l string) string { return l[:len(l)/2] + "\x00" + l[len(l)/2:] })
	case faultColumns:
		r.out = eachLine(r.out, wrongColumns)
	case faultDoubled, faultRenamed:
		r.out = c.renameLast(r.out, fault == faultDoubled)
	case faultDenied:
		return result{err: "ksh: " + cm.name + ": 0403-006 Execute permission denied.\n", exit: 126}, true
	case faultMissing:
		return result{err: "ksh: " + cm.name + ":  not found.\n", exit: 127}, true
	case faultStderr:
		return result{err: cm.name + ": the connection to the daemon was refused, error 79.\n"}, true
	case faultForeign:
		return say(foreign(cm.name, cm.args)), true
	case faultHang:
		c.note(cm.node.name, cm.name+" hangs")
		return r, false
	}
	return r, true
}

func huge(text string) string {
	if text == "" {
		text = strings.Repeat("-", 77) + "\n"
	}
	return strings.Repeat(text, hugeOutput/len(text)+1)
}

// eachLine changes the lines of a text that are not empty; each is counted.
func eachLine(text string, f func(i int, line string) string) string {
	var b strings.Builder
	i := 0
	for line := range strings.Lines(text) {
		body, end := strings.CutSuffix(line, "\n")
		if strings.TrimSpace(body) != "" {
			body = f(i, body)
			i++
		}
		b.WriteString(body)
		if end {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// wrongColumns takes the last column of an even line away and gives an odd one another.
func wrongColumns(i int, line string) string {
	sep := " "
	if strings.Count(line, ":") > 1 {
		sep = ":"
	}
	if i%2 == 1 {
		return line + sep + "surplus"
	}
	line = strings.TrimRight(line, " ")
	if at := strings.LastIndex(line, sep); at >= 0 {
		return strings.TrimRight(line[:at], " ")
	}
	return ""
}

// renameLast gives the last node the name of the first, or one of its own.
func (c *Core) renameLast(text string, doubled bool) string {
	last := c.order[len(c.order)-1]
	name := last + "_new"
	if doubled {
		if name = c.order[0]; len(c.order) == 1 {
			return text + text // the one node is told twice
		}
	}
	return strings.ReplaceAll(text, last, name)
}
