package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"powerha_lpm_exporter/collector/table"
	"powerha_lpm_exporter/internal/demo/ruleset"
)

// checkNames says of each selection whether its series exist, with those labels
// and those values, and whether what is counted is read as a count.
func (k *knowledge) checkNames(q query, excepted map[string]string, used map[string]bool) (out []string) {
	for _, s := range ruleset.Selectors(q.ast) {
		known, ok := k.of(s.Name, s.Matchers)
		if !ok {
			out = append(out, fmt.Sprintf("nobody publishes or records %s", s.Name))
			continue
		}
		for _, m := range s.Matchers {
			original := strings.TrimPrefix(m.Name, "exported_")
			if m.Name != model.MetricNameLabel && !known[m.Name] && !scraped()[original] {
				out = append(out, fmt.Sprintf("%s has no label %s", s.Name, m.Name))
			}
		}
		m, ok := published(s.Name)
		if !ok || len(k.recorded[s.Name]) > 0 {
			continue
		}
		used[m.Name] = true
		out = append(out, checkValues(m, s)...)
		if wrong := checkFunction(m, s.Func); wrong != "" && excepted[q.where+" "+m.Name] == "" {
			out = append(out, wrong)
		}
	}
	return out
}

// checkValues looks whether a matcher selects states that the metric can have.
func checkValues(m table.Metric, s ruleset.Selector) (out []string) {
	if len(m.States) == 0 || len(m.Labels) == 0 {
		return nil
	}
	for _, match := range s.Matchers {
		if match.Name != m.Labels[len(m.Labels)-1] || match.Value == "" || strings.Contains(match.Value, variable) {
			continue
		}
		asked := match.SetMatches()
		if match.Type == labels.MatchEqual || match.Type == labels.MatchNotEqual {
			asked = []string{match.Value}
		}
		for _, v := range asked {
			if !slices.Contains(m.States, v) {
				out = append(out, fmt.Sprintf("%s is never %s %s", m.Name, match.Name, v))
			}
		}
		if !slices.ContainsFunc(m.States, match.Matches) {
			out = append(out, fmt.Sprintf("no %s of %s is %s", match.Name, m.Name, match))
		}
	}
	return out
}

// checkFunction says what is wrong in reading a metric of that type under that function.
func checkFunction(m table.Metric, function string) string {
	counted := m.Type == table.TypeCounter || m.Type == table.TypeHistogram
	switch function {
	case "rate", "increase", "irate", "resets":
		if !counted {
			return fmt.Sprintf("%s of %s, which is a %s and no counter", function, m.Name, m.Type)
		}
	case "absent", "absent_over_time", "changes", "count_over_time", "present_over_time":
	default:
		if counted {
			return fmt.Sprintf("%s counts: it is read without rate or increase", m.Name)
		}
	}
	return ""
}

// checkGrouping says which labels are grouped by, matched on or taken over, and nobody sets.
func (k *knowledge) checkGrouping(q query) (out []string) {
	missing := func(where string, have labelSet, names []string) {
		for _, n := range names {
			if !have[n] {
				out = append(out, fmt.Sprintf("%s: nothing there has the label %s", where, n))
			}
		}
	}
	parser.Inspect(q.ast, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.AggregateExpr:
			missing(shorten(n), k.carried(n.Expr), n.Grouping)
		case *parser.BinaryExpr:
			m := n.VectorMatching
			if m == nil || !m.On || constant(n.LHS) || constant(n.RHS) {
				return nil
			}
			missing("left of "+operator(n), k.carried(n.LHS), m.MatchingLabels)
			missing("right of "+operator(n), k.carried(n.RHS), m.MatchingLabels)
		}
		return nil
	})
	return out
}

// checkTexts says which labels an alert's texts show, and its series do not have.
func (k *knowledge) checkTexts(q query) (out []string) {
	if q.rule == nil {
		return nil
	}
	have := k.carried(q.ast)
	for key, a := range q.rule.Annotations {
		for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(a, -1) {
			if _, set := q.rule.Labels[m[1]]; !set && !have[m[1]] {
				out = append(out, fmt.Sprintf("its %s shows the label %s, which its series do not have", key, m[1]))
			}
		}
	}
	slices.Sort(out)
	return out
}

// constant expressions carry no labels by their nature, as vector(1).
func constant(e parser.Expr) bool { return len(ruleset.Selectors(e)) == 0 }

func operator(e *parser.BinaryExpr) string {
	text := e.Op.String()
	if m := e.VectorMatching; m != nil && m.On {
		text += " on (" + strings.Join(m.MatchingLabels, ", ") + ")"
	}
	return text
}

// shorten is the beginning of an expression, to find it by.
func shorten(e parser.Expr) string {
	text := e.String()
	if len(text) > 80 {
		text = text[:77] + "..."
	}
	return text
}
