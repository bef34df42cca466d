package report

import (
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

func moment(s int) time.Time { return time.Date(2026, 11, 3, 10, 0, s, 0, time.UTC) }

// good is a protected migration with a freeze of 6 s, as everybody wants it.
func good() Input {
	fused, budget, brownout := 6020*time.Millisecond, 130*time.Second, 80*time.Millisecond
	return Input{
		LeftoversKnown: true,
		Report: model.Report{
			Episode: "n1-20261103T100000Z-7f3a", Cluster: "prod", Node: "n1", Judged: moment(70), Result: model.ResultCompleted,
			Start: moment(0), Pre: moment(2), End: moment(31), Settled: moment(45), Budget: &budget, BudgetLimit: "node_timeout",
			Phases: []model.Mark{
				{Phase: model.PhaseChecking, At: moment(0)},
				{Phase: model.PhasePreparing, At: moment(2)},
				{Phase: model.PhaseMigrating, At: moment(12)},
				{Phase: model.PhaseSettling, At: moment(31)},
				{Phase: model.PhaseIdle, At: moment(45)},
			},
			Freeze: &model.Freeze{
				Start: moment(22), Episode: "n1-20261103T100000Z-7f3a", Fused: &fused, FusedBound: 20 * time.Millisecond, Peer: &fused,
				Brownout: &brownout, Visible: model.Visible{Peer: true}, Kind: "suspended",
			},
			Events: []model.JudgedEvent{{ClusterEvent: model.ClusterEvent{
				Seen: moment(40), Logged: "Nov 3 10:00:40", Source: "cluster.log", Step: model.ClusterEventStart, Name: "node_up", Args: []string{"n1"},
			}}},
			Outages: []model.Outage{{
				Application: "db", Probe: "users", Vantage: "peer", From: "n2", Start: moment(21), Duration: 8 * time.Second, Resolution: time.Second,
			}},
			ProbesFrom:    map[string]int{"peer": 1, "local": 1},
			UnmanagedFrom: moment(10), UnmanagedTo: moment(44),
		},
	}
}

func TestJudge(t *testing.T) {
	d := func(v time.Duration) *time.Duration { return &v }
	event := func(name string, seen int, args ...string) model.JudgedEvent {
		return model.JudgedEvent{ClusterEvent: model.ClusterEvent{Seen: moment(seen), Source: "cluster.log", Step: model.ClusterEventStart, Name: name, Args: args}}
	}
	tests := []struct {
		name    string
		change  func(*Input)
		verdict model.Verdict
		why     Why // one that is there
	}{
		{"good", func(*Input) {}, model.VerdictPass, WhyCompleted},
		{"within the budget", func(*Input) {}, model.VerdictPass, WhyWithinBudget},
		{"an outage of the freeze", func(*Input) {}, model.VerdictPass, WhyShortOutage},
		{"resumed", func(*Input) {}, model.VerdictPass, WhyManagedAgain},
		{"clean", func(*Input) {}, model.VerdictPass, WhyNoLeftovers},
		{"only wanted events", func(*Input) {}, model.VerdictPass, WhyNoUnwanted},
		{"aborted", func(i *Input) { i.Result, i.Freeze, i.Outages = model.ResultAborted, nil, nil }, model.VerdictPass, WhyAborted},
		{"aborted before the freeze", func(i *Input) { i.Result, i.Freeze, i.Outages = model.ResultAborted, nil, nil }, model.VerdictPass, WhyNoFreeze},
		{"lost", func(i *Input) { i.Result = model.ResultLost }, model.VerdictFail, WhyLost},
		{"nobody told how it ended", func(i *Input) { i.Result = model.ResultUnknown }, model.VerdictUnknown, WhyNotTold},
		{"rebooted", func(i *Input) { i.Result = model.ResultRebooted }, model.VerdictFail, WhyRebooted},
		{"no word of the end", func(i *Input) { i.Result = "" }, model.VerdictFail, WhyLost},
		{"beyond the budget", func(i *Input) { i.Budget = d(5 * time.Second) }, model.VerdictFail, WhyBeyondBudget},
		{"near the budget", func(i *Input) { i.Budget = d(6030 * time.Millisecond) }, model.VerdictUnknown, WhyNearBudget},
		{"budget unknown", func(i *Input) { i.Budget = nil }, model.VerdictUnknown, WhyBudgetUnknown},
		{"not visible", func(i *Input) { i.Freeze = &model.Freeze{} }, model.VerdictUnknown, WhyNotVisible},
		{"nothing of a freeze", func(i *Input) { i.Freeze = nil }, model.VerdictUnknown, WhyNotVisible},
		{"contradiction", func(i *Input) { i.Freeze.Disagreement = d(time.Second) }, model.VerdictUnknown, WhyContradictions},
		{"no events", func(i *Input) { i.Events = nil }, model.VerdictPass, WhyNoUnwanted},
		{"takeover", func(i *Input) { i.Events = append(i.Events, event("node_down", 25, "n1")) }, model.VerdictFail, WhyUnwanted},
		{"node_up before the end", func(i *Input) { i.Events = []model.JudgedEvent{event("rg_move_acquire", 20, "n1", "1")} }, model.VerdictFail, WhyUnwanted},
		{"logs not readable", func(i *Input) { i.EventsErr = "permission denied" }, model.VerdictUnknown, WhyEventsUnread},
		{"no outage", func(i *Input) { i.Outages = nil }, model.VerdictPass, WhyNoOutage},
		{"long outage", func(i *Input) { i.Outages[0].Duration = 20 * time.Second }, model.VerdictFail, WhyOutage},
		{"still down", func(i *Input) { i.Outages[0].Ongoing = true }, model.VerdictFail, WhyOutageGoesOn},
		{"no probe", func(i *Input) { i.Outages, i.ProbesFrom = nil, nil }, model.VerdictUnknown, WhyNoProbe},
		{"never unmanaged", func(i *Input) { i.UnmanagedFrom = time.Time{} }, model.VerdictPass, WhyNeverUnmanaged},
		{"still unmanaged", func(i *Input) { i.UnmanagedTo = time.Time{} }, model.VerdictFail, WhyStillUnmanaged},
		{"leftovers", func(i *Input) { i.Leftovers = []string{"node_timeout"} }, model.VerdictFail, WhyLeftovers},
		{"left on the peer", func(i *Input) {
			i.LeftBehind = []model.Leftover{{What: "dead_man_switch", Node: "n2", Was: "enabled", Is: "disabled", Commands: Mend("dead_man_switch", Before{})}}
		}, model.VerdictFail, WhyLeftovers},
		{"settings unknown", func(i *Input) { i.LeftoversKnown = false }, model.VerdictUnknown, WhyLeftoversUnread},
		{"one fails, another is unknown", func(i *Input) { i.Budget, i.Leftovers = nil, []string{"x"} }, model.VerdictFail, WhyBudgetUnknown},
	}
	reached := make(map[Why]bool)
	for _, tt := range tests {
		in := good()
		tt.change(&in)
		r := Judge(in)
		for _, f := range r.Findings {
			reached[f.Why] = true
			if f.Text == "" || f.Check == "" {
				t.Errorf("%s: %+v", tt.name, f)
			}
		}
		if r.Verdict != tt.verdict || !slices.ContainsFunc(r.Findings, func(f model.Finding) bool { return f.Why == tt.why }) {
			t.Errorf("%s: %s, %+v", tt.name, r.Verdict, r.Findings)
		}
	}
	for _, w := range Whys() {
		if !reached[w] {
			t.Errorf("no test reaches %s", w)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 410600 * time.Microsecond: "411ms", 6021 * time.Millisecond: "6.02s", 22540 * time.Millisecond: "22.5s",
		600 * time.Second: "10m", 3600 * time.Second: "1h", 3905 * time.Second: "1h5m5s", -2 * time.Second: "-2s",
	} {
		if got := Span(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}
