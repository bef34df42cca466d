package slo

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Percent writes a part of the time as people report it; "unknown" where nothing was observed.
func Percent(v *float64) string {
	if v == nil {
		return "unknown"
	}
	// Cut and not rounded: 99.9996 % is not 100 %.
	return strconv.FormatFloat(math.Floor(*v*1e5+1e-6)/1e3, 'f', 3, 64) + " %"
}

// Seconds writes a span for people: 1h 2m 3s, or 3.2s where it is short.
func Seconds(s float64) string {
	if s < 60 {
		return strconv.FormatFloat(math.Round(s*10)/10, 'f', -1, 64) + "s"
	}
	d := time.Duration(math.Round(s)) * time.Second
	var out []string
	for _, u := range []struct {
		name string
		long time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if n := d / u.long; n > 0 {
			out = append(out, fmt.Sprintf("%d%s", n, u.name))
			d -= n * u.long
		}
	}
	return strings.Join(out, " ")
}

// Maybe writes a span that may not have been visible.
func Maybe(s *float64) string {
	if s == nil {
		return "not visible"
	}
	return Seconds(*s)
}

// Left writes what is left of a budget.
func Left(part float64) string {
	if part < 0 {
		return fmt.Sprintf("overdrawn by %.0f %%", math.Ceil(-part*100))
	}
	return fmt.Sprintf("%.0f %% left", math.Floor(part*100))
}

// CSV writes one table: a line of names, then a line for each application and each migration.
func CSV(w io.Writer, m *Month) error {
	out := csv.NewWriter(w)
	lines := [][]string{{
		"record", "cluster", "month", "until", "application", "objective", "up_seconds", "down_seconds", "unknown_seconds", "seen_by_peers_seconds",
		"seen_by_its_node_alone_seconds", "availability_all", "availability_no_windows", "error_budget_left_all", "error_budget_left_no_windows",
		"excluded_seconds", "refused_by_migration_cap_seconds", "refused_by_month_cap_seconds",
		"node", "start", "end", "result", "freeze_seconds", "freeze_error_bound_seconds", "brownout_seconds",
		"outage_seen_by_peers_seconds", "outage_seen_by_its_node_seconds", "migration_down_seconds", "unmonitored_by_powerha_seconds",
		"of_that_monitored_by_us_seconds", "window_counted_seconds", "window_refused_seconds",
	}}
	head := []string{m.Cluster, m.Month, m.Until.Format(time.RFC3339)}
	blank := func(n int) []string { return make([]string, n) }
	for i := range m.Applications {
		a := &m.Applications[i]
		lines = append(lines, join3("application", head, []string{
			a.Name, number(a.Objective), number(a.Up), number(a.Down), number(a.Unknown), number(a.ByPeers), number(a.ByNode),
			maybe(a.All.Availability), maybe(a.NoWindows.Availability), number(a.All.BudgetLeft), number(a.NoWindows.BudgetLeft),
			number(a.Excluded), number(a.RefusedByMigration), number(a.RefusedByMonth),
		}, blank(14)))
	}
	for i := range m.Migrations {
		x := &m.Migrations[i]
		end := ""
		if x.End != nil {
			end = x.End.Format(time.RFC3339Nano)
		}
		lines = append(lines, join3("migration", head, blank(14), []string{
			x.Node, x.Start.Format(time.RFC3339Nano), end, x.Result, maybe(x.Freeze), maybe(x.Bound), maybe(x.Brownout), maybe(x.OutagePeer), maybe(x.OutageLocal),
			number(x.Down), number(x.Unmanaged), number(x.Monitored), number(x.Counted), number(x.Refused),
		}))
	}
	return out.WriteAll(lines)
}

func join3(record string, parts ...[]string) []string {
	out := []string{record}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func maybe(v *float64) string {
	if v == nil {
		return ""
	}
	return number(*v)
}
