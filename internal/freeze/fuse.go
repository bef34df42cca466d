package freeze

import (
	"time"

	"powerha_lpm_exporter/internal/model"
)

// PeerStep is the result of one comparison with a peer's clock before and
// after something irregular.
type PeerStep struct {
	Peer string
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
}

// Hiccup is the most by which a node that was just resumed is late: 30 to
// 110 ms were measured on resumed guests. So a gap up to this, together with
// a larger step of the offset, may be no freeze at all.
const Hiccup = 150 * time.Millisecond

// Fuse makes one freeze of the gap seen inside and the step of the offset to a
// peer, either of which may be nil. It is their sum, and so are the bounds. A
// step that is not significant is no freeze, but proves that nothing was
// hidden, to within its bound. Of what was not visible the result has nil.
func Fuse(gap *Gap, step *PeerStep) model.Freeze {
	var f model.Freeze
	var sum, bound time.Duration
	visible := false
	if gap != nil && gap.Kind == Suspended {
		g := gap.Estimate
		f.Start, f.Kind = gap.Start.Wall, string(gap.Kind)
		f.Clock, f.ClockBound = &g, gap.Bound
		sum, bound, visible = g, gap.Bound, true
	}
	if step != nil && step.Step > step.Bound {
		p := step.Step
		f.Peer, f.PeerBound = &p, step.Bound
		if visible && sum <= Hiccup && sum < p {
			bound = max(bound, sum)
		}
		if !visible {
			f.Start, f.Kind = step.Start.Wall, string(Suspended)
		}
		sum, visible = sum+p, true
	}
	if !visible {
		return model.Freeze{}
	}
	if step != nil {
		bound += step.Bound
	}
	f.Fused, f.FusedBound = &sum, bound
	return f
}
