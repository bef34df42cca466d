package accuracy

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

const seed = 20260501

// freezes in each world and place.
const virtualFreezes = 200

func TestVirtual(t *testing.T) {
	var rows []Row
	for _, kind := range []World{RunOn, StandStill} {
		for _, where := range []Where{Episode, Rest, Alone} {
			cases := Virtual(kind, where, virtualFreezes, seed)
			rows = append(rows, Rows("virtual", kind, where, cases)...)
			judge(t, "virtual", kind, where, cases)
		}
	}
	_ = Print(t.Output(), rows)
}

// judge asserts that the truth lies inside the bound of every fused estimate, and that nothing else is booked.
func judge(t *testing.T, how string, kind World, where Where, cases []Case) {
	t.Helper()
	for i := range cases {
		c := &cases[i]
		if len(c.False) > 0 || c.Outside() > 0 {
			t.Logf("around it:\n%s", strings.Join(c.Log, "\n"))
		}
		if out := c.Outside(); out > 0 {
			t.Errorf("%s, world %s, %s, case %d: %v ± %v, truth %v ± %v: outside by %v: %+v",
				how, kind, where, i, *c.Got.Fused, c.Got.FusedBound, c.Truth, c.Unsure, out, c.Got)
		}
		for _, f := range c.False {
			t.Errorf("%s, world %s, %s, case %d, truth %v: false freeze %v ± %v: %+v", how, kind, where, i, c.Truth, *f.Fused, f.FusedBound, f)
		}
	}
}

func TestQuiet(t *testing.T) {
	for _, where := range []Where{Episode, Rest, Alone} {
		for i := range uint64(10) {
			for _, f := range Quiet(where, 10*time.Minute, seed+i) {
				t.Errorf("%s, seed %d: false freeze %v ± %v: %+v", where, seed+i, *f.Fused, f.FusedBound, f)
			}
		}
	}
}

// A node that is suspended to memory is seen twice, by its boot clock and by its peer: it is one freeze, of the one length.
func TestSuspendedToMemory(t *testing.T) {
	for _, alone := range []bool{false, true} {
		for i := range uint64(30) {
			w := newWorld(seed+i, StandStill, alone)
			n1, n2 := w.nodes[0], w.nodes[1]
			n1.boot = true
			w.run(15*time.Second + w.upTo(time.Second))
			c := Case{Truth: w.length(time.Second, 12*time.Hour)}
			start := n1.clock(w.now).Wall
			n1.suspend(c.Truth, 0, 0)
			w.run(c.Truth + 20*time.Second)
			c.nearest(n1.freezes, start)
			c.False = append(c.False, booked(n2.freezes)...)
			judge(t, "suspended", StandStill, Rest, []Case{c})
			if c.Got == nil || c.Got.Fused == nil {
				t.Errorf("alone=%v, seed %d: %v not seen", alone, seed+i, c.Truth)
			}
		}
	}
}

// A seed gives the same world again.
func TestDeterministic(t *testing.T) {
	a, b := Virtual(StandStill, Episode, 5, seed), Virtual(StandStill, Episode, 5, seed)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%+v\nthen %+v", a, b)
	}
	if reflect.DeepEqual(a, Virtual(StandStill, Episode, 5, seed+5)) {
		t.Error("another seed gives the same")
	}
}
