package draw

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

//go:embed page.html
var pageHTML string

// event is an annotation's place.
type event struct {
	Name, Color string
	Left, Width float64 // in percent
}

// Page draws a dashboard.
func Page(ctx context.Context, w io.Writer, d *Dashboard, o Options) error {
	s, err := Open(ctx, d, o)
	if err != nil {
		return fmt.Errorf("dashboard %s: %w", d.UID, err)
	}
	data := struct {
		*Dashboard
		Theme, Time string
		Chosen      []struct{ Label, Value string }
		Views       []view
		Events      []event
		Times       []tick
	}{Dashboard: d, Theme: o.Theme, Time: o.From.UTC().Format(time.DateTime) + " to " + o.To.UTC().Format(time.DateTime) + " UTC"}
	for _, v := range d.Templating.List {
		if value, ok := s.values[v.Name]; ok && v.Hide == 0 {
			if v.IncludeAll && value == v.AllValue {
				value = "All"
			}
			data.Chosen = append(data.Chosen, struct{ Label, Value string }{v.Label, value})
		}
	}
	if data.Events, err = s.events(ctx, d); err != nil {
		return fmt.Errorf("dashboard %s: %w", d.UID, err)
	}
	for _, p := range d.Panels {
		v, err := s.View(ctx, p)
		if err != nil {
			return fmt.Errorf("dashboard %s: %w", d.UID, err)
		}
		data.Views = append(data.Views, v)
	}
	layout := "15:04:05"
	if o.To.Sub(o.From) > 36*time.Hour {
		layout = "2 Jan"
	}
	for i := range 5 {
		at := float64(10 + 20*i)
		data.Times = append(data.Times, tick{at, o.From.Add(time.Duration(at / 100 * float64(o.To.Sub(o.From)))).UTC().Format(layout)})
	}
	page, err := template.New("page").Funcs(template.FuncMap{"ink": ink, "inc": func(i int) int { return i + 1 }}).Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	return page.Execute(w, data)
}

// events evaluates the annotations.
func (s *Session) events(ctx context.Context, d *Dashboard) (out []event, err error) {
	for _, a := range d.Annotations.List {
		matrix, err := s.Range(ctx, a.Expr)
		if err != nil {
			return nil, fmt.Errorf("annotation %s: %w", a.Name, err)
		}
		for _, series := range matrix {
			for _, b := range s.bands(series.Values, Field{}) {
				e := event{a.Name, a.IconColor, b.Left, b.Width}
				if a.UseValueForTime {
					e.Left, e.Width = s.at(model.Time(int64(b.Value))), 0
				}
				if e.Left >= 0 && e.Left <= 100 {
					out = append(out, e)
				}
			}
		}
	}
	return out, nil
}

// ink is the colour of a text that can be read on a ground of that colour.
func ink(color string) string {
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	if err != nil || len(color) != 7 {
		return "inherit"
	}
	light := 0.299*float64(n>>16&255) + 0.587*float64(n>>8&255) + 0.114*float64(n&255)
	if light > 125 {
		return "#111217"
	}
	return "#ffffff"
}
