package collector

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// BenchmarkScrape compares a scrape, at the two sizes for which the series are budgeted, with one of a bare exporter that
// has as many constant series.
func BenchmarkScrape(b *testing.B) {
	for _, size := range []struct{ nodes, groups int }{{2, 10}, {16, 64}} {
		v, _ := bigView(size.nodes, size.groups)
		ours := prometheus.NewRegistry()
		c := New()
		c.Set(v)
		ours.MustRegister(c)
		name := fmt.Sprintf("nodes=%d/groups=%d/", size.nodes, size.groups)
		b.Run(name+"exporter=powerha", func(b *testing.B) { scrape(b, ours) })
		b.Run(name+"exporter=bare", func(b *testing.B) { scrape(b, bareOf(b, ours)) })
	}
}

// bareOf is what client_golang alone makes of as many series: gauges that are set once.
func bareOf(b *testing.B, of *prometheus.Registry) *prometheus.Registry {
	b.Helper()
	families, err := of.Gather()
	if err != nil {
		b.Fatal(err)
	}
	bare := prometheus.NewRegistry()
	for _, f := range families {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.GetName() + "_bare", Help: f.GetHelp()}, []string{"cluster", "node", "one", "two"})
		n := 0
		for _, m := range f.GetMetric() {
			n++
			if h := m.GetHistogram(); h != nil {
				n += len(h.GetBucket()) + 2 // +Inf, sum, count
			}
		}
		for i := range n {
			g.WithLabelValues("c1", "n1", strconv.Itoa(i), "value").Set(float64(i))
		}
		bare.MustRegister(g)
	}
	return bare
}

func scrape(b *testing.B, reg *prometheus.Registry) {
	h := promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
	var took []time.Duration
	body := 0
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
		rec := httptest.NewRecorder()
		start := time.Now()
		h.ServeHTTP(rec, req)
		took = append(took, time.Since(start))
		body = rec.Body.Len()
		if _, err := io.Copy(io.Discard, rec.Body); err != nil || rec.Code != http.StatusOK {
			b.Fatal(rec.Code, err)
		}
	}
	b.ReportMetric(float64(body), "body-B")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100])/float64(time.Millisecond), "p99-ms")
}

// BenchmarkSet is what the making of a view's metrics costs, once for each view.
func BenchmarkSet(b *testing.B) {
	for _, size := range []struct{ nodes, groups int }{{2, 10}, {16, 64}} {
		b.Run(fmt.Sprintf("nodes=%d/groups=%d", size.nodes, size.groups), func(b *testing.B) {
			v, _ := bigView(size.nodes, size.groups)
			c := New()
			b.ReportAllocs()
			for b.Loop() {
				c.Set(v)
			}
		})
	}
}
