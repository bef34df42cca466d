package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// render runs the command and returns its status and what it said.
func render(folder string, more ...string) (int, string) {
	var errs bytes.Buffer
	args := append([]string{
		"-mixin", mixinFolder, "-alerts", filepath.Join(folder, "alerts"), "-dashboards", filepath.Join(folder, "dashboards"),
	}, more...)
	return run(args, &errs), errs.String()
}

func TestStaleFilesAreNamed(t *testing.T) {
	folder := t.TempDir()
	if status, said := render(folder); status != 0 {
		t.Fatalf("rendering ended with %d: %s", status, said)
	}
	if status, said := render(folder, "-check"); status != 0 {
		t.Errorf("fresh files are called stale: %s", said)
	}
	live := filepath.Join(folder, "dashboards", "powerha-lpm-live.json")
	old := filepath.Join(folder, "dashboards", "powerha-lpm-old.json")
	for _, path := range []string{live, old} {
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status, said := render(folder, "-check")
	if status != 1 || !strings.Contains(said, live+" is stale") || !strings.Contains(said, old+" is rendered by nothing") {
		t.Errorf("status %d: %s", status, said)
	}
}

func TestAFaultInTheMixinIsNamed(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "mixin.libsonnet"), []byte("{ prometheusRules:: { groups: [ }"), 0o600); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	if status := run([]string{"-mixin", folder, "-alerts", folder, "-dashboards", folder}, &errs); status != 1 || !strings.Contains(errs.String(), "mixin.libsonnet:1") {
		t.Errorf("status %d: %s", status, errs.String())
	}
}
