package powerha

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each golden file says where it is from, in the file SOURCES of its folder, and nothing is listed that is not there.
func TestGoldenFilesCite(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/SOURCES")
	if err != nil || len(folders) < 6 {
		t.Fatalf("%v, %v", folders, err)
	}
	inputs := 0
	for _, list := range folders {
		cited := citations(t, list)
		entries, err := os.ReadDir(filepath.Dir(list))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			switch filepath.Ext(e.Name()) {
			case ".txt", ".log":
				inputs++
				if !cited[e.Name()] {
					t.Errorf("%s does not name the source of %s", list, e.Name())
				}
				delete(cited, e.Name())
			case ".json":
				base := strings.TrimSuffix(filepath.Join(filepath.Dir(list), e.Name()), ".json")
				_, errText := os.Stat(base + ".txt")
				_, errLog := os.Stat(base + ".log")
				if errText != nil && errLog != nil {
					t.Errorf("%s.json is the reading of nothing", base)
				}
			}
		}
		for name := range cited {
			t.Errorf("%s lists %s, which is not there", list, name)
		}
	}
	if inputs < 160 {
		t.Errorf("%d golden files", inputs)
	}
	// The fuzzers' corpus has no folder of this kind; every other one must.
	all, err := filepath.Glob("testdata/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		if !slices.Contains(folders, filepath.Join(filepath.Dir(file), "SOURCES")) {
			t.Errorf("%s lies in a folder without SOURCES", file)
		}
	}
}

// citations reads lines of a name, how the file came here, and from where.
func citations(t *testing.T, file string) map[string]bool {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]bool)
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) < 4 || !slices.Contains([]string{"seen", "field", "mixed", "made"}, f[1]) || out[f[0]] {
			t.Errorf("%s: %q: expected a name, seen|field|mixed|made, and a source, once", file, strings.TrimSpace(line))
			continue
		}
		out[f[0]] = true
	}
	return out
}
