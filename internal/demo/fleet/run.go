// Package fleet measures what the project's rules cost a Prometheus that is
// responsible for thousands of clusters: synthetic series, those that the rules
// read and no others, in a real database under the real rule engine.
package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"powerha_lpm_exporter/collector/table"
	"powerha_lpm_exporter/internal/demo/ruleset"
)

// Group is what one rule group costs, as medians over the rounds.
type Group struct {
	Name     string
	Interval time.Duration
	Rules    []RuleCost
	Cost
}

// RuleCost is how long one rule took by the clock.
type RuleCost struct {
	Name string
	Took time.Duration
}

// Slowest is the rule that took longest.
func (g Group) Slowest() RuleCost {
	return slices.MaxFunc(g.Rules, func(a, b RuleCost) int { return cmp.Compare(a.Took, b.Took) })
}

// Result is the cost of a part of a fleet.
type Result struct {
	Part
	Clusters  int
	Series    int    // scraped series that the rules read
	Recorded  int    // series that the rules record, and those of their alerts
	Samples   int    // in the blocks and the head
	HeadBytes uint64 // heap of the database's head and the rules between evaluations
	PeakBytes uint64 // resident memory at most, the blocks' mapped pages included
	Groups    []Group
	Alerts    map[string]int
	Past      map[string]int // recorded series that have a past, by name
	Unmatched []string       // selections of the rules that no synthetic series matches
}

// Run writes the part's series into a database in dir and evaluates all groups
// in that many rounds, each a scrape interval after the one before.
func Run(ctx context.Context, dir string, set *ruleset.Set, p Part, rounds int) (_ *Result, err error) {
	need := needsOf(set)
	res := &Result{Part: p}
	raw := res.world(p, need)
	past, err := recordedPast(ctx, filepath.Join(dir, "before"), set, p, need, raw)
	if err != nil {
		return nil, fmt.Errorf("record the past: %w", err)
	}
	res.Past = make(map[string]int)
	for _, s := range past {
		res.Past[s.labels.Get(model.MetricNameLabel)]++
	}
	data := filepath.Join(dir, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	if res.Samples, err = writeBlocks(ctx, data, p.End, raw, past); err != nil {
		return nil, err
	}
	db, err := open(data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	// All scrapes of the rounds are there beforehand, so that writing them is not measured; an evaluation sees none after its own time.
	n, err := newFeed(raw, Scrape).write(ctx, db.Appender, p.End.Add(-inHead), p.End.Add(time.Duration(rounds)*Scrape))
	if err != nil {
		return nil, err
	}
	res.Samples += n
	r, err := newRuler(ctx, db, set)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := res.measure(ctx, r, rounds); err != nil {
		return nil, err
	}
	res.Recorded = int(db.Head().NumSeries()) - res.Series
	return res, nil
}

// world makes the series of the part's clusters.
func (res *Result) world(p Part, need needs) []series {
	metrics := table.Metrics()
	var raw []series
	matched := make(map[string]bool)
	for _, c := range p.clusters() {
		res.Clusters++
		raw = append(raw, seriesOf(c, p.End, metrics, need)...)
	}
	res.Series = len(raw)
	for i := range raw {
		name := raw[i].labels.Get(model.MetricNameLabel)
		for j, s := range need[name] {
			if key := fmt.Sprint(name, j); !matched[key] && s.Matches(raw[i].labels) {
				matched[key] = true
			}
		}
	}
	for name, all := range need {
		for j, s := range all {
			if _, ours := table.Find(name); ours && !matched[fmt.Sprint(name, j)] {
				res.Unmatched = append(res.Unmatched, fmt.Sprint(s.Matchers))
			}
		}
	}
	slices.Sort(res.Unmatched)
	return raw
}

// recordedPast evaluates the rules once in a database of their own, and gives
// those recorded series a past that rules read far back.
func recordedPast(ctx context.Context, dir string, set *ruleset.Set, p Part, need needs, raw []series) (_ []series, err error) {
	names := make(map[string]time.Duration)
	for name, by := range set.Recorded() {
		for _, s := range need[name] {
			if s.Lookback > inHead {
				names[name] = by[0].Interval
			}
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	db, err := open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close(), os.RemoveAll(dir)) }()
	from := p.End.Add(-90 * time.Second)
	if _, err := newFeed(raw, Scrape).write(ctx, db.Appender, from, p.End.Add(Scrape)); err != nil {
		return nil, err
	}
	r, err := newRuler(ctx, db, set)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	// Twice: some rules go on from what they have recorded themselves.
	for _, t := range []time.Time{p.End.Add(-Scrape), p.End} {
		if _, err := r.evaluate(ctx, t); err != nil {
			return nil, err
		}
	}
	return recordedSeries(ctx, db, p.End, names, need)
}

// measure evaluates: once to warm up, then round after round.
func (res *Result) measure(ctx context.Context, r *ruler, rounds int) error {
	if _, err := r.evaluate(ctx, res.End); err != nil {
		return err
	}
	r.restored(res.End)
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	res.HeadBytes = m.HeapAlloc
	forgetPeak()
	samples := make([][]Cost, len(r.groups))
	took := make([][][]time.Duration, len(r.groups)) // by group, rule and round
	for i, g := range r.groups {
		took[i] = make([][]time.Duration, len(g.Rules()))
	}
	for i := 1; i < rounds; i++ {
		costs, err := r.evaluate(ctx, res.End.Add(time.Duration(i)*Scrape))
		if err != nil {
			return err
		}
		for j, g := range r.groups {
			samples[j] = append(samples[j], costs[j])
			for k, rule := range g.Rules() {
				took[j][k] = append(took[j][k], rule.GetEvaluationDuration())
			}
		}
	}
	res.PeakBytes = peak()
	for i, g := range r.groups {
		out := Group{Name: g.Name(), Interval: g.Interval()}
		out.Wall = median(samples[i], func(c Cost) time.Duration { return c.Wall })
		out.CPU = median(samples[i], func(c Cost) time.Duration { return c.CPU })
		for k, rule := range g.Rules() {
			out.Rules = append(out.Rules, RuleCost{rule.Name(), median(took[i][k], func(d time.Duration) time.Duration { return d })})
		}
		res.Groups = append(res.Groups, out)
	}
	res.Alerts = r.alerts()
	return nil
}

func median[T any](all []T, of func(T) time.Duration) time.Duration {
	d := make([]time.Duration, len(all))
	for i, v := range all {
		d[i] = of(v)
	}
	slices.Sort(d)
	return d[len(d)/2]
}
