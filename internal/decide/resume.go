package decide

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// productGrace: a node that reads normal this soon after PowerHA's script was seen was resumed by that script.
const productGrace = 90 * time.Second

// readBackLimit is how long a node may take to read normal after a start that is over.
const readBackLimit = 5 * time.Minute

// EndedSources are the facts that matter once a migration has ended.
func EndedSources() []model.Source {
	return []model.Source{
		model.SourceNodes, model.SourceGroups, model.SourceManager, model.SourceProcesses, model.SourceNodeTimeout,
		model.SourceDeadmanMode, model.SourceGroupServices, model.SourceInittab,
	}
}

// suspended judges a node that we have unmanaged.
func suspended(in Input) Decision {
	nodes, ok := in.fresh(model.SourceNodes)
	if !ok {
		return stale(in, []model.Source{model.SourceNodes}, stateWhile(in))
	}
	state := nodes.NodeState(in.Node)
	switch state {
	case model.NodeUnmanaged:
	case model.NodeNormal, model.NodeOffline:
		return ended(in, state)
	case model.NodeJoining, model.NodeLeaving, model.NodeUnstable, model.NodeError, model.NodeUnknown:
		return Decision{
			What: WhatWait, Reason: ReasonTransition, State: stateWhile(in), Detail: string(state),
			Next: "Somebody acts on this node; the outcome is waited for.",
		}
	}
	if g := TakenElsewhere(in); g != "" {
		return operator(ReasonGroupsTaken, g, "Groups of this node run elsewhere. Nothing is started here; stop their resources on this node first.")
	}
	switch {
	case in.Episode.ID == "":
		d := operator(ReasonEpisodeUnknown, "", "The episode log does not know this migration, so its end cannot be told; free the disk of state_dir, or end it with lpmctl end once it is in the log.")
		d.State = StateUnmanagedOnly
		return d
	case in.Episode.Open || in.Episode.End.IsZero():
		return protected(in)
	}
	return after(in)
}

// overdue tells people of a suspension that is past its deadline whatever is still waited for: a cluster that cannot be
// read, a node in transition, or a resume that a person asked for and no evidence supports, is no reason for silence (S3).
func overdue(in Input, d Decision) Decision {
	waits := d.What == WhatWait || d.What == WhatSettle || d.What == WhatConfirm
	if !waits || !pastDeadline(in) {
		return d
	}
	out := operator(ReasonDeadline, strings.TrimSpace(string(d.Reason)+" "+d.Detail), "The suspension has reached its deadline. Nothing is resumed by itself any more: lpmctl resume, or lpmctl extend.")
	out.Need, out.Evidence = d.Need, d.Evidence
	return out
}

func stateWhile(in Input) State {
	if in.Episode.Open {
		return StateUnmanagedOnly
	}
	return StateSettling
}

// ended: the node is not unmanaged any more, and it was not us (S5).
func ended(in Input, s model.NodeState) Decision {
	switch {
	case in.Track.Rebooted || in.Episode.Result == model.ResultRebooted:
		if s == model.NodeNormal {
			return closed(ResultByHuman, ReasonByHuman, "started after a reboot")
		}
		return operator(ReasonRebooted, "", "The node rebooted while it was unmanaged. Start it here, or its groups on a standby; neither is done by itself.")
	case s == model.NodeNormal && !in.Seen.ProductSeen.IsZero() && !in.Episode.Open && in.since(in.Seen.ProductSeen) <= productGrace:
		d := closed(ResultResumed, ReasonByProduct, "")
		d.Page = true
		return d
	}
	return closed(ResultByHuman, ReasonByHuman, string(s))
}

func closed(result string, r Reason, detail string) Decision {
	return Decision{What: WhatClose, Reason: r, Result: result, State: StateIdle, Detail: detail, Next: "The episode is closed."}
}

// TakenElsewhere names a recorded group that another node runs, or "".
func TakenElsewhere(in Input) string {
	if in.TakenBy != "" {
		return "taken over by " + in.TakenBy
	}
	r, ok := in.fresh(model.SourceGroups)
	if !ok || in.Track == nil || in.Track.Record == nil {
		return ""
	}
	rec := in.Track.Record
	for _, row := range r.Groups {
		if row.Secondary || row.Node == in.Node || (row.State != model.GroupOnline && row.State != model.GroupAcquiring) {
			continue
		}
		if slices.Contains(rec.Owned(), row.Group) && !slices.Contains(rec.Owners[row.Group], row.Node) {
			return row.Group + " on " + row.Node
		}
	}
	return ""
}

// after judges a suspended node whose migration has ended.
func after(in Input) Decision {
	if d, wait := settle(in); wait {
		return d
	}
	act, state := WhatResume, StateConfirming
	if in.Episode.Result == model.ResultAborted {
		act = WhatRollBack
	}
	reason, evidence := Confirm(in)
	d := Decision{What: WhatConfirm, Reason: reason, State: state, Evidence: evidence, Next: "Health is confirmed for this migration by Prometheus, the local probes and the cluster; then the node is resumed."}
	late := pastDeadline(in)
	switch {
	case in.Track.Approved && in.Track.Override:
		return overridden(in, d, act)
	case in.Hold != "" && !in.Track.Approved:
		d.What, d.Reason, d.State, d.Detail = WhatHold, ReasonHeld, StateHeld, in.Hold
		d.Next = "An operator holds the resume; lpmctl release lets it go on."
		d.Page = late
	case in.Track.ResumeTried && !in.Track.Approved:
		d = operator(ReasonResumeFailed, "", "The start of cluster services changed nothing. It is not repeated by itself; lpmctl resume does.")
		d.Evidence = evidence
	case late && !in.Track.Approved:
		d = operator(ReasonDeadline, string(reason), "The suspension has reached its deadline. Nothing is resumed by itself any more: lpmctl resume, or lpmctl extend.")
		d.Evidence = evidence
	case reason == ReasonConfirmed:
		d.What, d.Next = act, "The node is resumed."
		if in.Track.Approved {
			d.Reason = ReasonApproved
		}
	default:
		d = unconfirmed(in, d)
	}
	return d
}

// overridden: a named person takes the place of the evidence, but not of S10.
func overridden(in Input, d Decision, act What) Decision {
	for _, it := range d.Evidence {
		if it.Name == "cluster" && !it.OK {
			d.Reason, d.Detail = Reason(it.Reason), it.Value
			d.Need = in.missing(model.SourceNodes, model.SourceGroups, model.SourceManager)
			return d
		}
	}
	d.What, d.Reason, d.Next = act, ReasonOverride, "The node is resumed on an operator's word."
	return d
}

// unconfirmed tells a missing confirmation that people must know of from one that is only waited for.
func unconfirmed(in Input, d Decision) Decision {
	d.Need = in.missing(model.SourceNodes, model.SourceGroups, model.SourceManager)
	since := in.since(in.Seen.EndAt)
	if !in.Seen.Answered.IsZero() {
		since = min(since, in.since(in.Seen.Answered))
	}
	switch {
	case d.Reason == ReasonUnreachable && since > 3*in.Policy.MaximumSampleAge:
		d.What, d.State, d.Page = WhatNeedOperator, StateNeedsOperator, true
		d.Next = "No Prometheus answers. The node stays unmanaged; it is resumed if evidence comes before the deadline, or by lpmctl resume --override."
	case !in.Seen.UnhealthySince.IsZero() && in.since(in.Seen.UnhealthySince) > in.Policy.MinimumStable && in.since(in.Seen.EndAt) > in.Policy.MinimumStable:
		d.What, d.Reason, d.State, d.Page = WhatNeedOperator, ReasonUnhealthy, StateNeedsOperator, true
		d.Next = "The application is not healthy. The node stays unmanaged; it is resumed when health is confirmed before the deadline, or by lpmctl resume --override, which lets PowerHA restart it."
	}
	return d
}

// settle waits for PowerHA's script and for what it puts back.
func settle(in Input) (Decision, bool) {
	if need := in.missing(model.SourceProcesses, model.SourceNodeTimeout, model.SourceDeadmanMode, model.SourceGroupServices, model.SourceInittab); len(need) > 0 {
		return stale(in, need, StateSettling), true
	}
	late := in.since(in.Seen.EndAt) > in.Policy.ProductScriptTimeout
	if running, _ := productRunning(in); running {
		if late {
			return operator(ReasonProductTimeout, "", "PowerHA's own script still runs. Nothing is resumed beside it; look at clutils.log."), true
		}
		return Decision{What: WhatSettle, Reason: ReasonProductRunning, State: StateSettling, Next: "PowerHA's own script still runs; health is confirmed when it is done."}, true
	}
	if left := Leftovers(in); left != "" {
		if late {
			return operator(ReasonLeftovers, left, "PowerHA's own script has not put back every setting: lpmctl leftovers shows them."), true
		}
		return Decision{What: WhatSettle, Reason: ReasonNotRestored, State: StateSettling, Detail: left, Next: "PowerHA's own script has not put back every setting yet."}, true
	}
	return Decision{}, false
}

// Leftovers names the settings that do not read as the record has them, space separated (reference: what
// PowerHA's script changes and undoes). Without a record only the inittab entry can be told.
func Leftovers(in Input) string {
	var out []string
	if r, ok := in.fresh(model.SourceInittab); ok && r.Inittab != nil && *r.Inittab {
		out = append(out, "inittab")
	}
	if in.Track == nil || in.Track.Record == nil {
		return strings.Join(out, " ")
	}
	rec := in.Track.Record
	if r, ok := in.fresh(model.SourceNodeTimeout); ok && rec.NodeTimeout != 0 && r.NodeTimeout != rec.NodeTimeout {
		out = append(out, fmt.Sprintf("node_timeout=%s", r.NodeTimeout))
	}
	if r, ok := in.fresh(model.SourceDeadmanMode); ok && rec.DeadmanMode != "" && r.DeadmanMode != rec.DeadmanMode {
		out = append(out, "deadman_mode="+r.DeadmanMode)
	}
	if r, ok := in.fresh(model.SourceGroupServices); ok && rec.DeadManSwitch != nil && r.DeadManSwitch != nil && *r.DeadManSwitch != *rec.DeadManSwitch {
		out = append(out, fmt.Sprintf("dead_man_switch=%t", *r.DeadManSwitch))
	}
	return strings.Join(out, " ")
}

// resuming judges a start that is over, by what the cluster says (S7).
func resuming(in Input) Decision {
	st := StateResuming
	if in.Episode.Result == model.ResultAborted {
		st = StateRollingBack
	}
	late := in.since(in.Track.ResumeEnded) > readBackLimit
	const missing = "Cluster services were started, but the node or its groups do not read as recorded."
	if need := in.missing(model.SourceNodes, model.SourceGroups); len(need) > 0 {
		if !late {
			return stale(in, need, st)
		}
		d := operator(ReasonReadBackMissing, fmt.Sprint(need), missing)
		d.Need = need
		return d
	}
	nodes, _ := in.fresh(model.SourceNodes)
	groups, _ := in.fresh(model.SourceGroups)
	if nodes.NodeState(in.Node) == model.NodeNormal && ownedOnline(in, groups) {
		if in.Episode.Result == model.ResultAborted {
			return closed(ResultRolledBack, ReasonRolledBack, "")
		}
		return closed(ResultResumed, ReasonResumed, "")
	}
	d := Decision{
		What: WhatWait, Reason: ReasonReadBack, State: st, Detail: string(nodes.NodeState(in.Node)),
		Need: []model.Source{model.SourceNodes, model.SourceGroups}, Next: "The start is over; the node and its groups are read back.",
	}
	if late {
		return operator(ReasonReadBackMissing, d.Detail, missing)
	}
	return d
}

// ownedOnline: every group that this node owned is online here again.
func ownedOnline(in Input, r model.Reading) bool {
	if in.Track.Record == nil {
		return true
	}
	owners := ownersOf(r)
	for _, g := range in.Track.Record.Owned() {
		if !slices.Contains(owners[g], in.Node) {
			return false
		}
	}
	return true
}
