package panels

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

//go:embed panels.yaml
var tableText []byte

// Span is when a play was played, and under which name its cluster is known.
type Span struct {
	Cluster    string
	Start, End time.Time
}

// table says in which play a query has an answer, where that is not the usual one.
type table struct {
	// Usual is the play of all others.
	Usual string `yaml:"usual"`
	// Plays of single panels, and queries without an answer in any play.
	Plays      []entry `yaml:"plays"`
	Exceptions []entry `yaml:"exceptions"`
}

// entry means a panel; Query the one of its queries that has this text in it, all when empty.
type entry struct {
	Dashboard, Panel, Query string
	Play                    string
	Why                     string
	// Sometimes: it has an answer when the check happens to run at the right time.
	Sometimes bool
}

func readTable(text []byte) (table, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	var t table
	if err := dec.Decode(&t); err != nil {
		return t, fmt.Errorf("panels.yaml: %w", err)
	}
	for _, e := range t.Exceptions {
		if e.Why == "" {
			return t, fmt.Errorf("panels.yaml: the exception %s, %s needs a why", e.Dashboard, e.Panel)
		}
	}
	return t, nil
}

func (e entry) means(q Query) bool {
	return e.Dashboard == q.Dashboard && e.Panel == q.Panel && (e.Query == "" || bytes.Contains([]byte(q.Expr), []byte(e.Query)))
}

// Result is what came of a check.
type Result struct {
	Asked, Empty int
	Err          error
}

// step is the distance of the points in time at which a query is asked: that of the samples.
const step = 2 * time.Second

// Check asks every query over the whole of the play that it is for. Each that fails or stays empty is an error, and each
// exception that is not needed any more. Plays that were not played are left out.
func Check(ctx context.Context, prom v1.API, dashboards []Dashboard, values map[string]string, spans map[string]Span) Result {
	t, err := readTable(tableText)
	if err != nil {
		return Result{Err: err}
	}
	return t.check(ctx, prom, dashboards, values, spans)
}

func (t table) check(ctx context.Context, prom v1.API, dashboards []Dashboard, values map[string]string, spans map[string]Span) Result {
	var r Result
	var errs []error
	used := make([]bool, len(t.Exceptions))
	for _, d := range dashboards {
		for _, q := range d.Queries {
			span, played := spans[t.playOf(q)]
			if !played {
				continue
			}
			n, err := ask(ctx, prom, q, merged(values, d.Values), span)
			r.Asked++
			i := slices.IndexFunc(t.Exceptions, func(e entry) bool { return e.means(q) })
			switch {
			case err != nil:
				errs = append(errs, fmt.Errorf("%s: %w", q, err))
			case i >= 0:
				used[i] = used[i] || n == 0
				r.Empty++
			case n == 0:
				errs = append(errs, fmt.Errorf("%s: empty in the play %s", q, t.playOf(q)))
			}
		}
	}
	for _, e := range slices.Concat(t.Plays, t.Exceptions) {
		if !slices.ContainsFunc(dashboards, func(d Dashboard) bool { return slices.ContainsFunc(d.Queries, e.means) }) {
			errs = append(errs, fmt.Errorf("panels.yaml: no query of %s, %s %s: was the panel renamed?", e.Dashboard, e.Panel, e.Query))
		}
	}
	for i, e := range t.Exceptions {
		if _, played := spans[t.Usual]; played && !used[i] && !e.Sometimes {
			errs = append(errs, fmt.Errorf("panels.yaml: the exception %s, %s is not needed: none of its queries is empty", e.Dashboard, e.Panel))
		}
	}
	r.Err = errors.Join(errs...)
	return r
}

func (t table) playOf(q Query) string {
	if i := slices.IndexFunc(t.Plays, func(e entry) bool { return e.means(q) }); i >= 0 {
		return t.Plays[i].Play
	}
	return t.Usual
}

func merged(a, b map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range []map[string]string{a, b} {
		for name, value := range m {
			out[name] = value
		}
	}
	return out
}

// ask returns how many series answer the query at any point in time of the span.
func ask(ctx context.Context, prom v1.API, q Query, values map[string]string, s Span) (int, error) {
	expr, err := fill(q.Expr, merged(values, map[string]string{"cluster": s.Cluster}), s.End.Sub(s.Start), step)
	if err != nil {
		return 0, err
	}
	got, _, _, err := prom.QueryRange(ctx, expr, v1.Range{Start: s.Start, End: s.End, Step: step})
	if err != nil {
		return 0, fmt.Errorf("asked as %s: %w", expr, err)
	}
	matrix, ok := got.(model.Matrix)
	if !ok {
		return 0, fmt.Errorf("asked as %s: the answer is a %s", expr, got.Type())
	}
	return len(matrix), nil
}
