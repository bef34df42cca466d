package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	jsonnet "github.com/google/go-jsonnet"
	"go.yaml.in/yaml/v3"
)

const header = "# Rendered from mixin/ by `make generate`: change it there.\n"

// evaluate returns a field of the mixin, with a changed _config where config (jsonnet) says so.
func evaluate(mixin, field, config string) (string, error) {
	vm := jsonnet.MakeVM()
	vm.Importer(&jsonnet.FileImporter{JPaths: []string{mixin}})
	vm.ExtCode("config", config)
	text, err := vm.EvaluateAnonymousSnippet(field+".jsonnet", fmt.Sprintf("((import 'mixin.libsonnet') + { _config+:: std.extVar('config') }).%s", field))
	if err != nil {
		return "", fmt.Errorf("render %s of %s: %w", field, mixin, err)
	}
	return text, nil
}

// renderRules returns the text of each rule file by name.
func renderRules(mixin, config string) (map[string][]byte, error) {
	out := make(map[string][]byte)
	for name, field := range map[string]string{
		"powerha_rules.yaml":  "prometheusRules",
		"powerha_alerts.yaml": "prometheusAlerts",
	} {
		text, err := evaluate(mixin, field, config)
		if err != nil {
			return nil, err
		}
		if out[name], err = toYAML(text); err != nil {
			return nil, fmt.Errorf("render %s of %s: %w", field, mixin, err)
		}
	}
	return out, nil
}

// toYAML writes JSON as YAML with sorted keys and multi-line texts as blocks.
func toYAML(text string) ([]byte, error) {
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	buf.WriteString(header)
	enc := yaml.NewEncoder(&buf)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(value), enc.Close()); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// renderDashboards returns the text of each dashboard by the name of its file.
func renderDashboards(mixin, config string) (map[string][]byte, error) {
	text, err := evaluate(mixin, "grafanaDashboards", config)
	if err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("render the dashboards of %s: %w", mixin, err)
	}
	out := make(map[string][]byte)
	for name, page := range all {
		var buf bytes.Buffer
		if err := json.Indent(&buf, page, "", "  "); err != nil {
			return nil, fmt.Errorf("render %s of %s: %w", name, mixin, err)
		}
		buf.WriteByte('\n')
		out[name] = buf.Bytes()
	}
	return out, nil
}
