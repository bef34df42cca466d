package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/model"
)

// handler serves everything. ctx ends reloads that are under way at the end.
func (p *program) handler(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+p.flags.Telemetry, p.metrics())
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "healthy")
	})
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		if !p.exp.Ready() {
			http.Error(w, "not ready: some sources were not read yet", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ready")
	})
	mux.HandleFunc("GET /status", p.status)
	mux.HandleFunc("/-/reload", func(w http.ResponseWriter, r *http.Request) { p.reloadRequested(ctx, w, r) })
	if landing, err := web.NewLandingPage(web.LandingConfig{
		Name: "PowerHA LPM Exporter", Description: "Live Partition Mobility of a PowerHA SystemMirror node",
		Version: version.Info(), Profiling: "false",
		Links: []web.LandingLinks{
			{Address: p.flags.Telemetry, Text: "Metrics"},
			{Address: "/status", Text: "Status", Description: "what this node knows now (JSON: /status?format=json)"},
		},
	}); err == nil {
		mux.Handle("/", landing)
	}
	return mux
}

func (p *program) metrics() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(p.exp.Collector())
	opts := promhttp.HandlerOpts{
		// A compressor takes a megabyte of memory; a page is some forty kilobytes.
		EnableOpenMetrics: true, MaxRequestsInFlight: p.flags.MaxRequests, DisableCompression: true,
		ErrorHandling: promhttp.ContinueOnError, ErrorLog: errorLog{p.logger},
	}
	if p.flags.NoRuntime {
		return promhttp.HandlerFor(reg, opts)
	}
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	opts.Registry = reg
	return promhttp.InstrumentMetricHandler(reg, promhttp.HandlerFor(reg, opts))
}

type errorLog struct{ logger log.Logger }

func (l errorLog) Println(v ...any) {
	_ = level.Error(l.logger).Log("msg", "scrape", "err", strings.TrimSpace(fmt.Sprintln(v...)))
}

func (p *program) reloadRequested(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	switch {
	case !p.flags.lifecycle:
		http.Error(w, "disabled: start the exporter with --web.enable-lifecycle, or send it SIGHUP", http.StatusForbidden)
	case r.Method != http.MethodPost && r.Method != http.MethodPut:
		http.Error(w, "only POST reloads", http.StatusMethodNotAllowed)
	default:
		if err := p.reload(ctx); err != nil {
			http.Error(w, "not loaded: "+err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = fmt.Fprintln(w, "loaded")
	}
}

// statusPage is what /status shows, as JSON or as a page.
type statusPage struct {
	Ready      bool              `json:"ready"`
	Collectors []collector.State `json:"collectors"`
	Snapshot   model.Snapshot    `json:"snapshot"`
}

func (p *program) status(w http.ResponseWriter, r *http.Request) {
	page := statusPage{Ready: p.exp.Ready(), Collectors: p.exp.View().Collectors, Snapshot: p.exp.Snapshot()}
	w.Header().Set("Cache-Control", "no-store")
	if r.FormValue("format") == "json" || strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(page)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	t, err := template.New("status").Funcs(template.FuncMap{"ago": ago, "failures": failures}).Parse(statusHTML)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = t.Execute(w, page)
}

// ago tells how long before the snapshot a moment was.
func ago(s model.Snapshot, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return s.At.Wall.Sub(t).Round(time.Second).String() + " ago"
}

// failures lists what could not be read at the last attempt.
func failures(s model.Snapshot) []string {
	var out []string
	for _, r := range s.Facts.Last {
		if r.Err != "" {
			out = append(out, r.Err)
		}
	}
	slices.Sort(out)
	return out
}

const statusHTML = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>{{.Snapshot.Node}}: LPM status</title>
<style>body{font:16px sans-serif;margin:2em;max-width:60em}td,th{text-align:left;padding:.2em 1em .2em 0}.bad{color:#b00020}</style>
</head><body>
<h1>{{with .Snapshot.Node}}{{.}}{{else}}node not known yet{{end}} in {{with .Snapshot.Cluster}}{{.}}{{else}}cluster not known yet{{end}}</h1>
<p>Migration: <strong>{{.Snapshot.Episode.Phase}}</strong>{{with .Snapshot.Episode.Result}}, last one {{.}}{{end}}{{with .Snapshot.Episode.Witnesses}}, told by {{range $i, $w := .}}{{if $i}}, {{end}}{{$w}}{{end}}{{end}}{{with .Snapshot.Episode.Why}} ({{.}}){{end}}</p>
{{with .Snapshot.Freeze}}<p>Last freeze: {{with .Fused}}{{.}}{{else}}not visible{{end}} ± {{.FusedBound}} at {{.Start}}</p>{{end}}
<h2>Resource groups</h2><table><tr><th>group</th><th>last known owner</th></tr>
{{range .Snapshot.Owners}}<tr><td>{{.Group}}</td><td>{{range .Nodes}}{{.}} {{end}}</td></tr>{{end}}</table>
<h2>Probes</h2><table><tr><th>application</th><th>probe</th><th>from</th><th>of</th><th>last</th></tr>
{{range .Snapshot.Probes}}<tr><td>{{.Application}}</td><td>{{.Probe}}</td><td>{{.Vantage}}</td><td>{{.TargetNode}}</td>
<td>{{if .Error}}<span class="bad">{{.Error}}</span>{{else if .Waiting}}waits: {{.Waiting}}{{else if .LastAt.IsZero}}not tried yet{{else}}ok{{end}}</td></tr>{{end}}</table>
<h2>Peers</h2><table><tr><th>node</th><th>heartbeats</th><th>phase</th></tr>
{{range .Snapshot.Peers}}<tr><td>{{.Node}}</td><td>{{if .Up}}arrive{{else}}<span class="bad">none</span>{{end}}</td><td>{{.Phase}}</td></tr>{{end}}</table>
<h2>Collectors</h2><table><tr><th>collector</th><th>last refresh</th><th>last success</th></tr>
{{$s := .Snapshot}}{{range .Collectors}}<tr><td>{{.Name}}</td><td>{{if .Success}}ok{{else}}<span class="bad">failed</span>{{end}}</td><td>{{ago $s .LastSuccess}}</td></tr>{{end}}</table>
{{with failures .Snapshot}}<h2>What failed</h2>{{range .}}<p class="bad">{{.}}</p>{{end}}{{end}}
</body></html>
`
