// Package ruleset reads the rendered rule files with Prometheus's own parser
// and tells which series each expression reads, and how far back.
package ruleset

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// Rule is one rule with its parsed expression.
type Rule struct {
	rulefmt.Rule
	File, Group string
	Interval    time.Duration // of its group; 0 when the group does not say
	AST         parser.Expr
}

// Name is that of the alert or of the recorded series.
func (r Rule) Name() string { return r.Alert + r.Record }

// Set are the rules of a folder.
type Set struct {
	Files  []string
	Groups []rulefmt.RuleGroup
	Rules  []Rule
}

// Parser reads PromQL as a Prometheus without feature flags does.
func Parser() parser.Parser { return parser.NewParser(parser.Options{}) }

// Load reads every *.yaml of the folder. An error names the file and the line.
func Load(folder string) (*Set, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no rule file in %s: run `make generate`", folder)
	}
	slices.Sort(files)
	s := &Set{Files: files}
	p := Parser()
	for _, file := range files {
		groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, p, slog.New(slog.DiscardHandler))
		if len(errs) > 0 {
			return nil, fmt.Errorf("read the rules: %w", errors.Join(errs...))
		}
		for _, g := range groups.Groups {
			s.Groups = append(s.Groups, g)
			for _, r := range g.Rules {
				ast, err := p.ParseExpr(r.Expr)
				if err != nil {
					return nil, fmt.Errorf("%s: rule %s%s: %w", file, r.Alert, r.Record, err)
				}
				s.Rules = append(s.Rules, Rule{Rule: r, File: file, Group: g.Name, Interval: time.Duration(g.Interval), AST: ast})
			}
		}
	}
	return s, nil
}

// Recorded maps the name of each recorded series to the rules that record it.
func (s *Set) Recorded() map[string][]Rule {
	out := make(map[string][]Rule)
	for _, r := range s.Rules {
		if r.Record != "" {
			out[r.Record] = append(out[r.Record], r)
		}
	}
	return out
}

// Selector is one selection of series within an expression.
type Selector struct {
	Name     string // empty when the expression does not fix it
	Matchers []*labels.Matcher
	// Lookback is how far before the evaluation its oldest sample may lie, beyond the staleness of an instant selector.
	Lookback time.Duration
	// Func is the function that is applied to the range, or to the instant vector itself; empty when none is.
	Func string
}

// Matches says whether the selection takes series with these labels.
func (s Selector) Matches(l labels.Labels) bool {
	for _, m := range s.Matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// Selectors lists all selections of an expression.
func Selectors(e parser.Expr) []Selector {
	var out []Selector
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			out = append(out, selector(v, path))
		}
		return nil
	})
	return out
}

func selector(v *parser.VectorSelector, path []parser.Node) Selector {
	s := Selector{Name: v.Name, Matchers: v.LabelMatchers, Lookback: v.OriginalOffset}
	for _, m := range v.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			s.Name = m.Value
		}
	}
	for _, n := range path {
		switch n := n.(type) {
		case *parser.MatrixSelector:
			s.Lookback += n.Range
		case *parser.SubqueryExpr:
			s.Lookback += n.Range + n.OriginalOffset
		}
	}
	for _, n := range slices.Backward(path) {
		switch n := n.(type) {
		case *parser.MatrixSelector, *parser.ParenExpr, *parser.StepInvariantExpr:
			continue
		case *parser.Call:
			s.Func = n.Func.Name
		}
		break
	}
	return s
}
