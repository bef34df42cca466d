package draw

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/prometheus/common/model"
)

// item is a value with its name: of a stat, or a bar.
type item struct {
	Name string
	shown
	Width float64 // of a bar, in percent
}

// band is a state that lasted.
type band struct {
	shown
	Left, Width float64 // in percent of the time shown
}

// lane is one row of a state timeline.
type lane struct {
	Name  string
	Bands []band
}

// curve is one series of a plot; its points lie in a field of 1000 by 1000.
type curve struct {
	Name, Color, Path, Last string
	Dashed                  bool
}

type tick struct {
	At   float64 // in percent
	Text string
}

// view is a panel that is ready to be drawn.
type view struct {
	Panel
	NoValue    string
	Background bool
	Items      []item
	Lanes      []lane
	Curves     []curve
	Ticks      []tick
	Columns    []column
	Rows       [][]shown
	Empty      bool
}

// View evaluates the panel's queries. An error names the query.
func (s *Session) View(ctx context.Context, p Panel) (v view, err error) {
	v = view{Panel: p, NoValue: p.FieldConfig.Defaults.NoValue, Background: p.Options.ColorMode == "background"}
	switch p.Type {
	case "row", "text":
		return v, nil
	case "table":
		v.Columns, v.Rows, err = s.table(ctx, &p)
		v.Empty = len(v.Rows) == 0
	case "stat", "bargauge":
		v.Items, err = s.items(ctx, &p)
		v.Empty = len(v.Items) == 0
	case "state-timeline":
		v.Lanes, err = s.lanes(ctx, &p)
		v.Empty = len(v.Lanes) == 0
	case "timeseries":
		v.Curves, v.Ticks, err = s.curves(ctx, &p)
		v.Empty = len(v.Curves) == 0
	default:
		err = fmt.Errorf("panels of type %s cannot be drawn", p.Type)
	}
	if err != nil {
		return v, fmt.Errorf("panel %q: %w", p.Title, err)
	}
	return v, nil
}

func (s *Session) items(ctx context.Context, p *Panel) (out []item, err error) {
	for _, t := range p.Targets {
		vector, err := s.Instant(ctx, t.Expr)
		if err != nil {
			return nil, err
		}
		for _, sample := range vector {
			name := t.name(sample.Metric)
			f, err := p.field(name)
			if err != nil {
				return nil, err
			}
			out = append(out, item{Name: name, shown: f.show(float64(sample.Value))})
		}
	}
	top := 0.0
	for _, i := range out {
		top = max(top, i.Value)
	}
	for i := range out {
		if top > 0 {
			out[i].Width = 100 * out[i].Value / top
		}
	}
	if len(out) == 1 || p.Options.TextMode == "value" {
		for i := range out {
			if p.Type == "stat" {
				out[i].Name = ""
			}
		}
	}
	return out, nil
}

// at is a moment's place in the time shown, in percent.
func (s *Session) at(t model.Time) float64 {
	whole := s.o.To.Sub(s.o.From)
	return 100 * float64(t.Time().Sub(s.o.From)) / float64(whole)
}

func (s *Session) lanes(ctx context.Context, p *Panel) (out []lane, err error) {
	for _, t := range p.Targets {
		matrix, err := s.Range(ctx, t.Expr)
		if err != nil {
			return nil, err
		}
		for _, series := range matrix {
			l := lane{Name: t.name(series.Metric)}
			f, err := p.field(l.Name)
			if err != nil {
				return nil, err
			}
			l.Bands = s.bands(series.Values, f)
			out = append(out, l)
		}
	}
	return out, nil
}

// bands joins equal values that follow each other without a gap.
func (s *Session) bands(values []model.SamplePair, f Field) (out []band) {
	step := 100 * float64(s0(s.o)) / float64(s.o.To.Sub(s.o.From))
	for _, v := range values {
		left := s.at(v.Timestamp)
		value := f.show(float64(v.Value))
		if n := len(out); n > 0 && out[n-1].Value == value.Value && left-out[n-1].Left-out[n-1].Width < step/2 {
			out[n-1].Width += step
			continue
		}
		out = append(out, band{shown: value, Left: left, Width: step})
	}
	for i := range out {
		out[i].Width = min(out[i].Width, 100-out[i].Left)
	}
	return out
}

// classic is Grafana's palette of that name, for series whose number is not known.
func classic(i int) string {
	colors := []string{"#7EB26D", "#EAB839", "#6ED0E0", "#EF843C", "#E24D42", "#1F78C1", "#BA43A9", "#705DA0"}
	return colors[i%len(colors)]
}

type drawn struct {
	name   string
	field  Field
	values []model.SamplePair
}

func (s *Session) curves(ctx context.Context, p *Panel) (out []curve, ticks []tick, err error) {
	var all []drawn
	low, high := math.Inf(1), math.Inf(-1)
	for _, t := range p.Targets {
		matrix, err := s.Range(ctx, t.Expr)
		if err != nil {
			return nil, nil, err
		}
		for _, series := range matrix {
			name := t.name(series.Metric)
			f, err := p.field(name)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, drawn{name, f, series.Values})
			for _, v := range series.Values {
				low, high = min(low, float64(v.Value)), max(high, float64(v.Value))
			}
		}
	}
	if len(all) == 0 {
		return nil, nil, nil
	}
	defaults := p.FieldConfig.Defaults
	if lines := defaults.Custom.ThresholdsStyle.Mode; lines != "" && lines != "off" {
		for _, st := range defaults.Thresholds.Steps {
			if st.Value != nil {
				low, high = min(low, *st.Value), max(high, *st.Value)
			}
		}
	}
	if defaults.Min != nil {
		low = *defaults.Min
	}
	if defaults.Max != nil {
		high = *defaults.Max
	}
	if high <= low {
		high = low + 1
	}
	y := func(v float64) float64 { return 1000 - 1000*(v-low)/(high-low) }
	for i, d := range all {
		color := classic(i)
		if d.field.Color.Mode == "fixed" {
			color = d.field.Color.FixedColor
		}
		last := d.values[len(d.values)-1].Value
		out = append(out, curve{
			Name: d.name, Color: color, Path: s.path(d, y), Dashed: d.field.Custom.LineStyle.Fill == "dash", Last: d.field.number(float64(last)),
		})
	}
	if lines := defaults.Custom.ThresholdsStyle.Mode; lines != "" && lines != "off" {
		for _, st := range defaults.Thresholds.Steps {
			if st.Value != nil {
				out = append(out, curve{Color: st.Color, Path: fmt.Sprintf("M0 %.1fH1000", y(*st.Value)), Dashed: true})
			}
		}
	}
	for i := range 5 {
		v := low + (high-low)*float64(i)/4
		ticks = append(ticks, tick{At: y(v) / 10, Text: defaults.number(v)})
	}
	return out, ticks, nil
}

// path is a series as the path of an SVG; gaps are not joined.
func (s *Session) path(d drawn, y func(float64) float64) string {
	var b strings.Builder
	gap := model.Time(s0(s.o).Milliseconds() * 3 / 2)
	for i, v := range d.values {
		x, h := 10*s.at(v.Timestamp), y(float64(v.Value))
		switch {
		case i == 0 || v.Timestamp-d.values[i-1].Timestamp > gap:
			// A dot is seen, even where nothing follows.
			fmt.Fprintf(&b, "M%.1f %.1fh1", x, h)
		case d.field.Custom.LineInterpolation == "stepAfter":
			fmt.Fprintf(&b, "H%.1fV%.1f", x, h)
		default:
			fmt.Fprintf(&b, "L%.1f %.1f", x, h)
		}
	}
	return b.String()
}
