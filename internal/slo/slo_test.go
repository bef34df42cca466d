package slo

import (
	"bytes"
	"encoding/csv"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

func ask(t *testing.T, f *fake, change func(*Options)) (Month, error) {
	t.Helper()
	o := Options{Cluster: "prod", From: first, To: first.AddDate(0, 1, 0), Until: first.AddDate(0, 0, 4), Objective: 0.999, WindowCap: 4 * time.Hour}
	if change != nil {
		change(&o)
	}
	return Prometheus{URL: f.serve(t), Headers: map[string]string{"Authorization": "Bearer x"}, Clock: clock.System(), Timeout: time.Minute}.Report(t.Context(), o)
}

const day = 24 * 3600

// one is a cluster with one migration on the second day: window from 1000 to 2500 s of it, frozen from 1200 to 1260.
func one() *fake {
	at := func(s int) float64 { return float64(first.Unix()) + float64(day+s) }
	frozen := [][2]int{{day + 1200, day + 1260}}
	within := func(v float64, a, b int) func(int) (float64, bool) {
		return func(t int) (float64, bool) {
			ok := t >= day+a && t < day+b
			return v, ok && (t < frozen[0][0] || t >= frozen[0][1])
		}
	}
	managed := func(t int) (float64, bool) {
		if t >= day+1005 && t < day+2500 {
			return 0, t < frozen[0][0] || t >= frozen[0][1]
		}
		return 1, true
	}
	open := func(t int) (float64, bool) {
		if _, ok := within(1, 1000, 2500)(t); ok {
			return 1, true
		}
		return 0, t < frozen[0][0] || t >= frozen[0][1]
	}
	counter := func(t int) (float64, bool) {
		if t >= day+1290 {
			return 8, true
		}
		return 7, true
	}
	return &fake{series: []fakeSeries{
		probe("db", "n2", "peer", "n1", well([][2]int{{day + 1200, day + 1260}, {2*day + 600, 2*day + 900}}, [][2]int{{3*day + 3600, 3*day + 7200}})),
		probe("db", "n1", "local", "n1", well([][2]int{{2*day + 600, 2*day + 900}}, append(frozen, [2]int{3*day + 5400, 3*day + 7200}))),
		of(metricManaged, "n1", managed),
		of(metricOpen, "n1", open),
		of(metricUntil, "n1", within(at(2200), 1000, 2200)),
		toldSeries(partStart, "n1", "", "", from(day+1000, at(1000))),
		toldSeries(partEnd, "n1", "", "", from(day+1290, at(1275.0))),
		toldSeries(partResult, "n1", "result", "completed", counter),
		toldSeries(partResult, "n1", "result", "aborted", from(0, 3)),
		toldSeries(partJudged, "n1", "verdict", "pass", func(t int) (float64, bool) { v, _ := counter(t - 1500); return v, true }),
		toldSeries(partFreeze, "n1", "", "", from(day+1275, 60.5)),
		toldSeries(partFreezeAt, "n1", "", "", from(day+1275, at(1200))),
		toldSeries(partBound, "n1", "", "", from(day+1275, 0.02)),
		toldSeries(partBrownout, "n1", "", "", from(day+1275, 1.5)),
		toldSeries(partOutage, "n1", "vantage", "peer", from(day+2700, 62)),
	}}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestReport(t *testing.T) {
	f := one()
	m, err := ask(t, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Applications) != 1 || len(m.Migrations) != 1 {
		t.Fatalf("%+v", m)
	}
	a := m.Applications[0]
	near(t, "down", a.Down, 360)
	// Both are gone from 5400 to 7200, the peer since 3600; each last sample spoke for one interval.
	near(t, "unknown", a.Unknown, 1800)
	near(t, "its node alone", a.ByNode, 1800)
	near(t, "up", a.Up, 4*day-1800-360)
	// From the first sample that shows it, at 1005, to the last one that is counted, at 2190.
	near(t, "excluded", a.Excluded, 1200-0)
	near(t, "refused by the migration's cap", a.RefusedByMigration, 285)
	near(t, "down outside", a.NoWindows.Down, 300)
	near(t, "availability", *a.All.Availability, 1-360.0/(4*day-1800))
	near(t, "availability without windows", *a.NoWindows.Availability, 1-300.0/(4*day-1800-a.Excluded))
	near(t, "at least", a.All.Least, 1-(360.0+1800)/(4*day))
	near(t, "at most", a.All.Most, 1-360.0/(4*day))
	near(t, "budget", a.All.Budget, 0.001*30*day)
	near(t, "budget left", a.All.BudgetLeft, 1-360/(0.001*30*day))
	// The last three days had both outages, in the time that was looked at.
	near(t, "forecast", *a.All.Forecast, a.All.BudgetLeft-360.0/(3*day-1800)*26*day/a.All.Budget)
	if len(a.Outages) != 2 || a.Outages[0].Seconds != 60 || a.Outages[0].Excluded != 60 || a.Outages[0].Node != "n1" || a.Outages[1].Excluded != 0 {
		t.Errorf("outages %+v", a.Outages)
	}
	if len(a.Holes) != 1 || !a.Holes[0].From.Equal(first.Add((3*day+5400)*time.Second)) {
		t.Errorf("holes %+v", a.Holes)
	}
	x := m.Migrations[0]
	if x.Node != "n1" || x.Result != "completed" || x.End == nil || *x.Freeze != 60.5 || *x.Bound != 0.02 || *x.Brownout != 1.5 || *x.OutagePeer != 62 || x.OutageLocal != nil {
		t.Errorf("%+v", x)
	}
	near(t, "down in it", x.Down, 60)
	near(t, "unmanaged", x.Unmanaged, 1500)
	near(t, "monitored", x.Monitored, 1500)
	for _, auth := range f.auth {
		if auth != "Bearer x" {
			t.Fatalf("asked with %q", auth)
		}
	}
}

// The cap of the month lets through what comes first.
func TestMonthCap(t *testing.T) {
	m, err := ask(t, one(), func(o *Options) { o.WindowCap = 100 * time.Second })
	if err != nil {
		t.Fatal(err)
	}
	a := m.Applications[0]
	near(t, "excluded", a.Excluded, 100)
	near(t, "refused", a.RefusedByMonth, 1100)
	near(t, "down", a.NoWindows.Down, 360) // the freeze came later
}

func TestObjectives(t *testing.T) {
	f := one()
	f.objectives = map[string]float64{"db": 0.9999}
	m, err := ask(t, f, nil)
	if err != nil || m.Applications[0].Objective != 0.9999 {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = ask(t, f, func(o *Options) { o.Objective, o.Objectives = 0.99, map[string]float64{} })
	if err != nil || m.Applications[0].Objective != 0.99 {
		t.Errorf("as given: %+v, %v", m, err)
	}
}

func TestBadAnswers(t *testing.T) {
	text := func(s string) func(http.ResponseWriter) bool {
		return func(w http.ResponseWriter) bool { _, _ = w.Write([]byte(s)); return true }
	}
	for want, f := range map[string]*fake{
		"is it Prometheus?":                                     {spoil: text("<html>")},
		"it refused: query timed out":                           {spoil: text(`{"status":"error","error":"query timed out"}`)},
		"may be partial":                                        {spoil: text(`{"status":"success","warnings":["store down"],"data":{"resultType":"matrix"}}`)},
		"instead of a matrix":                                   {spoil: text(`{"status":"success","data":{"resultType":"scalar"}}`)},
		"of another cluster":                                    {spoil: text(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"cluster":"x"},"values":[[1,"1"]]}]}}`)},
		"the value NaN is impossible":                           {spoil: text(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"cluster":"prod"},"values":[[1,"NaN"]]}]}}`)},
		"has the impossible value 3":                            {spoil: text(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"cluster":"prod"},"values":[[1,"3"]]}]}}`)},
		"it has no sample of powerha_application_probe_success": {},
	} {
		if _, err := ask(t, f, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := (Prometheus{URL: "ftp://x"}).Report(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "cannot be used") {
		t.Errorf("%v", err)
	}
}

// A start that is corrected to an earlier moment is one migration; one without an end, and one whose freeze nobody saw,
// are told as such.
func TestMigrationsOddities(t *testing.T) {
	s := newSamples()
	moment := func(s int) float64 { return float64(first.Unix() + int64(s)) }
	points := func(v ...float64) []point {
		var out []point
		for i := 0; i+1 < len(v); i += 2 {
			out = append(out, point{int64(moment(int(v[i])) * 1000), v[i+1]})
		}
		return out
	}
	tell := func(part string, p []point) { s.tell(map[string]string{"node": "n1", partLabel: part}, p) }
	tell(partStart, points(60, moment(55), 120, moment(50), 7200, moment(7100)))
	tell(partEnd, points(600, moment(580)))
	tell(partFreezeAt, points(60, moment(-5000), 900, moment(-5000)))
	tell(partFreeze, points(60, 9, 900, 9))
	got := s.migrations(Options{From: first, Until: first.AddDate(0, 0, 1), To: first.AddDate(0, 1, 0)}, nil, nil)
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	if !got[0].Start.Equal(first.Add(50*time.Second)) || got[0].End == nil || got[0].Freeze != nil || got[0].OutagePeer != nil || got[0].Result != "unknown" {
		t.Errorf("%+v", got[0])
	}
	if got[1].End != nil || got[1].Result != "unknown" {
		t.Errorf("%+v", got[1])
	}
}

func TestStrides(t *testing.T) {
	a := union([]stride{{30, 40}, {0, 10}, {10, 20}, {5, 5}})
	if len(a) != 2 || a[0] != (stride{0, 20}) {
		t.Errorf("union %v", a)
	}
	b := []stride{{15, 35}}
	if got := within(a, b); len(got) != 2 || got[0] != (stride{15, 20}) || got[1] != (stride{30, 35}) {
		t.Errorf("within %v", got)
	}
	if got := without(a, b); len(got) != 2 || got[0] != (stride{0, 15}) || got[1] != (stride{35, 40}) {
		t.Errorf("without %v", got)
	}
	let, refused := upTo(a, 0.025)
	if length(let) != 0.025 || length(refused) != 0.005 || refused[0] != (stride{35, 40}) {
		t.Errorf("upTo %v, %v", let, refused)
	}
}

func TestWords(t *testing.T) {
	v := 0.9999996
	for got, want := range map[string]string{
		Percent(&v): "99.999 %", Percent(nil): "unknown", Seconds(3.24): "3.2s", Seconds(90061): "1d 1h 1m 1s", Seconds(0): "0s",
		Left(0.456): "45 % left", Left(-0.001): "overdrawn by 1 %", Maybe(nil): "not visible",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestVerdict(t *testing.T) {
	v := 0.9995
	for want, k := range map[string]Track{
		"objective met":                  {Availability: &v, Least: 0.9991, Most: 0.9996},
		"objective missed":               {Availability: &v, Least: 0.5, Most: 0.9989},
		"objective met in what was seen": {Availability: &v, Least: 0.99, Most: 0.9996},
		"nothing was seen":               {Most: 1},
	} {
		if got := verdict(0.999, k); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := verdict(0.9997, Track{Availability: &v, Least: 0.99, Most: 0.9998}); got != "objective missed in what was seen" {
		t.Error(got)
	}
}

func TestCSVAndHTML(t *testing.T) {
	f := one()
	f.series = append(f.series, probe("<b>&", "n2", "peer", "n1", well(nil, nil)))
	m, err := ask(t, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := CSV(&out, &m); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll() // refuses lines of different lengths
	if err != nil || len(lines) != 4 || lines[1][0] != "application" || lines[3][0] != "migration" || lines[3][22] != "60.5" || lines[0][22] != "freeze_seconds" {
		t.Errorf("%v, %v", lines, err)
	}
	out.Reset()
	if err := HTML(&out, &m); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	for _, want := range []string{"Availability of prod, November 2026", "&lt;b&gt;&amp;", "60.5s ± 20ms", "nobody looked", "the month goes on", `class="down"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<script", "http-equiv", "src=", "href=", "ZgotmplZ", "<b>&"} {
		if strings.Contains(page, never) {
			t.Errorf("the page holds %q", never)
		}
	}
	if err := HTML(failing{}, &m); err == nil {
		t.Error("a page that could not be written")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }
