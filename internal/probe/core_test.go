package probe

import (
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/model"
)

func instant(s float64) model.Instant {
	d := time.Duration(s * float64(time.Second))
	return model.Instant{Wall: time.Unix(1_700_000_000, 0).UTC().Add(d), Mono: time.Hour + d}
}

func spec(vantage string) Spec {
	return Spec{
		Application: "db", Group: "rg1", Name: "sql", Type: TypeTCP, Target: "x:1", Vantage: vantage,
		Interval: 5 * time.Second, Timeout: 2 * time.Second,
	}
}

func owned(node string, by ...string) Ownership {
	return Ownership{Node: node, Owners: map[string][]string{"rg1": by}}
}

func TestNeverOverlapsItself(t *testing.T) {
	c := NewCore([]Spec{spec(Local)})
	runs := c.Step(instant(0), owned("n1", "n1"), nil)
	if len(runs) != 1 {
		t.Fatalf("%d runs at first, want 1", len(runs))
	}
	if again := c.Step(instant(60), owned("n1", "n1"), nil); len(again) != 0 {
		t.Fatal("runs again while it hangs")
	}
	after := c.Step(instant(61), owned("n1", "n1"), []Result{{Run: runs[0], At: instant(0)}})
	if len(after) != 1 {
		t.Fatal("does not go on after it came back")
	}
	if early := c.Step(instant(65.9), owned("n1", "n1"), []Result{{Run: after[0], At: instant(61)}}); len(early) != 0 {
		t.Fatal("runs before its interval")
	}
	if due := c.Step(instant(66), owned("n1", "n1"), nil); len(due) != 1 {
		t.Fatal("does not run at its interval")
	}
}

func TestWhereProbesRun(t *testing.T) {
	byApp := spec(Local)
	byApp.Group = ""
	named := byApp
	named.Application = "rg1"
	peerByApp := spec(Peer)
	peerByApp.Group = ""
	two := func(node, first, second string) Ownership {
		return Ownership{Node: node, Owners: map[string][]string{"rg1": {first}, "rg2": {second}}}
	}
	for name, tt := range map[string]struct {
		spec   Spec
		own    Ownership
		target string // "" means it does not run
	}{
		"local on the owner":              {spec(Local), owned("n1", "n1"), "n1"},
		"local elsewhere":                 {spec(Local), owned("n2", "n1"), ""},
		"local on one of several owners":  {spec(Local), owned("n2", "n1", "n2"), "n2"},
		"local, owner not known":          {spec(Local), owned("n1"), ""},
		"local, node not known":           {spec(Local), owned("", ""), ""},
		"peer on the owner":               {spec(Peer), owned("n1", "n1"), ""},
		"peer elsewhere":                  {spec(Peer), owned("n2", "n1"), "n1"},
		"peer, owner not known":           {spec(Peer), owned("n2"), ""},
		"application, the only group":     {byApp, owned("n1", "n1"), "n1"},
		"application called like a group": {named, two("n1", "n2", "n1"), ""},
		"application, some group is here": {byApp, two("n1", "n2", "n1"), "n1"},
		"application, no group is here":   {byApp, two("n1", "n2", "n2"), ""},
		"peer, which group is not known":  {peerByApp, two("n3", "n1", "n2"), ""},
	} {
		c := NewCore([]Spec{tt.spec})
		runs := c.Step(instant(0), tt.own, nil)
		if len(runs) != 0 != (tt.target != "") {
			t.Errorf("%s: %d runs", name, len(runs))
			continue
		}
		if len(runs) == 0 {
			continue
		}
		c.Step(instant(1), tt.own, []Result{{Run: runs[0], At: instant(0)}})
		if s := c.Status(); len(s) != 1 || s[0].TargetNode != tt.target {
			t.Errorf("%s: status %+v, want target %s", name, s, tt.target)
		}
	}
}

func TestStatus(t *testing.T) {
	c := NewCore([]Spec{spec(Local)})
	run := func(s float64, err string) {
		t.Helper()
		runs := c.Step(instant(s), owned("n1", "n1"), nil)
		if len(runs) != 1 {
			t.Fatalf("at %v: %d runs", s, len(runs))
		}
		c.Step(instant(s+1), owned("n1", "n1"), []Result{{Run: runs[0], At: instant(s), Took: time.Second, Err: err}})
	}
	if len(c.Status()) != 0 {
		t.Error("has a status before it ran")
	}
	run(0, "")
	run(5, "")
	if s := c.Status()[0]; !s.Success || s.Succeeded != 2 || s.SuccessSince != instant(0) || !s.LastSuccess.Equal(instant(5).Wall) {
		t.Errorf("after two successes: %+v", s)
	}
	run(10, "refused")
	if s := c.Status()[0]; s.Success || s.Failed != 1 || s.Error != "refused" || !s.SuccessSince.IsZero() || !s.LastSuccess.Equal(instant(5).Wall) {
		t.Errorf("after a failure: %+v", s)
	}
	run(15, "")
	if s := c.Status()[0]; s.SuccessSince != instant(15) || s.Error != "" {
		t.Errorf("after it recovered: %+v", s)
	}
}

// When the group leaves, the probe goes with it, and what still runs is not taken for news.
func TestOwnerLeaves(t *testing.T) {
	c := NewCore([]Spec{spec(Local)})
	runs := c.Step(instant(0), owned("n1", "n1"), nil)
	if more := c.Step(instant(1), owned("n1", "n2"), nil); len(more) != 0 {
		t.Fatal("runs without the group")
	}
	c.Step(instant(2), owned("n1", "n1"), nil)
	c.Step(instant(3), owned("n1", "n1"), []Result{{Run: runs[0], At: instant(0)}})
	if s := c.Status(); len(s) != 0 {
		t.Errorf("took the result of before: %+v", s)
	}
	if again := c.Step(instant(8), owned("n1", "n1"), nil); len(again) > 1 {
		t.Errorf("%d runs at once", len(again))
	}
}

func TestConfigureKeepsWhatIsTheSame(t *testing.T) {
	c := NewCore([]Spec{spec(Local)})
	runs := c.Step(instant(0), owned("n1", "n1"), nil)
	c.Step(instant(1), owned("n1", "n1"), []Result{{Run: runs[0], At: instant(0)}})
	c.Configure([]Spec{spec(Local)})
	if len(c.Status()) != 1 {
		t.Error("the same probe was forgotten")
	}
	other := spec(Local)
	other.Target = "y:2"
	c.Configure([]Spec{other})
	if len(c.Status()) != 0 {
		t.Error("another target inherited the old one's success")
	}
}

func TestSpecs(t *testing.T) {
	good, err := Specs([]config.Probe{{ResourceGroup: "rg1", Type: "http", Target: "http://x/"}})
	if err != nil {
		t.Fatal(err)
	}
	want := Spec{
		Application: "rg1", Group: "rg1", Name: "http", Type: "http", Target: "http://x/", Vantage: Local,
		Interval: 5 * time.Second, Timeout: 2 * time.Second,
	}
	if got := good[0]; got.ID() != "rg1/http/local" || got.Interval != want.Interval || got.Timeout != want.Timeout || got.Group != "rg1" {
		t.Errorf("got %+v", got)
	}
	for text, probes := range map[string][]config.Probe{
		"neither an application": {{Type: "tcp", Target: "x:1"}},
		"needs a target":         {{Application: "a", Type: "tcp"}},
		"needs a command":        {{Application: "a", Type: "exec"}},
		"want tcp, http":         {{Application: "a", Type: "icmp", Target: "x"}},
		"want local or peer":     {{Application: "a", Type: "tcp", Target: "x:1", Vantage: "moon"}},
		"twice":                  {{Application: "a", Type: "tcp", Target: "x:1"}, {Application: "a", Type: "tcp", Target: "x:2"}},
	} {
		if _, err := Specs(probes); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("want an error with %q, got %v", text, err)
		}
	}
}
