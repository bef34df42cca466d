package paging

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/demo/render"
)

const (
	rulesName = "rules.yml"
	pollEvery = 100 * time.Millisecond
)

// Options say where the shipped files are and how they are shortened.
type Options struct {
	// Root is the checkout, Tools the folder of the two servers, Dir a folder for what they write.
	Root, Tools, Dir string
	// Overrides of the mixin's _config.
	Overrides                    map[string]any
	ScrapeInterval, RuleInterval time.Duration
}

func (o Options) targets(job string) string { return filepath.Join(o.Dir, "targets-"+job+".json") }

// Missing names the servers that are not installed.
func (o Options) Missing() (names []string) {
	for _, name := range []string{"prometheus", "alertmanager"} {
		if _, err := os.Stat(filepath.Join(o.Tools, name)); err != nil {
			names = append(names, name)
		}
	}
	return names
}

// Servers are the two running servers and the recorder behind them.
type Servers struct {
	Options
	*Recorder
	prometheus, alertmanager *server
	jobs                     []string

	mu        sync.Mutex
	addresses map[string][]string // targets by job
}

// Start starts the recorder, Alertmanager and Prometheus. The caller must Close them.
func Start(ctx context.Context, o Options) (_ *Servers, err error) {
	s := &Servers{Options: o, addresses: map[string][]string{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.Recorder, err = startRecorder(ctx); err != nil {
		return nil, err
	}
	examples := filepath.Join(o.Root, "packaging", "examples")
	text, err := alertmanagerFile(filepath.Join(examples, "alertmanager.yml"), s.address)
	if err != nil {
		return nil, err
	}
	file, address, err := o.prepare(ctx, "alertmanager.yml", text)
	if err != nil {
		return nil, err
	}
	if s.alertmanager, err = startServer(ctx, o.Dir, filepath.Join(o.Tools, "alertmanager"), address,
		"--config.file="+file, "--storage.path="+filepath.Join(o.Dir, "nflog"), "--web.listen-address="+address, "--cluster.listen-address=",
	); err != nil {
		return nil, err
	}
	rules, err := render.Rules(filepath.Join(o.Root, "mixin"), o.Overrides)
	if err != nil {
		return nil, err
	}
	if rules, err = hastenGroups(rules); err != nil {
		return nil, err
	}
	if _, _, err = o.prepare(ctx, rulesName, rules); err != nil {
		return nil, err
	}
	if text, s.jobs, err = o.prometheusFile(filepath.Join(examples, "prometheus.yml"), address); err != nil {
		return nil, err
	}
	if file, address, err = o.prepare(ctx, "prometheus.yml", text); err != nil {
		return nil, err
	}
	s.prometheus, err = startServer(ctx, o.Dir, filepath.Join(o.Tools, "prometheus"), address,
		"--config.file="+file, "--storage.tsdb.path="+filepath.Join(o.Dir, "tsdb"), "--web.listen-address="+address)
	return s, err
}

// prepare writes a server's file and finds a port for it.
func (o Options) prepare(ctx context.Context, name string, text []byte) (file, address string, err error) {
	file = filepath.Join(o.Dir, name)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", "", fmt.Errorf("write %s: %w", name, err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", fmt.Errorf("find a free port: %w", err)
	}
	return file, l.Addr().String(), l.Close()
}

// Prometheus is the host:port of the server.
func (s *Servers) Prometheus() string { return s.prometheus.address }

// Scrape adds targets to a job of the example; Forget takes them out again.
func (s *Servers) Scrape(job string, addresses ...string) error {
	return s.retarget(job, func(old []string) []string { return append(old, addresses...) })
}

func (s *Servers) Forget(job string, addresses ...string) error {
	return s.retarget(job, func(old []string) []string {
		return slices.DeleteFunc(old, func(a string) bool { return slices.Contains(addresses, a) })
	})
}

func (s *Servers) retarget(job string, change func([]string) []string) error {
	if !slices.Contains(s.jobs, job) {
		return fmt.Errorf("packaging/examples/prometheus.yml has no job %q; it has %v", job, s.jobs)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses[job] = change(s.addresses[job])
	return writeTargets(s.targets(job), s.addresses[job])
}

// Close ends the servers and waits for them.
func (s *Servers) Close() error {
	var errs []error
	for _, each := range []*server{s.prometheus, s.alertmanager} {
		if each != nil {
			errs = append(errs, each.end())
		}
	}
	if s.Recorder != nil {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}
