package episode

import (
	"fmt"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// moment is how long before the server was seen changed the other one must have been seen for the migration to lie
// between: longer ago it says nothing of when it began.
const moment = 10 * time.Minute

// secondWord takes in what another witness says of a migration that dr knows.
func (f *folder) secondWord(i item) {
	ep := f.named(i.of)
	switch {
	case ep == nil:
	case ep != f.current():
		told{ep}.tell(i)
	case overdue(ep) && i.wait:
		hear(ep, i)
	case ends(i.Event) && i.wait:
		hear(ep, i)
		r, p, _ := verdict(i)
		if _, has := f.evidence[ep.ID]; !has && r != model.ResultUnknown {
			f.evidence[ep.ID] = i
		}
		setPhase(ep, p, i.Time, WhyEndAwaited)
	case ends(i.Event):
		f.closeBy(ep, i)
		ep.Why = WhyEndLost
	default:
		f.word(i)
	}
}

// loneWord takes in what another witness says of a migration that dr does not know.
func (f *folder) loneWord(i item) {
	ep := f.named(i.of)
	if ep == nil {
		if ep = Of(f.all, i.EpisodeEvent); ep != nil && !ep.Open && begins(i.Event) && ep.ID == i.Episode && i.Time.After(ep.End.Add(late)) {
			ep = nil // an id that was given twice
		}
	}
	switch {
	case ep != nil && ep == f.current():
		f.onOpen(ep, i)
	case ep != nil:
		told{ep}.tell(i)
	case f.current() != nil: // of before the one that is open
		f.past(i)
	case i.Event == model.EventMoved:
		f.moved(i)
	case begins(i.Event), ends(i.Event) && i.Event != model.EventRebooted && (i.Source != SourceHMC || i.Event != model.EventAborted):
		f.word(i)
		f.note(i)
	}
}

// note remembers of a lone witness's episode what tells the next one from it.
func (f *folder) note(i item) {
	ep := f.current()
	if ep == nil {
		return
	}
	if len(ep.Witnesses) == 1 && i.role == alone && i.of == "" {
		f.lone[ep.ID] = true
	}
	if !stage(i) {
		return
	}
	if f.staged[ep.ID].IsZero() {
		f.staged[ep.ID] = i.Time
	}
	if s := i.Details[DetailSequence]; i.Source == SourceErrpt && f.started[ep.ID] == "" {
		f.started[ep.ID] = s
	}
}

// stage reports whether the event is of the pre phase, which is run once in a migration within minutes. An HMC tells of
// the operation as a whole.
func stage(i item) bool {
	return (i.Event == model.EventPre || i.Event == model.EventStarted) && i.Source != SourceHMC
}

// superseded reports whether the event begins another migration than the open one, whose end nobody told.
func (f *folder) superseded(ep *model.Episode, i item) bool {
	if !begins(i.Event) || i.Source == SourceHMC || i.Time.Before(ep.Start) {
		return false
	}
	if was, s := f.started[ep.ID], i.Details[DetailSequence]; i.Source == SourceErrpt && i.Event == model.EventStarted && was != "" && s != "" && was != s {
		return true
	}
	at := f.staged[ep.ID]
	return !at.IsZero() && i.Time.Sub(at) > f.expires
}

// onOpen takes in what a witness says of the open episode, which dr does not know or has only checked.
func (f *folder) onOpen(ep *model.Episode, i item) {
	switch {
	case f.superseded(ep, i):
		closeAt(ep, i.Time, model.ResultUnknown, model.PhaseSettling, WhySuperseded)
		f.word(i)
	case ep.Provisional && i.Source == SourceHMC && ends(i.Event):
		hear(ep, i)
		dismiss(ep, i.Time, WhyCheckTakenBack) // it was given up before anything moved
	default:
		if begins(i.Event) && i.Time.Before(ep.Start) {
			ep.Start = i.Time
		}
		f.word(i)
	}
	f.note(i)
}

// adopt lets dr take over the episode that others opened before it spoke.
func (f *folder) adopt(e item) {
	ep := f.current()
	if ep == nil || !f.lone[ep.ID] {
		return
	}
	if f.superseded(ep, e) {
		delete(f.lone, ep.ID)
		closeAt(ep, e.Time, model.ResultUnknown, model.PhaseSettling, WhySuperseded)
		return
	}
	if e.Episode == "" || f.named(e.Episode) != nil {
		return
	}
	old := ep.ID
	delete(f.lone, old)
	ep.Also = append(ep.Also, old)
	ep.ID = e.Episode
	f.staged[ep.ID], f.started[ep.ID] = f.staged[old], f.started[old]
}

// past records a migration of which only the end is told, and of before the one that is open.
func (f *folder) past(i item) {
	if !ends(i.Event) || i.Event == model.EventMoved {
		return
	}
	n := len(f.all) - 1
	last := f.all[n]
	f.all = f.all[:n]
	r, p, _ := verdict(i)
	ep := f.open(i, p, WhyAfterwards)
	if ep.ID == last.ID {
		ep.ID = fmt.Sprintf("%s-%d", ep.ID, 2)
	}
	closeAt(ep, i.Time, r, p, WhyAfterwards)
	ep.EndBy = i.Source
	f.all = append(f.all, last)
}

// moved records a migration of which only the new server tells: it lies between the two looks.
func (f *folder) moved(i item) {
	ep := f.open(i, model.PhaseSettling, WhyAfterwards)
	if s := since(i.EpisodeEvent); i.Time.Sub(s) <= moment {
		ep.Start = s
	}
	f.closeBy(ep, i)
}

// heardOf reports whether the witness told of the episode.
func heardOf(ep *model.Episode, source string) bool { return slices.Contains(ep.Witnesses, source) }
