package fleet

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/tsdb"

	"powerha_lpm_exporter/internal/demo/ruleset"
)

// ruler is Prometheus's rule manager, whose groups are evaluated at our word
// instead of by its clock.
type ruler struct {
	engine *promql.Engine
	groups []*rules.Group
}

// newRuler loads the rule files with the limits of a Prometheus that nobody has configured.
func newRuler(ctx context.Context, db *tsdb.DB, set *ruleset.Set) (*ruler, error) {
	quiet := slog.New(slog.DiscardHandler)
	r := &ruler{engine: promql.NewEngine(promql.EngineOpts{
		Logger: quiet, MaxSamples: 50_000_000, Timeout: 2 * time.Minute, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: ruleset.Parser(),
	})}
	m := rules.NewManager(&rules.ManagerOptions{
		ExternalURL: &url.URL{Scheme: "http", Host: "localhost:9090"},
		QueryFunc:   rules.EngineQueryFunc(r.engine, db),
		NotifyFunc:  func(context.Context, string, ...*rules.Alert) {},
		Context:     ctx, Appendable: db, Queryable: db, Logger: quiet, Registerer: prometheus.NewRegistry(),
		ResendDelay: time.Minute, OutageTolerance: time.Hour, ForGracePeriod: 10 * time.Minute,
	})
	groups, errs := m.LoadGroups(Scrape, labels.EmptyLabels(), "", nil, false, set.Files...)
	if len(errs) > 0 {
		return nil, fmt.Errorf("load the rules: %w", errs[0])
	}
	for _, g := range groups {
		r.groups = append(r.groups, g)
	}
	order := make(map[string]int)
	for i, g := range set.Groups {
		order[g.Name] = i
	}
	// Recording before alerting, as the files are named, and in a file from the top:
	// an evaluation sees what those before it recorded.
	slices.SortFunc(r.groups, func(a, b *rules.Group) int {
		return cmp.Or(strings.Compare(b.File(), a.File()), cmp.Compare(order[a.Name()], order[b.Name()]))
	})
	return r, nil
}

func (r *ruler) close() error { return r.engine.Close() }

// Cost is what one evaluation of one group took.
type Cost struct {
	Wall time.Duration
	CPU  time.Duration // of the whole process
}

// evaluate evaluates all groups as of t, each alone, and fails when a rule does.
func (r *ruler) evaluate(ctx context.Context, t time.Time) ([]Cost, error) {
	costs := make([]Cost, len(r.groups))
	for i, g := range r.groups {
		cpu, began := processorTime(), time.Now()
		rules.DefaultEvalIterationFunc(ctx, g, t)
		costs[i] = Cost{Wall: time.Since(began), CPU: processorTime() - cpu}
		for _, rule := range g.Rules() {
			if err := rule.LastError(); err != nil {
				return nil, fmt.Errorf("group %s, rule %s: %w", g.Name(), rule.Name(), err)
			}
		}
	}
	return costs, nil
}

// restored lets the alerts write their own series, as after the first evaluations of a Prometheus.
func (r *ruler) restored(t time.Time) {
	for _, g := range r.groups {
		g.RestoreForState(t)
	}
}

// alerts counts those pending or firing by name.
func (r *ruler) alerts() map[string]int {
	out := make(map[string]int)
	for _, g := range r.groups {
		for _, a := range g.AlertingRules() {
			out[a.Name()] += len(a.ActiveAlerts())
		}
	}
	return out
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
