package sim

import (
	"fmt"
	"strconv"
	"strings"
)

// lparstat is lparstat -i: label, padding, colon, value. AIX 7.3 has more labels; what an attribute without meaning
// prints is a hyphen.
func (c *Core) lparstat(n *node, args []string) result {
	if len(args) != 1 || args[0] != "-i" {
		return misuse("lparstat")
	}
	f := c.frameOf(n)
	rows := []attr{
		{"Node Name", n.name},
		{"Partition Name", n.name},
		{"Partition Number", strconv.Itoa(partitionID(n))},
		{"Type", "Shared-SMT-8"},
		{"Mode", "Uncapped"},
		{"Entitled Capacity", "1.00"},
		{"Partition Group-ID", strconv.Itoa(32768 + partitionID(n))},
		{"Shared Pool ID", f.pool},
		{"Online Virtual CPUs", "2"},
		{"Maximum Virtual CPUs", "8"},
		{"Minimum Virtual CPUs", "1"},
		{"Online Memory", "8192 MB"},
		{"Maximum Memory", "32768 MB"},
		{"Minimum Memory", "4096 MB"},
		{"Variable Capacity Weight", "128"},
		{"Active Physical CPUs in system", f.cpus},
		{"Active CPUs in Pool", f.cpus},
		{"Physical CPU Percentage", "50.00%"},
		{"Unallocated Capacity", "0.00"},
		{"Memory Mode", "Dedicated"},
		{"Total I/O Memory Entitlement", "-"},
		{"Hypervisor Page Size", "-"},
		{"Desired Virtual CPUs", "2"},
		{"Desired Memory", "8192 MB"},
		{"Desired Capacity", "1.00"},
		{"Target Memory Expansion Factor", "-"},
		{"Power Saving Mode", "Static Power Saving"},
		{"Sub Processor Mode", "-"},
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%-43s: %s\n", r.name, r.value)
	}
	return say(b.String())
}

// partitionID is the number of a node's partition at the HMC.
func partitionID(n *node) int { return n.index + 11 }
