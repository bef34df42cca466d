package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseInterfaces reads `lscluster -i` or -g of CAA (SG24-8278 ch. 4; IBM documentation, "Cluster management"): for each
// node its interfaces, each with "Interface state = UP RESTRICTED AIX_CONTROLLED" or the like. What else is told of an
// interface is passed over.
func parseInterfaces(in *input) ([]model.Interface, error) {
	i := interfaces{in: in}
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		f := strings.Fields(text)
		switch {
		case len(f) == 2 && f[0] == "Node":
			i.begin(l, f[1], "")
		case strings.HasPrefix(text, "Node name:"):
			i.begin(l, strings.TrimSpace(strings.TrimPrefix(text, "Node name:")), "")
		case strings.HasPrefix(text, "Interface number ") && len(f) == 4: // "1, en0" or "1 en0", as levels differ
			i.begin(l, i.node, f[3])
		default:
			if v, ok := valueAfter(text, "Interface state"); ok {
				i.state(l, v)
			}
		}
	}
	i.close()
	if len(i.rows) == 0 {
		return nil, in.notUnderstood("interface")
	}
	return i.rows, nil
}

// interfaces gathers them. Node and name are those of the paragraph, at its first line.
type interfaces struct {
	in         *input
	rows       []model.Interface
	node, name string
	at         line
}

func (i *interfaces) begin(l line, node, name string) {
	i.close()
	if !isName(node) || strings.ContainsAny(name, " \t") {
		i.in.reject(l, "expected a node, or an interface of one")
		return
	}
	i.node, i.name, i.at = node, clip(name), l
}

// close ends a paragraph that had no state.
func (i *interfaces) close() {
	if i.name != "" {
		i.in.reject(i.at, "expected a line Interface state below it")
		i.name = ""
	}
}

func (i *interfaces) state(l line, text string) {
	name := i.name
	if i.name = ""; name == "" {
		i.in.reject(l, "expected an interface above it")
		return
	}
	f := strings.Fields(text)
	if len(f) == 0 || f[0] != "UP" && f[0] != "DOWN" && f[0] != "STALE" {
		i.in.reject(l, "expected UP or DOWN")
		i.in.unknown("interface state", text)
		return
	}
	row := model.Interface{Node: i.node, Name: name, Up: f[0] == "UP", State: clip(text)}
	for _, word := range f[1:] {
		row.Restricted = row.Restricted || word == "RESTRICTED"
	}
	if i.in.full(len(i.rows), l) {
		return
	}
	for _, was := range i.rows {
		if was.Node == row.Node && was.Name == row.Name {
			i.in.reject(l, "the interface was told already")
			return
		}
	}
	i.rows = append(i.rows, row)
}
