package powerha

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/model"
)

// An output that is cut, at any byte, tells nothing that the whole one does not: it is rejected, or tells less of it.
func TestCutAtEveryByte(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if takesBack(file) {
			continue
		}
		s := sourceOf(file)
		whole := toldBy(t, readingOf(t, s, in))
		step := 1
		if testing.Short() { // an emulated machine
			step = 17
		}
		var last model.Reading
		for n := 0; n < len(in); n += step {
			r := readingOf(t, s, in[:n])
			if r.Err != "" {
				continue
			}
			r.Lines, r.Unparsed, r.Rejected, r.Unknown = 0, 0, nil, nil
			if n > 0 && reflect.DeepEqual(r, last) { // within a line
				continue
			}
			last = r
			for _, why := range beyond(toldBy(t, r), whole, "") {
				if n == 0 && emptyTells(s) {
					continue
				}
				t.Errorf("%s, cut at byte %d of %d: %s", file, n, len(in), why)
			}
			if t.Failed() {
				break
			}
		}
	}
}

// takesBack: a line of the file contradicts another, and what the other said does not count any more. The part before it
// says more, rightly.
func takesBack(file string) bool {
	for _, part := range [...]string{"doubled", "differ", "tunables.half", "tunables.table", "manager.clcmd"} {
		if strings.Contains(file, part) {
			return true
		}
	}
	return false
}

// emptyTells: no output at all says that there is no entry, or no value. Only its exit status tells that from a cut.
func emptyTells(s model.Source) bool {
	return s == model.SourceInittab || s == model.SourcePolicyODM || s == model.SourceTimeoutODM
}

// toldBy is what a reading tells, as JSON without what it says of the reading itself.
func toldBy(t *testing.T, r model.Reading) map[string]any {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	for _, key := range [...]string{"source", "at", "took", "error", "lines", "unparsed", "rejected", "unknown"} {
		delete(m, key)
	}
	return m
}

// beyond lists what part tells and whole does not.
func beyond(part, whole any, path string) []string {
	switch p := part.(type) {
	case map[string]any:
		w, ok := whole.(map[string]any)
		if !ok {
			return []string{path + " is told"}
		}
		return beyondMap(p, w, path)
	case []any:
		w, _ := whole.([]any)
		var out []string
	elements:
		for i, e := range p {
			for _, f := range w {
				if len(beyond(e, f, "")) == 0 {
					continue elements
				}
			}
			out = append(out, fmt.Sprintf("%s[%d] is %v", path, i, e))
		}
		return out
	case float64:
		w, _ := whole.(float64)
		if p != 0 && p != w && !(strings.HasSuffix(path, ".queued_events") && p < w) {
			return []string{fmt.Sprintf("%s is %v, not %v", path, p, whole)}
		}
	case string:
		if p != "" && p != "unknown" && p != whole {
			return []string{fmt.Sprintf("%s is %q, not %q", path, p, whole)}
		}
	case bool:
		if p != whole && (!p || !strings.HasSuffix(path, ".has_lpm")) {
			return []string{fmt.Sprintf("%s is %v, not %v", path, p, whole)}
		}
	}
	return nil
}

func beyondMap(part, whole map[string]any, path string) []string {
	var out []string
	for key, v := range part {
		out = append(out, beyond(v, whole[key], path+"."+key)...)
	}
	for _, key := range [...]string{"secondary", "restricted"} { // false is left out of the JSON
		if whole[key] == true && part[key] == nil {
			out = append(out, path+"."+key+" is lost")
		}
	}
	return out
}
