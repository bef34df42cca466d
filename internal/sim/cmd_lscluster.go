package sim

import (
	"fmt"
	"strconv"
	"strings"
)

const clusterUUID = "11403f34-c4b7-11e5-8014-56c6a3855d04"

func (n *node) number() string { return strconv.Itoa(n.index + 1) }

func (n *node) uuid() string {
	return fmt.Sprintf("%08x-c4b7-11e5-8014-56c6a3855d04", 0x112552f0+n.index)
}

func nodeAddress(n *node) string { return "172.16.50." + strconv.Itoa(21+n.index) }

// lscluster is lscluster -m, -i, -g, -d, -c and -s.
func (c *Core) lscluster(n *node, args []string) result {
	if len(args) == 0 || len(args) > 2 || len(args) == 2 && args[1] != "-n" {
		return misuse("lscluster")
	}
	if c.knob(n, "caa") == "stopped" {
		return complain("lscluster: Cluster services are not active on this node because it has been stopped.")
	}
	switch args[0] {
	case "-m":
		return say(c.caaNodes(n))
	case "-i", "-g":
		return say(c.caaInterfaces(args[0] == "-i"))
	case "-d":
		return say(c.caaDisks())
	case "-c":
		return say(c.clusterConfiguration())
	case "-s":
		return say(c.caaStatistics(n))
	}
	return misuse("lscluster")
}

// caaNodes is lscluster -m: what this node sees of each.
func (c *Core) caaNodes(n *node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Calling node query for all nodes...\nNode query number of nodes examined: %d\n\n", len(c.order))
	for i, o := range c.all() {
		if i > 0 {
			b.WriteString("\n" + strings.Repeat("-", 76) + "\n\n")
		}
		state, rtt, dev := "UP", 7, 3
		switch {
		case o == n:
			state, rtt, dev = "UP  NODE_LOCAL", 0, 0
		case n.seesDown[o.name]:
			state = "DOWN"
		}
		fmt.Fprintf(&b, "Node name: %s\nCluster shorthand id for node: %s\nUUID for node: %s\nState of node: %s\n", o.name, o.number(), o.uuid(), state)
		fmt.Fprintf(&b, "Smoothed rtt to node: %d\nMean Deviation in network rtt to node: %d\nNumber of clusters node is a member in: 1\n", rtt, dev)
		fmt.Fprintf(&b, "CLUSTER NAME       SHID         UUID\n%-18s 0            %s\n", c.cfg.Cluster, clusterUUID)
		b.WriteString("SITE NAME          SHID         UUID\nLOCAL              1            51735173-5173-5173-5173-517351735173\n\n")
		c.pointsOfContact(&b, n, o, strings.Fields(state)[0])
	}
	return b.String()
}

// pointsOfContact differ by the level of CAA and by the kind of heartbeat.
func (c *Core) pointsOfContact(b *strings.Builder, n, o *node, link string) {
	const rule = "-----------------------------------------------------------------------\n"
	old := c.knob(n, "lscluster_layout") == "old"
	label := "Points of contact for node:"
	if old {
		label = "Number of points_of_contact for node:"
	}
	contacts := 2
	if o == n {
		contacts = 0
	}
	fmt.Fprintf(b, "%s %d\n", label, contacts)
	switch {
	case o == n:
	case old:
		fmt.Fprintf(b, "Point-of-contact interface & contact state\n sfwcom  %s\n en0  %s\n", link, link)
	case c.knob(nil, "heartbeat_type") == "multicast":
		fmt.Fprintf(b, rule+"Interface     State  Protocol    Status\n"+rule+"dpcom         DOWN   none        RESTRICTED\nen0           %-6s IPv4        none\n", link)
	default:
		fmt.Fprintf(b, rule+"Interface     State  Protocol    Status     SRC_IP->DST_IP\n"+rule)
		fmt.Fprintf(b, "sfwcom        %-6s none         none   none\ntcpsock->%02d   %-6s IPv4         none   %s->%s\n", link, o.index+1, link, nodeAddress(n), nodeAddress(o))
	}
}

// clusterConfiguration is lscluster -c.
func (c *Core) clusterConfiguration() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Cluster Name: %s\nCluster UUID: %s\nNumber of nodes in cluster = %d\n", c.cfg.Cluster, clusterUUID, len(c.order))
	for _, n := range c.all() {
		fmt.Fprintf(&b, "\tCluster ID for node %s: %s\n\tPrimary IP address for node %s: %s\n", n.name, n.number(), n.name, nodeAddress(n))
	}
	b.WriteString("Number of disks in cluster = 1\n\tDisk = hdisk2 UUID = 51735173-5173-5173-5173-0f6f5d0d387b cluster_major = 0 cluster_minor = 1\n")
	b.WriteString("Multicast for site LOCAL: IPv4 228.16.50.21 IPv6 ff05::e410:3215\nCommunication Mode: " + c.knob(nil, "heartbeat_type") + "\n")
	b.WriteString("Local node maximum capabilities: HNAME_CHG, UNICAST, IPV6, SITE\nEffective cluster-wide capabilities: HNAME_CHG, UNICAST, IPV6, SITE\n")
	return b.String()
}

// caaInterfaces is lscluster -i, and -g with the paths of heartbeats alone.
func (c *Core) caaInterfaces(all bool) string {
	var b strings.Builder
	silent := 0
	for _, n := range c.all() {
		if n.silent() {
			silent++
		}
	}
	fmt.Fprintf(&b, "Network/Storage Interface Query\n\nCluster Name: %s\nCluster UUID: %s\nNumber of nodes reporting = %d\nNumber of nodes stale = %d\nNumber of nodes expected = %d\n",
		c.cfg.Cluster, clusterUUID, len(c.order)-silent, silent, len(c.order))
	for _, n := range c.all() {
		if n.silent() {
			continue
		}
		count := 3
		if !all {
			count = 2
		}
		fmt.Fprintf(&b, "\nNode %s\nNode UUID = %s\nNumber of interfaces discovered = %d\n", n.name, n.uuid(), count)
		fmt.Fprintf(&b, "\tInterface number 1, en0\n\t\tIFNET type = 6 (IFT_ETHER)\n\t\tNDD type = 7 (NDD_ISO88023)\n\t\tMAC address length = 6\n\t\tMAC address = FA:97:6D:97:2A:%02X\n", n.index+16)
		fmt.Fprintf(&b, "\t\tSmoothed RTT across interface = 7\n\t\tMean deviation in network RTT across interface = 3\n\t\tProbe interval for interface = 990 ms\n\t\tIFNET flags for interface = 0x1E084863\n\t\tNDD flags for interface = 0x0021081B\n\t\tInterface state = UP\n")
		fmt.Fprintf(&b, "\t\tNumber of regular addresses configured on interface = 1\n\t\tIPv4 ADDRESS: %s broadcast 172.16.50.255 netmask 255.255.255.0\n", nodeAddress(n))
		san := "UP"
		if n.ifrestrict {
			san = "DOWN RESTRICTED SOURCE HARDWARE RECEIVE SOURCE HARDWARE TRANSMIT"
		}
		b.WriteString("\tInterface number 2, sfwcom\n\t\tIFNET type = 0 (none)\n\t\tNDD type = 304 (NDD_SANCOMM)\n\t\tProbe interval for interface = 100 ms\n\t\tInterface state = " + san + "\n")
		if all {
			b.WriteString("\tInterface number 3, dpcom\n\t\tIFNET type = 0 (none)\n\t\tNDD type = 305 (NDD_PINGCOMM)\n\t\tProbe interval for interface = 750 ms\n\t\tInterface state = UP RESTRICTED AIX_CONTROLLED\n")
		}
	}
	return b.String()
}

// caaDisks is lscluster -d.
func (c *Core) caaDisks() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Storage Interface Query\n\nCluster Name: %s\nCluster UUID: %s\nNumber of nodes reporting = %d\nNumber of nodes expected = %d\n", c.cfg.Cluster, clusterUUID, len(c.order), len(c.order))
	for _, n := range c.all() {
		fmt.Fprintf(&b, "\nNode %s\nNode UUID = %s\nNumber of disks discovered = 1\n\thdisk2:\n\t\tState : UP\n\t\t uDid : 3E213600A0B8000114632000009B44E1F4D970F1815\n\t\t uUid : 51735173-5173-5173-5173-0f6f5d0d387b\n\t\tSite uUid : 51735173-5173-5173-5173-517351735173\n\t\tType : REPDISK\n", n.name, n.uuid())
	}
	return b.String()
}

// caaStatistics is lscluster -s.
func (c *Core) caaStatistics(n *node) string {
	seen := 1000 + int(c.now.Seconds())*len(c.order)
	var b strings.Builder
	b.WriteString("Cluster Network Statistics:\n\n")
	for _, v := range []attr{
		{"pkts seen", strconv.Itoa(seen)},
		{"passed", strconv.Itoa(seen / 3)},
		{"IP pkts", strconv.Itoa(seen - 40)},
		{"UDP pkts", strconv.Itoa(seen / 2)},
		{"gossip pkts sent", strconv.Itoa(seen / 4)},
		{"gossip pkts recv", strconv.Itoa(seen / 4)},
		{"cluster address pkts", "0"},
		{"CP pkts", strconv.Itoa(seen / 5)},
		{"bad transmits", "0"},
		{"bad posts", "0"},
		{"nodedown pkts recv", strconv.Itoa(len(n.seesDown))},
		{"nodedown pkts sent", strconv.Itoa(len(n.seesDown))},
	} {
		b.WriteString(v.name + ": " + v.value + "\n")
	}
	return b.String()
}
