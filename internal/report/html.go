package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/events"
	"powerha_lpm_exporter/internal/model"
)

//go:embed page.html
var page string

// HTML writes the report as one page that needs no other file, no script and no network.
func HTML(w io.Writer, r *model.Report) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"clock":  clock,
		"moment": func(e model.JudgedEvent) time.Time { return events.Moment(e.ClusterEvent) },
		"ended":  func(e model.JudgedEvent) string { return ended(&e.ClusterEvent) },
		"span":   func(d *time.Duration) string { return Span(*d) },
		"words":  func(s string) string { return strings.ReplaceAll(s, "_", " ") },
		"sign":   sign,
		"join":   func(s []string) string { return strings.Join(s, " ") },
		"day":    func(t time.Time) string { return t.UTC().Format("2 January 2006") },
		"left":   func(l model.Leftover) string { return "To put back " + LeftText(l, r.Node) + "." },
		"px":     func(f float64) string { return fmt.Sprintf("%.1f", f) },
		"inc":    func(i int) int { return i + 1 },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("page of a report: %w", err)
	}
	data := struct {
		*model.Report
		Chart   chart
		Missed  []string
		Details []Row
	}{Report: r, Chart: draw(r), Details: freezeRows(r)}
	for _, o := range r.Outages {
		data.Missed = append(data.Missed, outage(o))
	}
	if err := t.Execute(w, data); err != nil {
		return fmt.Errorf("page of a report: %w", err)
	}
	return nil
}

// sign tells a verdict by a letter beside its colour.
func sign(v model.Verdict) string {
	switch v {
	case model.VerdictPass:
		return "✓"
	case model.VerdictFail:
		return "✗"
	case model.VerdictUnknown:
		return "?"
	default:
		return "?"
	}
}
