package sim

import (
	"iter"
	"maps"
	"strings"
	"time"
)

func mapKeys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

// clmgrLine is a parsed clmgr command line: clmgr [options] <action> <class> [name] [ATTR=value …].
// Options may stand anywhere; actions, classes and attribute names are in any case.
type clmgrLine struct {
	only                        []string // -a
	colon, verbose, force, bare bool     // -c -v -f -S
	xml                         bool     // -x
	delim                       string
	action, class, name         string
	attrs                       []attr
	usage                       string // what is wrong with the line
}

type attr struct{ name, value string }

func (p clmgrLine) get(name, def string) string {
	for _, a := range p.attrs {
		if a.name == name {
			return a.value
		}
	}
	return def
}

func clmgrAction(s string) string {
	switch strings.ToLower(s) {
	case "query", "view", "ls", "list", "q", "show":
		return "query"
	case "online", "start", "on":
		return "start"
	case "offline", "stop", "off":
		return "stop"
	case "modify", "change", "set", "ch":
		return "modify"
	case "move", "mv":
		return "move"
	case "sync", "synchronize":
		return "sync"
	}
	return ""
}

func clmgrClass(s string) string {
	switch strings.ToLower(s) {
	case "cluster", "cl":
		return "cluster"
	case "node", "nodes", "no":
		return "node"
	case "resource_group", "resource_groups", "rg", "rgs":
		return "resource_group"
	case "application_monitor", "application_monitors", "mon", "am":
		return "application_monitor"
	case "application_controller", "application_controllers", "ac", "app":
		return "application_controller"
	case "network", "networks", "ne", "nw":
		return "network"
	case "service_ip", "service_ips", "si":
		return "service_ip"
	case "site", "sites", "st":
		return "site"
	}
	return ""
}

func parseClmgr(args []string) clmgrLine {
	p := clmgrLine{delim: ":"}
	var words []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if !strings.HasPrefix(a, "-") || len(a) < 2 || strings.Contains(a, "=") {
			words = append(words, a)
			continue
		}
		for j, f := range a[1:] {
			if strings.ContainsRune("adtgTl", f) {
				value := a[j+2:]
				if value == "" {
					i++
					if i >= len(args) {
						p.usage = "option -" + string(f) + " needs a value"
						return p
					}
					value = args[i]
				}
				switch f {
				case 'a':
					p.only = append(p.only, strings.Split(strings.ToUpper(value), ",")...)
				case 'd':
					p.delim, p.colon = value, true
				}
				break
			}
			switch f {
			case 'c':
				p.colon = true
			case 'v':
				p.verbose = true
			case 'f':
				p.force = true
			case 'S':
				p.bare = true
			case 'x':
				p.xml = true
			case 'D':
			default:
				p.usage = "option -" + string(f) + " is not known"
				return p
			}
		}
	}
	return p.words(words)
}

func (p clmgrLine) words(words []string) clmgrLine {
	if len(words) < 2 {
		p.usage = "an action and a class are needed"
		return p
	}
	if p.action = clmgrAction(words[0]); p.action == "" {
		p.usage = `"` + words[0] + `" is not an action`
		return p
	}
	if p.class = clmgrClass(words[1]); p.class == "" {
		p.usage = `"` + words[1] + `" is not a class`
		return p
	}
	for _, w := range words[2:] {
		name, value, isAttr := strings.Cut(w, "=")
		switch {
		case isAttr:
			p.attrs = append(p.attrs, attr{strings.ToUpper(name), strings.Trim(value, `"`)})
		case p.name == "":
			p.name = w
		default:
			p.usage = `"` + w + `" is one name too many`
		}
	}
	return p
}

// errorText is the form of clmgr's messages.
func errorText(text string) result { return complain("\nERROR: " + text) }

// clmgr runs a clmgr command line.
func (c *Core) clmgr(cm *cmd) {
	p := parseClmgr(cm.args)
	if p.usage != "" {
		c.answer(cm, errorText(p.usage+".\n\n"+strings.TrimSuffix(usageText("clmgr"), "\n")))
		return
	}
	hang := c.knob(cm.node, "clmgr_hang")
	if hang == "all" || hang == "query" && p.action == "query" || hang == "act" && p.action != "query" {
		c.note(cm.node.name, "clmgr hangs")
		return // never answers
	}
	if p.action != "query" {
		c.clutilsLog(cm.node, "clmgr: "+strings.Join(cm.args, " "))
	}
	switch p.action + " " + p.class {
	case "query cluster", "query node", "query resource_group", "query application_monitor", "query application_controller",
		"query network", "query service_ip", "query site":
		if x := c.knob(cm.node, "clmgr_xml"); p.xml && (x == "no" || x == "level" && !c.level.clmgrXML) {
			c.answer(cm, errorText("option -x is not known.\n\n"+strings.TrimSuffix(usageText("clmgr"), "\n")))
			return
		}
		c.delay(cm, "clmgr", time.Second, func() { c.answer(cm, c.clmgrQuery(cm.node, p)) })
	case "stop node":
		c.locked(cm, func() { c.stopNode(cm, p) })
	case "start node":
		c.locked(cm, func() { c.startNode(cm, p) })
	case "move resource_group", "start resource_group", "stop resource_group":
		c.locked(cm, func() { c.moveGroup(cm, p) })
	case "modify cluster":
		c.locked(cm, func() { c.modifyCluster(cm, p) })
	case "sync cluster":
		c.locked(cm, func() { c.syncCluster(cm) })
	default:
		c.answer(cm, errorText(`action "`+p.action+`" is not supported for class "`+p.class+`".`))
	}
}

// locked runs fn if no other change of the cluster is under way.
func (c *Core) locked(cm *cmd, fn func()) {
	if c.lock != nil {
		c.delay(cm, "clmgr", time.Second, func() {
			c.answer(cm, errorText("the cluster is locked: another clmgr operation or synchronization is in progress. Try again later."))
		})
		return
	}
	c.lock = cm
	fn()
}
