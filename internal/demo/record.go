package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/demo/lab"
	"powerha_lpm_exporter/internal/demo/screen"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

// heard says which witnesses the exporters hear.
type heard struct {
	lab.Witnesses
	judged bool
}

func (h heard) given() bool { return h.judged }

// witnesses reads the flags.
func (o options) witnesses() (heard, error) {
	h := heard{Witnesses: lab.Witnesses{Off: o.without, Late: map[string]time.Duration{}}, judged: len(o.without)+len(o.late) > 0}
	for _, w := range o.without {
		if !episode.IsWitness(w) {
			return h, fmt.Errorf("there is no witness %q; they are %s", w, strings.Join(episode.Witnesses(), ", "))
		}
	}
	for w, text := range o.late {
		span, err := time.ParseDuration(text)
		switch {
		case !slices.Contains(simulated(), w):
			return h, fmt.Errorf("the witness %q cannot be made late here; those are %s", w, strings.Join(simulated(), ", "))
		case err != nil || span < 0:
			return h, fmt.Errorf("--late-witness=%s=%s: give a span, for instance 12s", w, text)
		}
		h.Late[w] = span
	}
	return h, nil
}

// simulated lists the witnesses that speak in a simulated cluster, in the order in which they are heard of one migration.
func simulated() []string {
	return []string{episode.SourceDR, episode.SourceClutils, episode.SourceState, episode.SourceErrpt, episode.SourceServer}
}

// lateness is longer than any of these is before another.
const lateness = 15 * time.Second

// witnessPlays lists the runs of --check-witnesses: all of them heard; each one off; each pair alone, with the one that
// mostly comes first behind the other.
func witnessPlays(scenario string) []performance {
	all := simulated()
	plays := []performance{{"all witnesses", []string{scenario, "--late-witness=" + episode.SourceServer + "=0s"}}}
	for _, w := range all {
		plays = append(plays, performance{"without " + w, []string{scenario, "--without-witness=" + w}})
	}
	for i, a := range all {
		for _, b := range all[i+1:] {
			args := []string{scenario, fmt.Sprintf("--late-witness=%s=%s", a, lateness)}
			for _, other := range all {
				if other != a && other != b {
					args = append(args, "--without-witness="+other)
				}
			}
			plays = append(plays, performance{b + " before " + a + ", and no other", args})
		}
	}
	return plays
}

func playWitnesses(ctx context.Context, o options, s scenario, out *screen.Screen) error {
	return sideBySide(ctx, o, out, witnessPlays(s.name))
}

// record is what the exporter of n1 recorded of migrations.
type record struct {
	counts  map[string]float64 // by result
	episode model.Episode
	err     error
}

func (r record) total() float64 {
	sum := 0.0
	for _, n := range r.counts {
		sum += n
	}
	return sum
}

// awaitRecord waits until a migration was counted, and then for as long as a late witness might make it two.
func (s *stage) awaitRecord(ctx context.Context) {
	if !s.scenario.heard.given() {
		return
	}
	counted := func() bool { r := s.recorded(ctx); return r.err == nil && r.total() > 0 }
	_ = s.until(ctx, 90*time.Second, "the migration to be recorded", counted) // the summary tells that it was not
	rest := 5 * time.Second
	for _, span := range s.scenario.heard.Late {
		rest = max(rest, span+5*time.Second)
	}
	select {
	case <-ctx.Done():
	case <-time.After(rest):
	}
}

func (s *stage) recorded(ctx context.Context) record {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r := record{episode: s.look().snapshots["n1"].Episode}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", s.lab.Ports["n1"].Exporter), nil)
	if err != nil {
		return record{err: err}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return record{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return record{err: err}
	}
	r.counts = migrations(string(text))
	return r
}

// migrations reads powerha_lpm_migrations_total by result.
func migrations(metrics string) map[string]float64 {
	out := make(map[string]float64)
	for line := range strings.Lines(metrics) {
		labels, ok := strings.CutPrefix(line, "powerha_lpm_migrations_total{")
		if !ok {
			continue
		}
		labels, value, ok := strings.Cut(labels, "} ")
		_, result, named := strings.Cut(labels, `result="`)
		result, _, _ = strings.Cut(result, `"`)
		if n, err := strconv.ParseFloat(strings.TrimSpace(value), 64); ok && named && err == nil {
			out[result] = n
		}
	}
	return out
}

// recordRows judges what was recorded where the witnesses were chosen.
func (s *stage) recordRows(v view, add func(string, string, ...any)) []string {
	if !s.scenario.heard.given() {
		return nil
	}
	r := s.recorded(context.Background())
	if r.err != nil {
		return []string{fmt.Sprintf("the exporter of n1 does not answer: %v", r.err)}
	}
	add("recorded", "%s by %s (%s), told by %s", r.episode.Result, r.episode.EndBy, r.episode.Why, strings.Join(r.episode.Witnesses, ", "))
	f := truth(v.referee)
	if f == nil || f.FirstCont == 0 {
		return []string{"there was no freeze"}
	}
	return wrongRecord(r, f.Wall, f.Wall.Add(f.Frozen()), s.scenario.heard)
}

// slack is how long after the freeze the end may lie that a witness tells which is only looked at now and then, or only
// tells when PowerHA's own script has put everything back.
const slack = 25 * time.Second

// wrongRecord says what is wrong with a record of the one migration, whose freeze began and ended then.
func wrongRecord(r record, froze, thawed time.Time, h heard) (wrong []string) {
	if r.total() != 1 || r.counts[string(model.ResultCompleted)] != 1 {
		var counts []string
		for _, result := range slices.Sorted(maps.Keys(r.counts)) {
			counts = append(counts, fmt.Sprintf("%s %g", result, r.counts[result]))
		}
		wrong = append(wrong, "not recorded once as completed: "+strings.Join(counts, ", "))
	}
	late := slack
	if by := r.episode.EndBy; by == episode.SourceDR || by == episode.SourceErrpt || by == episode.SourceClutils {
		late = 5 * time.Second // these carry stamps of their own
	}
	for _, span := range h.Late {
		if late == slack {
			late += span
		}
	}
	if end := r.episode.End; end.Before(thawed.Add(-2*time.Second)) || end.After(thawed.Add(late)) {
		wrong = append(wrong, fmt.Sprintf("its end %s is not that of the freeze, %s", end.Format(time.TimeOnly), thawed.UTC().Format(time.TimeOnly)))
	}
	if afterwards := r.episode.Why == episode.WhyAfterwards; !afterwards && r.episode.Start.After(froze) {
		wrong = append(wrong, fmt.Sprintf("its start %s lies behind that of the freeze, %s", r.episode.Start.Format(time.TimeOnly), froze.UTC().Format(time.TimeOnly)))
	}
	return append(wrong, deaf(r.episode, h)...)
}

// deaf looks whether somebody was heard who should not have been.
func deaf(ep model.Episode, h heard) (wrong []string) {
	for _, w := range ep.Witnesses {
		if slices.Contains(h.Off, w) {
			wrong = append(wrong, "the exporter heard "+w)
		}
	}
	return wrong
}
