package slo

import (
	"maps"
	"slices"
)

// The states of an application.
const (
	unknown = iota
	up
	down
)

// stretch is a time in which nothing changed that is known of an application.
type stretch struct {
	from, to int64
	state    int
	peers    bool     // who looked: peers, or the node alone
	owners   []string // that ran it; of an unknown one, those of before
}

// applications groups the probes by application.
func (s *samples) applications() map[string][]*series {
	out := map[string][]*series{}
	for _, one := range s.of(metricProbe) {
		name := one.labels["application"]
		out[name] = append(out[name], one)
	}
	return out
}

// stretches are the states of one application from a moment to another, without a gap.
func stretches(probes []*series, from, to int64) []stretch {
	edges := []int64{from, to}
	for _, p := range probes {
		for _, r := range p.runs {
			edges = append(edges, min(max(r.from, from), to), min(max(r.to, from), to))
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	next := make([]int, len(probes))
	var out []stretch
	var owners []string
	for i := 0; i+1 < len(edges); i++ {
		now := look(probes, next, edges[i])
		now.from, now.to = edges[i], edges[i+1]
		if now.state == unknown {
			now.owners = owners
		}
		owners = now.owners
		if n := len(out); n > 0 && out[n-1].state == now.state && out[n-1].peers == now.peers && slices.Equal(out[n-1].owners, now.owners) {
			out[n-1].to = now.to
			continue
		}
		out = append(out, now)
	}
	return out
}

// look judges an application at one moment by what each probe says then. next is how far the runs of each were used.
func look(probes []*series, next []int, at int64) stretch {
	said := map[bool]map[string]bool{true: {}, false: {}} // by peers or not, by probe: any success
	owners := map[string]struct{}{}
	for i, p := range probes {
		for next[i] < len(p.runs) && p.runs[next[i]].to <= at {
			next[i]++
		}
		if next[i] == len(p.runs) || p.runs[next[i]].from > at {
			continue
		}
		by := said[p.labels["vantage"] == "peer"]
		by[p.labels["probe"]] = by[p.labels["probe"]] || p.runs[next[i]].value == 1
		owners[p.labels["target_node"]] = struct{}{}
	}
	now := stretch{owners: slices.Sorted(maps.Keys(owners)), peers: len(said[true]) > 0}
	counts := said[now.peers]
	switch {
	case len(counts) == 0:
		now.state = unknown
	case slices.Contains(slices.Collect(maps.Values(counts)), false):
		now.state = down
	default:
		now.state = up
	}
	return now
}
