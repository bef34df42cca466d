package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/bundle"
	"powerha_lpm_exporter/internal/selftest"
)

func addReplay(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	c := app.Command("replay", "Show what this version makes of a support bundle. Needs no cluster. Exit status as of selftest.")
	file := c.Arg("bundle", "Archive that `lpmctl support-bundle` wrote.").Required().String()
	format := formatFlag(c)
	goldens := c.Flag("goldens", "For developers: write its outputs as test data below this folder.").PlaceHolder("DIR").Hidden().String()
	verbs["replay"] = func() int {
		b, err := readBundle(*file)
		switch {
		case err != nil:
			return t.fail(exitUsage, "%s %v", *file, err)
		case *goldens != "":
			return t.goldens(b, *goldens)
		default:
			return t.replay(b, t.formatOf(*format))
		}
	}
}

func readBundle(path string) (*bundle.Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer f.Close()
	return bundle.Read(f)
}

// replayed is a report with what is other than it was.
type replayed struct {
	*selftest.Report
	Made    string   `json:"made"`
	Program string   `json:"program"` // that made it
	Changed []change `json:"changed"`
	Notes   []string `json:"notes,omitempty"`
}

// change is a row of which this version makes something else.
type change struct {
	Command string `json:"command"`
	Was     string `json:"was"`
	Now     string `json:"now"`
}

func (t *tool) replay(b *bundle.Bundle, format string) int {
	r := replayed{Report: b.Judge(), Made: b.Manifest.Made.Format("2006-01-02 15:04Z"), Program: b.Manifest.Program, Changed: []change{}, Notes: b.Manifest.Notes}
	was, err := b.Report()
	if err != nil {
		r.Notes = append(r.Notes, "what was concluded then is not known: "+err.Error())
	} else {
		r.Changed = changes(was, r.Report)
	}
	if format == "json" {
		t.json(r)
	} else {
		t.row("bundle", "made %s by lpmctl %s on %s/%s", r.Made, r.Program, b.Manifest.OS, b.Manifest.Arch)
		t.printTable(r.Report)
		for _, n := range r.Notes {
			t.row("note", "%s", n)
		}
		for _, c := range r.Changed {
			t.row("changed", "%s: was %s, now %s", c.Command, c.Was, c.Now)
		}
		t.printVerdict(r.Report)
	}
	if !r.OK {
		return exitNo
	}
	return exitOK
}

// changes compares what was concluded with what is concluded now.
func changes(was, now *selftest.Report) []change {
	out := []change{}
	for i := range now.Rows {
		n := &now.Rows[i]
		for j := range was.Rows {
			if w := &was.Rows[j]; w.Source == n.Source && told(w) != told(n) {
				out = append(out, change{n.Command, told(w), told(n)})
			}
		}
	}
	return out
}

func told(r *selftest.Row) string {
	return fmt.Sprintf("%s, %d/%d lines, %q", r.Outcome, r.Understood, r.Lines, r.Concluded)
}
