package crosscheck

import "powerha_lpm_exporter/internal/model"

// Rule is one pair of sources and which of the two is believed.
type Rule struct {
	Fact Fact
	// Wins is the source that is published and acted on, Other the witness that it is compared with.
	Wins, Other model.Source
	// What is compared, Reason why Wins does, with the source of that knowledge.
	What, Reason string
}

type rule struct {
	Rule
	compare func(in Input, wins, other model.Reading) outcome
}

// Rules lists the comparisons.
func Rules() []Rule {
	all := rules()
	out := make([]Rule, 0, len(all))
	for _, r := range all {
		out = append(out, r.Rule)
	}
	return out
}

func rules() []rule {
	return []rule{
		{Rule{
			Managed, model.SourceNodes, model.SourceManager, "whether this node is UNMANAGED, and whether it is in the list of nodes forced down",
			"clmgr prints UNMANAGED in STATE and in RAW_STATE (SG24-8278, 4.4 and ex. 8-10); the line of lssrc is not documented and may be missing at a level, so that its absence says nothing",
		}, managedByManager},
		{Rule{
			Managed, model.SourceNodes, model.SourceGroups, "whether this node is UNMANAGED, and the states of the groups that it owns",
			"a node that owns no group leaves no trace in clRGinfo, and an owner's UNMANAGED is printed for every node (SG24-8278 ex. 8-7)",
		}, managedByGroups},
		{Rule{
			Migration, model.SourceErrlog, model.SourceErrlog, "a migration in the error log, and the records of the DR script",
			"the script's record is dated to the nanosecond and names the phase, the error log's to the minute at worst; but a migration that only the error log has did happen",
		}, migrationTold},
		{Rule{
			ResourceGroup, model.SourceGroups, model.SourceGroupAttrs, "state and current nodes of each resource group",
			"clRGinfo asks the running cluster manager and has a row for each node (PowerHA documentation, clRGinfo); clmgr has one summary",
		}, groups},
		{Rule{
			Timeouts, model.SourceNodeTimeout, model.SourceCluster, "node_timeout of CAA and HEARTBEAT_FREQUENCY, outside a migration",
			"CAA's tunable is in force; PowerHA's attribute is what was configured, and clmgr -f changes the tunable alone (SG24-8278 ex. 8-9)",
		}, nodeTimeout},
		{Rule{
			Timeouts, model.SourceNodeTimeout, model.SourceTunables, "node_timeout asked for alone, and in the list of all tunables",
			"the form for scripts, which PowerHA's own script reads too (SG24-8278 ex. 8-20)",
		}, nodeTimeoutListed},
		{Rule{
			Timeouts, model.SourceTunables, model.SourceCluster, "node_down_delay and GRACE_PERIOD, network_fdt and NETWORK_FAILURE_DETECTION_TIME",
			"CAA's tunables are in force, PowerHA's attributes are what was configured (SG24-8278, 2.2.1 and ex. 4-1)",
		}, otherTimeouts},
		{Rule{
			Manager, model.SourceManager, model.SourceNodes, "Current state of lssrc, and RAW_STATE of clmgr",
			"lssrc asks the cluster manager of this node itself; clmgr shows UNMANAGED in its place (SG24-8278 ex. 8-13, 5-18)",
		}, manager},
		{Rule{
			Variables, model.SourcePolicyODM, model.SourceCluster, "lpm_policy of the ODM and LPM_POLICY of clmgr; never set and manage are the same",
			"PowerHA's own script reads the ODM (SG24-8278 ex. 8-20), so that is what a migration does",
		}, policy},
		{Rule{
			Variables, model.SourceTimeoutODM, model.SourceCluster, "lpm_node_timeout of the ODM and HEARTBEAT_FREQUENCY_DURING_LPM of clmgr",
			"PowerHA's own script reads the ODM (SG24-8278 ex. 8-20), so that is what a migration does",
		}, lpmTimeout},
		{Rule{
			Members, model.SourceNodes, model.SourceMembers, "names of the nodes, and nodes that serve while CAA has them down; host names are compared without their domain",
			"PowerHA's own list: its names are those of groups and commands; CAA's are host names, and each node lists its own view (IBM AIX Cluster management, lscluster)",
		}, members},
	}
}
