package history

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// answer is that of /api/v1/query_range.
type answer struct {
	Status   string   `json:"status"`
	Error    string   `json:"error"`
	Warnings []string `json:"warnings"`
	Data     struct {
		ResultType string   `json:"resultType"`
		Result     []series `json:"result"`
	} `json:"data"`
}

type series struct {
	Metric map[string]string `json:"metric"`
	Values []point           `json:"values"`
}

// point is [time, "value"].
type point struct{ at, value float64 }

func (p *point) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	if len(raw) != 2 {
		return errors.New("a sample is not of time and value")
	}
	var text string
	if err := errors.Join(json.Unmarshal(raw[0], &p.at), json.Unmarshal(raw[1], &text)); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(text, 64)
	p.value = v
	return err
}

// fold gathers answers into freezes and migrations.
type fold struct {
	cluster string
	known   bool
	nodes   map[string]*seen
	moments map[string]*moment // by labels and time; of one answer
}

// seen is what was seen of one node, by microseconds since 1970.
type seen struct {
	freezes     map[int64]model.FreezeRecord
	begins, end map[int64]struct{}
}

// moment is the last freeze as one exporter showed it at one time.
type moment struct {
	node                   string
	start, duration, bound *float64
}

func newFold(cluster string) *fold {
	return &fold{cluster: cluster, nodes: map[string]*seen{}}
}

// maxTime is what no time reaches: the year 5138.
const maxTime = 1e11

func micros(seconds float64) int64 { return int64(math.Round(seconds * 1e6)) }

// add takes in one answer. It trusts nothing: what does not belong to the cluster or is no number is an error.
func (f *fold) add(a answer) error {
	switch {
	case a.Status != "success":
		return fmt.Errorf("it refused: %s", cmp.Or(a.Error, "no reason given; is it Prometheus?"))
	case len(a.Warnings) > 0:
		return fmt.Errorf("the answer may be partial: %s", a.Warnings[0])
	case a.Data.ResultType != "matrix":
		return fmt.Errorf("answered with a %q instead of a matrix; is it Prometheus?", a.Data.ResultType)
	}
	f.moments = map[string]*moment{}
	for _, s := range a.Data.Result {
		if s.Metric["cluster"] != f.cluster {
			return fmt.Errorf("answered with a series of another cluster: %v", s.Metric)
		}
		for _, p := range s.Values {
			if !(p.value >= 0 && p.value <= maxTime) {
				return fmt.Errorf("%v has the impossible value %v", s.Metric, p.value)
			}
		}
		f.series(s)
	}
	return f.join()
}

func (f *fold) series(s series) {
	name := s.Metric[part]
	if name == partKnown {
		f.known = f.known || len(s.Values) > 0
		return
	}
	key := labels(s.Metric)
	n := f.node(s.Metric["node"])
	for _, p := range s.Values {
		switch name {
		case partBegin:
			n.begins[micros(p.value)] = struct{}{}
			continue
		case partEnd:
			n.end[micros(p.value)] = struct{}{}
			continue
		}
		at := key + strconv.FormatFloat(p.at, 'g', -1, 64)
		m := f.moments[at]
		if m == nil {
			m = &moment{node: s.Metric["node"]}
			f.moments[at] = m
		}
		switch name {
		case partDuration:
			m.duration = &p.value
		case partStart:
			m.start = &p.value
		case partBound:
			m.bound = &p.value
		}
	}
}

func (f *fold) node(name string) *seen {
	if f.nodes[name] == nil {
		f.nodes[name] = &seen{freezes: map[int64]model.FreezeRecord{}, begins: map[int64]struct{}{}, end: map[int64]struct{}{}}
	}
	return f.nodes[name]
}

// labels identify the exporter that showed a sample.
func labels(metric map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(metric)) {
		if k != "__name__" && k != part {
			fmt.Fprintf(&b, "%q=%q,", k, metric[k])
		}
	}
	return b.String()
}

// join makes freezes of what was shown together.
func (f *fold) join() error {
	for _, m := range f.moments {
		if m.start == nil || m.duration == nil || m.bound == nil {
			continue // one of them was not there at that moment, or the last freeze was not visible
		}
		d, ok := duration(*m.duration)
		bound, sound := duration(*m.bound)
		if !ok || !sound {
			return fmt.Errorf("node %s: a freeze of %v s with a bound of %v s cannot be", m.node, *m.duration, *m.bound)
		}
		at := micros(*m.start)
		if old, ok := f.node(m.node).freezes[at]; !ok || d+bound > *old.Fused+old.Bound {
			f.node(m.node).freezes[at] = model.FreezeRecord{Node: m.node, Start: time.UnixMicro(at).UTC(), Fused: &d, Bound: bound}
		}
	}
	f.moments = nil
	return nil
}

// A freeze belongs to a migration when it began between a moment before its start and a while after its end, in which
// the end may have been written down late.
const (
	before = time.Second
	after  = 10 * time.Second
)

// records are the freezes and the migrations without one, from a moment on, in the order of time and node.
func (f *fold) records(from time.Time) []model.FreezeRecord {
	var out []model.FreezeRecord
	for _, name := range slices.Sorted(maps.Keys(f.nodes)) {
		out = append(out, f.nodes[name].records(name)...)
	}
	out = slices.DeleteFunc(out, func(r model.FreezeRecord) bool { return r.Start.Before(from) })
	slices.SortStableFunc(out, func(a, b model.FreezeRecord) int { return a.Start.Compare(b.Start) })
	return out
}

func (s *seen) records(node string) []model.FreezeRecord {
	freezes := slices.Collect(maps.Values(s.freezes))
	slices.SortFunc(freezes, func(a, b model.FreezeRecord) int { return a.Start.Compare(b.Start) })
	begins, ends := slices.Sorted(maps.Keys(s.begins)), slices.Sorted(maps.Keys(s.end))
	for i, b := range begins {
		next := int64(math.MaxInt64)
		if i+1 < len(begins) {
			next = begins[i+1]
		}
		j, _ := slices.BinarySearch(ends, b)
		ended := j < len(ends) && ends[j] < next
		until := next - before.Microseconds()
		if ended {
			until = min(until, ends[j]+after.Microseconds())
		}
		name, any := time.UnixMicro(b).UTC().Format(time.RFC3339Nano), false
		for k := range freezes {
			if at := freezes[k].Start.UnixMicro(); at >= b-before.Microseconds() && at < until {
				freezes[k].Episode, any = name, true
			}
		}
		if !any && ended {
			freezes = append(freezes, model.FreezeRecord{Node: node, Start: time.UnixMicro(b).UTC(), Episode: name})
		}
	}
	return freezes
}
