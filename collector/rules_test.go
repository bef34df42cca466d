package collector

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type rule struct {
	Alert, Record, Expr string
	Labels, Annotations map[string]string
}

// rendered are the rules of ../alerts.
func rendered(t *testing.T) (out []rule) {
	t.Helper()
	files, err := filepath.Glob("../alerts/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules in ../alerts: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Groups []struct{ Rules []rule } }
		if err := yaml.Unmarshal(b, &doc); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, g := range doc.Groups {
			out = append(out, g.Rules...)
		}
	}
	if len(out) == 0 {
		t.Fatal("no rule in ../alerts")
	}
	return out
}

var (
	// A name of ours with what selects among its series. A colon before or behind makes it a recorded series.
	selector = regexp.MustCompile(`([a-z0-9_:]*powerha_[a-z0-9_:]+|powerha:[a-z0-9_:]+)(\{[^}]*\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"`)
	// A label that is grouped by, and the name that follows: what is aggregated. What is between them is no name of ours.
	grouping = regexp.MustCompile(`\bby \(([a-z_, ]*)\)`)
	matching = regexp.MustCompile(`\b(?:on|ignoring|group_left|group_right) \(([a-z_, ]*)\)`)
	shown    = regexp.MustCompile(`\$labels\.([a-z_]+)`)
	text     = regexp.MustCompile(`"[^"]*"`)
	// What Prometheus itself records: it stands for any recorded series.
	builtIn = regexp.MustCompile(`\b(?:ALERTS|up)\{[^}]*\}`)
)

// exposed finds the metric of a series, whose name of a histogram has a suffix.
func exposed(series string) (Metric, bool) {
	if m, ok := Find(series); ok {
		return m, true
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if m, ok := Find(strings.TrimSuffix(series, suffix)); ok && m.Type == TypeHistogram {
			return m, strings.HasSuffix(series, suffix)
		}
	}
	return Metric{}, false
}

func has(m Metric, label string) bool {
	return slices.Contains([]string{"cluster", "node", "job", "instance", "exported_cluster", "exported_node"}, label) || slices.Contains(m.Labels, label) ||
		label == "le" && m.Type == TypeHistogram
}

func split(labels string) []string {
	return strings.FieldsFunc(labels, func(r rune) bool { return r == ',' || r == ' ' })
}

// wrong lists what an expression asks for and nobody publishes.
func wrong(expr string, recorded map[string]bool) (out []string) {
	complain := func(what ...string) { out = append(out, strings.Join(what, " ")) }
	all, sure := []Metric{}, true // sure: every label of the series is known here
	if builtIn.MatchString(expr) {
		expr, sure = builtIn.ReplaceAllString(expr, "powerha:built_in"), false
	}
	for _, s := range selector.FindAllStringSubmatch(expr, -1) {
		name, matchers := s[1], s[2]
		if strings.Contains(name, ":") {
			sure = false
			if !recorded[name] && name != "powerha:built_in" {
				complain("nothing records", name)
			}
			continue
		}
		m, ok := exposed(name)
		if !ok {
			complain("no metric", name)
			continue
		}
		all = append(all, m)
		for _, c := range matcher.FindAllStringSubmatch(matchers, -1) {
			label, values := c[1], strings.Split(c[2], "|")
			if !has(m, label) {
				complain(name, "has no label", label)
			}
			if len(m.States) == 0 || len(m.Labels) == 0 || label != m.Labels[len(m.Labels)-1] {
				continue
			}
			for _, v := range values {
				if !slices.Contains(m.States, v) {
					complain(name, "is never", label, v)
				}
			}
		}
	}
	bare := text.ReplaceAllString(expr, `""`)
	for _, g := range grouping.FindAllStringSubmatchIndex(bare, -1) {
		s := selector.FindStringSubmatch(bare[g[1]:])
		if s == nil || strings.Contains(s[1], ":") {
			continue
		}
		m, ok := exposed(s[1])
		for _, label := range split(bare[g[2]:g[3]]) {
			if ok && !has(m, label) {
				complain(s[1], "has no label", label, "to group by")
			}
		}
	}
	for _, g := range matching.FindAllStringSubmatch(bare, -1) {
		for _, label := range split(g[1]) {
			if sure && !slices.ContainsFunc(all, func(m Metric) bool { return has(m, label) }) {
				complain("none of the metrics has label", label)
			}
		}
	}
	return out
}

// Every metric that a rule names is in the table, with the labels and states that the rule selects, groups by and shows.
func TestRulesNameWhatIsPublished(t *testing.T) {
	all := rendered(t)
	recorded := make(map[string]bool)
	labels := make(map[string]map[string]bool) // of recorded series
	for _, r := range all {
		if r.Record != "" {
			recorded[r.Record] = true
			labels[r.Record] = addLabels(labels[r.Record], r, nil)
		}
	}
	named := 0
	for _, r := range all {
		named += len(selector.FindAllString(r.Expr, -1))
		for _, w := range wrong(r.Expr, recorded) {
			t.Errorf("%s: %s", r.Alert+r.Record, w)
		}
		known := addLabels(nil, r, labels)
		for key, a := range r.Annotations {
			for _, l := range shown.FindAllStringSubmatch(a, -1) {
				if !known[l[1]] {
					t.Errorf("%s: %s shows the label %s, which is nowhere in its expression", r.Alert, key, l[1])
				}
			}
		}
	}
	if named < len(all) {
		t.Errorf("%d names in %d rules: the test looks past them", named, len(all))
	}
}

// addLabels adds what labels a rule's series may have.
func addLabels(to map[string]bool, r rule, recorded map[string]map[string]bool) map[string]bool {
	if to == nil {
		to = make(map[string]bool)
	}
	for l := range r.Labels {
		to[l] = true
	}
	for _, g := range grouping.FindAllStringSubmatch(r.Expr, -1) {
		for _, l := range split(g[1]) {
			to[l] = true
		}
	}
	for _, s := range selector.FindAllStringSubmatch(r.Expr, -1) {
		for l := range recorded[s[1]] {
			to[l] = true
		}
		if m, ok := exposed(s[1]); ok {
			for _, l := range append([]string{"cluster", "node", "instance", "job"}, m.Labels...) {
				to[l] = true
			}
		}
	}
	return to
}

// The test above notices what it is to notice.
func TestWrongRules(t *testing.T) {
	recorded := map[string]bool{"powerha:gate:x": true, "cluster:powerha_y:max": true}
	for expr, want := range map[string]string{
		`max by (cluster, node) (powerha_lpm_phase{phase=~"idle|migrating"}) == 1`: "",
		`powerha:gate:x and on (cluster, node) cluster:powerha_y:max`:              "",
		`count by (x) (ALERTS{alertname="PowerHAX"} and on (y) powerha_nod)`:       "no metric powerha_nod",
		`powerha:gate:x > 1`:                                           "",
		`powerha:gate:z > 1`:                                           "nothing records powerha:gate:z",
		`powerha_lpm_phases == 1`:                                      "no metric powerha_lpm_phases",
		`powerha_lpm_phase{phse="idle"}`:                               "powerha_lpm_phase has no label phse",
		`powerha_lpm_phase{phase="idel"}`:                              "powerha_lpm_phase is never phase idel",
		`powerha_lpm_phase{phase=~"idle|moving"}`:                      "powerha_lpm_phase is never phase moving",
		`max by (cluster, peer) (powerha_node_managed)`:                "powerha_node_managed has no label peer to group by",
		`powerha_node_managed and on (nodes) powerha_lpm_phase`:        "none of the metrics has label nodes",
		`rate(powerha_lpm_freeze_duration_seconds_bucket{le="1"}[5m])`: "",
		`rate(powerha_node_managed_bucket[5m])`:                        "no metric powerha_node_managed_bucket",
	} {
		if got := strings.Join(wrong(expr, recorded), "; "); got != want && !strings.HasPrefix(got, want+"; ") {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}
