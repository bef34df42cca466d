package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/advise"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/history"
	"powerha_lpm_exporter/internal/model"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var firstMigration = time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)

// gumbelFreezes are as many migrations as n, a week apart.
func gumbelFreezes(n int, location, scale float64) []model.FreezeRecord {
	rng := rand.New(rand.NewPCG(17, 18))
	out := make([]model.FreezeRecord, n)
	for i := range out {
		d := time.Duration((location - scale*math.Log(rng.ExpFloat64())) * float64(time.Second)).Round(time.Millisecond)
		start := firstMigration.AddDate(0, 0, 7*i)
		out[i] = model.FreezeRecord{Node: "n1", Start: start, Episode: start.Format("20060102T150405") + "-n1", Fused: &d, Bound: 12 * time.Millisecond}
	}
	return out
}

func TestAdviceText(t *testing.T) {
	usual := []setting{{"HEARTBEAT_FREQUENCY", 30, fromCluster}, {"GRACE_PERIOD", 10, fromCluster}, {lpmVariable, 0, fromCluster}}
	given := []setting{{"HEARTBEAT_FREQUENCY", 20, fromFlag}, {"GRACE_PERIOD", 10, fromDefault}, {lpmVariable, 60, fromCluster}}
	old := []setting{{"HEARTBEAT_FREQUENCY", 30, fromCluster}, {"GRACE_PERIOD", 10, fromCluster}, {lpmVariable, 30, fromAbsent}}
	odd := gumbelFreezes(3, 2.4, 0.6)
	odd[0].Episode, odd[1].Doubt, odd[2].Fused = "", model.DoubtTraced, nil
	odd[1].Episode, odd[2].Episode = "a", "b"
	for name, tc := range map[string]struct {
		records  []model.FreezeRecord
		settings []setting
		no       bool
		errs     []string
	}{
		"fitted":     {gumbelFreezes(41, 2.4, 0.6), usual, false, nil},
		"few":        {append(gumbelFreezes(7, 2.4, 0.6), odd...), usual, false, []string{"clmgr query cluster: it did not answer"}},
		"observed":   {gumbelFreezes(320, 12, 5), given, false, nil},
		"reached":    {gumbelFreezes(20, 60, 8), given, false, nil},
		"none":       {nil, usual, false, nil},
		"no-value":   {gumbelFreezes(9, 590, 20), given, false, nil},
		"before-7.2": {gumbelFreezes(320, 20, 5), old, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			tool := &tool{stdout: &out, cfg: config.Default(), configFile: config.DefaultPath}
			a := advised{
				Cluster: "prod", Node: "n1", Version: "7.2.7", Settings: tc.settings, NoVariable: tc.no, Errors: tc.errs,
				Sources: []string{"the exporter of n1, which counts since 2026-03-01", "http://prometheus:9090 since 2026-08-26"},
			}
			d := func(i int) time.Duration { return time.Duration(tc.settings[i].Seconds) * time.Second }
			s := advise.Settings{Heartbeat: d(0), Grace: d(1), LPM: d(2)}
			a.Advice = advise.Make(advise.Input{Records: tc.records, Settings: s, Risk: 0.01})
			tool.adviseCommands(&a, s)
			tool.printAdvice(a)
			for line := range strings.Lines(out.String()) {
				if len(line) > width+1 && !strings.HasPrefix(line, "  /usr") {
					t.Errorf("more than %d columns: %q", width, line)
				}
			}
			golden(t, filepath.Join("testdata", "advise", name+".txt"), out.Bytes())
		})
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with -update", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; if that is meant, -update. Got:\n%s", path, got)
	}
}

// flat undoes the wrapping.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// remember writes a state of the exporter with that history.
func (n *node) remember(t *testing.T, records []model.FreezeRecord) {
	t.Helper()
	text, err := json.Marshal(history.Node{Version: 1, Created: firstMigration.AddDate(0, 0, -1), Cluster: "prod", Node: "n1", History: records})
	if err != nil {
		t.Fatal(err)
	}
	n.state1(t, string(text))
}

func (n *node) state1(t *testing.T, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(n.state, "exporter"), 0o750); err != nil {
		t.Fatal(err)
	}
	n.write(t, filepath.Join(n.state, history.StateName), text, 0o640)
}

// With the exporter dead and the actor away: the state file and the cluster's own answer are enough.
func TestAdvise(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	n.remember(t, gumbelFreezes(41, 12, 3))
	out, errOut, status := n.lpmctl(t, "advise", "--risk=0.02")
	if status != exitOK || errOut != "" {
		t.Fatalf("status %d, %s%s", status, out, errOut)
	}
	want(t, "advise", flat(out), "prod, node n1, PowerHA 7.2.7", "HEARTBEAT_FREQUENCY 30s (unknown: PowerHA's default is taken)", lpmVariable+" 120s",
		"41 migrations from 2026-03-02 to 2026-12-07", "the exporter of n1, which counts since 2026-03-01", "n = 41", "Gumbel of the durations accepted",
		"= 120s 0 of 41", "advice "+lpmVariable+" ", "in a migration, that is seen after",
		n.dir+"/clmgr modify cluster "+lpmVariable+"=", n.dir+"/clmgr sync cluster", "variables: {heartbeat_frequency_during_lpm: ", "lpmctl variables apply")
	var a advised
	text, _, status := n.lpmctl(t, "--output=json", "advise", "--risk=0.02")
	if err := json.Unmarshal([]byte(text), &a); err != nil || status != exitOK {
		t.Fatalf("%d, %v, %s", status, err, text)
	}
	if a.Recommended == 0 || a.Reason != advise.ReasonFitted || len(a.Candidates) != 60 || a.Sample.N != 41 || len(a.Sample.Seconds) != 41 || len(a.Commands) != 2 || len(a.Settings) != 3 {
		t.Errorf("json: %s", text)
	}
	if !strings.Contains(out, fmt.Sprintf("%s=%d\n", lpmVariable, a.Recommended)) {
		t.Errorf("text and JSON differ: %d", a.Recommended)
	}
	// What is typed counts more than what is read.
	text, _, _ = n.lpmctl(t, "--output=json", "advise", "--heartbeat-frequency=45s", "--grace-period=5s", "--heartbeat-frequency-during-lpm=0")
	a = advised{}
	if err := json.Unmarshal([]byte(text), &a); err != nil || a.Settings[0] != (setting{"HEARTBEAT_FREQUENCY", 45, fromFlag}) || a.Settings[2].Seconds != 0 || a.Candidates[0].Detection != 15 {
		t.Errorf("flags: %v, %+v", err, a.Settings)
	}
}

func TestAdviseWithoutEnough(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	n.remember(t, gumbelFreezes(5, 2, 0.5))
	out, errOut, status := n.lpmctl(t, "advise")
	if status != exitNo || errOut != "" {
		t.Errorf("status %d, %s", status, errOut)
	}
	want(t, "few", flat(out), "none: 5 migrations are too few to tell a risk of 1%. Leave 120s", "It needs 299 migrations", "(294 more)", "fewer than 30 migrations")
	if strings.Contains(out, "modify cluster") {
		t.Errorf("commands without a recommendation: %s", out)
	}
	n.state1(t, `{"version":1,"created":"2026-01-01T00:00:00Z","node":"n1"}`)
	out, _, status = n.lpmctl(t, "advise")
	if status != exitNo || !strings.Contains(flat(out), "no freeze was measured yet. Leave 120s") {
		t.Errorf("a file from before the history: status %d, %s", status, out)
	}
	// A file of durations helps out; old ones are left out on demand.
	file := filepath.Join(n.dir, "old.csv")
	n.write(t, file, strings.Repeat("2.5,0.1\n3\n", 150), 0o600)
	out, _, status = n.lpmctl(t, "advise", "--import="+file)
	if status != exitOK || !strings.Contains(out, "300 migrations") {
		t.Errorf("--import: status %d, %s", status, out)
	}
	n.remember(t, gumbelFreezes(5, 2, 0.5))
	out, _, _ = n.lpmctl(t, "--output=json", "advise", "--since=1s")
	if !strings.Contains(out, `"n": 0,`) {
		t.Errorf("--since: %s", out)
	}
}

func TestAdviseCannotRead(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	gone := httptest.NewServer(nil)
	gone.Close()
	state := func(text string) func(t *testing.T) { return func(t *testing.T) { t.Helper(); n.state1(t, text) } }
	for _, tc := range []struct {
		name   string
		before func(t *testing.T)
		args   []string
		status int
		want   string
	}{
		{"no state", nil, nil, exitUnreachable, "did the exporter ever run here?"},
		{"newer", state(`{"version":7,"history":"x"}`), nil, exitUnreachable, "exporter/exporter.json: it has version 7, this program knows 1"},
		{"corrupt", state(`{"version":1,"crea`), nil, exitUnreachable, "exporter/exporter.json: it is damaged"},
		{"Prometheus is gone", nil, []string{"--prometheus=" + gone.URL}, exitUnreachable, "check that it is reachable"},
		{"no address", nil, []string{"--prometheus=prometheus"}, exitUnreachable, "cannot be used"},
		{"no file", nil, []string{"--import=/none"}, exitUnreachable, "/none"},
		{"no risk", nil, []string{"--risk=0"}, exitUsage, "is no probability"},
		{"certain", nil, []string{"--risk=1"}, exitUsage, "is no probability"},
		{"no duration", nil, []string{"--since=soon"}, exitUsage, "not a valid duration"},
		{"half a second", nil, []string{"--step=500ms"}, exitUsage, "whole seconds"},
		{"beyond the product", nil, []string{"--heartbeat-frequency-during-lpm=5s"}, exitUsage, "PowerHA takes 10s to 10m"},
		{"no header", nil, []string{"--header=x"}, exitUsage, "is not NAME:VALUE"},
	} {
		if tc.before != nil {
			tc.before(t)
		}
		out, errOut, status := n.lpmctl(t, append([]string{"advise"}, tc.args...)...)
		if status != tc.status || out != "" || !strings.Contains(errOut, tc.want) || strings.Count(errOut, "\n") != 1 {
			t.Errorf("%s: status %d, %s%s", tc.name, status, out, errOut)
		}
	}
}

// fakePrometheus shows the freezes of a node, each from its start on, in every answer.
type fakePrometheus struct {
	mu      sync.Mutex // guards what follows
	headers []http.Header
	freezes []model.FreezeRecord
}

func (f *fakePrometheus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.headers = append(f.headers, r.Header)
	f.mu.Unlock()
	num := func(name string) float64 { v, _ := strconv.ParseFloat(r.FormValue(name), 64); return v }
	values := map[string][][2]any{}
	add := func(part string, at, v float64) {
		values[part] = append(values[part], [2]any{at, strconv.FormatFloat(v, 'f', -1, 64)})
	}
	for at, end := num("start"), num("end"); at <= end; at += num("step") {
		add("known", at, 0)
		for i := len(f.freezes) - 1; i >= 0; i-- {
			start := float64(f.freezes[i].Start.UnixMilli()) / 1000
			if start+60 > at {
				continue
			}
			add("start", at, start)
			add("duration", at, f.freezes[i].Fused.Seconds())
			add("bound", at, f.freezes[i].Bound.Seconds())
			add("migration_start", at, start-30)
			add("migration_end", at, start+30)
			break
		}
	}
	result := []any{}
	for part, v := range values {
		result = append(result, map[string]any{"metric": map[string]string{"cluster": "prod", "node": f.freezes[0].Node, "lpm_part": part}, "values": v})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": result}})
}

func TestAdviseFromPrometheus(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	now := time.Now().Truncate(time.Hour)
	other := gumbelFreezes(40, 2.4, 0.6)
	for i := range other {
		other[i].Node, other[i].Start = "n2", now.AddDate(0, 0, -1-2*i)
	}
	for i, j := 0, len(other)-1; i < j; i, j = i+1, j-1 {
		other[i], other[j] = other[j], other[i]
	}
	own := gumbelFreezes(3, 3, 0.6)
	for i := range own {
		own[i].Start = now.AddDate(0, 0, -3*i-1)
	}
	n.remember(t, own)
	f := &fakePrometheus{freezes: other}
	srv := httptest.NewServer(f)
	defer srv.Close()
	out, errOut, status := n.lpmctl(t, "advise", "--prometheus="+srv.URL, "--header=X-Scope-OrgID: dc1")
	if status != exitOK {
		t.Fatalf("status %d, %s%s", status, out, errOut)
	}
	want(t, "prometheus", flat(out), "43 migrations from ", "nodes n1, n2", srv.URL+" since "+now.AddDate(0, 0, -90).UTC().Format(time.DateOnly), "advice "+lpmVariable+" 30s")
	if f.headers[0].Get("X-Scope-OrgID") != "dc1" {
		t.Errorf("headers %v", f.headers[0])
	}
	// A node's own freezes count once.
	for i := range f.freezes {
		f.freezes[i].Node = "n1"
	}
	n.remember(t, f.freezes)
	out, _, _ = n.lpmctl(t, "advise", "--prometheus="+srv.URL)
	want(t, "dedupe", flat(out), "40 migrations from ", "nodes n1 from")
	// Without a history of its own it goes on, and says so. A wrong name of the cluster is told.
	if err := os.Remove(filepath.Join(n.state, history.StateName)); err != nil {
		t.Fatal(err)
	}
	out, _, status = n.lpmctl(t, "advise", "--prometheus="+srv.URL, "--since=30d")
	if status != exitNo {
		t.Errorf("15 migrations: status %d", status)
	}
	want(t, "alone", flat(out), "15 migrations from ", "did the exporter ever run here?")
	_, errOut, status = n.lpmctl(t, "advise", "--prometheus="+srv.URL, "--cluster=other")
	if status != exitUnreachable || !strings.Contains(errOut, "another cluster") {
		t.Errorf("status %d, %s", status, errOut)
	}
}

// A configured secret goes to the configured server alone.
func TestAdviseKeepsSecrets(t *testing.T) {
	f := &fakePrometheus{freezes: gumbelFreezes(1, 2, 1)}
	mine, other := httptest.NewServer(f), httptest.NewServer(f)
	defer mine.Close()
	defer other.Close()
	n := newNode(t, "NORMAL", fmt.Sprintf("confirmation: {prometheus_urls: [%q], headers: {X-Scope-OrgID: dc1}}\n", mine.URL))
	n.remember(t, nil)
	for _, url := range []string{mine.URL + "/", other.URL} {
		if _, errOut, status := n.lpmctl(t, "advise", "--prometheus="+url, "--since=1d"); status != exitNo {
			t.Errorf("status %d, %s", status, errOut)
		}
	}
	if len(f.headers) != 2 || f.headers[0].Get("X-Scope-OrgID") != "dc1" || f.headers[1].Get("X-Scope-OrgID") != "" {
		t.Errorf("headers %v", f.headers)
	}
}
