package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/report"
	"powerha_lpm_exporter/internal/snapshot"
)

// judged writes reports of those verdicts, the last one the newest.
func judged(t *testing.T, n *node, verdicts ...model.Verdict) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(n.state, "exporter"), 0o700); err != nil {
		t.Fatal(err)
	}
	fsys, err := durable.OpenDir(n.state)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	fused, budget := 6*time.Second, 130*time.Second
	for _, v := range verdicts {
		in := report.Input{LeftoversKnown: true, Report: model.Report{
			Episode: "e-" + string(v), Cluster: "prod", Node: "n1", Result: model.ResultCompleted, Start: at, End: at.Add(30 * time.Second),
			Freeze: &model.Freeze{Start: at.Add(20 * time.Second), Fused: &fused, FusedBound: 20 * time.Millisecond, Visible: model.Visible{Peer: true}},
			Budget: &budget, BudgetLimit: "node_timeout", ProbesFrom: map[string]int{"peer": 1},
		}}
		switch v {
		case model.VerdictFail:
			in.Leftovers = []string{"node_timeout"}
		case model.VerdictUnknown:
			in.Freeze = &model.Freeze{}
		case model.VerdictPass:
		}
		r := report.Judge(in)
		if r.Verdict != v {
			t.Fatalf("%s: %+v", v, r.Findings)
		}
		if err := report.Append(fsys, &r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReport(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	if _, stderr, code := n.lpmctl(t, "report"); code != exitUnreachable && code != exitUnknown || stderr == "" {
		t.Errorf("no state: exit %d, %s", code, stderr)
	}
	judged(t, n, model.VerdictFail, model.VerdictUnknown, model.VerdictPass)
	for id, want := range map[string]int{"": exitOK, "e-pass": exitOK, "e-fail": exitNo, "e-unknown": exitUnknown} {
		args := []string{"report"}
		if id != "" {
			args = append(args, id)
		}
		stdout, stderr, code := n.lpmctl(t, args...)
		if code != want || !strings.Contains(stdout, "frozen for") && id != "e-unknown" {
			t.Errorf("%q: exit %d, want %d\n%s%s", id, code, want, stdout, stderr)
		}
		for line := range strings.Lines(stdout) {
			if len([]rune(strings.TrimRight(line, "\n"))) > 80 {
				t.Errorf("%q: more than 80 columns: %s", id, line)
			}
		}
	}
	if _, stderr, code := n.lpmctl(t, "report", "other"); code != exitUsage || !strings.Contains(stderr, "e-pass") {
		t.Errorf("unknown: exit %d, %s", code, stderr)
	}
	stdout, _, _ := n.lpmctl(t, "report", "--list")
	if i, j := strings.Index(stdout, "e-pass"), strings.Index(stdout, "e-fail"); i < 0 || j < i {
		t.Errorf("list:\n%s", stdout)
	}
	stdout, _, code := n.lpmctl(t, "--output", "json", "report", "e-fail")
	var r model.Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || r.Episode != "e-fail" || code != exitNo {
		t.Errorf("json: exit %d, %v\n%s", code, err, stdout)
	}
	page := filepath.Join(n.dir, "r.html")
	if _, stderr, code := n.lpmctl(t, "report", "--html", page); code != exitOK {
		t.Errorf("html: exit %d, %s", code, stderr)
	}
	if b, err := os.ReadFile(page); err != nil || !strings.Contains(string(b), "<svg") {
		t.Errorf("page: %v", err)
	}
	// A torn line costs that line.
	f, err := os.OpenFile(filepath.Join(n.state, report.FileName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(`{"version":1,"ep`); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := n.lpmctl(t, "report"); code != exitOK || !strings.Contains(stderr, "1 lines") {
		t.Errorf("torn: exit %d, %s", code, stderr)
	}
}

// A live rehearsal needs the exporter, tells what happens, and ends with the report of the next migration.
func TestRehearseLive(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	judged(t, n, model.VerdictPass)
	if _, stderr, code := n.lpmctl(t, "rehearse", "--live"); code != exitUnreachable || !strings.Contains(stderr, "powerha_lpm_exporter") {
		t.Errorf("without an exporter: exit %d, %s", code, stderr)
	}
	if _, stderr, code := n.lpmctl(t, "rehearse", "--live", "--for", "soon"); code != exitUsage {
		t.Errorf("--for soon: exit %d, %s", code, stderr)
	}
	asked := make(chan struct{}, 1)
	s := model.Snapshot{Version: snapshot.Version, Node: "n1", Episode: model.Episode{Phase: model.PhaseIdle}}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- snapshot.Serve(ctx, filepath.Join(n.state, snapshot.SocketName), func() model.Snapshot {
			select {
			case asked <- struct{}{}:
			default:
			}
			return s
		})
	}()
	go func() {
		<-asked
		judged(t, n, model.VerdictFail)
	}()
	var stdout, stderr string
	code := exitUnreachable
	for code == exitUnreachable { // until the socket is there
		stdout, stderr, code = n.lpmctl(t, "rehearse", "--live", "--for", "1m")
	}
	cancel()
	if err := <-served; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if code != exitNo || !strings.Contains(stdout, "e-fail") || !strings.Contains(stderr, "start the migration now") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}
