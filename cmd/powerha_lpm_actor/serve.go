package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"

	"powerha_lpm_exporter/internal/actor"
	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/confirm"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/journal"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/notify"
	"powerha_lpm_exporter/internal/peer/records"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/privilege"
	"powerha_lpm_exporter/internal/snapshot"
)

// journalReserve is the room that is kept in advance for the records of one whole episode.
const journalReserve = 1 << 20

// localTimeout bounds a question to the exporter or to a peer's actor.
const localTimeout = 5 * time.Second

type program struct {
	flags  *flags
	logger log.Logger
	slog   *slog.Logger
	cfg    *config.Config

	clk    clock.Clock
	runner *command.OS
	client *powerha.Client
	actor  *actor.Actor
	creds  *records.Credentials
	hook   *actor.Webhook
}

// serve makes everything ready first, so that nothing is half-started, then runs until ctx ends or a part fails.
func (p *program) serve(ctx context.Context) error {
	p.clk = clock.System()
	if err := p.prepare(ctx); err != nil {
		return err
	}
	listeners, err := p.listen()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.reloads(ctx)
	return p.runAll(ctx, cancel, listeners)
}

// prepare opens the state folder and the journal, and builds the actor.
func (p *program) prepare(ctx context.Context) error {
	own := filepath.Join(p.cfg.StateDir, "actor")
	for dir, perm := range map[string]os.FileMode{own: 0o700, filepath.Join(own, "acts"): 0o700, filepath.Join(p.cfg.StateDir, "dr"): 0o750} {
		if err := os.MkdirAll(dir, perm); err != nil {
			return fmt.Errorf("state folder: %w; the actor does not work without it: set state_dir, or its permissions", err)
		}
	}
	state, err := durable.OpenDir(p.cfg.StateDir)
	if err != nil {
		return fmt.Errorf("state folder %s: %w", p.cfg.StateDir, err)
	}
	files, err := durable.OpenDir(own)
	if err != nil {
		return fmt.Errorf("state folder %s: %w", own, err)
	}
	j, recs, damage, err := journal.Open(files, p.clk, journalReserve)
	if err != nil {
		return fmt.Errorf("%s: %w; look at it with `lpmctl journal verify`, and move it away to begin a new one", filepath.Join(own, journal.Name), err)
	}
	if damage.TornBytes > 0 {
		_ = level.Warn(p.logger).Log("msg", "the last record of the journal was torn and is dropped", "bytes", damage.TornBytes, "reason", damage.Reason)
	}
	p.runner = command.NewRunner(p.clk, filepath.Join(own, "acts"))
	reading := privilege.Reading(p.cfg, os.Geteuid() == 0)
	reading.Runner, reading.Clock = p.runner, p.clk
	p.client = powerha.New(reading)
	node, err := p.node(ctx)
	if err != nil {
		return err
	}
	link, err := p.link()
	if err != nil {
		return err
	}
	opt := actor.OptionsOf(p.cfg, node, p.flags.dryRun)
	opt.Acts = p.client
	p.actor, err = actor.NewActor(actor.Deps{
		Clock: p.clk, Runner: p.runner, Reader: p.client, Journal: j, State: state, Gate: p.gate(), Link: link, Pager: p.pager(),
		Snapshot: func(ctx context.Context) (model.Snapshot, error) {
			return snapshot.Fetch(ctx, filepath.Join(p.cfg.StateDir, "exporter", "snapshot.sock"))
		},
		Log: p.logger, Version: version.Version, CheckExpires: p.cfg.Migration.CheckExpires.D(), Timeout: localTimeout,
	}, opt, recs)
	return err
}

// node is PowerHA's name of this node: configured, or asked from CAA.
func (p *program) node(ctx context.Context) (string, error) {
	if p.cfg.Cluster.Node != "" {
		return p.cfg.Cluster.Node, nil
	}
	r := p.client.Read(ctx, model.SourceMembers)
	for _, m := range r.Members {
		if m.Local {
			return m.Name, nil
		}
	}
	return "", fmt.Errorf("the PowerHA name of this node is not known (%s); set cluster.node", r.Err)
}

func (p *program) gate() confirm.Querier {
	c := p.cfg.Confirmation
	return confirm.New(confirm.Options{URLs: c.PrometheusURLs, Headers: c.Headers, Clock: p.clk, Timeout: p.cfg.Cluster.Timeout.D()})
}

// link reaches the actors of other nodes; nil when none is configured.
func (p *program) link() (records.Link, error) {
	if len(p.cfg.Actors.Targets) == 0 {
		return nil, nil
	}
	var err error
	if p.creds, err = records.LoadCredentials(p.cfg.Actors.TLS); err != nil {
		return nil, err
	}
	return records.NewLink(p.creds, p.cfg.Actors.Targets, p.clk), nil
}

func (p *program) pager() *notify.Notifier {
	n := p.cfg.Notify
	o := notify.Options{Command: n.Command, Syslog: n.Syslog, Runner: p.runner, Clock: p.clk, Log: p.logger}
	if n.Errlog {
		o.Errlogger = []string{"/usr/bin/errlogger"}
		if argv := p.cfg.Cluster.Commands["errlogger"]; len(argv) > 0 {
			o.Errlogger = argv
		}
	}
	return notify.New(o)
}

// runAll runs every part until ctx ends or one of them fails, and waits for all of them.
func (p *program) runAll(ctx context.Context, cancel context.CancelFunc, l listeners) error {
	parts := []func(context.Context) error{
		p.actor.Run,
		func(ctx context.Context) error {
			return control.Serve(ctx, filepath.Join(p.cfg.StateDir, control.SocketName), actor.Socket{Actor: p.actor})
		},
		func(ctx context.Context) error { return p.web(ctx, l.web) },
	}
	if l.webhook != nil {
		parts = append(parts, func(ctx context.Context) error { return p.webhook(ctx, l.webhook) })
	}
	if l.actors != nil {
		nodes := make([]string, 0, len(p.cfg.Actors.Targets))
		for n := range p.cfg.Actors.Targets {
			nodes = append(nodes, n)
		}
		parts = append(parts, func(ctx context.Context) error {
			return records.ServeListener(ctx, l.actors, p.creds, nodes, actor.Peers{Actor: p.actor})
		})
	}
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer cancel()
			errs[i] = part(ctx)
		}()
	}
	_ = level.Info(p.logger).Log("msg", "started", "version", version.Version, "mode", p.cfg.Migration.Mode, "dry_run", p.flags.dryRun, "node", p.actor.View().Status.Node)
	wg.Wait()
	return errors.Join(errs...)
}

// reloads takes a new configuration in at SIGHUP; a bad one keeps the old.
func (p *program) reloads(ctx context.Context) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				p.reload()
			}
		}
	}()
}

func (p *program) reload() {
	cfg, err := config.Load(p.flags.ConfigFile, p.flags.ConfigNamed)
	if err != nil {
		_ = level.Error(p.logger).Log("msg", "the configuration was not reloaded; the old one stays in force", "err", err)
		return
	}
	opt := actor.OptionsOf(cfg, p.actor.View().Status.Node, p.flags.dryRun)
	opt.Acts = p.client
	p.actor.Configure(opt)
	_ = level.Info(p.logger).Log("msg", "configuration reloaded; migration, confirmation, variables and failover take effect between episodes, addresses, commands and servers at the next start")
}
