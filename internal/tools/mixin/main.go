// Command mixin renders the project's jsonnet mixin to the rule files that are
// committed, or says which of them are stale.
//
//	mixin -mixin ../../mixin -alerts ../../alerts [-check]
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	jsonnet "github.com/google/go-jsonnet"
	"go.yaml.in/yaml/v3"
)

const header = "# Rendered from mixin/ by `make generate`: change it there.\n"

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("mixin", flag.ContinueOnError)
	flags.SetOutput(stderr)
	mixin := flags.String("mixin", "mixin", "folder of mixin.libsonnet")
	alerts := flags.String("alerts", "alerts", "folder of the rendered rule files")
	check := flags.Bool("check", false, "write nothing; fail when a rendered file is stale")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	files, err := render(*mixin)
	if err == nil {
		err = settle(*alerts, files, *check)
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// render evaluates the mixin and returns the text of each rule file by name.
func render(mixin string) (map[string][]byte, error) {
	out := make(map[string][]byte)
	for name, field := range map[string]string{
		"powerha_rules.yaml":  "prometheusRules",
		"powerha_alerts.yaml": "prometheusAlerts",
	} {
		vm := jsonnet.MakeVM()
		vm.Importer(&jsonnet.FileImporter{JPaths: []string{mixin}})
		text, err := vm.EvaluateAnonymousSnippet(field+".jsonnet", fmt.Sprintf("(import 'mixin.libsonnet').%s", field))
		if err != nil {
			return nil, fmt.Errorf("render %s of %s: %w", field, mixin, err)
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

// settle writes the files, or with check compares them.
func settle(folder string, files map[string][]byte, check bool) error {
	var stale []error
	for name, text := range files {
		path := filepath.Join(folder, name)
		have, err := os.ReadFile(path)
		switch {
		case err == nil && bytes.Equal(have, text):
		case check:
			stale = append(stale, fmt.Errorf("%s is stale: run `make generate` and commit it", path))
		default:
			if err := os.WriteFile(path, text, 0o644); err != nil {
				return fmt.Errorf("write %s: %w", path, err)
			}
		}
	}
	return errors.Join(stale...)
}
