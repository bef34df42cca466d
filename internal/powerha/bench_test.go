package powerha

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"powerha_lpm_exporter/internal/model"
)

func BenchmarkParse(b *testing.B) {
	var groups, processes bytes.Buffer
	for i := range 64 {
		fmt.Fprintf(&groups, "rg_%d:ONLINE:node1:ignore:OHN:FNPN:FBHPN:ignore: : : \nrg_%d:OFFLINE:node2\n", i, i)
	}
	for i := range 1000 {
		fmt.Fprintf(&processes, "%8d /usr/sbin/program -a -b -c %d\n", i, i)
	}
	for _, bench := range []struct {
		source model.Source
		file   string
		in     []byte
	}{
		{source: model.SourceCluster, file: "testdata/7.2.7/cluster.set.txt"},
		{source: model.SourceManager, file: "testdata/7.1.3/manager.stable.txt"},
		{source: model.SourceMembers, file: "testdata/7.2.0/members.two.txt"},
		{source: model.SourceErrlog, file: "testdata/any/errlog.two.txt"},
		{source: model.SourceGroups, in: groups.Bytes()},
		{source: model.SourceProcesses, in: processes.Bytes()},
	} {
		b.Run(string(bench.source), func(b *testing.B) {
			in := bench.in
			if bench.file != "" {
				var err error
				if in, err = os.ReadFile(bench.file); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if r := readingOf(b, bench.source, in); r.Err != "" {
					b.Fatal(r.Err)
				}
			}
		})
	}
}
