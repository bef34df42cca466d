package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/advise"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/history"
	"powerha_lpm_exporter/internal/model"
)

// adviseFlags are those of `lpmctl advise`.
type adviseFlags struct {
	risk              float64
	prometheus, file  string
	cluster           string
	headers, include  []string
	since, step, wait span

	heartbeat, grace, lpm span
}

// span is a flag in the notation of the configuration.
type span struct {
	config.Duration
	set bool
}

// Set implements kingpin.Value.
func (s *span) Set(text string) error {
	s.set = true
	return s.UnmarshalText([]byte(text))
}

func addAdvise(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	var f adviseFlags
	c := app.Command("advise", "Recommend HEARTBEAT_FREQUENCY_DURING_LPM from the freezes that were measured, with both risks in numbers. It changes nothing. Ends with 1 when there is not enough data.")
	c.Flag("risk", "Accepted probability that the freeze of one migration exceeds the value.").Default("0.01").Float64Var(&f.risk)
	c.Flag("prometheus", "Take the freezes of all nodes from this Prometheus too.").PlaceHolder("URL").StringVar(&f.prometheus)
	c.Flag("header", "Header for Prometheus, NAME:VALUE or NAME:@FILE; may be repeated. Those of the configuration go to the servers that it names.").PlaceHolder("NAME:VALUE").StringsVar(&f.headers)
	c.Flag("since", "Only freezes of this last time (with --prometheus: 90d).").PlaceHolder("DURATION").SetValue(&f.since)
	c.Flag("step", "Resolution of the search in Prometheus: what was the last freeze for less can be missed.").Default("5m").SetValue(&f.step)
	c.Flag("timeout", "How long Prometheus may take altogether.").Default("2m").SetValue(&f.wait)
	c.Flag("cluster", "Name of the cluster in Prometheus, where it is not known here.").PlaceHolder("NAME").StringVar(&f.cluster)
	c.Flag("import", "Take freezes from a file too: CSV or JSON lines, one migration a line, of duration_seconds and bound_seconds.").PlaceHolder("FILE").StringVar(&f.file)
	c.Flag("include", "Count also: outside (freezes outside migrations, each as one), doubtful (freezes of low confidence). May be repeated.").EnumsVar(&f.include, "outside", "doubtful")
	c.Flag("heartbeat-frequency", "Take this instead of the cluster's HEARTBEAT_FREQUENCY.").PlaceHolder("DURATION").SetValue(&f.heartbeat)
	c.Flag("grace-period", "Take this instead of the cluster's GRACE_PERIOD.").PlaceHolder("DURATION").SetValue(&f.grace)
	c.Flag("heartbeat-frequency-during-lpm", "Take this instead of the cluster's HEARTBEAT_FREQUENCY_DURING_LPM; 0 while never set.").PlaceHolder("DURATION").SetValue(&f.lpm)
	verbs["advise"] = func() int { return t.advise(f) }
}

// advised is everything that the verb prints.
type advised struct {
	Cluster  string    `json:"cluster"`
	Node     string    `json:"node"`
	Version  string    `json:"version"` // of PowerHA, "" when unknown
	Settings []setting `json:"settings"`
	// NoVariable: PowerHA before 7.2 has no HEARTBEAT_FREQUENCY_DURING_LPM.
	NoVariable bool           `json:"no_variable"`
	Sources    []string       `json:"sources"`
	Include    advise.Include `json:"include"`
	advise.Advice
	// Commands carry the recommendation out; none when nothing is to be changed.
	Commands      []string `json:"commands,omitempty"`
	Configuration string   `json:"configuration,omitempty"`
	Errors        []string `json:"errors,omitempty"`
}

func (t *tool) advise(f adviseFlags) int {
	if !(f.risk > 0 && f.risk < 1) {
		return t.fail(exitUsage, "--risk %v is no probability between 0 and 1; write for instance 0.01", f.risk)
	}
	if f.lpm.set && f.lpm.D() != 0 && (f.lpm.D() < advise.Minimum || f.lpm.D() > advise.Maximum) {
		return t.fail(exitUsage, "--heartbeat-frequency-during-lpm %s: PowerHA takes %s to %s, or 0 for never set", f.lpm.Duration,
			config.Duration(advise.Minimum), config.Duration(advise.Maximum))
	}
	if f.step.D() < time.Second || f.step.D()%time.Second != 0 || f.wait.D() <= 0 {
		return t.fail(exitUsage, "--step %s, --timeout %s: write whole seconds above 0", f.step.Duration, f.wait.Duration)
	}
	headers, err := headerMap(f.headers)
	if err != nil {
		return t.fail(exitUsage, "%v", err)
	}
	if !t.config() {
		return exitNo
	}
	var a advised
	a.Include = advise.Include{Outside: slices.Contains(f.include, "outside"), Doubtful: slices.Contains(f.include, "doubtful")}
	settings := t.adviseSettings(f, &a)
	records, status := t.records(f, headers, &a)
	if status != exitOK {
		return status
	}
	a.Advice = advise.Make(advise.Input{Records: records, Include: a.Include, Settings: settings, Risk: f.risk})
	t.adviseCommands(&a, settings)
	if t.output == "json" {
		t.json(a)
	} else {
		t.printAdvice(a)
	}
	if a.Recommended == 0 {
		return exitNo
	}
	return exitOK
}

// headerMap reads headers of the form NAME:VALUE.
func headerMap(headers []string) (map[string]string, error) {
	out := map[string]string{}
	for _, h := range headers {
		name, value, ok := strings.Cut(h, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("--header %q is not NAME:VALUE", h)
		}
		out[name] = strings.TrimSpace(value)
	}
	return out, nil
}

// records gathers the freezes of every source. A source that was asked for and fails ends it: advice from half the
// sample would look like advice.
func (t *tool) records(f adviseFlags, headers map[string]string, a *advised) ([]model.FreezeRecord, int) {
	own, err := t.ownHistory(a)
	if err != nil {
		if f.prometheus == "" && f.file == "" {
			return nil, t.fail(exitUnreachable, "%v", err)
		}
		a.Errors = append(a.Errors, err.Error())
	}
	now := t.clk.Now().Wall
	var from time.Time
	if f.since.set {
		from = now.Add(-f.since.D())
	}
	own = slices.DeleteFunc(own, func(r model.FreezeRecord) bool { return r.Start.Before(from) })
	if f.prometheus != "" {
		if from.IsZero() {
			from = now.AddDate(0, 0, -90)
		}
		imported, err := t.askPrometheus(f, headers, a, from, now)
		if err != nil {
			return nil, t.fail(exitUnreachable, "%v", err)
		}
		own = advise.Merge(own, imported)
	}
	if f.file != "" {
		imported, err := readImport(f.file)
		if err != nil {
			return nil, t.fail(exitUnreachable, "read --import %s: %v", f.file, err)
		}
		a.Sources = append(a.Sources, f.file)
		own = append(own, imported...)
	}
	return own, exitOK
}

// ownHistory is what the exporter of this node remembers. The exporter need not run.
func (t *tool) ownHistory(a *advised) ([]model.FreezeRecord, error) {
	path := filepath.Join(t.cfg.StateDir, history.StateName)
	fsys, err := durable.OpenDir(t.cfg.StateDir)
	var n history.Node
	if err == nil {
		n, err = history.Read(fsys)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no history in %s: did the exporter ever run here? Give --prometheus or --import otherwise", path)
	case errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0:
		return nil, fmt.Errorf("read history: %w; run as root or in the exporter's group", err)
	case err != nil:
		return nil, fmt.Errorf("read history in %s: %w", t.cfg.StateDir, err)
	}
	a.Sources = append(a.Sources, fmt.Sprintf("the exporter of %s, which counts since %s", orWord(n.Node, "this node"), n.Created.UTC().Format(time.DateOnly)))
	if a.Node == "" {
		a.Node = n.Node
	}
	if a.Cluster == "" {
		a.Cluster = n.Cluster
	}
	return n.History, nil
}

func (t *tool) askPrometheus(f adviseFlags, headers map[string]string, a *advised, from, to time.Time) ([]model.FreezeRecord, error) {
	if a.Cluster == "" {
		return nil, errors.New("which cluster to ask Prometheus for is not known; give --cluster")
	}
	p := history.Prometheus{URL: f.prometheus, Headers: t.headersFor(f.prometheus, headers), Clock: t.clk, Timeout: f.wait.D()}
	records, err := p.Freezes(t.ctx, a.Cluster, from, to, f.step.D())
	if err == nil {
		a.Sources = append(a.Sources, f.prometheus+" since "+from.UTC().Format(time.DateOnly))
	}
	return records, err
}

// maxImport is the largest file that is read.
const maxImport = 4 << 20

func readImport(path string) ([]model.FreezeRecord, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := io.ReadAll(io.LimitReader(f, maxImport+1))
	if err != nil {
		return nil, err
	}
	if len(p) > maxImport {
		return nil, errors.New("larger than 4 MiB")
	}
	return history.ParseFile(p)
}
