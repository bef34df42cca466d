package exporter

import (
	"context"
	"fmt"

	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/peer"
)

// bindPeers makes the heartbeats of this node.
func (e *Exporter) bindPeers(cluster, node string) error {
	e.peerTried = true
	p, disabled, err := e.deps.Peers(cluster, node, func(f peer.Effect) {
		select {
		case e.peerNews <- f:
		default: // the loop is behind by hundreds of events: what is lost is a sample of a histogram
		}
	})
	if err != nil {
		return err
	}
	e.peers = p
	e.core.health[PartPeers] = disabled
	return nil
}

// latePeers makes them when the node's name was not known at the start.
func (e *Exporter) latePeers(ctx context.Context) {
	cluster, node := e.core.identity()
	if err := e.bindPeers(cluster, node); err != nil {
		e.core.health[PartPeers] = err.Error()
		return
	}
	e.runPeers(ctx)
	e.tell(e.core.told)
}

func (e *Exporter) runPeers(ctx context.Context) {
	p := e.peers
	if p == nil {
		return
	}
	e.goes(func() {
		if err := p.Run(ctx); ctx.Err() == nil {
			e.send(Health{Part: PartPeers, Err: fmt.Sprintf("heartbeats ended: %v", err)})
		}
	})
}

func (e *Exporter) tell(t Tell) {
	if e.peers == nil {
		return
	}
	l := peer.LocalState{
		Cluster: t.Cluster, Phase: t.Phase, Episode: t.Episode, Suspended: t.Suspended, DeadManSwitch: t.DeadManSwitch, Restricted: t.Restricted,
		Probes: make(map[string][]model.ProbeStatus),
	}
	for _, p := range t.Probes {
		l.Probes[p.TargetNode] = append(l.Probes[p.TargetNode], p)
	}
	e.peers.SetLocal(l)
}

// peersSeen collects what the heartbeats told since the last step.
func (e *Exporter) peersSeen() PeersSeen {
	seen := PeersSeen{Status: e.peers.Status(), Datagrams: datagrams(e.peers.Stats())}
	for {
		select {
		case f := <-e.peerNews:
			switch f := f.(type) {
			case peer.OffsetStep:
				seen.Steps = append(seen.Steps, f.PeerStep)
			case peer.SilenceTold:
				seen.Silences = append(seen.Silences, f.PeerSilence)
			case peer.SilenceOver:
				seen.Ended = append(seen.Ended, Silence{Peer: f.Peer, Duration: f.Duration})
			}
		default:
			return seen
		}
	}
}

// datagrams names the counts of heartbeats as the metric does.
func datagrams(s peer.Stats) map[string]uint64 {
	return map[string]uint64{
		"sent": s.Sent, "send_error": s.SendErrors, "unsendable": s.Unsendable, "accepted": s.Accepted, "malformed": s.Malformed,
		"unknown_sender": s.Unknown, "bad_mac": s.BadMAC, "replayed": s.Replayed, "unproven": s.Unproven,
	}
}
