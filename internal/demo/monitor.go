package main

import (
	"context"
	"fmt"
	"path/filepath"

	"powerha_lpm_exporter/internal/demo/lab"
	"powerha_lpm_exporter/internal/demo/paging"
	"powerha_lpm_exporter/internal/demo/prom"
	"powerha_lpm_exporter/internal/demo/render"
)

// monitor is the Prometheus of a play: one in this process, or the real server that several plays share.
type monitor interface {
	// Alerts lists the alerts of the play's cluster.
	Alerts(ctx context.Context) []prom.Alert
	// Has reports whether a query has an answer now.
	Has(ctx context.Context, query string) bool
	Close() error
}

// own is the one in this process.
type own struct{ *prom.Server }

func (o own) Alerts(context.Context) []prom.Alert { return o.Server.Alerts() }

func (o own) Has(ctx context.Context, query string) bool {
	got, err := o.Query(ctx, query)
	return err == nil && len(got) > 0
}

// common is the shared one, as one cluster sees it.
type common struct {
	*paging.Servers
	cluster string
	jobs    map[string][]string
}

func (c common) Alerts(ctx context.Context) []prom.Alert {
	got, err := c.Servers.Alerts(ctx, c.cluster)
	if err != nil {
		return nil // the next look tells
	}
	var out []prom.Alert
	for _, a := range got {
		state := "pending"
		if a.Firing {
			state = "firing"
		}
		out = append(out, prom.Alert{Labels: a.Labels, State: state})
	}
	return out
}

// Close takes the cluster's targets out; the server goes on.
func (c common) Close() error {
	for job, addresses := range c.jobs {
		if err := c.Forget(job, addresses...); err != nil {
			return err
		}
	}
	return nil
}

// newMonitor starts to watch the lab's programs.
func (s *stage) newMonitor(ctx context.Context, t lab.Timing) (monitor, error) {
	jobs := map[string][]string{}
	for _, n := range s.lab.Nodes {
		p := s.lab.Ports[n]
		jobs["powerha_lpm_exporter"] = append(jobs["powerha_lpm_exporter"], fmt.Sprintf("127.0.0.1:%d", p.Exporter))
		if !s.scenario.watched {
			jobs["powerha_lpm_actor"] = append(jobs["powerha_lpm_actor"], fmt.Sprintf("127.0.0.1:%d", p.Actor))
		}
	}
	if s.shared != nil {
		c := common{Servers: s.shared, cluster: s.cluster, jobs: jobs}
		for job, addresses := range jobs {
			if err := s.shared.Scrape(job, addresses...); err != nil {
				return nil, err
			}
		}
		return c, nil
	}
	rules, err := render.Rules(filepath.Join(s.options.root, "mixin"), overrides(t))
	if err != nil {
		return nil, err
	}
	server, err := prom.Start(ctx, prom.Options{
		Dir: filepath.Join(s.lab.Dir, "prometheus"), Listen: s.lab.Prometheus, Jobs: jobs, Rules: rules,
		ScrapeInterval: t.ScrapeInterval, ScrapeTimeout: t.ScrapeInterval * 4 / 5, EvaluationInterval: t.RuleInterval,
	})
	if err != nil {
		return nil, err
	}
	return own{server}, nil
}

// sharedAddress is the server that the actors ask, "" for one of their own.
func (s *stage) sharedAddress() string {
	if s.shared == nil {
		return ""
	}
	return s.shared.Prometheus()
}
