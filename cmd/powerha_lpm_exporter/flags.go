package main

import (
	"errors"
	"io"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/daemon"
)

const name = "powerha_lpm_exporter"

type flags struct {
	*daemon.Flags
	lifecycle  bool
	noDefaults bool
	allowRoot  bool
	collectors map[string]*collectorFlag
}

type collectorFlag struct{ on, set bool }

func newFlags(stdout, stderr io.Writer) *flags {
	f := &flags{
		Flags:      daemon.NewFlags(name, "Prometheus exporter for Live Partition Mobility of PowerHA SystemMirror nodes.", ":10981", stdout, stderr),
		collectors: make(map[string]*collectorFlag),
	}
	f.App.Flag("web.enable-lifecycle", "Reload the configuration on POST /-/reload, too. SIGHUP always does.").BoolVar(&f.lifecycle)
	f.App.Flag("allow-root", "Run as root all the same, for trials and containers: the program needs no privilege, and without this it refuses them.").BoolVar(&f.allowRoot)
	f.App.Flag("collector.disable-defaults", "Disable every collector that is not named by a flag.").BoolVar(&f.noDefaults)
	for _, n := range collector.Names() {
		c := &collectorFlag{}
		f.collectors[n] = c
		f.App.Flag("collector."+n, "Enable the "+n+" collector.").Default("true").IsSetByUser(&c.set).BoolVar(&c.on)
	}
	return f
}

// parse reads the arguments. done means that there is nothing left to do, after --help or --version.
func (f *flags) parse(args []string) (done bool, err error) {
	return f.Parse(args, []string{"/status", "/-/healthy", "/-/ready", "/-/reload"},
		func() *daemon.Flags { return newFlags(io.Discard, io.Discard).Flags })
}

// enabled tells which collectors run.
func (f *flags) enabled() map[string]bool {
	out := make(map[string]bool)
	for n, c := range f.collectors {
		named := c.set || f.InEnvironment("collector."+n)
		out[n] = c.on && (named || !f.noDefaults)
	}
	return out
}

// errRoot: whoever can make the program do something could do everything.
var errRoot = errors.New("runs as root, and needs no privilege: start it as a user of its own (docs/install.md); " +
	"`lpmctl sudoers` prints what that user has to be allowed; --allow-root for a trial")

// mayRun refuses root.
func (f *flags) mayRun(uid int) error {
	if uid == 0 && !f.allowRoot {
		return errRoot
	}
	return nil
}
