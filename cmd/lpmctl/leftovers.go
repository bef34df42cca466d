package main

import (
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/report"
)

func addLeftovers(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	app.Command("leftovers", "Show what PowerHA's own script left behind after the last migration, on this node and on its peer in a cluster of two, and the commands that put it back. Changes nothing. Exit status: 0 nothing, 1 something.")
	verbs["leftovers"] = t.leftovers
}

// left is what the verb prints. Source says who tells: the exporter now, or the report of the last migration.
type left struct {
	Node      string           `json:"node"`
	Source    string           `json:"source"`
	Leftovers []model.Leftover `json:"leftovers"`
}

func (t *tool) leftovers() int {
	l, ok := t.leftBehind()
	if !ok {
		return exitUnreachable
	}
	switch {
	case t.output == "json":
		t.json(l)
	case len(l.Leftovers) == 0:
		t.row("left", "nothing, says %s", l.Source)
	default:
		t.row("says", "%s", l.Source)
		t.printLeftovers(l.Leftovers, l.Node)
	}
	if len(l.Leftovers) > 0 {
		return exitNo
	}
	return exitOK
}

// leftBehind asks the exporter, and without it takes the last report. It reports false after it has said why neither.
func (t *tool) leftBehind() (left, bool) {
	if !t.config() {
		return left{}, false
	}
	s, err := t.fetch()
	if err == nil {
		return left{Node: s.Node, Source: "the exporter, now", Leftovers: s.Leftovers}, true
	}
	r, ok := t.lastJudged()
	if !ok {
		return left{}, false
	}
	if r == nil {
		t.fail(exitUnreachable, "%v, and no migration was judged yet: start powerha_lpm_exporter on this node, which compares the settings", err)
		return left{}, false
	}
	return left{
		Node: r.Node, Leftovers: r.LeftBehind,
		Source: fmt.Sprintf("the report of %s, judged at %s, because the exporter does not answer", r.Episode, r.Judged.UTC().Format("2006-01-02 15:04:05Z")),
	}, true
}

// printLeftovers tells of each what it is and was, and then the commands of each node, to be copied.
func (t *tool) printLeftovers(all []model.Leftover, node string) {
	var nodes []string
	commands := make(map[string][]string)
	for _, l := range all {
		t.row("left", "%s", report.LeftText(l, node))
		if _, ok := commands[l.Node]; !ok {
			nodes = append(nodes, l.Node)
		}
		commands[l.Node] = append(commands[l.Node], l.Commands...)
	}
	for _, n := range nodes {
		t.commands("to put it back, once PowerHA's own script is done, type on "+n+" as root", commands[n])
	}
}
