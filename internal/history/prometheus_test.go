package history

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"powerha_lpm_exporter/collector/table"
	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

var day = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// shown is a value that a series has from a moment on, until the next one of it. Values below 0 end it.
type shown struct {
	from       time.Duration // since day
	node, part string
	value      float64
	instance   string
}

// server evaluates range queries over what was shown, as Prometheus does.
type server struct {
	mu      sync.Mutex // guards asked
	shown   []shown
	asked   []string // the spans, in steps
	cluster string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	num := func(name string) float64 { v, _ := strconv.ParseFloat(r.FormValue(name), 64); return v }
	start, end, step := num("start"), num("end"), num("step")
	s.mu.Lock()
	s.asked = append(s.asked, fmt.Sprint((end-start)/step+1))
	s.mu.Unlock()
	if r.URL.Path != "/prom/api/v1/query_range" || r.FormValue("query") != Query("c") || step <= 0 || (end-start)/step > 11000 {
		http.Error(w, `{"status":"error","error":"bad query"}`, http.StatusBadRequest)
		return
	}
	type key struct{ node, part, instance string }
	values := map[key][][2]any{}
	for at := start; at <= end; at += step {
		now := map[key]float64{}
		for _, v := range s.shown {
			if float64(day.Add(v.from).UnixMilli())/1000 <= at {
				now[key{v.node, v.part, v.instance}] = v.value
			}
		}
		now[key{"", partKnown, ""}] = 1
		for k, v := range now {
			if v >= 0 {
				values[k] = append(values[k], [2]any{at, strconv.FormatFloat(v, 'f', -1, 64)})
			}
		}
	}
	result := []any{}
	for k, v := range values {
		metric := map[string]string{part: k.part, "cluster": s.cluster}
		if k.node != "" {
			metric["node"], metric["instance"] = k.node, k.instance
		}
		result = append(result, map[string]any{"metric": metric, "values": v})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": result}})
}

func secondsAt(d time.Duration) float64 { return float64(day.Add(d).UnixMilli()) / 1000 }

// frozen shows a freeze at its end.
func (s *server) frozen(node string, start time.Duration, length float64) {
	at := start + time.Duration(length*float64(time.Second)) + time.Second
	for part, v := range map[string]float64{partStart: secondsAt(start), partDuration: length, partBound: 0.01} {
		s.shown = append(s.shown, shown{at, node, part, v, "a"}, shown{at, node, part, v, "b"}) // two servers scrape it
	}
}

func (s *server) migrated(node string, start, end time.Duration) {
	s.shown = append(s.shown, shown{start, node, partBegin, secondsAt(start), "a"}, shown{end, node, partEnd, secondsAt(end), "a"})
}

func TestFreezesOfPrometheus(t *testing.T) {
	s := &server{cluster: "c"}
	s.migrated("n1", 24*time.Hour, 24*time.Hour+2*time.Minute)
	s.frozen("n1", 24*time.Hour+20*time.Second, 0.2) // a hiccup first
	s.frozen("n1", 24*time.Hour+40*time.Second, 4.5)
	s.migrated("n2", 30*time.Hour, 30*time.Hour+time.Minute) // not visible
	s.frozen("n2", 40*time.Hour, 1.5)                        // outside
	s.migrated("n1", 50*time.Hour, 50*time.Hour+3*time.Minute)
	s.frozen("n1", 50*time.Hour+time.Minute+123*time.Millisecond, 7.25)
	s.shown = append(s.shown, shown{60 * time.Hour, "n1", partBegin, secondsAt(60 * time.Hour), "a"}) // it goes on
	s.frozen("n1", 60*time.Hour+time.Minute, 3)
	srv := httptest.NewServer(s)
	defer srv.Close()
	p := Prometheus{URL: srv.URL + "/prom/", Clock: clock.NewFake(model.Instant{Wall: day}), Timeout: time.Minute}
	got, err := p.Freezes(t.Context(), "c", day, day.Add(61*time.Hour), 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, r := range got {
		f := "not visible"
		if r.Fused != nil {
			f = fmt.Sprint(*r.Fused, "±", r.Bound)
		}
		text = append(text, fmt.Sprint(r.Node, " ", r.Start.Sub(day), " ", f, " [", strings.TrimPrefix(r.Episode, "2026-11-"), "]"))
	}
	want := []string{
		"n1 24h0m20s 200ms±10ms [02T00:00:00Z]",
		"n1 24h0m40s 4.5s±10ms [02T00:00:00Z]",
		"n2 30h0m0s not visible [02T06:00:00Z]",
		"n2 40h0m0s 1.5s±10ms []",
		"n1 50h1m0.123s 7.25s±10ms [03T02:00:00Z]",
		"n1 60h1m0s 3s±10ms [03T12:00:00Z]",
	}
	if strings.Join(text, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(text, "\n"), strings.Join(want, "\n"))
	}
	if len(s.asked) != 8 || s.asked[0] != "2000" {
		t.Errorf("asked for points: %v", s.asked)
	}
	// What began before the span is not in it, though it was still shown.
	got, err = p.Freezes(t.Context(), "c", day.Add(45*time.Hour), day.Add(61*time.Hour), time.Minute)
	if err != nil || len(got) != 2 {
		t.Errorf("later: %+v, %v", got, err)
	}
}

// The series that are asked for are those that the exporter has.
func TestQueryNames(t *testing.T) {
	known := map[string]bool{}
	for _, m := range table.Metrics() {
		known[m.Name] = true
	}
	names := regexp.MustCompile(`powerha_[a-z_]+`).FindAllString(Query("c"), -1)
	if len(names) != 6 {
		t.Errorf("names %v", names)
	}
	for _, n := range names {
		if !known[n] {
			t.Errorf("%s is no metric", n)
		}
	}
	if q := Query(`c"} or vector(1) #`); !strings.Contains(q, `{cluster="c\"} or vector(1) #",estimator="fused"}`) {
		t.Errorf("not quoted: %s", q)
	}
}

func TestFreezesRefuses(t *testing.T) {
	matrix := func(metric, value string) string {
		return fmt.Sprintf(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"cluster":"c","node":"n",%s},"values":[[1764000000,%s]]}]}}`, metric, value)
	}
	for name, tc := range map[string]struct{ text, want string }{
		"unknown cluster": {`{"status":"success","data":{"resultType":"matrix","result":[]}}`, `no series powerha_lpm_migrations_total of cluster "c"`},
		"other cluster":   {`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"cluster":"d"},"values":[]}]}}`, "series of another cluster"},
		"vector":          {`{"status":"success","data":{"resultType":"vector","result":[]}}`, "instead of a matrix"},
		"error":           {`{"status":"error","error":"boom"}`, "it refused: boom"},
		"partial":         {`{"status":"success","warnings":["store gone"],"data":{"resultType":"matrix"}}`, "may be partial: store gone"},
		"half":            {`{"status":"succ`, "is it Prometheus?"},
		"no JSON":         {`<html>sign in</html>`, "is it Prometheus?"},
		"NaN":             {matrix(`"lpm_part":"start"`, `"NaN"`), "impossible value"},
		"negative":        {matrix(`"lpm_part":"start"`, `"-1"`), "impossible value"},
		"no text":         {matrix(`"lpm_part":"start"`, `1`), "cannot be read"},
		"no value":        {strings.Replace(matrix(`"lpm_part":"start"`, `"1"`), `,"1"]`, `]`, 1), "not of time and value"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(tc.text)) }))
			defer srv.Close()
			p := Prometheus{URL: srv.URL, Clock: clock.NewFake(model.Instant{Wall: day}), Timeout: time.Minute}
			if got, err := p.Freezes(t.Context(), "c", day, day.Add(time.Hour), time.Minute); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, tc := range []struct {
		url  string
		step time.Duration
		want string
	}{
		{"prometheus:9090", time.Minute, "cannot be used"},
		{"ftp://x", time.Minute, "cannot be used"},
		{gone.URL, time.Minute, "check that it is reachable"},
		{gone.URL, time.Millisecond, "take a step of"},
	} {
		p := Prometheus{URL: tc.url, Clock: clock.NewFake(model.Instant{Wall: day}), Timeout: time.Minute}
		if _, err := p.Freezes(t.Context(), "c", day, day.Add(time.Hour), tc.step); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %s: %v", tc.url, tc.step, err)
		}
	}
}

// A server that does not answer costs the deadline and no more.
func TestDeadline(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-release
	}))
	defer srv.Close()
	defer close(release)
	clk := clock.NewFake(model.Instant{Wall: day})
	done := make(chan error, 1)
	go func() {
		_, err := Prometheus{URL: srv.URL, Clock: clk, Timeout: time.Minute}.Freezes(t.Context(), "c", day, day.Add(time.Hour), time.Minute)
		done <- err
	}()
	<-asked
	clk.Advance(time.Minute)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("%v", err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"cluster":"c","node":"n","lpm_part":"start"},"values":[[1,"2"]]},` +
		`{"metric":{"cluster":"c","node":"n","lpm_part":"duration"},"values":[[1,"2"]]},{"metric":{"cluster":"c","node":"n","lpm_part":"bound"},"values":[[1,"2"]]}]}}`))
	f.Fuzz(func(t *testing.T, p []byte) {
		var a answer
		if json.Unmarshal(p, &a) != nil {
			return
		}
		fold := newFold("c")
		if fold.add(a) != nil {
			return
		}
		for _, r := range fold.records(time.Time{}) {
			if r.Fused != nil && (*r.Fused < 0 || r.Bound < 0) || r.Fused == nil && r.Episode == "" {
				t.Errorf("%+v", r)
			}
		}
	})
}
