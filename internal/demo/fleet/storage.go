package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

const (
	// inHead is how much of the raw data lies in the head, as an instant selector reads it.
	inHead = 5 * time.Minute
	// blockSpan is the longest block that a Prometheus with 30 days of retention compacts to.
	blockSpan = 3 * 24 * time.Hour
)

// feed writes samples of many series in the order of time.
type feed struct {
	series []series
	step   time.Duration
	refs   []storage.SeriesRef
	stale  []bool
}

func newFeed(all []series, step time.Duration) *feed {
	return &feed{series: all, step: step, refs: make([]storage.SeriesRef, len(all)), stale: make([]bool, len(all))}
}

// write appends all samples of [from, to) and counts them. A series that goes
// away gets a staleness marker, as from a scrape that fails or misses it.
func (f *feed) write(ctx context.Context, into func(context.Context) storage.Appender, from, to time.Time) (samples int, err error) {
	for t := from; t.Before(to); t = t.Add(f.step) {
		app := into(ctx)
		for i := range f.series {
			n, err := f.sample(app, i, t)
			if err != nil {
				return samples, errors.Join(err, app.Rollback())
			}
			samples += n
		}
		if err := app.Commit(); err != nil {
			return samples, err
		}
	}
	return samples, nil
}

func (f *feed) sample(app storage.Appender, i int, t time.Time) (int, error) {
	s := &f.series[i]
	at := t.Add(s.offset)
	v, ok := s.value(at)
	if !ok {
		if f.stale[i] || f.refs[i] == 0 {
			return 0, nil
		}
		v = math.Float64frombits(value.StaleNaN)
	}
	f.stale[i] = !ok
	ref, err := app.Append(f.refs[i], s.labels, at.UnixMilli(), v)
	if err != nil {
		return 0, fmt.Errorf("write a sample of %s: %w", s.labels, err)
	}
	f.refs[i] = ref
	return 1, nil
}

// writeBlocks writes what rules read beyond the head: as blocks in the database's folder.
func writeBlocks(ctx context.Context, dir string, end time.Time, feeds ...[]series) (samples int, err error) {
	var longest time.Duration
	for _, all := range feeds {
		for i := range all {
			longest = max(longest, all[i].lookback)
		}
	}
	if longest <= inHead {
		return 0, nil
	}
	// The newest block holds what scrapes read far back; older ones are those of recorded series alone.
	last := end.Add(-inHead)
	edges := []time.Time{last}
	for t := min(longest, rawSpan(feeds...)); ; t = min(t+blockSpan, longest) {
		edges = append(edges, end.Add(-t-Scrape).Truncate(Scrape))
		if t == longest {
			break
		}
	}
	slices.Reverse(edges)
	for i := range len(edges) - 1 {
		n, err := writeBlock(ctx, dir, end, edges[i], edges[i+1], feeds...)
		if err != nil {
			return samples, fmt.Errorf("write the block of %v to %v: %w", edges[i], edges[i+1], err)
		}
		samples += n
	}
	return samples, nil
}

// rawSpan is the longest look back at series that are scraped.
func rawSpan(feeds ...[]series) (span time.Duration) {
	for _, all := range feeds {
		for i := range all {
			if all[i].step() == Scrape {
				span = max(span, all[i].lookback)
			}
		}
	}
	return max(span, inHead+Scrape)
}

func writeBlock(ctx context.Context, dir string, end, from, to time.Time, feeds ...[]series) (samples int, err error) {
	w, err := tsdb.NewBlockWriter(slog.New(slog.DiscardHandler), dir, 2*to.Sub(from).Milliseconds())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for _, all := range feeds {
		byStep := make(map[time.Duration][]series)
		for _, s := range all {
			if s.lookback > inHead && end.Add(-s.lookback-s.step()).Before(to) {
				byStep[s.step()] = append(byStep[s.step()], s)
			}
		}
		for step, some := range byStep {
			n, err := newFeed(some, step).write(ctx, w.Appender, from.Truncate(step).Add(step), to.Add(-step))
			samples += n
			if err != nil {
				return samples, err
			}
		}
	}
	if samples == 0 {
		return 0, nil
	}
	_, err = w.Flush(ctx)
	return samples, err
}

// open opens a database of the folder's blocks with a head that begins where they end.
func open(dir string) (*tsdb.DB, error) {
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = (60 * 24 * time.Hour).Milliseconds()
	opts.MaxBlockDuration = blockSpan.Milliseconds()
	db, err := tsdb.Open(dir, slog.New(slog.DiscardHandler), nil, opts, nil)
	if err != nil {
		return nil, fmt.Errorf("open the database in %s: %w", dir, err)
	}
	db.DisableCompactions()
	return db, nil
}

// recordedSeries takes the series that rules have just recorded in a database,
// to go on with them into the past: those of which a rule reads more than the head holds.
func recordedSeries(ctx context.Context, db *tsdb.DB, end time.Time, names map[string]time.Duration, need needs) (out []series, err error) {
	q, err := db.Querier(end.Add(-inHead).UnixMilli(), end.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	for name, interval := range names {
		set := q.Select(ctx, false, nil, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, name))
		for set.Next() {
			s := set.At()
			back, read := need.lookback(s.Labels())
			if !read || back <= inHead {
				continue
			}
			last := 0.0
			it := s.Iterator(nil)
			for it.Next() != 0 {
				if _, v := it.At(); !value.IsStaleNaN(v) {
					last = v
				}
			}
			if it.Err() != nil {
				return nil, it.Err()
			}
			out = append(out, series{labels: s.Labels(), lookback: back, value: always(last), every: interval})
		}
		if set.Err() != nil {
			return nil, set.Err()
		}
	}
	return out, nil
}
