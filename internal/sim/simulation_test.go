package sim_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/sim/det"
)

// The flags of the simulation: go test ./internal/sim -run TestSimulation -sim.seeds=1000 -sim.start=5 -sim.trace=t.jsonl
var (
	simSeeds = flag.Uint64("sim.seeds", 0, "how many seeds TestSimulation runs; 0: as many as suit every test run")
	simStart = flag.Uint64("sim.start", 1, "the first seed")
	simMost  = flag.Int64("sim.most", 1, "how many violations are reported before TestSimulation ends")
	simTrace = flag.String("sim.trace", "", "write the trace of the first seed, or of the first violation, to this file")
)

// few is how many seeds every test run has time for, with the race detector as well.
const few = 120

// TestSimulation runs whole actors through whatever its seeds draw, and holds the safety rules against what happens.
func TestSimulation(t *testing.T) {
	seeds := *simSeeds
	if seeds == 0 {
		seeds = few
	}
	began := time.Now()
	sum := runSeeds(t, *simStart, seeds)
	perCore := float64(sum.migrations) / time.Since(began).Seconds() / float64(runtime.GOMAXPROCS(0))
	t.Logf("%d seeds, %d migrations in %s of virtual time, %.0f migrations a second and core", seeds, sum.migrations, sum.virtual.Round(time.Hour), perCore)
	t.Log(counts(sum.ends))
	t.Log(counts(sum.reached))
	if *simTrace != "" && !t.Failed() {
		r, err := det.Run(*simStart, det.Options{Keep: true})
		if err != nil {
			t.Fatal(err)
		}
		writeTrace(t, r)
	}
}

type sums struct {
	mu         sync.Mutex
	migrations int
	virtual    time.Duration
	ends       map[string]int
	reached    map[string]int
}

// runSeeds shares the seeds among the processors. A seed knows nothing of another, so it replays alone.
func runSeeds(t *testing.T, start, seeds uint64) *sums {
	t.Helper()
	// A world is small and short-lived: most of what would be collected is gone with it.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	sum := &sums{ends: map[string]int{}, reached: map[string]int{}}
	var next atomic.Uint64
	var found atomic.Int64
	next.Store(start)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			cache := det.NewCache()
			for {
				seed := next.Add(1) - 1
				if seed >= start+seeds || found.Load() >= *simMost {
					return
				}
				r, err := det.Run(seed, det.Options{Cache: cache})
				if err != nil {
					t.Error(err)
					return
				}
				sum.add(r)
				if r.Violation != nil {
					found.Add(1)
					r = det.Smaller(r, cache)
					t.Errorf("%s\nagain with: go test ./internal/sim -run TestSimulation -sim.seeds=1 -sim.start=%d", r.Report(), seed)
					writeTrace(t, r)
				}
			}
		})
	}
	wg.Wait()
	return sum
}

func (s *sums) add(r det.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.migrations += r.Migrations
	s.virtual += r.Virtual
	for k, n := range r.Ends {
		s.ends[k] += n
	}
	for k := range r.Reached {
		s.reached[k]++
	}
}

func counts(m map[string]int) string {
	var out []string
	for k, n := range m {
		out = append(out, fmt.Sprintf("%s %d", k, n))
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

func writeTrace(t *testing.T, r det.Result) {
	t.Helper()
	if *simTrace == "" {
		return
	}
	f, err := os.Create(*simTrace)
	if err != nil {
		t.Error(err)
		return
	}
	if err := det.WriteTrace(f, r.Seed, r.Trace); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// The same seed gives the same trace, whatever ran before it.
func TestSimulationIsDeterministic(t *testing.T) {
	shared := det.NewCache()
	for seed := *simStart; seed < *simStart+12; seed++ {
		a, err := det.Run(seed, det.Options{Keep: true, Cache: shared})
		if err != nil {
			t.Fatal(err)
		}
		b, err := det.Run(seed, det.Options{Keep: true})
		if err != nil {
			t.Fatal(err)
		}
		if x, y := det.Hash(a.Trace), det.Hash(b.Trace); x != y || len(a.Trace) < 20 {
			for i := range min(len(a.Trace), len(b.Trace)) {
				if s, z := a.Trace[i].String(), b.Trace[i].String(); s != z {
					t.Errorf("seed %d differs at record %d:\n%s\n%s", seed, i, s, z)
					break
				}
			}
			t.Fatalf("seed %d: %d records %x, then %d records %x", seed, len(a.Trace), x, len(b.Trace), y)
		}
	}
}
