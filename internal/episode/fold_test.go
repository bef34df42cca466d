package episode

import (
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

func t0() time.Time { return time.Date(2026, 3, 1, 10, 0, 0, 123_456_789, time.UTC) }

func at(seconds float64) time.Time {
	return t0().Add(time.Duration(seconds * float64(time.Second)))
}

// ev makes an event; details come as key, value, ….
func ev(seconds float64, kind model.EventKind, id string, details ...string) model.EpisodeEvent {
	e := model.EpisodeEvent{Version: 1, Time: at(seconds), Event: kind, Source: "dr", Episode: id}
	for i := 0; i+1 < len(details); i += 2 {
		if e.Details == nil {
			e.Details = make(map[string]string)
		}
		e.Details[details[i]] = details[i+1]
	}
	return e
}

const expires = 15 * time.Minute

// want is what a test says of an episode: end is seconds after t0, -1 for none.
type want struct {
	id     string
	phase  model.Phase
	open   bool
	prov   bool
	end    float64
	result model.Result
}

func check(t *testing.T, got []model.Episode, wants ...want) {
	t.Helper()
	if len(got) != len(wants) {
		t.Fatalf("%d episodes, want %d: %+v", len(got), len(wants), got)
	}
	for i, w := range wants {
		g := got[i]
		if g.ID != w.id || g.Phase != w.phase || g.Open != w.open || g.Provisional != w.prov || g.Result != w.result {
			t.Errorf("episode %d: got %+v, want %+v", i, g, w)
		}
		end := time.Time{}
		if w.end >= 0 {
			end = at(w.end).Truncate(time.Millisecond)
		}
		if !g.End.Equal(end) {
			t.Errorf("episode %d ends %v, want %v", i, g.End, end)
		}
	}
}

func TestFold(t *testing.T) {
	const (
		done, aborted = model.ResultCompleted, model.ResultAborted
		none          = model.Result("")
	)
	for name, tt := range map[string]struct {
		events []model.EpisodeEvent
		now    float64
		want   []want
	}{
		"nothing": {},
		"a start behind a check: our script has its premigrate to tell yet": {
			[]model.EpisodeEvent{ev(0, model.EventCheck, "a"), ev(1, model.EventStarted, "x")},
			5,
			[]want{{"a", model.PhasePreparing, true, false, -1, none}},
		},
		"a check is provisional": {
			[]model.EpisodeEvent{ev(0, model.EventCheck, "a")},
			60,
			[]want{{"a", model.PhaseChecking, true, true, -1, none}},
		},
		"a check alone expires and has no end": {
			[]model.EpisodeEvent{ev(0, model.EventCheck, "a")},
			901,
			[]want{{"a", model.PhaseIdle, false, true, -1, none}},
		},
		"a check again prolongs it": {
			[]model.EpisodeEvent{ev(0, model.EventCheck, "a"), ev(800, model.EventCheck, "a")},
			1600,
			[]want{{"a", model.PhaseChecking, true, true, -1, none}},
		},
		"a check taken back is over": {
			[]model.EpisodeEvent{ev(0, model.EventCheck, "a"), ev(5, model.EventUndoCheck, "a")},
			6,
			[]want{{"a", model.PhaseIdle, false, true, -1, none}},
		},
		"a pre soon after the check is the same migration": {
			[]model.EpisodeEvent{ev(0, model.EventCheck, "a"), ev(5, model.EventPre, "a", "stage", "begin")},
			6,
			[]want{{"a", model.PhasePreparing, true, false, -1, none}},
		},
		"a pre after the check expired is a new one": {
			[]model.EpisodeEvent{ev(0, model.EventCheck, "a"), ev(1000, model.EventPre, "b", "stage", "begin")},
			1001,
			[]want{{"a", model.PhaseIdle, false, true, -1, none}, {"b", model.PhasePreparing, true, false, -1, none}},
		},
		"our script's end begins the move": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a", "stage", "begin"), ev(20, model.EventPre, "a", "stage", "end")},
			4000,
			[]want{{"a", model.PhaseMigrating, true, false, -1, none}},
		},
		"a second pre while open inherits": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(20, model.EventPre, "b")},
			30,
			[]want{{"a", model.PhasePreparing, true, false, -1, none}},
		},
		"the error log's start is evidence of the move": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(5, model.EventStarted, "x")},
			30,
			[]want{{"a", model.PhaseMigrating, true, false, -1, none}},
		},
		"a freeze is evidence of the move": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(5, model.EventFreeze, "a")},
			30,
			[]want{{"a", model.PhaseMigrating, true, false, -1, none}},
		},
		"a freeze outside is none": {[]model.EpisodeEvent{ev(5, model.EventFreeze, "")}, 30, nil},
		"post ends it, in whole milliseconds": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(40.0009, model.EventPost, "a")},
			41,
			[]want{{"a", model.PhaseSettling, false, false, 40.0009, done}},
		},
		"the first end stays": {
			[]model.EpisodeEvent{
				ev(0, model.EventPre, "a"), ev(40, model.EventPost, "a"), ev(41, model.EventDone, "x"),
				ev(42, model.EventPost, "a"), ev(43, model.EventAborted, "a"), ev(3000, model.EventPost, "a"),
			},
			60,
			[]want{{"a", model.PhaseSettling, false, false, 40, done}},
		},
		"undo rolls back": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(40, model.EventUndoPre, "a")},
			41,
			[]want{{"a", model.PhaseRollingBack, false, false, 40, aborted}},
		},
		"an undo without a pre still ends it": {
			[]model.EpisodeEvent{ev(0, model.EventCheck, "a"), ev(40, model.EventUndoPre, "a")},
			41,
			[]want{{"a", model.PhaseRollingBack, false, false, 40, aborted}},
		},
		"settling ends when the actor says so": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(40, model.EventPost, "a"), ev(90, model.EventEnded, "a")},
			91,
			[]want{{"a", model.PhaseIdle, false, false, 40, done}},
		},
		"settling ends by itself when nobody says so": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(40, model.EventPost, "a")},
			700,
			[]want{{"a", model.PhaseIdle, false, false, 40, done}},
		},
		"a pre after the end is a new migration": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(40, model.EventPost, "a"), ev(60, model.EventPre, "b")},
			61,
			[]want{{"a", model.PhaseIdle, false, false, 40, done}, {"b", model.PhasePreparing, true, false, -1, none}},
		},
		"a new migration under an old id gets one of its own": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(40, model.EventPost, "a"), ev(60, model.EventPre, "a", "stage", "begin")},
			61,
			[]want{{"a", model.PhaseIdle, false, false, 40, done}, {"a-2", model.PhasePreparing, true, false, -1, none}},
		},
		"ended can name an earlier one": {
			[]model.EpisodeEvent{
				ev(0, model.EventPre, "a"), ev(40, model.EventPost, "a"), ev(60, model.EventPre, "b"), ev(61, model.EventEnded, "a"),
			},
			62,
			[]want{{"a", model.PhaseIdle, false, false, 40, done}, {"b", model.PhasePreparing, true, false, -1, none}},
		},
		"ended while open ends the migration too": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(40, model.EventEnded, "a", "result", "lost")},
			41,
			[]want{{"a", model.PhaseIdle, false, false, 40, model.ResultLost}},
		},
		"a reboot ends it": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(40, model.EventRebooted, "a")},
			41,
			[]want{{"a", model.PhaseSettling, false, false, 40, model.ResultRebooted}},
		},
		"an operator's end": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(40, model.EventEnd, "a", "result", "completed")},
			41,
			[]want{{"a", model.PhaseSettling, false, false, 40, done}},
		},
		"a window expires": {
			[]model.EpisodeEvent{ev(0, model.EventBegin, "w"), ev(40, model.EventExpired, "w")},
			41,
			[]want{{"w", model.PhaseRollingBack, false, false, 40, aborted}},
		},
		"a window does not expire under a migration": {
			[]model.EpisodeEvent{ev(0, model.EventBegin, "w"), ev(10, model.EventPre, "w"), ev(40, model.EventExpired, "w")},
			41,
			[]want{{"w", model.PhasePreparing, true, false, -1, none}},
		},
		"an end that nobody saw begin": {
			[]model.EpisodeEvent{ev(40, model.EventPost, "a")},
			41,
			[]want{{"a", model.PhaseSettling, false, false, 40, done}},
		},
		"the error log alone": {
			[]model.EpisodeEvent{ev(0, model.EventStarted, "x"), ev(40, model.EventDone, "x")},
			41,
			[]want{{"x", model.PhaseSettling, false, false, 40, done}},
		},
		"a start told late is no new migration": {
			[]model.EpisodeEvent{ev(0, model.EventPre, "a"), ev(1.9, model.EventPost, "a"), ev(1, model.EventStarted, "x")},
			3,
			[]want{{"a", model.PhaseSettling, false, false, 1.9, done}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, Fold(tt.events, at(tt.now), expires), tt.want...)
		})
	}
}

// Each prefix of a log folds, ends never change once they are there, and folding does not change the events.
func TestFoldNeverRevisesAnEnd(t *testing.T) {
	kinds := []model.EventKind{
		model.EventCheck, model.EventPre, model.EventStarted, model.EventFreeze, model.EventPost, model.EventDone,
		model.EventUndoPre, model.EventAborted, model.EventEnded, model.EventBegin, model.EventExpired, model.EventEnd,
		model.EventRebooted, model.EventUndoCheck,
	}
	seed := uint64(1)
	for range 300 {
		var log []model.EpisodeEvent
		ends := make(map[string]time.Time)
		for i := range 25 {
			seed = seed*6364136223846793005 + 1442695040888963407
			id := string(rune('a' + seed>>60&3))
			log = append(log, ev(float64(i*7), kinds[seed>>33%uint64(len(kinds))], id))
			seen := make(map[string]bool)
			for _, ep := range Fold(log, at(float64(i*7)), expires) {
				if seen[ep.ID] {
					t.Fatalf("id %s twice after %v", ep.ID, log)
				}
				seen[ep.ID] = true
				was, ok := ends[ep.ID]
				if ok && !was.Equal(ep.End) {
					t.Fatalf("end of %s went from %v to %v after %v", ep.ID, was, ep.End, log)
				}
				if !ep.End.IsZero() {
					ends[ep.ID] = ep.End
				}
				if ep.Open && !ep.End.IsZero() {
					t.Fatalf("%s is open and has an end", ep.ID)
				}
			}
		}
	}
}
