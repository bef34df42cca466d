// Package panels asks a Prometheus every query of the dashboards, with the
// variables filled in, in the play that it is for: none may stay empty.
package panels

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Query is one query of a dashboard.
type Query struct {
	// Dashboard is its uid, Panel the title of the panel, or "annotation NAME", "variable NAME".
	Dashboard, Panel, Expr string
}

func (q Query) String() string { return fmt.Sprintf("%s, %s: %s", q.Dashboard, q.Panel, q.Expr) }

// Dashboard is a file with its queries, and the values of the variables that it sets itself.
type Dashboard struct {
	UID     string
	Queries []Query
	Values  map[string]string
}

type file struct {
	UID         string  `json:"uid"`
	Panels      []panel `json:"panels"`
	Annotations struct {
		List []struct {
			Name string `json:"name"`
			Expr string `json:"expr"`
		} `json:"list"`
	} `json:"annotations"`
	Templating struct {
		List []variable `json:"list"`
	} `json:"templating"`
}

type panel struct {
	Title   string  `json:"title"`
	Panels  []panel `json:"panels"` // of a row that is folded
	Targets []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
}

type variable struct {
	Name    string          `json:"name"`
	Type    string          `json:"type"`
	Query   json.RawMessage `json:"query"` // text, or an object with the text
	Current struct {
		Value json.RawMessage `json:"value"`
	} `json:"current"`
}

// Load reads every dashboard of a folder; none at all is an error.
func Load(folder string) ([]Dashboard, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no dashboards: make generate", folder)
	}
	var out []Dashboard
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read a dashboard: %w", err)
		}
		d, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, d)
	}
	return out, nil
}

func parse(text []byte) (Dashboard, error) {
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return Dashboard{}, err
	}
	d := Dashboard{UID: f.UID, Values: map[string]string{}}
	d.addPanels(f.Panels)
	for _, a := range f.Annotations.List {
		d.add("annotation "+a.Name, a.Expr)
	}
	for _, v := range f.Templating.List {
		switch v.Type {
		case "query":
			expr, err := v.series()
			if err != nil {
				return d, err
			}
			d.add("variable "+v.Name, expr)
		case "datasource":
		default:
			var value string
			if err := json.Unmarshal(v.Current.Value, &value); err != nil {
				return d, fmt.Errorf("variable %s: current.value is no text: %w", v.Name, err)
			}
			d.Values[v.Name] = value
		}
	}
	return d, nil
}

func (d *Dashboard) add(where, expr string) {
	if expr != "" {
		d.Queries = append(d.Queries, Query{Dashboard: d.UID, Panel: where, Expr: expr})
	}
}

func (d *Dashboard) addPanels(panels []panel) {
	for _, p := range panels {
		for _, t := range p.Targets {
			d.add(p.Title, t.Expr)
		}
		d.addPanels(p.Panels)
	}
}

// series is the query whose labels label_values(SERIES, LABEL) offers.
func (v variable) series() (string, error) {
	var text string
	if err := json.Unmarshal(v.Query, &text); err != nil {
		var o struct {
			Query string `json:"query"`
		}
		if err := json.Unmarshal(v.Query, &o); err != nil {
			return "", fmt.Errorf("variable %s: its query is neither text nor an object with one: %w", v.Name, err)
		}
		text = o.Query
	}
	inner, ok := strings.CutPrefix(text, "label_values(")
	comma := strings.LastIndexByte(inner, ',')
	if !ok || comma < 0 || !strings.HasSuffix(inner, ")") {
		return "", fmt.Errorf("variable %s: %q is not of the form label_values(SERIES, LABEL)", v.Name, text)
	}
	label := strings.TrimSpace(strings.TrimSuffix(inner[comma+1:], ")"))
	return fmt.Sprintf("count by (%s) (%s)", label, inner[:comma]), nil
}
