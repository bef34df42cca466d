package powerha

import "powerha_lpm_exporter/internal/model"

// groupWitness returns the questions that tell of resource groups a second time, or more of them.
func groupWitness(s model.Source) (question, bool) {
	attrs := func(r *model.Reading) *[]model.GroupAttr { return &r.GroupAttrs }
	switch s {
	case model.SourceGroupAttrs:
		return ask(parseGroupAttrs, attrs, hintConfig, "clmgr", "-v", "query", "resource_group"), true
	case model.SourceGroupPolicies:
		return ask(parseGroupPolicies, attrs, hintServices, "clRGinfo", "-v").fromEveryNode(), true
	case model.SourceGroupMonitors:
		return ask(parseAppStates, func(r *model.Reading) *[]model.AppState { return &r.AppStates },
			hintServices, "clRGinfo", "-m").fromEveryNode(), true
	case model.SourceOverrides:
		return ask(parseOverrides, func(r *model.Reading) *[]model.GroupRow { return &r.Groups },
			hintServices, "clRGinfo", "-p").fromEveryNode(), true
	case model.SourceGroupNames:
		return ask(parseGroupNames, func(r *model.Reading) *[]string { return &r.GroupNames },
			hintConfig, "cllsgrp").fromEveryNode(), true
	default:
		return question{}, false
	}
}

// otherWitness returns the questions that tell of the cluster and the node a second time, or more of them.
func otherWitness(s model.Source) (question, bool) {
	switch s {
	case model.SourceServices:
		return question{tool: "clshowsrv", args: []string{"-v"}, hint: hintInstalled, parse: parseServices}, true
	case model.SourceTopology:
		return ask(parseTopology, func(r *model.Reading) **model.Topology { return &r.Topology }, hintConfig, "cltopinfo"), true
	case model.SourceInterfaces:
		return ask(parseInterfaces, func(r *model.Reading) *[]model.Interface { return &r.Interfaces }, hintCAA, "lscluster", "-i"), true
	case model.SourceCAA:
		return ask(parseCAA, func(r *model.Reading) **model.CAA { return &r.CAA }, hintCAA, "lscluster", "-c"), true
	case model.SourceCAACounters:
		return ask(parseCounters, func(r *model.Reading) *map[string]uint64 { return &r.Counters }, hintCAA, "lscluster", "-s"), true
	case model.SourceErrlogSummary:
		return ask(parseErrlogSummary, func(r *model.Reading) *[]model.ErrlogEntry { return &r.Errlog }, hintRights,
			"errpt", "-J", pmigLabels), true
	case model.SourcePartition:
		return ask(parsePartition, func(r *model.Reading) **model.Partition { return &r.Partition }, hintRights, "lparstat", "-i"), true
	case model.SourceSwitch:
		return ask(parseGroupServices, func(r *model.Reading) **bool { return &r.DeadManSwitch },
			"check that Group Services run: lssrc -s cthags", "listdms", "-s", "cthags"), true
	default:
		return odmWitness(s)
	}
}
