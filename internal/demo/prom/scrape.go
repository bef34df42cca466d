package prom

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/scrape"
	"go.yaml.in/yaml/v3"
)

// prepareScrape makes the scrape manager with one job for each of o.Jobs.
func (s *Server) prepareScrape(o Options, reg prometheus.Registerer) error {
	text, err := scrapeConfig(o)
	if err != nil {
		return err
	}
	cfg, err := config.Load(string(text), o.Logger)
	if err != nil {
		return fmt.Errorf("read the scrape configuration: %w", err)
	}
	// Targets are known from the start: they are not discovered every five seconds.
	s.scrape, err = scrape.NewManager(
		&scrape.Options{DiscoveryReloadInterval: model.Duration(100 * time.Millisecond)},
		o.Logger, nil, s.db, nil, reg,
	)
	if err != nil {
		return fmt.Errorf("make Prometheus's scrape manager: %w", err)
	}
	if err := s.scrape.ApplyConfig(cfg); err != nil {
		return fmt.Errorf("apply the scrape configuration: %w", err)
	}
	return nil
}

// scrapeConfig is a prometheus.yml with static jobs.
func scrapeConfig(o Options) ([]byte, error) {
	type job struct {
		Name string `yaml:"job_name"`
	}
	file := struct {
		Global map[string]string `yaml:"global"`
		Jobs   []job             `yaml:"scrape_configs"`
	}{Global: map[string]string{
		"scrape_interval":     model.Duration(o.ScrapeInterval).String(),
		"scrape_timeout":      model.Duration(o.ScrapeTimeout).String(),
		"evaluation_interval": model.Duration(o.EvaluationInterval).String(),
	}}
	for name := range o.Jobs {
		file.Jobs = append(file.Jobs, job{Name: name})
	}
	text, err := yaml.Marshal(file)
	if err != nil {
		return nil, fmt.Errorf("write the scrape configuration: %w", err)
	}
	return text, nil
}

// runScrape scrapes until the manager is stopped.
func (s *Server) runScrape(o Options) error {
	groups := make(map[string][]*targetgroup.Group)
	for job, addresses := range o.Jobs {
		group := &targetgroup.Group{Source: job}
		for _, a := range addresses {
			group.Targets = append(group.Targets, model.LabelSet{model.AddressLabel: model.LabelValue(a)})
		}
		groups[job] = []*targetgroup.Group{group}
	}
	sets := make(chan map[string][]*targetgroup.Group, 1)
	sets <- groups
	if err := s.scrape.Run(sets); err != nil {
		return fmt.Errorf("scrape: %w", err)
	}
	return nil
}
