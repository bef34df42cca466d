package prom

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const testRules = `
groups:
  - name: test
    interval: 200ms
    rules:
      - {record: "powerha:up:min", expr: "min by (node) (powerha_test)"}
      - {alert: Low, expr: "powerha_test < 3", labels: {severity: none}, annotations: {summary: "{{ $labels.node }} is low"}}
`

// target serves one metric.
func target(t *testing.T, value string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "# TYPE powerha_test gauge\npowerha_test{node=\"n1\"} %s\n", value)
	}))
	t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

func options(t *testing.T, dir, address string) Options {
	t.Helper()
	return Options{
		Dir: dir, Listen: "127.0.0.1:0", Jobs: map[string][]string{"test": {address}}, Rules: []byte(testRules),
		ScrapeInterval: 200 * time.Millisecond, ScrapeTimeout: 200 * time.Millisecond, EvaluationInterval: 200 * time.Millisecond,
	}
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eventually waits for a condition; scraping and evaluating take their intervals.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited 20 s for %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// get asks the API and returns the data.
func get(t *testing.T, s *Server, path string, form url.Values) (status int, data json.RawMessage) {
	t.Helper()
	resp, err := http.PostForm(s.URL()+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct {
		Status string
		Error  string
		Data   json.RawMessage
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if (resp.StatusCode == http.StatusOK) != (body.Status == "success") {
		t.Errorf("%s: HTTP %d with status %q", path, resp.StatusCode, body.Status)
	}
	return resp.StatusCode, body.Data
}

func TestScrapesEvaluatesAndAnswers(t *testing.T) {
	s := start(t, options(t, t.TempDir(), target(t, "2.5")))
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	eventually(t, "the recorded rule", func() bool {
		v, err := s.Query(context.Background(), "powerha:up:min")
		return err == nil && len(v) == 1 && v[0].F == 2.5 && v[0].Metric.Get("node") == "n1"
	})
	eventually(t, "the alert", func() bool {
		a := s.Alerts()
		return len(a) == 1 && a[0].State == "firing" && a[0].Annotations["summary"] == "n1 is low"
	})

	_, data := get(t, s, "/api/v1/query", url.Values{"query": {`timestamp(powerha:up:min)`}})
	var vector struct {
		ResultType string
		Result     []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
	if err := json.Unmarshal(data, &vector); err != nil {
		t.Fatal(err)
	}
	if vector.ResultType != "vector" || len(vector.Result) != 1 || vector.Result[0].Metric["node"] != "n1" {
		t.Errorf("query: %s", data)
	}

	now := time.Now()
	_, data = get(t, s, "/api/v1/query_range", url.Values{
		"query": {"powerha_test"}, "step": {"0.2"},
		"start": {now.Add(-2 * time.Second).Format(time.RFC3339Nano)}, "end": {fmt.Sprint(float64(now.UnixMilli())/1000 + 1)}, // a step of it lies behind the first sample for sure
	})
	if !strings.Contains(string(data), `"matrix"`) || !strings.Contains(string(data), `"2.5"`) {
		t.Errorf("query_range: %s", data)
	}
	if _, data = get(t, s, "/api/v1/rules", nil); !strings.Contains(string(data), `"powerha:up:min"`) {
		t.Errorf("rules: %s", data)
	}
	if _, data = get(t, s, "/api/v1/alerts", nil); !strings.Contains(string(data), `"firing"`) {
		t.Errorf("alerts: %s", data)
	}
}

func TestBadQueriesAreTheClientsFault(t *testing.T) {
	s := start(t, options(t, t.TempDir(), target(t, "1")))
	defer s.Close()
	for name, c := range map[string]struct {
		path string
		form url.Values
	}{
		"no promql":     {"/api/v1/query", url.Values{"query": {"sum("}}},
		"bad time":      {"/api/v1/query", url.Values{"query": {"up"}, "time": {"yesterday"}}},
		"no start":      {"/api/v1/query_range", url.Values{"query": {"up"}, "end": {"1"}, "step": {"1"}}},
		"bad step":      {"/api/v1/query_range", url.Values{"query": {"up"}, "start": {"0"}, "end": {"1"}, "step": {"-1"}}},
		"many points":   {"/api/v1/query_range", url.Values{"query": {"up"}, "start": {"0"}, "end": {"1000000"}, "step": {"1"}}},
		"end too early": {"/api/v1/query_range", url.Values{"query": {"up"}, "start": {"2"}, "end": {"1"}, "step": {"1"}}},
	} {
		if status, _ := get(t, s, c.path, c.form); status != http.StatusBadRequest {
			t.Errorf("%s: HTTP %d, want 400", name, status)
		}
	}
}

func TestStoppedAndStartedAgainItKeepsItsSamples(t *testing.T) {
	dir := t.TempDir()
	s := start(t, options(t, dir, target(t, "7")))
	eventually(t, "a sample", func() bool {
		v, err := s.Query(context.Background(), "powerha_test")
		return err == nil && len(v) == 1
	})
	address := s.Address()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.Get("http://" + address + "/-/ready"); err == nil {
		_ = resp.Body.Close()
		t.Error("it answers after Close")
	}
	// Nothing is scraped now: only what was kept can answer.
	o := options(t, dir, "127.0.0.1:1")
	o.Listen = address
	s = start(t, o)
	defer s.Close()
	v, err := s.Query(context.Background(), "last_over_time(powerha_test[1m])")
	if err != nil || len(v) != 1 || v[0].F != 7 {
		t.Errorf("after the restart: %v, %v", v, err)
	}
}

func TestPortInUseStartsNothing(t *testing.T) {
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	o := options(t, t.TempDir(), target(t, "1"))
	o.Listen = strings.TrimPrefix(taken.URL, "http://")
	if s, err := Start(t.Context(), o); err == nil {
		_ = s.Close()
		t.Fatal("it started on a port in use")
	}
	o.Listen = "127.0.0.1:0"
	s := start(t, o) // the database was closed again
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
