package freeze

import (
	"time"

	"powerha_lpm_exporter/internal/model"
)

// PeerStep is the result of one comparison with a peer's clock before and
// after something irregular.
type PeerStep struct {
	Peer string
	Chip bool // it is the real-time clock chip of this node instead of a peer
	// Step is by how much the peer's monotonic clock went ahead of ours. A
	// positive one is time in which ours stood still; a negative one is the
	// peer's freeze. The truth lies within ± Bound.
	Step, Bound time.Duration
	// Start is the last comparison before the step, End the first after it.
	Start, End model.Instant
}

// Significant reports whether the offset moved at all.
func (s PeerStep) Significant() bool { return s.Step > s.Bound || s.Step < -s.Bound }

// PeerSilence is how long a peer heard nothing of this node, as the peer told
// us. Interval is the one at which it should have heard.
type PeerSilence struct {
	Peer               string
	Duration, Interval time.Duration
	// Before and After are when, by our monotonic clock, we sent the last
	// datagram that the peer heard before it and the first after it; both 0
	// when that is not remembered.
	Before, After time.Duration
}

// Hiccup is the most by which a node is late that was just resumed: 30 to
// 110 ms were measured on resumed guests, a second on a busy machine. A gap up
// to this may be no freeze but what follows one that the clocks inside do not
// show.
const Hiccup = 2 * time.Second

// Fuse makes one freeze of the gap seen inside, of the step of the offset to a
// peer, and of that to the clock chip; each may be nil. The freeze is the gap
// plus the step, and so are the bounds: one of the two is 0, whichever way the
// hypervisor treats the counters. A peer comes before the chip, which is less
// precise. A step that is not significant is no freeze, but proves that
// nothing was hidden, to within its bound.
//
// Where the offset stepped the counters stood still, so that a short gap is
// the hiccup after the freeze: it is left out and widens the bound. So is a gap
// that another clock than the monotonic one shows: heartbeats carry that one,
// and the step is of the same time. A short gap that nobody outside has looked
// at proves nothing: the freeze is not visible then, and Fused is nil.
func Fuse(gap *Gap, peer, chip *PeerStep) model.Freeze {
	var f model.Freeze
	step := peer
	if peer != nil {
		f.Visible.Peer = true
		if peer.Step > peer.Bound {
			f.Peer, f.PeerBound = new(peer.Step), peer.Bound
		}
	}
	if chip != nil {
		f.Visible.RTC = true
		if chip.Step > chip.Bound {
			f.RTC, f.RTCBound = new(chip.Step), chip.Bound
		}
		if peer == nil {
			step = chip
		}
	}
	if gap != nil && gap.Kind != Suspended {
		gap = nil
	}
	stepped := step != nil && step.Step > step.Bound
	short := gap != nil && gap.Estimate <= Hiccup && !gap.beside()
	switch {
	case gap == nil && !stepped:
		return model.Freeze{Visible: f.Visible}
	case short && step == nil:
		return model.Freeze{Start: gap.Start.Wall, Kind: string(gap.Kind)}
	case short && stepped:
		f.Fused, f.FusedBound = new(step.Step), step.Bound+gap.Estimate+gap.Bound
		f.Start = step.Start.Wall
	case gap != nil && stepped && gap.beside():
		f.Clock, f.ClockBound, f.Visible.Clock = new(gap.Estimate), gap.Bound, true
		f.Fused, f.FusedBound = new(step.Step), step.Bound
		f.Start = gap.Start.Wall
	case gap == nil:
		f.Fused, f.FusedBound = new(step.Step), step.Bound
		f.Start = step.Start.Wall
	default:
		f.Clock, f.ClockBound, f.Visible.Clock = new(gap.Estimate), gap.Bound, true
		f.Fused, f.FusedBound = new(gap.Estimate), gap.Bound
		f.Start = gap.Start.Wall
		if stepped { // the gap may have followed the freeze all the same
			*f.Fused += step.Step
			f.FusedBound += gap.Estimate
		}
		if step != nil {
			f.FusedBound += step.Bound
		}
	}
	f.Kind = string(Suspended)
	return f
}

// long is how long a gap is at least that is taken for a freeze although waits
// for a processor may explain all of it.
const long = time.Second

// Booked reports whether a freeze counts as one: what may be no freeze at all
// counts only when it is long. A step is none of these.
func Booked(f *model.Freeze) bool {
	return f.Fused != nil && (*f.Fused > f.FusedBound || *f.Fused >= long || f.Peer != nil || f.RTC != nil)
}
