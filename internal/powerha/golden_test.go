package powerha

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden reads each file of testdata as the answer to the source that it is named by.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txt")
	if err != nil || len(files) < 30 {
		t.Fatalf("testdata: %d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimPrefix(file, "testdata/"), func(t *testing.T) {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(readingOf(t, sourceOf(file), in), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := strings.TrimSuffix(file, ".txt") + ".json"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil { //nolint:gosec // test data
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// sourceOf returns the source that a file is an answer to: the first part of its name.
func sourceOf(file string) model.Source {
	name, _, _ := strings.Cut(filepath.Base(file), ".")
	return model.Source(name)
}

// readingOf parses an output as Read does.
func readingOf(t testing.TB, s model.Source, in []byte) model.Reading {
	t.Helper()
	q, ok := questionOf(s)
	if !ok {
		t.Fatalf("no question for source %q", s)
	}
	r := model.Reading{Source: s}
	if err := q.interpret(&r, in); err != nil {
		r.Err = err.Error()
	}
	return r
}
