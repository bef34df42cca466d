package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/exporter"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/hmc"
	"powerha_lpm_exporter/internal/identity"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/peer"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/privilege"
	"powerha_lpm_exporter/internal/rtc"
	"powerha_lpm_exporter/internal/sigreconfig"
)

const shutdownWait = 5 * time.Second

// program is the wiring of one run.
type program struct {
	flags  *flags
	logger log.Logger
	slog   *slog.Logger
	clk    clock.Clock
	runner *command.OS
	exp    *exporter.Exporter
	// continued: when this process got SIGCONT.
	continued chan model.Instant

	mu   sync.Mutex // guards what follows; held over a whole reload
	cfg  *config.Config
	opts exporter.Options
}

// serve binds everything first, so that nothing is half started, and then works until ctx ends.
func (p *program) serve(ctx context.Context) error {
	p.clk, p.continued = clock.System(), make(chan model.Instant)
	if err := web.Validate(*p.flags.Web.WebConfigFile); err != nil {
		return fmt.Errorf("--web.config.file %s: %w", *p.flags.Web.WebConfigFile, err)
	}
	listeners, err := p.listen()
	if err != nil {
		return err
	}
	defer closeAll(listeners)
	if err := p.build(); err != nil {
		return err
	}
	_ = level.Info(p.logger).Log("msg", "starting", "version", version.Info(), "build", version.BuildContext())

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { p.exp.Run(ctx) })
	wg.Go(func() { p.reloadOnHangup(ctx) })
	wg.Go(func() { p.watchContinue(ctx) })

	srv := &http.Server{
		Handler:           p.handler(ctx),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute,
	}
	ended := make(chan error, 1)
	go func() { ended <- p.serveWeb(srv, listeners) }()
	select {
	case err := <-ended:
		return fmt.Errorf("web server: %w", err)
	case <-ctx.Done():
	}
	_ = level.Info(p.logger).Log("msg", "stopping")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWait)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		_ = srv.Close()
	}
	if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("web server: %w", err)
	}
	return nil
}

// listen binds the addresses of --web.listen-address, unless they come from systemd or are no TCP addresses: those
// the toolkit binds itself.
func (p *program) listen() ([]net.Listener, error) {
	if s := p.flags.Web.WebSystemdSocket; s != nil && *s {
		return nil, nil
	}
	var out []net.Listener
	for _, addr := range *p.flags.Web.WebListenAddresses {
		if strings.HasPrefix(addr, "vsock://") {
			closeAll(out)
			return nil, nil
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			closeAll(out)
			return nil, fmt.Errorf("--web.listen-address %s: %w: choose a free address, or stop what uses it", addr, err)
		}
		out = append(out, l)
	}
	return out, nil
}

func closeAll(ls []net.Listener) {
	for _, l := range ls {
		_ = l.Close()
	}
}

func (p *program) serveWeb(srv *http.Server, ls []net.Listener) error {
	logger := p.slog
	if len(ls) == 0 {
		return web.ListenAndServe(srv, p.flags.Web, logger)
	}
	return web.ServeMultiple(ls, srv, p.flags.Web, logger)
}

// watchContinue tells when somebody who had stopped this process let it go on.
func (p *program) watchContinue(ctx context.Context) {
	onSignal(ctx, syscall.SIGCONT, func() {
		select {
		case p.continued <- p.clk.Now():
		case <-ctx.Done():
		}
	})
}

// onSignal calls f whenever the signal came, until ctx ends.
func onSignal(ctx context.Context, sig os.Signal, f func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	defer signal.Stop(c)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c:
			f()
		}
	}
}

// build makes the exporter of the configuration.
func (p *program) build() error {
	opts, err := exporter.OptionsOf(p.cfg, p.flags.enabled(), p.clk.Now().Wall)
	if err != nil {
		return err
	}
	p.opts = opts
	p.runner = command.NewRunner(p.clk, "") // runs no acts
	watch, err := p.hmc(p.cfg.HMC)
	if err != nil {
		return err
	}
	heartbeats := p.cfg.Peers // those of the start: p.cfg may be loaded again meanwhile
	p.exp, err = exporter.New(opts, exporter.Deps{
		Clock: p.clk, Logger: p.logger, Reader: p.reader(p.cfg), Runner: p.runner,
		IfRestrict: p.cfg.Cluster.IfRestrict,
		Logs:       exporter.EventLogs{ClusterLog: p.cfg.Cluster.Logs.ClusterLog, HacmpOut: p.cfg.Cluster.Logs.HacmpOut},
		Witnesses: exporter.Witnesses{
			ClutilsLog: p.cfg.Cluster.Logs.ClutilsLog, ClDRState: p.cfg.Cluster.Logs.ClDRState,
			Signals: sigreconfig.Listener{Mode: sigreconfig.Mode(p.cfg.Migration.Sigreconfig), Now: p.clk.Now},
		},
		StateDir: p.cfg.StateDir, Open: opener(p.cfg.StateDir),
		Sampler: freeze.NewSampler(freeze.Config{}, p.clk), Chip: rtc.New(p.clk), Continued: p.continued,
		Peers: func(cluster, node string, events func(peer.Effect)) (exporter.Peers, string, error) {
			return peers(heartbeats, p.clk, cluster, node, events)
		},
		HMC: watch,
	})
	return err
}

// opener opens the folder once it can be opened, and makes it where that is allowed. The runner's lock between
// goroutines lies in what it returns, so that is kept.
func opener(dir string) func() (durable.FS, error) {
	var mu sync.Mutex
	var fsys durable.FS
	return func() (durable.FS, error) {
		mu.Lock()
		defer mu.Unlock()
		if fsys != nil {
			return fsys, nil
		}
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			if err := os.Mkdir(dir, 0o755); err != nil {
				return nil, fmt.Errorf("state_dir %s: %w: make it and give %s/exporter to the exporter's user", dir, err, dir)
			}
		}
		d, err := durable.OpenDir(dir)
		if err != nil {
			return nil, fmt.Errorf("state_dir %s: %w", dir, err)
		}
		fsys = d
		return fsys, nil
	}
}

func (p *program) reader(c *config.Config) exporter.Reader {
	reading := privilege.Reading(c, os.Geteuid() == 0)
	reading.Runner, reading.Clock = p.runner, p.clk
	return identity.Reader{Clock: p.clk, Root: os.DirFS("/"), Source: powerha.New(reading)}
}

// hmc makes the watch from outside; none when no HMC is configured.
func (p *program) hmc(c config.HMC) (exporter.HMCWatch, error) {
	if len(c.Commands) == 0 {
		return exporter.HMCWatch{}, nil
	}
	client, err := hmc.New(hmc.Options{
		Commands: c.Argvs(), Systems: c.Systems, Partition: c.Partition, Timeout: c.Timeout.D(), Runner: p.runner, Clock: p.clk,
	})
	if err != nil {
		return exporter.HMCWatch{}, err
	}
	return exporter.HMCWatch{Client: client, Interval: c.Interval.D()}, nil
}

// peers makes the heartbeats. Without a key there are none, and the peer collector says so.
func peers(c config.Peers, clk clock.Clock, cluster, node string, events func(peer.Effect)) (exporter.Peers, string, error) {
	if len(c.Targets) == 0 {
		return nil, "", nil
	}
	key, err := peer.LoadKey(c.KeyFile)
	disabled := ""
	if err != nil {
		disabled = fmt.Sprintf("no heartbeats: peers.key_file: %v", err)
	}
	targets := maps.Clone(c.Targets)
	delete(targets, node) // one file may serve all nodes
	s, err := peer.NewService(peer.Options{
		Clock: clk, Listen: c.ListenAddress, Targets: targets, Events: events,
		Config: peer.Config{Cluster: cluster, Node: node, Key: key},
	})
	if err != nil {
		return nil, "", fmt.Errorf("peers.listen_address %s: %w", c.ListenAddress, err)
	}
	return s, disabled, nil
}

func (p *program) reloadOnHangup(ctx context.Context) {
	onSignal(ctx, syscall.SIGHUP, func() { _ = p.reload(ctx) }) // it is logged there
}

// reload loads the configuration again. One that is wrong changes nothing but the metric that says so.
func (p *program) reload(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	cfg, err := config.Load(p.flags.ConfigFile, p.flags.ConfigNamed)
	var opts exporter.Options
	var watch exporter.HMCWatch
	if err == nil {
		opts, err = exporter.OptionsOf(cfg, p.flags.enabled(), p.clk.Now().Wall)
	}
	if err == nil {
		watch, err = p.hmc(cfg.HMC)
	}
	if err != nil {
		p.opts.Config.Failed = true
		p.exp.Configure(ctx, p.opts)
		_ = level.Error(p.logger).Log("msg", "configuration not loaded, the old one stays", "err", err)
		return err
	}
	if cfg.StateDir != p.cfg.StateDir || cfg.Peers.ListenAddress != p.cfg.Peers.ListenAddress ||
		cfg.Peers.KeyFile != p.cfg.Peers.KeyFile || !maps.Equal(cfg.Peers.Targets, p.cfg.Peers.Targets) ||
		cfg.Cluster.Logs != p.cfg.Cluster.Logs || cfg.Migration.Sigreconfig != p.cfg.Migration.Sigreconfig {
		_ = level.Warn(p.logger).Log("msg", "changes of state_dir, peers, cluster.logs and migration.sigreconfig need a restart of the exporter")
	}
	p.cfg, p.opts = cfg, opts
	p.exp.SetReader(p.reader(cfg))
	p.exp.SetHMC(watch)
	p.exp.Configure(ctx, opts)
	_ = level.Info(p.logger).Log("msg", "configuration loaded", "file", cfg.Path, "hash", cfg.Hash)
	return nil
}
