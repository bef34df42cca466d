package draw

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Field says how the values of a series or of a column are shown.
type Field struct {
	Unit, NoValue string
	Decimals      *int
	Min, Max      *float64
	Color         struct{ Mode, FixedColor string }
	Thresholds    struct{ Steps []step }
	Mappings      []mapping
	Links         []struct{ Title string }
	Custom        struct {
		DisplayMode, LineInterpolation string
		Hidden                         bool
		Width                          int
		LineStyle                      struct{ Fill string }
		ThresholdsStyle                struct{ Mode string }
	}
}

type step struct {
	Color string
	Value *float64
}

type mapped struct{ Text, Color string }

type mapping struct {
	Type    string
	Options json.RawMessage
}

// shown is a value as it is drawn.
type shown struct {
	Text, Color string
	Value       float64
}

// field returns how the field of that name is shown: the defaults with the overrides that name it.
func (p *Panel) field(name string) (Field, error) {
	f := p.FieldConfig.Defaults
	f.Mappings = slices.Clone(f.Mappings)
	for _, o := range p.FieldConfig.Overrides {
		if o.Matcher.ID != "byName" || o.Matcher.Options != name {
			continue
		}
		for _, property := range o.Properties {
			// An id is the path of what it replaces: custom.width.
			value := property.Value
			path := strings.Split(property.ID, ".")
			for _, key := range slices.Backward(path) {
				value = json.RawMessage(fmt.Sprintf(`{%q:%s}`, key, value))
			}
			if property.ID == "mappings" {
				f.Mappings = nil
			}
			if property.ID == "thresholds" {
				f.Thresholds.Steps = nil
			}
			if err := json.Unmarshal(value, &f); err != nil {
				return f, fmt.Errorf("override %s of %q: %w", property.ID, name, err)
			}
		}
	}
	return f, nil
}

// show gives a number its text and its colour.
func (f Field) show(v float64) shown {
	s := shown{Text: f.number(v), Color: f.threshold(v), Value: v}
	if f.Color.Mode == "fixed" {
		s.Color = f.Color.FixedColor
	}
	if m, ok := f.mapNumber(v); ok {
		s.Text = m.Text
		if m.Color != "" {
			s.Color = m.Color
		}
	}
	return s
}

// word gives a text its colour.
func (f Field) word(text string) shown {
	if m, ok := f.mapValue(text); ok {
		return shown{Text: m.Text, Color: m.Color}
	}
	return shown{Text: text}
}

func (f Field) threshold(v float64) (color string) {
	for _, s := range f.Thresholds.Steps {
		if s.Value == nil || v >= *s.Value {
			color = s.Color
		}
	}
	if color == "transparent" {
		return ""
	}
	return color
}

func (f Field) mapValue(key string) (mapped, bool) {
	for _, m := range f.Mappings {
		var options map[string]mapped
		if m.Type != "value" || json.Unmarshal(m.Options, &options) != nil {
			continue
		}
		if to, ok := options[key]; ok {
			return to, true
		}
	}
	return mapped{}, false
}

func (f Field) mapNumber(v float64) (mapped, bool) {
	for _, m := range f.Mappings {
		var span struct {
			From, To *float64
			Result   mapped
		}
		if m.Type != "range" || json.Unmarshal(m.Options, &span) != nil {
			continue
		}
		if (span.From == nil || v >= *span.From) && (span.To == nil || v <= *span.To) {
			return span.Result, true
		}
	}
	return f.mapValue(strconv.FormatFloat(v, 'f', -1, 64))
}

// number writes a value in its unit, in the units' names of Grafana.
func (f Field) number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 0):
		return fmt.Sprint(v)
	}
	switch f.Unit {
	case "s":
		return f.span(v)
	case "percentunit":
		return f.digits(100*v) + "%"
	case "cps":
		return f.digits(v) + " c/s"
	case "pps":
		return f.digits(v) + " p/s"
	case "dateTimeAsIso":
		return time.UnixMilli(int64(v)).UTC().Format(time.DateTime)
	default:
		return f.digits(v)
	}
}

func (f Field) span(v float64) string {
	for _, u := range []struct {
		from float64
		name string
	}{{7 * 86400, "weeks"}, {86400, "days"}, {3600, "hours"}, {60, "mins"}, {1, "s"}, {1e-3, "ms"}} {
		if math.Abs(v) >= u.from {
			return f.digits(v/u.from) + " " + u.name
		}
	}
	return f.digits(v) + " s"
}

// digits are as many as the field wants, or those of three significant ones.
func (f Field) digits(v float64) string {
	if f.Decimals != nil {
		return strconv.FormatFloat(v, 'f', *f.Decimals, 64)
	}
	places := 2
	if a := math.Abs(v); a >= 100 || v == math.Trunc(v) {
		places = 0
	} else if a >= 10 {
		places = 1
	}
	return strconv.FormatFloat(v, 'f', places, 64)
}
