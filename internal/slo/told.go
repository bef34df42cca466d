package slo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// partLabel tells the parts of one query apart.
const partLabel = "slo_part"

// What exporters tell of the last migration.
const (
	partStart    = "start"
	partEnd      = "end"
	partResult   = "result"
	partJudged   = "judged"
	partFreeze   = "freeze"
	partFreezeAt = "freeze_start"
	partBound    = "bound"
	partBrownout = "brownout"
	partOutage   = "outage"
)

// toldQuery asks for what the exporters of a cluster tell of the last migration of each node. They go on telling it,
// so it is asked in steps; two exporters of one node are one.
func toldQuery(cluster string) string {
	own := "cluster=" + strconv.Quote(cluster)
	part := func(name, by, metric, matcher string) string {
		return fmt.Sprintf(`label_replace(max by (cluster,node%s) (%s{%s%s}),%q,%q,"","")`, by, metric, own, matcher, partLabel, name)
	}
	return strings.Join([]string{
		part(partStart, "", "powerha_lpm_last_migration_start_timestamp_seconds", ""),
		part(partEnd, "", "powerha_lpm_last_migration_end_timestamp_seconds", ""),
		part(partResult, ",result", "powerha_lpm_migrations_total", ""),
		part(partJudged, ",verdict", "powerha_lpm_verdicts_total", ""),
		part(partFreeze, "", "powerha_lpm_last_freeze_duration_seconds", `,estimator="fused"`),
		part(partFreezeAt, "", "powerha_lpm_last_freeze_start_timestamp_seconds", `,estimator="fused"`),
		part(partBound, "", "powerha_lpm_last_freeze_error_bound_seconds", `,estimator="fused"`),
		part(partBrownout, "", "powerha_lpm_last_brownout_duration_seconds", ""),
		part(partOutage, ",vantage", "powerha_lpm_last_probe_outage_seconds", ""),
	}, " or ")
}

// tell adds what was told.
func (s *samples) tell(labels map[string]string, points []point) {
	key := keyOf(labels)
	one := s.told[key]
	if one == nil {
		one = &series{labels: labels}
		s.told[key] = one
	}
	for _, p := range points {
		if !one.any || p.at > one.last.at {
			one.points, one.last, one.any = append(one.points, p), p, true
		}
	}
}

// toldOf lists the series of a part of one node.
func (s *samples) toldOf(node, part string) []*series {
	var out []*series
	for _, key := range slices.Sorted(maps.Keys(s.told)) {
		if one := s.told[key]; one.labels["node"] == node && one.labels[partLabel] == part {
			out = append(out, one)
		}
	}
	return out
}

// before is the last value told before a moment, and not before another.
func before(in []*series, after, at int64) (point, bool) {
	var last point
	found := false
	for _, one := range in {
		i, _ := slices.BinarySearchFunc(one.points, at, func(p point, at int64) int { return cmp.Compare(p.at, at) })
		if i > 0 && one.points[i-1].at >= after && one.points[i-1].at >= last.at {
			last, found = one.points[i-1], true
		}
	}
	return last, found
}

// distinct are the moments that were told, in milliseconds.
func distinct(in []*series) []int64 {
	var out []int64
	for _, one := range in {
		for i, p := range one.points {
			if i == 0 || p.value != one.points[i-1].value {
				out = append(out, int64(p.value*1000+0.5))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// starts are the beginnings of migrations. One that was told and then corrected to an earlier moment, because another
// witness had seen more, is one.
func starts(in []*series) []int64 {
	var out []int64
	for _, one := range in {
		for i, p := range one.points {
			at := int64(p.value*1000 + 0.5)
			for i > 0 && len(out) > 0 && out[len(out)-1] > at {
				out = out[:len(out)-1]
			}
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// migrations are those that began in the month, in the order of time.
func (s *samples) migrations(o Options, states map[string][]stretch, declared map[string]*windows) []Migration {
	nodes := map[string]struct{}{}
	for _, one := range s.told {
		nodes[one.labels["node"]] = struct{}{}
	}
	unmanaged := s.unmanaged()
	var out []Migration
	for _, node := range slices.Sorted(maps.Keys(nodes)) {
		begun := starts(s.toldOf(node, partStart))
		for i, start := range begun {
			next := o.To.Add(later).UnixMilli()
			if i+1 < len(begun) {
				next = begun[i+1]
			}
			if start < o.From.UnixMilli() || start >= o.Until.UnixMilli() {
				continue
			}
			m := s.migration(node, start, next)
			m.looked(start, next, node, states, declared[node], unmanaged[node])
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b Migration) int { return a.Start.Compare(b.Start) })
	return out
}

// A freeze belongs to a migration when it began between a moment before its start and a while after its end.
const (
	early = int64(time.Second / time.Millisecond)
	late  = int64(10 * time.Second / time.Millisecond)
)

// migration is what the exporter told of one, until the next began.
func (s *samples) migration(node string, start, next int64) Migration {
	m := Migration{Node: node, Start: time.UnixMilli(start).UTC(), Result: "unknown"}
	end := next
	for _, e := range distinct(s.toldOf(node, partEnd)) {
		if e >= start && e < next {
			at := time.UnixMilli(e).UTC()
			m.End, end = &at, e
			break
		}
	}
	if m.End == nil {
		return m
	}
	for _, one := range s.toldOf(node, partResult) {
		if grew(one, start, next) {
			m.Result = one.labels["result"]
		}
	}
	if at, ok := before(s.toldOf(node, partFreezeAt), end, next); ok {
		if began := int64(at.value * 1000); began >= start-early && began <= end+late {
			value := func(part string) *float64 {
				if p, ok := before(s.toldOf(node, part), at.at, at.at+1); ok {
					return &p.value
				}
				return nil
			}
			m.Freeze, m.Bound, m.Brownout = value(partFreeze), value(partBound), value(partBrownout)
		}
	}
	if slices.ContainsFunc(s.toldOf(node, partJudged), func(one *series) bool { return grew(one, end, next) }) {
		for _, one := range s.toldOf(node, partOutage) {
			if p, ok := before([]*series{one}, end, next); ok && one.labels["vantage"] == "peer" {
				m.OutagePeer = &p.value
			} else if ok {
				m.OutageLocal = &p.value
			}
		}
	}
	return m
}

// grew reports whether a counter went up between two moments. One that was not there before began at 0.
func grew(counter *series, from, to int64) bool {
	in := []*series{counter}
	last, ok := before(in, from, to)
	first, _ := before(in, 0, from)
	return ok && last.value > first.value
}

// looked adds what the samples show: from its start until the node was managed again, at most until the next began.
func (m *Migration) looked(start, next int64, node string, states map[string][]stretch, w *windows, unmanaged []stride) {
	mine := []stride{{start, next}}
	away := within(unmanaged, mine)
	until := start
	if m.End != nil {
		until = m.End.UnixMilli()
	}
	if n := len(away); n > 0 {
		until = max(until, away[n-1].to)
	}
	whole := []stride{{start, until}}
	var missed []stride
	for _, list := range states {
		var downs []stride
		for _, t := range list {
			if !slices.Contains(t.owners, node) || t.to <= start || t.from >= until {
				continue
			}
			switch t.state {
			case down:
				downs = append(downs, stride{t.from, t.to})
			case unknown:
				missed = append(missed, stride{t.from, t.to})
			}
		}
		for _, d := range within(union(downs), whole) {
			m.Down = max(m.Down, length([]stride{d}))
		}
	}
	m.Unmanaged = length(away)
	if slices.ContainsFunc(slices.Collect(maps.Values(states)), func(list []stretch) bool {
		return slices.ContainsFunc(list, func(t stretch) bool {
			return slices.Contains(t.owners, node) && t.from < until && t.to > start
		})
	}) {
		m.Monitored = length(without(away, union(missed)))
	}
	if w != nil {
		m.Counted, m.Refused = length(within(w.counted, mine)), length(within(w.refused, mine))
	}
}
