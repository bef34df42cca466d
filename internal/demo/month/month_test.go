package month

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	pvalue "github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/demo/prom"
	"powerha_lpm_exporter/internal/demo/render"
	"powerha_lpm_exporter/internal/slo"
)

var page = flag.String("page", "", "write the month's report to this file, to look at it in a browser")

// begin is the first of the month.
var begin = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// ruleInterval is longer than the default of 30 s only to make the test shorter.
const ruleInterval = 120

// archive is a month of samples and of what the rules made of them.
type archive struct {
	db     *tsdb.DB
	engine *promql.Engine
	all    []*Series
}

// record writes the month as it went by: scrapes, and the rules of the mixin evaluated by Prometheus's own engine.
func record(t *testing.T, s Story) *archive {
	t.Helper()
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = 0
	opts.MinBlockDuration = (40 * 24 * time.Hour).Milliseconds() // all of it stays in the head
	opts.MaxBlockDuration = opts.MinBlockDuration
	db, err := tsdb.Open(t.TempDir(), slog.New(slog.DiscardHandler), nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{db: db, engine: promql.NewEngine(promql.EngineOpts{
		MaxSamples: 5_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, EnableAtModifier: true, Parser: parser.NewParser(parser.Options{}),
	})}
	t.Cleanup(func() {
		if err := a.engine.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	groups := a.groups(t)
	next := 0
	evaluate := func(until int) { // every evaluation before a moment
		for ; next < until; next += ruleInterval {
			if in(s.Dark, next) {
				continue
			}
			for _, g := range groups {
				if next%int(g.Interval().Seconds()) == 0 {
					g.Eval(t.Context(), begin.Add(time.Duration(next)*time.Second))
				}
			}
		}
	}
	refs := map[*Series]labels.Labels{}
	var app storage.Appender
	last := -1
	a.all, err = s.Each(float64(begin.Unix()), func(one Scraped) error {
		if one.Sample.At != last {
			if app != nil {
				if err := app.Commit(); err != nil {
					return err
				}
			}
			evaluate(one.Sample.At)
			last, app = one.Sample.At, db.Appender(t.Context())
		}
		if refs[one.Series].IsEmpty() {
			refs[one.Series] = labels.FromMap(one.Series.Labels)
		}
		v := one.Sample.Value
		if one.Sample.Stale {
			v = math.Float64frombits(pvalue.StaleNaN)
		}
		_, err := app.Append(0, refs[one.Series], begin.Unix()*1000+int64(one.Sample.At)*1000, v)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if app != nil {
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	evaluate(Length + 1)
	for _, g := range groups {
		for _, r := range g.Rules() {
			if r.LastError() != nil {
				t.Errorf("%s: %v", r.Name(), r.LastError())
			}
		}
	}
	return a
}

// groups are those of the SLO in the order of the mixin.
func (a *archive) groups(t *testing.T) []*rules.Group {
	t.Helper()
	text, err := render.Rules("../../../mixin", map[string]any{"sloInterval": ruleInterval, "sloWindowCap": 24 * hour})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	m := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(a.engine, a.db), NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
		Context: t.Context(), Appendable: a.db, Queryable: a.db, Logger: slog.New(slog.DiscardHandler),
	})
	all, errs := m.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, file)
	if errs != nil {
		t.Fatal(errs)
	}
	var out []*rules.Group
	for _, name := range []string{"powerha-slo", "powerha-slo-5m", "powerha-slo-1h", "powerha-slo-long"} {
		for _, g := range all {
			if g.Name() == name {
				out = append(out, g)
			}
		}
	}
	if len(out) != 4 {
		t.Fatalf("%d groups of the SLO", len(out))
	}
	return out
}

// instant asks the engine for one number of an application at the end of the month.
func (a *archive) instant(t *testing.T, expr string) float64 {
	t.Helper()
	q, err := a.engine.NewInstantQuery(t.Context(), a.db, nil, expr, begin.Add(Length*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	v, err := q.Exec(t.Context()).Vector()
	if err != nil || len(v) != 1 {
		t.Fatalf("%s: %v, %v", expr, v, err)
	}
	return v[0].F
}

// The month of twelve migrations: what lpmctl slo reports, and what the rules record, are what a count of the raw
// samples gives, and not far from what really happened.
func TestMonth(t *testing.T) {
	if testing.Short() {
		t.Skip("evaluates the rules of a whole month")
	}
	s := Twelve()
	a := record(t, s)
	srv := httptest.NewServer(prom.API(a.db, a.engine))
	defer srv.Close()
	const limit = hour // so that the month refuses some
	o := slo.Options{
		Cluster: Cluster, From: begin, To: begin.AddDate(0, 1, 0), Until: begin.AddDate(0, 1, 0), Objective: 0.999, WindowCap: limit * time.Second,
	}
	m, err := slo.Prometheus{URL: srv.URL, Clock: clock.System(), Timeout: 5 * time.Minute}.Report(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Applications) != len(Apps()) || len(m.Migrations) != len(s.Moves) {
		t.Fatalf("%d applications, %d migrations", len(m.Applications), len(m.Migrations))
	}
	for i := range m.Applications {
		checkApplication(t, s, a, &m.Applications[i], limit)
		checkRules(t, s, a, m.Applications[i].Name)
	}
	for i := range m.Migrations {
		checkMigration(t, s.Moves[i], &m.Migrations[i])
	}
	checkDashboards(t, srv.URL)
	if *page != "" {
		m.Source = "http://prometheus:9090"
		writePage(t, &m)
	}
}

func writePage(t *testing.T, m *slo.Month) {
	t.Helper()
	f, err := os.Create(*page)
	if err != nil {
		t.Fatal(err)
	}
	if err := slo.HTML(f, m); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func checkApplication(t *testing.T, s Story, a *archive, got *slo.Application, limit int) {
	t.Helper()
	want := count(a.all, got.Name, limit)
	for what, pair := range map[string][2]float64{
		"up": {got.Up, want.up}, "down": {got.Down, want.down}, "unknown": {got.Unknown, want.unknown},
		"excluded": {got.Excluded, want.excluded}, "refused by migration": {got.RefusedByMigration, want.refusedByMigration}, "refused by month": {got.RefusedByMonth, want.refusedByMonth},
		"by its node": {got.ByNode, want.byNode},
		"all":         {*got.All.Availability * 1e9, want.up / (want.up + want.down) * 1e9},
		"no windows":  {*got.NoWindows.Availability * 1e9, want.upOutside / (want.upOutside + want.downOutside) * 1e9},
	} {
		if math.Abs(pair[0]-pair[1]) > 0.5 {
			t.Errorf("%s: %s is %v, by the samples %v", got.Name, what, pair[0], pair[1])
		}
	}
	if want.down == 0 || want.unknown == 0 || want.excluded == 0 || want.refusedByMonth+want.refusedByMigration == 0 {
		t.Errorf("%s: a month that shows too little: %+v", got.Name, want)
	}
	// What really happened: each outage is seen with an error of a scrape at either end.
	var truth, outages float64
	for at, before := 0, false; at < Length; at++ {
		now := s.Down(got.Name, at)
		if now {
			truth++
		}
		if now && !before {
			outages++
		}
		before = now
	}
	if math.Abs(truth-got.Down) > 2*Scrape*outages {
		t.Errorf("%s: down for %v s, in truth %v s in %v outages", got.Name, got.Down, truth, outages)
	}
	t.Logf("%s: up %v, down %v (truth %v), unknown %v, excluded %v, refused %v + %v; %.5f %% and %.5f %%", got.Name, got.Up, got.Down, truth, got.Unknown,
		got.Excluded, got.RefusedByMigration, got.RefusedByMonth, 100**got.All.Availability, 100**got.NoWindows.Availability)
}

// checkRules compares the recorded series with a count of what is looked up at each evaluation.
func checkRules(t *testing.T, s Story, a *archive, app string) {
	t.Helper()
	want := countEvaluations(s, a.all, app)
	for track, pair := range map[string][2]float64{"all": {want.up, want.down}, "no_windows": {want.upOutside, want.downOutside}} {
		expr := fmt.Sprintf(`powerha:slo_availability:ratio{application=%q,track=%q,window="30d"}`, app, track)
		if got, ratio := a.instant(t, expr), pair[0]/(pair[0]+pair[1]); math.Abs(got-ratio) > 1e-12 {
			t.Errorf("%s is %v, by the samples %v", expr, got, ratio)
		}
	}
	for expr, seconds := range map[string]float64{
		`powerha:slo_coverage:ratio{window="30d",application=%q} * 2592000`: (want.up + want.down) * ruleInterval,
		`powerha:slo_excluded_seconds:30d{application=%q}`:                  want.excluded * ruleInterval,
		`powerha:slo_refused_window_seconds:30d{application=%q}`:            want.refusedByMigration * ruleInterval,
	} {
		expr = fmt.Sprintf(expr, app)
		if got := a.instant(t, expr); math.Abs(got-seconds) > 1e-3 {
			t.Errorf("%s is %v, by the samples %v", expr, got, seconds)
		}
	}
	budget := a.instant(t, fmt.Sprintf(`powerha:slo_error_budget_remaining:ratio{application=%q,track="all"}`, app))
	if ratio := 1 - want.down/(want.up+want.down)/0.001; math.Abs(budget-ratio) > 1e-6 {
		t.Errorf("%s: budget %v, by the samples %v", app, budget, ratio)
	}
}

func checkMigration(t *testing.T, want Move, got *slo.Migration) {
	t.Helper()
	at := func(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }
	frozen := float64(want.Frozen.To - want.Frozen.From)
	if got.Node != want.Node || !got.Start.Equal(at(want.Start)) || got.End == nil || !got.End.Equal(at(want.End)) || got.Result != want.Result {
		t.Errorf("%s %s to %v, %s; want %+v", got.Node, got.Start, got.End, got.Result, want)
	}
	if (got.Freeze != nil) != (frozen > 0) || frozen > 0 && (*got.Freeze != frozen || *got.Bound != 0.25 || *got.Brownout != float64(want.Brownout)) {
		t.Errorf("%s: freeze %v, brownout %v; want %v, %v", got.Start, got.Freeze, got.Brownout, frozen, want.Brownout)
	}
	if got.OutagePeer == nil || *got.OutagePeer != frozen+float64(want.Brownout) || got.OutageLocal != nil {
		t.Errorf("%s: outage %v", got.Start, got.OutagePeer)
	}
	// These are as exact as the scrapes.
	for what, pair := range map[string][2]float64{
		"unmanaged": {got.Unmanaged, float64(want.Resume - want.Start - 10)},
		"counted":   {got.Counted, float64(min(want.Resume-want.Start, Cap))},
		"refused":   {got.Refused, float64(max(0, want.Resume-want.Start-Cap))},
	} {
		if math.Abs(pair[0]-pair[1]) > 2*Scrape {
			t.Errorf("%s: %s %v, in truth %v", got.Start, what, pair[0], pair[1])
		}
	}
	if got.Monitored > got.Unmanaged || got.Monitored < got.Unmanaged-2*Scrape {
		t.Errorf("%s: monitored %v of %v", got.Start, got.Monitored, got.Unmanaged)
	}
}

// A Prometheus without that cluster, or with samples that cannot be, is said and is no report.
func TestWithoutSamples(t *testing.T) {
	a := record(t, Story{Dark: []Span{{0, Length + 1}}})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
			t.Error(err)
		}
		prom.API(a.db, a.engine).ServeHTTP(w, r)
	}))
	defer srv.Close()
	_, err := slo.Prometheus{URL: srv.URL, Clock: clock.System(), Timeout: time.Minute}.Report(t.Context(), slo.Options{
		Cluster: "other", From: begin, To: begin.AddDate(0, 1, 0), Until: begin.AddDate(0, 0, 1), Objective: 0.999,
	})
	if err == nil {
		t.Error("a report of nothing")
	}
}
