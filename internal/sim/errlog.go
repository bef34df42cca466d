package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// errEntry is one entry of a node's error log.
type errEntry struct {
	label, id, class, typ, resource, description string
	detail                                       string
	seq                                          int
	at                                           time.Time
	machine                                      string
}

// Labels of the entries about migrations.
const (
	pmigStarted = "CLIENT_PMIG_STARTED"
	pmigDone    = "CLIENT_PMIG_DONE"
	pmigAborted = "CLIENT_PMIG_ABORTED"
)

// pmigEntry makes the entry about a migration; identifiers changed at AIX 7200-05-04.
func (c *Core) pmigEntry(label string) errEntry {
	e := errEntry{label: label, class: "S", typ: "INFO", resource: "pmig"}
	older := map[string]string{pmigStarted: "08917DC6", pmigDone: "A5E6DB96", pmigAborted: "5E075ADF"}
	newer := map[string]string{pmigStarted: "F2646817", pmigDone: "159D686C", pmigAborted: "5E075ADF"}
	e.id = older[label]
	if ids := c.knob(nil, "errpt_pmig_ids"); ids == "new" || ids == "level" && c.level.newErrIDs {
		e.id = newer[label]
	}
	e.description = map[string]string{
		pmigStarted: "Client Partition Migration Started", pmigDone: "Client Partition Migration Completed",
		pmigAborted: "Client Partition Migration Aborted",
	}[label]
	switch c.knob(nil, "errpt_pmig_template") {
	case "detail":
		e.detail = "STREAM ID\n9F2C 61A4 0B7D 3E55"
	case "renamed": // a level whose labels and texts are others: resource and class remain
		e.label = "PMIG_CLIENT_" + strings.TrimPrefix(label, "CLIENT_PMIG_")
		e.description = strings.ToUpper(strings.Replace(e.description, "Client Partition", "LPAR", 1))
	}
	return e
}

func (c *Core) logError(n *node, e errEntry) {
	n.errSeq++
	e.seq, e.at, e.machine = n.errSeq, c.wall(), c.machineID(n)
	n.errlog = append(n.errlog, e)
	for _, id := range slices.Sorted(mapKeys(c.commands)) {
		cm := c.commands[id]
		if cm.follow != nil && cm.node == n && cm.follow.takes(e) {
			c.print(cm, cm.follow.show(e, n))
		}
	}
}

// follows is errpt -c: what stands in the log, oldest first, then each entry when it is logged. It never ends by itself.
func (c *Core) follows(cm *cmd) bool {
	f, bad := parseErrpt(cm.args)
	if bad != "" || !f.concurrent || c.knob(cm.node, "output."+cm.name) != faultNone {
		return false
	}
	var b strings.Builder
	if f.heading() {
		b.WriteString(errptHeading)
	}
	for _, e := range cm.node.errlog {
		if f.takes(e) {
			b.WriteString(f.show(e, cm.node))
		}
	}
	cm.follow = &f
	c.print(cm, b.String())
	return true
}

const errptHeading = "IDENTIFIER TIMESTAMP  T C RESOURCE_NAME  DESCRIPTION\n"

func (f errFilter) heading() bool { return !f.detail && !f.short }

// show is one entry in the form that was asked for.
func (f errFilter) show(e errEntry, n *node) string {
	switch {
	case f.short:
		return e.brief()
	case f.detail:
		return e.long(n)
	}
	return fmt.Sprintf("%-10s %-10s %s %s %-14s %s\n", e.id, e.at.Format("0102150406"), e.typ[:1], e.class, e.resource, cut(e.description, 40))
}

// bootEntries are what a boot leaves in the error log.
func (n *node) bootEntries(c *Core) {
	c.logError(n, errEntry{label: "ERRLOG_ON", id: "9DBCFDEE", class: "O", typ: "TEMP", resource: "errdemon", description: "ERROR LOGGING TURNED ON"})
	c.logError(n, errEntry{label: "RMCD_INFO_0_ST", id: "A6DF45AA", class: "O", typ: "INFO", resource: "RMCdaemon", description: "The daemon is started."})
}

type errFilter struct {
	detail, short bool
	concurrent    bool
	notIDs        []string
	notLabels     []string
	labels, ids   []string
	seqs          []string
	resource      string
	start, end    time.Time
	types, classe string
}

// errpt is errpt [-a|-A] [-c] [-K|-k|-J labels] [-j ids] [-l seqnos] [-s|-e MMDDhhmmYY] [-N resource] [-T types] [-d classes].
// Entries come newest first.
func (c *Core) errpt(n *node, args []string) result {
	f, bad := parseErrpt(args)
	if bad != "" {
		return result{err: "0315-180 logread: " + bad + "\n" + usageText("errpt"), exit: 1}
	}
	var b strings.Builder
	for i := len(n.errlog) - 1; i >= 0; i-- {
		e := n.errlog[i]
		if !f.takes(e) {
			continue
		}
		if b.Len() == 0 && f.heading() {
			b.WriteString(errptHeading)
		}
		b.WriteString(f.show(e, n))
	}
	return say(b.String())
}

func parseErrpt(args []string) (f errFilter, bad string) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "-a" || a == "-A" || a == "-c" {
			f.detail = f.detail || a == "-a"
			f.short = f.short || a == "-A"
			f.concurrent = f.concurrent || a == "-c"
			continue
		}
		i++
		if i >= len(args) {
			return f, "option " + a + " is not known or needs a value"
		}
		v := args[i]
		var err error
		switch a {
		case "-J":
			f.labels = strings.Split(v, ",")
		case "-j":
			f.ids = strings.Split(v, ",")
		case "-K":
			f.notLabels = strings.Split(v, ",")
		case "-k":
			f.notIDs = strings.Split(v, ",")
		case "-l":
			f.seqs = strings.Split(v, ",")
		case "-N":
			f.resource = v
		case "-s":
			f.start, err = time.Parse("0102150406", v)
		case "-e":
			f.end, err = time.Parse("0102150406", v)
		case "-T":
			f.types = v
		case "-d":
			f.classe = v
		default:
			return f, "option " + a + " is not known"
		}
		if err != nil {
			return f, "date " + v + " is not MMddhhmmyy"
		}
	}
	return f, ""
}

func (f errFilter) takes(e errEntry) bool {
	in := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	return !slices.Contains(f.notLabels, e.label) && !slices.Contains(f.notIDs, e.id) && in(f.labels, e.label) && in(f.ids, e.id) && in(f.seqs, strconv.Itoa(e.seq)) &&
		(f.resource == "" || f.resource == e.resource) && (f.types == "" || strings.Contains(f.types, e.typ)) &&
		(f.classe == "" || strings.Contains(f.classe, e.class)) &&
		!e.at.Before(f.start) && (f.end.IsZero() || e.at.Before(f.end.Add(time.Minute)))
}

func (e errEntry) long(n *node) string {
	text := strings.Repeat("-", 75) + "\n" +
		"LABEL:          " + e.label + "\nIDENTIFIER:     " + e.id + "\n\n" +
		"Date/Time:       " + e.at.Format("Mon Jan _2 15:04:05 MST 2006") + "\n" +
		"Sequence Number: " + strconv.Itoa(e.seq) + "\nMachine Id:      " + e.machine + "\nNode Id:         " + n.name +
		"\nClass:           " + e.class + "\nType:            " + e.typ + "\nWPAR:            Global\nResource Name:   " + e.resource +
		"\n\nDescription\n" + e.description + "\n"
	if e.detail != "" {
		text += "\nDetail Data\n" + e.detail + "\n"
	}
	return text + "\n"
}

// brief is an entry as errpt -A shows it.
func (e errEntry) brief() string {
	text := strings.Repeat("-", 75) + "\nLABEL:          " + e.label +
		"\nDate/Time:       " + e.at.Format("Mon Jan _2 15:04:05 2006") + "\nType:            " + e.typ +
		"\nResource Name:   " + e.resource + "\nDescription\n" + e.description + "\n"
	if e.detail != "" {
		text += "Detail Data\n" + e.detail + "\n"
	}
	return text
}

// errlogger writes an operator's message to the error log.
func (c *Core) errlogger(n *node, args []string) result {
	if len(args) == 0 {
		return misuse("errlogger")
	}
	c.logError(n, errEntry{
		label: "OPMSG", id: "AA8AB241", class: "O", typ: "TEMP", resource: "OPERATOR", description: "OPERATOR NOTIFICATION",
		detail: "MESSAGE FROM ERRLOGGER COMMAND\n" + cut(strings.Join(args, " "), 230),
	})
	return result{}
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
