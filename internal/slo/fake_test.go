package slo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

var first = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// fakeSeries is a series that a fake Prometheus has: value tells the sample at a second of the month.
type fakeSeries struct {
	labels map[string]string
	value  func(t int) (float64, bool)
}

// fake answers the queries that this package asks, with samples every 15 s.
type fake struct {
	series     []fakeSeries
	objectives map[string]float64
	auth       []string
	spoil      func(w http.ResponseWriter) bool // answers instead
}

const every = 15

func (f *fake) serve(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return srv.URL
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.auth = append(f.auth, r.Header.Get("Authorization"))
	if f.spoil != nil && f.spoil(w) {
		return
	}
	query := r.FormValue("query")
	second := func(key string) int {
		v, err := strconv.ParseFloat(r.FormValue(key), 64)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
		return int(v) - int(first.Unix())
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/query_range"):
		f.matrix(w, second("start"), second("end"), 60, func(s fakeSeries) bool { return s.labels[partLabel] != "" })
	case strings.Contains(query, "powerha:slo_objective:ratio"):
		var out []any
		for app, v := range f.objectives {
			out = append(out, map[string]any{"metric": map[string]string{"cluster": "prod", "application": app}, "value": []any{1, fmt.Sprint(v)}})
		}
		reply(w, "vector", out)
	default:
		open := strings.LastIndex(query, "[")
		span, err := strconv.Atoi(strings.TrimSuffix(query[open+1:], "ms]"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		end := second("time")
		f.matrix(w, end-span/1000, end, every, func(s fakeSeries) bool { return s.labels["__name__"] != "" })
	}
}

// matrix answers with both edges, as Prometheus 2 does.
func (f *fake) matrix(w http.ResponseWriter, from, to, step int, has func(fakeSeries) bool) {
	out := []any{}
	for _, s := range f.series {
		if !has(s) {
			continue
		}
		var values [][]any
		for t := (from + step - 1) / step * step; t <= to; t += step {
			if v, ok := s.value(t); ok {
				values = append(values, []any{first.Unix() + int64(t), strconv.FormatFloat(v, 'f', -1, 64)})
			}
		}
		if values != nil {
			out = append(out, map[string]any{"metric": s.labels, "values": values})
		}
	}
	reply(w, "matrix", out)
}

func reply(w http.ResponseWriter, kind string, result []any) {
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": kind, "result": result}})
}

func probe(app, node, vantage, target string, value func(t int) (float64, bool)) fakeSeries {
	return fakeSeries{map[string]string{
		"__name__": metricProbe, "cluster": "prod", "node": node, "application": app, "probe": vantage, "vantage": vantage, "target_node": target,
	}, value}
}

func of(name, node string, value func(t int) (float64, bool)) fakeSeries {
	return fakeSeries{map[string]string{"__name__": name, "cluster": "prod", "node": node}, value}
}

func toldSeries(part, node, label, v string, value func(t int) (float64, bool)) fakeSeries {
	labels := map[string]string{"cluster": "prod", "node": node, partLabel: part}
	if label != "" {
		labels[label] = v
	}
	return fakeSeries{labels, value}
}

// well is up but for the spans in which it is down, and those in which it is not there.
func well(downs, gone [][2]int) func(t int) (float64, bool) {
	return func(t int) (float64, bool) {
		v := 1.0
		for _, s := range downs {
			if t >= s[0] && t < s[1] {
				v = 0
			}
		}
		for _, s := range gone {
			if t >= s[0] && t < s[1] {
				return 0, false
			}
		}
		return v, t >= 0
	}
}

// from is a value that is told from a moment on.
func from(t0 int, v float64) func(t int) (float64, bool) {
	return func(t int) (float64, bool) { return v, t >= t0 }
}
