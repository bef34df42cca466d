package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/demo/lab"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

func moment(seconds int) time.Time { return time.Date(2026, 3, 1, 10, 0, seconds, 0, time.UTC) }

func good() record {
	return record{
		counts: map[string]float64{"completed": 1, "aborted": 0, "lost": 0, "rebooted": 0},
		episode: model.Episode{
			ID: "a", Start: moment(0), End: moment(31), Result: model.ResultCompleted, EndBy: episode.SourceDR, Why: episode.WhyPost,
			Witnesses: []string{episode.SourceDR, episode.SourceClutils},
		},
	}
}

// Froze from 20 to 30.
func TestWrongRecord(t *testing.T) {
	off := heard{Witnesses: lab.Witnesses{Off: []string{episode.SourceErrpt}}}
	late := heard{Witnesses: lab.Witnesses{Late: map[string]time.Duration{episode.SourceState: 15 * time.Second}}}
	for name, tt := range map[string]struct {
		change func(*record)
		heard  heard
		want   string
	}{
		"right":               {func(*record) {}, off, ""},
		"twice":               {func(r *record) { r.counts["completed"] = 2 }, off, "not recorded once"},
		"not at all":          {func(r *record) { r.counts["completed"] = 0 }, off, "not recorded once"},
		"as something else":   {func(r *record) { r.counts["completed"], r.counts["aborted"] = 0, 1 }, off, "aborted 1"},
		"once too often":      {func(r *record) { r.counts["lost"] = 1 }, off, "lost 1"},
		"ended before":        {func(r *record) { r.episode.End = moment(25) }, off, "its end 10:00:25"},
		"ended long after":    {func(r *record) { r.episode.End = moment(40) }, off, "its end 10:00:40"},
		"seen to end later":   {func(r *record) { r.episode.End, r.episode.EndBy = moment(50), episode.SourceServer }, off, ""},
		"too late all same":   {func(r *record) { r.episode.End, r.episode.EndBy = moment(59), episode.SourceState }, off, "its end"},
		"told so late":        {func(r *record) { r.episode.End, r.episode.EndBy = moment(59), episode.SourceState }, late, ""},
		"began in the freeze": {func(r *record) { r.episode.Start = moment(22) }, off, "its start 10:00:22"},
		"seen only after":     {func(r *record) { r.episode.Start, r.episode.Why = moment(31), episode.WhyAfterwards }, off, ""},
		"heard the deaf one":  {func(r *record) { r.episode.Witnesses = append(r.episode.Witnesses, episode.SourceErrpt) }, off, "heard errpt"},
	} {
		r := good()
		tt.change(&r)
		got := strings.Join(wrongRecord(r, moment(20), moment(30), tt.heard), "; ")
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestMigrations(t *testing.T) {
	got := migrations("# HELP powerha_lpm_migrations_total x\npowerha_lpm_migrations_total{cluster=\"c\",node=\"n1\",result=\"completed\"} 1\n" +
		"powerha_lpm_migrations_total{cluster=\"c\",node=\"n1\",result=\"lost\"} 0\npowerha_lpm_phase{phase=\"idle\"} 1\n")
	if len(got) != 2 || got["completed"] != 1 {
		t.Errorf("%v", got)
	}
}

// Each witness is off once, and each pair is heard alone with one behind the other.
func TestWitnessPlays(t *testing.T) {
	pairs, off := map[string]bool{}, map[string]bool{}
	for _, p := range witnessPlays("native") {
		o := options{late: map[string]string{}}
		for _, a := range p.args[1:] {
			if w, ok := strings.CutPrefix(a, "--without-witness="); ok {
				o.without = append(o.without, w)
			}
			if w, ok := strings.CutPrefix(a, "--late-witness="); ok {
				name, span, _ := strings.Cut(w, "=")
				o.late[name] = span
			}
		}
		h, err := o.witnesses()
		if err != nil || !h.given() {
			t.Fatalf("%s: %v", p.name, err)
		}
		switch {
		case len(h.Off) == 1:
			off[h.Off[0]] = true
		case len(h.Off) == len(simulated())-2:
			pairs[p.name] = true
		}
	}
	if n := len(simulated()); len(off) != n || len(pairs) != n*(n-1)/2 {
		t.Errorf("%d are off in turn, %d pairs are swapped, of %d", len(off), len(pairs), n)
	}
}

func TestWitnessFlags(t *testing.T) {
	for want, args := range map[string][]string{
		`there is no witness "errlog"`:             {"--without-witness=errlog"},
		`"hmc" cannot be made late`:                {"--late-witness=hmc=3s"},
		"--late-witness=dr=soon: give a span":      {"--late-witness=dr=soon"},
		`there is no scenario "x"`:                 {"x"},
		"--late-witness=errpt=-1s: give a span, f": {"--late-witness=errpt=-1s"},
	} {
		var out, errs bytes.Buffer
		if status := run(t.Context(), args, &out, &errs); status != 2 || !strings.Contains(errs.String(), want) {
			t.Errorf("%v: exit %d, %q", args, status, errs.String())
		}
	}
}
