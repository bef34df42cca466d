package crosscheck

import (
	"fmt"
	"slices"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// group is what clRGinfo has of one group.
type group struct {
	states map[model.GroupState]bool
	online []string
	nodes  []string
}

func (g *group) moving() bool {
	return g.states[model.GroupAcquiring] || g.states[model.GroupReleasing] || g.states[model.GroupTemporaryError]
}

func tableOf(r model.Reading) (names []string, table map[string]*group) {
	table = make(map[string]*group)
	for _, row := range r.Groups {
		if row.Secondary {
			continue
		}
		g := table[row.Group]
		if g == nil {
			g = &group{states: make(map[model.GroupState]bool)}
			table[row.Group], names = g, append(names, row.Group)
		}
		g.states[row.State] = true
		g.nodes = append(g.nodes, row.Node)
		if row.State == model.GroupOnline {
			g.online = append(g.online, row.Node)
		}
	}
	return names, table
}

func groups(_ Input, rows, attrs model.Reading) outcome {
	names, table := tableOf(rows)
	if len(names) == 0 || len(attrs.GroupAttrs) == 0 {
		return no(WhyNotTold)
	}
	out := no(WhyNotTold)
	seen := make(map[string]bool)
	for _, a := range attrs.GroupAttrs {
		seen[a.Name] = true
		o := differ(WhyOne, fmt.Sprintf("clmgr has the group %s, clRGinfo has not", a.Name))
		if g := table[a.Name]; g != nil {
			o = compareGroup(g, a)
		}
		if o.over(out) || out.why == WhyNotTold {
			out = o
		}
	}
	for _, n := range names {
		if !seen[n] && out.verdict != Differ {
			out = differ(WhyOne, fmt.Sprintf("clRGinfo has the group %s, clmgr has not", n))
		}
	}
	return out
}

// compareGroup compares the rows of one group with its summary.
func compareGroup(g *group, a model.GroupAttr) outcome {
	switch {
	case g.moving() || a.State == model.GroupAcquiring || a.State == model.GroupReleasing || a.State == model.GroupTemporaryError:
		return no(WhyMoving)
	case slices.ContainsFunc(a.CurrentNodes, func(n string) bool { return !slices.Contains(g.nodes, n) }):
		return no(WhyRenamed)
	case a.State == "" || a.State == model.GroupUnknown:
		if len(a.CurrentNodes) == 0 || len(g.online) == 0 {
			return no(WhyNotTold)
		}
	case !matches(g, a.State):
		return differ(WhyState, fmt.Sprintf("clmgr has the group %s %s, clRGinfo %s", a.Name, a.State, words(g)))
	}
	if len(a.CurrentNodes) > 0 && len(g.online) > 0 && !sameSet(a.CurrentNodes, g.online) {
		return differ(WhyOwners, fmt.Sprintf("clmgr has the group %s on %s, clRGinfo online on %s",
			a.Name, strings.Join(a.CurrentNodes, ", "), strings.Join(g.online, ", ")))
	}
	return same(fmt.Sprintf("the group %s is %s for both", a.Name, words(g)))
}

// matches: a summary of offline means that no node has the group, any other that one has it so.
func matches(g *group, s model.GroupState) bool {
	if s == model.GroupOffline {
		return !g.states[model.GroupOnline] && !g.states[model.GroupUnmanaged]
	}
	return g.states[s]
}

func words(g *group) string {
	var out []string
	for _, s := range model.GroupStates() {
		if g.states[s] {
			out = append(out, string(s))
		}
	}
	return strings.Join(out, " and ")
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// host is a name without its domain, in small letters: node names of PowerHA have no domain, host names of CAA may.
func host(name string) string {
	h, _, _ := strings.Cut(name, ".")
	return strings.ToLower(h)
}

func members(_ Input, nodes, caa model.Reading) outcome {
	if len(nodes.Nodes) == 0 || len(caa.Members) == 0 {
		return no(WhyNotTold)
	}
	byHost := make(map[string]model.Member, len(caa.Members))
	for _, m := range caa.Members {
		byHost[host(m.Name)] = m
	}
	out, common := no(WhyNames), 0
	for _, n := range nodes.Nodes {
		m, ok := byHost[host(n.Name)]
		if !ok {
			out = differ(WhyOne, fmt.Sprintf("clmgr has the node %s, lscluster has not", n.Name))
			continue
		}
		common++
		delete(byHost, host(n.Name))
		if !m.Up && (n.State == model.NodeNormal || n.State == model.NodeUnmanaged) && out.verdict != Differ {
			out = differ(WhyDown, fmt.Sprintf("clmgr has the node %s %s, lscluster has it down", n.Name, n.State))
		}
	}
	switch {
	case common == 0 && len(nodes.Nodes) == len(caa.Members):
		return no(WhyNames)
	case out.verdict == Differ:
		return out
	case len(byHost) > 0:
		return differ(WhyOne, fmt.Sprintf("lscluster has %d nodes that clmgr has not", len(byHost)))
	default:
		return same(fmt.Sprintf("%d nodes", common))
	}
}
