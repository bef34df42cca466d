package slo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The metrics whose samples are taken as they are.
const (
	metricProbe   = "powerha_application_probe_success"
	metricManaged = "powerha_node_managed"
	metricOpen    = "powerha_lpm_declared_window_open"
	metricUntil   = "powerha_lpm_declared_window_until_timestamp_seconds"
)

// point is one sample, in milliseconds since 1970.
type point struct {
	at    int64
	value float64
}

// run is a stretch of time with one value.
type run struct {
	from, to int64
	value    float64
}

// series is one series of samples: as runs, or as the points themselves where their values are moments.
type series struct {
	labels map[string]string
	runs   []run
	points []point
	last   point
	any    bool
}

// samples are what was read of a month.
type samples struct {
	byMetric map[string]map[string]*series
	// interval is the usual one between two samples, of the last answer that told.
	interval int64
	told     map[string]*series // by part and labels, in steps; see told.go
}

func newSamples() *samples {
	return &samples{byMetric: map[string]map[string]*series{}, told: map[string]*series{}}
}

// usual is the median distance of the points.
func usual(points []point) int64 {
	if len(points) < 3 {
		return 0
	}
	gaps := make([]int64, 0, len(points)-1)
	for i := 1; i < len(points); i++ {
		gaps = append(gaps, points[i].at-points[i-1].at)
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// take adds the next points of a series, which are not older than those before. Points that came before already are
// left out: the left edge of a range is read twice where Prometheus counts it in.
func (s *samples) take(labels map[string]string, points []point) error {
	metric := labels["__name__"]
	if s.byMetric[metric] == nil {
		s.byMetric[metric] = map[string]*series{}
	}
	key := keyOf(labels)
	one := s.byMetric[metric][key]
	if one == nil {
		one = &series{labels: labels}
		s.byMetric[metric][key] = one
	}
	interval := cmp.Or(usual(points), s.interval)
	if metric == metricProbe {
		s.interval = cmp.Or(interval, s.interval)
	}
	for _, p := range points {
		if one.any && p.at <= one.last.at {
			continue
		}
		if metric != metricUntil && p.value != 0 && p.value != 1 {
			return fmt.Errorf("%v has the impossible value %v", labels, p.value)
		}
		one.add(p, interval)
		if metric == metricUntil || metric == metricOpen {
			one.points = append(one.points, p)
		}
	}
	return nil
}

// add takes the next point into the runs: the one before it spoke until now, or for one interval.
func (s *series) add(p point, interval int64) {
	if s.any {
		until := p.at
		if interval > 0 && p.at-s.last.at > interval*5/2 {
			until = s.last.at + interval
		}
		s.speak(until)
	}
	s.last, s.any = p, true
}

// speak makes the last point a run.
func (s *series) speak(until int64) {
	if n := len(s.runs); n > 0 && s.runs[n-1].to == s.last.at && s.runs[n-1].value == s.last.value {
		s.runs[n-1].to = until
		return
	}
	s.runs = append(s.runs, run{s.last.at, until, s.last.value})
}

// close lets the last points speak, each for one interval.
func (s *samples) close() {
	for _, all := range s.byMetric {
		for _, one := range all {
			if one.any {
				one.speak(one.last.at + s.interval)
			}
		}
	}
}

// of lists the series of a metric in a fixed order.
func (s *samples) of(metric string) []*series {
	all := s.byMetric[metric]
	out := make([]*series, 0, len(all))
	for _, key := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[key])
	}
	return out
}

// keyOf identifies a series among those of its metric.
func keyOf(labels map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if k != "__name__" {
			fmt.Fprintf(&b, "%q=%q,", k, labels[k])
		}
	}
	return b.String()
}
