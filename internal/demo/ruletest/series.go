package ruletest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
)

// Series is one input series, written out: one value a step.
type Series struct {
	Labels labels.Labels
	Values []parser.SequenceValue
}

// Input parses the series of a case.
func (c Case) Input() ([]Series, error) {
	p := parser.NewParser(parser.Options{})
	out := make([]Series, 0, len(c.Series))
	for _, s := range c.Series {
		ls, values, err := p.ParseSeriesDesc(s.Series + " " + s.Values)
		if err != nil {
			return nil, fmt.Errorf("%s: series %s: %w", c.Name, s.Series, err)
		}
		out = append(out, Series{ls, values})
	}
	return out, nil
}

// End is the last time at which the case expects anything.
func (c Case) End() (end time.Duration) {
	for _, a := range c.Alerts {
		end = max(end, time.Duration(a.At))
	}
	for _, e := range c.Exprs {
		end = max(end, time.Duration(e.At))
	}
	return end
}

// Freeze returns the series as Prometheus sees them when it cannot scrape that node from a time on: those that the node
// publishes are stale, its targets are down.
func Freeze(in []Series, step time.Duration, cluster, node string, from time.Duration) []Series {
	targets := map[string]bool{}
	mine := func(s Series) bool {
		return s.Labels.Get("cluster") == cluster && s.Labels.Get("node") == node
	}
	for _, s := range in {
		if mine(s) && s.Labels.Get("instance") != "" {
			targets[s.Labels.Get("instance")] = true
		}
	}
	first := int((from + step - 1) / step)
	out := make([]Series, 0, len(in))
	for _, s := range in {
		if len(s.Values) > first {
			switch {
			case mine(s):
				s.Values = append(append([]parser.SequenceValue{}, s.Values[:first]...), parser.SequenceValue{Value: math.Float64frombits(value.StaleNaN)})
			case s.Labels.Get("__name__") == "up" && targets[s.Labels.Get("instance")]:
				s.Values = append(append([]parser.SequenceValue{}, s.Values[:first]...), make([]parser.SequenceValue, len(s.Values)-first)...)
			}
		}
		out = append(out, s)
	}
	return out
}

// With returns the series with a label set, or removed where the value is empty.
func With(in []Series, label string, to func(s Series) string) []Series {
	out := make([]Series, 0, len(in))
	for _, s := range in {
		b := labels.NewBuilder(s.Labels)
		if v := to(s); v == "" {
			b.Del(label)
		} else {
			b.Set(label, v)
		}
		out = append(out, Series{b.Labels(), s.Values})
	}
	return out
}

// text writes the series as a load command of promqltest.
func text(in []Series, step time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "load %dms\n", step.Milliseconds())
	seen := map[uint64]bool{}
	for _, s := range in {
		if seen[s.Labels.Hash()] {
			continue // Prometheus would refuse the second one
		}
		seen[s.Labels.Hash()] = true
		fmt.Fprintf(&b, "  %s", s.Labels)
		for _, v := range s.Values {
			switch {
			case v.Omitted:
				b.WriteString(" _")
			case value.IsStaleNaN(v.Value):
				b.WriteString(" stale")
			default:
				b.WriteString(" " + strconv.FormatFloat(v.Value, 'g', -1, 64))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
