package prom

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
	"golang.org/x/sync/errgroup"
)

// Options say what a Server scrapes and evaluates.
type Options struct {
	// Dir holds the database; a Server started again on the same folder goes on with it.
	Dir string
	// Listen is host:port on the loopback; port 0 takes a free one.
	Listen string
	// Jobs maps a job's name to the host:port of its targets.
	Jobs map[string][]string
	// Rules is one rule file (YAML or JSON) as promtool would check it.
	Rules []byte
	// ScrapeInterval is also the scrape timeout's limit; EvaluationInterval is for groups without their own.
	ScrapeInterval, ScrapeTimeout, EvaluationInterval time.Duration
	Logger                                            *slog.Logger
}

// Server is a running Prometheus.
type Server struct {
	address string
	db      *tsdb.DB
	engine  *promql.Engine
	scrape  *scrape.Manager
	rules   *rules.Manager
	http    *http.Server
	cancel  context.CancelFunc
	group   *errgroup.Group
}

// Start opens the database, listens, and starts to scrape and evaluate. The
// caller must Close the server. An error names what could not be started.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{}
	ctx, s.cancel = context.WithCancel(ctx)
	s.group, ctx = errgroup.WithContext(ctx)
	defer func() {
		if err != nil {
			s.cancel()
			if s.db != nil {
				err = errors.Join(err, s.db.Close())
			}
		}
	}()

	ruleFile := filepath.Join(o.Dir, "rules.yml")
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make Prometheus's folder: %w", err)
	}
	if err := os.WriteFile(ruleFile, o.Rules, 0o600); err != nil {
		return nil, fmt.Errorf("write the rules for Prometheus: %w", err)
	}
	if err := s.openStorage(o); err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	if err := s.prepareScrape(o, registry); err != nil {
		return nil, err
	}
	if err := s.prepareRules(ctx, o, ruleFile, registry); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for Prometheus's API: %w", err)
	}
	s.address = listener.Addr().String()
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second}

	s.group.Go(func() error { return s.runScrape(o) })
	s.group.Go(func() error { s.rules.Run(); return nil })
	s.group.Go(func() error {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve Prometheus's API: %w", err)
		}
		return nil
	})
	return s, nil
}

func (s *Server) openStorage(o Options) error {
	opts := tsdb.DefaultOptions()
	opts.StripeSize = 256
	opts.WALSegmentSize = 1 << 20
	db, err := tsdb.Open(filepath.Join(o.Dir, "tsdb"), o.Logger, nil, opts, nil)
	if err != nil {
		return fmt.Errorf("open Prometheus's database in %s: %w", o.Dir, err)
	}
	s.db = db
	s.engine = promql.NewEngine(promql.EngineOpts{
		Logger:               o.Logger,
		MaxSamples:           1_000_000,
		Timeout:              10 * time.Second,
		LookbackDelta:        5 * time.Minute,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		Parser:               parser.NewParser(parser.Options{}),
	})
	return nil
}

func (s *Server) prepareRules(ctx context.Context, o Options, file string, reg prometheus.Registerer) error {
	s.rules = rules.NewManager(&rules.ManagerOptions{
		ExternalURL: &url.URL{Scheme: "http", Host: o.Listen},
		QueryFunc:   rules.EngineQueryFunc(s.engine, s.db),
		NotifyFunc:  func(context.Context, string, ...*rules.Alert) {}, // the demo lists alerts; it has no Alertmanager
		Context:     ctx,
		Appendable:  s.db,
		Queryable:   s.db,
		Logger:      o.Logger,
		Registerer:  reg,
		ResendDelay: time.Minute,
		// What `for` had counted before a restart is restored, as in Prometheus itself.
		OutageTolerance: time.Hour,
		ForGracePeriod:  o.EvaluationInterval,
	})
	if err := s.rules.Update(o.EvaluationInterval, []string{file}, labels.EmptyLabels(), "", nil); err != nil {
		return fmt.Errorf("load the rules %s: %w", file, err)
	}
	return nil
}

// URL is the base address for queries.
func (s *Server) URL() string { return "http://" + s.address }

// Address is the host:port that the server listens on.
func (s *Server) Address() string { return s.address }

// Close stops everything and waits for its end. The database stays on disk.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	errShutdown := s.http.Shutdown(ctx)
	s.cancel()
	s.rules.Stop()
	s.scrape.Stop()
	errRun := s.group.Wait()
	return errors.Join(errShutdown, errRun, s.engine.Close(), s.db.Close())
}
