package exporter

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/model"
)

// kept runs the core until it writes the file.
func (r *rig) kept() (Rejected, bool) {
	r.t.Helper()
	for range 600 {
		r.now.Wall, r.now.Mono = r.now.Wall.Add(time.Second), r.now.Mono+time.Second
		for _, e := range r.core.Step(r.now, nil) {
			if k, ok := e.(KeepRejected); ok {
				var out Rejected
				if err := json.Unmarshal(k.Data, &out); err != nil {
					r.t.Fatal(err)
				}
				return out, true
			}
		}
	}
	return Rejected{}, false
}

func TestRejectedLinesAreKeptRedacted(t *testing.T) {
	r := newRig(t, options())
	reading := model.Reading{
		Source: model.SourceGroups, At: r.now, Unparsed: 1,
		Rejected: []model.RejectedLine{{Line: 3, Text: "konten HALF-WAY frankfurt01", Why: "a state expected"}},
		Unknown:  []model.UnknownWord{{What: "group state", Word: "LEVITATING"}},
	}
	r.core.Step(r.now, []Input{ReadingDone{Reading: reading}})
	// The name is learned only after the line was seen.
	r.core.Step(r.now, []Input{ReadingDone{Reading: model.Reading{Source: model.SourceNodes, At: r.now, Nodes: []model.Node{{Name: "frankfurt01"}}}}})
	r.core.Step(r.now, []Input{ReadingDone{Reading: reading}, ReadingDone{Reading: model.Reading{Source: model.SourceManager, At: r.now, TimedOut: true, Err: "no answer"}}})
	got, ok := r.kept()
	if !ok || len(got.Lines) != 2 {
		t.Fatalf("kept %+v, %v", got, ok)
	}
	if l := got.Lines[0]; l.Times != 2 || l.Line != 3 || strings.Contains(l.Text, "frankfurt") || !strings.Contains(l.Text, "HALF-WAY xnode") || l.Command != "clRGinfo -s" {
		t.Errorf("line %+v", l)
	}
	if l := got.Lines[1]; l.Text != "LEVITATING" || l.Why != "no known group state" {
		t.Errorf("word %+v", l)
	}
	if again, ok := r.kept(); ok {
		t.Errorf("written again without a reason: %+v", again)
	}
}

func TestRejectedLinesAreBounded(t *testing.T) {
	var k rejectedLines
	now := start()
	for i := range 3 * maxKept {
		now.Wall = now.Wall.Add(time.Second)
		k.take(now, &model.Reading{Source: model.SourceGroups, Rejected: []model.RejectedLine{{Line: i, Text: fmt.Sprint("line ", i), Why: "x"}}})
	}
	lines := k.redacted(&model.Facts{})
	if len(lines) != maxKept || lines[0].Line != 2*maxKept {
		t.Errorf("%d lines, the first %+v", len(lines), lines[0])
	}
	k.take(now, &model.Reading{Source: model.SourceProcesses, Rejected: []model.RejectedLine{{Text: "sqlplus system/tiger", Why: "x"}}})
	if l := k.redacted(&model.Facts{}); strings.Contains(l[len(l)-1].Text, "tiger") {
		t.Errorf("what a program was started with is kept: %+v", l[len(l)-1])
	}
}

func TestRejectedLinesOutliveARestart(t *testing.T) {
	fsys := durable.NewMem()
	keep := &keeper{open: func() (durable.FS, error) { return fsys, nil }, wake: make(chan struct{}, 1)}
	r := newRig(t, options())
	r.core.rejected.take(r.now, &model.Reading{Source: model.SourceGroups, Rejected: []model.RejectedLine{{Line: 1, Text: "what", Why: "x"}}})
	for _, e := range r.core.rejected.write(r.now, &r.core.facts, true) {
		keep.keepRejected(e.(KeepRejected).Data)
	}
	if err := keep.flush(); err != nil {
		t.Fatal(err)
	}
	var again rejectedLines
	again.restore(fsys)
	again.take(r.now, &model.Reading{Source: model.SourceGroups, Rejected: []model.RejectedLine{{Line: 2, Text: "what", Why: "x"}}})
	if lines := again.redacted(&model.Facts{}); len(lines) != 1 || lines[0].Times != 2 || lines[0].Line != 2 {
		t.Errorf("after the restart %+v", lines)
	}
}
