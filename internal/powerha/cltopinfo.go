package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseTopology reads cltopinfo (SG24-8278 ex. 5-13): the cluster's attributes, a paragraph for each node with its
// networks and their labels and addresses, and one for each resource group.
func parseTopology(in *input) (*model.Topology, error) {
	t := topology{in: in}
	t.Type, t.Heartbeat = "unknown", "unknown"
	for l := range in.lines() {
		if strings.TrimSpace(l.text) != "" {
			t.line(l)
		}
	}
	if t.Cluster == "" {
		return nil, in.notUnderstood("Cluster Name")
	}
	if len(t.Nodes) == 0 { // other products name a cluster, too
		return nil, in.notUnderstood("node of the cluster")
	}
	return &t.Topology, nil
}

// topology is what was read so far; node, network and group say where.
type topology struct {
	model.Topology
	in      *input
	node    int // in Nodes, from 1; 0 outside
	network string
	group   int  // in Groups, from 1
	list    bool // below a label whose values follow on lines of their own
}

func (t *topology) line(l line) {
	text := strings.TrimSpace(l.text)
	f := strings.Fields(text)
	label, value, labelled := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch {
	case strings.HasPrefix(text, "There "), strings.HasPrefix(text, "No resource group"):
		t.list = false
	case f[0] == "NODE" && labelled && len(f) >= 2:
		t.list = false
		t.beginNode(l, strings.TrimSpace(strings.TrimPrefix(label, "NODE")))
	case f[0] == "Network" && len(f) == 2 && t.node > 0:
		t.network = f[1]
		n := &t.Nodes[t.node-1]
		if n.Networks == nil {
			n.Networks = make(map[string][]string)
		}
		n.Networks[t.network] = nil
	case strings.HasPrefix(text, "Resource Group ") && len(f) == 3 && isName(f[2]):
		t.Groups = append(t.Groups, model.GroupAttr{Name: f[2]})
		t.node, t.network, t.group = 0, "", len(t.Groups)
	case t.group > 0:
		t.groupLine(l, text)
	case t.node > 0 && t.network != "" && !labelledHead(text):
		if len(f) != 2 || !isName(f[0]) {
			t.in.reject(l, "expected a label and an address")
			return
		}
		n := &t.Nodes[t.node-1]
		n.Networks[t.network] = append(n.Networks[t.network], f[0]+" "+clip(f[1]))
	case t.list && text != l.text: // indented: disks and nodes by site
	case labelled && t.node == 0:
		t.list = value == ""
		t.attribute(l, label, value)
	default:
		t.in.reject(l, "expected an attribute, a node, a network or a group")
	}
}

// labelledHead keeps addresses of IPv6, which hold colons, from being taken for labels.
func labelledHead(text string) bool {
	label, rest, ok := strings.Cut(text, ": ")
	return ok && label != "" && rest != ""
}

func (t *topology) beginNode(l line, name string) {
	t.node, t.network, t.group = 0, "", 0
	if !isName(name) {
		t.in.reject(l, "expected the name of a node")
		return
	}
	if t.in.full(len(t.Nodes), l) {
		return
	}
	for _, n := range t.Nodes {
		if n.Name == name {
			t.in.reject(l, "the node was told already")
			return
		}
	}
	t.Nodes = append(t.Nodes, model.TopologyNode{Name: name})
	t.node = len(t.Nodes)
}

func (t *topology) attribute(l line, label, value string) {
	switch fold(label) {
	case "CLUSTER NAME":
		t.Cluster = clip(value)
	case "CLUSTER TYPE":
		t.Type = t.word("cluster type", value, "standard", "stretched", "linked")
	case "HEARTBEAT TYPE":
		t.Heartbeat = t.word("heartbeat type", value, "unicast", "multicast")
	case "REPOSITORY DISK", "REPOSITORY DISKS":
		t.Repository = clip(value)
	case "CLUSTER IP ADDRESS", "CLUSTER IP", "CLUSTER NODES", "SITE", "REPOSITORY DISK FOR SITE":
	default:
		if !strings.HasPrefix(fold(label), "CLUSTER ") && !strings.HasPrefix(fold(label), "REPOSITORY ") {
			t.in.reject(l, "expected an attribute of the cluster")
		}
	}
}

// word returns the word in lower case if it is known, else unknown.
func (t *topology) word(what, word string, known ...string) string {
	lower, _, _ := strings.Cut(strings.ToLower(word), " ")
	for _, k := range known {
		if lower == k {
			return k
		}
	}
	t.in.unknown(what, word)
	return "unknown"
}

// groupLine reads "Startup Policy   Online On Home Node Only": the label has two words, or three.
func (t *topology) groupLine(l line, text string) {
	g := &t.Groups[t.group-1]
	for _, label := range [...]struct {
		name string
		set  func(string)
	}{
		{"Startup Policy", func(v string) { g.Startup = policyCode(v) }},
		{"Fallover Policy", func(v string) { g.Fallover = policyCode(v) }},
		{"Fallback Policy", func(v string) { g.Fallback = policyCode(v) }},
		{"Participating Nodes", func(v string) { g.Nodes = nameList(v) }},
		{"Service IP Label", func(v string) { g.ServiceLabels = append(g.ServiceLabels, nameList(v)...) }},
		{"Site Relationship", func(v string) { g.Site = clip(v) }},
	} {
		if v, ok := strings.CutPrefix(text, label.name); ok {
			label.set(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(v), ":")))
			return
		}
	}
	t.in.reject(l, "expected an attribute of a resource group")
}
