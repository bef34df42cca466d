package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"powerha_lpm_exporter/internal/actor"
)

// listeners are opened before anything runs, so that a port in use is told at once.
type listeners struct {
	web     []net.Listener
	webhook net.Listener
	actors  net.Listener
}

func (l *listeners) close() {
	for _, w := range l.web {
		_ = w.Close()
	}
	for _, x := range []net.Listener{l.webhook, l.actors} {
		if x != nil {
			_ = x.Close()
		}
	}
}

func (p *program) listen() (l listeners, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if !systemd(p.flags.Web) {
		for _, addr := range *p.flags.Web.WebListenAddresses {
			x, err := net.Listen("tcp", addr)
			if err != nil {
				return l, fmt.Errorf("listen on %s: %w; choose another --web.listen-address", addr, err)
			}
			l.web = append(l.web, x)
		}
	}
	if p.flags.webhookListen != "" {
		if l.webhook, err = net.Listen("tcp", p.flags.webhookListen); err != nil {
			return l, fmt.Errorf("listen on %s: %w; choose another --webhook.listen-address", p.flags.webhookListen, err)
		}
		p.hook = actor.NewWebhook(p.clk, p.actor.Wake)
	}
	if p.creds != nil {
		if l.actors, err = net.Listen("tcp", p.cfg.Actors.ListenAddress); err != nil {
			return l, fmt.Errorf("listen on %s: %w; choose another actors.listen_address", p.cfg.Actors.ListenAddress, err)
		}
	}
	return l, nil
}

func systemd(c *web.FlagConfig) bool { return c.WebSystemdSocket != nil && *c.WebSystemdSocket }

// web serves metrics and status until ctx ends.
func (p *program) web(ctx context.Context, l []net.Listener) error {
	reg := prometheus.NewRegistry()
	var hooks func() map[string]uint64
	if p.hook != nil {
		hooks = p.hook.Counts
	}
	reg.MustRegister(actor.NewMetrics(p.actor.View, hooks))
	if !p.flags.NoRuntime {
		reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	landing, err := web.NewLandingPage(web.LandingConfig{
		Name: "PowerHA LPM Actor", Description: "Decides and acts for Live Partition Mobility of a PowerHA SystemMirror node",
		Version: version.Info(), Profiling: "false",
		Links: []web.LandingLinks{{Address: p.flags.Telemetry, Text: "Metrics"}, {Address: "/status", Text: "Status"}},
	})
	if err != nil {
		return fmt.Errorf("landing page: %w", err)
	}
	srv := server(p.actor.Handler(reg, p.flags.Telemetry, p.flags.MaxRequests, landing))
	return p.until(ctx, srv, func() error {
		if systemd(p.flags.Web) {
			return web.ListenAndServe(srv, p.flags.Web, p.slog)
		}
		return web.ServeMultiple(l, srv, p.flags.Web, p.slog)
	})
}

// webhook serves Alertmanager's hints until ctx ends.
func (p *program) webhook(ctx context.Context, l net.Listener) error {
	srv := server(p.hook)
	addrs, no := []string{p.flags.webhookListen}, false
	cfg := &web.FlagConfig{WebListenAddresses: &addrs, WebSystemdSocket: &no, WebConfigFile: &p.flags.webhookConfig}
	return p.until(ctx, srv, func() error { return web.Serve(l, srv, cfg, p.slog) })
}

func server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
}

// until serves until ctx ends, then lets the requests that are under way finish.
func (p *program) until(ctx context.Context, srv *http.Server, serve func() error) error {
	done := make(chan error, 1)
	go func() { done <- serve() }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		bounded, cancel := p.clk.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		_ = srv.Shutdown(bounded)
		cancel()
		_ = srv.Close()
		err = <-done
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
