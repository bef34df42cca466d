package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/slo"
)

// aMonth is a report with everything in it that the text shows.
func aMonth() *slo.Month {
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return from.Add(d) }
	const day = 24 * time.Hour
	f := func(v float64) *float64 { return &v }
	end := at(9*day + 5*time.Minute)
	return &slo.Month{
		Cluster: "prod", Month: "2026-11", From: from, To: from.AddDate(0, 1, 0), Until: at(20 * day), Source: "http://prometheus:9090", WindowCap: 14400,
		Applications: []slo.Application{
			{
				Name: "db", Objective: 0.999, Up: 1.7e6, Down: 700, Unknown: 27300, ByPeers: 1.7e6, ByNode: 700, Excluded: 900, RefusedByMigration: 300,
				All:       slo.Track{Observed: 1700700, Down: 700, Availability: f(0.999588), Least: 0.983, Most: 0.9996, Budget: 2592, BudgetLeft: 0.73, Forecast: f(0.4)},
				NoWindows: slo.Track{Observed: 1699800, Down: 3000, Availability: f(0.998235), Least: 0.98, Most: 0.9983, Budget: 2591.1, BudgetLeft: -0.158, Forecast: f(-0.9)},
				Outages:   []slo.Span{{From: at(9 * day), To: at(9*day + time.Minute), Seconds: 60, Node: "n1", Excluded: 60}, {From: at(11 * day), To: at(11*day + 640*time.Second), Seconds: 640, Node: "n1"}},
				Holes:     []slo.Span{{From: at(3 * day), To: at(3*day + 27300*time.Second), Seconds: 27300}},
			},
			{Name: "web", Objective: 0.99, Unknown: 1728000, All: slo.Track{Most: 1, Budget: 25920, BudgetLeft: 1}, NoWindows: slo.Track{Most: 1, Budget: 25920, BudgetLeft: 1}},
		},
		Migrations: []slo.Migration{
			{
				Node: "n1", Start: at(9 * day), End: &end, Result: "completed", Freeze: f(4.25), Bound: f(0.012), Brownout: f(0.8), OutagePeer: f(5.1),
				Down: 60, Unmanaged: 900, Monitored: 870, Counted: 900, Refused: 300,
			},
			{Node: "n2", Start: at(15 * day), Result: "unknown"},
		},
	}
}

func TestMonthText(t *testing.T) {
	var out bytes.Buffer
	tool := &tool{stdout: &out, stderr: &out, output: "text"}
	if status := tool.printMonth(aMonth()); status != exitOK {
		t.Errorf("status %d", status)
	}
	for line := range strings.Lines(out.String()) {
		if len([]rune(line)) > width+1 {
			t.Errorf("more than %d columns: %q", width, line)
		}
	}
	golden(t, filepath.Join("testdata", "slo", "month.txt"), out.Bytes())
}

// Every output of the program itself, from a server that is asked with the secret of the configuration.
func TestSLOOutputs(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Scope-OrgID") != "lpm" {
			http.Error(w, `{"status":"error","error":"who are you?"}`, http.StatusUnauthorized)
			return
		}
		switch q := r.FormValue("query"); {
		case strings.Contains(q, "powerha:slo_objective:ratio"):
			_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[]}}`))
		case strings.Contains(q, "powerha_application_probe_success") && r.FormValue("time") == "1772344800": // the first chunk
			_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"powerha_application_probe_success",` +
				`"cluster":"prod","node":"n2","application":"db","probe":"users","vantage":"peer","target_node":"n1"},"values":[[1772330000,"1"],[1772330015,"0"],[1772330030,"1"],[1772330045,"1"]]}]}}`))
		default:
			_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"matrix","result":[]}}`))
		}
	}))
	defer srv.Close()
	n := newNode(t, "NORMAL", "confirmation: {prometheus_urls: [\""+srv.URL+"/\"], headers: {X-Scope-OrgID: lpm}}\n")
	base := []string{"slo", "--month", "2026-03", "--cluster", "prod"}
	out, _, status := n.lpmctl(t, append(base, "--output", "json")...)
	var m slo.Month
	if err := json.Unmarshal([]byte(out), &m); err != nil || status != exitOK {
		t.Fatalf("%v, status %d: %s", err, status, out)
	}
	a := m.Applications[0]
	if a.Name != "db" || a.Up != 45 || a.Down != 15 || a.Unknown != 31*86400-60 || len(a.Holes) != 2 || *a.All.Availability != 0.75 || a.Objective != 0.999 {
		t.Errorf("%+v", a)
	}
	if out, _, status = n.lpmctl(t, append(base, "--output", "csv")...); status != exitOK {
		t.Errorf("csv: status %d", status)
	} else if lines, err := csv.NewReader(strings.NewReader(out)).ReadAll(); err != nil || len(lines) != 2 {
		t.Errorf("csv: %v, %v", lines, err)
	}
	if out, _, status = n.lpmctl(t, append(base, "--output", "html")...); status != exitOK || !strings.HasPrefix(out, "<!DOCTYPE html>") {
		t.Errorf("html: status %d, %s", status, out)
	}
	if out, _, status = n.lpmctl(t, base...); status != exitOK || !strings.Contains(flat(out), "all time 75.000 %: down for 15s of 60s;") {
		t.Errorf("text: status %d, %s", status, out)
	}
	// A configured secret does not go elsewhere.
	elsewhere := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	if _, errs, status := n.lpmctl(t, append(base, "--prometheus", elsewhere)...); status != exitUnreachable || !strings.Contains(errs, "who are you?") {
		t.Errorf("elsewhere: status %d, %s", status, errs)
	}
}

func TestSLORefuses(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	if err := os.MkdirAll(n.state, 0o750); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		`--month "11-2026" is no month`:  {"--month", "11-2026"},
		`--month "2026-1" is no month`:   {"--month", "2026-1"},
		"--month 2999-01 has not begun":  {"--month", "2999-01"},
		"--objective 1.5 is no part":     {"--objective", "1.5"},
		"names no server":                {"--month", "2026-03", "--cluster", "c"},
		"give --cluster":                 {"--month", "2026-03"},
		`--header "x" is not NAME:VALUE`: {"--header", "x"},
	} {
		if _, errs, status := n.lpmctl(t, append([]string{"slo"}, args...)...); status != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%v: status %d, %s", args, status, errs)
		}
	}
	if _, errs, status := n.lpmctl(t, "status", "--output", "html"); status != exitUsage || !strings.Contains(errs, "text,json") {
		t.Errorf("another verb: status %d, %s", status, errs)
	}
}
