package main

import (
	"fmt"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/slo"
)

// maxSpans is how many outages and holes of an application the text lists; JSON has all.
const maxSpans = 20

func (t *tool) monthRows(m *slo.Month) {
	t.row("month", "%s of cluster %s, in UTC%s", m.Month, m.Cluster, soFar(m))
	t.row("from", "%s", m.Source)
	for i := range m.Applications {
		a := &m.Applications[i]
		fmt.Fprintln(t.stdout)
		t.row("application", "%s, objective %s", a.Name, slo.Percent(&a.Objective))
		t.row("all time", "%s", trackText(&a.All))
		t.row("no windows", "%s", trackText(&a.NoWindows))
		t.row("looked at", "for %s by peers, as users see it; for %s by its node alone; for %s by nobody", slo.Seconds(a.ByPeers), slo.Seconds(a.ByNode), slo.Seconds(a.Unknown))
		if a.Unknown > 0 {
			t.row("", "had it been down, or up, for all of the time that nobody looked: %s to %s of all time, %s to %s without windows",
				slo.Percent(&a.All.Least), slo.Percent(&a.All.Most), slo.Percent(&a.NoWindows.Least), slo.Percent(&a.NoWindows.Most))
		}
		t.row("windows", "%s left out; refused: %s by the cap of one migration, %s by that of the month (%s)",
			slo.Seconds(a.Excluded), slo.Seconds(a.RefusedByMigration), slo.Seconds(a.RefusedByMonth), slo.Seconds(m.WindowCap))
		t.spans("down", a.Outages)
		t.spans("hole", a.Holes)
	}
	fmt.Fprintln(t.stdout)
	t.row("migrations", "%s", plural(len(m.Migrations), "migration", "migrations"))
	for i := range m.Migrations {
		t.row(m.Migrations[i].Start.Format("02 15:04"), "%s", migrationText(&m.Migrations[i]))
	}
}

func soFar(m *slo.Month) string {
	if m.Until.Equal(m.To) {
		return ""
	}
	return ", up to " + m.Until.Format("2006-01-02 15:04:05")
}

func trackText(k *slo.Track) string {
	text := fmt.Sprintf("%s: down for %s of %s; error budget of %s, %s", slo.Percent(k.Availability), slo.Seconds(k.Down), slo.Seconds(k.Observed), slo.Seconds(k.Budget), slo.Left(k.BudgetLeft))
	if k.Forecast != nil {
		text += fmt.Sprintf("; %s at the end of the month if it goes on as in its last three days", slo.Left(*k.Forecast))
	}
	return text
}

func (t *tool) spans(label string, all []slo.Span) {
	for i, s := range all {
		if i == maxSpans {
			t.row(label, "and %d more: --output json", len(all)-i)
			return
		}
		text := fmt.Sprintf("%s for %s", s.From.Format("02 15:04:05"), slo.Seconds(s.Seconds))
		if s.Node != "" {
			text += " on " + s.Node
		}
		if s.Excluded > 0 {
			text += fmt.Sprintf(", %s of it left out without windows", slo.Seconds(s.Excluded))
		}
		t.row(label, "%s", text)
	}
}

func migrationText(m *slo.Migration) string {
	end := "no end seen"
	if m.End != nil {
		end = "for " + slo.Seconds(m.End.Sub(m.Start).Seconds())
	}
	freeze := slo.Maybe(m.Freeze)
	if m.Bound != nil {
		freeze += fmt.Sprintf(" ± %s", time.Duration(*m.Bound*float64(time.Second)).Round(time.Millisecond))
	}
	parts := []string{
		fmt.Sprintf("%s %s %s", m.Node, m.Result, end), "freeze " + freeze, "brownout " + slo.Maybe(m.Brownout),
		fmt.Sprintf("outage %s to peers, %s to its node", slo.Maybe(m.OutagePeer), slo.Maybe(m.OutageLocal)),
		fmt.Sprintf("PowerHA did not monitor for %s, we did for %s of that", slo.Seconds(m.Unmanaged), slo.Seconds(m.Monitored)),
		fmt.Sprintf("window %s", slo.Seconds(m.Counted)),
	}
	if m.Refused > 0 {
		parts = append(parts, slo.Seconds(m.Refused)+" of window refused")
	}
	return strings.Join(parts, "; ")
}
