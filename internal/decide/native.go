package decide

import (
	"powerha_lpm_exporter/internal/model"
)

// native judges a migration that PowerHA's own script handles: no act, but
// people are told when it resumes an unhealthy application, leaves something
// behind, or does not resume.
func native(in Input) Decision {
	r := in.Track.Native
	if r == "" {
		r = ReasonModeNative
	}
	nodes, ok := in.fresh(model.SourceNodes)
	if !ok {
		return stale(in, []model.Source{model.SourceNodes}, StateSettling)
	}
	s := nodes.NodeState(in.Node)
	if g := TakenElsewhere(in); g != "" && s != model.NodeNormal {
		return operator(ReasonGroupsTaken, g, "Groups of this node run elsewhere.")
	}
	if in.Episode.ID == "" || in.Episode.Open || in.Episode.End.IsZero() {
		if s == model.NodeUnmanaged {
			d := protected(in)
			d.Next = "PowerHA's own script has unmanaged the node and resumes it after the migration."
			return d
		}
		return Decision{What: WhatWait, Reason: r, State: StatePreparing, Next: "PowerHA's own script handles this migration; the outcome is watched."}
	}
	late := in.since(in.Seen.EndAt) > in.Policy.ProductScriptTimeout
	switch {
	case s != model.NodeNormal && late:
		return operator(ReasonNotResumed, string(s), "PowerHA's own script has not resumed the node: start cluster services by hand when the application is healthy.")
	case s != model.NodeNormal:
		return Decision{What: WhatSettle, Reason: ReasonProductRunning, State: StateSettling, Detail: string(s), Next: "PowerHA's own script resumes the node."}
	}
	if d, wait := settle(in); wait {
		return d
	}
	settling := Decision{What: WhatSettle, Reason: ReasonUntouched, State: StateSettling, Next: "PowerHA has resumed the node; the application is watched for a while."}
	switch _, reason := localProbes(in); {
	case reason == ReasonUnhealthy:
		if u := in.Seen.UnhealthySince; !u.IsZero() && in.since(u) > in.Policy.MinimumStable && in.since(in.Seen.EndAt) > in.Policy.MinimumStable {
			return operator(ReasonResumedSick, "", "PowerHA resumed the node, and the application is not healthy.")
		}
		settling.Reason, settling.Next = ReasonUnhealthy, "The application is not healthy yet."
		return settling
	case in.since(in.Seen.EndAt) <= in.Policy.MinimumStable, reason == ReasonSnapshotStale && !late:
		return settling
	}
	return closed(ResultUntouched, ReasonUntouched, string(r))
}
