package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

const clusterLabel = "cluster"

// checkCluster says where a rule leaves its cluster: a ruler that has a part of
// the clusters would come to another result than one that has all.
func checkCluster(q query) (out []string) {
	complain := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	parser.Inspect(q.ast, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.AggregateExpr:
			if slices.Contains(n.Grouping, clusterLabel) == n.Without {
				complain("%s aggregates over clusters", shorten(n))
			}
		case *parser.Call:
			if name := n.Func.Name; (name == "absent" || name == "absent_over_time" || name == "scalar") && !constant(n) {
				complain("%s is one for all clusters", shorten(n))
			}
		case *parser.BinaryExpr:
			m := n.VectorMatching
			if m == nil || n.LHS.Type() != parser.ValueTypeVector || n.RHS.Type() != parser.ValueTypeVector {
				return nil
			}
			if slices.Contains(m.MatchingLabels, clusterLabel) != m.On {
				complain("%s joins over clusters", operator(n))
			}
		}
		return nil
	})
	return out
}

// checkMatching says where more than one series may be found on a side of which
// only one may be: the rule would fail as soon as a node has two exporters.
func (k *knowledge) checkMatching(q query) (out []string) {
	parser.Inspect(q.ast, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.BinaryExpr:
			m := n.VectorMatching
			if m == nil || n.Op.IsSetOperator() || n.LHS.Type() != parser.ValueTypeVector || n.RHS.Type() != parser.ValueTypeVector {
				return nil
			}
			if m.Card != parser.CardManyToOne {
				out = append(out, k.several("left", n, n.LHS)...)
			}
			if m.Card != parser.CardOneToMany {
				out = append(out, k.several("right", n, n.RHS)...)
			}
		case *parser.Call:
			// A panel may shorten a label for the eye; a rule that fails wakes nobody.
			if q.rule == nil || n.Func.Name != "label_replace" && n.Func.Name != "label_join" {
				return nil
			}
			if to := text(n.Args[1]); k.carried(n.Args[0])[to] {
				out = append(out, fmt.Sprintf("%s overwrites %s, by which its series may differ: aggregate it away before", shorten(n), to))
			}
		}
		return nil
	})
	return out
}

// several names the labels by which series of one side may differ though they match the same.
func (k *knowledge) several(side string, n *parser.BinaryExpr, e parser.Expr) []string {
	m, carried := n.VectorMatching, k.carried(e)
	var more []string
	if m.On {
		more = carried.beyond(m.MatchingLabels)
	} else {
		for _, l := range m.MatchingLabels {
			if carried[l] {
				more = append(more, l)
			}
		}
	}
	if len(more) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s of %s: several series may match, which differ by %s", side, operator(n), strings.Join(more, ", "))}
}
