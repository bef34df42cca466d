package episode

import (
	"time"

	"powerha_lpm_exporter/internal/model"
)

// verdict is what an ending event tells: how it ended, the phase after it, and why that is believed.
func verdict(e item) (model.Result, model.Phase, string) {
	switch e.Event {
	case model.EventUndoPre:
		return model.ResultAborted, model.PhaseRollingBack, WhyUndone
	case model.EventAborted:
		return model.ResultAborted, model.PhaseRollingBack, WhyAborted
	case model.EventDone:
		return model.ResultCompleted, model.PhaseSettling, WhyDone
	case model.EventMoved:
		return model.ResultCompleted, model.PhaseSettling, WhyServerChanged
	case model.EventRebooted:
		return model.ResultRebooted, model.PhaseSettling, WhyRebooted
	default: // a postmigrate
		if e.Details[DetailResult] == string(model.ResultUnknown) {
			return model.ResultUnknown, model.PhaseSettling, WhyPost
		}
		return model.ResultCompleted, model.PhaseSettling, WhyPost
	}
}

func (f *folder) finish(e item) {
	ep := f.current()
	if ep == nil {
		if old := f.lateNews(e); old != nil {
			told{old}.tell(e)
			return
		}
		_, p, _ := verdict(e)
		ep = f.open(e, p, WhyAfterwards)
	}
	f.closeBy(ep, e)
}

// lateNews is the migration that is known to have ended and of which the event tells again, or nil.
func (f *folder) lateNews(e item) *model.Episode {
	if ep := f.named(e.Episode); ep != nil {
		return ep
	}
	n := len(f.all)
	if n > 0 && !f.all[n-1].End.IsZero() && e.Time.Before(f.all[n-1].End.Add(late)) {
		return &f.all[n-1]
	}
	return nil
}

// closeBy ends the migration by that event.
func (f *folder) closeBy(ep *model.Episode, e item) {
	r, p, why := verdict(e)
	if before, ok := f.evidence[ep.ID]; ok && r == model.ResultUnknown {
		r, p, _ = verdict(before)
	}
	if ep.Why == WhyAfterwards {
		why = WhyAfterwards
	}
	hear(ep, e)
	at := e.Time
	if e.role != authority && at.Before(ep.Start) {
		at = ep.Start // a stamp of whole seconds
	}
	closeAt(ep, at, r, p, why)
	ep.EndBy = e.Source
}

func closeAt(ep *model.Episode, at time.Time, r model.Result, p model.Phase, why string) {
	ep.Open, ep.Provisional = false, false
	ep.End, ep.Result = at.UTC().Truncate(time.Millisecond), r
	setPhase(ep, p, at, why)
}

// told is an episode that has ended, or nil, of which more is told.
type told struct{ *model.Episode }

// tell takes in what a further witness says of a migration that has ended. Its end stays; how it ended is taken over
// where that was not known.
func (t told) tell(e item) {
	ep := t.Episode
	if ep == nil {
		return
	}
	hear(ep, e)
	if e.role == alone && begins(e.Event) && e.Time.Before(ep.Start) {
		ep.Start = e.Time
	}
	if ep.Open || ep.Result != model.ResultUnknown {
		return
	}
	switch {
	case e.Event == model.EventStayed:
		ep.Result, ep.Why = model.ResultAborted, WhyServerUnchanged
	case ends(e.Event):
		if r, _, why := verdict(e); r != model.ResultUnknown {
			ep.Result, ep.Why = r, why
		}
	}
	if ep.Result == model.ResultAborted && ep.Phase == model.PhaseSettling {
		setPhase(ep, model.PhaseRollingBack, ep.End, ep.Why)
	}
}

func (f *folder) rebooted(e item) {
	switch ep := f.current(); {
	case ep == nil:
	case ep.Provisional:
		dismiss(ep, e.Time, WhyRebooted)
	default:
		f.closeBy(ep, e)
	}
}

// end is a person's word that the migration, or the window, is over.
func (f *folder) end(e item) {
	ep := f.current()
	if ep == nil {
		return
	}
	hear(ep, e)
	if ep.Provisional {
		dismiss(ep, e.Time, WhyOperator)
		return
	}
	if resultOf(e, model.ResultAborted) == model.ResultCompleted {
		closeAt(ep, e.Time, model.ResultCompleted, model.PhaseSettling, WhyOperator)
	} else {
		closeAt(ep, e.Time, model.ResultAborted, model.PhaseRollingBack, WhyOperator)
	}
	ep.EndBy = e.Source
}

// undo takes back a check, or closes a window that has expired. A migration that runs stays open.
func (f *folder) undo(e item) {
	switch ep := f.current(); {
	case ep == nil:
	case ep.Provisional:
		hear(ep, e)
		dismiss(ep, e.Time, WhyCheckTakenBack)
	case e.Event == model.EventExpired && ep.Window && ep.Pre.IsZero():
		hear(ep, e)
		closeAt(ep, e.Time, model.ResultAborted, model.PhaseRollingBack, WhyWindowOver)
		ep.EndBy = e.Source
	}
}

// ended is the actor's word that the episode, suspension and all, is over.
func (f *folder) ended(e item) {
	ep := f.about(e)
	switch {
	case ep == nil:
		return
	case ep.Provisional:
		dismiss(ep, e.Time, WhyClosed)
	case ep.Open:
		closeAt(ep, e.Time, resultOf(e, model.ResultAborted), model.PhaseIdle, WhyClosed)
		ep.EndBy = e.Source
	default:
		setPhase(ep, model.PhaseIdle, e.Time, ep.Why)
	}
	hear(ep, e)
	if ep.Closed.IsZero() {
		ep.Closed = e.Time
	}
}

func resultOf(e item, otherwise model.Result) model.Result {
	for _, r := range model.Results() {
		if string(r) == e.Details[DetailResult] {
			return r
		}
	}
	return otherwise
}

// dismiss closes a provisional episode: it was no migration and has no end.
func dismiss(ep *model.Episode, at time.Time, why string) {
	ep.Open = false
	setPhase(ep, model.PhaseIdle, at, why)
}
