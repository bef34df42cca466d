package paging

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
)

const calmText = `# TYPE powerha_node_managed gauge
powerha_node_managed{cluster="demo",node="n1"} 1
# TYPE powerha_actor_state gauge
powerha_actor_state{cluster="demo",node="n1",state="idle"} 1
powerha_actor_state{cluster="demo",node="n1",state="held"} 0
# TYPE powerha_exporter_collector_last_success_timestamp_seconds gauge
powerha_exporter_collector_last_success_timestamp_seconds{cluster="demo",node="n1",collector="cluster"} 100
# TYPE powerha_lpm_last_migration_end_timestamp_seconds gauge
powerha_lpm_last_migration_end_timestamp_seconds{cluster="demo",node="n1"} 50
# TYPE powerha_application_probe_attempts_total counter
powerha_application_probe_attempts_total{cluster="demo",node="n1",result="success"} 7
powerha_application_probe_attempts_total{cluster="demo",node="n1",result="failure"} 1
`

func TestFeed(t *testing.T) {
	calm, err := read(strings.NewReader(calmText), time.Unix(110, 0))
	if err != nil {
		t.Fatal(err)
	}
	f := &Feed{Node: "n1", Program: "exporter", cluster: "other", calm: calm}
	lines := func() string {
		var buf bytes.Buffer
		enc := expfmt.NewEncoder(&buf, expfmt.NewFormat(expfmt.TypeTextPlain))
		for _, m := range f.now(time.Unix(130, 0), f.changes) {
			if err := enc.Encode(m); err != nil {
				t.Fatal(err)
			}
		}
		return buf.String()
	}
	for _, step := range []struct{ change, want, not string }{
		{"", `powerha_node_managed{cluster="other",node="n1"} 1`, `cluster="demo"`},
		{"", `collector="cluster"} 120`, ""},
		{"", `powerha_lpm_last_migration_end_timestamp_seconds{cluster="other",node="n1"} 50`, ""},
		{"", `result="success"} 27`, `result="failure"} 21`},
		{"n1 exporter powerha_node_managed 0", `powerha_node_managed{cluster="other",node="n1"} 0`, ""},
		{"n1 exporter powerha_actor_state = held", `state="held"} 1`, `state="idle"} 1`},
		{"n1 exporter powerha_new_total{event=\"x\"} 3", "# TYPE powerha_new_total counter\npowerha_new_total{cluster=\"other\",event=\"x\",node=\"n1\"} 3", ""},
		{"n1 exporter powerha_since_seconds now-30", `powerha_since_seconds{cluster="other",node="n1"} 100`, ""},
		{"n1 exporter powerha_node_managed gone", `state="held"} 1`, "powerha_node_managed"},
		{"n2 exporter powerha_actor_state = idle", `state="held"} 1`, `state="idle"} 1`},
	} {
		if step.change != "" {
			c, err := parseChange(step.change)
			if err != nil {
				t.Fatal(err)
			}
			f.apply([]change{c})
		}
		got := lines()
		if !strings.Contains(got, step.want) || step.not != "" && strings.Contains(got, step.not) {
			t.Errorf("after %q want %s, not %s:\n%s", step.change, step.want, step.not, got)
		}
	}
	c, err := parseChange("n1 exporter down")
	if err != nil {
		t.Fatal(err)
	}
	f.apply([]change{c})
	w := httptest.NewRecorder()
	f.serve(w, nil)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("HTTP %d while down", w.Code)
	}
}

// What Alertmanager sends is kept by receiver and cluster; what is over is not a page.
func TestRecorder(t *testing.T) {
	r, err := startRecorder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	}()
	for body, want := range map[string]int{
		`{"alerts":[{"status":"firing","labels":{"alertname":"A","severity":"critical","cluster":"c1","node":"n1"}},
			{"status":"resolved","labels":{"alertname":"B","cluster":"c1"}},{"status":"firing","labels":{"alertname":"C","cluster":"c2"}}]}`: http.StatusOK,
		`no JSON`: http.StatusBadRequest,
	} {
		resp, err := http.Post("http://"+r.address+"/pager", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: HTTP %d, want %d", body, resp.StatusCode, want)
		}
	}
	pages := r.Pages("c1")
	if len(pages) != 1 || pages[0].String() != "critical A n1" || pages[0].Receiver != "pager" {
		t.Errorf("%+v", pages)
	}
	if got := r.Clusters(); !slices.Equal(got, []string{"c1", "c2"}) {
		t.Errorf("%v", got)
	}
}

// A cluster, or a node, may have the name of a state.
func TestStateOfNamesake(t *testing.T) {
	calm, err := read(strings.NewReader(calmText), time.Unix(110, 0))
	if err != nil {
		t.Fatal(err)
	}
	f := &Feed{Node: "n1", Program: "actor", cluster: "held", calm: calm}
	c, err := parseChange("n1 actor powerha_actor_state = held")
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range f.now(time.Unix(130, 0), []change{c}) {
		if family.GetName() != "powerha_actor_state" {
			continue
		}
		for _, m := range family.Metric {
			state := m.Label[len(m.Label)-1].GetValue()
			if is := m.Gauge.GetValue() == 1; is != (state == "held") {
				t.Errorf("state %s: %v", state, is)
			}
		}
	}
}
