package accuracy

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

// LoadReport is what a node says of a busy machine, on which nothing was frozen.
type LoadReport struct {
	Where Where
	Nice  int // of the node: with more, others go before it
	For   time.Duration
	// Burned is the processor time that the others took, together.
	Burned time.Duration
	Gaps   map[freeze.Kind]int
	Worst  time.Duration  // of the stalls
	Odd    []freeze.Gap   // neither stalled nor a step of the time of day
	Booked []model.Freeze // false freezes
	// Stolen is the processor time that the hypervisor of this machine took from it meanwhile: a freeze, if a short one.
	Stolen time.Duration
	// Short counts gaps and freezes that the stolen time may be: no wrong answers.
	Short int
}

// shortFreeze is up to which length a gap may be what a hypervisor stole.
const shortFreeze = 250 * time.Millisecond

// setStolen takes out of the wrong answers what the hypervisor of this machine did itself.
func (r *LoadReport) setStolen(stolen time.Duration) {
	r.Stolen = stolen
	theft := func(estimate, bound time.Duration) bool {
		if stolen == 0 || estimate > shortFreeze || estimate-bound > stolen {
			return false
		}
		r.Short++
		return true
	}
	r.Odd = slices.DeleteFunc(r.Odd, func(g freeze.Gap) bool { return g.Kind == freeze.Suspended && theft(g.Estimate, g.Bound) })
	r.Booked = slices.DeleteFunc(r.Booked, func(f model.Freeze) bool { return theft(*f.Fused, f.FusedBound) })
}

// String is one line.
func (r LoadReport) String() string {
	var gaps []string
	for _, k := range []freeze.Kind{freeze.Stalled, freeze.Suspended, freeze.Stepped, freeze.Faulty} {
		gaps = append(gaps, fmt.Sprintf("%s %d", k, r.Gaps[k]))
	}
	return fmt.Sprintf("%s, nice %d, %v: gaps: %s; longest stall %v; false freezes %d (burned %v, stolen by the hypervisor %v, which %d answers may be)",
		r.Where, r.Nice, r.For, strings.Join(gaps, ", "), r.Worst.Round(time.Millisecond), len(r.Booked), r.Burned.Round(time.Second), r.Stolen, r.Short)
}

// Wrong counts what must not be: gaps that were not called a stall, and false freezes.
func (r *LoadReport) Wrong() int { return len(r.Odd) + len(r.Booked) }

// Load lets nodes with the fine and with the coarse sampler live for d beside
// two busy processes for each processor: of the same priority, and of a higher
// one, so that they are sure to stall.
func Load(ctx context.Context, d time.Duration) ([]LoadReport, error) {
	clk := clock.System()
	var out []LoadReport
	var pairs []*pair
	for _, n := range [...]int{0, 19} {
		for _, where := range [...]Where{Episode, Rest} {
			p, err := startPair(ctx, "", RunOn, order{Role: roleSubject, Episode: where == Episode, Nice: n})
			if err != nil {
				return nil, err
			}
			defer p.stop()
			pairs = append(pairs, p)
			out = append(out, LoadReport{Where: where, Nice: n, For: d, Gaps: make(map[freeze.Kind]int)})
		}
	}
	before := stolen()
	burned, err := burn(ctx, clk, d)
	if err != nil {
		return nil, err
	}
	stole := stolen() - before
	for i, p := range pairs {
		r := &out[i]
		r.Burned = burned
		said := p.subject.told()
		for _, l := range append(said, p.peer.told()...) {
			switch {
			case l.Err != "":
				return nil, fmt.Errorf("child: %s", l.Err)
			case l.Gap != nil:
				r.gap(*l.Gap)
			}
		}
		r.Booked = booked(freezesOf(said))
		r.setStolen(stole)
	}
	return out, nil
}

// burn keeps every processor busy twice over for d and returns the time that it took of them.
func burn(ctx context.Context, clk clock.Clock, d time.Duration) (took time.Duration, err error) {
	var burners []*process
	defer func() {
		for _, c := range burners {
			took += c.stop()
		}
	}()
	for range 2 * runtime.NumCPU() {
		c, err := startChild(order{Role: roleBurn})
		if err != nil {
			return 0, err
		}
		burners = append(burners, c)
	}
	return 0, clock.Sleep(ctx, clk, d)
}

func (r *LoadReport) gap(g freeze.Gap) {
	r.Gaps[g.Kind]++
	switch g.Kind {
	case freeze.Stalled:
		r.Worst = max(r.Worst, g.Estimate)
	case freeze.Stepped:
	default:
		r.Odd = append(r.Odd, g)
	}
}

// stolen is the eighth number of the line cpu in /proc/stat, proc_stat(5), in
// ticks of 10 ms (USER_HZ).
func stolen() time.Duration {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	var name string
	var n [8]int64
	first, _, _ := bufio.ScanLines(b, true)
	_, err = fmt.Fscan(bytes.NewReader(b[:first]), &name, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7])
	if err != nil {
		return 0
	}
	return time.Duration(n[7]) * 10 * time.Millisecond
}

// Weight is what the measuring part of an idle node took in a time.
type Weight struct {
	Heartbeats bool // or the coarse sampler alone
	For, CPU   time.Duration
	Sent       uint64 // heartbeats
}

// Percent of one processor.
func (w Weight) Percent() float64 { return 100 * w.CPU.Seconds() / w.For.Seconds() }

// String is one line.
func (w Weight) String() string {
	what := "coarse sampler alone"
	if w.Heartbeats {
		what = fmt.Sprintf("coarse sampler and heartbeats (%d sent)", w.Sent)
	}
	return fmt.Sprintf("%s: %.3f %% of a core, %v in %v", what, w.Percent(), w.CPU.Round(10*time.Microsecond), w.For)
}

// Idle weighs the coarse sampler of an idle node for d: alone, and beside it
// in another process with the heartbeats.
func Idle(ctx context.Context, d time.Duration) ([]Weight, error) {
	alone, err := startChild(order{Role: roleIdle, For: d})
	if err != nil {
		return nil, err
	}
	defer alone.stop()
	p, err := startPair(ctx, "", RunOn, order{Role: roleIdle, For: d})
	if err != nil {
		return nil, err
	}
	defer p.stop()
	var out []Weight
	for _, c := range []*process{alone, p.subject} {
		said, ok, err := c.await(ctx, p.clk, d+upTimeout, func(l line) bool { return l.Weight != nil })
		if err == nil && !ok {
			err = fmt.Errorf("a child does not tell what it used in %v", d+upTimeout)
		}
		if err != nil {
			return nil, err
		}
		w := *said[len(said)-1].Weight
		w.Heartbeats = c != alone
		out = append(out, w)
	}
	return out, nil
}
