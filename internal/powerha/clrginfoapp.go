package powerha

import (
	"slices"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseAppStates reads `clRGinfo -m`, in both of its layouts: a table of group, application, node and state, or a row for
// each group and node with rows for its applications below them, whose first two columns are the application and its
// state (HACMP 5.x and 6.1 administration guides).
func parseAppStates(in *input) ([]model.AppState, error) {
	a := appStates{in: in, states: []model.AppState{}}
	for l := range in.lines() {
		f := strings.Fields(l.text)
		switch {
		case len(f) == 0 || isRules(l.text):
		case len(f) >= 4 && f[0] == "Group" && f[1] == "Name":
			a.heading = true
			at := func(word string) int { return strings.Index(strings.ToUpper(l.text), word) }
			a.table = at("APPLICATION") >= 0 && at("NODE") > at("APPLICATION") && strings.LastIndex(l.text, "State") > at("NODE")
		case !a.heading:
			in.reject(l, "expected the heading Group Name … first")
		case a.table:
			a.tableRow(l, f)
		default:
			a.paragraphRow(l, f)
		}
	}
	a.closeGroup()
	if !a.heading {
		return nil, in.notUnderstood("table of applications")
	}
	return a.states, nil
}

// appStates gathers the applications.
type appStates struct {
	in      *input
	states  []model.AppState
	heading bool
	table   bool

	group, app string   // of the row above
	nodes      []string // of the group, in order
	pending    []appRow // of the group, without a node
}

type appRow struct {
	at         line
	app, state string
}

// tableRow: group, application, node, state. The first two may be left out where they are those of the row above.
func (a *appStates) tableRow(l line, f []string) {
	at := stateAt(f)
	indented := l.text[0] == ' ' || l.text[0] == '\t'
	var node string
	switch {
	case at == 3 && !indented:
		a.group, a.app, node = f[0], f[1], f[2]
	case at == 2 && indented && a.group != "":
		a.app, node = f[0], f[1]
	case at == 1 && indented && a.app != "":
		node = f[0]
	default:
		a.in.reject(l, "expected group, application, node and state")
		return
	}
	a.add(l, a.app, node, strings.Join(f[at:], " "))
}

// paragraphRow: a group with its state and node, the group on another node, or an application with its state and perhaps
// its node.
func (a *appStates) paragraphRow(l line, f []string) {
	indented := l.text[0] == ' ' || l.text[0] == '\t'
	at := stateAt(f)
	words, node := f, ""
	if last := f[len(f)-1]; at >= 0 && len(f) > at+1 && appState(strings.Join(f[at:], " ")) == "unknown" {
		if appState(strings.Join(f[at:len(f)-1], " ")) != "unknown" || !looksLikeState(last) {
			words, node = f[:len(f)-1], last
		}
	}
	switch {
	case !indented && at == 1 && len(f) > 2 && isName(f[0]):
		a.closeGroup()
		a.group = f[0]
		a.groupNode(l, f[1:])
	case indented && at == 0 && len(f) > 1 && a.group != "":
		a.groupNode(l, f)
	case indented && at == 1 && a.group != "":
		state := strings.Join(words[1:], " ")
		if node == "" {
			a.pending = append(a.pending, appRow{at: l, app: f[0], state: state})
			return
		}
		if name, _, _ := strings.Cut(node, "@"); !slices.Contains(a.nodes, name) {
			a.in.reject(l, "expected a node of the group last")
			return
		}
		a.add(l, f[0], node, state)
	default:
		a.in.reject(l, "expected a group, or an application below one, and its state")
	}
}

// groupNode takes in state and node of the group.
func (a *appStates) groupNode(l line, f []string) {
	row, why := groupRow(a.group, strings.Join(f[:len(f)-1], " "), f[len(f)-1])
	if why != "" {
		a.in.reject(l, why)
		return
	}
	if !a.in.full(len(a.nodes), l) {
		a.nodes = append(a.nodes, row.Node)
	}
}

// closeGroup gives rows without a node those of the group, in order, where there are as many; else no node is told.
func (a *appStates) closeGroup() {
	count, used := make(map[string]int), make(map[string]int)
	for _, r := range a.pending {
		count[r.app]++
	}
	for _, r := range a.pending {
		node := ""
		if count[r.app] == len(a.nodes) {
			node = a.nodes[used[r.app]]
			used[r.app]++
		}
		a.add(r.at, r.app, node, r.state)
	}
	a.pending, a.nodes, a.group = nil, nil, ""
}

func (a *appStates) add(l line, app, node, state string) {
	node, _, _ = strings.Cut(node, "@")
	if !isName(a.group) || !isName(app) || node != "" && !isName(node) {
		a.in.reject(l, "expected names of a group, an application and a node")
		return
	}
	s := model.AppState{Group: a.group, Application: app, Node: node, State: appState(state), Raw: clip(state)}
	if a.in.full(len(a.states), l) {
		return
	}
	for _, was := range a.states {
		if was.Group == s.Group && was.Application == s.Application && was.Node == s.Node {
			if l.block == 0 || was.State != s.State {
				a.in.reject(l, "the application has a row already")
			}
			return
		}
	}
	if s.State == "unknown" && fold(state) != "UNKNOWN" {
		a.in.unknown("application state", state)
	}
	a.states = append(a.states, s)
}

// appState maps the state of an application (clRGinfo -m, HACMP 5.x and 6.1 administration guides).
func appState(s string) string {
	switch fold(s) {
	case "ONLINE MONITORED", "MONITORED":
		return "monitored"
	case "ONLINE NOT MONITORED", "NOT MONITORED":
		return "not_monitored"
	case "ONLINE MONITOR FAILED", "MONITOR FAILED", "ONLINE MONITORED FAILED":
		return "monitor_failed"
	case "ONLINE MONITOR SUSPENDED", "MONITOR SUSPENDED":
		return "monitor_suspended"
	case "ONLINE":
		return "online"
	case "OFFLINE":
		return "offline"
	}
	return "unknown"
}
