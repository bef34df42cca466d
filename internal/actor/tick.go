package actor

import (
	"time"

	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

// closedRetry spaces attempts to tell a peer that an episode is over.
const closedRetry = 30 * time.Second

// backgroundSources are refreshed at each interval, so that a prepare finds facts that are young enough.
func backgroundSources() []model.Source {
	return append(decide.PrepareSources(decide.ModeGated), model.SourceInittab, model.SourceSubsystems)
}

// refresh reads what is older than age, counted from the last attempt.
func (c *Core) refresh(age time.Duration, sources ...model.Source) {
	for _, s := range sources {
		if l, ok := c.facts.Last[s]; !ok || c.now.Sub(l.At) >= age {
			c.ask(s)
		}
	}
}

// quick is the pace of looking while something is waited for that decides.
func (c *Core) quick() time.Duration {
	return min(max(c.opt.Policy.MaximumSampleAge/9, time.Second), 5*time.Second)
}

// poll asks for everything that the next judgement stands on.
func (c *Core) poll() {
	in := c.opt.Interval
	switch t, e := c.st.Track, c.episode(); {
	case c.prep != nil, c.respite():
		return // the prepare reads what it needs, and nothing beside it or right after it
	case t == nil:
		c.refresh(in, backgroundSources()...)
	case e.ID == "" || e.Open || e.End.IsZero():
		c.refresh(in/2, decide.ProtectedSources()...)
		c.refresh(in/2, model.SourceGroups, model.SourceManager, model.SourceErrlog)
	default:
		c.refresh(c.quick(), decide.EndedSources()...)
		if c.due("gate", c.quick()) && c.opt.Policy.Prometheus > 0 && t.Mode == decide.ModeGated {
			c.emit(QueryGate{})
		}
		if c.due("snapshot", c.quick()) {
			c.emit(FetchSnapshot{})
		}
		in = max(in/3, c.quick())
	}
	if c.due("snapshot_idle", in) && c.due("snapshot", c.quick()) {
		c.emit(FetchSnapshot{})
	}
	for _, p := range c.opt.Peers {
		if c.due("peer/"+p, in) {
			c.emit(AskPeer{p})
		}
	}
}

// followEpisodes keeps the episode log and the journal in step.
func (c *Core) followEpisodes() {
	if c.opt.Policy.Mode == decide.ModeObserve {
		return
	}
	for _, e := range c.episodes {
		h, done := c.st.closed(e.ID)
		if done && !e.Open && (e.Phase == model.PhaseSettling || e.Phase == model.PhaseRollingBack) && c.due("ended/"+e.ID, retryEvery) {
			c.endEpisode(e.ID, h.Result, h.Reason)
		}
	}
	c.tellClosed()
	if c.prep != nil {
		return
	}
	e := c.episode()
	c.rebootEnd(e)
	switch t := c.st.Track; {
	case t == nil && e.Open && !e.Provisional && !e.Pre.IsZero() && c.now.Wall.Sub(e.Pre) > adoptAfter:
		if _, done := c.st.closed(e.ID); !done && c.due("adopt", retryEvery) {
			r := decide.ReasonNoRecord
			if c.opt.Policy.Mode == decide.ModeNative {
				r = decide.ReasonModeNative
			}
			c.emit(AppendJournal{KindNative, e.ID, nativeData{Reason: string(r), Detail: "the migration began without asking this actor"}})
		}
	case t != nil && t.Mode == decide.ModeGated && (t.Stage == decide.StageRecorded || t.Stage == decide.StageNone):
		if c.due("interrupted", retryEvery) {
			c.emit(AppendJournal{KindNative, t.Episode, nativeData{Reason: string(decide.Refused(decide.ReasonInterrupted))}})
		}
	case t != nil && c.logRead && (e.ID == "" || e.Pre.IsZero() && !e.Window):
		c.tellLog(t)
	case t != nil && e.Open:
		c.errlogEnd(e)
	}
}

// tellLog writes the migration at hand into an episode log that does not know it, or knows a check for it alone: the DR
// script could not write, and without an open episode no end would ever be found for it.
func (c *Core) tellLog(t *decide.Track) {
	if !c.due("tell_log/"+t.Episode, retryEvery) {
		return
	}
	c.emit(AppendEpisode{model.EpisodeEvent{
		Version: 1, Time: c.st.Started, Event: model.EventPre, Source: "actor", Episode: t.Episode,
		Details: map[string]string{"reason": "the DR script did not write it"},
	}})
}

// rebootEnd ends a migration in which this node has booted: neither its post nor its undo comes any more.
func (c *Core) rebootEnd(e model.Episode) {
	t := c.st.Track
	since := t != nil && t.Rebooted || !e.Pre.IsZero() && e.Pre.Before(c.st.Booted)
	if !since || !e.Open || e.Provisional || !c.due("reboot_end", retryEvery) {
		return
	}
	c.emit(AppendEpisode{model.EpisodeEvent{Version: 1, Time: c.now.Wall, Mono: c.now.Mono, Event: model.EventRebooted, Source: "actor", Episode: e.ID}})
}

// errlogEnd ends a migration whose post never comes, by what the error log says.
func (c *Core) errlogEnd(e model.Episode) {
	r, ok := c.facts.Get(model.SourceErrlog)
	if !ok || e.Pre.IsZero() {
		return
	}
	for _, x := range r.Errlog {
		kind := c.opt.Errpt.Kind(x)
		if kind != model.EventDone && kind != model.EventAborted {
			continue
		}
		// The script's own post, or undo, comes first unless it is lost; the log's times have whole seconds.
		if x.Time.Before(e.Pre.Truncate(time.Second)) || c.now.Wall.Sub(x.Time) < c.opt.Policy.ProductScriptTimeout/20 || !c.due("errlog_end", retryEvery) {
			continue
		}
		c.emit(AppendEpisode{model.EpisodeEvent{
			Version: 1, Time: c.now.Wall, Mono: c.now.Mono, Event: kind, Source: "actor", Episode: e.ID,
			Details: map[string]string{"errlog": x.Label, "errlog_time": x.Time.UTC().Format(time.RFC3339)},
		}})
		return
	}
}

// closedNow: the close is on disk.
func (c *Core) closedNow(episode string, d closeData) {
	c.endEpisode(episode, d.Result, d.Reason)
	c.asked["ended/"+episode] = c.now
	c.tellClosed()
}

func (c *Core) endEpisode(id, result, reason string) {
	c.emit(AppendEpisode{model.EpisodeEvent{
		Version: 1, Time: c.now.Wall, Mono: c.now.Mono, Event: model.EventEnded, Source: "actor", Episode: id,
		Details: map[string]string{"outcome": result, "reason": reason},
	}})
}

// tellClosed tells the peers of the latest closed episode until they have answered.
func (c *Core) tellClosed() {
	n := len(c.st.History)
	if n == 0 {
		return
	}
	h := c.st.History[n-1]
	if h.Result == decide.ResultFailedOver {
		return // that was a peer's
	}
	for _, p := range c.opt.Peers {
		if _, ok := c.asked["closed_ack/"+p+"/"+h.Episode]; !ok && c.due("closed/"+p+"/"+h.Episode, closedRetry) {
			c.emit(SendClosed{p, h.Episode, h.Result})
		}
	}
}
