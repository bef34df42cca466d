package exporter

import (
	"context"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/peer"
)

// Sampler samples the clocks of the node for gaps; freeze.Sampler is one.
type Sampler interface {
	Run(ctx context.Context, emit func(freeze.Gap)) error
	SetFine(fine bool)
}

// Peers are the heartbeats; peer.Service is one.
type Peers interface {
	Run(ctx context.Context) error
	SetLocal(l peer.LocalState)
	OwnGap(g freeze.Gap)
	Status() []model.PeerStatus
	Stats() peer.Stats
}

// Chip is the clock chip of the node; rtc.Chip is one.
type Chip interface {
	Run(ctx context.Context, emit func(freeze.PeerStep)) error
	SetHot(on bool)
	Trigger()
	Present() bool
}

// chipStep takes a comparison with the clock chip; the loop fetches it.
func (e *Exporter) chipStep(s freeze.PeerStep) {
	select {
	case e.chipNews <- s:
	default: // the loop is behind: the chip looks again
	}
}

func (e *Exporter) watchContinued(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-e.deps.Continued:
			e.send(Continued{At: at})
		}
	}
}

// gap passes on what the sampler saw.
func (e *Exporter) gap(g freeze.Gap) {
	logGap(e.deps.Logger, g)
	e.send(GapSeen{Gap: g})
}

// compare lets the witnesses outside look at a gap.
func (e *Exporter) compare(g freeze.Gap) {
	if e.peers != nil {
		e.peers.OwnGap(g)
	}
	if e.deps.Chip != nil && g.Kind == freeze.Suspended {
		e.deps.Chip.Trigger()
	}
}

// chipSeen collects what the clock chip told since the last step.
func (e *Exporter) chipSeen() ChipSeen {
	seen := ChipSeen{Present: e.deps.Chip.Present()}
	for {
		select {
		case s := <-e.chipNews:
			seen.Steps = append(seen.Steps, s)
		default:
			return seen
		}
	}
}
