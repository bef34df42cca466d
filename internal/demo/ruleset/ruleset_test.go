package ruleset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSelectors(t *testing.T) {
	e, err := Parser().ParseExpr(`max by (a) (rate(x{b="c"}[5m] offset 1m)) + on (a) max_over_time(y[1h:1m]) and time() - z > 1`)
	if err != nil {
		t.Fatal(err)
	}
	got := Selectors(e)
	if len(got) != 3 {
		t.Fatalf("%d selectors, want 3", len(got))
	}
	for i, want := range []Selector{
		{Name: "x", Lookback: 6 * time.Minute, Func: "rate"},
		{Name: "y", Lookback: time.Hour},
		{Name: "z"},
	} {
		if got[i].Name != want.Name || got[i].Lookback != want.Lookback || got[i].Func != want.Func {
			t.Errorf("selector %d: %s back %v under %q, want %s %v %q", i,
				got[i].Name, got[i].Lookback, got[i].Func, want.Name, want.Lookback, want.Func)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "make generate") {
		t.Errorf("an empty folder: %v", err)
	}
	file := filepath.Join(dir, "a.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("groups:\n- name: g\n  interval: 15s\n  rules:\n  - record: a:b\n    expr: max by (c) (\n")
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), file+": 6:") {
		t.Errorf("a broken expression: %v", err)
	}
	write("groups:\n- name: g\n  interval: 15s\n  rules:\n  - record: a:b\n    expr: max by (c) (d)\n  - alert: A\n    expr: a:b > 1\n")
	s, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Rules) != 2 || s.Rules[1].Name() != "A" || s.Rules[1].Interval != 15*time.Second || len(s.Recorded()["a:b"]) != 1 {
		t.Errorf("rules: %+v", s.Rules)
	}
}
