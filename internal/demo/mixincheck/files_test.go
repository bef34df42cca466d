package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
)

func TestGroups(t *testing.T) {
	right := rulefmt.RuleGroup{Name: "g", Interval: model.Duration(time.Minute), Rules: []rulefmt.Rule{{Alert: "A", Labels: map[string]string{"severity": "none"}}}}
	if got := checkGroups([]rulefmt.RuleGroup{right}); len(got) != 0 {
		t.Errorf("a right group: %q", got)
	}
	for want, g := range map[string]rulefmt.RuleGroup{
		"h: has no interval":   {Name: "h"},
		"g: is there twice":    right,
		"query_offset, labels": {Name: "h", Interval: right.Interval, Limit: 1},
		"A has keep_firing_for": {Name: "h", Interval: right.Interval, Rules: []rulefmt.Rule{
			{Alert: "A", KeepFiringFor: 1, Labels: map[string]string{"severity": "none"}},
		}},
		"A has no severity": {Name: "h", Interval: right.Interval, Rules: []rulefmt.Rule{{Alert: "A"}}},
	} {
		if got := checkGroups([]rulefmt.RuleGroup{right, g}); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRunbook(t *testing.T) {
	set := loaded(t, "  - alert: PowerHAOne\n    expr: vector(1)\n    annotations: {runbook_url: 'http://x/r.md#powerhaone'}\n"+
		"  - alert: PowerHATwo\n    expr: vector(1)\n    annotations: {runbook_url: 'http://x/r.md#powerhatwo'}\n")
	if got := checkRunbook(set, "# Runbook\n\n## PowerHAOne\n\n## PowerHATwo\n"); len(got) != 0 {
		t.Errorf("a whole runbook: %q", got)
	}
	got := checkRunbook(set, "## PowerHAOne\n\n## PowerHAThree\n")
	if len(got) != 2 || got[0] != "PowerHATwo: the runbook has no heading #powerhatwo" || got[1] != "runbook: no alert links to #powerhathree" {
		t.Errorf("%q", got)
	}
}

func TestRuleTests(t *testing.T) {
	set := loaded(t, "  - alert: A\n    expr: up == 0\n  - alert: B\n    expr: up == 0\n  - alert: C\n    expr: up == 0\n  - alert: D\n    expr: up == 0\n  - alert: E\n    expr: up == 0\n  - alert: W\n    expr: vector(1)\n")
	dir := t.TempDir()
	text := `tests:
  - alert_rule_test:
      - &a {alertname: A, eval_time: 1m, exp_alerts: [{exp_labels: {a: b}}]}
      - {<<: *a, eval_time: 2m}
      - {alertname: A, eval_time: 3m}
      - {<<: *a, alertname: W}
      - {alertname: B, eval_time: 1m}
    promql_expr_test:
      - {expr: 'ALERTS{alertname="C",alertstate="firing"}', eval_time: 1m, exp_samples: [{labels: '{}', value: 1}]}
      # Whatever fires: nothing is said of those that are not expected.
      - {expr: 'ALERTS{severity!="none"}', eval_time: 1m, exp_samples: [{labels: 'ALERTS{alertname="D",alertstate="firing"}', value: 1}]}
      - {expr: 'ALERTS{alertname=~"D|E"}', eval_time: 1m, exp_samples: [{labels: 'ALERTS{alertname="E",alertstate="pending"}', value: 1}]}
`
	if err := os.WriteFile(filepath.Join(dir, "x_test.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := checkTests(set, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := "B: no rule test where it fires\nC: no rule test where it does not fire\nE: no rule test where it fires"
	if strings.Join(got, "\n") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDashboards(t *testing.T) {
	dir := t.TempDir()
	write := func(expr string) {
		t.Helper()
		text := `{"panels":[{"title":"row","panels":[{"title":"P","targets":[{"expr":` + expr + `}]}]}],
			"annotations":{"list":[{"name":"N","expr":"powerha_lpm_phase"}]},
			"templating":{"list":[{"name":"v","definition":"label_values(powerha_lpm_phase{cluster=~\"$cluster\"}, node)"}]}}`
		if err := os.WriteFile(filepath.Join(dir, "d.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set := loaded(t, "  - record: a:b\n    expr: vector(1)\n")
	write(`"rate(powerha_x_total{cluster=~\"$cluster\",node=~\"${node:regex}\"}[$__rate_interval])"`)
	all, err := queriesOf(set, dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range all {
		got = append(got, q.where+" "+q.ast.String())
	}
	want := `a:b vector(1)
d.json: panel P rate(powerha_x_total{cluster=~"chosen",node=~"chosen"}[5m])
d.json: annotation N powerha_lpm_phase
d.json: variable v count by (node) (powerha_lpm_phase{cluster=~"chosen"})`
	if strings.Join(got, "\n") != want {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	write(`"rate(x"`)
	if _, err := queriesOf(set, dir); err == nil || !strings.Contains(err.Error(), "d.json: panel P") {
		t.Errorf("a broken expression: %v", err)
	}
}
