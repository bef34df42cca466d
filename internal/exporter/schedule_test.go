package exporter

import (
	"maps"
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/budget"
	"powerha_lpm_exporter/internal/model"
)

// begun lists the reads of a rig by when they began.
func (r *rig) begun(f func()) map[time.Duration][]model.Source {
	out := make(map[time.Duration][]model.Source)
	r.watch = func(s model.Source) { out[r.now.Mono] = append(out[r.now.Mono], s) }
	f()
	r.watch = nil
	return out
}

// After the first round commands do not run in bursts: no more than two begin in the same second, of each source one in
// an interval.
func TestStaggered(t *testing.T) {
	r := newRig(t, options())
	r.answers = witnessed()
	r.advance(time.Minute)
	reads := r.begun(func() { r.advance(5 * time.Minute) })
	all := make(map[model.Source]int)
	for at, s := range reads {
		if len(s) > 1 || len(s)+len(reads[at+500*time.Millisecond]) > 2 {
			t.Errorf("at %s: %v, then %v", at, s, reads[at+500*time.Millisecond])
		}
		for _, x := range s {
			all[x]++
		}
	}
	for s, n := range all {
		if want := int(20 / intervals(s)); n != want {
			t.Errorf("%s was read %d times in 5 minutes, want %d", s, n, want)
		}
	}
	if len(all) != len(needed(r.core.opt.Enabled, true)) {
		t.Errorf("read %v", all)
	}
}

// In the critical seconds nothing runs that is not needed, and what PowerHA's script changes is always younger than
// fact_age or not believed.
func TestCriticalSeconds(t *testing.T) {
	o := options()
	o.FactAge = 10 * time.Second
	r := newRig(t, o)
	r.answers = witnessed()
	r.advance(time.Minute)
	r.event(model.EventPre, "stage", "begin")
	for at, sources := range r.begun(func() {
		for range 60 {
			r.advance(500 * time.Millisecond)
			for _, s := range budget.AllSources() {
				if got, ok := r.core.inForce(r.now, s); changing(s) && (!ok || r.now.Sub(got.At) > o.FactAge) {
					t.Fatalf("at %s: %s is %s old, known %v", r.now.Mono, s, r.now.Sub(got.At), ok)
				}
			}
		}
	}) {
		for _, s := range sources {
			if !vital(s) {
				t.Errorf("at %s, %s into the preparation, %s was read", at, at-1060*time.Second, s)
			}
		}
	}
	// What is not read anew within fact_age is not believed, though it is still published.
	r.answers[model.SourceNodeTimeout] = model.Reading{Err: "permission denied"}
	r.advance(11 * time.Second)
	if _, ok := r.core.inForce(r.now, model.SourceNodeTimeout); ok {
		t.Error("believes what it did not read within fact_age")
	}
	if _, ok := r.core.View(r.now).Fresh[model.SourceNodeTimeout]; !ok {
		t.Error("does not publish it any more")
	}
	if b := r.core.View(r.now).Budgets[1]; b.Limit != "unknown" {
		t.Errorf("budget of it: %+v", b)
	}
	// A migration of hours does not make the rest stale.
	r.event(model.EventPre, "stage", "end")
	for range 240 {
		r.advance(30 * time.Second)
		v := r.core.View(r.now)
		for _, s := range []model.Source{model.SourceCluster, model.SourceMembers, model.SourceTunables, model.SourceMonitors, model.SourceInittab} {
			if _, ok := v.Fresh[s]; !ok {
				t.Fatalf("%s into it %s is stale", r.now.Wall.Sub(start().Wall), s)
			}
		}
	}
}

// A second witness that hangs keeps no command from those that need it, and is not joined by another run.
func TestHungWitness(t *testing.T) {
	r := newRig(t, options())
	r.advance(10 * time.Minute) // nothing answers for the witnesses
	if n := r.reads[model.SourceGroupAttrs]; n > maxRuns {
		t.Errorf("clmgr hangs and was run %d times", n)
	}
	if n := r.reads[model.SourceNodes]; n < 35 {
		t.Errorf("nodes were read %d times only", n)
	}
	for _, s := range r.core.View(r.now).Collectors {
		if !s.Success || s.Timeouts != 0 {
			t.Errorf("%+v", s)
		}
	}
}

// All that is due after a change of phase is read: the vital ones at once, the rest one after another.
func TestHurried(t *testing.T) {
	r := newRig(t, options())
	r.answers = witnessed()
	r.advance(2 * time.Minute)
	reads := r.begun(func() {
		r.event(model.EventCheck)
		r.advance(6 * time.Second)
	})
	at := slices.Min(slices.Collect(maps.Keys(reads)))
	for d, begun := range reads {
		rest := slices.DeleteFunc(slices.Clone(begun), vital)
		if d != at && len(rest) > 2 || d == at && len(rest) > 0 {
			t.Errorf("%s after the change of phase: %v", d-at, begun)
		}
	}
	all := slices.Concat(slices.Collect(maps.Values(reads))...)
	for _, s := range needed(r.core.opt.Enabled, true) {
		switch {
		case vital(s) && !slices.Contains(reads[at], s):
			t.Errorf("%s was not read at once", s)
		case intervals(s) != rare && !slices.Contains(all, s):
			t.Errorf("%s was not read", s)
		}
	}
}

func TestOnlyOwnCollectors(t *testing.T) {
	for _, name := range collector.Names() {
		o := options()
		o.Cluster, o.Node, o.Enabled = "c1", "n1", map[string]bool{name: true}
		r := newRig(t, o)
		r.answers = witnessed()
		r.core.identity()
		r.reads = make(map[model.Source]int)
		r.advance(10 * time.Minute)
		for s := range r.reads {
			if !slices.Contains(slices.Concat(judgedBy(name), alsoReads(name)), s) {
				t.Errorf("%s: read %s", name, s)
			}
		}
	}
}
