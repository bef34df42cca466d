package decide

import (
	"fmt"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// clockTolerance is how far a sample may lie in the future of the server that answers with it.
const clockTolerance = 2 * time.Second

// essentialCollectors stand in for probes on a node that owned no group.
func essentialCollectors() []string { return []string{"cluster", "resource_group", "migration"} }

// Confirm looks for positive, fresh evidence of health, identified as that of
// this migration (S2). Reason is ReasonConfirmed, or the first thing that
// speaks against it or is missing.
func Confirm(in Input) (Reason, []model.EvidenceItem) {
	var items []model.EvidenceItem
	first := ReasonConfirmed
	add := func(it model.EvidenceItem, r Reason) {
		it.OK = r == ReasonConfirmed
		if !it.OK {
			it.Reason = string(r)
			if first == ReasonConfirmed {
				first = r
			}
		}
		items = append(items, it)
	}
	gates, r := gate(in)
	items = append(items, gates...)
	if r != ReasonConfirmed {
		first = r
	}
	it, r := localProbes(in)
	add(it, r)
	it, r = peerProbes(in)
	add(it, r)
	it, r = clusterRead(in)
	add(it, r)
	return first, items
}

// gate judges the answers of all Prometheus servers: at least one must
// answer, and of those that answer none may be stale or disagree.
func gate(in Input) ([]model.EvidenceItem, Reason) {
	var items []model.EvidenceItem
	verdict := ReasonConfirmed
	answered := 0
	for _, g := range in.Gate {
		r := gateSample(in, g)
		it := model.EvidenceItem{
			Name: "gate", Source: g.URL, Value: fmt.Sprint(g.EndMillis), OK: r == ReasonConfirmed,
			Age: g.ServerTime.Sub(g.SampleTime) + in.since(g.At),
		}
		if !g.Found {
			it.Value, it.Age = "absent", in.since(g.At)
		}
		if g.Err != "" {
			it.Value = g.Err
		}
		if r != ReasonConfirmed {
			it.Reason = string(r)
		}
		items = append(items, it)
		if r == ReasonUnreachable {
			continue
		}
		answered++
		if r != ReasonConfirmed && verdict == ReasonConfirmed {
			verdict = r
		}
	}
	if answered == 0 {
		return items, ReasonUnreachable
	}
	return items, verdict
}

// gateSample judges one answer. ReasonUnreachable means that it is none.
func gateSample(in Input, g model.GateSample) Reason {
	oldest := in.Policy.MaximumSampleAge
	asked := in.since(g.At)
	switch {
	case g.Err != "" || g.At.Before(in.Floor) || asked > oldest || asked < 0:
		return ReasonUnreachable
	case g.ServerTime.IsZero():
		return ReasonGateInvalid
	case !g.EvaluatedFound || g.ServerTime.Sub(g.EvaluatedTime)+asked > oldest:
		return ReasonNotEvaluated
	case g.EvaluatedTime.Sub(g.ServerTime) > clockTolerance:
		return ReasonGateFuture
	case g.Window < in.Policy.MinimumStable:
		return ReasonWindowShort
	case !g.Found:
		return ReasonGateNotReady
	case g.EndMillis != in.Episode.End.UnixMilli():
		return ReasonOtherMigration
	case g.SampleTime.Sub(g.ServerTime) > clockTolerance:
		return ReasonGateFuture
	case g.ServerTime.Sub(g.SampleTime)+asked > oldest:
		return ReasonGateStale
	}
	return ReasonConfirmed
}

// localProbes judges the exporter's snapshot: every local probe of this node
// succeeded lately. A node that owned no group needs progressing collectors.
func localProbes(in Input) (model.EvidenceItem, Reason) {
	it := model.EvidenceItem{Name: "local_probes", Source: "exporter", Value: "absent"}
	s := in.Snapshot
	if s == nil || s.At.Before(in.Floor) || in.since(s.At) > in.Policy.MaximumSampleAge || in.since(s.At) < 0 {
		return it, ReasonSnapshotStale
	}
	it.Age = in.since(s.At)
	if s.Node != in.Node || (s.Cluster != "" && in.Cluster != "" && s.Cluster != in.Cluster) {
		it.Value = s.Cluster + "/" + s.Node
		return it, ReasonSnapshotForeign
	}
	if s.Episode.ID == in.Episode.ID && !s.Episode.End.IsZero() && !s.Episode.End.Equal(in.Episode.End) {
		it.Value = s.Episode.End.UTC().Format(time.RFC3339Nano)
		return it, ReasonSnapshotDiffers
	}
	if in.Track != nil && in.Track.Record != nil && len(in.Track.Record.Owned()) == 0 {
		for _, c := range essentialCollectors() {
			if ok, known := s.Sources[c]; known && !ok {
				it.Value = c
				return it, ReasonCollectorFailing
			}
		}
		it.Value = "no group owned"
		return it, ReasonConfirmed
	}
	return probes(in, it)
}

func probes(in Input, it model.EvidenceItem) (model.EvidenceItem, Reason) {
	n := 0
	for _, p := range in.Snapshot.Probes {
		if p.Vantage == "peer" || !p.Active || (p.TargetNode != "" && p.TargetNode != in.Node) {
			continue
		}
		n++
		age := in.since(p.LastAt)
		it.Value, it.Age = p.Application+"/"+p.Probe, max(it.Age, age)
		switch {
		case p.LastAt.IsZero() || age > in.Policy.MaximumSampleAge || p.LastAt.Before(in.Floor):
			return it, ReasonProbeStale
		case !p.Success:
			it.Value += ": " + p.Error
			return it, ReasonUnhealthy
		}
	}
	if n == 0 {
		return it, ReasonProbeMissing
	}
	it.Value = fmt.Sprintf("%d succeed", n)
	return it, ReasonConfirmed
}

// peerProbes: a failing fresh probe from a peer vetoes; its absence does not.
func peerProbes(in Input) (model.EvidenceItem, Reason) {
	it := model.EvidenceItem{Name: "peer_probes", Source: "peers", Value: "absent"}
	if in.Snapshot == nil {
		return it, ReasonConfirmed
	}
	n := 0
	for _, peer := range in.Snapshot.Peers {
		if !peer.Up || peer.Silence > in.Policy.MaximumSampleAge {
			continue
		}
		for _, p := range peer.Probes {
			if !p.Active || p.TargetNode != in.Node {
				continue
			}
			n++
			if !p.Success {
				it.Source, it.Value, it.Age = "peer "+peer.Node, p.Application+"/"+p.Probe+": "+p.Error, peer.Silence
				return it, ReasonPeerProbe
			}
		}
	}
	if n > 0 {
		it.Value = fmt.Sprintf("%d succeed", n)
	}
	return it, ReasonConfirmed
}

// clusterRead is the actor's own read: stable ground, and the node still unmanaged.
func clusterRead(in Input) (model.EvidenceItem, Reason) {
	it := model.EvidenceItem{Name: "cluster", Source: "clmgr, clRGinfo, lssrc", Value: "unmanaged, stable"}
	if need := in.missing(model.SourceNodes, model.SourceGroups, model.SourceManager); len(need) > 0 {
		it.Value = fmt.Sprint(need)
		return it, ReasonFactsStale
	}
	nodes, _ := in.fresh(model.SourceNodes)
	it.Age = in.since(nodes.At)
	if s := nodes.NodeState(in.Node); s != model.NodeUnmanaged {
		it.Value = string(s)
		return it, ReasonTransition
	}
	if ok, r, detail := managerStable(in); !ok {
		it.Value = detail
		return it, r
	}
	return it, ReasonConfirmed
}
