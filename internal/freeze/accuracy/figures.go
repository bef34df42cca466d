package accuracy

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

// World is what the counters of a node do while it is frozen.
type World string

// The worlds.
const (
	RunOn      World = "A" // they run on
	StandStill World = "B" // they stand still, and a hiccup follows
)

// Where a freeze happens.
type Where string

// The places.
const (
	Episode Where = "episode" // fine tick, fast heartbeats
	Rest    Where = "at rest" // coarse tick, a heartbeat a second
	Alone   Where = "no peer" // fine tick, nobody to compare with
)

// Case is one freeze and what the node that was frozen said of it.
type Case struct {
	// Truth is how long it was, to within ± Unsure.
	Truth, Unsure time.Duration
	// Got is the freeze that was reported for it; nil when none was.
	Got *model.Freeze
	// False are freezes that would be booked and never were, here or at the peer.
	False []model.Freeze
	// Log is what else the node said around it, for whoever has to find out why.
	Log []string
}

// nearest takes the freeze that began nearest to the truth for the answer, one
// that would be booked before one that would not; whatever else would be
// booked is false.
func (c *Case) nearest(all []model.Freeze, start time.Time) {
	better := func(a, b *model.Freeze) bool {
		if x, y := freeze.Booked(a), freeze.Booked(b); x != y {
			return x
		}
		return a.Start.Sub(start).Abs() < b.Start.Sub(start).Abs()
	}
	for i := range all {
		if c.Got == nil || better(&all[i], c.Got) {
			c.Got = &all[i]
		}
	}
	for i := range all {
		if &all[i] != c.Got && freeze.Booked(&all[i]) {
			c.False = append(c.False, all[i])
		}
	}
}

// Outside reports by how much the truth lies outside the bound of the fused
// estimate, 0 when it lies within or when there is none.
func (c *Case) Outside() time.Duration {
	if c.Got == nil || c.Got.Fused == nil {
		return 0
	}
	return max(0, (*c.Got.Fused-c.Truth).Abs()-c.Got.FusedBound-c.Unsure)
}

// Row are the figures of one estimator.
type Row struct {
	How       string // virtual or real
	World     World
	Where     Where
	Estimator string // clock, peer or fused
	N, Seen   int    // freezes, and those of which there was an estimate: of fused, one that would be booked
	// Errors of the estimates, absolute.
	Median, P99, Worst time.Duration
	// Of the bounds.
	BoundMedian, BoundMax time.Duration
	Within                int // of Seen, those with the truth inside the bound
	Outside               int // of all estimates, booked or not, those without
	False                 int // freezes that never were (fused)
	Unsure                time.Duration
}

// What is aimed at for the fused estimate in an episode, in both worlds, and
// for the processor time of the idle detector.
const (
	AimMedian  = 10 * time.Millisecond
	AimP99     = 20 * time.Millisecond
	AimPercent = 0.1
)

// Aimed reports whether there is an aim for the row.
func (r *Row) Aimed() bool { return r.Estimator == "fused" && r.Where == Episode }

// Met reports whether it is met.
func (r *Row) Met() bool { return r.Seen > 0 && r.Median <= AimMedian && r.P99 <= AimP99 }

// Wrong counts what must not be: estimates with the truth outside their bound, and false freezes.
func (r *Row) Wrong() int { return r.Outside + r.False }

// Rows make figures of cases: one row an estimator.
func Rows(how string, world World, where Where, cases []Case) []Row {
	var out []Row
	for _, name := range [...]string{"clock", "peer", "fused"} {
		r := Row{How: how, World: world, Where: where, Estimator: name, N: len(cases)}
		var errs, bounds []time.Duration
		for i := range cases {
			c := &cases[i]
			r.Unsure = max(r.Unsure, c.Unsure)
			if name == "fused" {
				r.False += len(c.False)
			}
			estimate, bound := estimator(c.Got, name)
			if estimate == nil {
				continue
			}
			off := (*estimate - c.Truth).Abs()
			outside := off > bound+c.Unsure
			if outside {
				r.Outside++
			}
			if name == "fused" && !freeze.Booked(c.Got) {
				continue
			}
			errs, bounds = append(errs, off), append(bounds, bound)
			if !outside {
				r.Within++
			}
		}
		r.Seen = len(errs)
		r.Median, r.P99, r.Worst = quantile(errs, 50), quantile(errs, 99), quantile(errs, 100)
		r.BoundMedian, r.BoundMax = quantile(bounds, 50), quantile(bounds, 100)
		out = append(out, r)
	}
	return out
}

func estimator(f *model.Freeze, name string) (*time.Duration, time.Duration) {
	switch {
	case f == nil:
		return nil, 0
	case name == "clock":
		return f.Clock, f.ClockBound
	case name == "peer":
		return f.Peer, f.PeerBound
	default:
		return f.Fused, f.FusedBound
	}
}

// quantile is the nearest rank of p percent, 0 of nothing.
func quantile(of []time.Duration, p int) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Clone(of)
	slices.SortFunc(sorted, cmp.Compare[time.Duration])
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}

// Print writes the rows as a table. Times are in milliseconds.
func Print(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "run\tworld\twhere\testimator\tn\tseen\tmedian\tp99\tworst\t± median\t± max\twithin\tfalse\t")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t", r.How, r.World, r.Where, r.Estimator, r.N, r.Seen)
		for _, d := range [...]time.Duration{r.Median, r.P99, r.Worst, r.BoundMedian, r.BoundMax} {
			if r.Seen == 0 {
				fmt.Fprint(t, "-\t")
			} else {
				fmt.Fprintf(t, "%s\t", millis(d))
			}
		}
		falses := "-"
		if r.Estimator == "fused" {
			falses = fmt.Sprint(r.False)
		}
		fmt.Fprintf(t, "%d\t%s\t\n", r.Within, falses)
	}
	return t.Flush()
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond))
}
