package collector

import (
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

// BenchmarkScrape compares a scrape of 2 nodes and 10 resource groups with one of a bare exporter with as many series.
func BenchmarkScrape(b *testing.B) {
	v, _ := bigView(2, 10)
	ours := prometheus.NewRegistry()
	c := New()
	c.Set(v)
	ours.MustRegister(c)
	families, err := ours.Gather()
	if err != nil {
		b.Fatal(err)
	}
	bare := prometheus.NewRegistry()
	for _, f := range families {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.GetName() + "_bare", Help: f.GetHelp()}, []string{"cluster", "node", "one", "two"})
		n := 0
		for _, m := range f.GetMetric() {
			n += max(1, len(m.GetHistogram().GetBucket()))
		}
		for i := range n {
			g.WithLabelValues("c1", "n1", strconv.Itoa(i), "value").Set(float64(i))
		}
		bare.MustRegister(g)
	}
	b.Run("exporter=powerha", func(b *testing.B) { scrape(b, ours) })
	b.Run("exporter=bare", func(b *testing.B) { scrape(b, bare) })
}

func scrape(b *testing.B, reg *prometheus.Registry) {
	h := promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
	var took []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
		rec := httptest.NewRecorder()
		start := time.Now()
		h.ServeHTTP(rec, req)
		took = append(took, time.Since(start))
		if _, err := io.Copy(io.Discard, rec.Body); err != nil || rec.Code != http.StatusOK {
			b.Fatal(rec.Code, err)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100])/float64(time.Millisecond), "p99-ms")
}

// BenchmarkSet is what the making of a view's metrics costs, once for each view.
func BenchmarkSet(b *testing.B) {
	v, _ := bigView(2, 10)
	c := New()
	b.ReportAllocs()
	for b.Loop() {
		c.Set(v)
	}
}
