package powerha

import (
	"slices"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// attrs are the attributes of one object as clmgr prints them. Names are in capitals.
type attrs map[string]string

// object is one object with the line on which it begins.
type object struct {
	attrs
	at line
}

// parseObjects reads what `clmgr query` prints, in any of its three forms: ATTR="value" lines, colon-separated rows under
// a heading (-c), or XML (-x). They are told apart by the first line that holds something.
func parseObjects(in *input) []object {
	for l := range in.lines() {
		switch text := strings.TrimSpace(l.text); {
		case text == "":
			continue
		case text[0] == '<':
			return parseXML(in)
		case text[0] == '#':
			return parseColons(in)
		}
		if hasHeading(in) { // below a message
			return parseColons(in)
		}
		break
	}
	return parseAttrs(in)
}

func hasHeading(in *input) bool {
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if strings.HasPrefix(text, "#") && strings.Contains(text, ":") {
			return true
		}
		if strings.Contains(text, `="`) {
			return false
		}
	}
	return false
}

// parseAttrs reads the ATTR="value" lines of `clmgr query`: one block for each
// object, parted by blank lines or by the first attribute's coming again. A
// value may hold = and may be empty.
func parseAttrs(in *input) (blocks []object) {
	in.whole(func(text string) bool { // the closing quote shows that the line is whole
		_, value, ok := strings.Cut(text, `="`)
		return ok && strings.HasSuffix(value, `"`)
	})
	var block object
	first := ""
	flush := func() {
		if len(block.attrs) > 0 {
			blocks = append(blocks, block)
		}
		block, first = object{}, ""
	}
	for l := range in.lines() {
		if strings.TrimSpace(l.text) == "" {
			flush()
			continue
		}
		name, value, ok := strings.Cut(l.text, "=")
		name = strings.ToUpper(strings.TrimSpace(name))
		if !ok || !isName(name) {
			in.reject(l, `expected ATTRIBUTE="value"`)
			continue
		}
		if name == first {
			flush()
		}
		if block.attrs == nil {
			block, first = object{attrs: make(attrs), at: l}, name
		}
		if _, ok := block.attrs[name]; !ok {
			block.attrs[name] = unquote(value)
		}
	}
	flush()
	return blocks
}

// parseColons reads `clmgr -c` output: a heading "# NAME:STATE:…", then rows
// with as many values. A backslash takes the meaning off a colon.
func parseColons(in *input) (rows []object) {
	var names []string
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if text == "" {
			continue
		}
		if heading, ok := strings.CutPrefix(text, "#"); ok {
			names = splitColons(strings.ToUpper(heading))
			continue
		}
		values := splitColons(text)
		if len(names) == 0 || len(values) != len(names) {
			in.reject(l, "expected as many values as the heading has names")
			continue
		}
		row := make(attrs, len(names))
		for i, n := range names {
			row[n] = unquote(values[i])
		}
		rows = append(rows, object{attrs: row, at: l})
	}
	return rows
}

func splitColons(s string) []string {
	out := make([]string, 0, 1+strings.Count(s, ":"))
	if strings.IndexByte(s, '\\') < 0 {
		for f := range strings.SplitSeq(s, ":") {
			out = append(out, strings.TrimSpace(f))
		}
		return out
	}
	var field strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == ':':
			i++
			field.WriteByte(':')
		case s[i] == ':':
			out = append(out, strings.TrimSpace(field.String()))
			field.Reset()
		default:
			field.WriteByte(s[i])
		}
	}
	return append(out, strings.TrimSpace(field.String()))
}

// wordList reads words of any kind that spaces or commas part: names of programs have more letters than those of nodes.
func wordList(s string) []string {
	var words []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
		if w = clip(w); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// nameList reads names that spaces or commas part.
func nameList(s string) []string {
	var names []string
	for _, n := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
		if isName(n) {
			names = append(names, n)
		}
	}
	return names
}

// parseNodes reads `clmgr -cv -a name,state,raw_state query node`
// (SG24-8278 ex. 4-36, 5-18). A node that is told twice and differently is unknown.
func parseNodes(in *input) ([]model.Node, error) {
	var nodes []model.Node
	for _, o := range parseObjects(in) {
		if !isName(o.attrs["NAME"]) {
			in.reject(o.at, "expected a node with a NAME")
			continue
		}
		if in.full(len(nodes), o.at) {
			continue
		}
		n := model.Node{Name: o.attrs["NAME"], State: nodeState(o.attrs["STATE"]), Raw: clip(o.attrs["RAW_STATE"])}
		if at := slices.IndexFunc(nodes, func(was model.Node) bool { return was.Name == n.Name }); at >= 0 {
			in.reject(o.at, "the node has a row already")
			if nodes[at].State != n.State {
				in.unknown("node state", o.attrs["STATE"]+" beside "+string(nodes[at].State))
				nodes[at].State = model.NodeUnknown
			}
			continue
		}
		if n.State == model.NodeUnknown && fold(o.attrs["STATE"]) != "UNKNOWN" {
			in.unknown("node state", o.attrs["STATE"])
		}
		nodes = append(nodes, n)
	}
	if len(nodes) == 0 {
		return nil, in.notUnderstood("node")
	}
	return nodes, nil
}

// nodeState maps the STATE of a node.
func nodeState(s string) model.NodeState {
	switch fold(s) {
	case "NORMAL":
		return model.NodeNormal
	case "OFFLINE":
		return model.NodeOffline
	case "JOINING", "INITIALIZING":
		return model.NodeJoining
	case "LEAVING":
		return model.NodeLeaving
	case "UNMANAGED":
		return model.NodeUnmanaged
	case "UNSTABLE":
		return model.NodeUnstable
	case "ERROR":
		return model.NodeError
	}
	return model.NodeUnknown
}
