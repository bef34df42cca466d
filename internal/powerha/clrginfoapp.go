package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseAppStates reads `clRGinfo -m`, in both of its layouts: a table of group, application, node and state, or a line for
// each group with lines for its applications below it, whose first two words are the application and its state.
func parseAppStates(in *input) ([]model.AppState, error) {
	a := appStates{in: in, states: []model.AppState{}}
	for l := range in.lines() {
		f := strings.Fields(l.text)
		switch {
		case len(f) == 0 || isRules(l.text):
		case len(f) >= 4 && f[0] == "Group" && f[1] == "Name":
			a.heading = true
			at := func(word string) int { return strings.Index(strings.ToUpper(l.text), word) }
			a.table = at("APPLICATION") >= 0 && at("NODE") > at("APPLICATION") && at("STATE") > at("NODE")
		case !a.heading:
			in.reject(l, "expected the heading Group Name … first")
		case a.table:
			a.tableRow(l, f)
		default:
			a.paragraphRow(l, f)
		}
	}
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
	group   string
	app     string
	node    string
}

// tableRow: group, application, node, state. The first two may be left out where they are those of the row above.
func (a *appStates) tableRow(l line, f []string) {
	at := -1
	for i, word := range f {
		if looksLikeState(word) && i > 0 {
			at = i
			break
		}
	}
	indented := l.text[0] == ' ' || l.text[0] == '\t'
	switch {
	case at == 3 && !indented:
		a.group, a.app, a.node = f[0], f[1], f[2]
	case at == 2 && indented && a.group != "":
		a.app, a.node = f[0], f[1]
	case at == 1 && indented && a.app != "":
		a.node = f[0]
	default:
		a.in.reject(l, "expected group, application, node and state")
		return
	}
	a.add(l, strings.Join(f[at:], " "))
}

// paragraphRow: a group with its state and node, or, indented, an application with its state and perhaps its node.
func (a *appStates) paragraphRow(l line, f []string) {
	indented := l.text[0] == ' ' || l.text[0] == '\t'
	node := ""
	if last := f[len(f)-1]; len(f) > 2 && !looksLikeState(last) {
		node, f = last, f[:len(f)-1]
	}
	switch {
	case !indented && len(f) >= 2 && isName(f[0]) && looksLikeState(f[1]):
		a.group, a.app, a.node = f[0], "", node
	case indented && looksLikeState(f[0]): // the group on another node
		a.app, a.node = "", node
	case indented && len(f) >= 2 && looksLikeState(f[1]) && a.group != "":
		a.app = f[0]
		if node != "" {
			a.node = node
		}
		a.add(l, strings.Join(f[1:], " "))
	default:
		a.in.reject(l, "expected a group, or an application below one, and its state")
	}
}

func (a *appStates) add(l line, state string) {
	node, _, _ := strings.Cut(a.node, "@")
	if !isName(a.group) || !isName(a.app) || node != "" && !isName(node) {
		a.in.reject(l, "expected names of a group, an application and a node")
		return
	}
	s := model.AppState{Group: a.group, Application: a.app, Node: node, State: appState(state), Raw: clip(state)}
	if s.State == "unknown" && fold(state) != "UNKNOWN" {
		a.in.unknown("application state", state)
	}
	for _, was := range a.states {
		if was.Group == s.Group && was.Application == s.Application && was.Node == s.Node {
			if l.block == 0 || was.State != s.State {
				a.in.reject(l, "the application has a row already")
			}
			return
		}
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
