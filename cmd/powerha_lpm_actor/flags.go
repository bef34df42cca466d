package main

import (
	"fmt"
	"io"

	"powerha_lpm_exporter/internal/daemon"
)

const name = "powerha_lpm_actor"

type flags struct {
	*daemon.Flags
	dryRun        bool
	webhookListen string
	webhookConfig string
}

func newFlags(stdout, stderr io.Writer) *flags {
	f := &flags{Flags: daemon.NewFlags(name, "Decides and acts for safe Live Partition Mobility of PowerHA SystemMirror nodes. It runs as root; "+
		"with an empty configuration it only observes.", ":10982", stdout, stderr)}
	f.App.Flag("dry-run", "Write down and print the commands that would change the cluster, and run none.").BoolVar(&f.dryRun)
	f.App.Flag("webhook.listen-address", "Address for Alertmanager's webhook, POST /api/v1/alerts, which only makes the actor look sooner. Off when empty.").StringVar(&f.webhookListen)
	f.App.Flag("webhook.config.file", "TLS and authentication of the webhook, in the format of --web.config.file.").StringVar(&f.webhookConfig)
	return f
}

// parse reads the arguments. done means that there is nothing left to do, after --help or --version.
func (f *flags) parse(args []string) (done bool, err error) {
	done, err = f.Parse(args, []string{"/status", "/-/healthy", "/-/ready"},
		func() *daemon.Flags { return newFlags(io.Discard, io.Discard).Flags })
	if err == nil && !done && f.webhookConfig != "" && f.webhookListen == "" {
		err = fmt.Errorf("--webhook.config.file %q has no use without --webhook.listen-address", f.webhookConfig)
	}
	return done, err
}
