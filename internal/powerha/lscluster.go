package powerha

import (
	"slices"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseMembers reads `lscluster -m` (SG24-8278 ex. 8-3): a paragraph for each
// node, as this node sees it. Words may follow the state: "UP  NODE_LOCAL",
// "UP REACHABLE INDIRECTLY". The levels differ in the other lines, which are passed over.
func parseMembers(in *input) ([]model.Member, error) {
	m := memberRows{in: in}
	examined := -1
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if v, ok := strings.CutPrefix(text, "Node name:"); ok {
			m.named(l, strings.TrimSpace(v))
		} else if v, ok := strings.CutPrefix(text, "State of node:"); ok {
			m.state(l, v)
		} else if v, ok := strings.CutPrefix(text, "Node query number of nodes examined:"); ok {
			if n, ok := number(v); ok {
				examined = n
			}
		}
	}
	m.close()
	if len(m.rows) == 0 {
		return nil, in.notUnderstood("node")
	}
	if examined > 0 && examined != len(m.rows) && in.r.Unparsed == 0 {
		in.rejectValue("", "expected as many nodes as were examined")
	}
	return m.rows, nil
}

// memberRows gathers nodes. One that is told twice and differently is left out: neither up nor down is known of it.
type memberRows struct {
	in   *input
	rows []model.Member
	name string // of the paragraph, while its state is awaited
	at   line
	bad  map[string]bool
}

func (m *memberRows) named(l line, name string) {
	m.close()
	if !isName(name) {
		m.in.reject(l, "expected the name of a node")
		return
	}
	m.name, m.at = name, l
}

// close ends a paragraph that had no state.
func (m *memberRows) close() {
	if m.name != "" {
		m.in.reject(m.at, "expected a line State of node below it")
		m.name = ""
	}
}

func (m *memberRows) state(l line, text string) {
	name := m.name
	if m.name = ""; name == "" {
		return
	}
	f := strings.Fields(text)
	if len(f) == 0 || (f[0] != "UP" && f[0] != "DOWN") {
		m.in.reject(l, "expected UP or DOWN")
		m.in.unknown("member state", text)
		return
	}
	row := model.Member{Name: name, Up: f[0] == "UP"}
	for _, word := range f[1:] {
		row.Local = row.Local || word == "NODE_LOCAL"
	}
	if m.in.full(len(m.rows), l) {
		return
	}
	at := slices.IndexFunc(m.rows, func(was model.Member) bool { return was.Name == name })
	switch {
	case m.bad[name]:
		m.in.reject(l, "the node was told differently before")
	case at < 0:
		m.rows = append(m.rows, row)
	case m.rows[at].Up == row.Up:
		m.in.reject(l, "the node has a state already")
	default:
		m.in.reject(l, "the node has another state already: neither counts")
		m.rows = append(m.rows[:at:at], m.rows[at+1:]...)
		if m.bad == nil {
			m.bad = make(map[string]bool)
		}
		m.bad[name] = true
	}
}
