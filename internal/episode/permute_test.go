package episode

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// testimony is what one witness tells of the migration of these tests and when that comes in, in seconds. The partition
// is frozen from 30 to 40 and moved.
type testimony struct {
	source  string
	events  []model.EpisodeEvent
	arrival []float64
}

func testimonies() []testimony {
	since := func(s float64) string { return at(s).Format(time.RFC3339Nano) }
	return []testimony{
		{SourceDR, []model.EpisodeEvent{
			ev(0, model.EventCheck, "a"), ev(3, model.EventPre, "a", "stage", "begin"), ev(20, model.EventPre, "a", "stage", "end"), ev(41, model.EventPost, "a"),
		}, []float64{0.2, 3.2, 20.2, 41.2}},
		{SourceSigreconfig, []model.EpisodeEvent{
			observed(SourceSigreconfig, 0.5, model.EventCheck), observed(SourceSigreconfig, 21, model.EventPre, "stage", "end"), observed(SourceSigreconfig, 41.5, model.EventPost),
		}, []float64{0.5, 21, 41.5}},
		{SourceErrpt, []model.EpisodeEvent{
			observed(SourceErrpt, 3, model.EventStarted, DetailSequence, "7"), observed(SourceErrpt, 41, model.EventDone, DetailSequence, "8"),
		}, []float64{9, 50}},
		{SourceClutils, []model.EpisodeEvent{
			observed(SourceClutils, 1, model.EventCheck), observed(SourceClutils, 4, model.EventPre), observed(SourceClutils, 42, model.EventPost),
		}, []float64{2, 5, 43}},
		{SourceState, []model.EpisodeEvent{
			observed(SourceState, 6, model.EventPre), observed(SourceState, 70, model.EventPost, DetailResult, "unknown"),
		}, []float64{6, 70}},
		{SourceHMC, []model.EpisodeEvent{
			observed(SourceHMC, -20, model.EventCheck), observed(SourceHMC, -5, model.EventStarted), observed(SourceHMC, 60, model.EventDone),
		}, []float64{-19, -4, 61}},
		{SourceServer, []model.EpisodeEvent{observed(SourceServer, 48, model.EventMoved, DetailSince, since(33))}, []float64{49}},
		{SourceClock, []model.EpisodeEvent{observed(SourceClock, 30, model.EventFreeze)}, []float64{52}},
	}
}

// told is one event and when it comes in.
type coming struct {
	event model.EpisodeEvent
	at    float64
	dr    bool
}

func comings(all []testimony) []coming {
	var out []coming
	for _, w := range all {
		for i, e := range w.events {
			out = append(out, coming{e, w.arrival[i], w.source == SourceDR})
		}
	}
	slices.SortStableFunc(out, func(a, b coming) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	return out
}

// play lets the events come in one by one and looks at the migrations after each, as the exporter does: also what a
// restart between would make of what was written by then. It returns what is known long after.
func play(t *testing.T, all []testimony) []model.Episode {
	t.Helper()
	var dr, others []model.EpisodeEvent
	ends := make(map[string]time.Time)
	var now float64
	look := func(seconds float64) []model.Episode {
		got := Fuse(dr, others, Options{Now: at(seconds), CheckExpires: expires, Patience: 10 * time.Minute})
		for _, ep := range got {
			for _, id := range append(ep.Also, ep.ID) {
				if was, ok := ends[id]; ok && !was.Equal(ep.End) && ep.EndBy != SourceDR {
					t.Errorf("at %g s the end of %s went from %v to %v", seconds, id, was, ep.End)
				}
				if !ep.End.IsZero() {
					ends[id] = ep.End
				}
			}
		}
		return got
	}
	in := comings(all)
	for n, c := range in {
		now = max(now, c.at)
		if c.dr {
			dr = append(dr, c.event)
			if n+1 < len(in) && in[n+1].dr && in[n+1].at == c.at {
				continue // lines that are read at once
			}
		} else {
			if c.event.Episode == "" { // as the exporter names it
				c.event.Episode = NewID("n1", c.event.Time)
				if ep := Of(look(now), c.event); ep != nil {
					c.event.Episode = ep.ID
				}
			}
			others = append(others, c.event)
		}
		look(now)
	}
	return look(now + 3600)
}

// once checks that exactly one migration was recorded, and rightly.
func once(t *testing.T, got []model.Episode, result model.Result, earliest, latest float64) {
	t.Helper()
	got = slices.DeleteFunc(slices.Clone(got), func(ep model.Episode) bool { return ep.Provisional && !ep.Open })
	if len(got) != 1 {
		t.Fatalf("%d migrations: %+v", len(got), got)
	}
	ep := got[0]
	if ep.Open || ep.Provisional || ep.Phase != model.PhaseIdle || ep.Result != result {
		t.Errorf("%+v, want it over and %s", ep, result)
	}
	if ep.End.Before(at(earliest).Add(-coarse)) || ep.End.After(at(latest)) {
		t.Errorf("ended %v by %s, want from %v to %v", ep.End, ep.EndBy, at(earliest), at(latest))
	}
	if ep.Start.After(ep.End) || ep.Start.After(at(35)) && len(ep.Witnesses) > 2 {
		t.Errorf("began %v", ep.Start)
	}
}

func without(all []testimony, off ...string) []testimony {
	return slices.DeleteFunc(slices.Clone(all), func(w testimony) bool { return slices.Contains(off, w.source) })
}

// outcome is what is known with these witnesses: the state file alone does not tell how it ended.
func outcome(all []testimony) model.Result {
	for _, w := range all {
		if w.source != SourceState && w.source != SourceClock {
			return model.ResultCompleted
		}
	}
	return model.ResultUnknown
}

func TestEveryWitness(t *testing.T) {
	got := play(t, testimonies())
	once(t, got, model.ResultCompleted, 41, 41)
	if ep := got[len(got)-1]; ep.ID != "a" || ep.EndBy != SourceDR || ep.Why != WhyPost || len(ep.Witnesses) != 8 {
		t.Errorf("%+v", ep)
	}
}

// Every set of witnesses, from one to all: so each one off in turn, each pair off, and each one alone.
func TestAnyWitnessMissing(t *testing.T) {
	all := testimonies()
	for set := 1; set < 1<<len(all); set++ {
		var some []testimony
		name := ""
		for i, w := range all {
			if set&(1<<i) != 0 {
				some = append(some, w)
				name += " " + w.source
			}
		}
		if len(some) == 1 && some[0].source == SourceClock {
			continue // a freeze is no migration
		}
		t.Run(name[1:], func(t *testing.T) { once(t, play(t, some), outcome(some), 41, 71) })
	}
}

// Each witness comes in late: by seconds, by minutes, by an hour.
func TestEachWitnessLate(t *testing.T) {
	for _, late := range []float64{2, 15, 60, 300, 3600} {
		for i, w := range testimonies() {
			t.Run(fmt.Sprintf("%s by %g s", w.source, late), func(t *testing.T) {
				all := testimonies()
				all[i] = delayed(all[i], late)
				once(t, play(t, all), model.ResultCompleted, 41, 41)
				for _, other := range testimonies() {
					if off := without(all, other.source); other.source != w.source {
						once(t, play(t, off), outcome(off), 41, 71)
					}
				}
			})
		}
	}
}

// delayed lets a witness come in late. Where its stamps are those of the look and not of what it tells, they are late, too.
func delayed(w testimony, by float64) testimony {
	w.events, w.arrival = slices.Clone(w.events), slices.Clone(w.arrival)
	last := w.arrival[len(w.arrival)-1]
	for i := range w.arrival {
		w.arrival[i] += by
		if w.source == SourceDR {
			w.arrival[i] = last + by // a log that could not be read is read as a whole
		}
		if !prompt(w.source) && by < 120 {
			w.events[i].Time = w.events[i].Time.Add(time.Duration(by * float64(time.Second)))
		}
	}
	return w
}

// Each pair in the other order: of each event of one the other's comes first.
func TestEachPairSwapped(t *testing.T) {
	for i := range testimonies() {
		for j := range testimonies() {
			if i == j {
				continue
			}
			all := testimonies()
			all[i] = behind(all[i], all[j])
			t.Run(all[j].source+" before "+all[i].source, func(t *testing.T) {
				once(t, play(t, all), model.ResultCompleted, 41, 41)
				pair := []testimony{all[i], all[j]}
				once(t, play(t, pair), outcome(pair), 41, 71)
			})
		}
	}
}

// behind lets each event of w come in after that of the other which tells the same.
func behind(w, other testimony) testimony {
	w.arrival = slices.Clone(w.arrival)
	for i, e := range w.events {
		for k, o := range other.events {
			if (begins(e.Event) && begins(o.Event) || ends(e.Event) && ends(o.Event)) && w.arrival[i] <= other.arrival[k] {
				w.arrival[i] = other.arrival[k] + 0.1
			}
		}
	}
	slices.Sort(w.arrival)
	return w
}

// Each witness tells everything twice, at once and again much later; and all of them do.
func TestEachWitnessTwice(t *testing.T) {
	for _, later := range []float64{0.01, 30, 3600} {
		every := testimonies()
		for i := range every {
			every[i] = doubled(every[i], later)
			all := testimonies()
			all[i] = every[i]
			t.Run(fmt.Sprintf("%s after %g s", all[i].source, later), func(t *testing.T) {
				if all[i].source == SourceDR && later > 1 {
					t.Skip("what its log says later is another migration")
				}
				once(t, play(t, all), model.ResultCompleted, 41, 41)
				single := all[i : i+1]
				if single[0].source != SourceClock {
					once(t, play(t, single), outcome(single), 41, 71)
				}
			})
		}
		t.Run(fmt.Sprintf("all but dr after %g s", later), func(t *testing.T) {
			once(t, play(t, without(every, SourceDR)), model.ResultCompleted, 41, 71)
		})
	}
}

func doubled(w testimony, later float64) testimony {
	var d testimony
	d.source = w.source
	for i, e := range w.events {
		d.events, d.arrival = append(d.events, e), append(d.arrival, w.arrival[i])
	}
	for i, e := range w.events {
		d.events, d.arrival = append(d.events, e), append(d.arrival, w.arrival[i]+later)
	}
	return d
}

// The script is killed before its post: the others end the migration once dr's word is not waited for any more.
func TestPostIsLost(t *testing.T) {
	for _, other := range testimonies()[1:] {
		if other.source == SourceClock {
			continue
		}
		t.Run(other.source, func(t *testing.T) {
			all := testimonies()
			all[0].events, all[0].arrival = all[0].events[:3], all[0].arrival[:3]
			pair := []testimony{all[0], other}
			got := play(t, pair)
			once(t, got, outcome(pair[1:]), 41, 71)
			if got[len(got)-1].Why != WhyEndLost {
				t.Errorf("why %s", got[len(got)-1].Why)
			}
			once(t, play(t, all), model.ResultCompleted, 41, 71)
		})
	}
}

// Two migrations, one behind the other, are two with every set of witnesses but those that cannot tell them apart.
func TestTwoMigrations(t *testing.T) {
	for _, gap := range []float64{600, 86400} {
		first := testimonies()
		for i := range first {
			both := []testimony{first[i], again(first[i], gap)}
			if first[i].source == SourceClock {
				both = append(first, shifted(first, gap)...)
			}
			t.Run(fmt.Sprintf("%s %g s apart", first[i].source, gap), func(t *testing.T) {
				got := slices.DeleteFunc(play(t, both), func(ep model.Episode) bool { return ep.Provisional })
				if len(got) != 2 || got[0].End.IsZero() || got[1].End.IsZero() {
					t.Errorf("%d migrations: %+v", len(got), got)
				}
			})
		}
	}
}

func shifted(all []testimony, by float64) []testimony {
	var out []testimony
	for _, w := range all {
		out = append(out, again(w, by))
	}
	return out
}

// again is the same testimony of a migration that much later.
func again(w testimony, by float64) testimony {
	w.events, w.arrival = slices.Clone(w.events), slices.Clone(w.arrival)
	for i := range w.events {
		w.arrival[i] += by
		e := &w.events[i]
		e.Time = e.Time.Add(time.Duration(by * float64(time.Second)))
		if e.Episode != "" {
			e.Episode = fmt.Sprintf("b%g", by)
		}
		switch {
		case e.Details[DetailSequence] != "":
			e.Details = map[string]string{DetailSequence: e.Details[DetailSequence] + "0"}
		case e.Details[DetailSince] != "":
			e.Details = map[string]string{DetailSince: e.Time.Add(-15 * time.Second).Format(time.RFC3339Nano)}
		}
	}
	return w
}

// Whatever witnesses tell in whatever order, an end that was told stays, no id is given twice, and at most the last
// migration is open.
func TestFuseNeverRevisesAnEnd(t *testing.T) {
	kinds := []model.EventKind{
		model.EventCheck, model.EventPre, model.EventStarted, model.EventFreeze, model.EventPost, model.EventDone,
		model.EventUndoPre, model.EventAborted, model.EventMoved, model.EventStayed, model.EventUndoCheck, model.EventRebooted,
	}
	seed := uint64(7)
	next := func(n int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int(seed >> 33 % uint64(n)) //nolint:gosec // small
	}
	for range 200 {
		var log []model.EpisodeEvent
		ends := make(map[string]time.Time)
		for i := range 25 {
			source := Witnesses()[1+next(len(Witnesses())-1)]
			e := observed(source, float64(i*9-next(60)), kinds[next(len(kinds))], DetailSequence, fmt.Sprint(next(9)))
			e.Episode = NewID("n1", e.Time)
			log = append(log, e)
			got := Fuse(nil, log, Options{Now: at(float64(i * 9)), CheckExpires: expires, Patience: 10 * time.Minute})
			seen := make(map[string]bool)
			for n, ep := range got {
				if seen[ep.ID] || ep.Open && n != len(got)-1 || ep.Open && !ep.End.IsZero() || !ep.End.IsZero() && ep.Start.After(ep.End.Add(time.Millisecond)) {
					t.Fatalf("%+v after %+v", got, log)
				}
				seen[ep.ID] = true
				if was, ok := ends[ep.ID]; ok && !was.Equal(ep.End) {
					t.Fatalf("the end of %s went from %v to %v after %+v", ep.ID, was, ep.End, log)
				}
				if !ep.End.IsZero() {
					ends[ep.ID] = ep.End
				}
			}
		}
	}
}
