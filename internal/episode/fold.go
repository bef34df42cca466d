package episode

import (
	"fmt"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Details that the fold looks at.
const (
	// DetailStage of a premigrate: "begin" when our script starts, "end" when it is about to answer drmgr.
	DetailStage = "stage"
	StageBegin  = "begin"
	StageEnd    = "end"
	// DetailResult of an end or ended: a model.Result.
	DetailResult = "result"
)

const (
	// settleAtMost is how long after its end a migration counts as settling when no actor closes it.
	settleAtMost = 10 * time.Minute
	// late is how long after the end of a migration the error log may still tell of it.
	late = 2 * time.Minute
)

// Fold derives the migrations from the events of a log, oldest first. It is pure: now only lets provisional checks
// expire and settling end.
//
// A check opens a provisional episode. A premigrate makes a migration of it, or opens one; a second one while it is
// open belongs to it. The first record that ends a migration gives its end, in whole milliseconds; later ones change
// nothing. After the end it settles (or rolls back) until an "ended" closes it.
func Fold(events []model.EpisodeEvent, now time.Time, checkExpires time.Duration) []model.Episode {
	f := folder{expires: checkExpires}
	for _, e := range events {
		f.event(e)
	}
	f.expire(now)
	for i := range f.all {
		f.settled(i, now)
	}
	return f.all
}

type folder struct {
	all     []model.Episode
	expires time.Duration
}

func (f *folder) event(e model.EpisodeEvent) {
	f.expire(e.Time)
	switch e.Event {
	case model.EventCheck:
		f.check(e)
	case model.EventPre:
		f.pre(e)
	case model.EventBegin:
		f.begin(e)
	case model.EventStarted:
		f.started(e)
	case model.EventFreeze:
		f.freeze(e)
	case model.EventPost, model.EventDone:
		f.finish(e, model.ResultCompleted, model.PhaseSettling)
	case model.EventUndoPre, model.EventAborted:
		f.finish(e, model.ResultAborted, model.PhaseRollingBack)
	case model.EventRebooted:
		f.rebooted(e)
	case model.EventEnd:
		f.end(e)
	case model.EventUndoCheck, model.EventExpired:
		f.undo(e)
	case model.EventEnded:
		f.ended(e)
	}
}

// current is the episode that is open, or nil.
func (f *folder) current() *model.Episode {
	if n := len(f.all); n > 0 && f.all[n-1].Open {
		return &f.all[n-1]
	}
	return nil
}

// named is the latest episode of that id, or nil.
func (f *folder) named(id string) *model.Episode {
	if id == "" {
		return nil
	}
	for i := len(f.all) - 1; i >= 0; i-- {
		if f.all[i].ID == id {
			return &f.all[i]
		}
	}
	return nil
}

// about is the episode of which a closing event speaks: the one that it names, else the last.
func (f *folder) about(e model.EpisodeEvent) *model.Episode {
	if ep := f.named(e.Episode); ep != nil {
		return ep
	}
	if n := len(f.all); n > 0 {
		return &f.all[n-1]
	}
	return nil
}

func (f *folder) open(e model.EpisodeEvent, p model.Phase) *model.Episode {
	id := e.Episode
	if id == "" {
		id = NewID("", e.Time)
	}
	for n := 2; f.named(id) != nil; n++ {
		id = fmt.Sprintf("%s-%d", e.Episode, n)
	}
	f.all = append(f.all, model.Episode{ID: id, Open: true, Start: e.Time, Phase: p, PhaseStart: e.Time})
	return &f.all[len(f.all)-1]
}

func setPhase(ep *model.Episode, p model.Phase, at time.Time) {
	if ep.Phase != p {
		ep.Phase, ep.PhaseStart = p, at
	}
}

func (f *folder) check(e model.EpisodeEvent) {
	switch ep := f.current(); {
	case ep == nil:
		f.open(e, model.PhaseChecking).Provisional = true
	case ep.Provisional:
		ep.PhaseStart = e.Time
	}
}

func (f *folder) pre(e model.EpisodeEvent) {
	ep := f.current()
	if e.Details[DetailStage] == StageEnd {
		if ep == nil || ep.Pre.IsZero() {
			// The begin was lost; but of a migration that has ended already it is late news.
			if known := f.named(e.Episode); known != nil && !known.Open {
				return
			}
			ep = f.promote(e)
		}
		setPhase(ep, model.PhaseMigrating, e.Time)
		return
	}
	if ep == nil || ep.Pre.IsZero() {
		f.promote(e)
		return
	}
	setPhase(ep, model.PhasePreparing, e.Time)
}

// promote makes the open check or window a migration, or opens one.
func (f *folder) promote(e model.EpisodeEvent) *model.Episode {
	ep := f.current()
	if ep == nil {
		ep = f.open(e, model.PhasePreparing)
	}
	setPhase(ep, model.PhasePreparing, e.Time)
	ep.Provisional, ep.Pre = false, e.Time
	return ep
}

func (f *folder) begin(e model.EpisodeEvent) {
	ep := f.current()
	if ep == nil || ep.Provisional {
		if ep == nil {
			ep = f.open(e, model.PhasePreparing)
		}
		ep.Provisional = false
		setPhase(ep, model.PhasePreparing, e.Time)
	}
	ep.Window = true
}

func (f *folder) started(e model.EpisodeEvent) {
	ep := f.current()
	if ep == nil {
		// The error log has whole seconds, so a start that it tells late may seem to lie a little before the end.
		if n := len(f.all); n > 0 && !f.all[n-1].End.IsZero() && e.Time.Before(f.all[n-1].End.Add(time.Second)) {
			return
		}
	}
	if ep == nil || ep.Pre.IsZero() {
		checked := ep != nil && ep.Provisional
		ep = f.promote(e)
		if checked {
			return // the script that checked has its premigrate to tell yet: the node is only being prepared
		}
	}
	setPhase(ep, model.PhaseMigrating, e.Time)
}

func (f *folder) freeze(e model.EpisodeEvent) {
	if ep := f.current(); ep != nil && !ep.Pre.IsZero() {
		setPhase(ep, model.PhaseMigrating, e.Time)
	}
}

func (f *folder) finish(e model.EpisodeEvent, r model.Result, p model.Phase) {
	ep := f.current()
	if ep == nil {
		if f.lateNews(e) {
			return
		}
		ep = f.open(e, p)
	}
	closeAt(ep, e.Time, r, p)
}

// lateNews: the event tells again of a migration that is known to have ended.
func (f *folder) lateNews(e model.EpisodeEvent) bool {
	if ep := f.named(e.Episode); ep != nil {
		return true
	}
	n := len(f.all)
	return n > 0 && !f.all[n-1].End.IsZero() && e.Time.Before(f.all[n-1].End.Add(late))
}

func closeAt(ep *model.Episode, at time.Time, r model.Result, p model.Phase) {
	ep.Open, ep.Provisional = false, false
	ep.End, ep.Result = at.UTC().Truncate(time.Millisecond), r
	setPhase(ep, p, at)
}

func (f *folder) rebooted(e model.EpisodeEvent) {
	switch ep := f.current(); {
	case ep == nil:
	case ep.Provisional:
		dismiss(ep, e.Time)
	default:
		closeAt(ep, e.Time, model.ResultRebooted, model.PhaseSettling)
	}
}

// end is a person's word that the migration, or the window, is over.
func (f *folder) end(e model.EpisodeEvent) {
	ep := f.current()
	if ep == nil {
		return
	}
	if ep.Provisional {
		dismiss(ep, e.Time)
		return
	}
	if resultOf(e, model.ResultAborted) == model.ResultCompleted {
		closeAt(ep, e.Time, model.ResultCompleted, model.PhaseSettling)
		return
	}
	closeAt(ep, e.Time, model.ResultAborted, model.PhaseRollingBack)
}

// undo takes back a check, or closes a window that has expired. A migration that runs stays open.
func (f *folder) undo(e model.EpisodeEvent) {
	switch ep := f.current(); {
	case ep == nil:
	case ep.Provisional:
		dismiss(ep, e.Time)
	case e.Event == model.EventExpired && ep.Window && ep.Pre.IsZero():
		closeAt(ep, e.Time, model.ResultAborted, model.PhaseRollingBack)
	}
}

// ended is the actor's word that the episode, suspension and all, is over.
func (f *folder) ended(e model.EpisodeEvent) {
	ep := f.about(e)
	switch {
	case ep == nil:
		return
	case ep.Provisional:
		dismiss(ep, e.Time)
	case ep.Open:
		closeAt(ep, e.Time, resultOf(e, model.ResultAborted), model.PhaseIdle)
	default:
		setPhase(ep, model.PhaseIdle, e.Time)
	}
	if ep.Closed.IsZero() {
		ep.Closed = e.Time
	}
}

func resultOf(e model.EpisodeEvent, otherwise model.Result) model.Result {
	for _, r := range model.Results() {
		if string(r) == e.Details[DetailResult] {
			return r
		}
	}
	return otherwise
}

// dismiss closes a provisional episode: it was no migration and has no end.
func dismiss(ep *model.Episode, at time.Time) {
	ep.Open = false
	setPhase(ep, model.PhaseIdle, at)
}

// expire dismisses a check that nothing followed.
func (f *folder) expire(now time.Time) {
	ep := f.current()
	if ep != nil && ep.Provisional && f.expires > 0 && now.Sub(ep.PhaseStart) > f.expires {
		dismiss(ep, ep.PhaseStart.Add(f.expires))
	}
}

// settled ends the settling of a migration that no actor closes: after a while, or when the next one has begun.
func (f *folder) settled(i int, now time.Time) {
	ep := &f.all[i]
	if ep.Open || ep.Phase != model.PhaseSettling && ep.Phase != model.PhaseRollingBack {
		return
	}
	until := ep.End.Add(settleAtMost)
	if i < len(f.all)-1 && f.all[i+1].Start.Before(until) {
		until = f.all[i+1].Start
	}
	if i < len(f.all)-1 || now.After(until) {
		setPhase(ep, model.PhaseIdle, until)
	}
}
