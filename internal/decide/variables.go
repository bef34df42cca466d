package decide

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Change is one standing setting of the cluster that is to be set.
type Change struct {
	Attribute string `json:"attribute"` // as clmgr names it
	From      string `json:"from"`
	To        string `json:"to"`
}

// The attributes of clmgr that are LPM variables.
const (
	AttrPolicy    = "LPM_POLICY"
	AttrHeartbeat = "HEARTBEAT_FREQUENCY_DURING_LPM"
)

// Attribute returns the value of an LPM variable as clmgr writes it.
func Attribute(c model.Cluster, attr string) string {
	switch attr {
	case AttrPolicy:
		if c.LPMPolicy == model.PolicyUnset {
			return ""
		}
		return string(c.LPMPolicy)
	case AttrHeartbeat:
		if c.LPMHeartbeat == nil {
			return ""
		}
		return seconds(*c.LPMHeartbeat)
	}
	return ""
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// Drift lists the variables that do not have their configured values.
func Drift(c model.Cluster, want Variables) []Change {
	var out []Change
	if !c.HasLPM {
		return nil
	}
	if want.LPMPolicy != "" && c.LPMPolicy != want.LPMPolicy {
		out = append(out, Change{AttrPolicy, Attribute(c, AttrPolicy), string(want.LPMPolicy)})
	}
	if want.LPMHeartbeat > 0 && (c.LPMHeartbeat == nil || *c.LPMHeartbeat != want.LPMHeartbeat) {
		out = append(out, Change{AttrHeartbeat, Attribute(c, AttrHeartbeat), seconds(want.LPMHeartbeat)})
	}
	return out
}

// Standing: what was changed has the configured value now, and is to keep it. Standing settings are no trace.
func (v Variables) Standing(c Change) bool {
	switch c.Attribute {
	case AttrPolicy:
		return v.LPMPolicy != "" && c.To == string(v.LPMPolicy)
	case AttrHeartbeat:
		return v.LPMHeartbeat > 0 && c.To == seconds(v.LPMHeartbeat)
	}
	return false
}

// Apply judges a request to give the variables their configured values: in
// calm times only, with a synchronisation only when nothing else is pending.
func Apply(in Input) (Decision, []Change) {
	d, c := calm(in)
	if c == nil {
		return d, nil
	}
	if in.Policy.Variables.Apply == "never" {
		d.Reason = ReasonApplyNever
		return d, nil
	}
	return changes(d, Drift(*c, in.Policy.Variables))
}

// Restore judges a request to put back what was there before we changed it.
// A value that a human has changed since is not overwritten (S4).
func Restore(in Input, applied []Change) (Decision, []Change) {
	d, c := calm(in)
	if c == nil {
		return d, nil
	}
	if len(applied) == 0 {
		d.Reason = ReasonNothingRecorded
		return d, nil
	}
	var back []Change
	for _, a := range applied {
		switch now := Attribute(*c, a.Attribute); now {
		case a.From:
		case a.To:
			back = append(back, Change{a.Attribute, a.To, a.From})
		default:
			d.Reason, d.Detail = ReasonChangedByHuman, a.Attribute+"="+now
			return d, nil
		}
	}
	return changes(d, back)
}

func changes(d Decision, list []Change) (Decision, []Change) {
	if len(list) == 0 {
		d.Reason = ReasonNothingToDo
		return d, nil
	}
	d.What, d.Reason, d.Next = WhatApply, ReasonReady, "Each variable is set and read back, then the cluster is synchronised."
	return d, list
}

// calm says whether the standing settings may be changed now; the cluster is nil when not.
func calm(in Input) (Decision, *model.Cluster) {
	d := Decision{What: WhatRefuse, State: StateIdle, Next: "Nothing was changed."}
	if in.Policy.Mode == ModeObserve {
		d.Reason = ReasonModeObserve
		return d, nil
	}
	if in.Track != nil || in.Episode.Open {
		d.Reason, d.Detail = ReasonEpisodeOpen, in.Episode.ID
		return d, nil
	}
	if need := in.missing(model.SourceCluster, model.SourceManager, model.SourceNodes); len(need) > 0 {
		d.What, d.Reason, d.Need = WhatWait, ReasonFactsStale, need
		if in.failed(need) {
			d.What, d.Reason, d.Detail = WhatRefuse, ReasonFactsFailed, string(need[0])
		}
		return d, nil
	}
	if ok, r, detail := managerStable(in); !ok {
		d.Reason, d.Detail = r, detail
		return d, nil
	}
	if p := oneMigration(in).Detail; p != "" {
		d.Reason, d.Detail = ReasonPeerMigrating, p
		return d, nil
	}
	if p := in.unsyncedPeer(); p != "" {
		d.Reason, d.Detail = ReasonUnsynced, p
		return d, nil
	}
	r, _ := in.fresh(model.SourceCluster)
	switch c := r.Cluster; {
	case c == nil || c.Unsynced == nil:
		d.Reason = ReasonUnsyncedUnknown
	case *c.Unsynced:
		d.Reason = ReasonUnsynced
	case !c.HasLPM:
		d.Reason = ReasonBefore72
	case in.Policy.Variables.Sync == "never":
		d.Reason = ReasonSyncNotAllowed
	default:
		return d, c
	}
	return d, nil
}

// unsyncedPeer names a peer on which changes wait for a synchronisation. A node sees its own alone, and one that is made
// here would undo them.
func (in *Input) unsyncedPeer() string {
	for _, name := range slices.Sorted(maps.Keys(in.Peers)) {
		if p := in.Peers[name]; p.Reachable && p.Unsynced != nil && *p.Unsynced && in.since(p.At) <= in.Policy.FactAge {
			return name
		}
	}
	return ""
}
