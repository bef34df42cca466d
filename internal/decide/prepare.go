package decide

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// PrepareSources are the facts that a prepare stands on. Scripts are asked for in mode gated only.
func PrepareSources(m Mode) []model.Source {
	s := []model.Source{
		model.SourceCluster, model.SourceNodes, model.SourceGroups, model.SourceManager, model.SourceNodeTimeout,
		model.SourceDeadmanMode, model.SourceGroupServices,
	}
	if m == ModeGated {
		s = append(s, model.SourceScripts)
	}
	return s
}

// Check is one question of the preflight.
type Check struct {
	Name   string
	OK     bool
	Reason Reason
	Detail string
	// Sources are the facts that a no rests on, Peers that it rests on the word of a peer or of the exporter.
	Sources []model.Source
	Peers   bool
}

// Prepare says whether this node may be unmanaged now (S10), and whether mode
// gated may do it. What is WhatUnmanage, WhatRefusePrepare, or WhatWait with
// the sources to read first. In the modes native and observe it is a
// preflight: WhatObserve means that nothing speaks against the migration.
//
// A no that rests on what was read before the request (Input.Asked) is no
// answer yet: what it rests on is read again once. A yes needs no second look.
func Prepare(in Input) Decision {
	if need := in.missing(PrepareSources(in.Policy.Mode)...); len(need) > 0 {
		d := stale(in, need, StatePreparing)
		if in.failed(need) {
			d.What, d.Reason = WhatRefusePrepare, ReasonFactsFailed
			d.Next = "The cluster cannot be read, so nothing is done; PowerHA's own script handles the migration."
		}
		return d
	}
	if d, no := refusal(in); no {
		return d
	}
	switch {
	case in.Policy.Mode == ModeNative:
		return Decision{What: WhatObserve, Reason: ReasonModeNative, State: StatePreparing, Next: "PowerHA's own script unmanages and resumes; the result is watched."}
	case in.Policy.Mode != ModeGated:
		return Decision{What: WhatObserve, Reason: ReasonModeObserve, State: StateObserving, Next: "Nothing is done in mode observe."}
	case in.Policy.DryRun:
		return Decision{What: WhatRefusePrepare, Reason: ReasonDryRun, State: StatePreparing, Next: "Dry run: the command is written down and not run."}
	}
	return Decision{What: WhatUnmanage, Reason: ReasonReady, State: StatePreparing, Next: "The owners are recorded, then the node is unmanaged."}
}

// refusal is what the preflight says against a prepare, or what must be read again before that counts.
func refusal(in Input) (Decision, bool) {
	again := Decision{What: WhatWait, State: StatePreparing, Again: true, Next: "A reading of before this migration speaks against it; it is read again."}
	for _, c := range Preflight(in) {
		old := in.before(c.Sources)
		switch {
		case c.OK:
			continue
		case len(old) == 0 && !c.Peers:
			return Decision{
				What: WhatRefusePrepare, Reason: c.Reason, State: StatePreparing, Detail: c.Detail,
				Next: "Nothing is done for this migration; PowerHA's own script handles it.",
			}, true
		case again.Reason == "":
			again.Reason, again.Detail = c.Reason, c.Detail
		}
		again.Need = append(again.Need, old...)
		again.NeedPeers = again.NeedPeers || c.Peers
	}
	slices.Sort(again.Need)
	again.Need = slices.Compact(again.Need)
	return again, again.Reason != ""
}

// before lists the sources that were last read before the request.
func (in *Input) before(sources []model.Source) []model.Source {
	var out []model.Source
	for _, s := range sources {
		if r, ok := in.Facts.Get(s); ok && r.At.Before(in.Asked) {
			out = append(out, s)
		}
	}
	return out
}

// failed reports that the last attempt at one of the sources is young and failed, and not older than the request.
func (in *Input) failed(sources []model.Source) bool {
	for _, s := range sources {
		l, ok := in.Facts.Last[s]
		if ok && l.Err != "" && !l.At.Before(in.Floor) && !l.At.Before(in.Asked) && (in.asked(l.At) || in.since(l.At) <= in.Policy.FactAge) {
			return true
		}
	}
	return false
}

// Preflight answers every question of the prepare on the facts at hand, in
// the order in which they are asked. A fact that is missing is a no (S13).
func Preflight(in Input) []Check {
	checks := ground(in)
	if in.Policy.Mode == ModeGated {
		checks = append(gatedChecks(in), checks...)
	}
	return checks
}

func check(name string, ok bool, r Reason, detail string, sources ...model.Source) Check {
	if ok {
		return Check{Name: name, OK: true}
	}
	return Check{Name: name, Reason: r, Detail: detail, Sources: sources}
}

// gatedChecks are the prerequisites of mode gated, apart from stable ground.
func gatedChecks(in Input) []Check {
	var c model.Cluster
	if r, ok := in.fresh(model.SourceCluster); ok && r.Cluster != nil {
		c = *r.Cluster
	}
	unprobed := in.unprobed()
	order, detail := scriptOrder(in)
	return []Check{
		check("product_version", c.HasLPM, ReasonBefore72, c.Version, model.SourceCluster),
		check("no_hyperswap", !c.HyperSwap, ReasonHyperSwap, "", model.SourceCluster),
		check("lpm_policy", c.LPMPolicy == model.PolicyUnmanage, ReasonPolicy, string(c.LPMPolicy), model.SourceCluster),
		check("prometheus", in.Policy.Prometheus > 0, ReasonNoPrometheus, ""),
		check("probes", len(unprobed) == 0, ReasonNoProbe, strings.Join(unprobed, " "), model.SourceGroups),
		check("dr_scripts", order == "", order, detail, model.SourceScripts),
		check("acknowledged", in.Unacknowledged == "", ReasonAcknowledge, in.Unacknowledged),
	}
}

// ground is what S10 asks of an unmanage.
func ground(in Input) []Check {
	nodes, okN := in.fresh(model.SourceNodes)
	cluster, okC := in.fresh(model.SourceCluster)
	state := model.NodeUnknown
	if okN {
		state = nodes.NodeState(in.Node)
	}
	nodeReason := ReasonNodeNotNormal
	if state == model.NodeUnmanaged {
		nodeReason = ReasonNodeUnmanaged
	}
	mgr, mgrReason, mgrDetail := managerStable(in)
	unsynced := ReasonUnsyncedUnknown
	synced := false
	if okC && cluster.Cluster != nil && cluster.Cluster.Unsynced != nil {
		synced, unsynced = !*cluster.Cluster.Unsynced, ReasonUnsynced
	}
	sick, half := in.unstableGroup(), in.understoodInPart(model.SourceGroups, model.SourceNodes)
	noStandby := in.withoutStandby()
	return []Check{
		check("understood", half == "", ReasonFactsFailed, half, model.SourceGroups, model.SourceNodes),
		check("node", state == model.NodeNormal, nodeReason, string(state), model.SourceNodes),
		check("manager", mgr, mgrReason, mgrDetail, model.SourceManager),
		check("synchronised", synced, unsynced, "", model.SourceCluster),
		oneMigration(in),
		check("groups", sick == "", ReasonGroupNotStable, sick, model.SourceGroups),
		check("standby", noStandby == "", ReasonNoStandby, noStandby, model.SourceNodes, model.SourceGroups),
	}
}

// understoodInPart names the sources of which lines were not understood: a group may stand in one of them, and the record
// of who owns what would miss it.
func (in *Input) understoodInPart(sources ...model.Source) string {
	var out []string
	for _, s := range sources {
		if r, ok := in.fresh(s); ok && r.Unparsed > 0 {
			out = append(out, fmt.Sprintf("%s: %d lines not understood, see lpmctl selftest", s, r.Unparsed))
		}
	}
	return strings.Join(out, "; ")
}

// managerStable: the cluster manager is stable and has no event queued.
func managerStable(in Input) (ok bool, r Reason, detail string) {
	m, fresh := in.fresh(model.SourceManager)
	switch {
	case !fresh || m.Manager == nil:
		return false, ReasonManagerNotStable, string(model.ManagerUnknown)
	case m.Manager.State != model.ManagerStable:
		return false, ReasonManagerNotStable, string(m.Manager.State)
	case m.Manager.QueuedEvents > 0:
		return false, ReasonEventQueued, m.Manager.LastEvent
	}
	return true, "", ""
}

// scriptOrder checks that drmgr runs our script before PowerHA's.
func scriptOrder(in Input) (Reason, string) {
	r, ok := in.fresh(model.SourceScripts)
	if !ok {
		return ReasonScriptMissing, "drmgr -l was not read"
	}
	ours, theirs := -1, -1
	for i, s := range r.Scripts {
		base := path.Base(s.Path)
		if ours < 0 && base == in.Policy.Script {
			ours = i
		}
		if theirs < 0 && strings.Contains(base, "cl_dr") {
			theirs = i
		}
	}
	switch {
	case ours < 0:
		return ReasonScriptMissing, in.Policy.Script
	case theirs < 0:
		return ReasonProductScript, "cl_dr"
	case theirs < ours:
		return ReasonScriptOrder, r.Scripts[theirs].Path
	}
	return "", ""
}

// owned lists the groups that are online on this node now.
func (in *Input) owned() []string {
	r, ok := in.fresh(model.SourceGroups)
	if !ok {
		return nil
	}
	return model.Record{Node: in.Node, Owners: ownersOf(r)}.Owned()
}

func ownersOf(r model.Reading) map[string][]string {
	owners, _ := r.Owners()
	return owners
}

func (in *Input) unprobed() []string {
	var out []string
	for _, g := range in.owned() {
		if !in.Policy.ProbesAll && !slices.Contains(in.Policy.ProbedGroups, g) {
			out = append(out, g)
		}
	}
	return out
}

// oneMigration: no other node is being migrated or is unmanaged, by its exporter, its actor or the cluster.
func oneMigration(in Input) Check {
	const name = "one_migration"
	if in.Snapshot != nil && in.since(in.Snapshot.At) <= in.Policy.FactAge {
		for _, p := range in.Snapshot.Peers {
			busy := p.Phase == model.PhasePreparing || p.Phase == model.PhaseMigrating || p.Phase == model.PhaseSettling || p.Phase == model.PhaseRollingBack
			if p.Node != in.Node && p.Up && (busy || p.Suspended) {
				return Check{Name: name, Reason: ReasonPeerMigrating, Detail: p.Node, Peers: in.SnapshotRead.Before(in.Asked)}
			}
		}
	}
	for peer, p := range in.Peers {
		if p.Reachable && in.since(p.At) <= in.Policy.FactAge && (p.Migrating || p.Suspended) {
			return Check{Name: name, Reason: ReasonPeerMigrating, Detail: peer, Peers: p.At.Before(in.Asked)}
		}
	}
	if r, ok := in.fresh(model.SourceNodes); ok {
		for _, n := range r.Nodes {
			if n.Name != in.Node && n.State == model.NodeUnmanaged {
				return check(name, false, ReasonPeerMigrating, n.Name, model.SourceNodes)
			}
		}
	}
	return Check{Name: name, OK: true}
}

// unstableGroup names a group that is in a state in which nothing should be begun.
func (in *Input) unstableGroup() string {
	r, ok := in.fresh(model.SourceGroups)
	if !ok {
		return "clRGinfo was not read"
	}
	for _, g := range r.Groups {
		switch g.State {
		case model.GroupAcquiring, model.GroupReleasing, model.GroupError, model.GroupTemporaryError, model.GroupUnknown, model.GroupUnmanaged:
			return g.Group + " " + string(g.State)
		case model.GroupOnline, model.GroupOffline:
		}
	}
	return ""
}

// withoutStandby names an owned group that no other node in state normal could take; "-" for a node that owns none.
func (in *Input) withoutStandby() string {
	nodes, ok := in.fresh(model.SourceNodes)
	groups, ok2 := in.fresh(model.SourceGroups)
	if !ok || !ok2 {
		return "the cluster was not read"
	}
	up := map[string]bool{}
	for _, n := range nodes.Nodes {
		if n.Name != in.Node && n.State == model.NodeNormal {
			up[n.Name] = true
		}
	}
	if len(up) == 0 {
		return "no other node is normal"
	}
	for _, g := range in.owned() {
		if !slices.ContainsFunc(groups.Groups, func(r model.GroupRow) bool { return r.Group == g && up[r.Node] }) {
			return g
		}
	}
	return ""
}

// MakeRecord writes down who owns what and every setting that is put back. It
// stands on facts that Prepare has found fresh.
func MakeRecord(in Input, episode string) model.Record {
	r := model.Record{
		Version: 1, Episode: episode, Cluster: in.Cluster, Node: in.Node, At: in.Now.Wall, Mode: string(in.Policy.Mode),
		LPMPolicy: model.PolicyUnknown, States: map[string]model.NodeState{}, Owners: map[string][]string{},
	}
	if g, ok := in.fresh(model.SourceGroups); ok {
		r.Owners = ownersOf(g)
	}
	if n, ok := in.fresh(model.SourceNodes); ok {
		for _, x := range n.Nodes {
			r.States[x.Name] = x.State
			if x.Name != in.Node {
				r.Peers = append(r.Peers, x.Name)
			}
		}
	}
	if t, ok := in.fresh(model.SourceNodeTimeout); ok {
		r.NodeTimeout = t.NodeTimeout
	}
	if d, ok := in.fresh(model.SourceDeadmanMode); ok {
		r.DeadmanMode = d.DeadmanMode
	}
	if s, ok := in.fresh(model.SourceGroupServices); ok {
		r.DeadManSwitch = s.DeadManSwitch
	}
	if c, ok := in.fresh(model.SourceCluster); ok && c.Cluster != nil {
		r.LPMPolicy, r.LPMHeartbeat = c.Cluster.LPMPolicy, c.Cluster.LPMHeartbeat
	}
	if s, ok := in.fresh(model.SourceSubsystems); ok {
		for _, x := range s.Subsystems {
			r.Clinfo = r.Clinfo || (x.Name == "clinfoES" && x.Active)
		}
	}
	return r
}
