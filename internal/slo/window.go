package slo

import (
	"cmp"
	"slices"
)

// memory is how long a window, or a suspension, goes on over a time without samples when it is still there behind it.
const memory = 2 * 3600 * 1000

// stride is a stretch of time with a property.
type stride struct{ from, to int64 }

// windows are the declared windows of a node: what the exporter's cap counts and what it refuses.
type windows struct{ counted, refused []stride }

// declared reads the windows of each node from the samples that show them open. A window reaches from the first of
// these to the last: it is never longer than it was.
func (s *samples) declared() map[string]*windows {
	until := map[string]map[int64]float64{}
	for _, one := range s.of(metricUntil) {
		at := map[int64]float64{}
		for _, p := range one.points {
			at[p.at] = p.value
		}
		until[keyOf(one.labels)] = at
	}
	out := map[string]*windows{}
	for _, one := range s.of(metricOpen) {
		node := one.labels["node"]
		if out[node] == nil {
			out[node] = &windows{}
		}
		out[node].add(one.points, until[keyOf(one.labels)])
	}
	for _, w := range out {
		w.counted, w.refused = union(w.counted), union(w.refused)
		w.refused = without(w.refused, w.counted)
	}
	return out
}

// add takes the samples of one exporter in. Between two that show a window open it was open; where the exporter was
// silent in between, it is counted up to the moment that the exporter had told in advance.
func (w *windows) add(points []point, until map[int64]float64) {
	interval := usual(points)
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		if a.value != 1 || b.value != 1 || b.at-a.at > memory {
			continue
		}
		ends, counted := until[a.at]
		split := a.at
		if counted {
			split = b.at
			if b.at-a.at > interval*5/2 {
				split = min(b.at, max(a.at, int64(ends*1000)))
			}
		}
		w.counted = append(w.counted, stride{a.at, split})
		w.refused = append(w.refused, stride{split, b.at})
	}
}

// unmanaged is when each node was not managed by PowerHA. A silence between two samples of that is part of it.
func (s *samples) unmanaged() map[string][]stride {
	out := map[string][]stride{}
	for _, one := range s.of(metricManaged) {
		node := one.labels["node"]
		for i, r := range one.runs {
			if r.value != 0 {
				continue
			}
			to := r.to
			if i+1 < len(one.runs) && one.runs[i+1].value == 0 && one.runs[i+1].from-r.to <= memory {
				to = one.runs[i+1].from
			}
			out[node] = append(out[node], stride{r.from, to})
		}
	}
	for node, in := range out {
		out[node] = union(in)
	}
	return out
}

// union sorts strides and joins those that touch.
func union(in []stride) []stride {
	slices.SortFunc(in, func(a, b stride) int { return cmp.Compare(a.from, b.from) })
	var out []stride
	for _, s := range in {
		if s.to <= s.from {
			continue
		}
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// within is what two lists of strides have in common.
func within(a, b []stride) []stride {
	var out []stride
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if from, to := max(a[i].from, b[j].from), min(a[i].to, b[j].to); from < to {
			out = append(out, stride{from, to})
		}
		if a[i].to < b[j].to {
			i++
		} else {
			j++
		}
	}
	return out
}

// without is what a has and b has not.
func without(a, b []stride) []stride {
	var out []stride
	j := 0
	for _, s := range a {
		for j < len(b) && b[j].to <= s.from {
			j++
		}
		for k := j; k < len(b) && b[k].from < s.to; k++ {
			if s.from < b[k].from {
				out = append(out, stride{s.from, b[k].from})
			}
			s.from = max(s.from, b[k].to)
		}
		if s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}

// length is how long strides are together, in seconds.
func length(in []stride) float64 {
	var sum int64
	for _, s := range in {
		sum += s.to - s.from
	}
	return float64(sum) / 1000
}

// upTo cuts strides off once they are that many seconds long together.
func upTo(in []stride, seconds float64) (let, refused []stride) {
	left := int64(seconds * 1000)
	for _, s := range in {
		cut := min(s.to, s.from+left)
		left -= cut - s.from
		let = append(let, stride{s.from, cut})
		refused = append(refused, stride{cut, s.to})
	}
	return union(let), union(refused)
}
