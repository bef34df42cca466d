package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseGroups reads clRGinfo(1), PowerHA 7: the rows of `clRGinfo -s` or -c, or the
// table that it prints without the flag, told apart by its rules and its heading.
func parseGroups(in *input) ([]model.GroupRow, error) {
	g := groupRows{in: in}
	if isGroupTable(in) {
		g.table()
	} else {
		g.colons()
	}
	if len(g.rows) == 0 {
		return nil, in.notUnderstood("resource group")
	}
	return g.rows, nil
}

func isGroupTable(in *input) bool {
	for l := range in.lines() {
		if isRule(l.text) || strings.HasPrefix(l.text, "Group Name") {
			return true
		}
	}
	return false
}

// groupRows gathers rows. A group has one row a node.
type groupRows struct {
	in   *input
	rows []model.GroupRow
	seen map[[2]string]seenRow
}

type seenRow struct{ index, block int }

// colons reads rows group:state:node:…, of which only these three
// fields are certain. The ninth is the site at the levels that print one. The
// node may have spaces around it.
func (g *groupRows) colons() {
	for l := range g.in.lines() {
		if strings.TrimSpace(l.text) == "" {
			continue
		}
		f := splitColons(l.text)
		if len(f) < 3 {
			g.in.reject(l, "expected group:state:node:…")
			continue
		}
		row, why := groupRow(f[0], f[1], f[2])
		if why != "" {
			g.in.reject(l, why)
			continue
		}
		if len(f) >= 9 && row.Site == "" && isName(f[8]) && stateAt(f[8:9]) < 0 {
			row.Site = f[8]
		}
		g.add(l, row)
	}
}

// table reads the table. A row that begins with a space belongs to
// the group above it; the node is the last word, and the state, which may hold
// spaces, all between (SG24-8278 ex. 5-14, 5-25, 7-6, 8-7).
func (g *groupRows) table() {
	group := ""
	alone := line{} // a name that left no room in its line, until a row follows
	flush := func() {
		if alone.n > 0 {
			g.in.reject(alone, "expected a group, a state and a node")
			alone = line{}
		}
	}
	for l := range g.in.lines() {
		f := strings.Fields(l.text)
		if len(f) == 0 || isRule(l.text) || strings.HasPrefix(l.text, "Group Name") {
			continue
		}
		name, states := group, f
		if l.text[0] != ' ' && l.text[0] != '\t' {
			name, states = f[0], f[1:]
			group = "" // the rows below belong to this line's group or, if it is not understood, to none
			if flush(); len(states) == 0 && isName(name) {
				group, alone = name, l
				continue
			}
		}
		if len(states) < 2 || name == "" {
			g.in.reject(l, "expected a group, a state and a node")
			continue
		}
		last := len(states) - 1
		row, why := groupRow(name, strings.Join(states[:last], " "), states[last])
		if why != "" {
			g.in.reject(l, why)
			continue
		}
		group, alone = name, line{}
		g.add(l, row)
	}
	flush()
}

// add takes a row in. Told twice it counts once; told twice and differently, its state is unknown. Under clcmd every node
// tells all rows, so that there only a difference is worth a word.
func (g *groupRows) add(l line, row model.GroupRow) {
	key := [2]string{row.Group, row.Node}
	was, ok := g.seen[key]
	if !ok {
		if g.seen == nil {
			g.seen = make(map[[2]string]seenRow)
		}
		g.seen[key] = seenRow{index: len(g.rows), block: l.block}
		if row.State == model.GroupUnknown && fold(row.Raw) != "UNKNOWN" {
			g.in.unknown("group state", row.Raw)
		}
		g.rows = append(g.rows, row)
		return
	}
	first := &g.rows[was.index]
	if first.State == row.State && first.Secondary == row.Secondary {
		if was.block == l.block {
			g.in.reject(l, "the group has a row for this node already")
		}
		return
	}
	g.in.reject(l, "the group has a row for this node already, with another state")
	first.State, first.Raw = model.GroupUnknown, clip(first.Raw+" / "+row.Raw)
	g.in.unknown("group state", first.Raw)
}

// groupRow checks and joins the three facts of a row, or says what is wrong. The node may be followed by @ and its site.
func groupRow(group, state, node string) (row model.GroupRow, why string) {
	node, site, _ := strings.Cut(node, "@")
	switch {
	case !isName(group):
		return row, "expected the name of a group first, or above"
	case !isName(node) || (site != "" && !isName(site)):
		return row, "expected a node or node@site after the state"
	case !looksLikeState(state):
		return row, "expected a state in capitals after the group"
	case !plausibleState(state):
		return row, "expected a state and a node alone after the group"
	}
	s, secondary := groupState(state)
	return model.GroupRow{Group: group, Node: node, State: s, Secondary: secondary, Site: site, Raw: clip(state)}, ""
}

// looksLikeState keeps messages out that have as many colons as a row: a state begins with a word in capitals.
func looksLikeState(s string) bool {
	if at := strings.IndexAny(s, " _"); at >= 0 {
		s = s[:at]
	}
	return len(s) > 1 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// plausibleState keeps a column too many from being taken for a part of the state: all its words are in capitals but for
// a reason after OFFLINE, which has two words or more.
func plausibleState(s string) bool {
	words := strings.Fields(s)
	for _, w := range words[1:] {
		if looksLikeState(w) {
			continue
		}
		letters := strings.Trim(strings.ToUpper(w), "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
		if words[0] != "OFFLINE" || len(words) < 3 || !letters {
			return false
		}
	}
	return true
}

// stateAt returns where in a row the state begins: at the first word that is known for one, else at the first in capitals
// after the first column; -1 if there is none. Names may be in capitals, too.
func stateAt(f []string) int {
	for i, word := range f {
		word, _, _ = strings.Cut(word, "_")
		switch word {
		case "ONLINE", "OFFLINE", "ACQUIRING", "RELEASING", "ERROR", "TEMPORARY", "TEMP", "UNMANAGED", "UNKNOWN":
			return i
		}
	}
	for i, word := range f {
		if i > 0 && looksLikeState(word) {
			return i
		}
	}
	return -1
}

// groupState maps a state as printed. OFFLINE may be followed by a reason;
// anything else that is not known is unknown, never something healthy. PEER is what the cluster's SNMP MIB
// (hacmp.my, resGroupNodeState) has beside SECONDARY for the instance at the other site.
func groupState(s string) (state model.GroupState, secondary bool) {
	s = fold(s)
	for _, instance := range [...]string{" SECONDARY", " PEER"} {
		if rest, ok := strings.CutSuffix(s, instance); ok {
			s, secondary = rest, true
			break
		}
	}
	switch s {
	case "ONLINE":
		return model.GroupOnline, secondary
	case "ACQUIRING":
		return model.GroupAcquiring, secondary
	case "RELEASING":
		return model.GroupReleasing, secondary
	case "ERROR":
		return model.GroupError, secondary
	case "TEMPORARY ERROR", "TEMP ERROR":
		return model.GroupTemporaryError, secondary
	case "UNMANAGED":
		return model.GroupUnmanaged, secondary
	}
	if s == "OFFLINE" || strings.HasPrefix(s, "OFFLINE ") {
		return model.GroupOffline, secondary
	}
	return model.GroupUnknown, secondary
}
