package draw

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// row is a row of a table by the names of its fields: a float64 or a string each.
type row map[string]any

type column struct {
	Name  string
	Width int
}

// table answers the queries, joins and arranges them as the panel's transformations say.
func (s *Session) table(ctx context.Context, p *Panel) (columns []column, cells [][]shown, err error) {
	var frames [][]row
	for _, t := range p.Targets {
		vector, err := s.Instant(ctx, t.Expr)
		if err != nil {
			return nil, nil, err
		}
		value := "Value"
		if len(p.Targets) > 1 {
			value += " #" + t.RefID
		}
		var frame []row
		for _, sample := range vector {
			r := row{value: float64(sample.Value)}
			for name, text := range sample.Metric {
				r[string(name)] = string(text)
			}
			frame = append(frame, r)
		}
		frames = append(frames, frame)
	}
	var rows []row
	names := map[string]string{}
	var order []string
	for _, t := range p.Transformations {
		switch t.ID {
		case "merge":
			frames = [][]row{merge(frames)}
		case "organize":
			names = t.Options.RenameByName
			order = slices.SortedFunc(maps.Keys(t.Options.IndexByName), func(a, b string) int {
				return t.Options.IndexByName[a] - t.Options.IndexByName[b]
			})
		default:
			return nil, nil, fmt.Errorf("panel %q: the transformation %s cannot be drawn", p.Title, t.ID)
		}
	}
	for _, f := range frames {
		rows = append(rows, f...)
	}
	return p.arrange(rows, order, names)
}

// arrange makes columns of the fields, in order, and cells of the values.
func (p *Panel) arrange(rows []row, order []string, names map[string]string) (columns []column, cells [][]shown, err error) {
	sortRows(rows, p, order, names)
	cells = make([][]shown, len(rows))
	for _, field := range order {
		name := cmp.Or(names[field], field)
		f, err := p.field(name)
		if err != nil {
			return nil, nil, err
		}
		there := slices.ContainsFunc(rows, func(r row) bool { _, ok := r[field]; return ok })
		if !there || f.Custom.Hidden {
			continue
		}
		columns = append(columns, column{name, f.Custom.Width})
		for i, r := range rows {
			cell := shown{}
			switch v := r[field].(type) {
			case float64:
				cell = f.show(v)
			case string:
				cell = f.word(v)
			}
			if f.Custom.DisplayMode != "color-background" {
				cell.Color = ""
			}
			cells[i] = append(cells[i], cell)
		}
	}
	return columns, cells, nil
}

func sortRows(rows []row, p *Panel, order []string, names map[string]string) {
	text := func(r row) string {
		var parts []string
		for _, f := range order {
			if v, ok := r[f].(string); ok {
				parts = append(parts, v)
			}
		}
		return strings.Join(parts, "\x00")
	}
	slices.SortStableFunc(rows, func(a, b row) int { return strings.Compare(text(a), text(b)) })
	for _, by := range p.Options.SortBy {
		i := slices.IndexFunc(order, func(f string) bool { return names[f] == by.DisplayName })
		if i < 0 {
			continue
		}
		slices.SortStableFunc(rows, func(a, b row) int {
			x, _ := a[order[i]].(float64)
			y, _ := b[order[i]].(float64)
			u, _ := a[order[i]].(string)
			v, _ := b[order[i]].(string)
			c := cmp.Or(cmp.Compare(x, y), strings.Compare(u, v))
			if by.Desc {
				return -c
			}
			return c
		})
	}
}

// merge joins rows as Grafana's transformation of that name does: by the values
// of the fields that all frames have, and only where no other field contradicts.
func merge(frames [][]row) []row {
	frames = slices.DeleteFunc(frames, func(f []row) bool { return len(f) == 0 })
	if len(frames) == 0 {
		return nil
	}
	common := slices.Sorted(maps.Keys(frames[0][0]))
	for _, f := range frames {
		common = slices.DeleteFunc(common, func(name string) bool { _, ok := f[0][name]; return !ok })
	}
	var out []row
	byKey := make(map[string][]int)
	for _, f := range frames {
		for _, r := range f {
			var key strings.Builder
			for _, name := range common {
				fmt.Fprintf(&key, "%v\x00", r[name])
			}
			merged := false
			for _, i := range byKey[key.String()] {
				if mergeable(out[i], r) {
					maps.Copy(out[i], r)
					merged = true
				}
			}
			if !merged {
				byKey[key.String()] = append(byKey[key.String()], len(out))
				out = append(out, r)
			}
		}
	}
	return out
}

func mergeable(a, b row) bool {
	for name, v := range b {
		if have, ok := a[name]; ok && have != v {
			return false
		}
	}
	return true
}
