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
	tests := []struct {
		name               string
		gap                *Gap
		step               *PeerStep
		clock, peer, fused *time.Duration
		bound              time.Duration
	}{
		{"nothing", nil, nil, nil, nil, nil, 0},
		{"gap, no peer", gap(4*time.Second, 5*ms), nil, d(4 * time.Second), nil, d(4 * time.Second), 5 * ms},
		{"gap, no step", gap(4*time.Second, 5*ms), step(ms, 2*ms), d(4 * time.Second), nil, d(4 * time.Second), 7 * ms},
		{"step alone", nil, step(4*time.Second, 2*ms), nil, d(4 * time.Second), d(4 * time.Second), 2 * ms},
		{"no step alone", nil, step(ms, 2*ms), nil, nil, nil, 0},
		{"the peer's freeze", nil, step(-4*time.Second, 2*ms), nil, nil, nil, 0},
		{"both", gap(time.Second, 5*ms), step(3*time.Second, 2*ms), d(time.Second), d(3 * time.Second), d(4 * time.Second), 7 * ms},
		{"a hiccup after it", gap(80*ms, 5*ms), step(3*time.Second, 2*ms), d(80 * ms), d(3 * time.Second), d(3080 * ms), 82 * ms},
		{"stalled", stalled, nil, nil, nil, nil, 0},
	}
	same := func(a, b *time.Duration) bool { return a == b || a != nil && b != nil && *a == *b }
	for _, tt := range tests {
		f := Fuse(tt.gap, tt.step)
		if !same(f.Clock, tt.clock) || !same(f.Peer, tt.peer) || !same(f.Fused, tt.fused) || f.FusedBound != tt.bound {
			t.Errorf("%s: %+v", tt.name, f)
		}
		if (f.Fused == nil) != f.Start.IsZero() {
			t.Errorf("%s: start %v", tt.name, f.Start)
		}
	}
}

// Without a peer that answers, a gap is a freeze at once.
func TestTrackerAlone(t *testing.T) {
	var tr Tracker
	got := tr.Step(at(10*time.Second), []Gap{gapOf(5*time.Second, 10*time.Second, 5*time.Second, 5*ms)}, nil, nil, "e1")
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
	tr.Step(at(10*time.Second), []Gap{gapOf(9*time.Second, 10*time.Second, time.Second, ms)}, nil, nil, "a")
	tr.Step(at(12*time.Second), []Gap{gapOf(11*time.Second, 12*time.Second, 990*ms, ms)}, nil, nil, "b")
	got := tr.Step(at(13*time.Second), nil, nil, nil, "b")
	if len(got) != 1 || got[0].Episode != "a" {
		t.Fatalf("%+v", got)
	}
	if got = tr.Step(at(15*time.Second), nil, nil, nil, "b"); len(got) != 1 || got[0].Episode != "b" || *got[0].Fused != 990*ms {
		t.Errorf("%+v", got)
	}
}
