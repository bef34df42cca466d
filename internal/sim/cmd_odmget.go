package sim

import (
	"fmt"
	"strconv"
	"strings"
)

// odmget prints objects of the ODM as stanzas: HACMPcluster, HACMPnode, HACMPgroup, HACMPmonitor, HACMPlogs.
func (c *Core) odmget(n *node, args []string) result {
	query := ""
	if len(args) > 1 && args[0] == "-q" {
		query, args = args[1], args[2:]
	}
	if len(args) != 1 {
		return misuse("odmget")
	}
	var objs []object
	switch args[0] {
	case "HACMPcluster":
		objs = []object{c.odmCluster(n)}
	case "HACMPnode":
		for _, o := range c.all() {
			objs = append(objs, object{{"name", o.name}, {"object", "COMMUNICATION_PATH"}, {"value", nodeAddress(o)}, {"node_id", "#" + o.number()}, {"node_handle", "#" + o.number()}, {"version", "#" + strconv.Itoa(c.clversion())}})
		}
	case "HACMPgroup":
		for _, g := range c.groups {
			objs = append(objs, object{{"group", g.Name}, {"type", "ignore"}, {"nodes", strings.Join(g.Nodes, " ")}, {"startup_pref", policyStartup}, {"fallover_pref", policyFallover}, {"fallback_pref", policyFallback}})
		}
	case "HACMPmonitor":
		for _, g := range c.groups {
			for _, m := range c.monitorObjects(g) {
				for _, a := range m[1:] {
					objs = append(objs, object{{"monitor", m[0].value}, {"name", a.name}, {"value", a.value}})
				}
			}
		}
	case "HACMPlogs":
		for _, name := range []string{"hacmp.out", "cluster.log", "clutils.log"} {
			dir := "/var/hacmp/log"
			if name == "cluster.log" {
				dir = "/var/hacmp/adm"
			}
			objs = append(objs, object{{"name", name}, {"description", "Log of PowerHA SystemMirror"}, {"defaultdir", dir}, {"value", dir}})
		}
	default:
		return complain("odmget: Could not retrieve object for " + args[0] + ", odm errno 5904")
	}
	return say(stanzas(args[0], matching(objs, query)))
}

func (c *Core) odmCluster(n *node) object {
	o := object{
		{"id", "#1120652512"},
		{"name", c.cfg.Cluster},
		{"nodename", n.name},
		{"sec_level", "Standard"},
		{"cluster_version", "#" + strconv.Itoa(c.clversion())},
		{"heartbeattype", strings.ToUpper(c.knob(nil, "heartbeat_type")[:1])},
	}
	if c.knob(nil, "heartbeat_type") == "multicast" {
		o[5].value = "C"
	}
	if c.level.lpm {
		o = append(o, attr{"lpm_policy", strings.ToUpper(n.odm.lpmPolicy)}, attr{"lpm_node_timeout", "#" + strconv.Itoa(n.odm.lpmTimeout)})
	}
	return o
}

// matching keeps the objects that a criterion of the form name=value (quotes or none) takes.
func matching(objs []object, query string) []object {
	if query == "" {
		return objs
	}
	name, value, _ := strings.Cut(query, "=")
	name, value = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"'`)
	var out []object
	for _, o := range objs {
		if v, ok := o.get(name); ok && strings.TrimPrefix(v, "#") == value {
			out = append(out, o)
		}
	}
	return out
}

// stanzas writes objects as odmget does; a value that begins with # is a number and stands without quotes.
func stanzas(class string, objs []object) string {
	var b strings.Builder
	for _, o := range objs {
		b.WriteString("\n" + class + ":\n")
		for _, a := range o {
			if n, ok := strings.CutPrefix(a.value, "#"); ok {
				fmt.Fprintf(&b, "\t%s = %s\n", a.name, n)
				continue
			}
			fmt.Fprintf(&b, "\t%s = %q\n", a.name, a.value)
		}
	}
	return b.String()
}
