package episode

import (
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

func TestFuse(t *testing.T) {
	errpt := func(s float64, k model.EventKind, id string) model.EpisodeEvent {
		e := ev(s, k, id)
		e.Time, e.Source = e.Time.Truncate(time.Second), "errpt"
		return e
	}
	dr := []model.EpisodeEvent{ev(0.5, model.EventCheck, "a"), ev(3, model.EventPre, "a", "stage", "begin")}
	drDone := append(dr[:2:2], ev(40, model.EventPost, "a"))
	for name, tt := range map[string]struct {
		dr, observed []model.EpisodeEvent
		now          float64
		want         []want
	}{
		"start within the known migration moves its phase": {
			dr,
			[]model.EpisodeEvent{errpt(5, model.EventStarted, "x")},
			6,
			[]want{{"a", model.PhaseMigrating, true, false, -1, ""}},
		},
		"start in the same second as the check does not open another": {
			dr,
			[]model.EpisodeEvent{errpt(0.5, model.EventStarted, "x")},
			6,
			[]want{{"a", model.PhasePreparing, true, false, -1, ""}},
		},
		"the error log's end moves the phase of a migration that dr knows, and does not end it": {
			dr,
			[]model.EpisodeEvent{errpt(5, model.EventStarted, "x"), errpt(30, model.EventDone, "x")},
			31,
			[]want{{"a", model.PhaseSettling, true, false, -1, ""}},
		},
		"what is told late of the move does not take that back": {
			dr,
			[]model.EpisodeEvent{errpt(30, model.EventDone, "x"), errpt(5, model.EventStarted, "x")},
			31,
			[]want{{"a", model.PhaseSettling, true, false, -1, ""}},
		},
		"dr's end never comes": {
			dr,
			[]model.EpisodeEvent{errpt(5, model.EventStarted, "x"), errpt(30, model.EventAborted, "x")},
			631,
			[]want{{"a", model.PhaseIdle, false, false, 29.8766, model.ResultAborted}},
		},
		"dr's end comes when nobody waits for it any more": {
			append(dr[:2:2], ev(700, model.EventPost, "a")),
			[]model.EpisodeEvent{errpt(5, model.EventStarted, "x"), errpt(30, model.EventDone, "x")},
			701,
			[]want{{"a", model.PhaseIdle, false, false, 29.8766, model.ResultCompleted}},
		},
		"a declared window has an end of its own": {
			[]model.EpisodeEvent{ev(0, model.EventBegin, "w")},
			[]model.EpisodeEvent{errpt(5, model.EventStarted, "x"), errpt(30, model.EventDone, "x")},
			1000,
			[]want{{"w", model.PhaseSettling, true, false, -1, ""}},
		},
		"the end is that of dr": {
			drDone,
			[]model.EpisodeEvent{errpt(5, model.EventStarted, "x"), errpt(39, model.EventDone, "x")},
			45,
			[]want{{"a", model.PhaseSettling, false, false, 40, model.ResultCompleted}},
		},
		"done told late belongs to it": {
			drDone,
			[]model.EpisodeEvent{errpt(100, model.EventDone, "x")},
			101,
			[]want{{"a", model.PhaseSettling, false, false, 40, model.ResultCompleted}},
		},
		"a migration that dr does not know": {
			drDone,
			[]model.EpisodeEvent{errpt(1000.2, model.EventStarted, "x"), errpt(1030, model.EventAborted, "x")},
			1031,
			[]want{
				{"a", model.PhaseIdle, false, false, 40, model.ResultCompleted},
				{"x", model.PhaseRollingBack, false, false, 1029.8766, model.ResultAborted},
			},
		},
		"the error log alone": {
			nil,
			[]model.EpisodeEvent{errpt(5, model.EventStarted, "x")},
			6,
			[]want{{"x", model.PhaseMigrating, true, false, -1, ""}},
		},
		"a check whose pre was lost": {
			dr[:1],
			[]model.EpisodeEvent{errpt(5, model.EventStarted, "x"), errpt(30, model.EventDone, "x")},
			31,
			[]want{{"a", model.PhaseSettling, false, false, 29.8766, model.ResultCompleted}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			merged := Fuse(tt.dr, tt.observed, Options{Now: at(tt.now), CheckExpires: expires, Patience: 10 * time.Minute})
			check(t, merged, tt.want...)
		})
	}
}

// told makes an observed event.
func observed(source string, seconds float64, kind model.EventKind, details ...string) model.EpisodeEvent {
	e := ev(seconds, kind, "", details...)
	e.Source = source
	if source == SourceErrpt || source == SourceClutils {
		e.Time = e.Time.Truncate(time.Second)
	}
	return e
}

func TestFuseAlone(t *testing.T) {
	const done, aborted, unknown = model.ResultCompleted, model.ResultAborted, model.ResultUnknown
	day := 86400.0
	for name, tt := range map[string]struct {
		events []model.EpisodeEvent
		now    float64
		want   []want // ids are not looked at
		why    string
	}{
		"a completion alone": {
			[]model.EpisodeEvent{observed(SourceErrpt, 5, model.EventDone)},
			6,
			[]want{{"", model.PhaseSettling, false, false, 4.8766, done}},
			WhyAfterwards,
		},
		"an abort alone": {
			[]model.EpisodeEvent{observed(SourceErrpt, 5, model.EventAborted)},
			6,
			[]want{{"", model.PhaseRollingBack, false, false, 4.8766, aborted}},
			WhyAfterwards,
		},
		"a new server alone": {
			[]model.EpisodeEvent{observed(SourceServer, 5, model.EventMoved, DetailSince, at(-10).Format(time.RFC3339Nano))},
			6,
			[]want{{"", model.PhaseSettling, false, false, 5, done}},
			WhyAfterwards,
		},
		"the same server alone is nothing": {[]model.EpisodeEvent{observed(SourceServer, 5, model.EventStayed)}, 6, nil, ""},
		"a freeze alone is nothing":        {[]model.EpisodeEvent{observed(SourceClock, 5, model.EventFreeze)}, 6, nil, ""},
		"an HMC that gives up before anything moved": {
			[]model.EpisodeEvent{observed(SourceHMC, 5, model.EventCheck), observed(SourceHMC, 9, model.EventAborted)},
			10,
			[]want{{"", model.PhaseIdle, false, true, -1, ""}},
			WhyCheckTakenBack,
		},
		"an HMC's failed validation that was not seen to begin": {[]model.EpisodeEvent{observed(SourceHMC, 9, model.EventAborted)}, 10, nil, ""},
		"nobody tells how it ended": {
			[]model.EpisodeEvent{observed(SourceState, 5, model.EventPre), observed(SourceState, 60, model.EventPost, DetailResult, "unknown")},
			61,
			[]want{{"", model.PhaseSettling, false, false, 60, unknown}},
			WhyPost,
		},
		"the server that stayed tells it": {
			[]model.EpisodeEvent{
				observed(SourceState, 5, model.EventPre), observed(SourceState, 60, model.EventPost, DetailResult, "unknown"),
				observed(SourceServer, 95, model.EventStayed),
			},
			96,
			[]want{{"", model.PhaseRollingBack, false, false, 60, aborted}},
			WhyServerUnchanged,
		},
		"the server that changed tells it": {
			[]model.EpisodeEvent{
				observed(SourceState, 5, model.EventPre), observed(SourceState, 60, model.EventPost, DetailResult, "unknown"),
				observed(SourceServer, 95, model.EventMoved, DetailSince, at(4).Format(time.RFC3339Nano)),
			},
			96,
			[]want{{"", model.PhaseSettling, false, false, 60, done}},
			WhyServerChanged,
		},
		"a start whose end is lost, and the next one": {
			[]model.EpisodeEvent{
				observed(SourceErrpt, 5, model.EventStarted, DetailSequence, "1"), observed(SourceErrpt, 90, model.EventStarted, DetailSequence, "2"),
				observed(SourceErrpt, 120, model.EventDone, DetailSequence, "3"),
			},
			121,
			[]want{{"", model.PhaseIdle, false, false, 89.8766, unknown}, {"", model.PhaseSettling, false, false, 119.8766, done}},
			WhyDone,
		},
		"a start whose end is lost, and another witness's a day later": {
			[]model.EpisodeEvent{
				observed(SourceErrpt, 5, model.EventStarted, DetailSequence, "1"),
				observed(SourceSigreconfig, day, model.EventPre), observed(SourceSigreconfig, day+30, model.EventPost),
			},
			day + 31,
			[]want{{"", model.PhaseIdle, false, false, day, unknown}, {"", model.PhaseSettling, false, false, day + 30, done}},
			WhyPost,
		},
		"nobody tells any more": {
			[]model.EpisodeEvent{observed(SourceSigreconfig, 5, model.EventPre, "stage", "end")},
			5 + 3*day,
			[]want{{"", model.PhaseIdle, false, false, 5 + 2*day, unknown}},
			WhyNoNews,
		},
		"hours of copying between an HMC's start and the pre phase": {
			[]model.EpisodeEvent{
				observed(SourceHMC, 0, model.EventStarted), observed(SourceErrpt, 7200, model.EventStarted, DetailSequence, "1"),
				observed(SourceSigreconfig, 7220, model.EventPre), observed(SourceErrpt, 7230, model.EventDone, DetailSequence, "2"),
			},
			7231,
			[]want{{"", model.PhaseSettling, false, false, 7229.8766, done}},
			WhyDone,
		},
		"an old end that is read while another migration runs": {
			[]model.EpisodeEvent{observed(SourceHMC, day, model.EventStarted), observed(SourceErrpt, 30, model.EventDone)},
			day + 1,
			[]want{{"", model.PhaseIdle, false, false, 29.8766, done}, {"", model.PhaseMigrating, true, false, -1, ""}},
			WhyMoving,
		},
		"two ends of one migration from two servers' looks": {
			[]model.EpisodeEvent{
				observed(SourceSigreconfig, 5, model.EventPre), observed(SourceServer, 20, model.EventMoved, DetailSince, at(6).Format(time.RFC3339Nano)),
				observed(SourceErrpt, 15, model.EventDone),
			},
			21,
			[]want{{"", model.PhaseSettling, false, false, 20, done}},
			WhyServerChanged,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Fuse(nil, tt.events, Options{Now: at(tt.now), CheckExpires: expires, Patience: 10 * time.Minute})
			for i := range tt.want {
				if i < len(got) {
					tt.want[i].id = got[i].ID
				}
			}
			check(t, got, tt.want...)
			if n := len(got); n > 0 && got[n-1].Why != tt.why {
				t.Errorf("why %s, want %s", got[n-1].Why, tt.why)
			}
		})
	}
}

// Drmgr of Linux runs post whether or not the migration succeeded, and does not say which.
func TestFuseLinuxPost(t *testing.T) {
	dr := []model.EpisodeEvent{
		ev(0, model.EventCheck, "a"), ev(3, model.EventPre, "a", "stage", "begin"), ev(4, model.EventPre, "a", "stage", "begin"),
		ev(40, model.EventPost, "a", DetailResult, "unknown"),
	}
	stayed, moved := observed(SourceServer, 75, model.EventStayed), observed(SourceServer, 50, model.EventMoved, DetailSince, at(30).Format(time.RFC3339Nano))
	before := observed(SourceHMC, 39, model.EventDone)
	for name, tt := range map[string]struct {
		observed []model.EpisodeEvent
		phase    model.Phase
		result   model.Result
	}{
		"nobody tells":        {nil, model.PhaseSettling, model.ResultUnknown},
		"the server changed":  {[]model.EpisodeEvent{moved}, model.PhaseSettling, model.ResultCompleted},
		"the server stayed":   {[]model.EpisodeEvent{stayed}, model.PhaseRollingBack, model.ResultAborted},
		"told before the end": {[]model.EpisodeEvent{before}, model.PhaseSettling, model.ResultCompleted},
	} {
		t.Run(name, func(t *testing.T) {
			got := Fuse(dr, tt.observed, Options{Now: at(80), CheckExpires: expires, Patience: 10 * time.Minute})
			check(t, got, want{"a", tt.phase, false, false, 40, tt.result})
			if got[0].EndBy != SourceDR {
				t.Errorf("the end is that of %q", got[0].EndBy)
			}
		})
	}
}
