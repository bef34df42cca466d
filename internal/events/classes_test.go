package events

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/model"
)

var update = flag.Bool("update", false, "rewrite the table in docs/events.md")

func TestClasses(t *testing.T) {
	seen := make(map[string]bool)
	for _, k := range Classes() {
		if k.Source == "" || len(k.Events) == 0 || k.Why == "" {
			t.Errorf("%+v", k)
		}
		for _, e := range k.Events {
			if seen[e] || Stem(e) != e {
				t.Errorf("%s is judged twice, or never", e)
			}
			seen[e] = true
			for _, suffix := range []string{"", "_remote"} {
				_, why := Judge(model.ClusterEvent{Step: model.ClusterEventStart, Name: e + suffix, Args: []string{"n9"}}, Context{Node: "n1"})
				if why != k.Why {
					t.Errorf("%s%s: %s, want %s", e, suffix, why, k.Why)
				}
			}
		}
	}
}

const doc = "../../docs/events.md"

// The table of the documentation is that of the code.
func TestDocumented(t *testing.T) {
	const begin, end = "<!-- classes -->\n", "<!-- end -->"
	page, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, known := strings.Cut(rest, end)
	if !ok || !known {
		t.Fatalf("%s has no place for the table", doc)
	}
	var b strings.Builder
	b.WriteString("| event | judged | of the migrating node | source |\n| --- | --- | --- | --- |\n")
	judged := func(w Why) string {
		for _, x := range []Why{WhyAsked, WhyRejoins, WhyResumed, WhyRecovery, WhyPart, WhyOther} {
			if w == x {
				return "wanted: " + strings.ReplaceAll(string(w), "_", " ")
			}
		}
		return "**unwanted**: " + strings.ReplaceAll(string(w), "_", " ")
	}
	for _, k := range Classes() {
		mine := ""
		switch {
		case k.Mine != "" && k.AfterEnd:
			mine = "after the end of the migration " + judged(k.Mine)
		case k.Mine != "":
			mine = judged(k.Mine)
		case len(k.Asked) > 0:
			mine = "with " + strings.Join(k.Asked, " or ") + " of any node wanted: asked for"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", strings.Join(k.Events, "`, `"), judged(k.Why), mine, k.Source)
	}
	want := before + begin + b.String() + end + after
	if *update {
		if err := os.WriteFile(doc, []byte(want), 0o644); err != nil { //nolint:gosec // a page for people
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Errorf("the table in %s is not that of the code: go test -update rewrites it", doc)
	}
}
