package report

import (
	"fmt"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/events"
	"powerha_lpm_exporter/internal/model"
)

// Row is one line of a report for a terminal: a label and what belongs to it.
type Row struct{ Label, Text string }

// Rows are the lines of a report, the verdict first.
func Rows(r *model.Report) []Row {
	rows := []Row{
		{"verdict", strings.ToUpper(string(r.Verdict))},
		{"migration", fmt.Sprintf("%s of node %s, cluster %s", r.Episode, r.Node, r.Cluster)},
		{"when", fmt.Sprintf("%s to %s UTC", r.Start.UTC().Format("2006-01-02 15:04:05"), clock(r.End))},
	}
	for _, f := range r.Findings {
		rows = append(rows, Row{string(f.Verdict), f.Text + " (" + f.Why + ")"})
	}
	rows = append(rows, freezeRows(r)...)
	for _, o := range r.Outages {
		rows = append(rows, Row{"outage", outage(o)})
	}
	for _, e := range r.Events {
		sign := ""
		if e.Unwanted {
			sign = "UNWANTED "
		}
		rows = append(rows, Row{"event", fmt.Sprintf("%s %s%s %s%s (%s, %s)", clock(events.Moment(e.ClusterEvent)), sign, e.Step,
			strings.Join(append([]string{e.Name}, e.Args...), " "), ended(&e.ClusterEvent), e.Source, e.Why)})
	}
	for _, m := range r.Phases {
		rows = append(rows, Row{"phase", clock(m.At) + " " + string(m.Phase)})
	}
	return rows
}

func freezeRows(r *model.Report) []Row {
	f := r.Freeze
	if f == nil || f.Fused == nil {
		return nil
	}
	part := func(name string, d *time.Duration) string {
		if d == nil {
			return name + " not visible"
		}
		return name + " " + Span(*d)
	}
	text := fmt.Sprintf("at %s: %s, bound ± %s; %s, %s, %s", clock(f.Start), Span(*f.Fused), Span(f.FusedBound),
		part("own clocks", f.Clock), part("peer", f.Peer), part("clock chip", f.RTC))
	if f.Brownout != nil {
		text += "; brownout " + Span(*f.Brownout)
	}
	if f.Doubt != "" {
		text += "; confidence low: " + string(f.Doubt)
	}
	rows := []Row{{"freeze", text}}
	for _, o := range r.Others {
		if o.Fused != nil {
			rows = append(rows, Row{"freeze", fmt.Sprintf("another at %s: %s ± %s", clock(o.Start), Span(*o.Fused), Span(o.FusedBound))})
		}
	}
	return rows
}

// ended tells how an event ended and how long it took, as far as that is known.
func ended(e *model.ClusterEvent) string {
	text := ""
	if e.Exit != nil && *e.Exit != 0 {
		text += fmt.Sprintf(", exit %d", *e.Exit)
	}
	switch {
	case e.Took == nil:
	case *e.Took == 0: // the stamps have whole seconds
		text += ", took less than 1s"
	default:
		text += ", took " + Span(*e.Took)
	}
	return text
}

func outage(o model.Outage) string {
	how := fmt.Sprintf("for up to %s", Span(o.Duration))
	if o.Ongoing {
		how = fmt.Sprintf("going on when judged, for %s", Span(o.Duration))
	}
	return fmt.Sprintf("%s, probe %s from %s (%s): since %s %s", o.Application, o.Probe, o.From, o.Vantage, clock(o.Start), how)
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(time.TimeOnly)
}
