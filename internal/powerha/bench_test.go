package powerha

import (
	"bytes"
	"fmt"
	"testing"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

// largest is an output as the largest cluster, 16 nodes and 64 groups, would print it; nil for a source whose output does
// not grow with the cluster.
func largest(s model.Source) []byte {
	const nodes, groups = 16, 64
	var b bytes.Buffer
	switch s {
	case model.SourceGroups:
		for g := range groups {
			for n := range nodes {
				fmt.Fprintf(&b, "rg_%d:%s:node%d:non-concurrent:OHN:FNPN:FBHPN:ignore: : : : \n", g, onlineOn(g, n), n)
			}
		}
	case model.SourceOverrides:
		b.WriteString("-----------------------------\nGroup Name     Group State    Node\n-----------------------------\n")
		for g := range groups {
			name := fmt.Sprintf("rg_%d", g)
			for n := range nodes {
				fmt.Fprintf(&b, "%-14s %-14s node%d\n", name, onlineOn(g, n), n)
				name = ""
			}
		}
	case model.SourceNodes:
		b.WriteString("# NAME:STATE:RAW_STATE\n")
		for n := range nodes {
			fmt.Fprintf(&b, "node%d:NORMAL:ST_STABLE\n", n)
		}
	case model.SourceGroupAttrs:
		for g := range groups {
			fmt.Fprintf(&b, "NAME=\"rg_%d\"\nCURRENT_NODE=\"node1\"\nNODES=\"node1 node2\"\nSTATE=\"ONLINE\"\nSTARTUP=\"OHN\"\n"+
				"FALLOVER=\"FNPN\"\nFALLBACK=\"FBHPN\"\nAPPLICATIONS=\"app%d\"\nVOLUME_GROUP=\"vg%d\"\n\n", g, g, g)
		}
	case model.SourceMembers:
		for n := range nodes {
			fmt.Fprintf(&b, "Node name: node%d\nCluster shorthand id for node: %d\nUUID for node: 112552f0\nState of node: UP\n"+
				"Smoothed rtt to node: 7\nMean Deviation in network rtt to node: 3\nPoints of contact for node: 2\n\n", n, n)
		}
	case model.SourceErrlog:
		for e := range 200 {
			fmt.Fprintf(&b, "---------------------------------------------------------------------------\nLABEL:          CLIENT_PMIG_DONE\n"+
				"IDENTIFIER:     159D686C\n\nDate/Time:       Mon Nov  7 10:17:59 2022\nSequence Number: %d\nClass:           S\n"+
				"Resource Name:   pmig\n\nDescription\nClient Partition Migration Completed\n\n", e)
		}
	case model.SourceProcesses:
		for p := range 1000 {
			fmt.Fprintf(&b, "%8d /usr/sbin/program -a -b -c %d\n", p, p)
		}
	default:
		return nil
	}
	return b.Bytes()
}

func onlineOn(group, node int) string {
	if group%16 == node {
		return "ONLINE"
	}
	return "OFFLINE"
}

// BenchmarkParse tells what one line costs, in time and in allocations.
func BenchmarkParse(b *testing.B) {
	for _, s := range []model.Source{
		model.SourceGroups, model.SourceOverrides, model.SourceNodes, model.SourceGroupAttrs, model.SourceMembers,
		model.SourceErrlog, model.SourceProcesses, model.SourceCluster, model.SourceManager, model.SourceTunables,
		model.SourceTopology,
	} {
		b.Run(string(s), func(b *testing.B) {
			in := largest(s)
			if in == nil {
				in = good(b, s)
			}
			out := command.Output{Stdout: in}
			lines := Interpret(s, out).Lines
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			allocs := testing.AllocsPerRun(5, func() { Interpret(s, out) })
			for b.Loop() {
				if r := Interpret(s, out); r.Err != "" || r.Unparsed > 0 {
					b.Fatal(r.Err, r.Rejected)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(lines), "ns/line")
			b.ReportMetric(allocs/float64(lines), "allocs/line")
			b.ReportMetric(float64(lines), "lines")
		})
	}
}
