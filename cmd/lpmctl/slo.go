package main

import (
	"errors"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/history"
	"powerha_lpm_exporter/internal/slo"
)

// sloFlags are those of `lpmctl slo`.
type sloFlags struct {
	month, prometheus, cluster string
	headers                    []string
	objective                  float64
	objectiveSet               bool
	cap, wait                  span
}

func addSLO(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	var f sloFlags
	c := app.Command("slo", "Report how available each application was in a month, with and without declared migration windows, and what each migration cost. It asks Prometheus and changes nothing.")
	c.Flag("month", "The month, in UTC; the present one without it.").PlaceHolder("2026-11").StringVar(&f.month)
	c.Flag("prometheus", "Ask this Prometheus; the first of confirmation.prometheus_urls without it.").PlaceHolder("URL").StringVar(&f.prometheus)
	c.Flag("header", "Header for Prometheus, NAME:VALUE or NAME:@FILE; may be repeated. Those of the configuration go to the servers that it names.").PlaceHolder("NAME:VALUE").StringsVar(&f.headers)
	c.Flag("cluster", "Name of the cluster in Prometheus, where it is not known here.").PlaceHolder("NAME").StringVar(&f.cluster)
	c.Flag("objective", "Objective of every application; without it the one that the recording rules have, else 0.999.").PlaceHolder("0.999").IsSetByUser(&f.objectiveSet).Float64Var(&f.objective)
	c.Flag("window-cap", "What declared windows may leave out of the month of one application.").Default("4h").SetValue(&f.cap)
	c.Flag("timeout", "How long Prometheus may take altogether.").Default("5m").SetValue(&f.wait)
	verbs["slo"] = func() int { return t.slo(f) }
}

// defaultObjective is _config.sloObjective of the mixin.
const defaultObjective = 0.999

// monthText is what --month takes.
var monthText = regexp.MustCompile(`^\d{4}-\d{2}$`)

func (t *tool) slo(f sloFlags) int {
	now := t.clk.Now().Wall.UTC()
	if f.month == "" {
		f.month = now.Format("2006-01")
	}
	from, err := time.Parse("2006-01", f.month)
	if err != nil || !monthText.MatchString(f.month) {
		return t.fail(exitUsage, "--month %q is no month; write for instance %s", f.month, now.Format("2006-01"))
	}
	if from.After(now) {
		return t.fail(exitUsage, "--month %s has not begun", f.month)
	}
	if f.objectiveSet && !(f.objective > 0 && f.objective < 1) {
		return t.fail(exitUsage, "--objective %v is no part of the time between 0 and 1; write for instance 0.999", f.objective)
	}
	if f.wait.D() <= 0 {
		return t.fail(exitUsage, "--timeout %s: write more than 0", f.wait.Duration)
	}
	headers, err := headerMap(f.headers)
	if err != nil {
		return t.fail(exitUsage, "%v", err)
	}
	if !t.config() {
		return exitNo
	}
	o := slo.Options{Cluster: f.cluster, From: from, To: from.AddDate(0, 1, 0), Objective: defaultObjective, WindowCap: f.cap.D()}
	if o.Until = o.To; now.Before(o.To) {
		o.Until = now.Truncate(time.Second)
	}
	if !o.Until.After(o.From) {
		return t.fail(exitUsage, "--month %s has only just begun", f.month)
	}
	if f.objectiveSet {
		o.Objective, o.Objectives = f.objective, map[string]float64{}
	}
	if o.Cluster == "" {
		o.Cluster = t.clusterName()
	}
	if o.Cluster == "" {
		return t.fail(exitUsage, "which cluster to ask Prometheus for is not known; give --cluster")
	}
	if f.prometheus == "" {
		if len(t.cfg.Confirmation.PrometheusURLs) == 0 {
			return t.fail(exitUsage, "confirmation.prometheus_urls names no server; give --prometheus URL")
		}
		f.prometheus = t.cfg.Confirmation.PrometheusURLs[0]
	}
	p := slo.Prometheus{URL: f.prometheus, Headers: t.headersFor(f.prometheus, headers), Clock: t.clk, Timeout: f.wait.D()}
	m, err := p.Report(t.ctx, o)
	if err != nil {
		return t.fail(exitUnreachable, "%v", err)
	}
	return t.printMonth(&m)
}

// clusterName is what the configuration or the exporter's state says; "" when neither does.
func (t *tool) clusterName() string {
	if t.cfg.Cluster.Name != "" {
		return t.cfg.Cluster.Name
	}
	fsys, err := durable.OpenDir(t.cfg.StateDir)
	if err == nil {
		var n history.Node
		if n, err = history.Read(fsys); err == nil {
			return n.Cluster
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.fail(0, "name of the cluster in %s: %v", t.cfg.StateDir, err)
	}
	return ""
}

// headersFor adds those of the configuration to the given ones: a configured secret goes to the servers that it was
// configured for, and nowhere else.
func (t *tool) headersFor(url string, given map[string]string) map[string]string {
	all := map[string]string{}
	if slices.ContainsFunc(t.cfg.Confirmation.PrometheusURLs, func(u string) bool {
		return strings.TrimRight(u, "/") == strings.TrimRight(url, "/")
	}) {
		maps.Copy(all, t.cfg.Confirmation.Headers)
	}
	maps.Copy(all, given)
	return all
}

func (t *tool) printMonth(m *slo.Month) int {
	var err error
	switch t.output {
	case "json":
		return t.json(m)
	case "html":
		err = slo.HTML(t.stdout, m)
	case "csv":
		err = slo.CSV(t.stdout, m)
	default:
		t.monthRows(m)
	}
	if err != nil {
		return t.fail(exitNo, "write the report: %v", err)
	}
	return exitOK
}
