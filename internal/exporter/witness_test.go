package exporter

import (
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/logfile"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/sigreconfig"
)

// hearing is options that hear these witnesses alone.
func hearing(sources ...string) Options {
	o := options()
	for _, w := range episode.Witnesses() {
		if !slices.Contains(sources, w) {
			o.Witness.Off = append(o.Witness.Off, w)
		}
	}
	return o
}

func (r *rig) signal(word uint32) {
	info, err := sigreconfig.Decode([]byte{byte(word >> 24), byte(word >> 16), byte(word >> 8), byte(word)})
	if err != nil {
		r.t.Fatal(err)
	}
	r.tell(SigReconfig{Event: sigreconfig.Event{At: r.now, Info: info}})
}

func (r *rig) clutils(kind model.EventKind) {
	r.tell(ClutilsRead{
		At: r.now, Written: r.now.Wall, Cursor: logfile.Cursor{Set: true, Offset: int64(r.now.Mono)},
		Events: []powerha.ClutilsEvent{{Kind: kind, Stamp: r.now.Wall.Truncate(time.Second), Zone: "UTC"}},
	})
}

func (r *rig) hmc(rows ...model.HMCMigration) {
	v := model.HMCView{At: r.now, Partition: "lpar1"}
	for _, m := range rows {
		v.Rows = append(v.Rows, model.HMCState{State: model.LPARRunning, Migration: m})
	}
	r.tell(HMCSeen{View: v})
}

func (r *rig) server(serial string) {
	r.answers[model.SourceServer] = model.Reading{Server: &model.Server{Serial: serial, TypeModel: "T"}}
}

// recorded checks that exactly one migration was counted, with its end not before from.
func (r *rig) recorded(result model.Result, from time.Time) model.Episode {
	r.t.Helper()
	v := r.core.View(r.now)
	total := uint64(0)
	for _, n := range v.Migrations {
		total += n
	}
	if total != 1 || v.Migrations[result] != 1 {
		r.t.Errorf("migrations %v, want one %s", v.Migrations, result)
	}
	ep := r.core.Episode()
	if ep.Result != result || ep.End.Before(from.Add(-time.Second)) || ep.End.After(from.Add(time.Minute)) {
		r.t.Errorf("%+v, want %s and an end not long after %v", ep, result, from)
	}
	r.phase(model.PhaseIdle)
	return ep
}

// Each witness alone tells of one migration, with a restart of the exporter in the midst of it and without.
func TestEachWitnessAlone(t *testing.T) {
	for source, steps := range map[string][3]func(r *rig){
		episode.SourceSigreconfig: {
			func(r *rig) { r.signal(0x08000400) }, func(r *rig) { r.signal(0x04000400) }, func(r *rig) { r.signal(0x01000400) },
		},
		episode.SourceClutils: {
			func(r *rig) { r.clutils(model.EventCheck) }, func(r *rig) { r.clutils(model.EventPre) }, func(r *rig) { r.clutils(model.EventPost) },
		},
		episode.SourceHMC: {
			func(r *rig) { r.hmc(model.HMCNotMigrating); r.hmc(model.HMCStarting) },
			func(r *rig) { r.hmc(model.HMCInProgress, model.HMCInProgress) },
			func(r *rig) { r.hmc(model.HMCComplete) },
		},
		episode.SourceErrpt: {
			func(*rig) {},
			func(r *rig) {
				r.answers[model.SourceErrlog] = model.Reading{Errlog: []model.ErrlogEntry{{Label: "CLIENT_PMIG_STARTED", Sequence: 4, Time: r.now.Wall, Resource: "pmig"}}}
			},
			func(r *rig) {
				r.answers[model.SourceErrlog] = model.Reading{Errlog: []model.ErrlogEntry{
					{Label: "CLIENT_PMIG_DONE", Sequence: 5, Time: r.now.Wall, Resource: "pmig"}, {Label: "CLIENT_PMIG_STARTED", Sequence: 4, Time: r.now.Wall, Resource: "pmig"},
				}}
			},
		},
		episode.SourceServer: {func(*rig) {}, func(*rig) {}, func(r *rig) { r.server("2") }},
	} {
		for name, restart := range map[string]bool{"": false, " with a restart": true} {
			t.Run(source+name, func(t *testing.T) {
				r := newRig(t, hearing(source, episode.SourceServer))
				if source != episode.SourceServer {
					r.core.opt = hearing(source)
				}
				r.clutilsCalm()
				r.hmc(model.HMCNotMigrating)
				r.tell(Health{Part: PartSigreconfig})
				r.advance(20 * time.Second)
				r.phase(model.PhaseIdle)
				steps[0](r)
				r.advance(20 * time.Second)
				steps[1](r)
				r.advance(20 * time.Second)
				switch source {
				case episode.SourceServer:
				case episode.SourceClutils: // it does not tell when the move begins
					r.phase(model.PhasePreparing)
				default:
					r.phase(model.PhaseMigrating)
				}
				if restart {
					r.rebirth()
				}
				at := r.now.Wall
				steps[2](r)
				r.advance(12 * time.Minute)
				if source == episode.SourceHMC {
					r.hmc(model.HMCNotMigrating)
				}
				ep := r.recorded(model.ResultCompleted, at)
				if !slices.Equal(ep.Witnesses, []string{source}) || ep.EndBy != source {
					t.Errorf("told by %v, ended by %s", ep.Witnesses, ep.EndBy)
				}
			})
		}
	}
}

// clutilsCalm: the log is read, and nothing is in it.
func (r *rig) clutilsCalm() { r.tell(ClutilsRead{At: r.now, Cursor: logfile.Cursor{Set: true}}) }

// rebirth makes a new core of what the old one kept.
func (r *rig) rebirth() {
	r.t.Helper()
	state, _ := r.core.Final()
	o, observed := r.core.opt, slices.Clone(r.core.observed)
	r.core = NewCore(o, state, observed)
	r.pending, r.now = nil, r.now.Add(5*time.Second)
	r.tell(LogRead{Events: slices.Clone(r.log)}, Health{Part: PartSigreconfig})
	r.clutilsCalm()
}

// cl_dr.state alone tells that there was a migration, and the server how it ended.
func TestStateFile(t *testing.T) {
	for name, tt := range map[string]struct {
		serial string
		result model.Result
	}{"it moved": {"2", model.ResultCompleted}, "it stayed": {"1", model.ResultAborted}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, hearing(episode.SourceState, episode.SourceServer))
			r.server("1")
			r.tell(StateFileSeen{At: r.now, Present: true, Written: r.now.Wall.Add(-time.Hour)}) // left of long ago
			r.advance(20 * time.Second)
			r.phase(model.PhaseIdle)
			r.tell(StateFileSeen{At: r.now})
			r.advance(20 * time.Second)
			r.phase(model.PhaseIdle)
			saved := powerha.ClDRState{NodeTimeout: 30 * time.Second, DeadmanMode: "a", LocalSwitch: ptr(true)}
			r.core.state.Calm = Settings{}
			r.tell(StateFileSeen{At: r.now, Present: true, Written: r.now.Wall, Saved: saved})
			r.phase(model.PhasePreparing)
			r.tell(StateFileSeen{At: r.now, Present: true, Written: r.now.Wall.Add(time.Second), Saved: saved}) // written again
			if b := r.core.state.Before; b == nil || b.NodeTimeout != 30*time.Second || b.DeadmanMode != "a" || b.Switch == nil {
				t.Errorf("what the script found is not taken over: %+v", b)
			}
			r.advance(40 * time.Second)
			r.rebirth()
			at := r.now.Wall
			r.tell(StateFileSeen{At: r.now, Present: false})
			r.phase(model.PhaseSettling)
			r.server(tt.serial)
			r.advance(2 * time.Minute)
			r.recorded(tt.result, at)
		})
	}
}

// What nobody tells is not made up: the migration is over, settles as long as somebody might tell, and counts nowhere.
func TestOutcomeUnknown(t *testing.T) {
	r := newRig(t, hearing(episode.SourceDR))
	r.advance(time.Second)
	r.event(model.EventPre)
	r.advance(20 * time.Second)
	r.event(model.EventPost, episode.DetailResult, "unknown") // as on Linux
	r.advance(5 * time.Minute)
	r.phase(model.PhaseSettling)
	r.advance(6 * time.Minute)
	r.phase(model.PhaseIdle)
	v := r.core.View(r.now)
	for _, res := range model.Results() {
		if v.Migrations[res] != 0 {
			t.Errorf("counted as %s", res)
		}
	}
	if ep := r.core.Episode(); ep.Result != model.ResultUnknown || v.LastEnd.IsZero() {
		t.Errorf("%+v", ep)
	}
	if rep := r.core.state.LastReport; rep == nil || rep.Result != model.ResultUnknown || rep.Verdict == model.VerdictFail {
		t.Errorf("report %+v", rep)
	}
}

// drmgr on Linux runs post after a failure, too: the server tells.
func TestLinuxPost(t *testing.T) {
	for serial, result := range map[string]model.Result{"1": model.ResultAborted, "2": model.ResultCompleted} {
		r := newRig(t, hearing(episode.SourceDR, episode.SourceServer))
		r.server("1")
		r.advance(20 * time.Second)
		r.event(model.EventPre)
		r.event(model.EventPre) // as often as firmware is not ready
		r.advance(20 * time.Second)
		at := r.now.Wall
		r.server(serial)
		r.event(model.EventPost, episode.DetailResult, "unknown")
		r.advance(2 * time.Minute)
		r.recorded(result, at)
	}
}

// A migration under the id of another witness becomes dr's when dr tells of it late, and is not counted again.
func TestDRSpeaksLate(t *testing.T) {
	r := newRig(t, options())
	r.tell(LogRead{Err: "permission denied"})
	r.advance(20 * time.Second)
	r.phase(model.PhaseUnknown)
	from := r.now.Wall
	r.signal(0x04000400)
	r.phase(model.PhaseMigrating) // told by another, though dr's log cannot be read
	r.advance(20 * time.Second)
	at := r.now.Wall
	r.signal(0x01000400)
	r.advance(40 * time.Second)
	if n := r.core.View(r.now).Migrations[model.ResultCompleted]; n != 1 {
		t.Fatalf("%d migrations", n)
	}
	first := r.core.Episode().ID
	r.log = []model.EpisodeEvent{
		{Version: 1, Time: from.Add(-5 * time.Second), Event: model.EventPre, Source: "dr", Episode: "ep"},
		{Version: 1, Time: at.Add(100 * time.Millisecond), Event: model.EventPost, Source: "dr", Episode: "ep"},
	}
	r.tell(LogRead{Events: r.log})
	r.advance(12 * time.Minute)
	if ep := r.recorded(model.ResultCompleted, at); ep.ID != "ep" || !slices.Contains(ep.Also, first) {
		t.Errorf("%+v", ep)
	}
}

// The end that dr never told is that of another witness, after a while.
func TestPostNeverComes(t *testing.T) {
	r := newRig(t, options())
	r.advance(time.Second)
	r.event(model.EventPre)
	r.advance(20 * time.Second)
	at := r.now.Wall
	r.signal(0x00800400)
	r.phase(model.PhaseRollingBack)
	r.advance(9 * time.Minute)
	if ep := r.core.Episode(); !ep.Open || ep.Why != episode.WhyEndAwaited {
		t.Errorf("%+v", ep)
	}
	r.advance(5 * time.Minute)
	if ep := r.recorded(model.ResultAborted, at); ep.Why != episode.WhyEndLost || ep.EndBy != episode.SourceSigreconfig {
		t.Errorf("%+v", ep)
	}
}

func TestServerBetweenTwoRuns(t *testing.T) {
	r := newRig(t, options())
	r.server("1")
	r.advance(20 * time.Second)
	state, _ := r.core.Final()
	if p := state.Heard.Server.Print; p == "" || p == "1" {
		t.Errorf("the server is kept as %q", p)
	}
	r.core = NewCore(options(), state, nil)
	r.now = r.now.Add(72 * time.Hour)
	r.pending = nil
	r.tell(LogRead{})
	r.server("2")
	at := r.now.Wall
	r.advance(22 * time.Second)
	ep := r.recorded(model.ResultCompleted, at)
	if ep.Why != episode.WhyAfterwards || !ep.Start.Equal(ep.End) && ep.End.Sub(ep.Start) > time.Hour {
		t.Errorf("%+v", ep)
	}
	if slices.Max(r.core.View(r.now).MigrationDuration.Counts) != 0 {
		t.Error("a duration was made up")
	}
}

// One answer that was cut is no other server.
func TestServerAnswerWasCut(t *testing.T) {
	r := newRig(t, options())
	r.server("0278ABCDE")
	r.advance(20 * time.Second)
	for _, serial := range []string{"0278", "0278ABCDE", "027", "0278", "0278ABCDE"} {
		before := r.reads[model.SourceServer]
		r.server(serial)
		for r.reads[model.SourceServer] == before {
			r.advance(500 * time.Millisecond)
		}
	}
	r.advance(time.Minute)
	r.phase(model.PhaseIdle)
	if len(r.core.episodes) != 0 {
		t.Errorf("%+v", r.core.episodes)
	}
}

func TestHMCWords(t *testing.T) {
	row := func(m model.HMCMigration) model.HMCState { return model.HMCState{Migration: m} }
	for name, tt := range map[string]struct {
		view model.HMCView
		want hmcWord
	}{
		"nothing":                {model.HMCView{}, ""},
		"calm":                   {model.HMCView{Rows: []model.HMCState{row(model.HMCNotMigrating)}}, hmcIdle},
		"calm as far as is seen": {model.HMCView{Rows: []model.HMCState{row(model.HMCNotMigrating)}, Err: "hmc2: no answer"}, ""},
		"on one of two":          {model.HMCView{Rows: []model.HMCState{row(model.HMCNotMigrating), row(model.HMCInProgress)}, Err: "x"}, hmcMoving},
		"a word that is unknown": {model.HMCView{Rows: []model.HMCState{row(model.HMCUnknown)}}, ""},
		"by the state alone":     {model.HMCView{Rows: []model.HMCState{{State: model.LPARMigrating, Migration: model.HMCUnknown}}}, hmcMoving},
		"recovery is needed":     {model.HMCView{Rows: []model.HMCState{row(model.HMCRecovery)}}, hmcMoving},
		"failed":                 {model.HMCView{Rows: []model.HMCState{row(model.HMCFailed)}}, hmcFailed},
	} {
		if got := hmcSays(tt.view); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// A failed validation is no migration, and an end that stands at the HMC since long ago none either.
func TestHMCIsNoMigration(t *testing.T) {
	for name, words := range map[string][]model.HMCMigration{
		"failed validation":  {model.HMCNotMigrating, model.HMCStarting, model.HMCFailed, model.HMCNotMigrating},
		"given up":           {model.HMCNotMigrating, model.HMCStarting, model.HMCNotMigrating},
		"of long ago":        {model.HMCComplete, model.HMCNotMigrating},
		"a failure long ago": {model.HMCFailed, model.HMCFailed, model.HMCNotMigrating},
	} {
		r := newRig(t, options())
		r.advance(time.Second)
		for _, w := range words {
			r.hmc(w)
			r.advance(10 * time.Second)
		}
		r.phase(model.PhaseIdle)
		if v := r.core.View(r.now); !v.LastEnd.IsZero() || len(r.core.state.Counted) != 0 {
			t.Errorf("%s: %+v", name, r.core.episodes)
		}
	}
}

func TestWitnessOptions(t *testing.T) {
	c := config.Default()
	if o := witnessOptionsOf(c); len(o.Off) != 0 {
		t.Errorf("by default %v are not heard", o.Off)
	}
	c.Migration.Witnesses = []string{episode.SourceErrpt}
	if o := witnessOptionsOf(c); slices.Contains(o.Off, episode.SourceErrpt) || len(o.Off) != len(episode.Witnesses())-1 {
		t.Errorf("%v are not heard", o.Off)
	}
}

// Who is heard changes with the configuration, but not in the midst of a migration.
func TestReconfiguredWitnesses(t *testing.T) {
	r := newRig(t, hearing(episode.SourceDR, episode.SourceSigreconfig))
	r.advance(time.Second)
	r.signal(0x04000400)
	r.advance(10 * time.Second)
	r.tell(Configured{Options: hearing(episode.SourceDR)})
	at := r.now.Wall
	r.signal(0x01000400)
	r.advance(time.Minute)
	r.recorded(model.ResultCompleted, at)
	r.signal(0x04000400)
	r.phase(model.PhaseIdle)
	r.tell(Configured{Options: hearing(episode.SourceDR, episode.SourceSigreconfig)})
	r.signal(0x04000400)
	r.phase(model.PhaseMigrating)
	// One that misleads is left out, and the exporter started anew.
	r.core.opt = hearing(episode.SourceDR)
	r.rebirth()
	r.phase(model.PhaseIdle)
	r.recorded(model.ResultCompleted, at)
}

// With dr switched off the phase is known as long as another witness answers.
func TestWithoutDR(t *testing.T) {
	r := newRig(t, hearing(episode.SourceErrpt))
	r.advance(20 * time.Second)
	r.phase(model.PhaseIdle)
	r.event(model.EventPre)
	r.phase(model.PhaseIdle)
	if r.core.unknownToDR() {
		t.Error("disagrees with who is not heard")
	}
	r.answers[model.SourceErrlog] = model.Reading{Err: "denied"}
	r.advance(2 * time.Minute)
	r.phase(model.PhaseUnknown)
}

// Linux has no errpt: a witness that is not heard need not answer for the collector to succeed.
func TestUnheardWitnessesNeedNotAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		heard  []string
		broken []model.Source
		want   bool
	}{
		"all answer":                 {episode.Witnesses(), nil, true},
		"errpt is missing":           {episode.Witnesses(), []model.Source{model.SourceErrlog}, false},
		"errpt is not heard":         {[]string{episode.SourceDR, episode.SourceServer}, []model.Source{model.SourceErrlog}, true},
		"the server cannot be asked": {[]string{episode.SourceDR, episode.SourceServer}, []model.Source{model.SourceServer}, false},
		"the DR script alone":        {[]string{episode.SourceDR}, []model.Source{model.SourceErrlog, model.SourceServer}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, hearing(tt.heard...))
			r.answers = witnessed()
			for _, s := range tt.broken {
				r.answers[s] = model.Reading{Err: "exit status 127"}
			}
			r.advance(time.Minute)
			s := r.collector(collector.Migration)
			if s.Success != tt.want || s.Success && r.now.Wall.Sub(s.LastSuccess) > time.Minute {
				t.Errorf("%+v at %v", s, r.now.Wall)
			}
		})
	}
}
