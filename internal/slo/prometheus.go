package slo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/promhttp"
)

// Prometheus is the server whose samples are read.
type Prometheus struct {
	URL     string
	Headers map[string]string // see promhttp.Client
	Clock   clock.Clock
	Timeout time.Duration // of all queries together
}

const (
	maxAnswer = 64 << 20
	// chunk is how much of the month one query takes: a few megabytes of a cluster of usual size.
	chunk = 6 * time.Hour
	// step is how often what exporters go on telling is looked at.
	step = time.Minute
	// later is how long after the month, and before it, what was told of migrations is read.
	later = time.Hour
)

// Report reads the month and judges it. Objectives are taken from the recorded rules where o has none.
func (p Prometheus) Report(ctx context.Context, o Options) (Month, error) {
	base, err := promhttp.Address(p.URL)
	if err != nil {
		return Month{}, err
	}
	ctx, cancel := p.Clock.WithTimeout(ctx, p.Timeout)
	defer cancel()
	client := promhttp.Client(p.Headers, maxAnswer)
	defer client.CloseIdleConnections()
	q := querier{client: client, base: base, cluster: o.Cluster}
	s, err := q.month(ctx, o)
	if err == nil && o.Objectives == nil {
		o.Objectives, err = q.objectives(ctx, o.Until)
	}
	if err != nil {
		return Month{}, fmt.Errorf("query %s: %w", base.Redacted(), err)
	}
	m := judge(o, s)
	if len(m.Applications) == 0 {
		return Month{}, fmt.Errorf("query %s: it has no sample of powerha_application_probe_success of cluster %q from %s to %s; is that its name (--cluster), does it scrape the exporters, and does it keep samples for so long?",
			base.Redacted(), o.Cluster, o.From.Format(time.DateOnly), o.Until.Format(time.DateOnly))
	}
	m.Source = base.Redacted()
	return m, nil
}

// querier asks one server about one cluster.
type querier struct {
	client  *http.Client
	base    *url.URL
	cluster string
}

func (q querier) month(ctx context.Context, o Options) (*samples, error) {
	s := newSamples()
	for from := o.From; from.Before(o.Until); from = from.Add(chunk) {
		to := from.Add(chunk)
		if to.After(o.Until) {
			to = o.Until
		}
		expr := fmt.Sprintf(`{__name__=~"%s|%s|%s|%s",cluster=%q}[%dms]`, metricProbe, metricManaged, metricOpen, metricUntil, q.cluster, to.Sub(from).Milliseconds())
		err := q.ask(ctx, "api/v1/query", url.Values{"query": {expr}, "time": {unix(to)}}, "matrix", func(one answered) error {
			return s.take(one.Metric, one.points())
		})
		if err != nil {
			return nil, err
		}
		expr = toldQuery(q.cluster)
		begin, end := from, to
		if from.Equal(o.From) {
			begin = from.Add(-later) // counters grow from what they were before
		}
		if to.Equal(o.To) {
			end = to.Add(later)
		}
		err = q.ask(ctx, "api/v1/query_range", url.Values{"query": {expr}, "start": {unix(begin)}, "end": {unix(end)}, "step": {strconv.Itoa(int(step / time.Second))}},
			"matrix", func(one answered) error { s.tell(one.Metric, one.points()); return nil })
		if err != nil {
			return nil, err
		}
	}
	s.close()
	return s, nil
}

// objectives are those that the rules record; none where they do not run.
func (q querier) objectives(ctx context.Context, at time.Time) (map[string]float64, error) {
	out := map[string]float64{}
	expr := fmt.Sprintf(`max by (cluster, application) (last_over_time(powerha:slo_objective:ratio{cluster=%q}[1d]))`, q.cluster)
	err := q.ask(ctx, "api/v1/query", url.Values{"query": {expr}, "time": {unix(at)}}, "vector", func(one answered) error {
		if v := one.Value.value; v > 0 && v < 1 {
			out[one.Metric["application"]] = v
			return nil
		}
		return fmt.Errorf("%v has the impossible value %v", one.Metric, one.Value.value)
	})
	return out, err
}

// answered is one series of an answer.
type answered struct {
	Metric map[string]string `json:"metric"`
	Values []sample          `json:"values"` // of a matrix
	Value  sample            `json:"value"`  // of a vector
}

func (a answered) points() []point {
	out := make([]point, len(a.Values))
	for i, v := range a.Values {
		out[i] = point(v)
	}
	return out
}

// sample is [time, "value"].
type sample point

// UnmarshalJSON implements json.Unmarshaler.
func (s *sample) UnmarshalJSON(b []byte) error {
	var at float64
	var text string
	if err := json.Unmarshal(b, &[]any{&at, &text}); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsNaN(v) || v < 0 || v > 1e11) {
		err = fmt.Errorf("the value %v is impossible", text)
	}
	s.at, s.value = int64(math.Round(at*1000)), v
	return err
}

// ask runs one query and hands each series on. It trusts nothing: what is of another cluster or kind is an error.
func (q querier) ask(ctx context.Context, path string, form url.Values, kind string, each func(answered) error) error {
	u := q.base.JoinPath(path)
	u.RawQuery = form.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := q.client.Do(req)
	if err != nil {
		var e *url.Error // it would repeat the long address
		if errors.As(err, &e) {
			err = e.Err
		}
		return fmt.Errorf("%w; check that it is reachable from here", err)
	}
	defer resp.Body.Close()
	var a struct {
		Status   string   `json:"status"`
		Error    string   `json:"error"`
		Warnings []string `json:"warnings"`
		Data     struct {
			ResultType string     `json:"resultType"`
			Result     []answered `json:"result"`
		} `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return fmt.Errorf("answered %s with what cannot be read: %w; is it Prometheus?", resp.Status, err)
	}
	switch {
	case a.Status != "success":
		return fmt.Errorf("it refused: %s", cmp.Or(a.Error, "no reason given; is it Prometheus?"))
	case len(a.Warnings) > 0:
		return fmt.Errorf("the answer may be partial: %s", a.Warnings[0])
	case a.Data.ResultType != kind:
		return fmt.Errorf("answered with a %q instead of a %s; is it Prometheus?", a.Data.ResultType, kind)
	}
	for _, one := range a.Data.Result {
		if one.Metric["cluster"] != q.cluster {
			return fmt.Errorf("answered with a series of another cluster: %v", one.Metric)
		}
		if err := each(one); err != nil {
			return err
		}
	}
	return nil
}

func unix(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64) }
