package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/privilege"
	"powerha_lpm_exporter/internal/selftest"
)

func addSelftest(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	c := app.Command("selftest", "Run every read command once and show what is understood of it. Changes nothing. "+
		"Exit status: 0 everything that decisions hang on was understood, 1 not, 2 usage.")
	format := formatFlag(c)
	user := c.Flag("user", "As root: show what this user lacks in privileges, instead of the one who asks.").PlaceHolder("USER").String()
	verbs["selftest"] = func() int { return t.selftest(t.formatOf(*format), *user) }
}

// formatFlag is the form of a table; --output json is the same.
func formatFlag(c *kingpin.CmdClause) *string {
	return c.Flag("format", "How to print: table, json.").Default("table").Enum("table", "json")
}

func (t *tool) formatOf(format string) string {
	if t.output == "json" {
		return "json"
	}
	return format
}

// selftestReport is a report with what is of this node alone.
type selftestReport struct {
	*selftest.Report
	Privileges []privilege.Checked `json:"privileges"`
	Kept       []kept              `json:"kept"` // by the exporter
	Notes      []string            `json:"notes,omitempty"`
}

func (t *tool) selftest(format, user string) int {
	if !t.usersConfig(user) {
		return exitUsage
	}
	x := t.examine()
	r := selftestReport{Report: selftest.Judge(x.node, x.asked, x.checks()), Privileges: t.privileges(user, x.monitors()), Notes: x.notes}
	for _, p := range r.Privileges {
		if p.State != privilege.Allowed {
			f := selftest.Finding{Command: shell(p.Command), Text: p.Text, Remedy: "install what `lpmctl sudoers` prints"}
			if t.decidingRule(p.For) {
				r.Failures, r.OK = append(r.Failures, f), false
			} else {
				r.Remarks = append(r.Remarks, f)
			}
		}
	}
	var err error
	if r.Kept, err = t.keptLines(); err != nil {
		r.Notes = append(r.Notes, err.Error())
	}
	if format == "json" {
		t.json(r)
	} else {
		t.printSelftest(&r)
	}
	if !r.OK {
		return exitNo
	}
	return exitOK
}

// usersConfig loads the configuration and looks at the user. It reports false after it has said what is wrong.
func (t *tool) usersConfig(user string) bool {
	if user != "" {
		if err := privilege.CheckUser(user); err != nil {
			t.fail(exitUsage, "%v", err)
			return false
		}
		if os.Geteuid() != 0 {
			t.fail(exitUsage, "--user: only root may ask for another; run it as %s", user)
			return false
		}
	}
	return t.config()
}

// examined is what this node answered.
type examined struct {
	node  string
	phase model.Phase
	asked []selftest.Asked
	notes []string
}

func (x *examined) monitors() []model.Monitor {
	for i := range x.asked {
		if m := x.asked[i].Reading.Monitors; len(m) > 0 {
			return m
		}
	}
	return nil
}

func (x *examined) checks() []selftest.Check { return selftest.Checks(x.node, x.phase, x.asked) }

// examine asks everything once, and what contradicts itself a second time: an event may have come between two questions.
func (t *tool) examine() *examined {
	runner := command.NewRunner(t.clk, "") // runs no acts
	o := selftest.Options{Client: privilege.Reading(t.cfg, os.Geteuid() == 0)}
	o.Client.Runner, o.Client.Clock = runner, t.clk
	if isTerminal(t.stderr) {
		o.Tell = func(a selftest.Asked) { fmt.Fprintf(t.stderr, "\r\x1b[K%s", a.Command) }
		defer fmt.Fprint(t.stderr, "\r\x1b[K")
	}
	x := &examined{asked: selftest.Ask(t.ctx, o, selftest.Sources())}
	x.node = selftest.Node(t.cfg.Cluster.Node, x.asked)
	x.phase, x.notes = t.phaseNow()
	var again []model.Source
	for _, c := range x.checks() {
		if c.Verdict == selftest.Differ {
			again = append(again, c.Wins, c.Other)
		}
	}
	slices.Sort(again)
	for _, a := range selftest.Ask(t.ctx, o, slices.Compact(again)) {
		for i := range x.asked {
			if x.asked[i].Source == a.Source {
				x.asked[i] = a
			}
		}
	}
	return x
}

// argvs are the commands as this user runs them.
// phaseNow asks the exporter for the phase of a migration. Without it the log of the DR script tells whether one is open.
func (t *tool) phaseNow() (model.Phase, []string) {
	s, err := t.fetch()
	if err == nil {
		return s.Episode.Phase, nil
	}
	for _, e := range t.episodes() {
		if e.Open && !e.Provisional {
			return e.Phase, []string{"the exporter does not answer: " + err.Error()}
		}
	}
	return model.PhaseIdle, []string{"the exporter does not answer: " + err.Error()}
}

// privileges asks sudo for what the exporter needs. There is nothing to ask where nothing is run through sudo.
func (t *tool) privileges(user string, monitors []model.Monitor) []privilege.Checked {
	if os.Geteuid() == 0 && user == "" {
		return nil // root may do everything: it says nothing about the exporter
	}
	runner := command.NewRunner(t.clk, "")
	return privilege.Check(t.ctx, runner, 5*time.Second, user, privilege.Exporter(t.cfg, monitors))
}

// decidingRule: decisions hang on what the rule allows.
func (t *tool) decidingRule(what string) bool {
	deciding, _ := powerha.Sources()
	return slices.Contains(deciding, model.Source(what))
}

// rejectedFile is where the exporter keeps what it did not understand.
func (t *tool) rejectedFile() string {
	return filepath.Join(t.cfg.StateDir, "exporter", "rejected.json")
}
