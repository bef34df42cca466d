package collector

import "powerha_lpm_exporter/internal/model"

func cluster(e *emitter, v *View) {
	state, manager, node := model.ClusterUnknown, model.ManagerUnknown, model.NodeUnknown
	if r, ok := v.Fresh[model.SourceCluster]; ok && r.Cluster != nil {
		state = r.Cluster.State
		if u := r.Cluster.Unsynced; u != nil {
			e.bool("powerha_cluster_unsynced_changes", *u)
		}
	}
	if r, ok := v.Fresh[model.SourceManager]; ok && r.Manager != nil {
		manager = r.Manager.State
	}
	if r, ok := v.Fresh[model.SourceNodes]; ok {
		node = r.NodeState(v.Node)
		for _, n := range r.Nodes {
			if n.Name != v.Node {
				e.state("powerha_peer_node_state", string(n.State), n.Name)
			}
		}
	}
	e.state("powerha_cluster_state", string(state))
	e.state("powerha_cluster_manager_state", string(manager))
	e.state("powerha_node_state", string(node))
	if managed, known := Managed(node); known {
		e.bool("powerha_node_managed", managed)
	}
}

// Managed tells from the state of a node whether PowerHA manages it. Where its cluster services do not run, or its
// state is not known, there is nothing to tell.
func Managed(s model.NodeState) (managed, known bool) {
	switch s {
	case model.NodeUnmanaged:
		return false, true
	case model.NodeNormal, model.NodeJoining, model.NodeLeaving, model.NodeUnstable:
		return true, true
	case model.NodeOffline, model.NodeError, model.NodeUnknown:
		return false, false
	default:
		return false, false
	}
}
