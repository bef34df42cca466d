package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"powerha_lpm_exporter/internal/bundle"
)

var releaseForm = regexp.MustCompile(`^\d+\.\d+\.\d+$`)

// goldens writes each output of a bundle as SOURCE.CASE.txt into the folder of its version, and where it is from into that
// folder's SOURCES. What is there already is not overwritten.
func (t *tool) goldens(b *bundle.Bundle, dir string) int {
	version := b.Manifest.Version
	if !releaseForm.MatchString(version) {
		return t.fail(exitNo, "the bundle does not tell which PowerHA it is of: no folder to write to")
	}
	folder := filepath.Join(dir, version)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return t.fail(exitNo, "%v", err)
	}
	var entries strings.Builder
	for i := range b.Manifest.Asked {
		a := &b.Manifest.Asked[i]
		if !a.Ran || a.Exit != 0 || a.Truncated {
			continue // the test data are outputs alone
		}
		text := b.Files["output/"+string(a.Source)+".stdout"]
		sum := sha256.Sum256(text)
		name := fmt.Sprintf("%s.field%x.txt", a.Source, sum[:4])
		path := filepath.Join(folder, name)
		if _, err := os.Lstat(path); err == nil {
			continue // the same output is there
		}
		if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // test data
			return t.fail(exitNo, "%v", err)
		}
		fmt.Fprintf(&entries, "%-28s  seen   `%s` of a cluster in the field, names replaced; support bundle of %s\n",
			name, a.Command, b.Manifest.Made.Format("2006-01-02"))
		fmt.Fprintln(t.stdout, path)
	}
	if entries.Len() == 0 {
		return t.fail(exitNo, "nothing new is in the bundle")
	}
	if err := appendTo(filepath.Join(folder, "SOURCES"), entries.String()); err != nil {
		return t.fail(exitNo, "%v", err)
	}
	return exitOK
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
