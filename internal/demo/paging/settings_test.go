package paging

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

func testOptions(t *testing.T) Options {
	return Options{Dir: t.TempDir(), ScrapeInterval: time.Second, RuleInterval: 2 * time.Second}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "example.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What the shipped example sets stays, but for intervals and targets.
func TestThePrometheusFileIsTheShippedOne(t *testing.T) {
	text, jobs, err := testOptions(t).prometheusFile("../../../packaging/examples/prometheus.yml", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Global  map[string]string `yaml:"global"`
		Scrapes []struct {
			Honor   bool     `yaml:"honor_labels"`
			Static  []object `yaml:"static_configs"`
			Timeout string   `yaml:"scrape_timeout"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(jobs) < 2 || file.Global["scrape_interval"] != "1s" || file.Global["evaluation_interval"] != "2s" {
		t.Errorf("%v in:\n%s", jobs, text)
	}
	for i, s := range file.Scrapes {
		if !s.Honor || s.Static != nil || s.Timeout != "1s" {
			t.Errorf("job %d: %+v", i, s)
		}
	}
}

func TestReceiversAreRecorded(t *testing.T) {
	text, err := alertmanagerFile(write(t, `
route: {receiver: team, group_wait: 30s, repeat_interval: 4h, routes: [{matchers: [severity="critical"], receiver: pager, group_wait: 5s}]}
receivers: [{name: team}, {name: pager, email_configs: [{to: x@example.com}]}]
inhibit_rules: [{source_matchers: [a="b"], target_matchers: [c="d"], equal: [cluster]}]
`), "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for _, want := range []string{"http://127.0.0.1:9/team", "http://127.0.0.1:9/pager", "inhibit_rules", `severity="critical"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in:\n%s", want, got)
		}
	}
	for _, not := range []string{"email", "4h", "5s", "30s"} {
		if strings.Contains(got, not) {
			t.Errorf("%s is still in:\n%s", not, got)
		}
	}
}

func TestNoGroupIsSlow(t *testing.T) {
	got, err := hastenGroups([]byte(`{"groups": [{"name": "a", "interval": "1s", "rules": []}, {"name": "b", "interval": "1h", "rules": []}]}`))
	want := `{"groups":[{"interval":"1s","name":"a","rules":[]},{"interval":"5s","name":"b","rules":[]}]}`
	if err != nil || string(got) != want {
		t.Errorf("%v, %s", err, got)
	}
	if _, err := hastenGroups([]byte(`{"groups": [{"name": "a", "interval": "soon"}]}`)); err == nil {
		t.Error("a wrong interval was passed over")
	}
}

func TestAWrongExampleIsNamed(t *testing.T) {
	if _, err := alertmanagerFile(write(t, "receivers: []"), "x"); err == nil || !strings.Contains(err.Error(), "route is missing") {
		t.Errorf("got %v", err)
	}
	if _, _, err := testOptions(t).prometheusFile(write(t, "scrape_configs: [{}]"), "x"); err == nil || !strings.Contains(err.Error(), "job_name") {
		t.Errorf("got %v", err)
	}
}
