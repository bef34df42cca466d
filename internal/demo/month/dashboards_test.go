package month

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/demo/draw"
)

var pictures = flag.String("dashboards", "", "draw the month's dashboards into this folder, to look at them in a browser")

// silent are the panels that say nothing of this month, and why.
func silent() map[string]string {
	return map[string]string{
		"Most of a budget used":                                   "the month's exporters publish no budget of a freeze",
		"Advice for the variables":                                "the same",
		"Freezes: half, nine of ten, all but one of a hundred":    "the month has no histograms",
		"Migrations: half, nine of ten, all but one of a hundred": "the same",
		"Unwanted cluster events in migrations":                   "there was none",
		"All cluster events":                                      "the month's exporters count none",
		"Left behind now":                                         "nothing was",
	}
}

// checkDashboards wants every panel of the month's two dashboards to say something, and draws them where that is wished.
func checkDashboards(t *testing.T, url string) {
	t.Helper()
	to := begin.Add((Length - 60) * time.Second)
	for _, uid := range []string{"powerha-lpm-slo", "powerha-lpm-history"} {
		d, err := draw.Load(filepath.Join("../../../dashboards", uid+".json"))
		if err != nil {
			t.Fatal(err)
		}
		o := draw.Options{URL: url, From: begin.Add(time.Minute), To: to, ScrapeInterval: Scrape * time.Second}
		s, err := draw.Open(t.Context(), d, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range d.Panels {
			v, err := s.View(t.Context(), p)
			if err != nil {
				t.Error(err)
			}
			_, expected := silent()[p.Title]
			if v.Empty != expected {
				t.Errorf("%s: panel %q is empty: %v, expected: %v", uid, p.Title, v.Empty, expected)
			}
		}
		for _, theme := range []string{"light", "dark"} {
			o.Theme = theme
			var page bytes.Buffer
			if err := draw.Page(t.Context(), &page, d, o); err != nil {
				t.Fatal(err)
			}
			if *pictures == "" {
				continue
			}
			if err := os.WriteFile(filepath.Join(*pictures, uid+"-"+theme+".html"), page.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
