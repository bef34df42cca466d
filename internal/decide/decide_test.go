package decide

import (
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

var (
	now   = model.Instant{Wall: time.Date(2026, 3, 1, 10, 30, 0, 0, time.UTC), Mono: 5000 * time.Second}
	endAt = now.Add(-2 * time.Minute)
)

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

func ago(d time.Duration) model.Instant { return now.Add(-d) }

// good is a healthy node of two that is ready for a migration in mode gated.
func good() Input {
	in := Input{
		Now: now, Cluster: "c1", Node: "n1",
		Policy: Policy{
			Mode: ModeGated, FactAge: 30 * time.Second, ProductScriptTimeout: 10 * time.Minute, SuspensionDeadline: 30 * time.Minute,
			MinimumStable: time.Minute, MaximumSampleAge: 45 * time.Second, Prometheus: 1, ProbedGroups: []string{"rg"}, Script: "aa_powerha_lpm",
			FailoverMode: "approve", Variables: Variables{LPMPolicy: model.PolicyUnmanage, LPMHeartbeat: 2 * time.Minute, Apply: "on_request", Sync: "when_clean"},
		},
		Peers: map[string]PeerView{},
	}
	lpm := 2 * time.Minute
	set(&in, model.Reading{Source: model.SourceCluster, Cluster: &model.Cluster{Name: "c1", Version: "7.2.7", HasLPM: true, LPMPolicy: model.PolicyUnmanage, LPMHeartbeat: &lpm, Unsynced: no()}})
	set(&in, model.Reading{Source: model.SourceNodes, Nodes: []model.Node{{Name: "n1", State: model.NodeNormal}, {Name: "n2", State: model.NodeNormal}}})
	set(&in, groups(model.GroupOnline, model.GroupOffline))
	set(&in, model.Reading{Source: model.SourceManager, Manager: &model.Manager{State: model.ManagerStable}})
	set(&in, model.Reading{Source: model.SourceNodeTimeout, NodeTimeout: 30 * time.Second})
	set(&in, model.Reading{Source: model.SourceDeadmanMode, DeadmanMode: "a"})
	set(&in, model.Reading{Source: model.SourceGroupServices, DeadManSwitch: yes()})
	set(&in, model.Reading{Source: model.SourceInittab, Inittab: no()})
	set(&in, model.Reading{Source: model.SourceProcesses, Processes: []model.Process{{PID: 1, Args: "/etc/init"}}})
	set(&in, scripts("aa_powerha_lpm", "cl_dr"))
	return in
}

func set(in *Input, r model.Reading) {
	if r.At.IsZero() {
		r.At = ago(5 * time.Second)
	}
	in.Facts.Apply(r)
}

func groups(n1, n2 model.GroupState) model.Reading {
	return model.Reading{Source: model.SourceGroups, At: ago(4 * time.Second), Groups: []model.GroupRow{{Group: "rg", Node: "n1", State: n1}, {Group: "rg", Node: "n2", State: n2}}}
}

func scripts(names ...string) model.Reading {
	r := model.Reading{Source: model.SourceScripts, At: ago(4 * time.Second)}
	for _, n := range names {
		r.Scripts = append(r.Scripts, model.DRScriptInfo{Path: "/usr/lib/dr/scripts/all/" + n})
	}
	return r
}

func nodes(n1, n2 model.NodeState) model.Reading {
	return model.Reading{Source: model.SourceNodes, At: ago(4 * time.Second), Nodes: []model.Node{{Name: "n1", State: n1}, {Name: "n2", State: n2}}}
}

func manager(s model.ManagerState, queued int) model.Reading {
	return model.Reading{Source: model.SourceManager, At: ago(4 * time.Second), Manager: &model.Manager{State: s, QueuedEvents: queued}}
}

func cluster(in *Input, change func(*model.Cluster)) {
	r, _ := in.Facts.Get(model.SourceCluster)
	c := *r.Cluster
	change(&c)
	set(in, model.Reading{Source: model.SourceCluster, At: ago(4 * time.Second), Cluster: &c})
}

func processes(args ...string) model.Reading {
	r := model.Reading{Source: model.SourceProcesses, At: ago(4 * time.Second)}
	for _, a := range args {
		r.Processes = append(r.Processes, model.Process{Args: a})
	}
	return r
}

// migrating is good in the midst of a migration, protected.
func migrating() Input {
	in := good()
	rec := MakeRecord(in, "e1")
	in.Track = &Track{Episode: "e1", Mode: ModeGated, Record: &rec, Stage: StageSuspended}
	in.Episode = model.Episode{ID: "e1", Open: true, Phase: model.PhaseMigrating, Pre: ago(time.Minute).Wall}
	set(&in, nodes(model.NodeUnmanaged, model.NodeNormal))
	set(&in, groups(model.GroupUnmanaged, model.GroupUnmanaged))
	set(&in, model.Reading{Source: model.SourceNodeTimeout, At: ago(4 * time.Second), NodeTimeout: 2 * time.Minute})
	set(&in, model.Reading{Source: model.SourceDeadmanMode, At: ago(4 * time.Second), DeadmanMode: "e"})
	set(&in, model.Reading{Source: model.SourceGroupServices, At: ago(4 * time.Second), DeadManSwitch: no()})
	in.Peers["n2"] = PeerView{At: ago(5 * time.Second), Reachable: true, DeadManSwitch: no()}
	return in
}

// confirmable is a suspended node whose migration has ended and for which everything speaks.
func confirmable() Input {
	in := migrating()
	in.Episode.Open, in.Episode.End, in.Episode.Result, in.Episode.Phase = false, endAt.Wall, model.ResultCompleted, model.PhaseSettling
	in.Seen.EndAt = endAt
	set(&in, model.Reading{Source: model.SourceNodeTimeout, At: ago(3 * time.Second), NodeTimeout: 30 * time.Second})
	set(&in, model.Reading{Source: model.SourceDeadmanMode, At: ago(3 * time.Second), DeadmanMode: "a"})
	set(&in, model.Reading{Source: model.SourceGroupServices, At: ago(3 * time.Second), DeadManSwitch: yes()})
	in.Gate = []model.GateSample{sample()}
	in.Snapshot = &model.Snapshot{
		At: ago(2 * time.Second), Cluster: "c1", Node: "n1", Sources: map[string]bool{"cluster": true, "resource_group": true},
		Probes: []model.ProbeStatus{{Application: "db", Probe: "sql", Vantage: "local", TargetNode: "n1", Active: true, Success: true, LastAt: ago(3 * time.Second)}},
		Peers:  []model.PeerStatus{{Node: "n2", Up: true, Probes: []model.ProbeStatus{{Application: "db", Probe: "users", Vantage: "peer", TargetNode: "n1", Active: true, Success: true}}}},
	}
	return in
}

func sample() model.GateSample {
	server := now.Wall.Add(-time.Hour) // the server's clock is another
	return model.GateSample{
		URL: "http://prom", At: ago(time.Second), Found: true, EndMillis: endAt.Wall.UnixMilli(), SampleTime: server.Add(-10 * time.Second), ServerTime: server,
		EvaluatedFound: true, EvaluatedTime: server.Add(-10 * time.Second), Window: time.Minute,
	}
}

type row struct {
	name   string
	change func(*Input)
	what   What
	reason Reason
}

var reached = map[Reason]bool{}

func run(t *testing.T, base func() Input, f func(Input) Decision, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			in := base()
			if r.change != nil {
				r.change(&in)
			}
			d := f(in)
			if d.What != r.what || d.Reason != r.reason {
				t.Errorf("%s, %s (%s), want %s, %s", d.What, d.Reason, d.Detail, r.what, r.reason)
			}
			reached[d.Reason] = true
			if d.Next == "" || d.State == "" {
				t.Errorf("no sentence or no state: %+v", d)
			}
			if d.What == WhatNeedOperator && !d.Page {
				t.Error("an operator is needed and nobody is told")
			}
		})
	}
}

func prepareRows() []row {
	return []row{
		{"ready", nil, WhatUnmanage, ReasonReady},
		{"native", func(in *Input) { in.Policy.Mode = ModeNative }, WhatObserve, ReasonModeNative},
		{"observe", func(in *Input) { in.Policy.Mode = ModeObserve }, WhatObserve, ReasonModeObserve},
		{"dry run", func(in *Input) { in.Policy.DryRun = true }, WhatRefusePrepare, ReasonDryRun},
		{"old facts", func(in *Input) { in.Now = now.Add(time.Minute) }, WhatWait, ReasonFactsStale},
		{"facts from before a freeze", func(in *Input) { in.Floor = ago(time.Second) }, WhatWait, ReasonFactsStale},
		{"unreadable", func(in *Input) { set(in, model.Reading{Source: model.SourceNodes, At: ago(time.Second), Err: "x"}) }, WhatRefusePrepare, ReasonFactsFailed},
		{"7.1", func(in *Input) { cluster(in, func(c *model.Cluster) { c.HasLPM = false }) }, WhatRefusePrepare, ReasonBefore72},
		{"hyperswap", func(in *Input) { cluster(in, func(c *model.Cluster) { c.HyperSwap = true }) }, WhatRefusePrepare, ReasonHyperSwap},
		{"policy", func(in *Input) { cluster(in, func(c *model.Cluster) { c.LPMPolicy = model.PolicyUnset }) }, WhatRefusePrepare, ReasonPolicy},
		{"no prometheus", func(in *Input) { in.Policy.Prometheus = 0 }, WhatRefusePrepare, ReasonNoPrometheus},
		{"no probe", func(in *Input) { in.Policy.ProbedGroups = nil }, WhatRefusePrepare, ReasonNoProbe},
		{"script missing", func(in *Input) { set(in, scripts("cl_dr")) }, WhatRefusePrepare, ReasonScriptMissing},
		{"no product script", func(in *Input) { set(in, scripts("aa_powerha_lpm")) }, WhatRefusePrepare, ReasonProductScript},
		{"order", func(in *Input) { set(in, scripts("cl_dr", "aa_powerha_lpm")) }, WhatRefusePrepare, ReasonScriptOrder},
		{"not acknowledged", func(in *Input) { in.Unacknowledged = "x" }, WhatRefusePrepare, ReasonAcknowledge},
		{"unmanaged already", func(in *Input) { set(in, nodes(model.NodeUnmanaged, model.NodeNormal)) }, WhatRefusePrepare, ReasonNodeUnmanaged},
		{"joining", func(in *Input) { set(in, nodes(model.NodeJoining, model.NodeNormal)) }, WhatRefusePrepare, ReasonNodeNotNormal},
		{"manager", func(in *Input) { set(in, manager(model.ManagerBarrier, 0)) }, WhatRefusePrepare, ReasonManagerNotStable},
		{"event", func(in *Input) { set(in, manager(model.ManagerStable, 1)) }, WhatRefusePrepare, ReasonEventQueued},
		{"unsynced", func(in *Input) { cluster(in, func(c *model.Cluster) { c.Unsynced = yes() }) }, WhatRefusePrepare, ReasonUnsynced},
		{"unsynced not told", func(in *Input) { cluster(in, func(c *model.Cluster) { c.Unsynced = nil }) }, WhatRefusePrepare, ReasonUnsyncedUnknown},
		{"peer unmanaged", func(in *Input) { set(in, nodes(model.NodeNormal, model.NodeUnmanaged)) }, WhatRefusePrepare, ReasonPeerMigrating},
		{"peer migrates, by heartbeat", func(in *Input) {
			in.Snapshot = &model.Snapshot{At: now, Peers: []model.PeerStatus{{Node: "n2", Up: true, Phase: model.PhaseMigrating}}}
		}, WhatRefusePrepare, ReasonPeerMigrating},
		{"peer migrates, by its actor", func(in *Input) { in.Peers["n2"] = PeerView{At: now, Reachable: true, Migrating: true} }, WhatRefusePrepare, ReasonPeerMigrating},
		{"no standby", func(in *Input) { set(in, nodes(model.NodeNormal, model.NodeOffline)) }, WhatRefusePrepare, ReasonNoStandby},
		{"a line of clRGinfo not understood", func(in *Input) {
			r := groups(model.GroupOnline, model.GroupOffline)
			r.Unparsed = 1
			set(in, r)
		}, WhatRefusePrepare, ReasonFactsFailed},
		{"group in motion", func(in *Input) { set(in, groups(model.GroupAcquiring, model.GroupOffline)) }, WhatRefusePrepare, ReasonGroupNotStable},
	}
}

func confirmRows() []row {
	gate := func(f func(*model.GateSample)) func(*Input) {
		return func(in *Input) { f(&in.Gate[0]) }
	}
	probe := func(f func(*model.ProbeStatus)) func(*Input) {
		return func(in *Input) { f(&in.Snapshot.Probes[0]) }
	}
	second := func(f func(*model.GateSample)) func(*Input) {
		return func(in *Input) {
			s := sample()
			f(&s)
			in.Gate = append(in.Gate, s)
		}
	}
	return []row{
		{"all speaks for it", nil, WhatResume, ReasonConfirmed},
		{"aborted", func(in *Input) { in.Episode.Result = model.ResultAborted }, WhatRollBack, ReasonConfirmed},
		{"nothing asked", func(in *Input) { in.Gate = nil }, WhatConfirm, ReasonUnreachable},
		{"server down", gate(func(g *model.GateSample) { g.Err = "refused" }), WhatConfirm, ReasonUnreachable},
		{"old answer", gate(func(g *model.GateSample) { g.At = ago(time.Minute) }), WhatConfirm, ReasonUnreachable},
		{"answer from before a freeze", func(in *Input) { in.Floor = ago(500 * time.Millisecond) }, WhatWait, ReasonFactsStale},
		{"no server time", gate(func(g *model.GateSample) { g.ServerTime = time.Time{} }), WhatConfirm, ReasonGateInvalid},
		{"never evaluated", gate(func(g *model.GateSample) { g.EvaluatedFound = false }), WhatConfirm, ReasonNotEvaluated},
		{"evaluated long ago", gate(func(g *model.GateSample) { g.EvaluatedTime = g.ServerTime.Add(-time.Minute) }), WhatConfirm, ReasonNotEvaluated},
		{"evaluated in the future", gate(func(g *model.GateSample) { g.EvaluatedTime = g.ServerTime.Add(time.Minute) }), WhatConfirm, ReasonGateFuture},
		{"sample of the future", gate(func(g *model.GateSample) { g.SampleTime = g.ServerTime.Add(time.Minute) }), WhatConfirm, ReasonGateFuture},
		{"short window", gate(func(g *model.GateSample) { g.Window = 59 * time.Second }), WhatConfirm, ReasonWindowShort},
		{"empty", gate(func(g *model.GateSample) { g.Found = false }), WhatConfirm, ReasonGateNotReady},
		{"another migration", gate(func(g *model.GateSample) { g.EndMillis-- }), WhatConfirm, ReasonOtherMigration},
		{"a bare 1", gate(func(g *model.GateSample) { g.EndMillis = 1 }), WhatConfirm, ReasonOtherMigration},
		{"stale sample", gate(func(g *model.GateSample) { g.SampleTime = g.ServerTime.Add(-45 * time.Second) }), WhatConfirm, ReasonGateStale},
		{"a second server is down", second(func(g *model.GateSample) { g.Err = "refused" }), WhatResume, ReasonConfirmed},
		{"a second server disagrees", second(func(g *model.GateSample) { g.Found = false }), WhatConfirm, ReasonGateNotReady},
		{"a second server is stale", second(func(g *model.GateSample) { g.SampleTime = g.ServerTime.Add(-time.Minute) }), WhatConfirm, ReasonGateStale},
		{"no snapshot", func(in *Input) { in.Snapshot = nil }, WhatConfirm, ReasonSnapshotStale},
		{"old snapshot", func(in *Input) { in.Snapshot.At = ago(time.Minute) }, WhatConfirm, ReasonSnapshotStale},
		{"foreign snapshot", func(in *Input) { in.Snapshot.Node = "n2" }, WhatConfirm, ReasonSnapshotForeign},
		{"another end", func(in *Input) { in.Snapshot.Episode = model.Episode{ID: "e1", End: endAt.Wall.Add(time.Second)} }, WhatConfirm, ReasonSnapshotDiffers},
		{"no probe", func(in *Input) { in.Snapshot.Probes = nil }, WhatConfirm, ReasonProbeMissing},
		{"old probe", probe(func(p *model.ProbeStatus) { p.LastAt = ago(time.Minute) }), WhatConfirm, ReasonProbeStale},
		{"failing probe", probe(func(p *model.ProbeStatus) { p.Success = false }), WhatConfirm, ReasonUnhealthy},
		{"peer vetoes", func(in *Input) { in.Snapshot.Peers[0].Probes[0].Success = false }, WhatConfirm, ReasonPeerProbe},
		{"no peer", func(in *Input) { in.Snapshot.Peers = nil }, WhatResume, ReasonConfirmed},
		{"a silent peer's old view", func(in *Input) { in.Snapshot.Peers[0].Up, in.Snapshot.Peers[0].Probes[0].Success = false, false }, WhatResume, ReasonConfirmed},
		{"owned nothing", func(in *Input) { in.Track.Record.Owners = nil; in.Snapshot.Probes = nil }, WhatResume, ReasonConfirmed},
		{"owned nothing, blind", func(in *Input) { in.Track.Record.Owners = nil; in.Snapshot.Sources["cluster"] = false }, WhatConfirm, ReasonCollectorFailing},
		{"manager", func(in *Input) { set(in, manager(model.ManagerUnstable, 0)) }, WhatConfirm, ReasonManagerNotStable},
		{"event", func(in *Input) { set(in, manager(model.ManagerStable, 1)) }, WhatConfirm, ReasonEventQueued},
		{"prometheus down for long", func(in *Input) { in.Gate = nil; in.Seen.EndAt = ago(3 * time.Minute) }, WhatNeedOperator, ReasonUnreachable},
		{"unhealthy for long", func(in *Input) { in.Snapshot.Probes[0].Success = false; in.Seen.UnhealthySince = ago(61 * time.Second) }, WhatNeedOperator, ReasonUnhealthy},
		{"held", func(in *Input) { in.Hold = "maintenance" }, WhatHold, ReasonHeld},
		{"deadline", func(in *Input) { in.Seen.EndAt = ago(31 * time.Minute) }, WhatNeedOperator, ReasonDeadline},
		{"deadline extended", func(in *Input) { in.Seen.EndAt = ago(31 * time.Minute); in.Track.Extended = time.Hour }, WhatResume, ReasonConfirmed},
		{"tried in vain", func(in *Input) { in.Track.ResumeTried = true }, WhatNeedOperator, ReasonResumeFailed},
		{"approved after all", func(in *Input) {
			in.Track.ResumeTried, in.Track.Approved, in.Hold, in.Seen.EndAt = true, true, "x", ago(time.Hour)
		}, WhatResume, ReasonApproved},
		{"approved, but no evidence", func(in *Input) { in.Track.Approved = true; in.Gate[0].Found = false }, WhatConfirm, ReasonGateNotReady},
		{"overridden", func(in *Input) {
			in.Track.Approved, in.Track.Override, in.Gate, in.Snapshot = true, true, nil, nil
		}, WhatResume, ReasonOverride},
		{"overridden, no stable ground", func(in *Input) {
			in.Track.Approved, in.Track.Override = true, true
			set(in, manager(model.ManagerUnstable, 0))
		}, WhatConfirm, ReasonManagerNotStable},
	}
}

func suspendedRows() []row {
	return []row{
		{"product script runs", func(in *Input) { set(in, processes("/bin/ksh /usr/es/sbin/cluster/utilities/cl_dr postmigrate")) }, WhatSettle, ReasonProductRunning},
		{"drmgr runs", func(in *Input) { set(in, processes("/usr/sbin/drmgr -m")) }, WhatSettle, ReasonProductRunning},
		{"our own question to drmgr", func(in *Input) { set(in, processes("/usr/sbin/drmgr -l")) }, WhatResume, ReasonConfirmed},
		{"product script hangs", func(in *Input) { set(in, processes("cl_dr")); in.Seen.EndAt = ago(11 * time.Minute) }, WhatNeedOperator, ReasonProductTimeout},
		{"not restored", func(in *Input) {
			set(in, model.Reading{Source: model.SourceNodeTimeout, At: ago(time.Second), NodeTimeout: time.Minute})
		}, WhatSettle, ReasonNotRestored},
		{"left over", func(in *Input) {
			set(in, model.Reading{Source: model.SourceInittab, At: ago(time.Second), Inittab: yes()})
			in.Seen.EndAt = ago(11 * time.Minute)
		}, WhatNeedOperator, ReasonLeftovers},
		{"settings not read", func(in *Input) {
			set(in, model.Reading{Source: model.SourceInittab, At: ago(time.Second), Err: "x"})
		}, WhatWait, ReasonFactsStale},
		{"nodes not read", func(in *Input) {
			set(in, model.Reading{Source: model.SourceNodes, At: ago(time.Second), Err: "x"})
		}, WhatWait, ReasonFactsStale},
		{"joining", func(in *Input) { set(in, nodes(model.NodeJoining, model.NodeNormal)) }, WhatWait, ReasonTransition},
		{"started by a human", func(in *Input) { set(in, nodes(model.NodeNormal, model.NodeNormal)) }, WhatClose, ReasonByHuman},
		{"stopped by a human", func(in *Input) { set(in, nodes(model.NodeOffline, model.NodeNormal)) }, WhatClose, ReasonByHuman},
		{"started by the product", func(in *Input) {
			set(in, nodes(model.NodeNormal, model.NodeNormal))
			in.Seen.ProductSeen = ago(5 * time.Second)
		}, WhatClose, ReasonByProduct},
		{"rebooted", func(in *Input) { set(in, nodes(model.NodeOffline, model.NodeNormal)); in.Track.Rebooted = true }, WhatNeedOperator, ReasonRebooted},
		{"rebooted and started", func(in *Input) { set(in, nodes(model.NodeNormal, model.NodeNormal)); in.Track.Rebooted = true }, WhatClose, ReasonByHuman},
		{"taken", func(in *Input) { set(in, groups(model.GroupUnmanaged, model.GroupOnline)) }, WhatNeedOperator, ReasonGroupsTaken},
		{"taken, says the peer", func(in *Input) { in.TakenBy = "n2" }, WhatNeedOperator, ReasonGroupsTaken},
		{"episode not known", func(in *Input) { in.Episode = model.Episode{} }, WhatNeedOperator, ReasonEpisodeUnknown},
		{"act runs", func(in *Input) { in.Track.ActOutstanding, in.Track.Stage = true, StageResuming }, WhatWait, ReasonActRunning},
		{"act overdue", func(in *Input) { in.Track.ActOutstanding, in.Track.ActOverdue = true, true }, WhatNeedOperator, ReasonActUnknown},
		{"resumed", func(in *Input) { resumed(in, model.ResultCompleted) }, WhatClose, ReasonResumed},
		{"rolled back", func(in *Input) { resumed(in, model.ResultAborted) }, WhatClose, ReasonRolledBack},
		{"groups not back", func(in *Input) {
			resumed(in, model.ResultCompleted)
			set(in, groups(model.GroupAcquiring, model.GroupOffline))
		}, WhatWait, ReasonReadBack},
		{"groups never back", func(in *Input) {
			resumed(in, model.ResultCompleted)
			set(in, groups(model.GroupOffline, model.GroupOffline))
			in.Track.ResumeEnded = ago(6 * time.Minute)
		}, WhatNeedOperator, ReasonReadBackMissing},
		{"stop not read back", func(in *Input) { in.Track.Stage = StageUnmanaging; set(in, nodes(model.NodeNormal, model.NodeNormal)) }, WhatWait, ReasonReadBack},
		{"observe", func(in *Input) { in.Policy.Mode = ModeObserve }, WhatObserve, ReasonModeObserve},
		{"idle", func(in *Input) { in.Track = nil }, WhatWait, ReasonIdle},
		{"recorded", func(in *Input) { in.Track.Stage = StageRecorded }, WhatWait, ReasonReady},
	}
}

func resumed(in *Input, r model.Result) {
	in.Track.Stage, in.Track.ResumeEnded, in.Episode.Result = StageResuming, ago(10*time.Second), r
	set(in, nodes(model.NodeNormal, model.NodeNormal))
	set(in, groups(model.GroupOnline, model.GroupOffline))
}

func protectedRows() []row {
	return []row{
		{"protected", nil, WhatProtectOK, ReasonProtected},
		{"600 s when unset", func(in *Input) {
			cluster(in, func(c *model.Cluster) { c.LPMHeartbeat = nil })
			set(in, model.Reading{Source: model.SourceNodeTimeout, At: ago(time.Second), NodeTimeout: 600 * time.Second})
		}, WhatProtectOK, ReasonProtected},
		{"timeout", func(in *Input) {
			set(in, model.Reading{Source: model.SourceNodeTimeout, At: ago(time.Second), NodeTimeout: 30 * time.Second})
		}, WhatWait, ReasonNodeTimeout},
		{"switch", func(in *Input) {
			set(in, model.Reading{Source: model.SourceGroupServices, At: ago(time.Second), DeadManSwitch: yes()})
		}, WhatWait, ReasonSwitchArmed},
		{"mode", func(in *Input) {
			set(in, model.Reading{Source: model.SourceDeadmanMode, At: ago(time.Second), DeadmanMode: "a"})
		}, WhatWait, ReasonDeadmanMode},
		{"peer's switch", func(in *Input) { in.Peers["n2"] = PeerView{At: now, Reachable: true, DeadManSwitch: yes()} }, WhatWait, ReasonPeerSwitchArmed},
		{"peer silent", func(in *Input) { delete(in.Peers, "n2") }, WhatWait, ReasonPeerUnknown},
		{"three nodes", func(in *Input) { in.Track.Record.Peers = []string{"n2", "n3"}; delete(in.Peers, "n2") }, WhatProtectOK, ReasonProtected},
		{"unreadable", func(in *Input) {
			set(in, model.Reading{Source: model.SourceNodeTimeout, At: ago(time.Second), Err: "x"})
		}, WhatWait, ReasonFactsStale},
	}
}

func nativeRows() []row {
	return []row{
		{"done", nil, WhatClose, ReasonUntouched},
		{"just now", func(in *Input) { in.Seen.EndAt = ago(30 * time.Second) }, WhatSettle, ReasonUntouched},
		{"open", func(in *Input) { in.Episode.Open = true }, WhatWait, ReasonModeNative},
		{"open, refused", func(in *Input) { in.Episode.Open = true; in.Track.Native = Refused(ReasonUnsynced) }, WhatWait, Refused(ReasonUnsynced)},
		{"not resumed yet", func(in *Input) { set(in, nodes(model.NodeUnmanaged, model.NodeNormal)) }, WhatSettle, ReasonProductRunning},
		{"not resumed", func(in *Input) {
			set(in, nodes(model.NodeUnmanaged, model.NodeNormal))
			in.Seen.EndAt = ago(11 * time.Minute)
		}, WhatNeedOperator, ReasonNotResumed},
		{"unhealthy", func(in *Input) { in.Snapshot.Probes[0].Success = false }, WhatSettle, ReasonUnhealthy},
		{"unhealthy for long", func(in *Input) { in.Snapshot.Probes[0].Success = false; in.Seen.UnhealthySince = ago(2 * time.Minute) }, WhatNeedOperator, ReasonResumedSick},
		{"no witness yet", func(in *Input) { in.Snapshot = nil }, WhatSettle, ReasonUntouched},
		{"taken", func(in *Input) {
			set(in, nodes(model.NodeOffline, model.NodeNormal))
			set(in, groups(model.GroupOffline, model.GroupOnline))
		}, WhatNeedOperator, ReasonGroupsTaken},
	}
}

func nativeBase() Input {
	in := confirmable()
	in.Track.Mode, in.Track.Stage = ModeNative, StageNone
	set(&in, nodes(model.NodeNormal, model.NodeNormal))
	set(&in, groups(model.GroupOnline, model.GroupOffline))
	return in
}

func failoverBase() Input {
	in := good()
	set(&in, nodes(model.NodeNormal, model.NodeOffline))
	set(&in, groups(model.GroupUnmanaged, model.GroupUnmanaged))
	return in
}

func failoverOf(req FailoverRequest) func(Input) Decision {
	return func(in Input) Decision { d, _ := Failover(in, req); return d }
}

func variablesRows() []row {
	drift := func(in *Input) { cluster(in, func(c *model.Cluster) { c.LPMPolicy = model.PolicyUnset }) }
	and := func(f func(*Input)) func(*Input) { return func(in *Input) { drift(in); f(in) } }
	return []row{
		{"drift", drift, WhatApply, ReasonReady},
		{"none", nil, WhatRefuse, ReasonNothingToDo},
		{"observe", and(func(in *Input) { in.Policy.Mode = ModeObserve }), WhatRefuse, ReasonModeObserve},
		{"never", and(func(in *Input) { in.Policy.Variables.Apply = "never" }), WhatRefuse, ReasonApplyNever},
		{"no sync", and(func(in *Input) { in.Policy.Variables.Sync = "never" }), WhatRefuse, ReasonSyncNotAllowed},
		{"pending", and(func(in *Input) { cluster(in, func(c *model.Cluster) { c.Unsynced = yes() }) }), WhatRefuse, ReasonUnsynced},
		{"pending unknown", and(func(in *Input) { cluster(in, func(c *model.Cluster) { c.Unsynced = nil }) }), WhatRefuse, ReasonUnsyncedUnknown},
		{"7.1", and(func(in *Input) { cluster(in, func(c *model.Cluster) { c.HasLPM = false }) }), WhatRefuse, ReasonBefore72},
		{"open", and(func(in *Input) { in.Track = &Track{} }), WhatRefuse, ReasonEpisodeOpen},
		{"peer", and(func(in *Input) { set(in, nodes(model.NodeNormal, model.NodeUnmanaged)) }), WhatRefuse, ReasonPeerMigrating},
		{"event", and(func(in *Input) { set(in, manager(model.ManagerStable, 2)) }), WhatRefuse, ReasonEventQueued},
		{"old", and(func(in *Input) { in.Now = now.Add(time.Minute) }), WhatWait, ReasonFactsStale},
		{"unreadable", and(func(in *Input) { set(in, model.Reading{Source: model.SourceManager, At: ago(time.Second), Err: "x"}) }), WhatRefuse, ReasonFactsFailed},
	}
}

func failoverRows() []row {
	return []row{
		{"attested", nil, WhatFailover, ReasonAttestation},
		{"observe", func(in *Input) { in.Policy.Mode = ModeObserve }, WhatRefuse, ReasonModeObserve},
		{"off", func(in *Input) { in.Policy.FailoverMode = "off" }, WhatRefuse, ReasonFailoverOff},
		{"held", func(in *Input) { in.Hold = "x" }, WhatRefuse, ReasonHeld},
		{"own migration", func(in *Input) { in.Track = &Track{Stage: StageSuspended} }, WhatRefuse, ReasonEpisodeOpen},
		{"own node sick", func(in *Input) { set(in, nodes(model.NodeOffline, model.NodeOffline)) }, WhatRefuse, ReasonNodeNotNormal},
		{"not stable", func(in *Input) { set(in, manager(model.ManagerRPRunning, 0)) }, WhatRefuse, ReasonManagerNotStable},
		{"heartbeats", func(in *Input) {
			in.Snapshot = &model.Snapshot{At: now, Peers: []model.PeerStatus{{Node: "n2", Up: true}}}
		}, WhatRefuse, ReasonPeerAlive},
		{"its actor answers", func(in *Input) { in.Peers["n2"] = PeerView{At: now, Reachable: true} }, WhatRefuse, ReasonPeerAlive},
		{"online elsewhere", func(in *Input) { set(in, groups(model.GroupOffline, model.GroupOnline)) }, WhatRefuse, ReasonGroupElsewhere},
		{"online here", func(in *Input) { set(in, groups(model.GroupOnline, model.GroupOffline)) }, WhatRefuse, ReasonNothingToDo},
		{"not ours to run", func(in *Input) {
			set(in, model.Reading{Source: model.SourceGroups, At: ago(time.Second), Groups: []model.GroupRow{{Group: "rg", Node: "n2", State: model.GroupUnmanaged}}})
		}, WhatRefuse, ReasonNotParticipant},
		{"no such node", func(in *Input) {
			set(in, model.Reading{Source: model.SourceNodes, At: ago(time.Second), Nodes: []model.Node{{Name: "n1", State: model.NodeNormal}}})
		}, WhatRefuse, ReasonUnknownNode},
		{"old", func(in *Input) { in.Now = now.Add(time.Minute) }, WhatWait, ReasonFactsStale},
		{"unreadable", func(in *Input) { set(in, model.Reading{Source: model.SourceGroups, At: ago(time.Second), Err: "x"}) }, WhatRefuse, ReasonFactsFailed},
	}
}

func TestPrepare(t *testing.T) { run(t, good, Prepare, prepareRows()) }

func TestConfirm(t *testing.T) { run(t, confirmable, Decide, confirmRows()) }

func TestSuspended(t *testing.T) { run(t, confirmable, Decide, suspendedRows()) }

func TestProtected(t *testing.T) { run(t, migrating, Decide, protectedRows()) }

func TestNative(t *testing.T) { run(t, nativeBase, Decide, nativeRows()) }

func TestApply(t *testing.T) {
	run(t, good, func(in Input) Decision { d, _ := Apply(in); return d }, variablesRows())
}

func TestRestore(t *testing.T) {
	applied := []Change{{AttrPolicy, "", "unmanage"}}
	f := func(list []Change) func(Input) Decision {
		return func(in Input) Decision { d, _ := Restore(in, list); return d }
	}
	run(t, good, f(applied), []row{
		{"back", nil, WhatApply, ReasonReady},
		{"changed by a human", func(in *Input) { cluster(in, func(c *model.Cluster) { c.LPMPolicy = model.PolicyManage }) }, WhatRefuse, ReasonChangedByHuman},
		{"back already", func(in *Input) { cluster(in, func(c *model.Cluster) { c.LPMPolicy = model.PolicyUnset }) }, WhatRefuse, ReasonNothingToDo},
	})
	run(t, good, f(nil), []row{{"never changed", nil, WhatRefuse, ReasonNothingRecorded}})
}

func TestFailover(t *testing.T) {
	rec := &model.Record{Node: "n2", Owners: map[string][]string{"rg": {"n2"}}}
	run(t, failoverBase, failoverOf(FailoverRequest{Node: "n2", Record: rec}), failoverRows())
	run(t, failoverBase, failoverOf(FailoverRequest{Node: "n1", Record: rec}), []row{{"own node", nil, WhatRefuse, ReasonOwnNode}})
	run(t, failoverBase, failoverOf(FailoverRequest{Node: "n2"}), []row{{"no groups", nil, WhatRefuse, ReasonNoGroups}})
	run(t, failoverBase, failoverOf(FailoverRequest{Node: "n2", Groups: []string{"x; rm"}}), []row{{"no such group", nil, WhatRefuse, ReasonUnknownGroup}})
	run(t, failoverBase, failoverOf(FailoverRequest{Node: "n2", Record: rec, Groups: []string{"x"}}), []row{{"not in the record", nil, WhatRefuse, ReasonUnknownGroup}})
	run(t, failoverBase, failoverOf(FailoverRequest{Node: "n2", Groups: []string{"rg"}}), []row{{"named by an operator", nil, WhatFailover, ReasonAttestation}})
}

func TestUnprotectedIsPagedOncePowerHAsScriptIsGone(t *testing.T) {
	in := migrating()
	in.Peers["n2"] = PeerView{At: now, Reachable: true, DeadManSwitch: yes()}
	in.Seen.UnprotectedSince = ago(61 * time.Second)
	if d := Decide(in); !d.Page {
		t.Errorf("nobody is told: %+v", d)
	}
	set(&in, processes("cl_dr premigrate"))
	if d := Decide(in); d.Page {
		t.Error("told while PowerHA's script is at work")
	}
}

// Reasons that only the actor's core gives, with their own tests there.
var ofTheCore = []Reason{
	ReasonJournal, ReasonInterrupted, ReasonLimitReached, ReasonNoRecord, ReasonStopFailed, ReasonMigrating, ReasonPeerSilent,
	ReasonNotSuspended, ReasonNoSuchDecision, ReasonNeedsReason, ReasonVerbUnknown,
}

// TestZEveryReasonIsReached must be the last of the file: it looks at what the tables have reached.
func TestZEveryReasonIsReached(t *testing.T) {
	if len(reached) == 0 {
		t.Skip("the tables did not run")
	}
	for _, r := range ofTheCore {
		reached[r] = true
	}
	for _, r := range Reasons() {
		if !reached[r] {
			t.Errorf("no row reaches %s", r)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	in := confirmable()
	b.ReportAllocs()
	for b.Loop() {
		if d := Decide(in); d.What != WhatResume {
			b.Fatal(d.Reason)
		}
	}
}

// A no that rests on what was read before the request is looked at again; a yes is not.
func TestPrepareAsksAgainBeforeItRefuses(t *testing.T) {
	sick := func(in *Input, at model.Instant) {
		set(in, model.Reading{Source: model.SourceManager, At: at, Manager: &model.Manager{State: model.ManagerUnstable}})
	}
	peers := func(in *Input, at model.Instant) {
		in.Peers["n2"] = PeerView{At: at, Reachable: true, Migrating: true}
	}
	tests := map[string]struct {
		set    func(*Input)
		what   What
		reason Reason
		need   []model.Source
		peers  bool
	}{
		"all is well, and old":      {func(*Input) {}, WhatUnmanage, ReasonReady, nil, false},
		"manager, before":           {func(in *Input) { sick(in, ago(3*time.Second)) }, WhatWait, ReasonManagerNotStable, []model.Source{model.SourceManager}, false},
		"manager, since":            {func(in *Input) { sick(in, ago(time.Second)) }, WhatRefusePrepare, ReasonManagerNotStable, nil, false},
		"two, one of them is final": {func(in *Input) { set(in, groups(model.GroupError, model.GroupOffline)); in.Policy.Prometheus = 0 }, WhatRefusePrepare, ReasonNoPrometheus, nil, false},
		"two":                       {func(in *Input) { set(in, scripts()); set(in, groups(model.GroupError, model.GroupOffline)) }, WhatWait, ReasonScriptMissing, []model.Source{model.SourceGroups, model.SourceScripts}, false},
		"peer, before":              {func(in *Input) { peers(in, ago(3*time.Second)) }, WhatWait, ReasonPeerMigrating, nil, true},
		"peer, since":               {func(in *Input) { peers(in, ago(time.Second)) }, WhatRefusePrepare, ReasonPeerMigrating, nil, false},
		"exporter, before": {func(in *Input) {
			in.Snapshot, in.SnapshotRead = &model.Snapshot{At: now, Peers: []model.PeerStatus{{Node: "n2", Up: true, Suspended: true}}}, ago(3*time.Second)
		}, WhatWait, ReasonPeerMigrating, nil, true},
		"failed, before": {func(in *Input) {
			set(in, model.Reading{Source: model.SourceManager, At: ago(3 * time.Second), Err: "x"})
		}, WhatWait, ReasonFactsStale, []model.Source{model.SourceManager}, false},
		"failed, since": {func(in *Input) {
			set(in, model.Reading{Source: model.SourceManager, At: ago(time.Second), Err: "x"})
		}, WhatRefusePrepare, ReasonFactsFailed, []model.Source{model.SourceManager}, false},
		"read for it, an hour ago": {func(in *Input) { in.Asked, in.Now = ago(time.Minute), now.Add(time.Hour) }, WhatUnmanage, ReasonReady, nil, false},
		"read for it, before a freeze": {func(in *Input) {
			in.Asked, in.Now, in.Floor = ago(time.Minute), now.Add(time.Hour), now
		}, WhatWait, ReasonFactsStale, PrepareSources(ModeGated), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := good()
			in.Asked = ago(2 * time.Second)
			tt.set(&in)
			d := Prepare(in)
			if d.What != tt.what || d.Reason != tt.reason || !slices.Equal(d.Need, tt.need) || d.NeedPeers != tt.peers {
				t.Errorf("%s, %s, need %v, peers %t", d.What, d.Reason, d.Need, d.NeedPeers)
			}
			if again := tt.what == WhatWait && tt.reason != ReasonFactsStale; d.Again != again {
				t.Errorf("again %t", d.Again)
			}
		})
	}
}
