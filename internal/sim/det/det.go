// Package det is the deterministic simulation of whole actors: one seeded
// queue of events and virtual time; on each node the product's own actor core
// and journal, its DR script, parsers and fold of the episode log; around
// them the simulated cluster of package sim, with faults of every kind.
// Everything that is not the product is reached through the five seams of the
// architecture: clock, command runner, file system, query, peer link.
//
// A referee writes a trace of what truly happens, and a checker holds the
// safety rules S1 to S13 against it. The same seed gives the same trace.
// Tests alone import this package.
package det

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// Options say how a seed is run.
type Options struct {
	Cache *Cache
	// Without names faults of the plan, by their number, that are left out.
	Without []int
	// Keep the whole trace in the result.
	Keep bool
}

// Violation is a rule that did not hold.
type Violation struct {
	At        time.Duration
	Invariant string
	Node      string
	Text      string
}

// Result is what became of a seed.
type Result struct {
	Seed       uint64
	Violation  *Violation
	Migrations int
	Virtual    time.Duration
	Ends       map[string]int // what became of the migrations, and the checks that were made
	Reached    map[string]bool
	Trace      []Record
	Faults     []string
}

// Run runs one seed.
func Run(seed uint64, opt Options) (Result, error) {
	p := newPlan(seed)
	if opt.Cache == nil {
		opt.Cache = NewCache()
	}
	w, err := newWorld(seed, p, opt.Cache)
	if err != nil {
		return Result{}, fmt.Errorf("seed %d: %w", seed, err)
	}
	w.schedule(opt.Without)
	w.run()
	r := Result{Seed: seed, Migrations: w.migrations, Virtual: w.now, Ends: w.check.ends, Reached: w.check.reached, Faults: p.list(opt.Without)}
	if len(w.check.found) > 0 {
		r.Violation = &w.check.found[0]
	}
	if opt.Keep || r.Violation != nil {
		r.Trace = w.trace
	}
	return r, nil
}

func (p *plan) list(without []int) []string {
	var out []string
	for i, f := range p.faults {
		if !slices.Contains(without, i) {
			out = append(out, fmt.Sprintf("%d %s %s", i, f.at.Round(time.Millisecond), f.name))
		}
	}
	return out
}

// schedule puts the plan into the queue, and looks now and then whether all is over.
func (w *World) schedule(without []int) {
	knobs := []string{}
	for _, k := range sortedKeys(w.plan.knobs) {
		knobs = append(knobs, k+"="+w.plan.knobs[k])
	}
	c := w.plan.config
	w.emit("", "config", "mode", c.Migration.Mode, "nodes", w.plan.nodes, "knobs", knobs, "version", w.plan.version)
	for i, f := range w.plan.faults {
		if slices.Contains(without, i) {
			continue
		}
		w.push(event{at: f.at, fn: func() {
			if !strings.HasPrefix(f.name, "migration") && !strings.HasPrefix(f.name, "variables") {
				w.emit("", "fault", "name", f.name)
			}
			f.do(w)
		}})
	}
	w.push(event{at: w.plan.cease, fn: w.lookForEnd})
	w.after(lookEvery, w.lookForSilence)
}

// lookForSilence holds S3 while faults go on.
func (w *World) lookForSilence() {
	w.check.silence()
	w.after(2*lookEvery, w.lookForSilence)
}

const lookEvery = 10 * time.Second

// lookForEnd ends the world when nothing is under way any more, or at the bound.
func (w *World) lookForEnd() {
	c := w.plan.config
	bound := w.plan.cease + c.Migration.ProductScriptTimeout.D() + c.Migration.SuspensionDeadline.D() + 45*time.Minute
	switch {
	case w.now >= bound:
		w.check.late()
		w.over = true
	case !w.plan.long && w.now > w.plan.cease && w.check.settled():
		w.over = true
	default:
		w.after(lookEvery, w.lookForEnd)
	}
}

// Hash is a digest of a trace.
func Hash(trace []Record) uint64 {
	h := fnv.New64a()
	for _, r := range trace {
		b, _ := json.Marshal(r.Fields) // strings, numbers and lists
		fmt.Fprintf(h, "%d %s %s %s\n", r.At, r.Node, r.Kind, b)
	}
	return h.Sum64()
}

// Smaller leaves out of a violation's plan whatever is not needed for it, and returns the result of what remains.
func Smaller(r Result, cache *Cache) Result {
	if r.Violation == nil {
		return r
	}
	best, without := r, []int(nil)
	for i := range newPlan(r.Seed).faults {
		try, err := Run(r.Seed, Options{Cache: cache, Without: append(slices.Clone(without), i)})
		if err == nil && try.Violation != nil && try.Violation.Invariant == r.Violation.Invariant {
			best, without = try, append(without, i)
		}
	}
	return best
}

// Report tells of a violation what a person needs: the rule, what was needed for it, and the end of the trace.
func (r Result) Report() string {
	if r.Violation == nil {
		return ""
	}
	var b strings.Builder
	v := r.Violation
	fmt.Fprintf(&b, "seed %d: %s on %q at %s: %s\nwhat goes wrong in it:\n", r.Seed, v.Invariant, v.Node, v.At, v.Text)
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "  %s\n", f)
	}
	if len(r.Trace) > 0 {
		fmt.Fprintln(&b, r.Trace[0])
	}
	for _, x := range shorten(r.Trace, 70) {
		fmt.Fprintln(&b, x)
	}
	return b.String()
}
