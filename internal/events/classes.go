package events

// Class is a row of the table by which the starts of events are judged.
type Class struct {
	Events []string // stems: node_down stands for node_down_remote, node_down_local and node_down_complete too
	Why    Why
	// Mine is the reason instead where the event names the migrating node; with AfterEnd only once the migration has ended,
	// with Nameless also where the event names no node.
	Mine               Why
	AfterEnd, Nameless bool
	// Asked are arguments with which somebody asked for it.
	Asked []string
	// Source is where the event is described, or its name seen.
	Source string
}

// Where events are described. The names of the ODM's traps are those of the events, in capitals behind TE_.
const (
	sourceConcepts = "IBM PowerHA SystemMirror 7.2, *Cluster events*"
	sourceGroups   = "IBM PowerHA SystemMirror 7.2, *Resource group behavior during cluster events*"
	sourceMonitors = "IBM PowerHA SystemMirror 7.2, *Application monitors*; traps TE_SERVER_RESTART, TE_SERVER_DOWN"
	sourceStudy    = "SG24-5131, 5.1.1"
	sourceTooLong  = "SG24-5131, 5.1.1.4 and 7.2: after MAX_EVENT_TIME, then again and again"
	sourceTraps    = "traps of the ODM class HACMPevent alone"
)

// Classes is the table.
func Classes() []Class {
	return []Class{
		{Events: []string{"admin_op"}, Why: WhyAsked, Source: "run before what an administrator asks for; " + sourceTraps},
		{Events: []string{"node_down"}, Why: WhyNodeDown, Asked: []string{"forced", "graceful"}, Source: sourceConcepts + "; SG24-8278, 4.4 for a stop with unmanage (forced)"},
		{Events: []string{"node_up"}, Why: WhyOtherNodeUp, Mine: WhyRejoins, Source: sourceConcepts},
		{
			Events: []string{
				"rg_move", "rg_move_release", "rg_move_acquire", "rg_move_fence", "acquire_service_addr", "release_service_addr",
				"acquire_takeover_addr", "release_takeover_addr", "resource_state_change", "external_resource_state_change",
			},
			Why: WhyMoved, Mine: WhyResumed, AfterEnd: true, Source: sourceGroups + "; " + sourceStudy,
		},
		{
			Events: []string{"get_disk_vg_fs", "start_server", "stop_server", "process_resources"},
			Why:    WhyMoved, Mine: WhyResumed, AfterEnd: true, Nameless: true,
			Source: sourceStudy + "; SG24-8278, 8.3.5: a start with MANAGE=auto runs the start script once more",
		},
		{Events: []string{"server_restart", "server_down"}, Why: WhyApplication, Source: sourceMonitors},
		{Events: []string{"network_down", "network_unstable", "swap_adapter"}, Why: WhyNetwork, Source: sourceConcepts},
		{Events: []string{"fail_interface", "fail_standby"}, Why: WhyNetwork, Source: sourceStudy + "; " + sourceTraps},
		{Events: []string{"network_up", "network_stable", "site_up"}, Why: WhyRecovery, Source: sourceConcepts},
		{Events: []string{"join_interface", "join_standby"}, Why: WhyRecovery, Source: sourceStudy + "; " + sourceTraps},
		{Events: []string{"site_down", "site_isolation", "site_merge", "split_merge_prompt"}, Why: WhySite, Source: sourceConcepts + "; " + sourceTraps},
		{Events: []string{"config_too_long", "unstable_too_long"}, Why: WhyTooLong, Source: sourceTooLong},
		{Events: []string{"forced_down_too_long"}, Why: WhyForgotten, Source: "a node is unmanaged for too long; " + sourceTraps},
		{Events: []string{"event_error"}, Why: WhyFailed, Source: "an event script failed; " + sourceTraps},
	}
}
