// Command mixin renders the project's jsonnet mixin to the rule files and the
// dashboards that are committed, or says which of them are stale.
//
//	mixin -mixin ../../mixin -alerts ../../alerts -dashboards ../../dashboards [-check]
//	mixin -config '{selector: "job=\'powerha\'"}' -alerts … -dashboards …
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("mixin", flag.ContinueOnError)
	flags.SetOutput(stderr)
	mixin := flags.String("mixin", "mixin", "folder of mixin.libsonnet")
	alerts := flags.String("alerts", "alerts", "folder of the rendered rule files")
	dashboards := flags.String("dashboards", "dashboards", "folder of the rendered dashboards")
	config := flags.String("config", "{}", "jsonnet that replaces keys of _config, for your own copy of the files")
	check := flags.Bool("check", false, "write nothing; fail when a rendered file is stale")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := renderAll(*mixin, *config, *alerts, *dashboards, *check); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func renderAll(mixin, config, alerts, dashboards string, check bool) error {
	rules, err := renderRules(mixin, config)
	if err != nil {
		return err
	}
	pages, err := renderDashboards(mixin, config)
	if err != nil {
		return err
	}
	if err := inspectAll(pages); err != nil {
		return err
	}
	return errors.Join(settle(alerts, ".yaml", rules, check), settle(dashboards, ".json", pages, check))
}

// settle writes the files, or with check compares them. A file that nothing
// renders any more is stale, too.
func settle(folder, extension string, files map[string][]byte, check bool) error {
	if !check {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("make the folder of rendered files: %w", err)
		}
	}
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
	return errors.Join(append(stale, orphans(folder, extension, files)...)...)
}

// orphans names the files in the folder that nothing renders.
func orphans(folder, extension string, files map[string][]byte) (out []error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return []error{fmt.Errorf("list the rendered files: %w", err)}
	}
	for _, e := range entries {
		if _, rendered := files[e.Name()]; !rendered && strings.HasSuffix(e.Name(), extension) {
			out = append(out, fmt.Errorf("%s is rendered by nothing: remove it", filepath.Join(folder, e.Name())))
		}
	}
	slices.SortFunc(out, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return out
}
