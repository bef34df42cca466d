package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// attrs are the attributes of one object as clmgr prints them. Names are in capitals.
type attrs map[string]string

// parseAttrs reads the ATTR="value" lines of `clmgr query`: one block for each
// object, parted by blank lines or by the first attribute's coming again. A
// value may hold = and may be empty.
func parseAttrs(b []byte) (blocks []attrs, unparsed int) {
	var block attrs
	first := ""
	flush := func() {
		if len(block) > 0 {
			blocks = append(blocks, block)
		}
		block, first = nil, ""
	}
	for line := range lines(b) {
		if strings.TrimSpace(line) == "" {
			flush()
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.ToUpper(strings.TrimSpace(name))
		if !ok || !isName(name) {
			unparsed++
			continue
		}
		if name == first {
			flush()
		}
		if block == nil {
			block, first = make(attrs), name
		}
		if _, ok := block[name]; !ok {
			block[name] = unquote(value)
		}
	}
	flush()
	return blocks, unparsed
}

// parseColons reads `clmgr -c` output: a heading "# NAME:STATE:…", then rows
// with as many values. A backslash takes the meaning off a colon.
func parseColons(b []byte) (rows []attrs, unparsed int) {
	var names []string
	for line := range lines(b) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if heading, ok := strings.CutPrefix(line, "#"); ok {
			names = splitColons(strings.ToUpper(heading))
			continue
		}
		values := splitColons(line)
		if len(names) == 0 || len(values) != len(names) {
			unparsed++
			continue
		}
		row := make(attrs, len(names))
		for i, n := range names {
			row[n] = unquote(values[i])
		}
		rows = append(rows, row)
	}
	return rows, unparsed
}

func splitColons(s string) []string {
	var out []string
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

// parseNodes reads `clmgr -cv -a name,state,raw_state query node`
// (SG24-8278 ex. 4-36, 5-18).
func parseNodes(b []byte) ([]model.Node, int, error) {
	rows, unparsed := parseColons(b)
	var nodes []model.Node
	for _, r := range rows {
		if !isName(r["NAME"]) {
			unparsed++
			continue
		}
		nodes = append(nodes, model.Node{Name: r["NAME"], State: nodeState(r["STATE"]), Raw: clip(r["RAW_STATE"])})
	}
	if len(nodes) == 0 {
		return nil, unparsed, notUnderstood(b, "node")
	}
	return nodes, unparsed, nil
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

// parseMonitors reads `clmgr -v query application_monitor`. A cluster without
// monitors prints nothing. A monitor of several applications counts for each.
func parseMonitors(b []byte) ([]model.Monitor, int, error) {
	blocks, unparsed := parseAttrs(b)
	monitors := []model.Monitor{}
	for _, a := range blocks {
		if !isName(a["NAME"]) {
			unparsed++
			continue
		}
		m := model.Monitor{
			Name: a["NAME"], Type: strings.ToLower(clip(a["TYPE"])), Mode: monitorMode(a["MODE"]),
			Method: clip(a["MONITORMETHOD"]),
		}
		if text := a["MONITORINTERVAL"]; text != "" {
			interval, ok := seconds(text)
			if !ok {
				unparsed++
			}
			m.Interval = interval
		}
		for _, name := range [...]string{"MONITOR_RETRY", "MONITOR_RETRY_COUNT", "MONITORRETRY", "MONITORRETRYCOUNT"} { // spelling not documented
			if n, ok := number(a[name]); ok {
				m.Retries = n
			}
		}
		apps := nameList(a["APPLICATIONS"])
		if len(apps) == 0 {
			apps = []string{""}
		}
		for _, m.Application = range apps {
			monitors = append(monitors, m)
		}
	}
	if len(monitors) == 0 && unparsed > 0 {
		return nil, unparsed, notUnderstood(b, "application monitor")
	}
	return monitors, unparsed, nil
}

// monitorMode folds the spellings of a mode: long-running is printed with and without its hyphen.
func monitorMode(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(clip(s)), "-", ""), " ", "")
}
