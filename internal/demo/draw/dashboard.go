// Package draw evaluates the queries of Grafana's dashboards against a
// Prometheus and draws their panels as one page, each in its place. The drawing
// is ours: it shows what a dashboard says and where, and not how Grafana looks.
package draw

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// Dashboard is the part of Grafana's JSON that is drawn.
type Dashboard struct {
	UID, Title, Description string
	Panels                  []Panel
	Templating              struct{ List []Variable }
	Annotations             struct{ List []Annotation }
}

// Variable is a template variable.
type Variable struct {
	Name, Label, Type string
	Definition        string
	IncludeAll        bool
	AllValue          string
	Hide              int
}

// Annotation is a query for events.
type Annotation struct {
	Name, Expr, IconColor string
	UseValueForTime       bool
}

// Target is one query of a panel.
type Target struct {
	RefID, Expr, Format, LegendFormat string
	Instant                           bool
}

// Panel is one panel.
type Panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []Target
	FieldConfig              struct {
		Defaults  Field
		Overrides []struct {
			Matcher    struct{ ID, Options string }
			Properties []struct {
				ID    string
				Value json.RawMessage
			}
		}
	}
	Options struct {
		ColorMode, TextMode, Content string
		SortBy                       []struct {
			DisplayName string
			Desc        bool
		}
	}
	Transformations []struct {
		ID      string
		Options struct {
			ExcludeByName map[string]bool
			IndexByName   map[string]int
			RenameByName  map[string]string
		}
	}
}

// Load reads a dashboard's file.
func Load(path string) (*Dashboard, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the dashboard: %w", err)
	}
	d := &Dashboard{}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("read the dashboard %s: %w", path, err)
	}
	slices.SortFunc(d.Panels, func(a, b Panel) int {
		if a.GridPos.Y != b.GridPos.Y {
			return a.GridPos.Y - b.GridPos.Y
		}
		return a.GridPos.X - b.GridPos.X
	})
	return d, nil
}
