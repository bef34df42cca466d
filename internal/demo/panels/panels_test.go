package panels

import (
	"context"
	"strings"
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

const board = `{"uid": "u",
 "panels": [{"title": "A", "targets": [{"expr": "up{cluster=~\"$cluster\"}"}, {"expr": ""}]}, {"title": "row", "panels": [{"title": "B", "targets": [{"expr": "b"}]}]}],
 "annotations": {"list": [{"name": "built in"}, {"name": "freezes", "expr": "f"}]},
 "templating": {"list": [
  {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {"value": "x"}},
  {"name": "node", "type": "query", "query": {"query": "label_values(n{cluster=~\"$cluster\"}, node)"}},
  {"name": "track", "type": "custom", "query": "all,none", "current": {"value": "all"}}]}}`

func TestEveryQueryIsFound(t *testing.T) {
	d, err := parse([]byte(board))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range d.Queries {
		got = append(got, q.Panel+": "+q.Expr)
	}
	want := `A: up{cluster=~"$cluster"}; B: b; annotation freezes: f; variable node: count by (node) (n{cluster=~"$cluster"})`
	if text := strings.Join(got, "; "); text != want || d.Values["track"] != "all" {
		t.Errorf("got %s, %v", text, d.Values)
	}
	if _, err := parse([]byte(`{"templating": {"list": [{"name": "n", "type": "query", "query": "metrics(x)"}]}}`)); err == nil {
		t.Error("a variable that is not understood was passed over")
	}
}

func TestFill(t *testing.T) {
	got, err := fill(`rate(x{a=~"$cluster",b="${node:regex}",c="[[node]]"}[$__rate_interval]) [$__range] label_replace("$1${2}")`,
		map[string]string{"cluster": "c1", "node": "n1"}, time.Minute, time.Second)
	if want := `rate(x{a=~"c1",b="n1",c="n1"}[4s]) [60s] label_replace("$1${2}")`; err != nil || got != want {
		t.Errorf("%v, %s", err, got)
	}
	if _, err := fill("$other", nil, time.Minute, time.Second); err == nil || !strings.Contains(err.Error(), "other") {
		t.Errorf("got %v", err)
	}
}

// answers is a Prometheus that knows which queries have an answer.
type answers struct {
	v1.API
	full map[string]bool
}

func (a answers) QueryRange(_ context.Context, query string, _ v1.Range, _ ...v1.Option) (model.Value, v1.Warnings, v1.Infos, error) {
	if a.full[query] {
		return model.Matrix{&model.SampleStream{}}, nil, nil, nil
	}
	return model.Matrix{}, nil, nil, nil
}

func TestCheck(t *testing.T) {
	board := Dashboard{UID: "u", Queries: []Query{{"u", "A", `a{c="$cluster"}`}, {"u", "B", "b"}}}
	spans := map[string]Span{"main": {Cluster: "main"}, "lost": {Cluster: "lost_again"}}
	prom := answers{full: map[string]bool{`a{c="lost_again"}`: true}}
	elsewhere := []entry{{Dashboard: "u", Panel: "A", Play: "lost"}}
	except := func(panel string) []entry { return []entry{{Dashboard: "u", Panel: panel, Why: "w"}} }
	for name, c := range map[string]struct {
		table table
		want  string
	}{
		"empty":              {table{Usual: "main", Plays: elsewhere}, "u, B: b: empty in the play main"},
		"excepted":           {table{Usual: "main", Plays: elsewhere, Exceptions: except("B")}, ""},
		"exception unneeded": {table{Usual: "main", Plays: elsewhere, Exceptions: append(except("B"), except("A")...)}, "u, A is not needed"},
		"exception renamed":  {table{Usual: "main", Plays: elsewhere, Exceptions: append(except("B"), entry{Dashboard: "u", Panel: "D", Sometimes: true})}, "no query of u, D"},
		"exception unknown":  {table{Usual: "main", Plays: elsewhere, Exceptions: append(except("B"), except("C")...)}, "u, C is not needed"},
		"another play":       {table{Usual: "main", Exceptions: except("B")}, "u, A: a{c=\"$cluster\"}: empty"},
	} {
		err := c.table.check(t.Context(), prom, []Dashboard{board}, nil, spans).Err
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if _, err := readTable([]byte("exceptions: [{dashboard: u, panel: A}]")); err == nil || !strings.Contains(err.Error(), "needs a why") {
		t.Errorf("got %v", err)
	}
	if _, err := readTable(tableText); err != nil {
		t.Error(err)
	}
}
