package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseMembers reads `lscluster -m` (SG24-8278 ex. 8-3): a paragraph for each
// node, as this node sees it. Words may follow the state: "UP  NODE_LOCAL",
// "UP REACHABLE INDIRECTLY".
func parseMembers(b []byte) ([]model.Member, int, error) {
	var members []model.Member
	name, unparsed := "", 0
	for line := range lines(b) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "Node name:"); ok {
			if name != "" { // the one before had no state
				unparsed++
			}
			if name = strings.TrimSpace(v); !isName(name) {
				name = ""
				unparsed++
			}
			continue
		}
		v, ok := strings.CutPrefix(line, "State of node:")
		if !ok || name == "" {
			continue
		}
		f := strings.Fields(v)
		if len(f) == 0 || (f[0] != "UP" && f[0] != "DOWN") {
			unparsed++
			name = ""
			continue
		}
		m := model.Member{Name: name, Up: f[0] == "UP"}
		for _, word := range f[1:] {
			m.Local = m.Local || word == "NODE_LOCAL"
		}
		members, name = append(members, m), ""
	}
	if name != "" {
		unparsed++
	}
	if len(members) == 0 {
		return nil, unparsed, notUnderstood(b, "node")
	}
	return members, unparsed, nil
}
