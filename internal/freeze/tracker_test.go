package freeze

import (
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

func at(d time.Duration) model.Instant {
	return model.Instant{Wall: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).Add(d), Mono: d}
}

func gapOf(from, to, estimate, bound time.Duration) Gap {
	return Gap{Kind: Suspended, Start: at(from), End: at(to), Estimate: estimate, Bound: bound}
}

func TestFuse(t *testing.T) {
	gap := func(est, bound time.Duration) *Gap { g := gapOf(0, est, est, bound); return &g }
	step := func(s, bound time.Duration) *PeerStep {
		return &PeerStep{Peer: "n2", Step: s, Bound: bound, Start: at(time.Second)}
	}
	d := func(v time.Duration) *time.Duration { return &v }
	stalled := gap(time.Second, 5*ms)
	stalled.Kind = Stalled
	boot := gap(3*time.Second, 9*ms)
	boot.Clock = "boot"
	type visible = model.Visible
	tests := []struct {
		name               string
		gap                *Gap
		step, chip         *PeerStep
		clock, peer, fused *time.Duration
		bound              time.Duration
		visible            visible
	}{
		{"nothing", nil, nil, nil, nil, nil, nil, 0, visible{}},
		{"gap, no peer", gap(4*time.Second, 5*ms), nil, nil, d(4 * time.Second), nil, d(4 * time.Second), 5 * ms, visible{Clock: true}},
		{"gap, no step", gap(4*time.Second, 5*ms), step(ms, 2*ms), nil, d(4 * time.Second), nil, d(4 * time.Second), 7 * ms, visible{Clock: true, Peer: true}},
		{"step alone", nil, step(4*time.Second, 2*ms), nil, nil, d(4 * time.Second), d(4 * time.Second), 2 * ms, visible{Peer: true}},
		{"no step alone", nil, step(ms, 2*ms), nil, nil, nil, nil, 0, visible{Peer: true}},
		{"the peer's freeze", nil, step(-4*time.Second, 2*ms), nil, nil, nil, nil, 0, visible{Peer: true}},
		{"both", gap(3*time.Second, 5*ms), step(3*time.Second, 2*ms), nil, d(3 * time.Second), d(3 * time.Second), d(6 * time.Second), 3007 * ms, visible{Clock: true, Peer: true}},
		{"a long hiccup after it", gap(1640*ms, 5*ms), step(4*time.Second, 2*ms), nil, nil, d(4 * time.Second), d(4 * time.Second), 1647 * ms, visible{Peer: true}},
		{"a hiccup after it", gap(80*ms, 5*ms), step(3*time.Second, 2*ms), nil, nil, d(3 * time.Second), d(3 * time.Second), 87 * ms, visible{Peer: true}},
		{"a hiccup longer than the freeze", gap(80*ms, 5*ms), step(30*ms, 2*ms), nil, nil, d(30 * ms), d(30 * ms), 87 * ms, visible{Peer: true}},
		{"a short gap that a peer has looked at", gap(80*ms, 5*ms), step(ms, 2*ms), nil, d(80 * ms), nil, d(80 * ms), 7 * ms, visible{Clock: true, Peer: true}},
		{"a short gap that nobody has looked at", gap(80*ms, 5*ms), nil, nil, nil, nil, nil, 0, visible{}},
		{"the chip alone", gap(80*ms, 5*ms), nil, step(3*time.Second, 30*ms), nil, nil, d(3 * time.Second), 115 * ms, visible{RTC: true}},
		{"the chip beside a peer", nil, step(3*time.Second, 2*ms), step(3010*ms, 30*ms), nil, d(3 * time.Second), d(3 * time.Second), 2 * ms, visible{Peer: true, RTC: true}},
		{"the chip says nothing was hidden", gap(4*time.Second, 5*ms), nil, step(ms, 30*ms), d(4 * time.Second), nil, d(4 * time.Second), 35 * ms, visible{Clock: true, RTC: true}},
		{"the boot clock ran on: the peer's step is of the same time", boot, step(3001*ms, 2*ms), nil, d(3 * time.Second), d(3001 * ms), d(3001 * ms), 2 * ms, visible{Clock: true, Peer: true}},
		{"the boot clock ran on, no peer", boot, nil, nil, d(3 * time.Second), nil, d(3 * time.Second), 9 * ms, visible{Clock: true}},
		{"stalled", stalled, nil, nil, nil, nil, nil, 0, visible{}},
	}
	same := func(a, b *time.Duration) bool { return a == b || a != nil && b != nil && *a == *b }
	for _, tt := range tests {
		f := Fuse(tt.gap, tt.step, tt.chip)
		if !same(f.Clock, tt.clock) || !same(f.Peer, tt.peer) || !same(f.Fused, tt.fused) || f.FusedBound != tt.bound || f.Visible != tt.visible {
			t.Errorf("%s: %+v", tt.name, f)
		}
		if f.Fused != nil && f.Start.IsZero() {
			t.Errorf("%s: no start", tt.name)
		}
	}
}

// Without a peer that answers, a gap is a freeze after a moment.
func TestTrackerAlone(t *testing.T) {
	var tr Tracker
	got := tr.Step(at(10*time.Second), []Gap{gapOf(5*time.Second, 10*time.Second, 5*time.Second, 5*ms)}, nil, nil, "e1")
	if len(got) != 0 || !tr.Pending() {
		t.Errorf("did not wait for a signal: %+v", got)
	}
	got = tr.Step(at(10*time.Second+least), nil, nil, nil, "")
	if len(got) != 1 || got[0].Episode != "e1" || *got[0].Fused != 5*time.Second || got[0].Peer != nil || got[0].Brownout != nil || tr.Pending() {
		t.Errorf("%+v", got)
	}
	stall := gapOf(11*time.Second, 12*time.Second, time.Second, 5*ms)
	stall.Kind = Stalled
	stepped := stall
	stepped.Kind = Stepped
	if got := tr.Step(at(12*time.Second), []Gap{stall, stepped}, nil, nil, "e1"); len(got) != 0 || tr.Pending() {
		t.Errorf("stalls and steps of the time of day: %+v", got)
	}
}

// With a peer, a gap waits for what the peer's clock says, but no longer than Wait.
func TestTrackerWaits(t *testing.T) {
	tests := []struct {
		name     string
		step     *PeerStep
		silence  *PeerSilence
		after    time.Duration // until it is finished
		fused    time.Duration
		brownout time.Duration // -1: none
	}{
		{"no answer", nil, nil, Wait, 4 * time.Second, -1},
		{"no step, no silence", &PeerStep{Step: 0, Bound: ms, Start: at(5 * time.Second), End: at(10200 * ms)}, nil, Wait, 4 * time.Second, -1},
		{"both", &PeerStep{Step: 2 * time.Second, Bound: ms, Start: at(5 * time.Second), End: at(10200 * ms)}, &PeerSilence{Duration: 6110 * ms, Interval: 100 * ms}, time.Second, 6 * time.Second, 60 * ms},
		{"a step of another time", &PeerStep{Step: 0, Bound: ms, Start: at(time.Second), End: at(2 * time.Second)}, nil, Wait, 4 * time.Second, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var tr Tracker
			tr.SetPeers(1)
			got := tr.Step(at(10*time.Second), []Gap{gapOf(6*time.Second, 10*time.Second, 4*time.Second, 5*ms)}, nil, nil, "")
			for d := 100 * ms; len(got) == 0 && d < time.Minute; d += 100 * ms {
				var steps []PeerStep
				var silences []PeerSilence
				if d == time.Second && tt.step != nil {
					steps = append(steps, *tt.step)
				}
				if d == 700*ms && tt.silence != nil {
					silences = append(silences, *tt.silence)
				}
				if got = tr.Step(at(10*time.Second+d), nil, steps, silences, "later"); len(got) > 0 && d != tt.after {
					t.Errorf("finished after %v, want %v", d, tt.after)
				}
			}
			if len(got) != 1 || *got[0].Fused != tt.fused || got[0].Episode != "" {
				t.Fatalf("%+v", got)
			}
			if b := got[0].Brownout; (b == nil) != (tt.brownout < 0) || b != nil && *b != tt.brownout {
				t.Errorf("brownout %v, want %v", b, tt.brownout)
			}
			if tr.Pending() {
				t.Error("still pending")
			}
		})
	}
}

// Of several peers the most precise one counts, and each is waited for.
func TestTrackerManyPeers(t *testing.T) {
	var tr Tracker
	tr.SetPeers(2)
	step := func(peer string, s, bound time.Duration) PeerStep {
		return PeerStep{Peer: peer, Step: s, Bound: bound, Start: at(5 * time.Second), End: at(6 * time.Second)}
	}
	got := tr.Step(at(7*time.Second), nil, []PeerStep{step("n2", 4020*ms, 50*ms)}, nil, "e")
	got = append(got, tr.Step(at(8*time.Second), nil, []PeerStep{step("n3", 4*time.Second, ms)}, nil, "e")...)
	if len(got) != 0 {
		t.Fatalf("did not wait for what the peers missed: %+v", got)
	}
	got = tr.Step(at(8500*ms), nil, nil, []PeerSilence{{Peer: "n2", Duration: 4150 * ms, Interval: 100 * ms}}, "e")
	if len(got) != 1 || *got[0].Fused != 4*time.Second || got[0].FusedBound != ms || *got[0].Brownout != 50*ms || !got[0].Start.Equal(at(5*time.Second).Wall) {
		t.Errorf("%+v", got)
	}
}

// Two freezes at a short distance are two.
func TestTrackerTwo(t *testing.T) {
	var tr Tracker
	tr.SetPeers(1)
	tr.Step(at(10*time.Second), []Gap{gapOf(7*time.Second, 10*time.Second, 3*time.Second, ms)}, nil, nil, "a")
	tr.Step(at(12*time.Second), []Gap{gapOf(10100*ms, 12*time.Second, 2190*ms, ms)}, nil, nil, "b")
	got := tr.Step(at(13*time.Second), nil, nil, nil, "b")
	if len(got) != 1 || got[0].Episode != "a" {
		t.Fatalf("%+v", got)
	}
	if got = tr.Step(at(15*time.Second), nil, nil, nil, "b"); len(got) != 1 || got[0].Episode != "b" || *got[0].Fused != 2190*ms {
		t.Errorf("%+v", got)
	}
}

// A stop that SIGCONT ended, or that a debugger made, is a freeze of low confidence.
func TestDoubt(t *testing.T) {
	tests := []struct {
		name      string
		traced    bool
		continued time.Duration
		want      model.Doubt
	}{
		{"nothing", false, 0, ""},
		{"SIGCONT at the end", false, 10*time.Second + ms, model.DoubtContinued},
		{"SIGCONT before it", false, 4 * time.Second, ""},
		{"SIGCONT after it", false, 11 * time.Second, ""},
		{"a debugger", true, 0, model.DoubtTraced},
	}
	for _, tt := range tests {
		var tr Tracker
		g := gapOf(5*time.Second, 10*time.Second, 5*time.Second, 5*ms)
		g.Traced = tt.traced
		tr.Step(at(10*time.Second), []Gap{g}, nil, nil, "")
		if tt.continued > 0 {
			tr.Continued(at(tt.continued))
		}
		got := tr.Step(at(12*time.Second), nil, nil, nil, "")
		if len(got) != 1 || got[0].Doubt != tt.want || (got[0].Confidence() == "low") != (tt.want != "") {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// Witnesses that contradict each other are shown, not averaged away.
func TestDisagreement(t *testing.T) {
	step := func(peer string, s, bound time.Duration) PeerStep {
		return PeerStep{Peer: peer, Chip: peer == "", Step: s, Bound: bound, Start: at(5 * time.Second), End: at(6 * time.Second)}
	}
	d := func(v time.Duration) *time.Duration { return &v }
	tests := []struct {
		name    string
		peers   int
		steps   []PeerStep
		silence time.Duration
		want    *time.Duration
		fused   time.Duration
	}{
		{"one peer", 1, []PeerStep{step("n2", 4*time.Second, ms)}, 0, nil, 4 * time.Second},
		{"two agree", 2, []PeerStep{step("n2", 4*time.Second, ms), step("n3", 4*time.Second+2*ms, 3*ms)}, 0, d(0), 4 * time.Second},
		{"two differ", 2, []PeerStep{step("n2", 4*time.Second, ms), step("n3", 5*time.Second, 9*ms)}, 0, d(990 * ms), 4 * time.Second},
		{"chip differs", 1, []PeerStep{step("n2", 4*time.Second, ms), step("", 2*time.Second, 29*ms)}, 0, d(1970 * ms), 4 * time.Second},
		{"a silence that is too short", 1, []PeerStep{step("n2", 4*time.Second, ms)}, 3 * time.Second, d(999 * ms), 4 * time.Second},
		{"a silence that fits", 1, []PeerStep{step("n2", 4*time.Second, ms)}, 4100 * ms, d(0), 4 * time.Second},
	}
	for _, tt := range tests {
		var tr Tracker
		tr.SetPeers(tt.peers)
		var silences []PeerSilence
		if tt.silence > 0 {
			silences = append(silences, PeerSilence{Peer: "n2", Duration: tt.silence, Interval: 100 * ms})
		}
		got := tr.Step(at(7*time.Second), nil, tt.steps, silences, "e")
		got = append(got, tr.Step(at(11*time.Second), nil, nil, nil, "e")...)
		if len(got) != 1 || *got[0].Fused != tt.fused {
			t.Errorf("%s: %+v", tt.name, got)
			continue
		}
		if dis := got[0].Disagreement; (dis == nil) != (tt.want == nil) || dis != nil && *dis != *tt.want {
			t.Errorf("%s: disagreement %v, want %v", tt.name, dis, tt.want)
		}
	}
}

// What is certain to be a freeze is booked, however wide the hiccup after it makes the bound.
func TestBooked(t *testing.T) {
	d := func(v time.Duration) *time.Duration { return &v }
	for name, tt := range map[string]struct {
		f    model.Freeze
		want bool
	}{
		"not visible":          {model.Freeze{}, false},
		"perhaps waits alone":  {model.Freeze{Fused: d(300 * ms), FusedBound: 300 * ms}, false},
		"too long to be waits": {model.Freeze{Fused: d(2 * time.Second), FusedBound: 2 * time.Second}, true},
		"sure":                 {model.Freeze{Fused: d(30 * ms), FusedBound: 9 * ms}, true},
		"stepped":              {model.Freeze{Fused: d(60 * ms), Peer: d(60 * ms), FusedBound: 110 * ms}, true},
	} {
		if got := Booked(&tt.f); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The clock chip counts where no peer answers; by itself, outside a migration, it says nothing.
func TestTrackerChip(t *testing.T) {
	chip := PeerStep{Chip: true, Step: 4 * time.Second, Bound: 30 * ms, Start: at(5 * time.Second), End: at(12 * time.Second)}
	var tr Tracker
	tr.SetChip(true)
	if got := tr.Step(at(10*time.Second), []Gap{gapOf(9900*ms, 10*time.Second, 90*ms, 5*ms)}, nil, nil, ""); len(got) != 0 {
		t.Errorf("did not wait for the chip: %+v", got)
	}
	got := tr.Step(at(12*time.Second), nil, []PeerStep{chip}, nil, "")
	if len(got) != 1 || *got[0].Fused != 4*time.Second || *got[0].RTC != 4*time.Second || got[0].Clock != nil || !got[0].Visible.RTC {
		t.Errorf("%+v", got)
	}
	for episode, want := range map[string]int{"": 0, "e": 1} {
		tr.Step(at(20*time.Second), nil, []PeerStep{chip}, nil, episode)
		if got := tr.Step(at(25*time.Second), nil, nil, nil, episode); len(got) != want {
			t.Errorf("a step of the chip alone, episode %q: %+v", episode, got)
		}
	}
}

// Where the datagrams are known that bound a silence, the brownout is exact.
func TestBrownout(t *testing.T) {
	tests := []struct {
		name    string
		gap     *Gap
		step    time.Duration
		silence PeerSilence
		want    time.Duration
	}{
		// The clocks ran on: 700 ms after a datagram frozen for 4 s; the next one came 60 ms late.
		{"clocks ran on", new(gapOf(5700*ms, 9700*ms, 4*time.Second, ms)), 0, PeerSilence{Duration: 4760 * ms, Interval: time.Second, Before: 5 * time.Second, After: 9700 * ms}, 60 * ms},
		// They stood still: a whole interval passed, and 60 ms more.
		{"clocks stood still", nil, 4 * time.Second, PeerSilence{Duration: 5060 * ms, Interval: time.Second, Before: 5 * time.Second, After: 6 * time.Second}, 60 * ms},
		// Something made the node send early.
		{"sent early", nil, 4 * time.Second, PeerSilence{Duration: 4760 * ms, Interval: time.Second, Before: 5 * time.Second, After: 5700 * ms}, 60 * ms},
		// What was sent first was lost.
		{"datagrams lost", nil, 4 * time.Second, PeerSilence{Duration: 4350 * ms, Interval: 100 * ms, Before: 5 * time.Second, After: 5350 * ms}, 250 * ms},
	}
	for _, tt := range tests {
		p := pending{gap: tt.gap, silence: &tt.silence}
		f := Fuse(tt.gap, &PeerStep{Step: tt.step, Bound: ms}, nil)
		if got := p.brownout(&f); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
