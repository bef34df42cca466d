package accuracy

import (
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

// Lengths of the freezes, log-uniform.
const (
	LeastFreeze       = 20 * time.Millisecond
	MostFreezeVirtual = 10 * time.Minute
	MostFreezeReal    = 5 * time.Second
)

// Virtual measures n freezes of a kind in virtual time, each in a world of its
// own. The seed of the i-th is seed + i.
func Virtual(kind World, where Where, n int, seed uint64) []Case {
	out := make([]Case, 0, n)
	for i := range n {
		out = append(out, virtual(kind, where, seed+uint64(i)))
	}
	return out
}

// virtual is one freeze, with whatever else happens on such nodes around it.
func virtual(kind World, where Where, seed uint64) Case {
	w := newWorld(seed, kind, where == Alone)
	n1, n2 := w.nodes[0], w.nodes[1]
	w.run(8*time.Second + w.upTo(30*time.Second))
	if where != Rest {
		n1.tell(model.PhaseMigrating, "e1")
	}
	w.run(3*time.Second + w.upTo(10*time.Second))
	if n1.delays && w.rnd.IntN(2) == 0 {
		n1.stall(50*time.Millisecond + w.upTo(500*time.Millisecond))
		w.run(6*time.Second + w.upTo(time.Second))
	}
	truth := w.length(LeastFreeze, MostFreezeVirtual)
	start := n1.clock(w.now).Wall
	var hiccup, brownout time.Duration
	if kind == StandStill {
		hiccup = 30*time.Millisecond + w.upTo(80*time.Millisecond)
		brownout = 35*time.Millisecond + w.upTo(75*time.Millisecond)
	}
	n1.suspend(truth, hiccup, brownout)
	w.run(truth + hiccup)
	w.run(w.upTo(6 * time.Second))
	if w.rnd.IntN(2) == 0 { // time synchronisation finds out, or somebody sets the time
		n1.timeOfDay += truth - w.upTo(2*truth)
	}
	w.run(20 * time.Second)
	c := Case{Truth: truth}
	c.nearest(n1.freezes, start)
	c.False = append(c.False, booked(n2.freezes)...)
	return c
}

// Quiet lets two nodes live for d without a freeze, with stalls, lost and late
// datagrams and steps of the time of day, and returns what would be booked.
func Quiet(where Where, d time.Duration, seed uint64) []model.Freeze {
	w := newWorld(seed, RunOn, where == Alone)
	n1, n2 := w.nodes[0], w.nodes[1]
	if where != Rest {
		n1.tell(model.PhaseMigrating, "e1")
	}
	for end := w.now + d; w.now < end; {
		w.run(5*time.Second + w.upTo(20*time.Second))
		switch w.rnd.IntN(3) {
		case 0:
			n1.timeOfDay += w.upTo(48*time.Hour) - 24*time.Hour
		case 1:
			if n1.delays {
				n1.stall(w.upTo(2 * time.Second))
			}
		}
	}
	w.run(5 * time.Second)
	return append(booked(n1.freezes), booked(n2.freezes)...)
}

func booked(all []model.Freeze) (out []model.Freeze) {
	for i := range all {
		if freeze.Booked(&all[i]) {
			out = append(out, all[i])
		}
	}
	return out
}
