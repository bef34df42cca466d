package accuracy

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkVirtual has the errors of the estimators as metrics, over freezes of 20 ms to 10 min in virtual time.
func BenchmarkVirtual(b *testing.B) {
	for _, world := range []World{RunOn, StandStill} {
		for _, where := range []Where{Episode, Rest, Alone} {
			b.Run(fmt.Sprintf("world=%s/where=%s", world, where), func(b *testing.B) {
				var rows []Row
				for b.Loop() {
					rows = Rows("virtual", world, where, Virtual(world, where, virtualFreezes, seed))
				}
				report(b, rows)
			})
		}
	}
}

// report adds the figures of every estimator that saw something.
func report(b *testing.B, rows []Row) {
	b.ReportMetric(0, "ns/op") // says nothing
	for i := range rows {
		r := &rows[i]
		if r.Wrong() > 0 {
			b.Errorf("%+v", *r)
		}
		b.ReportMetric(float64(r.Seen)/float64(max(1, r.N)), r.Estimator+"-seen")
		if r.Seen == 0 {
			continue
		}
		for unit, d := range map[string]time.Duration{"median": r.Median, "p99": r.P99, "worst": r.Worst, "bound": r.BoundMedian} {
			b.ReportMetric(float64(d)/float64(time.Millisecond), r.Estimator+"-"+unit+"-ms")
		}
	}
}
