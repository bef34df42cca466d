package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/report"
)

// exitUnknown is the status of a report that could neither pass nor fail the migration.
const exitUnknown = 4

func addReport(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	c := app.Command("report", "Print how a migration of this node was judged. Exit status: 0 passed, 1 failed, 4 neither, because something could not be seen.")
	id := c.Arg("episode", "The migration; the last one that was judged without it.").String()
	list := c.Flag("list", "List the migrations that were judged, the newest first.").Bool()
	html := c.Flag("html", "Write a page for a browser instead, which needs no other file; - is standard output.").PlaceHolder("FILE").String()
	verbs["report"] = func() int {
		switch {
		case *list:
			return t.listReports()
		default:
			return t.report(*id, *html)
		}
	}
}

// reports reads what the exporter kept. It reports false after it has said why not.
func (t *tool) reports() ([]model.Report, bool) {
	if !t.config() {
		return nil, false
	}
	fsys, err := durable.OpenDir(t.cfg.StateDir)
	if err == nil {
		var all []model.Report
		var damaged int
		if all, damaged, err = report.Load(fsys); err == nil {
			if damaged > 0 {
				fmt.Fprintf(t.stderr, "lpmctl: %d lines of %s are not understood and left out\n", damaged, report.FileName)
			}
			return all, true
		}
	}
	if errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0 {
		err = fmt.Errorf("%w; run as root or as the exporter's user", err)
	}
	t.fail(exitUnreachable, "reports in %s: %v", t.cfg.StateDir, err)
	return nil, false
}

func (t *tool) listReports() int {
	all, ok := t.reports()
	if !ok {
		return exitUnreachable
	}
	if t.output == "json" {
		return t.json(all)
	}
	for i := len(all) - 1; i >= 0; i-- {
		r := &all[i]
		frozen := "not visible"
		if r.Freeze != nil && r.Freeze.Fused != nil {
			frozen = report.Span(*r.Freeze.Fused)
		}
		fmt.Fprintf(t.stdout, "%-8s %s %-10s freeze %-12s %s\n", r.Verdict, r.Start.UTC().Format("2006-01-02 15:04"), r.Result, frozen, r.Episode)
	}
	if len(all) == 0 {
		fmt.Fprintln(t.stdout, "no migration was judged yet")
	}
	return exitOK
}

func (t *tool) report(id, page string) int {
	all, ok := t.reports()
	if !ok {
		return exitUnreachable
	}
	r := find(all, id)
	if r == nil {
		return t.noReport(all, id)
	}
	switch {
	case page != "":
		if err := t.writePage(page, r); err != nil {
			return t.fail(exitNo, "write the page: %v", err)
		}
	case t.output == "json":
		t.json(r)
	default:
		t.printReport(r)
	}
	return verdictStatus(r.Verdict)
}

func find(all []model.Report, id string) *model.Report {
	for i := len(all) - 1; i >= 0; i-- {
		if id == "" || all[i].Episode == id {
			return &all[i]
		}
	}
	return nil
}

// noReport says what is known of a migration that was not judged.
func (t *tool) noReport(all []model.Report, id string) int {
	for _, e := range t.episodes() {
		if (id == "" || e.ID == id) && !e.Provisional {
			why := "it is still open"
			if !e.Open {
				why = "the exporter judges it once the node is managed again and PowerHA's own script is done"
			}
			return t.fail(exitUnknown, "migration %s, begun %s, is not judged yet: %s", e.ID, e.Start.UTC().Format("2006-01-02 15:04:05Z"), why)
		}
	}
	if id == "" {
		return t.fail(exitUnknown, "no migration was judged yet")
	}
	var near []string
	for i := len(all) - 1; i >= 0 && len(near) < 5; i-- {
		near = append(near, all[i].Episode)
	}
	if len(near) == 0 {
		return t.fail(exitUsage, "no report of migration %q; none was judged yet", id)
	}
	return t.fail(exitUsage, "no report of migration %q; the last are: %s", id, strings.Join(near, ", "))
}

// episodes are those that the DR script and the actor logged, the newest first.
func (t *tool) episodes() []model.Episode {
	fsys, err := durable.OpenDir(t.cfg.StateDir)
	if err != nil {
		return nil
	}
	b, err := fsys.ReadFile(episode.LogName)
	if err != nil {
		return nil
	}
	events, _ := episode.Parse(b)
	all := episode.Fold(events, t.clk.Now().Wall, t.cfg.Migration.CheckExpires.D())
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

func verdictStatus(v model.Verdict) int {
	switch v {
	case model.VerdictPass:
		return exitOK
	case model.VerdictFail:
		return exitNo
	case model.VerdictUnknown:
		return exitUnknown
	default:
		return exitUnknown
	}
}

func (t *tool) printReport(r *model.Report) {
	for _, row := range report.Rows(r) {
		label := row.Label
		switch model.Verdict(label) {
		case model.VerdictPass:
			label = "ok"
		case model.VerdictFail:
			label = "FAIL"
		case model.VerdictUnknown:
			label = "?"
		}
		t.row(label, "%s", row.Text)
	}
	t.printLeftovers(r.LeftBehind, r.Node)
}

func (t *tool) writePage(path string, r *model.Report) error {
	if path == "-" {
		return report.HTML(t.stdout, r)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644) //nolint:gosec // a report for people
	if err != nil {
		return err
	}
	if err := report.HTML(f, r); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
