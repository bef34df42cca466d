package draw

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// Options say what is drawn.
type Options struct {
	// URL of the Prometheus.
	URL string
	// From and To are the time shown; "now" is To.
	From, To time.Time
	// ScrapeInterval is that of the data source: $__rate_interval is four of it at least.
	ScrapeInterval time.Duration
	// Chosen are values of variables; one that is not chosen is All, or the first value that there is.
	Chosen map[string]string
	// Theme is light or dark.
	Theme string
}

// Session answers queries of one dashboard.
type Session struct {
	api    promv1.API
	o      Options
	values map[string]string // of variables, as they stand in queries
	names  []string          // of variables, in their order
}

// points is how many steps a range has.
const points = 300

// Open finds the values of the dashboard's variables.
func Open(ctx context.Context, d *Dashboard, o Options) (*Session, error) {
	client, err := api.NewClient(api.Config{Address: o.URL})
	if err != nil {
		return nil, fmt.Errorf("use the Prometheus %s: %w", o.URL, err)
	}
	s := &Session{api: promv1.NewAPI(client), o: o, values: map[string]string{
		"datasource":      "drawn",
		"__range":         seconds(o.To.Sub(o.From)),
		"__interval":      seconds(s0(o)),
		"__rate_interval": seconds(max(4*o.ScrapeInterval, s0(o)+o.ScrapeInterval)),
	}}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		value, err := s.choose(ctx, v)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", v.Name, err)
		}
		s.values[v.Name] = value
		s.names = append(s.names, v.Name)
	}
	return s, nil
}

// s0 is the step of a range.
func s0(o Options) time.Duration {
	return max(o.ScrapeInterval, (o.To.Sub(o.From) / points).Round(time.Millisecond))
}

func seconds(d time.Duration) string {
	if d%time.Second == 0 {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return fmt.Sprintf("%dms", d/time.Millisecond)
}

// labelValues is the only form of query that our variables have.
var labelValues = regexp.MustCompile(`^label_values\((.*), (\w+)\)$`) //nolint:gochecknoglobals // a compiled constant

func (s *Session) choose(ctx context.Context, v Variable) (string, error) {
	m := labelValues.FindStringSubmatch(v.Definition)
	if m == nil {
		return "", fmt.Errorf("%q is not label_values(selector, label)", v.Definition)
	}
	query := fmt.Sprintf("group by (%s) (last_over_time(%s[$__range]))", m[2], m[1])
	found, err := s.Instant(ctx, query)
	if err != nil {
		return "", err
	}
	var values []string
	for _, sample := range found {
		values = append(values, string(sample.Metric[model.LabelName(m[2])]))
	}
	slices.Sort(values)
	chosen, ok := s.o.Chosen[v.Name]
	switch {
	case ok && !slices.Contains(values, chosen):
		return "", fmt.Errorf("there is no %q; there are: %s", chosen, strings.Join(values, ", "))
	case ok:
		return chosen, nil
	case v.IncludeAll:
		return v.AllValue, nil
	case len(values) == 0:
		return "", fmt.Errorf("no value in the time shown: %s", query)
	default:
		return values[0], nil
	}
}

// variable stands as $name or ${name} in a query.
var variable = regexp.MustCompile(`\$(?:\{(\w+)(?::\w+)?\}|(\w+))`) //nolint:gochecknoglobals // a compiled constant

// Substitute puts the variables' values into a query.
func (s *Session) Substitute(query string) string {
	return variable.ReplaceAllStringFunc(query, func(m string) string {
		name := variable.FindStringSubmatch(m)
		if value, ok := s.values[name[1]+name[2]]; ok {
			return value
		}
		return m
	})
}

// Instant answers a query at the end of the time shown.
func (s *Session) Instant(ctx context.Context, query string) (model.Vector, error) {
	query = s.Substitute(query)
	value, _, _, err := s.api.Query(ctx, query, s.o.To)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", query, err)
	}
	vector, ok := value.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("query %s: answered with a %s", query, value.Type())
	}
	return vector, nil
}

// Range answers a query over the time shown.
func (s *Session) Range(ctx context.Context, query string) (model.Matrix, error) {
	query = s.Substitute(query)
	value, _, _, err := s.api.QueryRange(ctx, query, promv1.Range{Start: s.o.From, End: s.o.To, Step: s0(s.o)})
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", query, err)
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return nil, fmt.Errorf("query %s: answered with a %s", query, value.Type())
	}
	return matrix, nil
}

// legend is a part of a legend's form.
var legend = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`) //nolint:gochecknoglobals // a compiled constant

// name is a series' name by the target's legend.
func (t Target) name(labels model.Metric) string {
	if t.LegendFormat == "" {
		return labels.String()
	}
	return legend.ReplaceAllStringFunc(t.LegendFormat, func(m string) string {
		return string(labels[model.LabelName(legend.FindStringSubmatch(m)[1])])
	})
}
