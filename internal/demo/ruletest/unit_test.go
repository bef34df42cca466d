package ruletest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

const mixin = "../../../mixin"

// all loads every file of unit tests of the mixin.
func all(t *testing.T) (out []*File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(mixin, "tests", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no unit tests: %v", err)
	}
	for _, p := range paths {
		f, err := Load(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// each runs a test for every case, side by side.
func each(t *testing.T, do func(t *testing.T, f *File, c Case, in []Series)) {
	t.Helper()
	for _, f := range all(t) {
		for _, c := range f.Tests {
			t.Run(filepath.Base(f.Path)+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				in, err := c.Input()
				if err != nil {
					t.Fatal(err)
				}
				do(t, f, c, in)
			})
		}
	}
}

// What promtool 2 tests in `make check-rules` holds under the engine of Prometheus 3 as well.
func TestUnderPrometheus3(t *testing.T) {
	each(t, func(t *testing.T, f *File, c Case, in []Series) {
		err := f.Play(t.Context(), in, time.Duration(c.Interval), c.End(), func(at time.Duration, firing []Firing) {
			for _, a := range c.Alerts {
				if d := time.Duration(a.At); at <= d && d < at+time.Duration(f.Every) {
					expectAlerts(t, a, firing)
				}
			}
		}, func(query func(string, time.Duration) (promql.Vector, error)) error {
			for _, e := range c.Exprs {
				v, err := query(e.Expr, time.Duration(e.At))
				if err != nil {
					return err
				}
				expectSamples(t, e, v)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func expectAlerts(t *testing.T, a AlertCase, firing []Firing) {
	t.Helper()
	got, want := []string{}, []string{}
	for _, f := range firing {
		if f.Labels.Get(labels.AlertName) == a.Name {
			got = append(got, fmt.Sprint(f.Labels, f.Annotations))
		}
	}
	for _, w := range a.Want {
		ls := labels.NewBuilder(labels.FromMap(w.Labels)).Set(labels.AlertName, a.Name).Labels()
		want = append(want, fmt.Sprint(ls, labels.FromMap(w.Annotations)))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s at %s:\n got %s\nwant %s", a.Name, a.At, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func expectSamples(t *testing.T, e ExprCase, v promql.Vector) {
	t.Helper()
	got, want := []string{}, []string{}
	for _, s := range v {
		got = append(got, fmt.Sprint(s.Metric, s.F))
	}
	for _, w := range e.Want {
		ls, err := parser.NewParser(parser.Options{}).ParseMetric(w.Labels)
		if err != nil {
			t.Fatalf("%s: %v", w.Labels, err)
		}
		want = append(want, fmt.Sprint(ls, w.Value))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s at %s:\n got %s\nwant %s", e.Expr, e.At, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}
