package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseServices reads `clshowsrv -v`. Older levels print tables of subsystems as lssrc does, and then what lssrc -ls
// clstrmgrES says. Newer ones print a paragraph for each node, the local one first, with
//
//	Cluster services status:   "NORMAL" ("ST_STABLE")
//
// (IBM documentation of PowerHA 7.2, clshowsrv command).
func parseServices(r *model.Reading, in *input) error {
	m := model.Manager{State: model.ManagerUnknown}
	var subsystems []model.Subsystem
	found, tables, table := false, false, false
	local := "" // the local node, in its paragraph
	for l := range in.lines() {
		f := strings.Fields(l.text)
		text := strings.TrimSpace(l.text)
		label, value, labelled := strings.Cut(text, ":")
		switch {
		case len(f) == 0:
			table = false
		case isSubsystemHeading(f):
			table, tables = true, true
		case label == "Current state":
			found, table = managerTold(&m, in, l, value, found), false
		case labelled && (label == "Local node" || label == "Remote node"):
			if local, table = "", false; label == "Local node" {
				local = strings.Join(quotedWords(value)[:min(1, strings.Count(value, `"`)/2)], "")
			}
		case label == "Cluster services status":
			words := quotedWords(value)
			switch {
			case local == "" || len(words) == 0:
			case fold(words[len(words)-1]) == "UNMANAGED": // said in place of the manager's state, which this tool does not tell then
				m.ForcedDown, found = nameList(local), true
			default:
				found = managerTold(&m, in, l, words[len(words)-1], found)
			}
		case labelled:
			table = false
			managerLine(&m, in, l, text)
		case table:
			subsystems = appendSubsystem(in, subsystems, l, f)
		default:
			managerLine(&m, in, l, text)
		}
	}
	if !found {
		return in.notUnderstood("state of the cluster manager")
	}
	if r.Manager = &m; tables {
		r.Subsystems = subsystems
	}
	return nil
}

// managerTold takes a state of the cluster manager in, once.
func managerTold(m *model.Manager, in *input, l line, word string, told bool) bool {
	if told {
		in.reject(l, "expected one current state")
		return true
	}
	word = strings.TrimSpace(word)
	if m.State = managerState(word); m.State == model.ManagerUnknown {
		in.unknown("manager state", word)
	}
	return true
}

// quotedWords returns what stands between double quotes.
func quotedWords(s string) []string {
	var out []string
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			out = append(out, part)
		}
	}
	return out
}
