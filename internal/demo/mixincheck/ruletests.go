package main

import (
	"fmt"
	"os"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"powerha_lpm_exporter/internal/demo/ruleset"
)

// exprTest is a row that asks for the series of alerts.
type exprTest struct {
	Expr     string `yaml:"expr"`
	Expected []struct {
		Labels string `yaml:"labels"`
	} `yaml:"exp_samples"`
}

// readTest notes which alerts a file of rule tests expects to fire, and which not to.
func readTest(file string, alerts map[string][]ruleset.Rule, fires, rests map[string]bool) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var doc struct {
		Tests []struct {
			Alerts []struct {
				Name     string      `yaml:"alertname"`
				Expected []yaml.Node `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
			Exprs []exprTest `yaml:"promql_expr_test"`
		}
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, t := range doc.Tests {
		for _, a := range t.Alerts {
			if len(a.Expected) > 0 {
				fires[a.Name] = true
			} else {
				rests[a.Name] = true
			}
		}
		for _, e := range t.Exprs {
			if err := e.note(alerts, fires, rests); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return nil
}

// note takes a row into account when it names its alerts: one that asks for
// whatever fires says nothing of an alert that it does not expect.
func (e exprTest) note(alerts map[string][]ruleset.Rule, fires, rests map[string]bool) error {
	ast, err := ruleset.Parser().ParseExpr(e.Expr)
	if err != nil {
		return err
	}
	asked := make(map[string]bool)
	for _, s := range ruleset.Selectors(ast) {
		if s.Name == "ALERTS" && named(s.Matchers) && selects(s.Matchers, "alertstate", "firing") {
			for alert := range alerts {
				if selects(s.Matchers, "alertname", alert) {
					asked[alert] = true
				}
			}
		}
	}
	expected := make(map[string]bool)
	for _, x := range e.Expected {
		l, err := parser.NewParser(parser.Options{}).ParseMetric(x.Labels)
		if err != nil {
			return fmt.Errorf("labels %s: %w", x.Labels, err)
		}
		switch name := l.Get("alertname"); {
		case name != "" && l.Get("alertstate") != "pending":
			expected[name] = true
		case name == "" && len(asked) == 1: // an aggregate over the alert
			for alert := range asked {
				expected[alert] = true
			}
		}
	}
	for alert := range expected {
		fires[alert] = true
	}
	for alert := range asked {
		if !expected[alert] {
			rests[alert] = true
		}
	}
	return nil
}

func named(matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if m.Name == "alertname" && (m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp) {
			return true
		}
	}
	return false
}
