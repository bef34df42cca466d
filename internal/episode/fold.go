package episode

import (
	"fmt"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Details that the fold looks at.
const (
	// DetailStage of a premigrate: "begin" when our script starts, "end" when it is about to answer drmgr.
	DetailStage = "stage"
	StageBegin  = "begin"
	StageEnd    = "end"
	// DetailResult of an end, ended or postmigrate: a model.Result. A postmigrate without it tells that the move was
	// completed; that of drmgr on Linux runs whether or not it was, and says unknown.
	DetailResult = "result"
	// DetailSequence of an event of the error log is its sequence number: two of a kind with different ones are two.
	DetailSequence = "sequence"
	// DetailSince of a change of the server is when the other one was last seen, in RFC 3339.
	DetailSince = "since"
)

const (
	// settleAtMost is how long after its end a migration counts as settling when no actor closes it.
	settleAtMost = 10 * time.Minute
	// late is how long after the end of a migration another witness may still tell of it, and how long before its first
	// record a witness may have told of its start.
	late = 2 * time.Minute
	// silence is how long a migration that dr does not know stays open without news: longer than any memory copy.
	silence = 48 * time.Hour
	// coarse is by how much a stamp of whole seconds may lie before the moment that it tells.
	coarse = time.Second
)

// Fold derives the migrations from the events of one log, oldest first, whose writer is believed. It is pure: now only
// lets provisional checks expire and settling end.
//
// A check opens a provisional episode. A premigrate makes a migration of it, or opens one; a second one while it is
// open belongs to it. The first record that ends a migration gives its end, in whole milliseconds; later ones change
// nothing, but may tell how it ended where the first could not. After the end it settles (or rolls back) until an
// "ended" closes it.
func Fold(events []model.EpisodeEvent, now time.Time, checkExpires time.Duration) []model.Episode {
	f := folder{expires: checkExpires}
	for _, e := range events {
		f.event(item{EpisodeEvent: e})
	}
	return f.done(now)
}

type folder struct {
	all     []model.Episode
	expires time.Duration
	// Of episodes that other witnesses told of, by id:
	lone     map[string]bool      // dr has not spoken yet
	staged   map[string]time.Time // first told of the pre phase
	started  map[string]string    // sequence number of the error log's start
	evidence map[string]item      // an end told before dr told its own
}

func (f *folder) done(now time.Time) []model.Episode {
	f.expire(now)
	for i := range f.all {
		f.settled(i, now)
	}
	return f.all
}

func (f *folder) event(i item) {
	f.expire(i.Time)
	switch i.role {
	case second:
		f.secondWord(i)
	case alone:
		f.loneWord(i)
	case authority:
		f.adopt(i)
		f.word(i)
	}
}

// word takes in an event of the log that is believed.
func (f *folder) word(e item) {
	switch e.Event {
	case model.EventCheck:
		f.check(e)
	case model.EventPre:
		f.pre(e)
	case model.EventBegin:
		f.begin(e)
	case model.EventStarted:
		f.start(e)
	case model.EventFreeze:
		f.freeze(e)
	case model.EventPost, model.EventDone, model.EventUndoPre, model.EventAborted, model.EventMoved:
		f.finish(e)
	case model.EventStayed:
		told{f.about(e)}.tell(e)
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
		if f.all[i].ID == id || slices.Contains(f.all[i].Also, id) {
			return &f.all[i]
		}
	}
	return nil
}

// about is the episode of which a closing event speaks: the one that it names, else the last.
func (f *folder) about(e item) *model.Episode {
	if ep := f.named(e.Episode); ep != nil {
		return ep
	}
	if n := len(f.all); n > 0 {
		return &f.all[n-1]
	}
	return nil
}

func (f *folder) open(e item, p model.Phase, why string) *model.Episode {
	base := e.Episode
	if base == "" {
		base = NewID("", e.Time)
	}
	id := base
	for n := 2; f.named(id) != nil; n++ {
		id = fmt.Sprintf("%s-%d", base, n)
	}
	f.all = append(f.all, model.Episode{ID: id, Open: true, Start: e.Time, Phase: p, PhaseStart: e.Time, Why: why})
	ep := &f.all[len(f.all)-1]
	hear(ep, e)
	return ep
}

// hear notes who told of the episode.
func hear(ep *model.Episode, e item) {
	if s := e.Source; s != "" && !slices.Contains(ep.Witnesses, s) {
		ep.Witnesses = append(ep.Witnesses, s)
	}
	if id := e.Episode; e.role != authority && id != "" && id != ep.ID && !slices.Contains(ep.Also, id) {
		ep.Also = append(ep.Also, id)
	}
}

func setPhase(ep *model.Episode, p model.Phase, at time.Time, why string) {
	if ep.Phase != p {
		ep.Phase, ep.PhaseStart = p, at
	}
	ep.Why = why
}

// expire dismisses a check that nothing followed, and gives up a migration of which nobody tells any more.
func (f *folder) expire(now time.Time) {
	switch ep := f.current(); {
	case ep == nil:
	case ep.Provisional && f.expires > 0 && now.Sub(ep.PhaseStart) > f.expires:
		dismiss(ep, ep.PhaseStart.Add(f.expires), WhyCheckExpired)
	case f.lone[ep.ID] && !ep.Provisional && now.Sub(ep.PhaseStart) > silence:
		closeAt(ep, ep.PhaseStart.Add(silence), model.ResultUnknown, model.PhaseSettling, WhyNoNews)
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
		why := ep.Why
		setPhase(ep, model.PhaseIdle, until, why) // why it ended is worth more than that it settled
	}
}
