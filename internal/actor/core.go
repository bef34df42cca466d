package actor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

// Times of the core.
const (
	// freezeGap: a longer silence between two steps while something is at stake means that this node may have been
	// frozen, and that what was read before does not count (S2).
	freezeGap = 3 * time.Second
	// stepTolerance is how far the two clocks may drift apart between two steps before the same is assumed.
	stepTolerance = time.Second
	// actLimit: a modifying command that runs for longer is overdue: people look, nothing is killed (S9).
	actLimit = 10 * time.Minute
	// noChangeLimit: how long after a start or a move that reported success its effect may take to show.
	noChangeLimit = 5 * time.Minute
	// retryEvery spaces attempts that failed for a reason outside the cluster: a full disk, a program that cannot be run.
	retryEvery = 10 * time.Second
	// adoptAfter: a migration that began this long ago without asking us is the product's alone.
	adoptAfter = 15 * time.Second
	// readLimit: a read in flight for longer is not waited for any more.
	readLimit = 2 * time.Minute
	// respite is left to the DR script after the answer of a prepare: what we read next would compete with its last words.
	respite = time.Second
)

// Core is the actor's judgement and memory. It is not safe for concurrent use.
type Core struct {
	opt      Options
	st       State
	facts    model.Facts
	snapshot *model.Snapshot
	// snapshotRead is when it was asked for.
	snapshotRead model.Instant
	gate         []model.GateSample
	peers        map[string]decide.PeerView
	takenBy      map[string]string // our episode: the peer that took its groups
	episodes     []model.Episode
	logRead      bool // episodes are what the log says now

	last     model.Instant // of the last step
	floor    model.Instant
	seen     decide.Observed
	decision decide.Decision
	decided  model.Instant
	prep     *prepare
	answered model.Instant // when the last prepare was
	ops      []*operation

	mine      map[string]bool            // acts whose intent this process has written and not launched yet
	begun     map[string]command.Started // acts that this process has started, or is starting
	inflight  map[model.Source]model.Instant
	asked     map[string]model.Instant // last time of everything that is asked for or tried now and then
	pollEnded map[string]command.Ended
	paged     map[string]bool
	journal   string // why the last append failed; empty when it did not
	serial    int

	counters Counters
	out      []Effect
	now      model.Instant
}

// New returns a core that continues from the state that the journal tells.
func New(opt Options, st State, now model.Instant) *Core {
	c := &Core{
		opt: opt, st: st, last: now, floor: now, now: now,
		peers: map[string]decide.PeerView{}, takenBy: map[string]string{}, mine: map[string]bool{}, begun: map[string]command.Started{},
		inflight: map[model.Source]model.Instant{}, asked: map[string]model.Instant{},
		pollEnded: map[string]command.Ended{}, paged: map[string]bool{}, counters: newCounters(),
	}
	return c
}

// Begin returns the effects of a start; they must be carried out first.
func (c *Core) Begin(version string) []Effect {
	return []Effect{AppendJournal{Kind: KindStart, Data: startData{Version: version, DryRun: c.opt.Policy.DryRun, Mode: string(c.opt.Policy.Mode)}}}
}

// Step takes the inputs in and returns what is to be done for them.
func (c *Core) Step(now model.Instant, in []Input) []Effect {
	c.now, c.out = now, nil
	c.noticeFreeze()
	for _, i := range in {
		c.take(i)
	}
	c.advance()
	c.last = now
	return c.out
}

// noticeFreeze moves the floor up when this node may have stood still, or somebody has set the clock.
func (c *Core) noticeFreeze() {
	mono := c.now.Sub(c.last)
	wall := c.now.Wall.Sub(c.last.Wall)
	if mono > freezeGap || wall-mono > stepTolerance || mono-wall > stepTolerance {
		c.floor = c.now
		clear(c.inflight)
	}
}

func (c *Core) emit(e ...Effect) { c.out = append(c.out, e...) }

func (c *Core) logf(warn bool, kv ...any) { c.emit(Log{Warn: warn, KV: kv}) }

// due reports whether key was last done at least every ago, and marks it as done now.
func (c *Core) due(key string, every time.Duration) bool {
	if t, ok := c.asked[key]; ok && c.now.Sub(t) < every {
		return false
	}
	c.asked[key] = c.now
	return true
}

func (c *Core) take(i Input) {
	switch v := i.(type) {
	case Tick:
	case Read:
		delete(c.inflight, v.Source)
		c.facts.Apply(v.Reading)
		if v.Source == model.SourceProcesses && v.Err == "" && decide.ProductRunning(v.Reading) {
			c.seen.ProductSeen = v.At
		}
	case Gate:
		c.takeGate(v.Samples)
	case Seen:
		c.snapshot, c.snapshotRead = v.Snapshot, v.At
		c.noteVerdict()
	case Episodes:
		c.episodes, c.logRead = v.List, !v.Unread
	case DR:
		c.dr(v)
	case Journaled:
		c.journaled(v)
	case JournalFailed:
		c.journalFailed(v)
	case ActStarted:
		c.begun[v.Started.ID] = v.Started
		c.emit(AppendJournal{KindLaunched, c.episodeOfAct(), v.Started})
	case ActFailed:
		c.neverRan(v.ID, string(decide.ReasonStopFailed), v.Err)
	case ActMissing:
		c.neverRan(v.ID, string(decide.ReasonInterrupted), "the intent was written, the command was never started")
	case ActEnded:
		c.actEnded(v.Ended)
	case RecordAck:
		c.recordAck(v)
	case ClosedAck:
		if v.Err == "" {
			c.asked["closed_ack/"+v.Peer+"/"+v.Episode] = c.now
		}
	case PeerAnswer:
		c.peerAnswer(v)
	case RecordReceived:
		c.recordReceived(v)
	case ClosedReceived:
		if !slices.Contains(c.st.Done[v.From], v.Episode) {
			c.emit(AppendJournal{KindPeerClosed, v.Episode, peerClosedData{Node: v.From, Episode: v.Episode, Result: v.Result}})
		}
		c.emit(ReplyPeer{ID: v.ID, Stored: true})
	case Operator:
		c.operator(v)
	}
}

func (c *Core) takeGate(samples []model.GateSample) {
	c.gate = samples
	for _, g := range samples {
		if g.Err == "" && c.seen.Answered.Before(g.At) {
			c.seen.Answered = g.At
		}
	}
}

// journaled takes a record that is on disk into the state, and does what may follow from it.
func (c *Core) journaled(j Journaled) {
	c.journal = ""
	c.counters.JournalRecords++
	data := j.Data
	c.st.fold(j.At, j.Kind, j.Episode, data)
	switch d := data.(type) {
	case actData:
		c.launch(d)
	case command.Started:
		c.toldLaunched(d)
	case endedData:
		delete(c.pollEnded, d.ID)
		delete(c.begun, d.ID)
		c.counters.ended(d, c.lastAct(d.ID))
		c.askSince(model.SourceNodes, j.At)
		if a := c.lastAct(d.ID); a == nil || a.Kind != actUnmanage {
			// drmgr waits for the answer to an unmanage, and the node's state alone is that.
			c.askSince(model.SourceGroups, j.At)
		}
	case closeData:
		c.closedNow(j.Episode, d)
	case model.Record:
		if j.Kind == KindPeerRecord {
			break
		}
		c.recorded(d)
	case nativeData:
		c.nativeNow(j.Kind, d)
	case acksData:
		if c.prep != nil {
			c.prep.stage = prepAcked
		}
	case inheritData:
		c.replyPrepared(control.VerdictOK, decide.ReasonReady, "the node is unmanaged already; the record of before is kept")
	case readBackData:
		c.readBackDone(d)
	}
}

func (c *Core) lastAct(id string) *actState {
	if c.st.Act != nil && c.st.Act.ID == id {
		return c.st.Act
	}
	return nil
}

// journalFailed: nothing that would have followed is done, and whoever waits is told (S12).
func (c *Core) journalFailed(f JournalFailed) {
	c.journal = f.Err
	c.counters.JournalErrors++
	c.logf(true, "msg", "the journal cannot be written, so nothing is done", "kind", f.Kind, "err", f.Err)
	c.page("journal_failed", "", "The actor cannot write its journal ("+f.Err+"); it does nothing until it can.")
	if p := c.prep; p != nil && !p.launched {
		c.emit(ReplyDR{p.id, control.DRReply{
			Done: true, Verdict: control.VerdictWarn, Reason: string(decide.ReasonJournal),
			Message: "the actor cannot write its journal, so it leaves this migration to PowerHA's own script",
		}})
		c.prep = nil
	}
}

// advance derives what is to be done from what is.
func (c *Core) advance() {
	c.watchAct()
	c.advancePrepare()
	c.advancePlan()
	c.applyByItself()
	c.advanceOperations()
	c.followEpisodes()
	c.observe()
	c.judge()
	c.poll()
}

// episode returns the migration at hand: that of the track, or the latest.
func (c *Core) episode() model.Episode {
	if c.st.Track != nil {
		for _, e := range c.episodes {
			if e.ID == c.st.Track.Episode {
				return e
			}
		}
		return model.Episode{}
	}
	if n := len(c.episodes); n > 0 {
		return c.episodes[n-1]
	}
	return model.Episode{}
}

// input gathers what a judgement may look at.
func (c *Core) input() decide.Input {
	in := decide.Input{
		Now: c.now, Floor: c.floor, Policy: c.opt.Policy, Cluster: c.cluster(), Node: c.opt.Node, Facts: c.facts, Episode: c.episode(),
		Seen: c.seen, Gate: c.gate, Snapshot: c.snapshot, SnapshotRead: c.snapshotRead, Peers: c.peers, Hold: c.st.Hold, Unacknowledged: c.st.Unacked,
	}
	if t := c.st.Track; t != nil {
		track := *t
		track.ActOutstanding = c.st.outstanding()
		track.ActOverdue = c.st.outstanding() && c.now.Sub(c.st.Act.At) > actLimit && c.now.Mono >= c.st.Act.At.Mono
		if a := c.st.Act; a != nil && a.Ended != nil {
			track.ActEnded = a.EndedAt
		}
		in.Track = &track
		in.TakenBy = c.takenBy[t.Episode]
	}
	return in
}

func (c *Core) cluster() string {
	if c.opt.Cluster != "" {
		return c.opt.Cluster
	}
	if r, ok := c.facts.Get(model.SourceCluster); ok && r.Cluster != nil {
		return r.Cluster.Name
	}
	return ""
}

// observe keeps what no single reading tells.
func (c *Core) observe() {
	e := c.episode()
	if c.st.Track == nil || e.Open || e.End.IsZero() {
		c.seen.EndAt, c.seen.Answered, c.seen.UnhealthySince = model.Instant{}, model.Instant{}, model.Instant{}
	} else if c.seen.EndAt.IsZero() {
		ago := max(c.now.Wall.Sub(e.End), 0)
		c.seen.EndAt = model.Instant{Wall: e.End, Mono: c.now.Mono - ago}
		clear(c.paged)
		// What was known before the end says nothing about after it.
		c.gate, c.snapshot = nil, nil
	}
	c.mark(&c.seen.UnhealthySince, c.unhealthy())
	c.mark(&c.seen.UnprotectedSince, c.decision.State == decide.StateUnmanagedOnly)
}

func (c *Core) mark(t *model.Instant, on bool) {
	switch {
	case !on:
		*t = model.Instant{}
	case t.IsZero():
		*t = c.now
	}
}

// noteVerdict writes the exporter's judgement of a migration to the journal, once.
func (c *Core) noteVerdict() {
	if c.snapshot == nil || c.snapshot.Report == nil || c.snapshot.Report.Episode == c.st.Judged {
		return
	}
	r := c.snapshot.Report
	c.emit(AppendJournal{KindVerdict, r.Episode, verdictData{Verdict: r.Verdict, Findings: r.Findings, Freeze: r.Freeze}})
}

// unhealthy reports whether a local probe fails, by the latest snapshot.
func (c *Core) unhealthy() bool {
	return !c.seen.EndAt.IsZero() && c.snapshot != nil && slices.ContainsFunc(c.snapshot.Probes, func(p model.ProbeStatus) bool {
		return p.Vantage != "peer" && p.Active && !p.LastAt.IsZero() && !p.Success
	})
}

// judge decides about the migration at hand, and writes down every change.
func (c *Core) judge() {
	if c.prep != nil && c.prep.stage != prepWaiting {
		c.show(decide.Decision{What: decide.WhatWait, Reason: decide.ReasonReady, State: decide.StatePreparing, Next: "The node is being prepared for a migration."})
		return
	}
	in := c.input()
	d := decide.Decide(in)
	if p := c.st.Plan; p != nil {
		d = c.planDecision(d)
	} else if c.st.Track == nil && c.failsOver() && len(c.lost()) > 0 {
		d.State, d.What, d.Reason = decide.StateFailoverPending, decide.WhatNeedOperator, decide.ReasonPeerSilent
		d.Next = "A peer is silent in its migration. Power it off, see that it is off, then lpmctl approve --i-have-powered-it-off."
		d.Page = true
		d.Detail = c.lost()[0].Node
	}
	c.show(d)
	if !c.respite() {
		c.ask(d.Need...)
	}
	if d.Page {
		c.page(string(d.Reason), c.trackEpisode(), strings.TrimSpace(d.Next+" "+d.Detail))
	}
	c.carryOut(in, d)
}

func (c *Core) trackEpisode() string {
	if c.st.Track != nil {
		return c.st.Track.Episode
	}
	return ""
}

// show counts, logs and journals a decision that differs from the one before.
func (c *Core) show(d decide.Decision) {
	old := c.decision
	c.decision = d
	if old.What == d.What && old.Reason == d.Reason && old.State == d.State {
		return
	}
	c.decided = c.now
	c.counters.Decisions[[2]string{string(d.What), string(d.Reason)}]++
	c.logf(d.What == decide.WhatNeedOperator, "msg", d.Next, "decision", string(d.What), "reason", string(d.Reason), "state", string(d.State), "detail", d.Detail, "episode", c.trackEpisode())
	if d.Reason == decide.ReasonIdle && old.What == "" || d.What == decide.WhatObserve && old.What == "" {
		return
	}
	c.emit(AppendJournal{KindDecision, c.trackEpisode(), decisionData{
		What: string(d.What), Reason: string(d.Reason), Detail: d.Detail, State: string(d.State), Evidence: d.Evidence,
	}})
}

// carryOut begins what was decided. Every act starts with its intent in the journal.
func (c *Core) carryOut(in decide.Input, d decide.Decision) {
	switch d.What {
	case decide.WhatResume, decide.WhatRollBack:
		if c.st.outstanding() || c.st.Plan != nil || !c.due("resume", retryEvery) {
			return
		}
		c.intendResume(d)
	case decide.WhatClose:
		if c.due("close", retryEvery) {
			c.emit(AppendJournal{KindClose, c.st.Track.Episode, closeData{
				Result: d.Result, Reason: string(d.Reason), Detail: d.Detail, Start: c.st.Started, Closed: c.now.Wall,
			}})
		}
	case decide.WhatObserve, decide.WhatWait, decide.WhatUnmanage, decide.WhatRefusePrepare, decide.WhatProtectOK,
		decide.WhatSettle, decide.WhatConfirm, decide.WhatFailover, decide.WhatHold, decide.WhatNeedOperator,
		decide.WhatApply, decide.WhatRefuse:
	}
	c.readBack(in)
}

// page tells people once a reason and episode; the journal keeps it.
func (c *Core) page(alert, episode, summary string) {
	key := alert + "/" + episode
	if c.paged[key] {
		return
	}
	c.paged[key] = true
	c.emit(Page{Alert: alert, Summary: summary, Episode: episode})
	if alert != "journal_failed" {
		c.emit(AppendJournal{KindPage, episode, pageData{Alert: alert, Summary: summary}})
	}
}

func (c *Core) newID(kind string) string {
	c.serial++
	return fmt.Sprintf("%s-%s-%d", kind, c.now.Wall.UTC().Format("20060102T150405.000000000"), c.serial)
}
