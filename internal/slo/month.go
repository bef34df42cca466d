package slo

import (
	"maps"
	"slices"
	"time"
)

// recent is what the forecast goes by.
const recent = 3 * 24 * time.Hour

// Options are what the report is made by.
type Options struct {
	Cluster     string
	From, Until time.Time // Until is now, or the end of the month
	To          time.Time
	// Objective is that of every application that Objectives does not name.
	Objective  float64
	Objectives map[string]float64
	WindowCap  time.Duration
}

// judge makes the report of the samples.
func judge(o Options, s *samples) Month {
	m := Month{
		Cluster: o.Cluster, Month: o.From.Format("2006-01"), From: o.From, To: o.To, Until: o.Until, WindowCap: o.WindowCap.Seconds(),
		Applications: []Application{}, Migrations: []Migration{},
	}
	from, until := o.From.UnixMilli(), o.Until.UnixMilli()
	declared := s.declared()
	states := map[string][]stretch{}
	all := s.applications()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		states[name] = stretches(all[name], from, until)
		if !slices.ContainsFunc(states[name], func(t stretch) bool { return t.state != unknown }) {
			continue // of another month
		}
		m.Applications = append(m.Applications, application(o, name, states[name], declared))
	}
	m.Migrations = append(m.Migrations, s.migrations(o, states, declared)...)
	return m
}

func application(o Options, name string, states []stretch, declared map[string]*windows) Application {
	a := Application{Name: name, Objective: o.Objective, Outages: []Span{}, Holes: []Span{}}
	if own, ok := o.Objectives[name]; ok {
		a.Objective = own
	}
	var counted, refused, downs, seen []stride
	for _, t := range states {
		d := []stride{{t.from, t.to}}
		switch {
		case t.state == unknown:
			a.Unknown += length(d)
			a.Holes = join(a.Holes, t)
			continue
		case t.peers:
			a.ByPeers += length(d)
		default:
			a.ByNode += length(d)
		}
		seen = append(seen, d...)
		if t.state == down {
			a.Down += length(d)
			downs = append(downs, d...)
			a.Outages = join(a.Outages, t)
		} else {
			a.Up += length(d)
		}
		for _, node := range t.owners {
			if w := declared[node]; w != nil {
				counted = append(counted, within(d, w.counted)...)
				refused = append(refused, within(d, w.refused)...)
			}
		}
	}
	counted = union(counted)
	refused = without(union(refused), counted)
	left, over := upTo(counted, o.WindowCap.Seconds())
	a.Excluded, a.RefusedByMonth, a.RefusedByMigration = length(left), length(over), length(refused)
	a.windows = spans(left)
	for i := range a.Outages {
		out := []stride{{a.Outages[i].From.UnixMilli(), a.Outages[i].To.UnixMilli()}}
		a.Outages[i].Excluded = length(within(out, left))
	}
	downs, seen = union(downs), union(seen)
	a.All = track(o, a, downs, seen, nil)
	a.NoWindows = track(o, a, without(downs, left), without(seen, left), left)
	return a
}

// track counts what was seen and not left out.
func track(o Options, a Application, downs, seen, left []stride) Track {
	t := Track{Observed: length(seen), Down: length(downs)}
	whole := t.Observed + a.Unknown
	if t.Observed > 0 {
		v := 1 - t.Down/t.Observed
		t.Availability = &v
	}
	if whole > 0 {
		t.Least = (t.Observed - t.Down) / whole
		t.Most = 1 - t.Down/whole
	}
	t.Budget = (1 - a.Objective) * (o.To.Sub(o.From).Seconds() - length(left))
	if t.Budget > 0 {
		t.BudgetLeft = 1 - t.Down/t.Budget
	}
	if rest := o.To.Sub(o.Until).Seconds(); rest > 0 && t.Budget > 0 {
		last := []stride{{o.Until.Add(-recent).UnixMilli(), o.Until.UnixMilli()}}
		if looked := length(within(seen, last)); looked > 0 {
			f := t.BudgetLeft - length(within(downs, last))/looked*rest/t.Budget
			t.Forecast = &f
		}
	}
	return t
}

// join adds a stretch to spans, to the last one where that goes on.
func join(in []Span, t stretch) []Span {
	from, to := time.UnixMilli(t.from).UTC(), time.UnixMilli(t.to).UTC()
	if n := len(in); n > 0 && in[n-1].To.Equal(from) {
		in[n-1].To, in[n-1].Seconds = to, to.Sub(in[n-1].From).Seconds()
		return in
	}
	s := Span{From: from, To: to, Seconds: to.Sub(from).Seconds()}
	if len(t.owners) > 0 {
		s.Node = t.owners[0]
	}
	return append(in, s)
}

func spans(in []stride) []Span {
	out := make([]Span, 0, len(in))
	for _, s := range in {
		out = join(out, stretch{from: s.from, to: s.to})
	}
	return out
}
