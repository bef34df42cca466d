package powerha

import (
	"strconv"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseCAA reads `lscluster -c` (SG24-8278 ex. 5-8, 4-32). Labels that are not needed are passed over.
func parseCAA(in *input) (*model.CAA, error) {
	c := model.CAA{Nodes: make(map[string]string)}
	nodes := -1
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if v, ok := strings.CutPrefix(text, "Cluster Name:"); ok {
			c.Name = clip(v)
		} else if v, ok := strings.CutPrefix(text, "Cluster UUID:"); ok {
			c.UUID = clip(v)
		} else if v, ok := strings.CutPrefix(text, "Communication Mode:"); ok {
			c.CommunicationMode = clip(v)
		} else if v, ok := valueAfter(text, "Number of nodes in cluster"); ok {
			nodes, _ = number(v)
		} else if v, ok := valueAfter(text, "Number of disks in cluster"); ok {
			if c.Disks, ok = number(v); !ok {
				in.reject(l, "expected a number of disks")
			}
		} else if v, ok := strings.CutPrefix(text, "Cluster ID for node "); ok {
			caaNode(&c, in, l, v, false)
		} else if v, ok := strings.CutPrefix(text, "Primary IP address for node "); ok {
			caaNode(&c, in, l, v, true)
		}
	}
	if c.Name == "" {
		return nil, in.notUnderstood("Cluster Name")
	}
	if nodes >= 0 && nodes != len(c.Nodes) && in.r.Unparsed == 0 {
		in.rejectValue("", "expected as many nodes as the cluster has")
	}
	return &c, nil
}

// valueAfter reads "label = value" and "label: value".
func valueAfter(text, label string) (string, bool) {
	v, ok := strings.CutPrefix(text, label)
	if !ok {
		return "", false
	}
	v = strings.TrimSpace(v)
	if v == "" || v[0] != '=' && v[0] != ':' {
		return "", false
	}
	return strings.TrimSpace(v[1:]), true
}

// caaNode reads "NODE: value".
func caaNode(c *model.CAA, in *input, l line, text string, address bool) {
	name, value, ok := strings.Cut(text, ":")
	name = strings.TrimSpace(name)
	if !ok || !isName(name) {
		in.reject(l, "expected the name of a node, and a value")
		return
	}
	was, told := c.Nodes[name]
	switch {
	case !address && told, address && was != "":
		in.reject(l, "the node was told already")
	case address:
		c.Nodes[name] = clip(value)
	default:
		c.Nodes[name] = ""
	}
}

// parseCounters reads `lscluster -s` (IBM AIX documentation, "Cluster management"): one or several "label: number" on a
// line, below a title, which may stand on the same line.
func parseCounters(in *input) (map[string]uint64, error) {
	out := make(map[string]uint64)
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if text == "" || isRule(text) || strings.HasSuffix(text, ":") || !strings.Contains(text, ":") {
			continue // headings
		}
		for text != "" {
			label, rest, ok := strings.Cut(text, ":")
			rest = strings.TrimSpace(rest)
			digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
			n, err := strconv.ParseUint(digits, 10, 64)
			label = clip(label)
			if digits == "" && strings.Contains(rest, ":") {
				text = rest // behind the title
				continue
			}
			if after := rest[len(digits):]; !ok || err != nil || label == "" || after != "" && after[0] != ' ' && after[0] != '\t' {
				in.reject(l, "expected label: number")
				break
			}
			if _, told := out[label]; told {
				in.reject(l, "the counter was told already")
			} else {
				out[label] = n
			}
			text = strings.TrimSpace(rest[len(digits):])
		}
	}
	if len(out) == 0 {
		return nil, in.notUnderstood("counter")
	}
	return out, nil
}
