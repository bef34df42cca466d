package draw

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"powerha_lpm_exporter/collector/table"
)

const root = "../../.."

func dashboards(t *testing.T) []*Dashboard {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "dashboards", "*.json"))
	if err != nil || len(files) != 5 {
		t.Fatalf("dashboards: %v, %v", files, err)
	}
	var out []*Dashboard
	for _, f := range files {
		d, err := Load(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

// recorded lists the series that the rules record.
func recorded(t *testing.T) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "alerts", "powerha_rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Record string }
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			names = append(names, r.Record)
		}
	}
	return names
}

// published lists the series of the exporter and the actor.
func published() (names []string) {
	for _, m := range table.Metrics() {
		names = append(names, m.Name)
		if m.Type == table.TypeHistogram {
			names = append(names, m.Name+"_bucket", m.Name+"_sum", m.Name+"_count")
		}
	}
	return names
}

// still is a session in which every variable stands for All: nothing is asked.
func still(d *Dashboard) *Session {
	s := &Session{values: map[string]string{"datasource": "x", "__range": "1h", "__interval": "15s", "__rate_interval": "1m"}}
	for _, v := range d.Templating.List {
		s.values[v.Name] = ".*"
	}
	return s
}

// Every query, annotation and variable is PromQL once its variables have values, and names series that exist.
func TestQueriesAreSoundAndNameWhatExists(t *testing.T) {
	known := slices.Concat(published(), recorded(t), []string{"ALERTS"})
	p := parser.NewParser(parser.Options{})
	check := func(t *testing.T, d *Dashboard, where, query string) {
		t.Helper()
		query = still(d).Substitute(query)
		if regexp.MustCompile(`\$[A-Za-z_{]`).MatchString(query) { // $1 is label_replace's
			t.Errorf("%s, %s: a variable has no value in %s", d.UID, where, query)
		}
		expr, err := p.ParseExpr(query)
		if err != nil {
			t.Errorf("%s, %s: %v in %s", d.UID, where, err, query)
			return
		}
		parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
			if v, ok := n.(*parser.VectorSelector); ok && !slices.Contains(known, v.Name) {
				t.Errorf("%s, %s: nobody publishes or records %s", d.UID, where, v.Name)
			}
			return nil
		})
	}
	for _, d := range dashboards(t) {
		queries := 0
		for _, panel := range d.Panels {
			for _, target := range panel.Targets {
				check(t, d, panel.Title, target.Expr)
				queries++
			}
		}
		for _, a := range d.Annotations.List {
			check(t, d, a.Name, a.Expr)
		}
		for _, v := range d.Templating.List {
			if m := labelValues.FindStringSubmatch(v.Definition); m != nil {
				check(t, d, v.Name, m[1])
			} else if v.Type == "query" {
				t.Errorf("%s: variable %s is not label_values", d.UID, v.Name)
			}
		}
		if queries == 0 {
			t.Errorf("%s has no queries", d.UID)
		}
	}
}

// A counter is looked at only through rate and increase, or for whether it is there.
func TestCountersOnlyUnderRateOrIncrease(t *testing.T) {
	counters := map[string]bool{}
	for _, m := range table.Metrics() {
		if m.Type == table.TypeCounter {
			counters[m.Name] = true
		}
		if m.Type == table.TypeHistogram {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				counters[m.Name+suffix] = true
			}
		}
	}
	p, seen := parser.NewParser(parser.Options{}), 0
	for _, d := range dashboards(t) {
		for _, panel := range d.Panels {
			for _, target := range panel.Targets {
				expr, err := p.ParseExpr(still(d).Substitute(target.Expr))
				if err != nil {
					t.Fatal(err)
				}
				parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
					v, ok := n.(*parser.VectorSelector)
					if !ok || !counters[v.Name] {
						return nil
					}
					seen++
					call := ""
					for _, above := range path {
						if c, ok := above.(*parser.Call); ok {
							call = c.Func.Name
						}
					}
					if !slices.Contains([]string{"rate", "increase", "present_over_time"}, call) {
						t.Errorf("%s, %s: the counter %s stands under %q", d.UID, panel.Title, v.Name, call)
					}
					return nil
				})
			}
		}
	}
	if seen == 0 {
		t.Error("no counter is on any dashboard: this test shows nothing")
	}
}
