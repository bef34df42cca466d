// Package daemon is what the two daemons have in common at their start: flags
// and environment, limits of the process, logs, configuration, exit codes.
package daemon

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/logging"
)

// Flags are those that both daemons have. A daemon adds its own to App.
type Flags struct {
	App         *kingpin.Application
	Log         *logging.Config
	Web         *web.FlagConfig
	ConfigFile  string
	ConfigNamed bool // it was named, so that it must exist
	Telemetry   string
	MaxRequests int
	NoRuntime   bool // leave out the metrics of the process itself

	name       string
	terminated bool
}

// NewFlags returns the common flags of the named program. Every flag can be
// given as an environment variable too.
func NewFlags(name, help, listen string, stdout, stderr io.Writer) *Flags {
	f := &Flags{name: name}
	app := kingpin.New(name, help+" Every flag can also be given as an environment variable, e.g. "+variable(name, "config.file")+".")
	f.App = app
	app.DefaultEnvars()
	app.UsageWriter(stdout).ErrorWriter(stderr)
	app.Terminate(func(int) { f.terminated = true })
	app.HelpFlag.Short('h')
	app.Version(version.Print(name)) // shown by --version alone
	f.Log = logging.AddFlags(app)
	f.Web = kingpinflag.AddFlags(app, listen)
	app.Flag("config.file", "Configuration file of all programs. An absent file of the default name means defaults.").
		Default(config.DefaultPath).IsSetByUser(&f.ConfigNamed).StringVar(&f.ConfigFile)
	app.Flag("web.telemetry-path", "Path under which metrics are served.").Default("/metrics").StringVar(&f.Telemetry)
	app.Flag("web.max-requests", "Maximum number of scrapes at once; 0 for no limit.").Default("40").IntVar(&f.MaxRequests)
	app.Flag("web.disable-exporter-metrics", "Leave out the metrics of the program's own process (go_*, process_*, promhttp_*).").BoolVar(&f.NoRuntime)
	return f
}

// Parse reads the arguments. taken are the paths that the daemon serves
// itself; fresh makes its flags anew, to find out which of them an error is
// about. done means that there is nothing left to do, after --help or --version.
func (f *Flags) Parse(args []string, taken []string, fresh func() *Flags) (done bool, err error) {
	_, err = f.App.Parse(args)
	if f.terminated {
		return true, nil
	}
	if err != nil {
		return false, f.blame(args, err, fresh)
	}
	f.ConfigNamed = f.ConfigNamed || f.InEnvironment("config.file")
	switch {
	case !strings.HasPrefix(f.Telemetry, "/") || f.Telemetry == "/":
		return false, fmt.Errorf("--web.telemetry-path %q: want a path like /metrics", f.Telemetry)
	case slices.Contains(taken, f.Telemetry):
		return false, fmt.Errorf("--web.telemetry-path %q is taken by the program: choose another", f.Telemetry)
	case f.MaxRequests < 0:
		return false, fmt.Errorf("--web.max-requests %d: want 0 or more", f.MaxRequests)
	}
	return false, nil
}

// blame puts the name of the flag before an error of its value, which kingpin leaves out.
func (f *Flags) blame(args []string, err error, fresh func() *Flags) error {
	same := func(args ...string) bool {
		_, again := fresh().App.Parse(args)
		return again != nil && again.Error() == err.Error()
	}
	if same() {
		return fmt.Errorf("environment %s_…: %w", strings.ToUpper(f.name), err)
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

// InEnvironment reports whether the flag is given by its environment variable.
func (f *Flags) InEnvironment(flag string) bool {
	_, ok := os.LookupEnv(variable(f.name, flag))
	return ok
}

func variable(name, flag string) string {
	return strings.ToUpper(name + "_" + strings.NewReplacer(".", "_", "-", "_").Replace(flag))
}
