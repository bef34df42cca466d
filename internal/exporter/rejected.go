package exporter

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/redact"
)

// RejectedName is the file of lines that were not understood, relative to the state folder. `lpmctl support-bundle` takes
// it in.
const RejectedName = "exporter/rejected.json"

// maxKept is how many different lines are kept; the one that was not seen for longest goes first.
const maxKept = 200

// rejectedEvery is how often the file is written at most. The first time waits as long, so that the names are known that
// have to be replaced.
const rejectedEvery = time.Minute

// Rejected is the content of the file.
type Rejected struct {
	Version int        `json:"version"`
	Lines   []KeptLine `json:"lines"`
}

// KeptLine is a line, or a word, that was not understood. Names in it are made up, and begin with x.
type KeptLine struct {
	Command string    `json:"command"`
	Line    int       `json:"line,omitempty"` // where it stood when it was seen last; 0 for a word or a whole output
	Text    string    `json:"text"`
	Why     string    `json:"why"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Times   int       `json:"times"`

	raw string // as it was printed; "" after a restart. It is never written.
}

// rejectedLines keeps what was not understood. It belongs to the core.
type rejectedLines struct {
	lines []KeptLine
	names *redact.Redactor
	dirty bool
	due   time.Duration // by the monotonic clock
}

// KeepRejected: replace exporter/rejected.json.
type KeepRejected struct{ Data []byte }

func (KeepRejected) effect() {}

// take notes what a reading did not understand. facts tell the names that must not be kept.
func (k *rejectedLines) take(now model.Instant, r *model.Reading) {
	command := powerha.Command(r.Source)
	if r.Err != "" && !r.TimedOut && !r.Missing && len(r.Rejected) == 0 {
		k.note(now, KeptLine{Command: command, raw: r.Err, Why: "nothing of the output was understood"})
	}
	for _, l := range r.Rejected {
		raw := l.Text
		if r.Source == model.SourceProcesses || r.Source == model.SourceOwners {
			raw = "[left-out]" // what programs are started with may hold anything
		}
		k.note(now, KeptLine{Command: command, Line: l.Line, raw: raw, Why: l.Why})
	}
	for _, w := range r.Unknown {
		k.note(now, KeptLine{Command: command, raw: w.Word, Why: "no known " + w.What})
	}
}

func (k *rejectedLines) note(now model.Instant, n KeptLine) {
	if !k.dirty {
		k.dirty, k.due = true, now.Mono+rejectedEvery
	}
	at := now.Wall.UTC()
	i := slices.IndexFunc(k.lines, func(l KeptLine) bool { return l.Command == n.Command && l.Why == n.Why && l.raw == n.raw })
	if i >= 0 {
		l := &k.lines[i]
		l.Line, l.Last, l.Times = n.Line, at, l.Times+1
		return
	}
	if len(k.lines) >= maxKept {
		oldest := 0
		for j := range k.lines {
			if k.lines[j].Last.Before(k.lines[oldest].Last) {
				oldest = j
			}
		}
		k.lines = slices.Delete(k.lines, oldest, oldest+1)
	}
	n.First, n.Last, n.Times = at, at, 1
	k.lines = append(k.lines, n)
}

// write returns the file when it is due, or now with force.
func (k *rejectedLines) write(now model.Instant, facts *model.Facts, force bool) []Effect {
	if !k.dirty || !force && now.Mono < k.due {
		return nil
	}
	k.dirty = false
	p, err := json.Marshal(Rejected{Version: 1, Lines: k.redacted(facts)})
	if err != nil {
		return nil // there is nothing in it that JSON cannot hold
	}
	return []Effect{KeepRejected{Data: p}}
}

// redacted replaces the names that are known by now, in every line.
func (k *rejectedLines) redacted(facts *model.Facts) []KeptLine {
	if k.names == nil {
		k.names = redact.New("x")
	}
	for _, s := range slices.Sorted(maps.Keys(facts.Good)) {
		r := facts.Good[s]
		k.names.LearnReading(&r)
	}
	for i := range k.lines {
		if strings.HasPrefix(k.lines[i].Command, "clRGinfo") {
			k.names.LearnRows(k.lines[i].raw)
		}
		k.names.LearnText(k.lines[i].raw)
	}
	out := make([]KeptLine, 0, len(k.lines))
	for i := range k.lines {
		l := &k.lines[i]
		if l.raw != "" {
			l.Text = k.names.Text(l.raw)
		}
		same := slices.IndexFunc(out, func(o KeptLine) bool { return o.Command == l.Command && o.Why == l.Why && o.Text == l.Text })
		if same < 0 {
			out = append(out, *l)
			continue
		}
		o := &out[same]
		o.Line, o.Times = l.Line, o.Times+l.Times
		if l.Last.After(o.Last) {
			o.Last = l.Last
		}
	}
	return out
}

// restore goes on from the file of an earlier run. One that cannot be read is none.
func (k *rejectedLines) restore(fsys durable.FS) {
	p, err := fsys.ReadFile(RejectedName)
	if err != nil {
		return
	}
	var was Rejected
	if json.Unmarshal(p, &was) == nil && was.Version == 1 {
		k.lines = was.Lines[:min(len(was.Lines), maxKept)]
	}
}

// keepRejected hands the file to the keeper.
func (k *keeper) keepRejected(p []byte) {
	k.mu.Lock()
	k.rejected = p
	k.mu.Unlock()
	k.nudge()
}

// flushRejected writes the file. What cannot be written waits for the next time.
func (k *keeper) flushRejected(fsys durable.FS) error {
	k.mu.Lock()
	p := k.rejected
	k.rejected = nil
	k.mu.Unlock()
	if p == nil {
		return nil
	}
	err := fsys.Replace(RejectedName, p, 0o640)
	if err != nil {
		k.mu.Lock()
		if k.rejected == nil {
			k.rejected = p
		}
		k.mu.Unlock()
	}
	return err
}
