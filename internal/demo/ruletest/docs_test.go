package ruletest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type rule struct {
	Alert  string
	For    string
	Labels map[string]string
}

// shipped are the alerts of the rendered file, without those of the SLO, which docs/slo.md describes.
func shipped(t *testing.T) map[string]rule {
	t.Helper()
	b, err := os.ReadFile("../../../alerts/powerha_alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []rule
		}
	}
	if err := yaml.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	out := map[string]rule{}
	for _, g := range file.Groups {
		if strings.Contains(g.Name, "slo") {
			continue
		}
		for _, r := range g.Rules {
			out[r.Alert] = r
		}
	}
	if len(out) == 0 {
		t.Fatal("no alerts")
	}
	return out
}

var row = regexp.MustCompile(`(?m)^\| (PowerHA\w+) \| (\w+) \| ?(\w*) ?\|`)

// spans are the values of for as the table writes them.
func spans(text string) string {
	for long, short := range map[string]string{"60s": "1m", "120s": "2m", "300s": "5m", "600s": "10m", "900s": "15m", "1800s": "30m", "3600s": "1h", "86400s": "1d"} {
		if text == long {
			return short
		}
	}
	return text
}

// docs/alerts.md has every alert, with its severity and for, and no other.
func TestTheTableOfAlerts(t *testing.T) {
	b, err := os.ReadFile("../../../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := shipped(t)
	listed := map[string]bool{}
	for _, m := range row.FindAllStringSubmatch(string(b), -1) {
		r, ok := rules[m[1]]
		switch {
		case !ok:
			t.Errorf("docs/alerts.md lists %s, which is no alert", m[1])
		case listed[m[1]]:
			t.Errorf("docs/alerts.md lists %s twice", m[1])
		case m[2] != r.Labels["severity"], m[3] != spans(r.For):
			t.Errorf("docs/alerts.md: %s is %q for %q, the rule %q for %q", m[1], m[2], m[3], r.Labels["severity"], spans(r.For))
		}
		listed[m[1]] = true
	}
	for name := range rules {
		if !listed[name] {
			t.Errorf("docs/alerts.md lacks %s", name)
		}
	}
}

// Every alert is expected to fire in a unit test, and expected not to in another place of it.
func TestEveryAlertIsTestedBothWays(t *testing.T) {
	fires, not := map[string]bool{}, map[string]bool{}
	name := regexp.MustCompile(`alertname=~?"([^"]+)"`)
	for _, f := range all(t) {
		for _, c := range f.Tests {
			for _, a := range c.Alerts {
				if len(a.Want) > 0 {
					fires[a.Name] = true
				} else {
					not[a.Name] = true
				}
			}
			for _, e := range c.Exprs {
				for _, w := range e.Want {
					if m := name.FindStringSubmatch(w.Labels); m != nil && strings.Contains(w.Labels, `alertstate="firing"`) {
						fires[m[1]] = true
					}
				}
				if m := name.FindStringSubmatch(e.Expr); m != nil && len(e.Want) == 0 {
					for _, n := range strings.Split(m[1], "|") {
						not[n] = true
					}
				}
			}
		}
	}
	for n := range shipped(t) {
		if !fires[n] {
			t.Errorf("no unit test expects %s to fire", n)
		}
		if !not[n] && n != "PowerHAWatchdog" {
			t.Errorf("no unit test expects %s not to fire", n)
		}
	}
}

// verbs are those of lpmctl that the runbook may name, as its source declares them.
func verbs(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	paths, err := filepath.Glob("../../../cmd/lpmctl/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:Command|simple)\("([a-z-]+)"`).FindAllStringSubmatch(string(b), -1) {
			out[m[1]] = true
		}
	}
	return out
}

// What runbook and alerts tell people to type exists.
func TestCommandsExist(t *testing.T) {
	known := verbs(t)
	for _, p := range []string{"../../../mixin/runbook.md", "../../../alerts/powerha_alerts.yaml"} {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`lpmctl\s+([a-z][a-z-]+)`).FindAllStringSubmatch(string(b), -1)
		if len(found) == 0 {
			t.Errorf("%s names no command of lpmctl", p)
		}
		for _, m := range found {
			if !known[m[1]] {
				t.Errorf("%s: there is no lpmctl %s", p, m[1])
			}
		}
	}
}
