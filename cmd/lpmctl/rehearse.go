package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/budget"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/model"
)

func addRehearse(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	c := app.Command("rehearse", "Show which timers a freeze would make fire, and what would follow, with this cluster's settings of now. It changes nothing.")
	lengths := c.Flag("freeze", "Length of a freeze instead of the usual ones, e.g. 45s; may be repeated.").PlaceHolder("DURATION").Strings()
	live := c.Flag("live", "Wait for the next migration of this node, show it as it happens, and judge it.").Bool()
	wait := c.Flag("for", "With --live: how long to wait for the end of one.").Default("2h").String()
	verbs["rehearse"] = func() int {
		if !*live {
			return t.rehearse(*lengths)
		}
		var d config.Duration
		if err := d.UnmarshalText([]byte(*wait)); err != nil || d <= 0 {
			return t.fail(exitUsage, "--for %q is no duration; write for instance 30m or 2h", *wait)
		}
		return t.rehearseLive(d.D())
	}
}

// usualFreezes are those of which most people ask.
func usualFreezes() []time.Duration {
	var out []time.Duration
	for _, s := range []time.Duration{1, 2, 5, 10, 30, 60, 120, 300, 600} {
		out = append(out, s*time.Second)
	}
	return out
}

// rehearsal is everything that the verb prints.
type rehearsal struct {
	Node       string      `json:"node"`
	Version    string      `json:"version"`
	Situations []situation `json:"situations"`
	Errors     []string    `json:"errors,omitempty"`
}

// situation is one way in which a freeze may meet the node.
type situation struct {
	Managed bool          `json:"managed"`
	Script  bool          `json:"product_script"` // PowerHA's own DR script prepares the node
	Budget  time.Duration `json:"budget,omitempty"`
	Limit   budget.Limit  `json:"limit"`
	Terms   []budget.Term `json:"terms"`
	Rows    []budget.Row  `json:"rows"`
}

func (t *tool) rehearse(lengths []string) int {
	freezes := usualFreezes()
	if len(lengths) > 0 {
		freezes = nil
		for _, text := range lengths {
			var d config.Duration
			if err := d.UnmarshalText([]byte(text)); err != nil || d <= 0 {
				return t.fail(exitUsage, "--freeze %q is no duration; write for instance 45s or 2m", text)
			}
			freezes = append(freezes, d.D())
		}
		slices.Sort(freezes)
	}
	if !t.config() {
		return exitNo
	}
	l := t.live(model.SourceCluster, model.SourceNodes, model.SourceNodeTimeout, model.SourceDeadmanMode, model.SourceGroupServices,
		model.SourceTunables, model.SourceMonitors)
	r := rehearsed(l, freezes)
	if t.output == "json" {
		t.json(r)
	} else {
		t.printRehearsal(r)
	}
	if len(l.Readings) == 0 {
		return exitUnreachable
	}
	return exitOK
}

// rehearsed judges the four situations under the settings that were read.
func rehearsed(l live, freezes []time.Duration) rehearsal {
	now := budget.FromReadings(l.Readings, l.Node)
	c := l.Readings[model.SourceCluster].Cluster
	r := rehearsal{Node: l.Node, Errors: l.Errors}
	if c != nil {
		r.Version = c.Version
	}
	for _, script := range []bool{false, true} {
		if script && c != nil && !c.HasLPM {
			continue // before PowerHA 7.2
		}
		for _, managed := range []bool{true, false} {
			s := now
			s.Managed = &managed
			if script {
				s = budget.ForMigration(s, budget.LPMTimeout(c), !managed)
			}
			b := budget.Longest(s)
			x := situation{Managed: managed, Script: script, Budget: b.Longest, Limit: b.Limit, Terms: budget.Terms(s)}
			for _, f := range freezes {
				x.Rows = append(x.Rows, budget.Rehearse(s, f))
			}
			r.Situations = append(r.Situations, x)
		}
	}
	return r
}

func (t *tool) printRehearsal(r rehearsal) {
	t.row("node", "%s, PowerHA %s, with its settings of now", orUnknown(r.Node), orWord(r.Version, "of unknown version"))
	for _, e := range r.Errors {
		t.row("unknown", "%s", e)
	}
	for _, x := range r.Situations {
		fmt.Fprintln(t.stdout)
		fmt.Fprintln(t.stdout, t.bold(x.title()))
		if x.Limit == budget.Unknown {
			t.row("bears", "not known: what cannot be read may limit it")
		} else {
			t.row("bears", "%s, limited by %s", x.Budget, x.Limit)
		}
		for _, row := range x.Rows {
			t.printRow(row)
		}
	}
	fmt.Fprintln(t.stdout)
	fmt.Fprintln(t.stdout, wrap("(?) depends on chance or is documented incompletely. Lengths are those of the freeze, not of the migration.", 0))
	if len(r.Situations) == 2 {
		fmt.Fprintln(t.stdout, wrap("This PowerHA has no script of its own for migrations (before 7.2): nothing is raised or stopped for one.", 0))
	}
}

func (x situation) title() string {
	who := "without PowerHA's own script"
	if x.Script {
		who = "prepared by PowerHA's own script"
	}
	if x.Managed {
		return "Managed, " + who
	}
	return "Unmanaged, " + who
}

// printRow prints one length: the timers that fire, and what follows, a line a moment.
func (t *tool) printRow(r budget.Row) {
	label := fmt.Sprintf("%9s", r.Freeze)
	if len(r.Consequences) == 0 {
		text := "nothing"
		if len(r.Missing) > 0 {
			text = "nothing of what can be read; not known: " + join(r.Missing)
		}
		t.row(label, "%s", text)
		return
	}
	for i := 0; i < len(r.Consequences); {
		j := i
		for j < len(r.Consequences) && r.Consequences[j].After == r.Consequences[i].After {
			j++
		}
		t.row(label, "%s", moment(r.Consequences[i:j]))
		label, i = "", j
	}
	if len(r.Missing) > 0 {
		t.row(label, "not known: %s", join(r.Missing))
	}
}

// moment names the timers that fire at the same time, and what they do.
func moment(all []budget.Consequence) string {
	var timers []budget.Limit
	var effects []string
	for _, c := range all {
		if !slices.Contains(timers, c.Timer) {
			timers = append(timers, c.Timer)
		}
		e := string(c.Effect)
		if !c.Certain {
			e += " (?)"
		}
		if !slices.Contains(effects, e) {
			effects = append(effects, e)
		}
	}
	return fmt.Sprintf("%s after %s: %s", join(timers), all[0].After, strings.Join(effects, ", "))
}

func join(limits []budget.Limit) string {
	out := make([]string, len(limits))
	for i, l := range limits {
		out[i] = string(l)
	}
	return strings.Join(out, ", ")
}

func orWord(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}
