package main

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"powerha_lpm_exporter/collector/table"
	"powerha_lpm_exporter/internal/demo/ruleset"
)

// labelSet are names of labels.
type labelSet map[string]bool

func setOf(names ...string) labelSet {
	s := make(labelSet)
	for _, n := range names {
		s[n] = true
	}
	return s
}

func (s labelSet) with(others ...labelSet) labelSet {
	out := make(labelSet)
	for _, o := range append(others, s) {
		for n := range o {
			out[n] = true
		}
	}
	return out
}

func (s labelSet) without(names ...string) labelSet {
	out := s.with()
	for _, n := range names {
		delete(out, n)
	}
	return out
}

// beyond lists the labels that are not among the names.
func (s labelSet) beyond(names []string) (out []string) {
	for n := range s {
		if !slices.Contains(names, n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// knowledge is which series exist and which labels they may carry.
type knowledge struct {
	recorded map[string][]ruleset.Rule
	alerts   map[string][]ruleset.Rule
	busy     map[string]bool // names that are being looked up: a rule may read what it has recorded
}

func knowledgeOf(set *ruleset.Set) *knowledge {
	k := &knowledge{recorded: set.Recorded(), alerts: make(map[string][]ruleset.Rule), busy: make(map[string]bool)}
	for _, r := range set.Rules {
		if r.Alert != "" {
			k.alerts[r.Alert] = append(k.alerts[r.Alert], r)
		}
	}
	return k
}

// published finds the metric of a series, whose name of a histogram has a suffix.
func published(series string) (table.Metric, bool) {
	if m, ok := table.Find(series); ok {
		return m, m.Type != table.TypeHistogram
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if name, ok := strings.CutSuffix(series, suffix); ok {
			m, ok := table.Find(name)
			return m, ok && m.Type == table.TypeHistogram
		}
	}
	return table.Metric{}, false
}

// scraped are the labels that Prometheus adds, and those that it renames when they clash.
func scraped() labelSet { return setOf("cluster", "node", "instance", "job") }

// of lists the labels that series of this name may carry; false when nobody publishes or records it.
func (k *knowledge) of(name string, matchers []*labels.Matcher) (labelSet, bool) {
	if name == "up" || strings.HasPrefix(name, "scrape_") {
		return scraped(), true
	}
	if name == "ALERTS" || name == "ALERTS_FOR_STATE" {
		s := setOf("alertname", "alertstate", "severity")
		for alert, rules := range k.alerts {
			if selects(matchers, "alertname", alert) {
				s = s.with(k.told(name+alert, rules))
			}
		}
		return s, true
	}
	if rules, ok := k.recorded[name]; ok {
		return k.told(name, rules), true
	}
	m, ok := published(name)
	if !ok {
		return nil, false
	}
	s := scraped().with(setOf(m.Labels...))
	if strings.HasSuffix(name, "_bucket") {
		s["le"] = true
	}
	return s, true
}

// told are the labels of what rules make.
func (k *knowledge) told(name string, rules []ruleset.Rule) labelSet {
	s := make(labelSet)
	if k.busy[name] {
		return s
	}
	k.busy[name] = true
	defer delete(k.busy, name)
	for _, r := range rules {
		s = s.with(k.carried(r.AST))
		for l := range r.Labels {
			s[l] = true
		}
	}
	return s
}

func selects(matchers []*labels.Matcher, label, value string) bool {
	for _, m := range matchers {
		if m.Name == label && !m.Matches(value) {
			return false
		}
	}
	return true
}

// carried are the labels that the result of an expression may carry.
func (k *knowledge) carried(e parser.Expr) labelSet {
	switch e := e.(type) {
	case *parser.VectorSelector:
		s, _ := k.of(e.Name, e.LabelMatchers)
		return s
	case *parser.MatrixSelector:
		return k.carried(e.VectorSelector)
	case *parser.SubqueryExpr:
		return k.carried(e.Expr)
	case *parser.ParenExpr:
		return k.carried(e.Expr)
	case *parser.UnaryExpr:
		return k.carried(e.Expr)
	case *parser.StepInvariantExpr:
		return k.carried(e.Expr)
	case *parser.AggregateExpr:
		return k.aggregated(e)
	case *parser.Call:
		return k.called(e)
	case *parser.BinaryExpr:
		return k.combined(e)
	}
	return labelSet{} // numbers and texts
}

func (k *knowledge) aggregated(e *parser.AggregateExpr) labelSet {
	switch {
	case e.Op == parser.TOPK || e.Op == parser.BOTTOMK:
		return k.carried(e.Expr)
	case e.Without:
		return k.carried(e.Expr).without(e.Grouping...)
	}
	s := setOf(e.Grouping...)
	if text, ok := e.Param.(*parser.StringLiteral); ok && e.Op == parser.COUNT_VALUES {
		s[text.Val] = true
	}
	return s
}

func (k *knowledge) called(e *parser.Call) labelSet {
	switch e.Func.Name {
	case "absent", "absent_over_time", "scalar", "vector", "time":
		return labelSet{}
	}
	for _, a := range e.Args {
		if t := a.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeMatrix {
			continue
		}
		s := k.carried(a)
		switch e.Func.Name {
		case "label_replace", "label_join":
			s = s.with(setOf(text(e.Args[1])))
		case "histogram_quantile":
			for _, a := range e.Args[1:] {
				s = k.carried(a).without("le")
			}
		}
		return s
	}
	return labelSet{}
}

func text(e parser.Expr) string {
	if t, ok := e.(*parser.StringLiteral); ok {
		return t.Val
	}
	return ""
}

func (k *knowledge) combined(e *parser.BinaryExpr) labelSet {
	left, right := k.carried(e.LHS), k.carried(e.RHS)
	m := e.VectorMatching
	switch {
	case e.LHS.Type() == parser.ValueTypeScalar:
		return right
	case e.RHS.Type() == parser.ValueTypeScalar || m == nil:
		return left
	case e.Op == parser.LOR:
		return left.with(right)
	case e.Op.IsSetOperator():
		return left
	case m.Card == parser.CardManyToOne:
		return left.with(setOf(m.Include...))
	case m.Card == parser.CardOneToMany:
		return right.with(setOf(m.Include...))
	case m.On:
		return setOf(m.MatchingLabels...)
	}
	return left.without(m.MatchingLabels...)
}
