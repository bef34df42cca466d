package actor

import (
	"time"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

func (c *Core) episodeOfAct() string {
	if c.st.Act != nil {
		return c.st.Act.Episode
	}
	return c.trackEpisode()
}

// intend writes down that a command is about to be run. It is run when the record is on disk.
func (c *Core) intend(kind string, a command.Act, err error, d actData) bool {
	if err != nil {
		c.logf(true, "msg", "no command can be made", "act", kind, "err", err)
		c.page("command_refused", c.trackEpisode(), err.Error())
		return false
	}
	d.ID, d.Kind, d.Argv = a.ID, kind, a.Argv
	c.mine[a.ID] = true
	c.emit(AppendJournal{KindIntent, c.trackEpisode(), d})
	return true
}

func (c *Core) intendResume(d decide.Decision) {
	clinfo := c.st.Track.Record != nil && c.st.Track.Record.Clinfo
	a, err := c.opt.Acts.StartManage(c.newID(actResume), c.opt.Node, clinfo)
	c.intend(actResume, a, err, actData{Reason: string(d.Reason), Evidence: d.Evidence})
}

// launch runs the command of an intent that this process has just written. If
// the node may have been frozen since, nothing is run and everything is read
// again (S2).
func (c *Core) launch(d actData) {
	if !c.mine[d.ID] {
		return
	}
	delete(c.mine, d.ID)
	if !c.floor.Before(c.now) {
		c.emit(AppendJournal{KindEnded, c.episodeOfAct(), endedData{
			Ended: command.Ended{ID: d.ID}, Never: true, Why: string(decide.ReasonInterrupted),
		}})
		return
	}
	c.begun[d.ID] = command.Started{ID: d.ID}
	c.emit(Launch{command.Act{ID: d.ID, Name: d.Kind, Argv: d.Argv}})
}

func (c *Core) neverRan(id, why, text string) {
	if a := c.lastAct(id); a != nil && a.Ended == nil && c.due("never/"+id, retryEvery) {
		c.emit(AppendJournal{KindEnded, a.Episode, endedData{Ended: command.Ended{ID: id, Output: text}, Never: true, Why: why}})
		if c.st.Plan != nil && why != string(decide.ReasonInterrupted) {
			c.emit(AppendJournal{KindPlanEnd, c.st.Plan.Episode, planEndData{ID: c.st.Plan.ID, Reason: text}})
		}
	}
}

// actEnded writes down how a command ended; again later if the journal cannot be written now.
func (c *Core) actEnded(e command.Ended) {
	a := c.lastAct(e.ID)
	if a == nil || a.Ended != nil {
		return
	}
	c.pollEnded[e.ID] = e
	if c.due("ended/"+e.ID, retryEvery) {
		c.emit(AppendJournal{KindEnded, a.Episode, endedData{Ended: e}})
	}
}

// inVain reports whether a command that is over and has no effect yet will not have one any more. One whose end is
// unknown is given as long as one that reported success.
func (c *Core) inVain(a *actState) bool {
	failed := a.Ended.Exit != 0 && !a.Ended.Unknown
	return (failed || c.now.Sub(a.EndedAt) > noChangeLimit) && c.settled(a.EndedAt)
}

// watchAct looks after the outstanding command, this process's own or one that an earlier one began (S7).
func (c *Core) watchAct() {
	a := c.st.Act
	if a == nil || a.Ended != nil {
		return
	}
	if e, ok := c.pollEnded[a.ID]; ok {
		c.actEnded(e)
		return
	}
	s, ours := c.begun[a.ID]
	switch {
	case a.Launched != nil:
		s = *a.Launched
	case ours && s.PID == 0:
		return // it is being started in this very moment
	case !ours:
		s = command.Started{ID: a.ID, At: a.At}
	}
	c.emit(Poll{s})
}

// toldLaunched lets the DR script know that it must wait for this process.
func (c *Core) toldLaunched(s command.Started) {
	p := c.prep
	if p == nil || c.st.Act == nil || c.st.Act.Kind != actUnmanage {
		return
	}
	p.launched = true
	p.stage = prepRunning
	c.emit(ReplyDR{p.id, control.DRReply{Launched: &control.Launched{ID: s.ID, PID: s.PID, StartTime: s.StartTime, Argv: c.st.Act.Argv}}})
}

// readBack judges, by what the cluster says, what a command that is over has changed.
func (c *Core) readBack(decide.Input) {
	a := c.st.Act
	if a == nil || a.Ended == nil || a.Ended.Never {
		return
	}
	nodes, ok := c.facts.Since(model.SourceNodes, a.EndedAt)
	if !ok {
		c.askSince(model.SourceNodes, a.EndedAt)
		return
	}
	state := nodes.NodeState(c.opt.Node)
	switch a.Kind {
	case actUnmanage:
		c.readBackUnmanage(a, state)
	case actResume:
		c.readBackResume(a, state)
	}
}

func (c *Core) readBackUnmanage(a *actState, s model.NodeState) {
	switch {
	case s == model.NodeUnmanaged:
		c.result(a, readChanged, string(s))
	case s == model.NodeNormal && c.inVain(a):
		c.result(a, readNoChange, string(s))
	default:
		c.ask(model.SourceNodes)
	}
}

// readBackResume finds a start that changed nothing. One that did is judged by decide, group by group.
func (c *Core) readBackResume(a *actState, s model.NodeState) {
	if s == model.NodeUnmanaged && c.inVain(a) {
		c.result(a, readNoChange, string(s)+": "+lastLine(a.Ended.Output))
	}
}

// settled: the cluster manager reads stable since then, so that nothing is still on its way.
func (c *Core) settled(since model.Instant) bool {
	m, ok := c.facts.Since(model.SourceManager, since)
	if !ok {
		c.askSince(model.SourceManager, since)
		return false
	}
	return m.Manager != nil && m.Manager.State == model.ManagerStable && m.Manager.QueuedEvents == 0
}

func (c *Core) result(a *actState, result, state string) {
	if c.due("read_back/"+a.ID, retryEvery) {
		c.emit(AppendJournal{KindReadBack, a.Episode, readBackData{ID: a.ID, Result: result, State: state}})
	}
}

// askEvery is the least time between two attempts at one source.
const askEvery = 500 * time.Millisecond

// askSince asks for a reading that began at t or later, at once if none was tried yet.
func (c *Core) askSince(s model.Source, t model.Instant) {
	if at, ok := c.inflight[s]; ok && at.Before(t) {
		delete(c.inflight, s) // what is under way began too early
	}
	if l, ok := c.facts.Last[s]; ok && l.At.Before(t) {
		c.send(s)
		return
	}
	c.ask(s)
}

// ask reads sources that were not tried just now.
func (c *Core) ask(sources ...model.Source) {
	var out []model.Source
	for _, s := range sources {
		if l, ok := c.facts.Last[s]; !ok || c.now.Sub(l.At) >= askEvery || l.At.Before(c.floor) {
			out = append(out, s)
		}
	}
	c.send(out...)
}

// send begins reads of sources that are not being read already.
func (c *Core) send(sources ...model.Source) {
	var out []model.Source
	for _, s := range sources {
		if at, ok := c.inflight[s]; ok && c.now.Sub(at) < readLimit {
			continue
		}
		c.inflight[s] = c.now
		out = append(out, s)
	}
	if len(out) > 0 {
		c.emit(ReadSources{out})
	}
}

func lastLine(s string) string {
	for i := len(s); i > 0; i-- {
		if s[i-1] == '\n' && i < len(s) {
			return s[i:]
		}
	}
	return s
}
