package actor

import (
	"time"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

type prepStage int

const (
	prepWaiting   prepStage = iota // an earlier command of ours still runs
	prepReading                    // facts are read
	prepRecording                  // the record is on its way to disk
	prepAcking                     // peers are asked to store it
	prepAcksSent                   // the answers are on their way to disk
	prepAcked
	prepIntended // the intent is on its way to disk
	prepRunning  // the stop runs, or is read back
)

// answerMargin is left for the answer to reach the DR script within its limit.
const answerMargin = time.Second

// prepare is one premigrate that is being answered.
type prepare struct {
	id, episode      string
	check            bool
	stage            prepStage
	start, end       model.Instant // end: the answer must be given
	asked            model.Instant // when its reading began: what was read before cannot refuse it
	ackUntil         model.Instant
	acks             map[string]string
	launched, record bool
}

// dr takes a call of the DR script.
func (c *Core) dr(d DR) {
	r := d.Request
	switch r.Phase {
	case model.EventCheck, model.EventPre:
		limit := r.Limit
		if limit <= 0 || c.opt.PrepareTimeout > 0 && limit > c.opt.PrepareTimeout {
			limit = c.opt.PrepareTimeout
		}
		if c.prep != nil {
			// One prepare at a time: a second call is answered at once and changes nothing (S6).
			c.emit(ReplyDR{d.ID, control.DRReply{Done: true, Verdict: control.VerdictWarn, Reason: string(decide.ReasonActRunning), Message: "the actor is preparing this node already"}})
			return
		}
		c.prep = &prepare{
			id: d.ID, episode: r.Episode, check: r.Phase == model.EventCheck, start: c.now, end: c.now.Add(max(limit-answerMargin, limit/2)),
			acks: map[string]string{},
		}
	default:
		c.emit(ReplyDR{d.ID, control.DRReply{Done: true, Verdict: control.VerdictOK, Reason: string(decide.ReasonReady), Message: "noted"}})
	}
}

func (c *Core) advancePrepare() {
	p := c.prep
	if p == nil {
		return
	}
	if !c.now.Before(p.end) {
		c.prepareLimit()
		return
	}
	switch p.stage {
	case prepWaiting:
		if !c.busy() {
			p.stage, p.asked = prepReading, c.now
			c.prepareRead()
		}
	case prepReading:
		c.prepareRead()
	case prepAcking:
		if len(p.acks) >= len(c.opt.Peers) || !c.now.Before(p.ackUntil) {
			for _, peer := range c.opt.Peers {
				if _, ok := p.acks[peer]; !ok {
					p.acks[peer] = "no answer in time"
				}
			}
			p.stage = prepAcksSent
			c.emit(AppendJournal{KindAcks, p.episode, acksData{p.acks}})
		}
	case prepAcked:
		c.prepareIntend()
	case prepRunning:
		c.readBack(c.input())
	case prepRecording, prepAcksSent, prepIntended:
	}
}

// busy: something of ours that changes the cluster is under way; a prepare waits for it.
func (c *Core) busy() bool { return c.midst() || c.st.Plan != nil }

// midst: a modifying command of ours is not over, or its effect is not read back. One whose effect has not come long
// after its end is no reason to hold up a migration (S8): what the node reads then is what it is. Nor is the rest of a
// plan, which begins no command while a prepare waits.
func (c *Core) midst() bool {
	if c.st.outstanding() {
		return true
	}
	t := c.st.Track
	if t == nil || t.Mode != decide.ModeGated {
		return false
	}
	switch t.Stage {
	case decide.StageUnmanaging:
		return c.st.Act == nil || c.now.Sub(c.st.Act.EndedAt) <= noChangeLimit
	case decide.StageResuming:
		return t.ResumeEnded.IsZero() || c.now.Sub(t.ResumeEnded) <= noChangeLimit
	case decide.StageNone, decide.StageRecorded, decide.StageSuspended:
	}
	return false
}

// prepareRead judges the ground, reading what is too old first.
func (c *Core) prepareRead() {
	p := c.prep
	if t := c.st.Track; t != nil && !p.check && c.inherited(t) {
		return
	}
	in := c.prepareInput()
	d := decide.Prepare(in)
	if p.check {
		c.answerCheck(d)
		return
	}
	switch d.What {
	case decide.WhatUnmanage:
		p.stage = prepRecording
		c.emit(AppendJournal{KindRecord, p.episode, decide.MakeRecord(in, p.episode)})
	case decide.WhatWait:
		if c.roomToRead() {
			c.prepareAsk(d)
			return
		}
		c.native(d.Reason, d.Detail)
	case decide.WhatObserve:
		if c.opt.Policy.Mode == decide.ModeObserve {
			c.replyPrepared(control.VerdictOK, d.Reason, "mode observe: nothing was done")
			return
		}
		c.native(d.Reason, "")
	default:
		if c.opt.Policy.Mode == decide.ModeObserve {
			c.replyPrepared(control.VerdictOK, decide.ReasonModeObserve, "mode observe: nothing was done; the preflight says "+string(d.Reason))
			return
		}
		c.native(d.Reason, d.Detail)
	}
}

// prepareInput is what a prepare is judged by.
func (c *Core) prepareInput() decide.Input {
	in := c.input()
	in.Track, in.Asked = nil, c.prep.asked
	return in
}

// roomToRead: half of the time is kept for the stop.
func (c *Core) roomToRead() bool {
	p := c.prep
	return c.now.Sub(p.start) <= p.end.Sub(p.start)/2
}

// prepareAsk reads what a judgement is waiting for.
func (c *Core) prepareAsk(d decide.Decision) {
	if !d.Again {
		c.ask(d.Need...)
		return
	}
	for _, s := range d.Need {
		c.askSince(s, c.prep.asked)
	}
	if d.NeedPeers && c.due("prepare_again/"+c.prep.id, askEvery) {
		c.emit(FetchSnapshot{})
		for _, peer := range c.opt.Peers {
			c.emit(AskPeer{peer})
		}
	}
}

// inherited: a node that we have suspended before keeps its first record (S5).
func (c *Core) inherited(t *decide.Track) bool {
	p := c.prep
	switch {
	case t.Mode == decide.ModeGated && t.Stage == decide.StageSuspended && t.Episode != p.episode:
		p.stage = prepRecording
		c.seen.EndAt = model.Instant{}
		c.emit(AppendJournal{KindInherit, p.episode, inheritData{From: t.Episode}})
	case t.Episode == p.episode && t.Mode == decide.ModeGated && t.Stage == decide.StageSuspended:
		c.replyPrepared(control.VerdictOK, decide.ReasonReady, "the node is unmanaged already")
	case t.Episode == p.episode && t.Mode == decide.ModeNative && t.Native != decide.ReasonNoRecord:
		c.replyPrepared(control.VerdictWarn, t.Native, "this migration is left to PowerHA's own script")
	default:
		return false
	}
	return true
}

// answerCheck is the preflight in the check phase. It refuses only by policy (S8).
func (c *Core) answerCheck(d decide.Decision) {
	switch {
	case d.What == decide.WhatWait && c.roomToRead():
		c.prepareAsk(d)
	case d.What == decide.WhatUnmanage, d.What == decide.WhatObserve, d.Reason == decide.ReasonDryRun:
		c.replyPrepared(control.VerdictOK, d.Reason, "the node is ready for a migration")
	case c.opt.Preflight == "enforce" && c.opt.Policy.Mode != decide.ModeObserve:
		c.replyPrepared(control.VerdictRefuse, d.Reason, "the migration is refused: "+string(d.Reason)+" "+d.Detail)
	default:
		c.replyPrepared(control.VerdictWarn, d.Reason, "the node is not ready for a prepared migration: "+string(d.Reason)+" "+d.Detail)
	}
}

// native leaves this migration to PowerHA's own script.
func (c *Core) native(r decide.Reason, detail string) {
	p := c.prep
	p.stage = prepRecording
	n := nativeData{Reason: string(r), Detail: detail}
	if r != decide.ReasonModeNative {
		n.Reason = string(decide.Refused(r))
	}
	if in := c.prepareInput(); in.Has(model.SourceGroups) {
		rec := decide.MakeRecord(in, p.episode)
		rec.Mode = string(decide.ModeNative)
		n.Record = &rec
	}
	if r == decide.ReasonDryRun {
		if a, err := c.opt.Acts.StopUnmanage("dry_run", c.opt.Node); err == nil {
			n.Argv = a.Argv
			c.logf(false, "msg", "dry run: this would be run now", "argv", a.Argv)
		}
	}
	c.emit(AppendJournal{KindNative, p.episode, n})
}

// nativeNow: the record is on disk; the peers are told who owned what, as in mode gated.
func (c *Core) nativeNow(kind string, d nativeData) {
	p := c.prep
	if kind == KindUnfinished {
		c.unfinishedNow()
		return
	}
	if d.Record != nil {
		for _, peer := range c.opt.Peers {
			c.emit(SendRecord{peer, *d.Record})
		}
	}
	if p == nil {
		return
	}
	v := control.VerdictOK
	if d.Reason != string(decide.ReasonModeNative) {
		v = control.VerdictWarn
		c.page(d.Reason, p.episode, "The node was not prepared for its migration ("+d.Reason+" "+d.Detail+"); PowerHA's own script handles it.")
	}
	c.replyPrepared(v, decide.Reason(d.Reason), "PowerHA's own script handles this migration")
}

// recorded: the record is on disk; peers are asked to store it.
func (c *Core) recorded(r model.Record) {
	p := c.prep
	if p == nil || p.episode != r.Episode {
		return
	}
	p.stage, p.record, p.ackUntil = prepAcking, true, c.now.Add(c.opt.AckWait)
	for _, peer := range c.opt.Peers {
		c.emit(SendRecord{peer, r})
	}
}

func (c *Core) recordAck(a RecordAck) {
	if p := c.prep; p != nil && p.episode == a.Episode {
		p.acks[a.Peer] = "stored"
		if a.Err != "" {
			p.acks[a.Peer] = a.Err
		}
	}
}

// prepareIntend looks at the ground once more, then begins the stop.
func (c *Core) prepareIntend() {
	d := decide.Prepare(c.prepareInput())
	switch d.What {
	case decide.WhatUnmanage:
	case decide.WhatWait:
		c.prepareAsk(d)
		return
	default:
		c.native(d.Reason, d.Detail)
		return
	}
	a, err := c.opt.Acts.StopUnmanage(c.newID(actUnmanage), c.opt.Node)
	if !c.intend(actUnmanage, a, err, actData{Reason: string(d.Reason)}) {
		c.native(decide.ReasonStopFailed, "")
		return
	}
	c.prep.stage = prepIntended
}

// readBackDone answers the DR script once the node was read back.
func (c *Core) readBackDone(d readBackData) {
	if c.prep == nil || c.prep.stage != prepRunning {
		return
	}
	if d.Result == readChanged {
		c.replyPrepared(control.VerdictOK, decide.ReasonReady, "the node is unmanaged")
		return
	}
	c.page(string(decide.Refused(decide.ReasonStopFailed)), c.prep.episode, "The node could not be unmanaged; PowerHA's own script handles the migration.")
	c.replyPrepared(control.VerdictWarn, decide.ReasonStopFailed, "the node could not be unmanaged; PowerHA's own script handles the migration")
}

// prepareLimit: the DR script cannot wait any longer (S8).
func (c *Core) prepareLimit() {
	p := c.prep
	busy := p.launched || c.midst()
	switch {
	case busy && c.opt.OnUnfinishedPrepare != "continue" && !p.check:
		if p.stage == prepRunning || p.stage == prepIntended || p.stage == prepWaiting {
			c.emit(AppendJournal{KindUnfinished, p.episode, nativeData{Reason: string(decide.ReasonLimitReached)}})
		}
		c.replyPrepared(control.VerdictRefuse, decide.ReasonLimitReached, "the node is in the midst of being changed and cannot be frozen now; the change is undone")
	case busy:
		c.replyPrepared(control.VerdictWarn, decide.ReasonLimitReached, "the node is in the midst of being changed")
	case p.record || p.stage == prepReading && !p.check && c.opt.Policy.Mode != decide.ModeObserve:
		if p.stage == prepRecording && !p.record {
			c.replyPrepared(control.VerdictWarn, decide.ReasonLimitReached, "the actor was not ready in time")
			return
		}
		c.native(decide.ReasonLimitReached, "")
	default:
		c.replyPrepared(control.VerdictWarn, decide.ReasonLimitReached, "the actor was not ready in time")
	}
}

// unfinishedNow: the migration was refused in the midst of our own command; it counts as aborted, without waiting
// for undopremigrate.
func (c *Core) unfinishedNow() {
	id := c.trackEpisode()
	if e := c.episode(); id != "" && (e.Open || e.End.IsZero()) {
		c.emit(AppendEpisode{model.EpisodeEvent{
			Version: 1, Time: c.now.Wall, Mono: c.now.Mono, Event: model.EventUndoPre, Source: "actor", Episode: id,
			Details: map[string]string{"reason": string(decide.ReasonLimitReached)},
		}})
	}
}

// replyPrepared ends the prepare with an answer.
func (c *Core) replyPrepared(v control.Verdict, r decide.Reason, text string) {
	if c.prep == nil {
		return
	}
	c.emit(ReplyDR{c.prep.id, control.DRReply{Done: true, Verdict: v, Reason: string(r), Message: text}})
	c.logf(v != control.VerdictOK, "msg", text, "verdict", string(v), "reason", string(r), "episode", c.prep.episode)
	c.prep, c.answered = nil, c.now
}

// respite reports whether the DR script may still be writing its last words.
func (c *Core) respite() bool { return !c.answered.IsZero() && c.now.Sub(c.answered) < respite }
