package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/demo/ruleset"
)

// loaded is a set of one group of rules.
func loaded(t *testing.T, rules string) *ruleset.Set {
	t.Helper()
	dir := t.TempDir()
	text := "groups:\n- name: g\n  interval: 15s\n  rules:\n" + rules
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := ruleset.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Each check finds what it is there for, and nothing in what is right.
func TestExpressions(t *testing.T) {
	for expr, want := range map[string]string{
		// names, labels, states
		`max by (cluster, node) (powerha_lpm_phase{phase=~"idle|migrating"}) == 1`: "",
		`powerha:known == 1`:                           "",
		`powerha:unknown == 1`:                         "nobody publishes or records powerha:unknown",
		`powerha_lpm_phases == 1`:                      "nobody publishes or records powerha_lpm_phases",
		`powerha_node_managed_bucket == 1`:             "nobody publishes or records powerha_node_managed_bucket",
		`powerha_lpm_phase{phse="idle"}`:               "powerha_lpm_phase has no label phse",
		`powerha_lpm_phase{exported_cluster!=""}`:      "",
		`powerha_lpm_phase{phase="idel"}`:              "powerha_lpm_phase is never phase idel",
		`powerha_lpm_phase{phase=~"idle|moving"}`:      "powerha_lpm_phase is never phase moving",
		`powerha_lpm_phase{phase=~"mov.*"}`:            "no phase of powerha_lpm_phase is",
		`powerha_lpm_phase{phase=~"roll.*"}`:           "",
		`powerha_lpm_phase{phase=~"` + variable + `"}`: "",
		// types
		`rate(powerha_cluster_events_total[5m])`:                       "",
		`powerha_cluster_events_total > 0`:                             "powerha_cluster_events_total counts: it is read without rate or increase",
		`last_over_time(powerha_cluster_events_total[5m])`:             "powerha_cluster_events_total counts: it is read without rate or increase",
		`rate(powerha_node_managed[5m])`:                               "rate of powerha_node_managed, which is a gauge and no counter",
		`rate(powerha_lpm_freeze_duration_seconds_bucket{le="1"}[5m])`: "",
		`powerha_lpm_freeze_duration_seconds_sum`:                      "powerha_lpm_freeze_duration_seconds counts",
		`powerha_lpm_freeze_duration_seconds`:                          "nobody publishes or records powerha_lpm_freeze_duration_seconds",
		// grouping
		`max by (cluster, peer) (powerha_node_managed)`:                          "nothing there has the label peer",
		`powerha_node_managed and on (cluster, nodes) powerha_lpm_phase`:         "nothing there has the label nodes",
		`powerha_node_managed and on (cluster, phase) powerha_lpm_phase`:         "left of and on (cluster, phase): nothing there has the label phase",
		`max by (cluster, node) (ALERTS{alertname="Known"})`:                     "",
		`max by (cluster, peer) (ALERTS{alertname="Known"})`:                     "nothing there has the label peer",
		`count by (cluster, v) (count_values by (cluster) ("v", powerha:known))`: "",
		// clusters
		`max by (node) (powerha_node_managed)`:                       "aggregates over clusters",
		`max(powerha_node_managed)`:                                  "aggregates over clusters",
		`max without (cluster) (powerha_node_managed)`:               "aggregates over clusters",
		`max without (node, instance) (powerha_node_managed)`:        "",
		`powerha_node_managed and on (node) powerha_lpm_phase`:       "and on (node) joins over clusters",
		`powerha_node_managed and ignoring (cluster) powerha:known`:  "joins over clusters",
		`powerha_node_managed and ignoring (instance) powerha:known`: "",
		`absent(powerha_node_managed)`:                               "is one for all clusters",
		`powerha_node_managed > scalar(powerha_node_managed)`:        "is one for all clusters",
		// matching
		`powerha:known / on (cluster, node) powerha:known`:                                           "",
		`powerha_node_managed / on (cluster, node) powerha:known`:                                    "left of / on (cluster, node): several series may match, which differ by instance, job",
		`powerha_node_managed * on (cluster, node) group_left () powerha:known`:                      "",
		`powerha:known * on (cluster, node) group_left () powerha_node_managed`:                      "right of * on (cluster, node): several series may match, which differ by instance, job",
		`powerha:known * on (cluster) group_right () powerha:known`:                                  "left of * on (cluster): several series may match, which differ by node",
		`powerha_node_managed > ignoring (instance) powerha_cluster_unsynced_changes`:                "several series may match, which differ by instance",
		`powerha_node_managed and on (cluster, node) powerha_lpm_phase`:                              "",
		`label_replace(powerha_peer_up, "node", "$1", "peer", "(.+)")`:                               "overwrites node, by which its series may differ",
		`label_replace(max by (cluster, peer) (powerha_peer_up), "node", "$1", "peer", "(.+)") == 1`: "",
	} {
		set := loaded(t, "  - record: powerha:known\n    expr: max by (cluster, node) (powerha_node_managed)\n"+
			"  - alert: Known\n    expr: powerha:known == 0\n    labels: {severity: none}\n"+
			"  - record: powerha:asked\n    expr: '"+strings.ReplaceAll(expr, "'", "''")+"'\n")
		q := query{where: "asked", ast: set.Rules[2].AST, rule: &set.Rules[2]}
		k := knowledgeOf(set)
		got := k.checkNames(q, nil, make(map[string]bool))
		got = append(got, k.checkGrouping(q)...)
		got = append(got, checkCluster(q)...)
		got = append(got, k.checkMatching(q)...)
		if all := strings.Join(got, "; "); want == "" && all != "" || !strings.Contains(all, want) {
			t.Errorf("%s:\n found %q\n  want %q", expr, all, want)
		}
	}
}

// A rule may read what it has recorded before.
func TestOwnPast(t *testing.T) {
	set := loaded(t, "  - record: a:b\n    expr: max by (cluster, node) (powerha_node_managed) or a:b\n")
	if got := knowledgeOf(set).carried(set.Rules[0].AST); len(got) != 2 || !got["cluster"] || !got["node"] {
		t.Errorf("carries %v", got)
	}
}

func TestExceptions(t *testing.T) {
	rules := "  - record: a:b\n    expr: max by (node) (powerha_cluster_events_total)\n"
	set := loaded(t, rules)
	all := []query{{where: "a:b", ast: set.Rules[0].AST, rule: &set.Rules[0]}}
	about := func(found []string) (out []string) {
		for _, f := range found {
			if !strings.Contains(f, "list it as diagnostic") {
				out = append(out, f)
			}
		}
		return out
	}
	if got := about(checkQueries(set, all, exceptions{})); len(got) != 2 {
		t.Errorf("without exceptions: %q", got)
	}
	x := exceptions{
		Counters: map[string]string{"a:b powerha_cluster_events_total": "why"},
		Clusters: map[string]string{"a:b": "why"},
	}
	if got := about(checkQueries(set, all, x)); len(got) != 0 {
		t.Errorf("excused: %q", got)
	}
	x.Clusters["a:c"] = "why"
	x.Diagnostic = map[string]string{"powerha_cluster_events_total": "why", "powerha_no": "why", "powerha_node_managed": "why"}
	got := strings.Join(about(checkQueries(set, all, x)), "\n")
	for _, want := range []string{
		"a:c: excused from the check of clusters, and not in need of it",
		"powerha_cluster_events_total: listed as diagnostic, and read by a rule",
		"powerha_no: listed as diagnostic, and no program publishes it",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not found:\n%s", want, got)
		}
	}
	file := filepath.Join(t.TempDir(), "checks.yaml")
	for text, want := range map[string]string{
		"diagnostics: {}":          file,
		"clusters: {a: '', b: no}": "a has no reason",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readExceptions(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestUse(t *testing.T) {
	if got := strings.Join(checkUse(map[string]bool{"powerha_lpm_phase": true}, nil), "\n"); !strings.Contains(got, "powerha_node_managed: no rule and no panel reads it") ||
		strings.Contains(got, "powerha_lpm_phase: ") {
		t.Error(got)
	}
}

func TestTexts(t *testing.T) {
	set := loaded(t, "  - alert: A\n    expr: max by (cluster) (powerha_node_managed)\n    labels: {severity: none}\n"+
		"    annotations: {summary: 'c {{ $labels.cluster }}, {{ $labels.severity }}', description: 'n {{ $labels.node }}'}\n")
	got := knowledgeOf(set).checkTexts(query{where: "A", ast: set.Rules[0].AST, rule: &set.Rules[0]})
	if len(got) != 1 || got[0] != "its description shows the label node, which its series do not have" {
		t.Errorf("%q", got)
	}
}
