package render

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	jsonnet "github.com/google/go-jsonnet"
)

// evaluate renders rules and alerts, but those of the SLO, of the mixin from a vendored tree in another folder, as a site does, with its own
// _config.
func evaluate(t *testing.T, config string) string {
	t.Helper()
	vendor := filepath.Join(t.TempDir(), "vendor")
	if err := os.CopyFS(filepath.Join(vendor, "powerha_lpm_exporter", "mixin"), os.DirFS("../../../mixin")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	vm := jsonnet.MakeVM()
	vm.Importer(&jsonnet.FileImporter{JPaths: []string{vendor}})
	out, err := vm.EvaluateAnonymousSnippet("site.jsonnet", `
local m = (import 'powerha_lpm_exporter/mixin/mixin.libsonnet') + { _config+:: `+config+` };
[g for g in m.prometheusRules.groups + m.prometheusAlerts.groups if !std.startsWith(g.name, 'powerha-slo')]`)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestVendored(t *testing.T) {
	out := evaluate(t, `{
  selector: 'job="site"', actorSelector: 'job="site-actor"', upSelector: 'job=~"site.*"', unmanagedTooLong: 4321,
  runbookURLPattern: 'https://wiki.example.com/%s', grafanaURL: 'https://grafana.example.com',
}`)
	for _, want := range []string{
		`powerha_lpm_phase{job=\"site\",phase=\"idle\"}`, `powerha_actor_held{job=\"site-actor\"}`, `up{job=~\"site.*\"}`, "> 4321",
		"https://wiki.example.com/powerhaunmanagedtoolong",
		"https://grafana.example.com/d/powerha-lpm-live?var-cluster={{ $labels.cluster }}&var-node={{ $labels.node }}",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the rules of the site lack %s", want)
		}
	}
	// No selector of ours is left without the site's matchers.
	for _, bare := range regexp.MustCompile(`\bpowerha_(?:lpm_phase|node_managed|actor_state|actor_held)(?:\{[^j][^}]*\}|\[| |\))`).FindAllString(out, -1) {
		t.Errorf("not selected by the site's job: %s", bare)
	}
}

// Where a site renames cluster and node, only the gate keeps the names: the actors ask for it by these.
func TestRenamedLabels(t *testing.T) {
	out := evaluate(t, `{ clusterLabel: 'ha_cluster', nodeLabel: 'ha_node' }`)
	const gate = `max by (cluster, node) (label_replace(label_replace(`
	if strings.Count(out, gate) != 1 {
		t.Errorf("the gate is not recorded by cluster and node once")
	}
	for _, old := range regexp.MustCompile(`(?:by|on) \((?:cluster|node)\b[^)]*\)|\$labels\.(?:cluster|node)\b`).FindAllString(strings.Replace(out, gate, "", 1), -1) {
		t.Errorf("still by the old name: %s", old)
	}
}
