package sim

import (
	"encoding/xml"
	"strings"
)

// otherObjects are the classes of clmgr that decide nothing here: application controllers, networks, service addresses
// and sites.
func (c *Core) otherObjects(class string) []object {
	var objs []object
	switch class {
	case "application_controller":
		for _, g := range c.groups {
			if g.Application == "" {
				continue
			}
			var monitors []string
			for _, m := range c.monitorObjects(g) {
				monitors = append(monitors, m[0].value)
			}
			objs = append(objs, object{
				{"NAME", g.Application},
				{"MONITORS", strings.Join(monitors, " ")},
				{"STARTSCRIPT", g.Start},
				{"STOPSCRIPT", g.Stop},
				{"STARTUP_MODE", "background"},
				{"CPU_USAGE_MONITOR", "no"},
			})
		}
	case "network":
		objs = append(objs, object{
			{"NAME", "net_ether_01"},
			{"TYPE", "ether"},
			{"NETMASK", "255.255.255.0"},
			{"SUBNET", "172.16.50.0"},
			{"PUBLIC", "true"},
			{"RESOURCE_DIST_PREF", "AC"},
		})
	case "service_ip":
		for _, g := range c.groups {
			objs = append(objs, object{{"NAME", g.Name + "_svc"}, {"NETWORK", "net_ether_01"}, {"TYPE", "IPv4"}, {"RESOURCE_GROUP", g.Name}})
		}
	case "site":
		if c.knob(nil, "site_rows") == "no" {
			return nil
		}
		for _, site := range []string{"site1", "site2"} {
			var names []string
			for _, n := range c.all() {
				if c.siteName(n) == site {
					names = append(names, n.name)
				}
			}
			objs = append(objs, object{{"NAME", site}, {"NODES", strings.Join(names, " ")}, {"STATE", "STABLE"}, {"TYPE", "Stretched"}})
		}
	}
	return objs
}

// xml is the output of clmgr -x. No sample of it is public, so a knob has two shapes: an element for each attribute, or
// one element with the attributes of clmgr as attributes.
func (c *Core) xml(objs []object, class string) string {
	esc := func(s string) string {
		var b strings.Builder
		if err := xml.EscapeText(&b, []byte(s)); err != nil {
			return "" // a Builder takes everything
		}
		return b.String()
	}
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<POWERHA>\n")
	tag := strings.ToUpper(class)
	for _, o := range objs {
		if c.knob(nil, "clmgr_xml_layout") == "attributes" {
			b.WriteString("\t<" + tag)
			for _, a := range o {
				b.WriteString(" " + a.name + `="` + esc(a.value) + `"`)
			}
			b.WriteString("/>\n")
			continue
		}
		b.WriteString("\t<" + tag + ">\n")
		for _, a := range o {
			b.WriteString("\t\t<" + a.name + ">" + esc(a.value) + "</" + a.name + ">\n")
		}
		b.WriteString("\t</" + tag + ">\n")
	}
	b.WriteString("</POWERHA>\n")
	return b.String()
}
