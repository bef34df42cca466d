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
	"powerha_lpm_exporter/internal/powerha"
)

func addRehearse(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	c := app.Command("rehearse", "Show which timers a freeze would make fire, and what would follow, with this cluster's settings of now. "+
		"It changes nothing. Exit 0 when the table could be made, whatever it says; 3 when nothing of the cluster could be read.")
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
	Script  bool          `json:"product_script"`   // PowerHA's own DR script prepares the node
	Budget  time.Duration `json:"budget,omitempty"` // ns; absent when the limit is "unknown"
	Limit   budget.Limit  `json:"limit"`
	Unknown []unknownTerm `json:"unknown,omitempty"` // the terms that cannot be told
	Terms   []budget.Term `json:"terms"`
	Rows    []budget.Row  `json:"rows"`
}

// unknownTerm is a timer that may limit the freeze and cannot be told, with the commands that it is read from.
type unknownTerm struct {
	Limit budget.Limit `json:"limit"`
	Why   string       `json:"why"`
	Reads []string     `json:"reads"`
}

func unknownTerms(s budget.Settings, missing []budget.Limit) []unknownTerm {
	var out []unknownTerm
	for _, l := range missing {
		u := unknownTerm{Limit: l, Why: "not all of it was read"}
		if l == budget.PVMWatchdog && s.Watchdog != nil {
			u.Why = "it is on, and its time-out is documented nowhere"
		}
		for _, s := range budget.Sources(l) {
			u.Reads = append(u.Reads, powerha.Command(s))
		}
		out = append(out, u)
	}
	return out
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
		freezes = slices.Compact(freezes)
	}
	if !t.config() {
		return exitNo
	}
	l := t.live(budget.AllSources()...)
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
				s = budget.ForMigration(s, budget.LPMTimeout(c), new(!managed))
			}
			b := budget.Longest(s)
			x := situation{Managed: managed, Script: script, Budget: b.Longest, Limit: b.Limit, Unknown: unknownTerms(s, b.Missing), Terms: budget.Terms(s)}
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
			t.row("bears", "not known, because of timers that may limit it:")
			for _, u := range x.Unknown {
				t.row("", "%s: %s (%s)", u.Limit, u.Why, strings.Join(u.Reads, "; "))
			}
		} else {
			t.row("bears", "%s, limited by %s", length(x.Budget), x.Limit)
		}
		t.printRows(x.Rows)
	}
	fmt.Fprintln(t.stdout)
	fmt.Fprintln(t.stdout, wrap("Lengths are those of the freeze, not of the migration. (?) depends on chance or is documented incompletely. "+
		"It is supposed that the node holds resource groups and that another node can take them.", 0))
	if len(r.Situations) == 2 {
		fmt.Fprintln(t.stdout, wrap("This PowerHA has no script of its own for migrations (before 7.2): nothing is raised or stopped for one.", 0))
	}
}

// length prints a duration without the zeroes of smaller units: 10m, not 10m0s.
func length(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
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

// printRows prints a row for each length; neighbours of which the same is to be said share one.
func (t *tool) printRows(rows []budget.Row) {
	for i := 0; i < len(rows); {
		lines := rowLines(rows[i])
		j := i + 1
		for j < len(rows) && slices.Equal(rowLines(rows[j]), lines) {
			j++
		}
		label := length(rows[i].Freeze)
		if j > i+1 {
			label += "-" + length(rows[j-1].Freeze)
		}
		for _, line := range lines {
			t.row(label, "%s", line)
			label = ""
		}
		i = j
	}
}

// rowLines says of one length which timers fire and what follows, a line a moment.
func rowLines(r budget.Row) []string {
	var out []string
	for i := 0; i < len(r.Consequences); {
		j := i
		for j < len(r.Consequences) && r.Consequences[j].After == r.Consequences[i].After {
			j++
		}
		out = append(out, moment(r.Consequences[i:j]))
		i = j
	}
	if len(out) == 0 && len(r.Missing) == 0 {
		return []string{"no timer fires"}
	}
	if len(out) == 0 {
		out = append(out, "no timer fires of those that can be told")
	}
	if len(r.Missing) > 0 {
		out = append(out, "not known: "+join(r.Missing))
	}
	return out
}

// moment names the timers that fire at the same time, and what they do. One of unknown length fires at no known time.
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
	after := "after " + length(all[0].After)
	if all[0].After == 0 {
		after = "after an unknown time"
	}
	return fmt.Sprintf("%s %s: %s", join(timers), after, strings.Join(effects, ", "))
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
