// Package ruletest runs promtool's unit tests of rules under the engine of
// Prometheus 3, which cuts range selectors differently at their left edge than
// the promtool of Debian does, and plays their series in other ways too:
// frozen, twice, without labels.
package ruletest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v3"
)

// File is a file of promtool's unit tests, as far as ours use it.
type File struct {
	Path       string
	RuleFiles  []string       `yaml:"rule_files"`
	Every      model.Duration `yaml:"evaluation_interval"`
	GroupOrder []string       `yaml:"group_eval_order"`
	Tests      []Case         `yaml:"tests"`
}

// Case is one test of a file.
type Case struct {
	Name     string         `yaml:"name"`
	Interval model.Duration `yaml:"interval"`
	Series   []struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	} `yaml:"input_series"`
	Alerts []AlertCase `yaml:"alert_rule_test"`
	Exprs  []ExprCase  `yaml:"promql_expr_test"`
}

// AlertCase is what one alert is expected to be at a time.
type AlertCase struct {
	Name string         `yaml:"alertname"`
	At   model.Duration `yaml:"eval_time"`
	Want []struct {
		Labels      map[string]string `yaml:"exp_labels"`
		Annotations map[string]string `yaml:"exp_annotations"`
	} `yaml:"exp_alerts"`
}

// ExprCase is what an expression is expected to be at a time.
type ExprCase struct {
	Expr string         `yaml:"expr"`
	At   model.Duration `yaml:"eval_time"`
	Want []struct {
		Labels string  `yaml:"labels"`
		Value  float64 `yaml:"value"`
	} `yaml:"exp_samples"`
}

// Load reads a file of unit tests. A key that is not known is an error: it would not be tested.
func Load(path string) (*File, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the unit tests: %w", err)
	}
	f := &File{Path: path}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i, r := range f.RuleFiles {
		f.RuleFiles[i] = filepath.Join(filepath.Dir(path), r)
	}
	return f, nil
}

// Firing is one firing alert.
type Firing struct {
	Labels      labels.Labels
	Annotations labels.Labels
}

// Play evaluates the rules over the series from 0 to end and calls see after each evaluation with what fires, and ask
// after the last one with a function that answers instant queries. A rule that fails is an error.
func (f *File) Play(ctx context.Context, series []Series, step time.Duration, end time.Duration,
	see func(at time.Duration, firing []Firing), ask func(query func(expr string, at time.Duration) (promql.Vector, error)) error,
) (err error) {
	suite, err := promqltest.NewLazyLoader(text(series, step), promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
	if err != nil {
		return fmt.Errorf("load the series: %w", err)
	}
	defer func() { err = errors.Join(err, suite.Close()) }()
	every := time.Duration(f.Every)
	suite.SubqueryInterval = every
	groups, err := f.groups(ctx, suite)
	if err != nil {
		return err
	}
	for at := time.Duration(0); at <= end; at += every {
		now := time.Unix(0, 0).UTC().Add(at)
		var failed error
		suite.WithSamplesTill(now, func(err error) {
			failed = errors.Join(failed, err)
			for _, g := range groups {
				g.Eval(suite.Context(), now)
				for _, r := range g.Rules() {
					if err := r.LastError(); err != nil {
						failed = errors.Join(failed, fmt.Errorf("rule %s at %s: %w", r.Name(), at, err))
					}
				}
			}
		})
		if failed != nil {
			return failed
		}
		if see != nil {
			see(at, firing(groups))
		}
	}
	if ask == nil {
		return nil
	}
	return ask(func(expr string, at time.Duration) (promql.Vector, error) {
		q, err := suite.QueryEngine().NewInstantQuery(suite.Context(), suite.Queryable(), nil, expr, time.Unix(0, 0).Add(at))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", expr, err)
		}
		defer q.Close()
		v, err := q.Exec(suite.Context()).Vector()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", expr, err)
		}
		return slices.Clone(v), nil
	})
}

// groups loads the rule files and orders their groups as promtool does.
func (f *File) groups(ctx context.Context, suite *promqltest.LazyLoader) ([]*rules.Group, error) {
	m := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:  rules.EngineQueryFunc(suite.QueryEngine(), suite.Storage()),
		Appendable: suite.Storage(),
		Context:    ctx,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
		Logger:     promslog.NewNopLogger(),
		Parser:     parser.NewParser(parser.Options{}),
	})
	loaded, errs := m.LoadGroups(time.Duration(f.Every), labels.EmptyLabels(), "", nil, false, f.RuleFiles...)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	var out []*rules.Group
	for _, g := range loaded {
		out = append(out, g)
		for _, r := range g.Rules() {
			if a, ok := r.(*rules.AlertingRule); ok {
				a.SetRestored(true) // or ALERTS would not be written
			}
		}
	}
	slices.SortFunc(out, func(a, b *rules.Group) int {
		if d := slices.Index(f.GroupOrder, a.Name()) - slices.Index(f.GroupOrder, b.Name()); d != 0 {
			return d
		}
		return strings.Compare(a.Name(), b.Name())
	})
	return out, nil
}

func firing(groups []*rules.Group) (out []Firing) {
	for _, g := range groups {
		for _, r := range g.Rules() {
			a, ok := r.(*rules.AlertingRule)
			if !ok {
				continue
			}
			for _, active := range a.ActiveAlerts() {
				if active.State == rules.StateFiring {
					out = append(out, Firing{active.Labels.Copy(), active.Annotations.Copy()})
				}
			}
		}
	}
	return out
}
