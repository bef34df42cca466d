package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/logging"
)

const name = "powerha_lpm_exporter"

type flags struct {
	app         *kingpin.Application
	terminated  bool
	log         *logging.Config
	web         *web.FlagConfig
	configFile  string
	configNamed bool
	telemetry   string
	maxRequests int
	lifecycle   bool
	noRuntime   bool
	noDefaults  bool
	collectors  map[string]*collectorFlag
}

type collectorFlag struct{ on, set bool }

func newFlags(stdout, stderr io.Writer) *flags {
	f := &flags{collectors: make(map[string]*collectorFlag)}
	app := kingpin.New(name, "Prometheus exporter for Live Partition Mobility of PowerHA SystemMirror nodes. "+
		"Every flag can also be given as an environment variable, e.g. POWERHA_LPM_EXPORTER_CONFIG_FILE.")
	f.app = app
	app.DefaultEnvars()
	app.UsageWriter(stdout).ErrorWriter(stderr)
	app.Terminate(func(int) { f.terminated = true })
	app.HelpFlag.Short('h')
	app.Version(version.Print(name)) // shown by --version alone
	f.log = logging.AddFlags(app)
	f.web = kingpinflag.AddFlags(app, ":10981")
	app.Flag("config.file", "Configuration file of all programs. An absent file of the default name means defaults.").
		Default(config.DefaultPath).IsSetByUser(&f.configNamed).StringVar(&f.configFile)
	app.Flag("web.telemetry-path", "Path under which metrics are served.").Default("/metrics").StringVar(&f.telemetry)
	app.Flag("web.max-requests", "Maximum number of scrapes at once; 0 for no limit.").Default("40").IntVar(&f.maxRequests)
	app.Flag("web.enable-lifecycle", "Reload the configuration on POST /-/reload, too. SIGHUP always does.").BoolVar(&f.lifecycle)
	app.Flag("web.disable-exporter-metrics", "Leave out the metrics of the exporter's own process (go_*, process_*, promhttp_*).").BoolVar(&f.noRuntime)
	app.Flag("collector.disable-defaults", "Disable every collector that is not named by a flag.").BoolVar(&f.noDefaults)
	for _, n := range collector.Names() {
		c := &collectorFlag{}
		f.collectors[n] = c
		app.Flag("collector."+n, "Enable the "+n+" collector.").Default("true").IsSetByUser(&c.set).BoolVar(&c.on)
	}
	return f
}

// parse reads the arguments. done means that there is nothing left to do, after --help or --version.
func (f *flags) parse(args []string) (done bool, err error) {
	_, err = f.app.Parse(args)
	if f.terminated {
		return true, nil
	}
	if err != nil {
		return false, blame(args, err)
	}
	f.configNamed = f.configNamed || inEnvironment("config.file")
	if !strings.HasPrefix(f.telemetry, "/") || f.telemetry == "/" {
		return false, fmt.Errorf("--web.telemetry-path %q: want a path like /metrics", f.telemetry)
	}
	for _, taken := range []string{"/status", "/-/healthy", "/-/ready", "/-/reload"} {
		if f.telemetry == taken {
			return false, fmt.Errorf("--web.telemetry-path %q is taken by the exporter: choose another", taken)
		}
	}
	if f.maxRequests < 0 {
		return false, fmt.Errorf("--web.max-requests %d: want 0 or more", f.maxRequests)
	}
	return false, nil
}

// blame puts the name of the flag before an error of its value, which kingpin leaves out.
func blame(args []string, err error) error {
	same := func(args ...string) bool {
		_, again := newFlags(io.Discard, io.Discard).app.Parse(args)
		return again != nil && again.Error() == err.Error()
	}
	if same() {
		return fmt.Errorf("environment %s_…: %w", strings.ToUpper(name), err)
	}
	for i, a := range args {
		flag, _, _ := strings.Cut(a, "=")
		if strings.Contains(err.Error(), strings.TrimLeft(flag, "-")) {
			continue
		}
		if same(a) || i+1 < len(args) && same(a, args[i+1]) {
			return fmt.Errorf("%s: %w", flag, err)
		}
	}
	return err
}

// enabled tells which collectors run.
func (f *flags) enabled() map[string]bool {
	out := make(map[string]bool)
	for n, c := range f.collectors {
		named := c.set || inEnvironment("collector."+n)
		out[n] = c.on && (named || !f.noDefaults)
	}
	return out
}

func inEnvironment(flag string) bool {
	_, ok := os.LookupEnv(strings.ToUpper(name + "_" + strings.NewReplacer(".", "_", "-", "_").Replace(flag)))
	return ok
}
