package confirm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	prom "github.com/prometheus/common/model"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

const now = 1764000100.5

var start = model.Instant{Wall: time.Unix(1764000000, 0).UTC(), Mono: time.Hour}

// sample is one element of an answer.
type sample struct {
	metric map[string]string
	value  float64
}

func s(part string, v float64, labels ...string) sample {
	m := map[string]string{"lpm_part": part}
	for i := 0; i+1 < len(labels); i += 2 {
		m[labels[i]] = labels[i+1]
	}
	return sample{m, v}
}

func answer(samples ...sample) string {
	type element struct {
		Metric map[string]string `json:"metric"`
		Value  [2]any            `json:"value"`
	}
	result := []element{}
	for _, x := range samples {
		result = append(result, element{x.metric, [2]any{now, strconv.FormatFloat(x.value, 'f', -1, 64)}})
	}
	b, err := json.Marshal(map[string]any{"status": "success", "data": map[string]any{"resultType": "vector", "result": result}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func full(value string) string {
	return fmt.Sprintf(`{"status":"success","data":{"resultType":"vector","result":[
{"metric":{"__name__":"powerha:gate:migration_end_timestamp_seconds","cluster":"c","node":"n","lpm_part":"gate"},"value":[%[1]v,%[2]q]},
{"metric":{"cluster":"c","node":"n","lpm_part":"gate_time"},"value":[%[1]v,"1764000090.25"]},
{"metric":{"__name__":"powerha:gate_evaluated:timestamp_seconds","lpm_part":"evaluated"},"value":[%[1]v,"1764000091"]},
{"metric":{"lpm_part":"evaluated_time"},"value":[%[1]v,"1764000090.5"]},
{"metric":{"__name__":"powerha:gate_window:seconds","lpm_part":"window"},"value":[%[1]v,"60"]},
{"metric":{"lpm_part":"now"},"value":[%[1]v,"1764000100.5"]}]}}`, now, value)
}

// prometheus answers every query with the text.
func prometheus(t *testing.T, text string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.URL.Path != "/api/v1/query" || r.Form.Get("query") != Query("c", "n") || r.Form.Has("time") {
			t.Errorf("asked %s %v", r.URL, r.Form)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func gate(t *testing.T, o Options) []model.GateSample {
	t.Helper()
	if o.Clock == nil {
		o.Clock = clock.NewFake(start)
	}
	return New(o).Gate(t.Context(), "c", "n")
}

func TestGate(t *testing.T) {
	url := prometheus(t, full("1764000012.345"))
	got := gate(t, Options{URLs: []string{url}})
	want := model.GateSample{
		URL: url, At: start, Found: true, EndMillis: 1764000012345,
		SampleTime: time.UnixMilli(1764000090250).UTC(), ServerTime: time.UnixMilli(1764000100500).UTC(),
		EvaluatedFound: true, EvaluatedTime: time.UnixMilli(1764000090500).UTC(), Window: time.Minute,
	}
	if len(got) != 1 || got[0] != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

// S2: an empty result is a no, and that the rule is not evaluated is told apart.
func TestGateEmpty(t *testing.T) {
	notReady := gate(t, Options{URLs: []string{prometheus(t, answer(s("now", now), s("evaluated", 1764000000), s("evaluated_time", 1764000000), s("window", 60)))}})[0]
	if notReady.Err != "" || notReady.Found || !notReady.EvaluatedFound || notReady.Window != time.Minute {
		t.Errorf("not ready: %+v", notReady)
	}
	notEvaluated := gate(t, Options{URLs: []string{prometheus(t, answer(s("now", now)))}})[0]
	if notEvaluated.Err != "" || notEvaluated.Found || notEvaluated.EvaluatedFound || notEvaluated.ServerTime.IsZero() {
		t.Errorf("not evaluated: %+v", notEvaluated)
	}
}

func TestGateRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"no vector":      {`{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}`, "instead of a vector"},
		"nothing at all": {answer(), "without its own time"},
		"another node":   {answer(s("now", now), s("gate", 1, "cluster", "c", "node", "m"), s("gate_time", 1, "node", "m")), "series of another node"},
		"disagree": {answer(s("now", now), s("gate", 1, "replica", "a"), s("gate", 2, "replica", "b"),
			s("gate_time", 1, "replica", "a"), s("gate_time", 1, "replica", "b")), "disagree"},
		"value without time": {answer(s("now", now), s("gate", 1)), "but 0 times"},
		"NaN":                {strings.Replace(full("1"), `"1764000091"`, `"NaN"`, 1), "impossible value"},
		"infinite":           {full("+Inf"), "impossible value"},
		"negative":           {full("-1"), "impossible value"},
		"endless window":     {strings.Replace(full("1"), `"60"`, `"1e10"`, 1), "impossible value"},
		"error":              {`{"status":"error","errorType":"execution","error":"boom"}`, "boom"},
		"no JSON":            {`<html>sign in</html>`, "check that it is reachable"},
		"half":               {full("1")[:200], "check that it is reachable"},
		"partial":            {strings.Replace(full("1"), `"status":"success",`, `"status":"success","warnings":["store gone"],`, 1), "may be partial: store gone"},
		"huge":               {full("1") + strings.Repeat(" ", maxAnswer), "larger than 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			got := gate(t, Options{URLs: []string{prometheus(t, tc.text)}})[0]
			if !strings.Contains(got.Err, tc.want) {
				t.Errorf("error %q, want %q", got.Err, tc.want)
			}
			if got.Found || got.EvaluatedFound {
				t.Errorf("with an error nothing counts as found: %+v", got)
			}
		})
	}
}

// Two copies of a series that agree count once, with the older time.
func TestGateReplicas(t *testing.T) {
	got := gate(t, Options{URLs: []string{prometheus(t, answer(s("now", 500), s("gate", 100, "replica", "a"), s("gate", 100, "replica", "b"),
		s("gate_time", 450, "replica", "a"), s("gate_time", 440, "replica", "b")))}})[0]
	if got.Err != "" || !got.Found || got.EndMillis != 100000 || !got.SampleTime.Equal(time.Unix(440, 0)) {
		t.Errorf("got %+v", got)
	}
}

// One slow server costs no more than the deadline and does not touch the other.
func TestSlowServer(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-release
	}))
	defer slow.Close()
	defer close(release)
	fast := prometheus(t, full("1764000012.345"))
	clk := clock.NewFake(start)
	c := New(Options{URLs: []string{slow.URL, fast}, Clock: clk, Timeout: 5 * time.Second})
	answered := make(chan struct{})
	c.servers[1].api = &told{API: c.servers[1].api, answered: answered}
	done := make(chan []model.GateSample, 1)
	go func() { done <- c.Gate(t.Context(), "c", "n") }()
	<-asked
	<-answered
	clk.Advance(5*time.Second - 1)
	select {
	case got := <-done:
		t.Fatalf("did not wait: %+v", got)
	default:
	}
	clk.Advance(1)
	got := <-done
	if got[0].URL != slow.URL || !strings.Contains(got[0].Err, "deadline") {
		t.Errorf("slow: %+v", got[0])
	}
	if got[1].Err != "" || !got[1].Found {
		t.Errorf("fast: %+v", got[1])
	}
}

// told tells when an answer has been read.
type told struct {
	v1.API
	answered chan struct{}
}

func (a *told) Query(ctx context.Context, q string, ts time.Time, o ...v1.Option) (prom.Value, v1.Warnings, v1.Infos, error) {
	defer close(a.answered)
	return a.API.Query(ctx, q, ts, o...)
}

func TestUnreachableAndBadAddress(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	got := gate(t, Options{URLs: []string{gone.URL, "http://[::1"}})
	if !strings.Contains(got[0].Err, "check that it is reachable") {
		t.Errorf("gone: %+v", got[0])
	}
	if !strings.Contains(got[1].Err, "correct confirmation.prometheus_urls") {
		t.Errorf("bad address: %+v", got[1])
	}
}

func TestHeaders(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "auth")
	if err := os.WriteFile(secret, []byte("Bearer one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := make(chan http.Header, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header
		_, _ = w.Write([]byte(full("1")))
	}))
	defer srv.Close()
	c := New(Options{URLs: []string{srv.URL}, Headers: map[string]string{"Authorization": "@" + secret, "X-Scope-OrgID": "dc1"}, Clock: clock.NewFake(start)})
	c.Gate(t.Context(), "c", "n")
	if h := <-seen; h.Get("Authorization") != "Bearer one" || h.Get("X-Scope-OrgID") != "dc1" {
		t.Errorf("headers %v", h)
	}
	// A renewed secret is used at once.
	if err := os.WriteFile(secret, []byte("Bearer two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Gate(t.Context(), "c", "n")
	if h := <-seen; h.Get("Authorization") != "Bearer two" {
		t.Errorf("headers %v", h)
	}
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	if got := c.Gate(t.Context(), "c", "n"); !strings.Contains(got[0].Err, "header Authorization") {
		t.Errorf("without the file: %+v", got[0])
	}
}

// A secret must not follow a redirection.
func TestRedirectIsRefused(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("followed with %v", r.Header)
	}))
	defer elsewhere.Close()
	srv := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer srv.Close()
	got := gate(t, Options{URLs: []string{srv.URL}, Headers: map[string]string{"X-A": "secret"}})
	if !strings.Contains(got[0].Err, "redirects elsewhere") {
		t.Errorf("got %+v", got[0])
	}
}

func TestQueryEscapes(t *testing.T) {
	q := Query(`c"} or vector(1) #`, "n.1")
	if !strings.Contains(q, `{cluster="c\"} or vector(1) #",node="n.1"}`) {
		t.Errorf("exact: %s", q)
	}
	if !strings.Contains(q, `node=~"|n\\.1"`) {
		t.Errorf("regular expression: %s", q)
	}
}
