package slo

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"
)

//go:embed page.html
var page string

// stripWidth is that of a strip in its own units; the page scales it.
const stripWidth = 1000.0

// mark is a stretch of time in a strip.
type mark struct {
	X, W         float64
	Class, Title string
}

// HTML writes the report as one page that needs no other file, no script and no network.
func HTML(w io.Writer, m *Month) error {
	t, err := template.New("slo").Funcs(template.FuncMap{
		"percent": Percent, "seconds": Seconds, "maybe": Maybe, "left": Left,
		"objective": func(v float64) string { return Percent(&v) },
		"met":       func(a Application, k Track) string { return met(a.Objective, k) },
		"when":      func(t time.Time) string { return t.Format("2 Jan 15:04:05") },
		"strip":     func(a Application) []mark { return strip(m, a) },
		"days":      func() []mark { return days(m) },
		"moves":     func() []mark { return moves(m) },
		"px":        func(f float64) string { return fmt.Sprintf("%.2f", f) },
		"took": func(x Migration) string {
			if x.End == nil {
				return "no end seen"
			}
			return Seconds(x.End.Sub(x.Start).Seconds())
		},
		"bound": func(x Migration) string {
			if x.Bound == nil {
				return ""
			}
			return fmt.Sprintf(" ± %s", time.Duration(*x.Bound*float64(time.Second)).Round(time.Millisecond))
		},
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("page of a month: %w", err)
	}
	data := struct {
		*Month
		Title   string
		Ongoing bool
	}{m, m.From.Format("January 2006"), m.Until.Before(m.To)}
	if err := t.Execute(w, data); err != nil {
		return fmt.Errorf("page of a month: %w", err)
	}
	return nil
}

// met tells by a word how a track stands to its objective: yes, no, or unknown where the holes could change it.
func met(objective float64, k Track) string {
	switch {
	case k.Availability == nil || k.Least < objective && k.Most >= objective && *k.Availability >= objective:
		return "unknown"
	case *k.Availability >= objective:
		return "met"
	default:
		return "missed"
	}
}

// place maps a span to the strip. What is too short to be seen is drawn as wide as can be seen.
func place(m *Month, s Span, class, title string) mark {
	x := func(t time.Time) float64 { return stripWidth * float64(t.Sub(m.From)) / float64(m.To.Sub(m.From)) }
	w := max(x(s.To)-x(s.From), 2)
	return mark{X: min(x(s.From), stripWidth-w), W: w, Class: class, Title: title}
}

func strip(m *Month, a Application) []mark {
	out := []mark{place(m, Span{From: m.From, To: m.Until}, "up", "up where nothing else is drawn")}
	for _, s := range a.Holes {
		out = append(out, place(m, s, "hole", fmt.Sprintf("nobody looked from %s for %s", s.From.Format("2 Jan 15:04:05"), Seconds(s.Seconds))))
	}
	for _, s := range a.windows {
		out = append(out, place(m, s, "window", fmt.Sprintf("declared window from %s for %s", s.From.Format("2 Jan 15:04:05"), Seconds(s.Seconds))))
	}
	for _, s := range a.Outages {
		out = append(out, place(m, s, "down", fmt.Sprintf("down from %s for %s", s.From.Format("2 Jan 15:04:05"), Seconds(s.Seconds))))
	}
	return out
}

// days are the weeks' ticks under a strip.
func days(m *Month) []mark {
	var out []mark
	for d := m.From; d.Before(m.To); d = d.AddDate(0, 0, 7) {
		k := place(m, Span{From: d, To: d}, "", d.Format("2 Jan"))
		out = append(out, k)
	}
	return out
}

func moves(m *Month) []mark {
	var out []mark
	for _, x := range m.Migrations {
		out = append(out, place(m, Span{From: x.Start, To: x.Start}, "move", "migration of "+x.Node+" at "+x.Start.Format("2 Jan 15:04:05")))
	}
	return out
}
