package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

const mixinFolder = "../../../mixin"

// tree is a dashboard as it is changed by a test.
type tree = map[string]any

// rendered is what every test begins with; rendering takes a second.
var rendered = sync.OnceValues(func() (map[string][]byte, error) { return renderDashboards(mixinFolder, "{}") })

func pages(t *testing.T) map[string][]byte {
	t.Helper()
	out, err := rendered()
	if err != nil {
		t.Fatal(err)
	}
	return maps.Clone(out)
}

func TestTheDashboardsAreSound(t *testing.T) {
	all := pages(t)
	if err := inspectAll(all); err != nil {
		t.Error(err)
	}
	want := []string{
		"powerha-lpm-fleet.json", "powerha-lpm-health.json", "powerha-lpm-history.json", "powerha-lpm-live.json", "powerha-lpm-slo.json",
	}
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, want) {
		t.Errorf("dashboards %v, want %v", got, want)
	}
}

// ofType returns the n-th panel of a type.
func ofType(d tree, kind string, n int) tree {
	for _, p := range d["panels"].([]any) {
		if p := p.(tree); p["type"] == kind {
			if n == 0 {
				return p
			}
			n--
		}
	}
	panic("no such panel: " + kind)
}

func defaults(p tree) tree { return p["fieldConfig"].(tree)["defaults"].(tree) }

func TestWhatIsWrongIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(tree)
		want  string
	}{
		"id taken":         {func(d tree) { ofType(d, "stat", 1)["id"] = ofType(d, "stat", 0)["id"] }, "id 2 is none, or that of"},
		"overlap":          {func(d tree) { ofType(d, "stat", 1)["gridPos"] = ofType(d, "stat", 0)["gridPos"] }, "overlap"},
		"off the grid":     {func(d tree) { ofType(d, "stat", 0)["gridPos"] = tree{"x": 22, "y": 500, "w": 4, "h": 4} }, "grid of 24"},
		"no unit":          {func(d tree) { delete(defaults(ofType(d, "stat", 0)), "unit") }, "lacks a description, a unit"},
		"no description":   {func(d tree) { ofType(d, "table", 0)["description"] = "" }, "lacks a description"},
		"no text for none": {func(d tree) { delete(defaults(ofType(d, "table", 0)), "noValue") }, "text for no data"},
		"one bar": {func(d tree) {
			defaults(ofType(d, "state-timeline", 0))["color"] = tree{"mode": "thresholds"}
		}, "melt into one bar"},
		"no mappings": {func(d tree) { defaults(ofType(d, "state-timeline", 0))["mappings"] = []any{} }, "told by its text"},
		"colour alone": {func(d tree) {
			defaults(ofType(d, "state-timeline", 0))["mappings"] = []any{tree{"type": "value", "options": tree{"1": tree{"color": "#fff"}}}}
		}, "colour alone"},
		"two of a name": {func(d tree) {
			both := tree{"0": tree{"text": "up"}, "1": tree{"text": "up"}}
			defaults(ofType(d, "state-timeline", 0))["mappings"] = []any{tree{"type": "value", "options": both}}
		}, `both called "up"`},
		"no query":         {func(d tree) { ofType(d, "stat", 0)["targets"] = []any{} }, "has no query"},
		"own data source":  {func(d tree) { ofType(d, "stat", 0)["datasource"] = tree{"uid": "abc"} }, "not the variable"},
		"a new type":       {func(d tree) { ofType(d, "stat", 0)["type"] = "xychart" }, `type "xychart"`},
		"a newer schema":   {func(d tree) { d["schemaVersion"] = 41 }, "schemaVersion 41"},
		"inputs":           {func(d tree) { d["__inputs"] = []any{} }, "__inputs"},
		"unknown variable": {func(d tree) { ofType(d, "stat", 0)["title"] = "of $pod" }, "$pod is used and not defined"},
		"idle variable": {func(d tree) {
			list := d["templating"].(tree)["list"].([]any)
			d["templating"].(tree)["list"] = append(list, tree{"name": "site", "type": "custom"})
		}, "variable site changes nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			var d tree
			if err := json.Unmarshal(pages(t)["powerha-lpm-live.json"], &d); err != nil {
				t.Fatal(err)
			}
			c.spoil(d)
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := inspect(text); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestTwoDashboardsOfOneUID(t *testing.T) {
	all := pages(t)
	all["copy.json"] = all["powerha-lpm-slo.json"]
	if err := inspectAll(all); err == nil || !strings.Contains(err.Error(), "uid powerha-lpm-slo is that of copy.json") {
		t.Errorf("got %v", err)
	}
}

// Thresholds and windows on the dashboards are those of the rules: each follows its key of _config.
func TestThresholdsFollowConfig(t *testing.T) {
	all := []string{"live", "fleet", "history", "slo", "health"}
	ofNodes := []string{"live", "fleet", "history", "health"}
	changes := []struct {
		key, value string
		in         []string // dashboards
		want       string
	}{
		{"unmanagedTooLong", "4201", []string{"live", "fleet"}, `"value": 4201`},
		{"nodeLostFor", "4202", []string{"live"}, `"value": 4202`},
		{"blindFor", "4203", []string{"live", "fleet"}, `"value": 4203`},
		{"collectorStale", "4204", []string{"live", "health"}, `"value": 4204`},
		{"freezeBudgetWarn", "0.375", []string{"live", "history"}, `"value": 0.375`},
		{"gateWindow", "4206", []string{"live"}, `window of 4206s`},
		{"sloBurnAlerts", "[{long: '1h', short: '5m', factor: 4209, 'for': 1, severity: 'critical'}]", []string{"slo"}, `"value": 4209`},
		{"memory", "4207", []string{"live", "fleet"}, `[4207s]`},
		{"selector", `'job="x"'`, ofNodes, `{job=\"x\",`},
		{"actorSelector", `'job="y"'`, []string{"live", "fleet", "health"}, `{job=\"y\",`},
		{"clusterLabel", `'hacmp'`, ofNodes, `hacmp=~\"$cluster\"`},
		{"nodeLabel", `'lpar'`, ofNodes, `lpar=~\"$node\"`},
		{"dashboardTags", `['mine']`, all, `"mine"`},
		{"runbookURLPattern", `'https://wiki/%s#x'`, all, `"https://wiki/%s"`},
		{"scrapeInterval", "42", all, `"step": "42s"`},
		{"showMultiCluster", "false", []string{"fleet", "history", "slo", "health"}, `"hide": 2`},
		{"dashboards+", "{live: 'elsewhere'}", []string{"fleet", "history", "health"}, `/d/elsewhere?`},
	}
	var overrides strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&overrides, "%s: %s,", c.key, c.value)
	}
	text, err := evaluate(mixinFolder, "grafanaDashboards", "{"+overrides.String()+"}")
	if err != nil {
		t.Fatal(err)
	}
	after := make(map[string]json.RawMessage)
	if err := json.Unmarshal([]byte(text), &after); err != nil {
		t.Fatal(err)
	}
	before := pages(t)
	for _, c := range changes {
		for _, name := range c.in {
			file := "powerha-lpm-" + name + ".json"
			renamed := strings.Replace(file, "powerha-lpm-live", "elsewhere", 1)
			var page bytes.Buffer
			if err := json.Indent(&page, after[renamed], "", "  "); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(before[file]), c.want) {
				t.Errorf("%s: %s is there without the change: this test shows nothing", name, c.want)
			}
			if !strings.Contains(page.String(), c.want) {
				t.Errorf("%s does not follow _config.%s: %s is not there", name, c.key, c.want)
			}
		}
	}
}

// Every condition that the rules can find missing has its words on the dashboard.
func TestEveryConditionOfTheGateIsShown(t *testing.T) {
	text, err := evaluate(mixinFolder, "prometheusRules", "{}")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct {
				Record string
				Labels map[string]string
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &rules); err != nil {
		t.Fatal(err)
	}
	live, found := string(pages(t)["powerha-lpm-live.json"]), 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			if r.Record != "powerha:gate_missing" {
				continue
			}
			found++
			if want := fmt.Sprintf(`condition=\"%s\"`, r.Labels["condition"]); !strings.Contains(live, want) {
				t.Errorf("the condition %s is not on the dashboard: add it to mixin/lib/gate_items.libsonnet", r.Labels["condition"])
			}
		}
	}
	if n := strings.Count(live, "powerha:gate_missing"); found == 0 || n != found {
		t.Errorf("the dashboard shows %d conditions, the rules have %d", n, found)
	}
}
