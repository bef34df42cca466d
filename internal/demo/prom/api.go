package prom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"
)

// API answers queries over a database as Prometheus does, without targets and rules.
func API(db *tsdb.DB, engine *promql.Engine) http.Handler {
	return (&Server{db: db, engine: engine}).handler()
}

// handler serves the part of Prometheus's HTTP API (v1) that is used here, in
// its own format: query, query_range, alerts, rules.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/query", s.answer(s.instant))
	mux.HandleFunc("/api/v1/query_range", s.answer(s.ranged))
	mux.HandleFunc("/api/v1/alerts", s.answer(func(*http.Request) (any, error) {
		return map[string]any{"alerts": s.Alerts()}, nil
	}))
	mux.HandleFunc("/api/v1/rules", s.answer(func(*http.Request) (any, error) {
		return map[string]any{"groups": s.groups()}, nil
	}))
	for _, path := range []string{"/-/healthy", "/-/ready"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintln(w, "Prometheus Server is Ready.")
		})
	}
	return mux
}

// badData is the client's fault (400); anything else is an execution error (422).
type badData struct{ error }

func (s *Server) answer(f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		data, err := f(r)
		out, status := map[string]any{"status": "success", "data": data}, http.StatusOK
		if err != nil {
			kind := "execution"
			status = http.StatusUnprocessableEntity
			if errors.As(err, &badData{}) {
				kind, status = "bad_data", http.StatusBadRequest
			}
			out = map[string]any{"status": "error", "errorType": kind, "error": err.Error()}
		}
		text, err := json.Marshal(out)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(text)
	}
}

// result is the data of an answered query.
type result struct {
	ResultType parser.ValueType `json:"resultType"`
	Result     parser.Value     `json:"result"`
}

func (s *Server) instant(r *http.Request) (any, error) {
	at, err := parseTime(r.FormValue("time"), time.Now())
	if err != nil {
		return nil, err
	}
	q, err := s.engine.NewInstantQuery(r.Context(), s.db, nil, r.FormValue("query"), at)
	if err != nil {
		return nil, badData{err}
	}
	return execute(r.Context(), q)
}

func (s *Server) ranged(r *http.Request) (any, error) {
	start, err := parseTime(r.FormValue("start"), time.Time{})
	if err != nil {
		return nil, err
	}
	end, err := parseTime(r.FormValue("end"), time.Time{})
	if err != nil {
		return nil, err
	}
	step, err := parseStep(r.FormValue("step"))
	if err != nil {
		return nil, err
	}
	if end.Before(start) || end.Sub(start)/step > 11000 {
		return nil, badData{errors.New("query_range: end before start, or more than 11000 points")}
	}
	q, err := s.engine.NewRangeQuery(r.Context(), s.db, nil, r.FormValue("query"), start, end, step)
	if err != nil {
		return nil, badData{err}
	}
	return execute(r.Context(), q)
}

func execute(ctx context.Context, q promql.Query) (any, error) {
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, res.Err
	}
	// The query's memory is reused after Close: encode first.
	text, err := json.Marshal(result{ResultType: res.Value.Type(), Result: res.Value})
	if err != nil {
		return nil, fmt.Errorf("encode the result: %w", err)
	}
	return json.RawMessage(text), nil
}

func parseTime(text string, absent time.Time) (time.Time, error) {
	if text == "" {
		if absent.IsZero() {
			return absent, badData{errors.New("a time is missing")}
		}
		return absent, nil
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		whole, part := math.Modf(seconds)
		return time.Unix(int64(whole), int64(part*1e9)).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, badData{fmt.Errorf("time %q: want Unix seconds or RFC 3339", text)}
	}
	return t, nil
}

func parseStep(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds > 0 {
		return time.Duration(seconds * float64(time.Second)), nil
	}
	d, err := model.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, badData{fmt.Errorf("step %q: want a positive duration", text)}
	}
	return time.Duration(d), nil
}
