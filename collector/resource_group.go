package collector

import (
	"slices"

	"powerha_lpm_exporter/internal/model"
)

// resourceGroup publishes this node's row of every group it takes part in. When the table cannot be read, the state
// of the groups that are known from before is unknown.
func resourceGroup(e *emitter, v *View) {
	r, fresh := v.Fresh[model.SourceGroups]
	if fresh {
		for _, g := range r.Groups {
			switch {
			case g.Secondary:
			case g.Node == v.Node:
				e.state("powerha_resource_group_state", string(g.State), g.Group)
			default:
				e.set("powerha_peer_resource_group_info", 1, g.Node, g.Group, string(g.State))
			}
		}
		owners, unmanaged := r.Owners()
		for g := range owners {
			e.bool("powerha_resource_group_managed", !unmanaged[g], g)
		}
	}
	for _, o := range v.Owners {
		if !fresh {
			e.state("powerha_resource_group_state", string(model.GroupUnknown), o.Group)
		}
		e.bool("powerha_resource_group_owner", slices.Contains(o.Nodes, v.Node), o.Group)
	}
	for g, since := range v.Unmanaged {
		e.time("powerha_resource_group_unmanaged_since_timestamp_seconds", since, g)
	}
}
