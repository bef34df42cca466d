package decide

import (
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
}

// Prepare says whether this node may be unmanaged now (S10), and whether mode
// gated may do it. What is WhatUnmanage, WhatRefusePrepare, or WhatWait with
// the sources to read first. In the modes native and observe it is a
// preflight: WhatObserve means that nothing speaks against the migration.
func Prepare(in Input) Decision {
	if need := in.missing(PrepareSources(in.Policy.Mode)...); len(need) > 0 {
		d := stale(in, need, StatePreparing)
		if in.failed(need) {
			d.What, d.Reason = WhatRefusePrepare, ReasonFactsFailed
			d.Next = "The cluster cannot be read, so nothing is done; PowerHA's own script handles the migration."
		}
		return d
	}
	for _, c := range Preflight(in) {
		if !c.OK {
			return Decision{
				What: WhatRefusePrepare, Reason: c.Reason, State: StatePreparing, Detail: c.Detail,
				Next: "Nothing is done for this migration; PowerHA's own script handles it.",
			}
		}
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

// failed reports that the last attempt at one of the sources is young and failed.
func (in *Input) failed(sources []model.Source) bool {
	for _, s := range sources {
		if l, ok := in.Facts.Last[s]; ok && l.Err != "" && !l.At.Before(in.Floor) && in.since(l.At) <= in.Policy.FactAge {
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

func check(name string, ok bool, r Reason, detail string) Check {
	if ok {
		return Check{Name: name, OK: true}
	}
	return Check{Name: name, Reason: r, Detail: detail}
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
		check("product_version", c.HasLPM, ReasonBefore72, c.Version),
		check("no_hyperswap", !c.HyperSwap, ReasonHyperSwap, ""),
		check("lpm_policy", c.LPMPolicy == model.PolicyUnmanage, ReasonPolicy, string(c.LPMPolicy)),
		check("prometheus", in.Policy.Prometheus > 0, ReasonNoPrometheus, ""),
		check("probes", len(unprobed) == 0, ReasonNoProbe, strings.Join(unprobed, " ")),
		check("dr_scripts", order == "", order, detail),
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
	peer := in.peerMigrating()
	sick := in.unstableGroup()
	noStandby := in.withoutStandby()
	return []Check{
		check("node", state == model.NodeNormal, nodeReason, string(state)),
		check("manager", mgr, mgrReason, mgrDetail),
		check("synchronised", synced, unsynced, ""),
		check("one_migration", peer == "", ReasonPeerMigrating, peer),
		check("groups", sick == "", ReasonGroupNotStable, sick),
		check("standby", noStandby == "", ReasonNoStandby, noStandby),
	}
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

// peerMigrating names another node that is being migrated or is unmanaged, by its exporter, its actor or the cluster.
func (in *Input) peerMigrating() string {
	if in.Snapshot != nil && in.since(in.Snapshot.At) <= in.Policy.FactAge {
		for _, p := range in.Snapshot.Peers {
			busy := p.Phase == model.PhasePreparing || p.Phase == model.PhaseMigrating || p.Phase == model.PhaseSettling || p.Phase == model.PhaseRollingBack
			if p.Node != in.Node && p.Up && (busy || p.Suspended) {
				return p.Node
			}
		}
	}
	for name, p := range in.Peers {
		if p.Reachable && in.since(p.At) <= in.Policy.FactAge && (p.Migrating || p.Suspended) {
			return name
		}
	}
	if r, ok := in.fresh(model.SourceNodes); ok {
		for _, n := range r.Nodes {
			if n.Name != in.Node && n.State == model.NodeUnmanaged {
				return n.Name
			}
		}
	}
	return ""
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
