package decide

import (
	"slices"

	"powerha_lpm_exporter/internal/model"
)

// FailoverRequest is an operator's word that a node is powered off.
type FailoverRequest struct {
	Node   string
	Groups []string // named by the operator; only without a record
	Record *model.Record
}

// FailoverSources are the facts that a failover stands on.
func FailoverSources() []model.Source {
	return []model.Source{model.SourceNodes, model.SourceGroups, model.SourceManager}
}

// Failover judges an attested failover on this, the surviving node (S1, S10).
// With WhatFailover, groups are those to be started here, in order.
func Failover(in Input, req FailoverRequest) (d Decision, groups []string) {
	refuse := func(r Reason, detail string) (Decision, []string) {
		return Decision{What: WhatRefuse, Reason: r, State: StateFailoverPending, Detail: detail, Next: "Nothing was done."}, nil
	}
	switch {
	case in.Policy.Mode == ModeObserve:
		return refuse(ReasonModeObserve, "")
	case in.Policy.FailoverMode == "off":
		return refuse(ReasonFailoverOff, "")
	case req.Node == in.Node:
		return refuse(ReasonOwnNode, req.Node)
	case in.Hold != "":
		return refuse(ReasonHeld, in.Hold)
	case in.Track != nil && in.Track.Stage != StageNone:
		return refuse(ReasonEpisodeOpen, in.Track.Episode)
	}
	if need := in.missing(FailoverSources()...); len(need) > 0 {
		d = stale(in, need, StateFailoverPending)
		if in.failed(need) {
			return refuse(ReasonFactsFailed, string(need[0]))
		}
		return d, nil
	}
	nodes, _ := in.fresh(model.SourceNodes)
	if !slices.ContainsFunc(nodes.Nodes, func(n model.Node) bool { return n.Name == req.Node }) {
		return refuse(ReasonUnknownNode, req.Node)
	}
	if s := nodes.NodeState(in.Node); s != model.NodeNormal {
		return refuse(ReasonNodeNotNormal, string(s))
	}
	if ok, r, detail := managerStable(in); !ok {
		return refuse(r, detail)
	}
	if who := in.alive(req.Node); who != "" {
		return refuse(ReasonPeerAlive, who)
	}
	return failoverGroups(in, req, refuse)
}

// alive tells what speaks against the attestation: the node was heard of just now.
func (in *Input) alive(node string) string {
	if s := in.Snapshot; s != nil && in.since(s.At) <= in.Policy.MaximumSampleAge {
		for _, p := range s.Peers {
			if p.Node == node && p.Up && p.Silence < in.Policy.MaximumSampleAge {
				return "heartbeats of " + node
			}
		}
	}
	if p, ok := in.Peers[node]; ok && p.Reachable && in.since(p.At) <= in.Policy.FactAge {
		return "the actor of " + node + " answers"
	}
	return ""
}

func failoverGroups(in Input, req FailoverRequest, refuse func(Reason, string) (Decision, []string)) (Decision, []string) {
	wanted := req.Groups
	if req.Record != nil {
		wanted = req.Record.Owned()
		for _, g := range req.Groups {
			if !slices.Contains(wanted, g) {
				return refuse(ReasonUnknownGroup, g)
			}
		}
		if len(req.Groups) > 0 {
			wanted = req.Groups
		}
	}
	if len(wanted) == 0 {
		return refuse(ReasonNoGroups, req.Node)
	}
	table, _ := in.fresh(model.SourceGroups)
	var groups []string
	for _, g := range wanted {
		known, here, online := false, false, false
		for _, row := range table.Groups {
			if row.Group != g {
				continue
			}
			known = true
			here = here || row.Node == in.Node
			if row.Secondary || row.State != model.GroupOnline && row.State != model.GroupAcquiring && row.State != model.GroupReleasing {
				continue
			}
			// A managed group still shown on the lost node is the product's to move, once it sees it down.
			if row.Node != in.Node {
				return refuse(ReasonGroupElsewhere, g+" on "+row.Node)
			}
			online = true
		}
		switch {
		case !known:
			return refuse(ReasonUnknownGroup, g)
		case !here:
			return refuse(ReasonNotParticipant, g)
		case !online:
			groups = append(groups, g)
		}
	}
	if len(groups) == 0 {
		return refuse(ReasonNothingToDo, req.Node)
	}
	return Decision{
		What: WhatFailover, Reason: ReasonAttestation, State: StateFailingOver, Detail: req.Node,
		Next: "The recorded groups are started here, one after another, each read back.",
	}, groups
}
