package main

import (
	"fmt"
	"path/filepath"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/report"
	"powerha_lpm_exporter/internal/snapshot"
)

// lookEvery is how often a live rehearsal looks.
const lookEvery = 500 * time.Millisecond

// rehearseLive waits for the next migration of this node to be judged, tells its phases as they begin, and prints the
// report. It only watches: the exporter has to run.
func (t *tool) rehearseLive(wait time.Duration) int {
	before, ok := t.lastJudged()
	if !ok {
		return exitUnreachable
	}
	ctx, cancel := t.clk.WithTimeout(t.ctx, wait)
	defer cancel()
	s, err := t.fetch()
	if err != nil {
		return t.fail(exitUnreachable, "%v: start powerha_lpm_exporter on this node, which measures and judges", err)
	}
	fmt.Fprintf(t.stderr, "watching node %s for up to %s; start the migration now\n", orUnknown(s.Node), report.Span(wait))
	phase, freeze := s.Episode.Phase, s.Freeze
	for {
		if r, ok := t.lastJudged(); ok && r != nil && (before == nil || r.Episode != before.Episode) {
			if t.output == "json" {
				t.json(r)
			} else {
				t.printReport(r)
			}
			return verdictStatus(r.Verdict)
		}
		if s, err := t.fetch(); err == nil {
			phase, freeze = t.tellLive(s, phase, freeze)
		}
		if clock.Sleep(ctx, t.clk, lookEvery) != nil {
			break
		}
	}
	if t.ctx.Err() != nil {
		return t.fail(exitUnknown, "stopped; nothing was changed, and the exporter goes on measuring")
	}
	return t.fail(exitUnknown, "no migration was judged within %s", report.Span(wait))
}

// tellLive says what is new, on the error stream, so that the report stands alone on the other.
func (t *tool) tellLive(s model.Snapshot, phase model.Phase, freeze *model.Freeze) (model.Phase, *model.Freeze) {
	now := clockTime(s.At.Wall)
	if s.Episode.Phase != phase {
		fmt.Fprintf(t.stderr, "%s phase %s\n", now, s.Episode.Phase)
	}
	if f := s.Freeze; f != nil && (freeze == nil || f.Start != freeze.Start || f.Episode != freeze.Episode) {
		if f.Fused == nil {
			fmt.Fprintf(t.stderr, "%s the freeze is not visible\n", now)
		} else {
			fmt.Fprintf(t.stderr, "%s was frozen for %s ± %s\n", now, report.Span(*f.Fused), report.Span(f.FusedBound))
		}
	}
	return s.Episode.Phase, s.Freeze
}

func (t *tool) fetch() (model.Snapshot, error) {
	ctx, cancel := t.clk.WithTimeout(t.ctx, 5*time.Second)
	defer cancel()
	return snapshot.Fetch(ctx, filepath.Join(t.cfg.StateDir, snapshot.SocketName))
}

// lastJudged is the newest report, nil while there is none.
func (t *tool) lastJudged() (*model.Report, bool) {
	if !t.config() {
		return nil, false
	}
	fsys, err := durable.OpenDir(t.cfg.StateDir)
	if err != nil {
		t.fail(exitUnreachable, "reports in %s: %v", t.cfg.StateDir, err)
		return nil, false
	}
	all, _, err := report.Load(fsys)
	if err != nil {
		t.fail(exitUnreachable, "%v", err)
		return nil, false
	}
	return find(all, ""), true
}
