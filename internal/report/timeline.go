package report

import (
	"fmt"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/events"
	"powerha_lpm_exporter/internal/model"
)

// The drawing's own units; the page scales it.
const (
	chartWidth = 1000.0
	laneLabel  = 150.0 // on the left
	laneHeight = 34.0
	barHeight  = 20.0
	axisHeight = 26.0
	leastBar   = 4.0 // width of what is too short to be seen
	markWidth  = 24.0
	charWidth  = 7.0
)

// chart is the timeline with all places computed.
type chart struct {
	Width, Height float64
	Lanes         []lane
	Ticks         []tick
}

type lane struct {
	Y     float64
	Label string
	Bars  []bar
	Marks []mark
	// Beside stands behind the last bar, because it does not fit into its own.
	Beside           string
	BesideX, BesideY float64
}

type bar struct {
	X, Y, W, H float64
	Class      string // of the style sheet
	Label      string // inside; "" where it does not fit
	Title      string // in full, for the pointer and for screen readers
	TextX      float64
	TextY      float64
	Beside     bool // a label that does not fit stands behind the bars
}

type mark struct {
	X, Y   float64
	Number int
	Class  string
	Title  string
}

type tick struct {
	X     float64
	Label string
}

// scale maps time to the drawing.
type scale struct {
	from, to time.Time
}

func (s scale) x(t time.Time) float64 {
	part := float64(t.Sub(s.from)) / float64(s.to.Sub(s.from))
	return laneLabel + min(max(part, 0), 1)*(chartWidth-laneLabel-10)
}

// draw computes the timeline of a report.
func draw(r *model.Report) chart {
	s := span(r)
	c := chart{Width: chartWidth}
	c.add(phases(r, s))
	c.add(frozen(r, s))
	if !r.UnmanagedFrom.IsZero() {
		c.add(unmanaged(r, s))
	}
	for _, l := range outages(r, s) {
		c.add(l)
	}
	if len(r.Events) > 0 {
		c.addMarks(r, s)
	}
	c.ticks(s)
	return c
}

// span is the time that is shown: everything that happened and a little before and after it.
func span(r *model.Report) scale {
	s := scale{r.Start, r.End}
	include := func(t time.Time) {
		if t.IsZero() {
			return
		}
		if t.Before(s.from) {
			s.from = t
		}
		if t.After(s.to) {
			s.to = t
		}
	}
	include(r.Settled)
	include(r.UnmanagedTo)
	for _, o := range r.Outages {
		if o.Vantage == "local" || !far(o.Start, r) {
			include(o.Start)
			include(o.Start.Add(o.Duration))
		}
	}
	for _, e := range r.Events {
		include(events.Moment(e.ClusterEvent))
	}
	pad := max(s.to.Sub(s.from)/30, time.Second)
	return scale{s.from.Add(-pad), s.to.Add(pad)}
}

// far: the clock of the node that probed is too far from ours to be shown on one axis.
func far(t time.Time, r *model.Report) bool {
	return t.Before(r.Start.Add(-10*time.Minute)) || t.After(r.Judged.Add(10*time.Minute))
}

func (c *chart) add(l lane) {
	l.Y = c.Height
	for i := range l.Bars {
		b := &l.Bars[i]
		b.Y, b.H = l.Y+(laneHeight-barHeight)/2, barHeight
		b.TextX, b.TextY = b.X+6, b.Y+14
		if float64(len(b.Label))*charWidth+12 > b.W {
			if b.Beside {
				l.Beside, l.BesideY = b.Label, b.TextY
			}
			b.Label = ""
		}
		l.BesideX = max(l.BesideX, b.X+b.W+6)
	}
	c.Lanes = append(c.Lanes, l)
	c.Height += laneHeight
}

func barOf(s scale, from, to time.Time, class, label, title string) bar {
	x := s.x(from)
	return bar{X: x, W: max(s.x(to)-x, leastBar), Class: class, Label: label, Title: title}
}

func phases(r *model.Report, s scale) lane {
	l := lane{Label: "phase"}
	for i, m := range r.Phases {
		end := s.to
		if i+1 < len(r.Phases) {
			end = r.Phases[i+1].At
		}
		if m.Phase == model.PhaseIdle {
			continue
		}
		l.Bars = append(l.Bars, barOf(s, m.At, end, "phase "+string(m.Phase), string(m.Phase),
			fmt.Sprintf("%s from %s for %s", m.Phase, clock(m.At), Span(end.Sub(m.At)))))
	}
	return l
}

func frozen(r *model.Report, s scale) lane {
	l := lane{Label: "node"}
	add := func(f *model.Freeze) {
		if f == nil || f.Fused == nil {
			return
		}
		end := f.Start.Add(*f.Fused)
		b := barOf(s, f.Start, end, "freeze", "frozen "+Span(*f.Fused), fmt.Sprintf("frozen at %s for %s ± %s", clock(f.Start), Span(*f.Fused), Span(f.FusedBound)))
		b.Beside = f == r.Freeze
		l.Bars = append(l.Bars, b)
		if f.Brownout != nil && *f.Brownout > 0 {
			l.Bars = append(l.Bars, barOf(s, end, end.Add(*f.Brownout), "brownout", "", "brownout of "+Span(*f.Brownout)+" after it"))
		}
	}
	add(r.Freeze)
	for i := range r.Others {
		add(&r.Others[i])
	}
	return l
}

func unmanaged(r *model.Report, s scale) lane {
	end, until := r.UnmanagedTo, clock(r.UnmanagedTo)
	if end.IsZero() {
		end, until = s.to, "now"
	}
	return lane{Label: "PowerHA", Bars: []bar{barOf(s, r.UnmanagedFrom, end, "unmanaged", "unmanaged "+Span(end.Sub(r.UnmanagedFrom)),
		fmt.Sprintf("unmanaged from %s to %s: PowerHA monitored nothing here", clock(r.UnmanagedFrom), until))}}
}

// outages are a lane for each probe that missed its application.
func outages(r *model.Report, s scale) []lane {
	var out []lane
	for _, o := range r.Outages {
		label := o.Application + "/" + o.Probe
		if o.Vantage == "peer" {
			label += " from " + o.From
		}
		if far(o.Start, r) {
			continue // it stands in the table
		}
		b := barOf(s, o.Start, o.Start.Add(o.Duration), "outage", "no answer "+Span(o.Duration), outage(o))
		if n := len(out); n > 0 && out[n-1].Label == label {
			out[n-1].Bars = append(out[n-1].Bars, b)
			continue
		}
		out = append(out, lane{Label: label, Bars: []bar{b}})
	}
	return out
}

// addMarks places the events, one above the other where they are close.
func (c *chart) addMarks(r *model.Report, s scale) {
	var ends []float64 // of each level
	top := c.Height
	l := lane{Y: top, Label: "events"}
	for i, e := range r.Events {
		x := s.x(events.Moment(e.ClusterEvent))
		level := 0
		for level < len(ends) && x < ends[level] {
			level++
		}
		if level == len(ends) {
			ends = append(ends, 0)
		}
		ends[level] = x + markWidth
		class := "event"
		if e.Unwanted {
			class = "event unwanted"
		}
		l.Marks = append(l.Marks, mark{
			X: x, Y: top + laneHeight/2 + float64(level)*markWidth, Number: i + 1, Class: class,
			Title: fmt.Sprintf("%d: %s %s %s", i+1, clock(events.Moment(e.ClusterEvent)), e.Name, strings.Join(e.Args, " ")),
		})
	}
	c.Lanes = append(c.Lanes, l)
	c.Height += laneHeight + float64(len(ends)-1)*markWidth
}

// ticks labels the axis in round steps, about eight of them.
func (c *chart) ticks(s scale) {
	step := time.Second
	for _, next := range []time.Duration{
		2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
		10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour,
	} {
		if s.to.Sub(s.from)/step <= 8 {
			break
		}
		step = next
	}
	for t := s.from.UTC().Truncate(step).Add(step); t.Before(s.to); t = t.Add(step) {
		if x := s.x(t); x < chartWidth-40 {
			c.Ticks = append(c.Ticks, tick{x, clock(t)})
		}
	}
	c.Height += axisHeight
}
