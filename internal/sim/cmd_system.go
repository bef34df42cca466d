package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// frame is one physical server. A migration moves a node to the next one.
type frame struct{ systemid, model, machine, pool, cpus, name string }

func frames() []frame {
	return []frame{
		{"IBM,0217268B0", "IBM,9009-42A", "0017268B4C00", "0", "24", "Server-9009-42A-SN17268B0"},
		{"IBM,0278A3C10", "IBM,9040-MR9", "0078A3C14C00", "1", "32", "Server-9040-MR9-SN78A3C10"},
	}
}

func (c *Core) frameOf(n *node) frame { return frames()[n.frame%len(frames())] }

func (c *Core) serial(n *node) string { return strings.TrimPrefix(c.frameOf(n).systemid, "IBM,") }

func (c *Core) machineID(n *node) string { return c.frameOf(n).machine }

// lsattr is lsattr -El sys0 [-a attribute]….
func (c *Core) lsattr(n *node, args []string) result {
	var want []string
	var device string
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "-E":
		case "-El", "-l":
			if i++; i < len(args) {
				device = args[i]
			}
		case "-a":
			if i++; i < len(args) {
				want = append(want, args[i])
			}
		default:
			return result{err: "lsattr: 0514-501 Unknown flag: " + args[i] + "\n", exit: 1}
		}
	}
	if device != "sys0" {
		return complain("lsattr: 0514-519 The following device was not found in the customized\n\tdevice configuration database:\n\t" + device)
	}
	f := c.frameOf(n)
	rows := []struct{ name, value, text, settable string }{
		{"enhanced_RBAC", "true", "Enhanced RBAC Mode", "True"},
		{"fwversion", "IBM,VL950_075", "Firmware version and revision levels", "False"},
		{"iostat", "false", "Continuously maintain DISK I/O history", "True"},
		{"modelname", f.model, "Machine name", "False"},
		{"os_uuid", n.uuid(), "N/A", "True"},
		{"realmem", "8388608", "Amount of usable physical memory in Kbytes", "False"},
		{"systemid", f.systemid, "Hardware system identifier", "False"},
	}
	var b strings.Builder
	for _, r := range rows {
		if len(want) == 0 || slices.Contains(want, r.name) {
			fmt.Fprintf(&b, "%-15s %-20s %-45s %s\n", r.name, r.value, r.text, r.settable)
		}
	}
	if b.Len() == 0 {
		return complain("lsattr: 0514-528 The \"" + want[0] + "\" attribute does not exist in the predefined\n\tdevice configuration database.")
	}
	return say(b.String())
}

// idNumber makes a number of an identifier, for process ids.
func idNumber(id string) int {
	h := 0
	for _, r := range id {
		h = (h*31 + int(r)) % 100003
	}
	return h
}

// cltopinfo prints the topology.
func (c *Core) cltopinfo(_ *node, _ []string) result {
	kind := map[string]string{"NSC": "Standard", "SC": "Stretched", "LC": "Linked"}[c.knob(nil, "cluster_type")]
	var b strings.Builder
	fmt.Fprintf(&b, "Cluster Name:    %s\nCluster Type:    %s\nHeartbeat Type:  %s\nRepository Disk: hdisk2 (00f6f5d0d387b342)\n\n", c.cfg.Cluster, kind, title(c.knob(nil, "heartbeat_type")))
	fmt.Fprintf(&b, "There are %d node(s) and 1 network(s) defined\n\n", len(c.order))
	for _, n := range c.all() {
		fmt.Fprintf(&b, "NODE %s:\n\tNetwork net_ether_01\n\t\t%s\t%s\n\n", n.name, n.name, nodeAddress(n))
	}
	for _, g := range c.groups {
		fmt.Fprintf(&b, "Resource Group %s\n\tStartup Policy   %s\n\tFallover Policy  %s\n\tFallback Policy  %s\n\tParticipating Nodes      %s\n\tService IP Label         %s_svc\n\n",
			g.Name, policyStartupText, policyFalloverText, policyFallbackText, strings.Join(g.Nodes, " "), g.Name)
	}
	return say(b.String())
}

func (c *Core) cllsgrp(_ *node, _ []string) result {
	var b strings.Builder
	for _, g := range c.groups {
		b.WriteString(g.Name + "\n")
	}
	return say(b.String())
}

// clusterLog tells of an event in cluster.log, in the form that knob clusterlog_format names,
//
//	Nov 23 22:10:05 nodeB user:notice PowerHA SystemMirror for AIX: EVENT START: node_down nodeA
//
// and in hacmp.out, between the lines of a trace.
func (c *Core) clusterLog(n *node, text string) {
	stamp := c.wall().Format("Jan _2 15:04:05")
	product := "PowerHA SystemMirror for AIX: "
	switch c.knob(n, "clusterlog_format") {
	case "sequence":
		n.logSeq++
		product += strconv.Itoa(n.logSeq) + " "
	case "hacmp":
		product = "HACMP for AIX: "
	}
	c.emit(AppendFile{Node: n.name, Name: "var/hacmp/adm/cluster.log", Text: stamp + " " + n.name + " user:notice " + product + text + "\n"})
	event := "process_resources"
	if f := strings.Fields(text); len(f) > 2 {
		event = f[2]
	}
	c.emit(AppendFile{
		Node: n.name, Name: "var/hacmp/log/hacmp.out",
		Text: stamp + " " + text + "\n\n:" + event + "[58] [[ high == high ]]\n+:" + event + "[version:60] version=1.61\n",
	})
}

// clutilsLog adds a line to clutils.log: "Tue Jan 26 10:57:09 UTC 2016 cl_dr: text".
func (c *Core) clutilsLog(n *node, text string) {
	c.emit(AppendFile{
		Node: n.name, Name: "var/hacmp/log/clutils.log",
		Text: c.wall().Format("Mon Jan _2 15:04:05 MST 2006") + " " + text + "\n",
	})
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// title is a word with a capital first.
func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
