package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseGroupAttrs reads `clmgr -v query resource_group`. A cluster without groups prints nothing. The spellings of the
// attributes are those of clmgr and of clvt (IBM documentation, "query resource_group").
func parseGroupAttrs(in *input) ([]model.GroupAttr, error) {
	groups := []model.GroupAttr{}
	for _, o := range parseObjects(in) {
		a := o.attrs
		name := a.first("NAME", "GROUPNAME", "RESOURCE_GROUP")
		if !isName(name) {
			in.reject(o.at, "expected a resource group with a NAME")
			continue
		}
		g := model.GroupAttr{
			Name: name, Raw: clip(a["STATE"]),
			CurrentNodes: nameList(a.first("CURRENT_NODE", "CURRENTNODE", "CURRENT_NODES")),
			Nodes:        nameList(a.first("NODES", "NODE")),
			Startup:      policyCode(a["STARTUP"]), Fallover: policyCode(a["FALLOVER"]), Fallback: policyCode(a["FALLBACK"]),
			Site:          clip(a.first("SITE_POLICY", "SITE_RELATIONSHIP", "SITES")),
			Applications:  nameList(a.first("APPLICATIONS", "APPLICATION", "APPLICATION_CONTROLLERS")),
			ServiceLabels: nameList(a.first("SERVICE_LABEL", "SERVICE_LABELS", "SERVICE_IP")),
			VolumeGroups:  nameList(a.first("VOLUME_GROUP", "VOLUME_GROUPS")),
		}
		if g.Raw != "" { // "" while nothing runs
			g.State, _ = groupState(g.Raw)
			if g.State == model.GroupUnknown && fold(g.Raw) != "UNKNOWN" {
				in.unknown("group state", g.Raw)
			}
		}
		groups = append(groups, g)
	}
	if len(groups) == 0 && in.r.Unparsed > 0 {
		return nil, in.notUnderstood("resource group")
	}
	return groups, nil
}

// first returns the first of the attributes that is there and not empty.
func (a attrs) first(names ...string) string {
	for _, n := range names {
		if v := a[n]; v != "" {
			return v
		}
	}
	return ""
}

// policyCode returns the code of a policy of a group, which the tools print as code or in words (IBM documentation,
// "Resource group behavior"): the words as printed where they are not known.
func policyCode(s string) string {
	s = clip(s)
	switch fold(s) {
	case "ONLINE ON HOME NODE ONLY":
		return "OHN"
	case "ONLINE ON FIRST AVAILABLE NODE":
		return "OFAN"
	case "ONLINE USING NODE DISTRIBUTION POLICY", "ONLINE USING DISTRIBUTION POLICY":
		return "OUDP"
	case "ONLINE ON ALL AVAILABLE NODES":
		return "OAAN"
	case "FALLOVER TO NEXT PRIORITY NODE IN THE LIST", "FALLOVER TO NEXT PRIORITY NODE":
		return "FNPN"
	case "FALLOVER USING DYNAMIC NODE PRIORITY":
		return "FUDNP"
	case "BRING OFFLINE (ON ERROR NODE ONLY)", "BRING OFFLINE ON ERROR NODE ONLY", "BRING OFFLINE":
		return "BO"
	case "FALLBACK TO HIGHER PRIORITY NODE IN THE LIST", "FALLBACK TO HIGHER PRIORITY NODE":
		return "FBHPN"
	case "NEVER FALLBACK":
		return "NFB"
	}
	return strings.TrimSpace(s)
}
