// Package render evaluates the mixin's jsonnet, with a changed _config where
// the demo needs shorter windows, and returns the rule files.
package render

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	jsonnet "github.com/google/go-jsonnet"
)

// Rules evaluates mixin.libsonnet in the folder and returns its recording
// rules and alerts as one Prometheus rule file (JSON, which is YAML too).
// Overrides replace keys of _config; one that _config has not is an error.
func Rules(folder string, overrides map[string]any) ([]byte, error) {
	over, err := json.Marshal(overrides)
	if err != nil {
		return nil, fmt.Errorf("encode the overrides of _config: %w", err)
	}
	if overrides == nil {
		over = []byte("{}")
	}
	path := filepath.Join(folder, "mixin.libsonnet")
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("read the mixin: %w", err)
	}
	vm := jsonnet.MakeVM()
	vm.Importer(&jsonnet.FileImporter{JPaths: []string{folder}})
	vm.ExtCode("overrides", string(over))
	src := `
local shipped = import 'mixin.libsonnet';
local over = std.extVar('overrides');
local unknown = [k for k in std.objectFields(over) if !std.objectHasAll(shipped._config, k)];
assert unknown == [] : '_config has no ' + std.join(', ', unknown);
local m = shipped + { _config+:: over };
// The shipped files are two, and a name may stand in both.
local recording = [g.name for g in m.prometheusRules.groups];
local alerts = [g { name: g.name + if std.member(recording, g.name) then '-alerts' else '' } for g in m.prometheusAlerts.groups];
{ groups: m.prometheusRules.groups + alerts }`
	out, err := vm.EvaluateAnonymousSnippet("demo.jsonnet", src)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", path, err)
	}
	return []byte(out), nil
}
