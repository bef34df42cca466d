package paging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Sample is what a real exporter or actor served at a moment: the calm state that fed series start from.
type Sample struct {
	at       time.Time
	families map[string]*dto.MetricFamily
}

// Take scrapes a real program.
func Take(ctx context.Context, address string) (Sample, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return Sample{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Sample{}, fmt.Errorf("take the calm state: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	return read(resp.Body, time.Now())
}

func read(text io.Reader, at time.Time) (Sample, error) {
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(text)
	if err != nil {
		return Sample{}, fmt.Errorf("read the calm state: %w", err)
	}
	return Sample{at: at, families: families}, nil
}

// Feed is a tiny exporter: it serves a program's calm state for another cluster, as if time went on, with changes.
type Feed struct {
	Node, Program, Address string

	cluster string
	calm    Sample
	http    *http.Server
	done    chan error

	mu      sync.Mutex
	changes []change
}

// StartFeed listens. The caller must Close it.
func StartFeed(ctx context.Context, cluster, node, program string, calm Sample) (*Feed, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a fed %s: %w", program, err)
	}
	f := &Feed{Node: node, Program: program, Address: l.Addr().String(), cluster: cluster, calm: calm, done: make(chan error, 1)}
	f.http = &http.Server{Handler: http.HandlerFunc(f.serve), ReadHeaderTimeout: 5 * time.Second}
	go func() { f.done <- f.http.Serve(l) }()
	return f, nil
}

// Close ends it.
func (f *Feed) Close() error {
	err := f.http.Close()
	if serve := <-f.done; !errors.Is(serve, http.ErrServerClosed) {
		err = errors.Join(err, serve)
	}
	return err
}

// apply takes in the changes that are meant for this one.
func (f *Feed) apply(all []change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range all {
		if c.node == f.Node && c.program == f.Program {
			f.changes = append(f.changes, c)
		}
	}
}

func (f *Feed) serve(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	changes := slices.Clone(f.changes)
	f.mu.Unlock()
	if slices.ContainsFunc(changes, func(c change) bool { return c.down }) {
		http.Error(w, "down, as the table says", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	enc := expfmt.NewEncoder(w, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, family := range f.now(time.Now(), changes) {
		if err := enc.Encode(family); err != nil {
			return // the scraper has gone
		}
	}
}

// now is the calm state as it would be at this moment, with the changes.
func (f *Feed) now(now time.Time, changes []change) []*dto.MetricFamily {
	var out []*dto.MetricFamily
	for _, family := range f.calm.families {
		out = append(out, f.older(family, now.Sub(f.calm.at)))
	}
	for _, c := range changes {
		out = f.changed(out, c, now)
	}
	out = slices.DeleteFunc(out, func(m *dto.MetricFamily) bool { return len(m.Metric) == 0 })
	slices.SortFunc(out, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return out
}

// older copies a family for the feed's cluster: what a living program renews is renewed.
func (f *Feed) older(family *dto.MetricFamily, age time.Duration) *dto.MetricFamily {
	name := family.GetName()
	step := 0.0
	if strings.HasSuffix(name, "_last_success_timestamp_seconds") || strings.HasSuffix(name, "_last_heartbeat_timestamp_seconds") {
		step = age.Seconds()
	}
	out := &dto.MetricFamily{Name: family.Name, Help: family.Help, Type: family.Type}
	for _, m := range family.Metric {
		is := &dto.Metric{Gauge: m.Gauge, Counter: m.Counter, Untyped: m.Untyped, Histogram: m.Histogram, Summary: m.Summary}
		succeeds := name == "powerha_application_probe_attempts_total"
		for _, l := range m.Label {
			value := l.GetValue()
			if l.GetName() == "cluster" {
				value = f.cluster
			}
			succeeds = succeeds && (l.GetName() != "result" || value == "success")
			is.Label = append(is.Label, &dto.LabelPair{Name: l.Name, Value: &value})
		}
		if step != 0 && m.Gauge != nil {
			set(is, family.GetType(), m.Gauge.GetValue()+step)
		}
		if succeeds {
			set(is, family.GetType(), m.Counter.GetValue()+age.Seconds())
		}
		out.Metric = append(out.Metric, is)
	}
	return out
}

func set(m *dto.Metric, kind dto.MetricType, value float64) {
	if kind == dto.MetricType_COUNTER {
		m.Counter = &dto.Counter{Value: &value}
		return
	}
	m.Gauge = &dto.Gauge{Value: &value}
}
