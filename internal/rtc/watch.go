// Package rtc compares the monotonic clock of this node with its real-time
// clock chip, which follows the hypervisor: where no peer answers, the chip is
// the second witness of a freeze in which the counters stood still.
//
// A chip tells whole seconds. The moment at which its second turns is found by
// reading it in short intervals around the time at which it should; measured
// on guests, the difference of two such turns is right to ± 25 ms. The first
// turn after a resume may be false, so the second one counts.
package rtc

import (
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

const (
	second = time.Second
	// precision is what a turn may be wrong by, besides the reading.
	precision = 25 * time.Millisecond
	// Around the expected turn the chip is read in short intervals; where none is expected, in longer ones.
	window   = 40 * time.Millisecond
	closeBy  = 5 * time.Millisecond
	hunting  = 20 * time.Millisecond
	tooWide  = 60 * time.Millisecond // between two reads: the machine is busy, the next turn is tried
	calm     = time.Minute           // between two comparisons
	hot      = 5 * time.Second       // while a migration is open
	maxTurns = 30                    // that are tried for one comparison
)

// turn is a moment at which the chip's second changed.
type turn struct {
	second int64
	at     model.Instant
	bound  time.Duration
}

// Watch is the synchronous heart: it is told what the chip said and says when
// to read next. It belongs to one goroutine; the zero value is ready.
type Watch struct {
	hot       bool
	base      *turn // the last comparison
	triggered bool  // something irregular happened: no step is an answer too
	busy      bool  // a turn is looked for
	skip      int   // turns that do not count
	tried     int
	due       time.Duration // monotonic, of the next look

	seen    bool // the second at the last read
	last    int64
	lastAt  model.Instant // before that read
	lastTry *turn
	awaited time.Duration // the turn that is awaited
	missed  bool          // it did not come: the second turns at another time than expected
}

// SetHot makes comparisons frequent while a migration is open.
func (w *Watch) SetHot(now model.Instant, on bool) {
	w.hot = on
	if on && !w.busy {
		w.due = min(w.due, now.Mono)
	}
}

// Trigger asks for a comparison because the node may have been frozen.
func (w *Watch) Trigger(now model.Instant) {
	w.triggered, w.skip = true, 1
	w.begin(now)
}

func (w *Watch) begin(now model.Instant) {
	w.busy, w.seen, w.tried, w.due = true, false, 0, now.Mono
	w.lastTry, w.awaited, w.missed = nil, 0, false
}

// Next is how long to wait before the next read.
func (w *Watch) Next(now model.Instant) time.Duration { return max(0, w.due-now.Mono) }

// Step takes in that the chip showed a second, in a read between two moments,
// and returns a comparison when one is complete: one that was asked for, or
// one in which the chip went on and the clock did not.
func (w *Watch) Step(before, after model.Instant, sec int64) (freeze.PeerStep, bool) {
	if !w.busy {
		w.begin(after)
	}
	turned := w.seen && sec == w.last+1 && after.Mono-w.lastAt.Mono <= tooWide
	changed := w.seen && sec != w.last
	from := w.lastAt
	w.seen, w.last, w.lastAt = true, sec, before
	if !turned {
		w.plan(after, changed)
		return freeze.PeerStep{}, false
	}
	half := (after.Mono - from.Mono) / 2
	t := turn{second: sec, at: from.Add(half), bound: half + precision}
	w.lastTry, w.awaited, w.missed = &t, 0, false
	return w.judge(after, t)
}

// plan says when to read again while a turn is looked for.
func (w *Watch) plan(now model.Instant, changed bool) {
	if changed {
		w.tried++
	}
	if w.tried > maxTurns {
		w.rest(now)
		return
	}
	w.missed = w.missed || w.awaited > 0 && now.Mono > w.awaited+window
	next := now.Mono + hunting
	if expect, ok := w.expected(now.Mono); ok {
		next, w.awaited = now.Mono+closeBy, expect
		if expect-window > now.Mono {
			next = expect - window
			w.seen = false // what was seen long before does not tell when it turned
		}
	}
	w.due = next
}

// expected is the next turn to come, by one that was seen in this look: after a freeze older ones tell nothing.
func (w *Watch) expected(now time.Duration) (time.Duration, bool) {
	ref := w.lastTry
	if ref == nil && !w.triggered {
		ref = w.base
	}
	if ref == nil || w.missed {
		return 0, false
	}
	passed := now - window - ref.at.Mono
	return ref.at.Mono + (passed/second+1)*second, true
}

// judge compares a turn with the last one that counted.
func (w *Watch) judge(now model.Instant, t turn) (freeze.PeerStep, bool) {
	if w.base == nil {
		w.base = &t
		w.rest(now)
		return freeze.PeerStep{}, false
	}
	if w.skip > 0 {
		w.skip--
		w.plan(now, true)
		return freeze.PeerStep{}, false
	}
	s := w.compare(t)
	if s.Significant() && !w.triggered {
		w.triggered, w.skip = true, 0 // look once more before it is believed
		w.plan(now, true)
		return freeze.PeerStep{}, false
	}
	asked := w.triggered
	w.base = &t
	w.rest(now)
	return s, asked
}

func (w *Watch) compare(t turn) freeze.PeerStep {
	span := t.at.Mono - w.base.at.Mono
	step := time.Duration(t.second-w.base.second)*second - span
	return freeze.PeerStep{
		Chip: true, Step: step, Bound: t.bound + w.base.bound + freeze.Rate(span) + freeze.Rate(step),
		Start: w.base.at, End: t.at,
	}
}

func (w *Watch) rest(now model.Instant) {
	w.busy, w.triggered, w.skip, w.seen = false, false, 0, false
	pause := calm
	if w.hot {
		pause = hot
	}
	w.due = now.Mono + pause
	if expect, ok := w.expected(w.due); ok {
		w.due = expect - window
	}
}
