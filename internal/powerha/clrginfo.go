package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseGroups reads clRGinfo(1), PowerHA 7: the rows of `clRGinfo -s`, or the
// table that it prints without the flag, told apart by its heading.
func parseGroups(b []byte) ([]model.GroupRow, int, error) {
	var rows []model.GroupRow
	var unparsed int
	if isGroupTable(b) {
		rows, unparsed = parseGroupTable(b)
	} else {
		rows, unparsed = parseGroupColons(b)
	}
	if len(rows) == 0 {
		return nil, unparsed, notUnderstood(b, "resource group")
	}
	return rows, unparsed, nil
}

func isGroupTable(b []byte) bool {
	for line := range lines(b) {
		if isRule(line) || strings.HasPrefix(line, "Group Name") {
			return true
		}
	}
	return false
}

// parseGroupColons reads rows group:state:node:…, of which only these three
// fields are certain. The ninth is the site at the levels that print one. The
// node may have spaces around it.
func parseGroupColons(b []byte) (rows []model.GroupRow, unparsed int) {
	for line := range lines(b) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		f := strings.Split(line, ":")
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		if len(f) < 3 {
			unparsed++
			continue
		}
		row, ok := groupRow(f[0], f[1], f[2])
		if !ok {
			unparsed++
			continue
		}
		if len(f) >= 9 && row.Site == "" && isName(f[8]) {
			if state, _ := groupState(f[8]); state == model.GroupUnknown {
				row.Site = f[8]
			}
		}
		rows = append(rows, row)
	}
	return rows, unparsed
}

// parseGroupTable reads the table. A row that begins with a space belongs to
// the group above it; the node is the last word, and the state, which may hold
// spaces, all between (SG24-8278 ex. 5-14, 5-25, 7-6, 8-7).
func parseGroupTable(b []byte) (rows []model.GroupRow, unparsed int) {
	group := ""
	for line := range lines(b) {
		f := strings.Fields(line)
		if len(f) == 0 || isRule(line) || strings.HasPrefix(line, "Group Name") {
			continue
		}
		name, states := group, f
		if line[0] != ' ' && line[0] != '\t' {
			name, states = f[0], f[1:]
		}
		if len(states) < 2 {
			unparsed++
			continue
		}
		last := len(states) - 1
		row, ok := groupRow(name, strings.Join(states[:last], " "), states[last])
		if !ok {
			unparsed++
			continue
		}
		group = name
		rows = append(rows, row)
	}
	return rows, unparsed
}

// groupRow checks and joins the three facts of a row. The node may be followed by @ and its site.
func groupRow(group, state, node string) (model.GroupRow, bool) {
	node, site, _ := strings.Cut(node, "@")
	if !isName(group) || !isName(node) || (site != "" && !isName(site)) || !looksLikeState(state) {
		return model.GroupRow{}, false
	}
	s, secondary := groupState(state)
	return model.GroupRow{Group: group, Node: node, State: s, Secondary: secondary, Site: site, Raw: clip(state)}, true
}

// looksLikeState keeps messages out that have as many colons as a row: a state begins with a word in capitals.
func looksLikeState(s string) bool {
	word, _, _ := strings.Cut(strings.ReplaceAll(s, "_", " "), " ")
	return len(word) > 1 && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// groupState maps a state as printed. OFFLINE may be followed by a reason;
// anything else that is not known is unknown, never something healthy.
func groupState(s string) (state model.GroupState, secondary bool) {
	s, secondary = strings.CutSuffix(fold(s), " SECONDARY")
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
