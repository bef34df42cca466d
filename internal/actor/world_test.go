package actor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/journal"
	"powerha_lpm_exporter/internal/model"
)

// fakeActs makes commands as clmgr(1) takes them.
type fakeActs struct{}

func (fakeActs) StopUnmanage(id, node string) (command.Act, error) {
	return command.Act{ID: id, Argv: []string{"clmgr", "stop", node}}, nil
}

func (fakeActs) StartManage(id, node string, _ bool) (command.Act, error) {
	return command.Act{ID: id, Argv: []string{"clmgr", "start", node}}, nil
}

func (fakeActs) MoveGroup(id, group, node string) (command.Act, error) {
	return command.Act{ID: id, Argv: []string{"clmgr", "move", group, node}}, nil
}

func (fakeActs) SetVariable(id, attr, value string) (command.Act, error) {
	return command.Act{ID: id, Argv: []string{"clmgr", "modify", attr, value}}, nil
}

func (fakeActs) Sync(id string) command.Act {
	return command.Act{ID: id, Argv: []string{"clmgr", "sync"}}
}

type fakeAct struct {
	argv    []string
	started model.Instant
	ended   bool
	exit    int
}

// world is one node of a cluster of two, with everything that an actor sees of it.
type world struct {
	t    *testing.T
	now  model.Instant
	core *Core
	opt  Options

	node, peer   model.NodeState
	group        map[string]model.GroupState // of rg, by node
	manager      model.ManagerState
	timeout      time.Duration
	deadman      string
	dms, inittab bool
	unsynced     bool
	policy       model.Policy
	lpm          time.Duration
	processes    []string
	scripts      []string
	errlog       []model.ErrlogEntry
	broken       map[model.Source]bool
	reads        map[model.Source]int
	slow         map[model.Source]time.Duration // how long a read takes; its answer comes with a later step
	late         []model.Reading                // answers on their way, in lateAt the time of each
	lateAt       []model.Instant
	migrating    bool // the peer's actor says so

	events    []model.EpisodeEvent
	records   []journal.Record
	fullLog   bool   // the episode log cannot be written
	failKind  string // records of this kind cannot be written
	killAfter int    // the actor is killed once so many records are there; 0: never
	killed    bool

	acts      map[string]*fakeAct
	log       []string // every command that was run
	stopFails bool
	startNoop bool
	hang      bool // commands never end

	healthy      bool
	healthyAt    model.Instant
	prometheus   bool
	gateValue    *int64
	gateAge      time.Duration
	noExporter   bool
	peerUp       bool
	silence      time.Duration // of a peer that is not up
	peerDMS      bool
	peerUnsynced bool
	peerStores   bool
	report       *model.Report // in the exporter's snapshot

	pages []string
	dr    []control.DRReply
	ops   []control.OperatorReply
	peers []ReplyPeer
	sent  []Effect
}

var start = model.Instant{Wall: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), Mono: 1000 * time.Second}

func newWorld(t *testing.T, mode decide.Mode) *world {
	t.Helper()
	w := &world{
		t: t, now: start, node: model.NodeNormal, peer: model.NodeNormal, manager: model.ManagerStable, timeout: 30 * time.Second, deadman: "a", dms: true,
		group:  map[string]model.GroupState{"n1": model.GroupOnline, "n2": model.GroupOffline},
		policy: model.PolicyUnmanage, lpm: 120 * time.Second, scripts: []string{"/usr/lib/dr/scripts/all/aa_powerha_lpm", "/usr/lib/dr/scripts/all/cl_dr"},
		acts: map[string]*fakeAct{}, healthy: true, prometheus: true, peerUp: true, silence: time.Hour, peerStores: true, broken: map[model.Source]bool{}, reads: map[model.Source]int{},
		opt: Options{
			Cluster: "c1", Node: "n1", Acts: fakeActs{}, Peers: []string{"n2"}, Interval: 5 * time.Second, PrepareTimeout: 290 * time.Second,
			OnUnfinishedPrepare: "refuse", Preflight: "warn", AckWait: 5 * time.Second,
			Policy: decide.Policy{
				Mode: mode, FactAge: 20 * time.Second, ProductScriptTimeout: 10 * time.Minute, SuspensionDeadline: 30 * time.Minute,
				MinimumStable: 10 * time.Second, MaximumSampleAge: 9 * time.Second, Prometheus: 1, ProbesAll: true, Script: "aa_powerha_lpm", FailoverMode: "approve",
				Variables: decide.Variables{LPMPolicy: model.PolicyUnmanage, LPMHeartbeat: 120 * time.Second, Apply: "on_request", Sync: "when_clean"},
			},
		},
	}
	w.healthyAt = w.now
	w.restart()
	return w
}

// restart begins a new actor from the journal, as after kill -9.
func (w *world) restart() {
	st, err := Fold(w.records)
	if err != nil {
		w.t.Fatal(err)
	}
	w.killed = false
	w.core = New(w.opt, st, w.now)
	w.drive(append(Perform(w.core.Begin("test"), w.do), Tick{}, w.folded())...)
}

// folded is the episode log as the shell hands it in.
func (w *world) folded() Episodes {
	return Episodes{List: episode.Fold(w.events, w.now.Wall, 15*time.Minute)}
}

func (w *world) drive(in ...Input) {
	for n := 0; len(in) > 0 && !w.killed; n++ {
		if n > 200 {
			w.t.Fatalf("the core does not come to rest: %v", in)
		}
		in = Perform(w.core.Step(w.now, in), w.do)
	}
}

// run lets time pass in steps of half a second.
func (w *world) run(d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(500 * time.Millisecond)
		w.passActs()
		if w.killed {
			w.restart()
		}
		in := []Input{Tick{}, w.folded()}
		for i := 0; i < len(w.late); i++ {
			if !w.now.Before(w.lateAt[i]) {
				in = append(in, Read{w.late[i]})
				w.late, w.lateAt = slices.Delete(w.late, i, i+1), slices.Delete(w.lateAt, i, i+1)
				i--
			}
		}
		w.drive(in...)
	}
}

// until runs until the condition holds, for at most d.
func (w *world) until(what string, d time.Duration, ok func() bool) {
	w.t.Helper()
	for end := w.now.Add(d); w.now.Before(end); w.run(500 * time.Millisecond) {
		if ok() {
			return
		}
	}
	w.t.Fatalf("not within %v: %s; state %s, %s, %s (%s); pages %v; journal:\n%s", d, what, w.core.decision.State, w.core.decision.What, w.core.decision.Reason, w.core.decision.Detail, w.pages, w.dump())
}

func (w *world) dump() string {
	var b strings.Builder
	for _, r := range w.records {
		fmt.Fprintf(&b, "%4d %8.1f %-11s %s\n", r.Seq, (r.Mono - start.Mono).Seconds(), r.Kind, r.Data)
	}
	return b.String()
}

func (w *world) event(k model.EventKind, id, stage string) {
	e := model.EpisodeEvent{Version: 1, Time: w.now.Wall, Mono: w.now.Mono, Event: k, Source: "dr", Episode: id}
	if stage != "" {
		e.Details = map[string]string{"stage": stage}
	}
	w.events = append(w.events, e)
}

// passActs lets commands that have run for two seconds take effect and end.
func (w *world) passActs() {
	for _, a := range w.acts {
		if a.ended || w.hang || w.now.Sub(a.started) < 2*time.Second {
			continue
		}
		a.ended = true
		switch {
		case a.argv[1] == "stop" && w.stopFails:
			a.exit = 1
		case a.argv[1] == "stop":
			w.node = model.NodeUnmanaged
			w.group["n1"], w.group["n2"] = model.GroupUnmanaged, model.GroupUnmanaged
		case a.argv[1] == "start" && w.startNoop:
			a.exit = 1
		case a.argv[1] == "start":
			w.manage()
		case a.argv[1] == "move":
			w.group["n1"], w.group["n2"] = model.GroupOffline, model.GroupOffline
			w.group[a.argv[3]] = model.GroupOnline
		case a.argv[1] == "modify" && a.argv[2] == decide.AttrPolicy:
			w.policy, w.unsynced = model.Policy(a.argv[3]), true
		case a.argv[1] == "modify":
			d, _ := time.ParseDuration(a.argv[3] + "s")
			w.lpm, w.unsynced = d, true
		case a.argv[1] == "sync":
			w.unsynced = false
		}
	}
}

func (w *world) manage() {
	w.node = model.NodeNormal
	w.group["n1"], w.group["n2"] = model.GroupOnline, model.GroupOffline
}

func (w *world) do(e Effect) []Input {
	if w.killed {
		return nil
	}
	switch v := e.(type) {
	case AppendJournal:
		return w.journal(v)
	case AppendEpisode:
		if !w.fullLog {
			w.events = append(w.events, v.Event)
		}
	case Launch:
		if _, twice := w.acts[v.Act.ID]; twice {
			w.t.Errorf("act %s was run twice", v.Act.ID)
		}
		w.acts[v.Act.ID] = &fakeAct{argv: v.Act.Argv, started: w.now}
		w.log = append(w.log, strings.Join(v.Act.Argv, " "))
		return []Input{ActStarted{command.Started{ID: v.Act.ID, PID: 4711, At: w.now}}}
	case Poll:
		// The real runner cannot tell the fate of a command without a pid in the moment of its start.
		if a := w.acts[v.Started.ID]; a != nil && v.Started.PID == 0 && w.now == a.started {
			return []Input{ActEnded{command.Ended{ID: v.Started.ID, Exit: -1, Unknown: true}}}
		}
		switch a := w.acts[v.Started.ID]; {
		case a == nil:
			return []Input{ActMissing{v.Started.ID}}
		case a.ended:
			return []Input{ActEnded{command.Ended{ID: v.Started.ID, Exit: a.exit, Took: 2 * time.Second}}}
		}
	case ReplyDR:
		w.dr = append(w.dr, v.Reply)
	case ReplyOperator:
		w.ops = append(w.ops, v.Reply)
	case ReplyPeer:
		w.peers = append(w.peers, v)
	case ReadSources:
		var out []Input
		for _, s := range v.Sources {
			r := w.read(s)
			if d := w.slow[s]; d > 0 {
				w.late, w.lateAt = append(w.late, r), append(w.lateAt, w.now.Add(d))
				continue
			}
			out = append(out, Read{r})
		}
		return out
	case QueryGate:
		return []Input{Gate{[]model.GateSample{w.gate()}}}
	case FetchSnapshot:
		if w.noExporter {
			return []Input{Seen{At: w.now, Err: "no socket"}}
		}
		return []Input{Seen{At: w.now, Snapshot: w.snapshot()}}
	case SendRecord:
		w.sent = append(w.sent, v)
		if w.peerStores {
			return []Input{RecordAck{Peer: v.Peer, Episode: v.Record.Episode}}
		}
	case SendClosed:
		w.sent = append(w.sent, v)
		return []Input{ClosedAck{Peer: v.Peer, Episode: v.Episode}}
	case AskPeer:
		if !w.peerUp {
			return []Input{PeerAnswer{Peer: v.Peer, Err: "connection refused"}}
		}
		return []Input{PeerAnswer{Peer: v.Peer, View: decide.PeerView{At: w.now, Reachable: true, Migrating: w.migrating, DeadManSwitch: &w.peerDMS, Unsynced: &w.peerUnsynced}}}
	case Page:
		w.pages = append(w.pages, v.Alert)
	}
	return nil
}

func (w *world) journal(v AppendJournal) []Input {
	if v.Kind == w.failKind {
		return []Input{JournalFailed{v.Kind, "no space left on device"}}
	}
	b, err := json.Marshal(v.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	r := journal.Record{Seq: uint64(len(w.records) + 1), Time: w.now.Wall, Mono: w.now.Mono, Kind: v.Kind, Episode: v.Episode, Data: b}
	w.records = append(w.records, r)
	if w.killAfter > 0 && len(w.records) == w.killAfter {
		w.killed = true
		return nil
	}
	return []Input{Journaled{At: w.now, Kind: v.Kind, Episode: v.Episode, Data: v.Data}}
}

func (w *world) read(s model.Source) model.Reading {
	w.reads[s]++
	r := model.Reading{Source: s, At: w.now}
	if w.broken[s] {
		r.Err = "did not answer in time"
		return r
	}
	switch s {
	case model.SourceCluster:
		unsynced, lpm := w.unsynced, w.lpm
		r.Cluster = &model.Cluster{Name: "c1", HasLPM: true, LPMPolicy: w.policy, LPMHeartbeat: &lpm, Unsynced: &unsynced}
	case model.SourceNodes:
		r.Nodes = []model.Node{{Name: "n1", State: w.node}, {Name: "n2", State: w.peer}}
	case model.SourceGroups:
		r.Groups = []model.GroupRow{{Group: "rg", Node: "n1", State: w.group["n1"]}, {Group: "rg", Node: "n2", State: w.group["n2"]}}
	case model.SourceManager:
		r.Manager = &model.Manager{State: w.manager}
	case model.SourceNodeTimeout:
		r.NodeTimeout = w.timeout
	case model.SourceDeadmanMode:
		r.DeadmanMode = w.deadman
	case model.SourceGroupServices:
		on := w.dms
		r.DeadManSwitch = &on
	case model.SourceInittab:
		there := w.inittab
		r.Inittab = &there
	case model.SourceProcesses:
		for i, p := range w.processes {
			r.Processes = append(r.Processes, model.Process{PID: i, Args: p})
		}
	case model.SourceScripts:
		for _, p := range w.scripts {
			r.Scripts = append(r.Scripts, model.DRScriptInfo{Path: p})
		}
	case model.SourceErrlog:
		r.Errlog = w.errlog
	default:
	}
	return r
}

// last is the migration that the log tells of last.
func (w *world) last() model.Episode {
	list := episode.Fold(w.events, w.now.Wall, 15*time.Minute)
	if len(list) == 0 {
		return model.Episode{}
	}
	return list[len(list)-1]
}

// gate answers as Prometheus would: the end of the last migration once the application was healthy for long enough.
func (w *world) gate() model.GateSample {
	g := model.GateSample{URL: "http://prom", At: w.now, ServerTime: w.now.Wall, Window: 10 * time.Second}
	if !w.prometheus {
		g.Err = "connection refused"
		return g
	}
	g.EvaluatedFound, g.EvaluatedTime = true, w.now.Wall.Add(-w.gateAge)
	e := w.last()
	since := max(w.now.Wall.Sub(e.End), 0)
	if w.gateValue != nil {
		g.Found, g.EndMillis, g.SampleTime = true, *w.gateValue, g.EvaluatedTime
	} else if !e.End.IsZero() && w.healthy && since > 10*time.Second && w.now.Sub(w.healthyAt) > 10*time.Second {
		g.Found, g.EndMillis, g.SampleTime = true, e.End.UnixMilli(), g.EvaluatedTime
	}
	return g
}

func (w *world) snapshot() *model.Snapshot {
	p := model.ProbeStatus{Application: "app", Probe: "http", Vantage: "local", TargetNode: "n1", Active: true, LastAt: w.now, Success: w.healthy}
	return &model.Snapshot{
		At: w.now, Cluster: "c1", Node: "n1", Probes: []model.ProbeStatus{p}, Episode: w.last(), Report: w.report,
		Peers: []model.PeerStatus{{Node: "n2", Up: w.peerUp, Silence: map[bool]time.Duration{true: time.Second, false: w.silence}[w.peerUp]}},
	}
}

// pre is our DR script's part of premigrate, up to the answer.
func (w *world) pre(id string) control.DRReply {
	w.t.Helper()
	w.event(model.EventPre, id, "begin")
	had := len(w.dr)
	w.drive(Tick{}, w.folded(), DR{"dr1", control.DRRequest{Phase: model.EventPre, Episode: id, Limit: 280 * time.Second}})
	done := func() bool {
		return len(w.dr) > had && w.dr[len(w.dr)-1].Done
	}
	for i := 0; i < 700 && !done(); i++ {
		if w.killed {
			// The script has lost its actor: it goes on.
			w.run(5 * time.Second)
			break
		}
		w.run(500 * time.Millisecond)
	}
	if !done() && w.killAfter == 0 {
		w.t.Fatalf("no answer to premigrate; journal:\n%s", w.dump())
	}
	w.event(model.EventPre, id, "end")
	if done() {
		return w.dr[len(w.dr)-1]
	}
	return control.DRReply{}
}

// product is PowerHA's own script in its pre phase.
func (w *world) product() (unmanaged bool) {
	if w.node == model.NodeNormal {
		unmanaged = true
		w.node = model.NodeUnmanaged
		w.group["n1"], w.group["n2"] = model.GroupUnmanaged, model.GroupUnmanaged
	}
	w.timeout, w.deadman, w.dms, w.inittab = w.lpm, "e", false, true
	return unmanaged
}

// undo is PowerHA's own script after the migration.
func (w *world) undo(resume bool) {
	w.processes = []string{"/bin/ksh /usr/es/sbin/cluster/utilities/cl_dr postmigrate pmig"}
	w.run(6 * time.Second)
	if resume {
		w.manage()
	}
	w.timeout, w.deadman, w.dms, w.inittab, w.processes = 30*time.Second, "a", true, false, nil
}

// migrate is a whole migration with a freeze, up to the end of PowerHA's script.
func (w *world) migrate(id string, end model.EventKind) control.DRReply {
	w.t.Helper()
	r := w.pre(id)
	unmanaged := w.product()
	w.run(20 * time.Second)
	w.now = w.now.Add(4 * time.Second) // frozen
	w.run(time.Second)
	w.event(end, id, "")
	w.undo(unmanaged)
	return r
}

func (w *world) count(cmd string) int {
	n := 0
	for _, l := range w.log {
		if strings.HasPrefix(l, "clmgr "+cmd) {
			n++
		}
	}
	return n
}

func (w *world) closed(id string) string {
	h, _ := w.core.st.closed(id)
	return h.Result
}

func (w *world) state() decide.State { return w.core.decision.State }

func (w *world) paged(alert string) bool { return slices.Contains(w.pages, alert) }
