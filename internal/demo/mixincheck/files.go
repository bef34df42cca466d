package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"

	"powerha_lpm_exporter/collector/table"
	"powerha_lpm_exporter/internal/demo/ruleset"
)

// exceptions are what the checks let pass, each with its reason.
type exceptions struct {
	// Diagnostic metrics are for people who look for a cause: no rule and no panel reads them.
	Diagnostic map[string]string `yaml:"diagnostic"`
	// Counters, as "rule metric" or "dashboard: panel metric", that are rightly read without rate or increase.
	Counters map[string]string `yaml:"counters"`
	// Clusters names rules that are one for all clusters.
	Clusters map[string]string `yaml:"clusters"`
}

func readExceptions(file string) (x exceptions, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return x, err
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&x); err != nil && !errors.Is(err, io.EOF) {
		return x, fmt.Errorf("%s: %w", file, err)
	}
	for _, m := range []map[string]string{x.Diagnostic, x.Counters, x.Clusters} {
		for name, reason := range m {
			if strings.TrimSpace(reason) == "" {
				return x, fmt.Errorf("%s: %s has no reason", file, name)
			}
		}
	}
	return x, nil
}

// checkUse says which metrics nobody reads and nobody excuses, and which excuses are of no use.
func checkUse(used map[string]bool, diagnostic map[string]string) (out []string) {
	for _, m := range table.Metrics() {
		if !used[m.Name] && diagnostic[m.Name] == "" {
			out = append(out, m.Name+": no rule and no panel reads it: use it, or list it as diagnostic with the reason")
		}
	}
	for name := range diagnostic {
		if _, ok := table.Find(name); !ok {
			out = append(out, name+": listed as diagnostic, and no program publishes it")
		} else if used[name] {
			out = append(out, name+": listed as diagnostic, and read by a rule or a panel")
		}
	}
	slices.Sort(out)
	return out
}

// checkGroups: rulers of many tenants have no interval of ours, and Prometheus 2.40 knows no keep_firing_for and no offset.
func checkGroups(groups []rulefmt.RuleGroup) (out []string) {
	names := make(map[string]bool)
	for _, g := range groups {
		complain := func(text string) { out = append(out, "group "+g.Name+": "+text) }
		if g.Interval == 0 {
			complain("has no interval")
		}
		if g.QueryOffset != nil || len(g.Labels) > 0 || g.Limit != 0 {
			complain("query_offset, labels and limit are not for every ruler that the rules are for")
		}
		if names[g.Name] {
			complain("is there twice")
		}
		names[g.Name] = true
		for _, r := range g.Rules {
			if r.KeepFiringFor != 0 {
				complain(r.Alert + " has keep_firing_for, which Prometheus knows only since 2.42")
			}
			if r.Alert != "" && r.Labels["severity"] == "" {
				complain(r.Alert + " has no severity")
			}
		}
	}
	return out
}

// checkRunbook: each alert links to a heading of the runbook, and each heading is that of an alert.
func checkRunbook(set *ruleset.Set, runbook string) (out []string) {
	headings := make(map[string]bool)
	for _, h := range regexp.MustCompile(`(?m)^#+ (PowerHA\w+)\s*$`).FindAllStringSubmatch(runbook, -1) {
		headings[strings.ToLower(h[1])] = false
	}
	for _, r := range set.Rules {
		if r.Alert == "" {
			continue
		}
		_, anchor, _ := strings.Cut(r.Annotations["runbook_url"], "#")
		if _, ok := headings[anchor]; !ok {
			out = append(out, fmt.Sprintf("%s: the runbook has no heading #%s", r.Alert, anchor))
			continue
		}
		headings[anchor] = true
	}
	for h, linked := range headings {
		if !linked {
			out = append(out, fmt.Sprintf("runbook: no alert links to #%s", h))
		}
	}
	slices.Sort(out)
	return out
}

// checkTests: each alert has a row in a rule test where it fires and one where it does not.
func checkTests(set *ruleset.Set, folder string) (out []string, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*_test.yaml"))
	if err != nil {
		return nil, err
	}
	fires, rests := make(map[string]bool), make(map[string]bool)
	for _, file := range files {
		if err := readTest(file, knowledgeOf(set).alerts, fires, rests); err != nil {
			return nil, err
		}
	}
	for _, r := range set.Rules {
		if r.Alert == "" {
			continue
		}
		if !fires[r.Alert] {
			out = append(out, r.Alert+": no rule test where it fires")
		}
		// vector(1) fires always.
		if !rests[r.Alert] && !constant(r.AST) {
			out = append(out, r.Alert+": no rule test where it does not fire")
		}
	}
	return slices.Compact(out), nil
}
