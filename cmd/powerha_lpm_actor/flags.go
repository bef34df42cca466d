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

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/logging"
)

const name = "powerha_lpm_actor"

type flags struct {
	app           *kingpin.Application
	terminated    bool
	log           *logging.Config
	web           *web.FlagConfig
	configFile    string
	configNamed   bool
	telemetry     string
	maxRequests   int
	noRuntime     bool
	dryRun        bool
	webhookListen string
	webhookConfig string
}

func newFlags(stdout, stderr io.Writer) *flags {
	f := &flags{}
	app := kingpin.New(name, "Decides and acts for safe Live Partition Mobility of PowerHA SystemMirror nodes. It runs as root; "+
		"with an empty configuration it only observes. Every flag can also be given as an environment variable, e.g. POWERHA_LPM_ACTOR_CONFIG_FILE.")
	f.app = app
	app.DefaultEnvars()
	app.UsageWriter(stdout).ErrorWriter(stderr)
	app.Terminate(func(int) { f.terminated = true })
	app.HelpFlag.Short('h')
	app.Version(version.Print(name)) // shown by --version alone
	f.log = logging.AddFlags(app)
	f.web = kingpinflag.AddFlags(app, ":10982")
	app.Flag("config.file", "Configuration file of all programs. An absent file of the default name means defaults.").
		Default(config.DefaultPath).IsSetByUser(&f.configNamed).StringVar(&f.configFile)
	app.Flag("web.telemetry-path", "Path under which metrics are served.").Default("/metrics").StringVar(&f.telemetry)
	app.Flag("web.max-requests", "Maximum number of scrapes at once; 0 for no limit.").Default("40").IntVar(&f.maxRequests)
	app.Flag("web.disable-exporter-metrics", "Leave out the metrics of the actor's own process (go_*, process_*).").BoolVar(&f.noRuntime)
	app.Flag("dry-run", "Write down and print the commands that would change the cluster, and run none.").BoolVar(&f.dryRun)
	app.Flag("webhook.listen-address", "Address for Alertmanager's webhook, POST /api/v1/alerts, which only makes the actor look sooner. Off when empty.").StringVar(&f.webhookListen)
	app.Flag("webhook.config.file", "TLS and authentication of the webhook, in the format of --web.config.file.").StringVar(&f.webhookConfig)
	return f
}

// parse reads the arguments. done means that there is nothing left to do, after --help or --version.
func (f *flags) parse(args []string) (done bool, err error) {
	_, err = f.app.Parse(args)
	if f.terminated {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if _, ok := os.LookupEnv("POWERHA_LPM_ACTOR_CONFIG_FILE"); ok {
		f.configNamed = true
	}
	if !strings.HasPrefix(f.telemetry, "/") || f.telemetry == "/" || f.telemetry == "/status" || strings.HasPrefix(f.telemetry, "/-/") {
		return false, fmt.Errorf("--web.telemetry-path %q: want a path like /metrics that is not taken by the actor", f.telemetry)
	}
	if f.maxRequests < 0 {
		return false, fmt.Errorf("--web.max-requests %d: want 0 or more", f.maxRequests)
	}
	if f.webhookConfig != "" && f.webhookListen == "" {
		return false, fmt.Errorf("--webhook.config.file %q has no use without --webhook.listen-address", f.webhookConfig)
	}
	return false, nil
}
