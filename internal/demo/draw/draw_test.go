package draw

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestMergeJoinsByWhatAllFramesHave(t *testing.T) {
	got := merge([][]row{
		{{"cluster": "a", "node": "n1", "Value #A": 1.0}, {"cluster": "a", "node": "n2", "Value #A": 2.0}},
		{},
		{{"cluster": "a", "node": "n1", "serial": "S1", "Value #B": 3.0}, {"cluster": "a", "node": "n1", "serial": "S2", "Value #B": 4.0}},
	})
	want := []row{
		{"cluster": "a", "node": "n1", "serial": "S1", "Value #A": 1.0, "Value #B": 3.0},
		{"cluster": "a", "node": "n2", "Value #A": 2.0},
		{"cluster": "a", "node": "n1", "serial": "S2", "Value #B": 4.0},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestValuesAreShownInTheirUnitsTextsAndColours(t *testing.T) {
	var f Field
	text := `{"unit": "s", "thresholds": {"steps": [{"color": "green", "value": null}, {"color": "red", "value": 60}]},
		"mappings": [{"type": "value", "options": {"7": {"text": "seven", "color": "blue"}}},
			{"type": "range", "options": {"from": 100, "to": 200, "result": {"text": "much"}}}]}`
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	for v, want := range map[float64]shown{
		0.25: {"250 ms", "green", 0.25}, 5: {"5 s", "green", 5}, 90: {"1.50 mins", "red", 90}, 7200: {"2 hours", "red", 7200},
		7: {"seven", "blue", 7}, 150: {"much", "red", 150},
	} {
		if got := f.show(v); got != want {
			t.Errorf("%v is shown as %v, want %v", v, got, want)
		}
	}
}

// fake answers every query with one series whose value is 1, whatever it asks for.
func fake(t *testing.T) *httptest.Server {
	t.Helper()
	labels := `{"cluster": "demo", "node": "n1", "phase": "idle", "resource_group": "rg", "application": "app", "serial": "S1"}`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "query_range") {
			_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":%s,"values":[[1000,"1"],[1015,"1"]]}]}}`, labels)
			return
		}
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":%s,"value":[1060,"1"]}]}}`, labels)
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestEveryDashboardIsDrawn(t *testing.T) {
	srv := fake(t)
	for _, d := range dashboards(t) {
		var page bytes.Buffer
		o := Options{URL: srv.URL, From: time.Unix(960, 0), To: time.Unix(1060, 0), ScrapeInterval: 15 * time.Second, Theme: "dark"}
		if err := Page(t.Context(), &page, d, o); err != nil {
			t.Error(err)
			continue
		}
		for _, want := range []string{d.Title, "not Grafana", `data-theme="dark"`, "demo"} {
			if !strings.Contains(page.String(), want) {
				t.Errorf("%s: the page lacks %q", d.UID, want)
			}
		}
		for _, p := range d.Panels {
			if !strings.Contains(page.String(), template.HTMLEscapeString(p.Title)) {
				t.Errorf("%s: panel %q is not drawn", d.UID, p.Title)
			}
		}
	}
}

func TestAValueThatIsNotThereIsNamed(t *testing.T) {
	d, err := Load(filepath.Join(root, "dashboards", "powerha-lpm-live.json"))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{URL: fake(t).URL, From: time.Unix(960, 0), To: time.Unix(1060, 0), ScrapeInterval: time.Second, Chosen: map[string]string{"node": "n9"}}
	if err := Page(t.Context(), &bytes.Buffer{}, d, o); err == nil || !strings.Contains(err.Error(), `variable node: there is no "n9"; there are: n1`) {
		t.Errorf("got %v", err)
	}
}
