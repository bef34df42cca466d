package redact

import (
	"regexp"
	"strings"
)

// Names are found by where they stand, so that an output that no parser understands gives none away that can be known.

// field is a place in which a name of a kind stands.
type field struct {
	kind Kind
	re   *regexp.Regexp // its groups hold the names
}

const aName = `([A-Za-z0-9_][\w.-]*)`

// The places by the words before them.
var (
	nodeLine      = regexp.MustCompile(`(?mi)^\s*node(?: name)?\s*[:=]\s*` + aName)
	nodeBlock     = regexp.MustCompile(`(?m)^\s*(?:NODE|Node)\s+` + aName + `:?\s*$`)
	nodeBlockName = regexp.MustCompile(`(?m)^NODE name\s*:?\s*` + aName)
	nodeID        = regexp.MustCompile(`(?mi)^\s*node id\s*:\s*` + aName)
	nodeFor       = regexp.MustCompile(`(?m)(?:ID|address) for node ` + aName + `:`)
	nodeOn        = regexp.MustCompile(`\b(?:on|from|to|for) node:? "?([A-Za-z][\w.-]*[\d_-][\w.-]*|[A-Z][A-Z0-9_-]+)`)
	nodeDNP       = regexp.MustCompile(`NodeName - ` + aName)
	nodeForced    = regexp.MustCompile(`(?m)^Forced down node list:(.*)$`)
	nodeNow       = regexp.MustCompile(`"([^"\s]+)" is now `)
	machineID     = regexp.MustCompile(`(?mi)^\s*machine id\s*:\s*([0-9A-Z]+)`)
	clusterLine   = regexp.MustCompile(`(?mi)^\s*cluster name\s*:\s*` + aName)
	clusterRow    = regexp.MustCompile(`CLUSTER NAME\s+SHID\s+UUID\s+` + aName)
	siteRow       = regexp.MustCompile(`SITE NAME\s+SHID\s+UUID\s+` + aName)
	siteFor       = regexp.MustCompile(`(?m)for site ` + aName)
	tunable       = regexp.MustCompile(`(?m)^\s*` + aName + `\([0-9A-Fa-f-]{8,}\)`)
	networkLine   = regexp.MustCompile(`(?m)^\s*Network\s+` + aName)
	groupLine     = regexp.MustCompile(`(?m)^\s*Resource Group(?: Name)?(?::\s*` + aName + `|\s+` + aName + `\s*$)`)
	nodesLine     = regexp.MustCompile(`(?m)^\s*Participating Nodes?(?: Name\(s\))?:?\s+(.*)$`)
	labelLine     = regexp.MustCompile(`(?m)^\s*Service IP Label:?\s+(.*)$`)
	labelRow      = regexp.MustCompile(`(?m)^\s*` + aName + `\s+\d{1,3}(?:\.\d{1,3}){3}\s*$`)
	partitionLine = regexp.MustCompile(`(?m)^(?:Partition|LPAR) Name\s*:\s*(\S+)`)
	hostLine      = regexp.MustCompile(`(?mi)^\s*host ?name\s*[:=]\s*` + aName)
	logHost       = regexp.MustCompile(`(?m)^[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d ` + aName)
	eventArgs     = regexp.MustCompile(`(?m)EVENT [A-Z]+:(?: -?\d+:)? \w+ (.*)$`)
	nodeIs        = regexp.MustCompile(`\bNode = ` + aName)
	atHost        = regexp.MustCompile(`\b[\w.-]+@` + aName)
	assignment    = regexp.MustCompile(`(?m)^\s*([A-Z][A-Z0-9_]+)=["']?(.*?)["']?\s*$`)
	element       = regexp.MustCompile(`<([A-Z][A-Z0-9_]+)>([^<]*)</`)
)

func fields() []field {
	return []field{
		{Node, nodeLine},
		{Node, nodeBlock},
		{Node, nodeBlockName},
		{Node, nodeFor},
		{Node, nodeOn},
		{Node, nodeDNP},
		{Node, nodeForced},
		{Node, nodeNow},
		{Host, nodeID},
		{Hex, machineID},
		{Cluster, clusterLine},
		{Cluster, clusterRow},
		{Site, siteRow},
		{Site, siteFor},
		{Cluster, tunable},
		{Network, networkLine},
		{Group, groupLine},
		{Node, nodesLine},
		{Label, labelLine},
		{Label, labelRow},
		{Partition, partitionLine},
		{Host, hostLine},
		{Host, atHost},
		{Host, logHost},
		{Node, nodeIs},
		{Name, eventArgs},
	}
}

// LearnText takes in what a text tells by the words before it: labels, attributes of clmgr in its three modes, forms.
func (r *Redactor) LearnText(text string) {
	text = plain(text, false)
	for _, f := range fields() {
		for _, m := range f.re.FindAllStringSubmatch(text, -1) {
			for _, name := range split(strings.Join(m[1:], " ")) {
				r.guess(f.kind, name)
			}
		}
	}
	for _, re := range []*regexp.Regexp{assignment, element} {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			r.attribute(m[1], m[2])
		}
	}
	r.learnTable(text)
	r.learnForms(text)
}

// learnTable reads rows under a heading of attributes that colons part, as clmgr -c prints them.
func (r *Redactor) learnTable(text string) {
	var heading []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, "# "); ok && rest == strings.ToUpper(rest) && strings.Contains(rest, ":") {
			heading = strings.Split(rest, ":")
			continue
		}
		if cells := strings.Split(line, ":"); len(heading) > 0 && len(cells) >= len(heading) {
			for i, name := range heading {
				r.attribute(strings.TrimSpace(name), cells[i])
			}
		}
	}
}

// attribute learns the value of an attribute, unless it is one of those whose values are words or numbers of the product.
func (r *Redactor) attribute(name, value string) {
	kind, ok := attributeKind(strings.ToUpper(name))
	if !ok {
		return
	}
	for _, v := range split(value) {
		if strings.HasPrefix(v, "/") {
			r.LearnPath(v)
			continue
		}
		if kind == Number && len(v) >= insideID && strings.Trim(v, "0123456789") == "" {
			r.guess(Number, v)
			continue
		}
		r.guess(kind, v)
	}
}

// attributeKind tells what the values of an attribute name. What is not known to be harmless is taken for a name.
func attributeKind(name string) (Kind, bool) {
	switch name {
	case "CLUSTER_NAME":
		return Cluster, true
	case "CLUSTER_ID", "NODE_ID":
		return Number, true
	case "NODES", "NODE", "CURRENT_NODE", "VERIFICATION_NODE", "SECONDARYNODES", "PARTICIPATING_NODES":
		return Node, true
	case "NODENAME", "HOSTNAME", "COMMPATH":
		return Host, true
	case "APPLICATIONS", "APPLICATION":
		return Application, true
	case "GROUPNAME", "RESOURCE_GROUPS", "RG":
		return Group, true
	case "SERVICE_LABEL", "PERSISTENT_IP", "CLUSTER_IP":
		return Label, true
	case "SITE", "SITES":
		return Site, true
	case "NETWORK", "NETWORKS":
		return Network, true
	case "OWNER":
		return User, true
	case "VOLUME_GROUP", "CONCURRENT_VOLUME_GROUP", "FILESYSTEM", "DISK", "REPOSITORIES":
		return Volume, true
	case "STATE", "RAW_STATE", "TYPE", "HEARTBEAT_TYPE", "VERSION", "VERSION_NUMBER", "EDITION", "UNSYNCED_CHANGES", "SECURITY",
		"RG_DIST_POLICY", "DAILY_VERIFICATION", "VERIFICATION_DEBUGGING", "LPM_POLICY", "CAA_REPOS_MODE", "MODE", "STARTUP",
		"FALLOVER", "FALLBACK", "FAILUREACTION", "SITE_POLICY_FAILURE_ACTION", "TEMP_HOSTNAME", "LVM_PREFERRED_READ",
		"CAA_PVM_WATCHDOG_TIMER", "CAA_AUTO_START_DR", "SKIP_EVENT_PROCESSING_MANAGE_MODE", "HUNGSIGNAL", "SITE_RELATIONSHIP",
		"LC_ALL", "TZ", "PATH", "WHEN", "MANAGE", "BROADCAST", "FIX", "CLINFO", "DR_ERROR", "DR_VERSION", "DR_DATE", "DR_TIMEOUT":
		return "", false
	default:
		return Name, true
	}
}

// LearnPath takes in the parts of a path that are not of the products.
func (r *Redactor) LearnPath(path string) {
	for part := range strings.SplitSeq(path, "/") {
		part, _, _ = strings.Cut(part, ".sh")
		r.guess(Path, part)
	}
}

// LearnRows takes in the rows of clRGinfo: a group's name stands first or not at all, a node's last in the table and third
// between colons.
func (r *Redactor) LearnRows(text string) {
	text = plain(text, false)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if cells := strings.Split(line, ":"); len(cells) >= 3 && !strings.Contains(cells[0], " ") {
			r.guess(Group, cells[0])
			r.node(strings.TrimSpace(cells[2]))
			if len(cells) >= 9 {
				r.guess(Site, cells[8])
			}
			continue
		}
		words := strings.Fields(line)
		if len(words) < 2 || !r.hasState(words) {
			continue
		}
		if line[0] != ' ' {
			r.guess(Group, words[0])
		}
		r.node(words[len(words)-1])
	}
}

// node learns a node, which may stand with its site.
func (r *Redactor) node(s string) {
	name, site, _ := strings.Cut(s, "@")
	r.guess(Node, name)
	r.guess(Site, site)
}

// hasState: one of the words is a state, perhaps one that nobody knows yet, so that the line is a row and no message.
func (r *Redactor) hasState(words []string) bool {
	const longestRow, shortestState = 6, 4
	for _, w := range words {
		known := r.words[strings.ToLower(w)]
		if w == strings.ToUpper(w) && (known || len(words) <= longestRow && len(w) >= shortestState && alnum(w[0])) {
			return true
		}
	}
	return false
}

// LearnHosts takes in a file of addresses and names, hosts(5).
func (r *Redactor) LearnHosts(text string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		for i, w := range words {
			if i > 0 && !strings.HasPrefix(w, "ip6-") {
				r.host(w)
			}
		}
	}
	r.learnForms(text)
}

// host learns a host's full name and its first part.
func (r *Redactor) host(name string) {
	short, domain, full := strings.Cut(name, ".")
	r.guess(Host, short)
	if full {
		r.guess(Host, domain)
	}
}

// split parts a list by what clmgr parts lists with.
func split(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == ',' || c == '\t' || c == ';' || c == '"' || c == '\r' })
}
