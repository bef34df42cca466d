package fleet

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/demo/ruleset"
)

// The bench itself, small: no rule fails, each selection finds something to
// read, and what happens in the fleet is noticed.
func TestSmallFleet(t *testing.T) {
	set, err := ruleset.Load("../../../alerts")
	if err != nil {
		t.Fatal(err)
	}
	p := Part{Nodes: 100, Shards: 1, End: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)}
	res, err := Run(t.Context(), t.TempDir(), set, p, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range res.Unmatched {
		// Alerts on labels that are missing or clash have nothing to find here.
		if !strings.Contains(u, `=""`) && !strings.Contains(u, "exported_") {
			t.Errorf("no synthetic series matches %s: add it to the fleet", u)
		}
	}
	need := needsOf(set)
	for name := range set.Recorded() {
		if slices.ContainsFunc(need[name], func(s ruleset.Selector) bool { return s.Lookback > inHead }) && res.Past[name] == 0 {
			t.Errorf("rules read %s far back, and it has no past", name)
		}
	}
	if len(res.Groups) != len(set.Groups) {
		t.Errorf("%d groups measured of %d", len(res.Groups), len(set.Groups))
	}
	for _, alert := range []string{
		"PowerHAWatchdog", "PowerHAResumeReady", "PowerHAApplicationDownWhileUnmanaged", "PowerHAUnmanagedTooLong",
		"PowerHANodeLostDuringLPM", "PowerHAExporterGone", "PowerHAClusterFactsDisagree", "PowerHAActorNeedsOperator",
	} {
		if res.Alerts[alert] == 0 {
			t.Errorf("%s: not noticed", alert)
		}
	}
}

// Every cluster belongs to exactly one ruler, and each of four has about a fourth.
func TestShards(t *testing.T) {
	seen := make(map[int]int)
	for shard := range 4 {
		mine := Part{Nodes: 2000, Shards: 4, Shard: shard}.clusters()
		if len(mine) < 150 || len(mine) > 350 {
			t.Errorf("ruler %d has %d of 1000 clusters", shard, len(mine))
		}
		for _, c := range mine {
			seen[c]++
		}
	}
	for c := range 1000 {
		if seen[c] != 1 {
			t.Errorf("cluster %d belongs to %d rulers", c, seen[c])
		}
	}
}

func TestTables(t *testing.T) {
	group := func(cpu time.Duration) []Group {
		return []Group{{
			Name: "g", Interval: 10 * time.Second, Cost: Cost{Wall: cpu, CPU: cpu},
			Rules: []RuleCost{{"a", cpu / 4}, {"b", cpu / 2}},
		}}
	}
	results := []Result{
		{Part: Part{Nodes: 100, Shards: 1}, Groups: group(time.Millisecond)},
		{Part: Part{Nodes: 1000, Shards: 1}, Groups: group(2 * time.Second)},
		{Part: Part{Nodes: 1000, Shards: 2}, Groups: group(500 * time.Millisecond)},
		{Part: Part{Nodes: 1000, Shards: 2, Shard: 1}, Groups: group(600 * time.Millisecond), Clusters: 77},
	}
	text := Tables(results)
	for _, want := range []string{"| 1000 | 2 | 77 |", "| g | 2 | 10s | 0.001 s | 2.000 s | 0.600 s | `b` 1.000 s |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	err := Judge(results)
	if err == nil || strings.Count(err.Error(), "\n") != 0 || !strings.Contains(err.Error(), "1000 nodes, ruler 1 of 1: group g takes 2.000 s of 10s") {
		t.Errorf("judged: %v", err)
	}
	file := filepath.Join(t.TempDir(), "scale.md")
	if err := os.WriteFile(file, []byte("a\n"+beginMark+"\nold\n"+endMark+"\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Replace(file, "new"); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(file); string(b) != "a\n"+beginMark+"\nnew\n"+endMark+"\nb\n" {
		t.Errorf("%s", b)
	}
	if err := Replace(file+"x", "new"); err == nil {
		t.Error("a file that is not there is replaced")
	}
}
