package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/demo/lab"
	"powerha_lpm_exporter/internal/demo/paging"
	"powerha_lpm_exporter/internal/demo/screen"
	"powerha_lpm_exporter/internal/model"
)

// The product's timers run at this part of their real length.
const timerScale = 0.1

func timing() lab.Timing {
	return lab.Timing{
		Interval: 3 * time.Second, ProbeInterval: time.Second,
		MinimumStable: 5 * time.Second, MaximumSampleAge: 6 * time.Second,
		PrepareTimeout: 40 * time.Second, SuspensionDeadline: 90 * time.Second,
		HeartbeatDuringLPM: 120 * time.Second,
		ScrapeInterval:     time.Second, RuleInterval: time.Second,
		Limit: 2 * time.Minute,
	}
}

// overrides scales the mixin as timing() scales the configuration.
func overrides(t lab.Timing) map[string]any {
	return map[string]any{
		"scrapeInterval": t.ScrapeInterval.Seconds(), "ruleInterval": t.RuleInterval.Seconds(), "slowInterval": t.RuleInterval.Seconds(),
		"gateWindow": t.MinimumStable.Seconds(), "memory": 600,
		"applicationDownFor": 2, "unmanagedTooLong": 45, "blindFor": 10, "collectorStale": 12, "goneFor": 20,
		"nodeLostFor": 8, "unmanagedOnlyFor": 6, "leftoverFor": 10, "disagreeFor": 30, "factMemory": 30, "deadlineNear": 10,
	}
}

// stage plays one scenario.
type stage struct {
	options  options
	scenario scenario
	bin      string
	self     string         // this program
	out      *screen.Screen // the timeline
	final    *screen.Screen // the summary

	lab    *lab.Lab
	before restorable

	// shared are the real servers of several plays, and expects the pages of this one; nil without them.
	shared  *paging.Servers
	slot    int
	cluster string
	expects *paging.Play
	// whenCalm is told what the programs of a calm cluster serve.
	whenCalm func(paging.Calm)

	mu   sync.Mutex // guards view and prom
	view view
	prom monitor
}

// play runs the scenario and returns an error when it did not end as it should.
func (s *stage) play(ctx context.Context) (err error) {
	t := timing()
	if s.scenario.deadline > 0 {
		t.SuspensionDeadline = s.scenario.deadline
	}
	limit := t.Limit
	if s.options.headless {
		limit *= 3 // side by side on a small machine everything takes longer
	}
	if s.options.stay {
		limit = 24 * time.Hour
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s.view = view{actors: map[string]control.Status{}, snapshots: map[string]model.Snapshot{}}
	s.introduce(t)
	s.lab, err = lab.New(ctx, lab.Options{
		Cluster: s.cluster, Slot: s.slot, PeerProbe: s.shared != nil, Prometheus: s.sharedAddress(),
		Bin: s.bin, Version: s.scenario.version, TimerScale: timerScale, Mode: s.scenario.mode, Timing: t,
		Witnesses: s.scenario.heard.Witnesses, Self: s.self,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stopPrometheus(), s.lab.Close()) }()
	if !s.scenario.bare {
		if err := s.install(ctx, t); err != nil {
			return err
		}
	}
	s.out.Reset()
	s.out.Header("n1")
	stop := s.watch(ctx)
	defer stop()
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := s.takeCalm(ctx); err != nil {
		return err
	}
	if s.scenario.before != nil {
		if err := s.scenario.before(ctx, s); err != nil {
			return err
		}
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if s.scenario.after != nil {
		if err := s.scenario.after(ctx, s); err != nil {
			return err
		}
	}
	if s.scenario.open {
		return s.checkPages(ctx)
	}
	result, reason := s.settle(ctx)
	s.awaitRecord(ctx)
	if err := s.checkPages(ctx); err != nil {
		return err
	}
	stop()
	err = s.summary(result, reason)
	if s.options.stay && s.prometheus() != nil {
		s.out.Say(screen.Headline, "Prometheus stays at http://%s until you interrupt this.", s.lab.Prometheus)
		<-ctx.Done()
	}
	return err
}

func (s *stage) introduce(t lab.Timing) {
	s.out.Say(screen.Headline, "%s: %s", s.scenario.name, s.scenario.about)
	s.out.Say(screen.Plain, "Simulated PowerHA %s, two nodes; n1 runs the application and is moved.", s.scenario.version)
	s.out.Say(screen.Plain, "Scaled for the demo: the product's timers run at %g of their length (node timeout 30 s -> %.0f s); scrape and rules every %.0f s, gate window %.0f s. Commands print unscaled values.",
		timerScale, 30*timerScale, t.ScrapeInterval.Seconds(), t.MinimumStable.Seconds())
	if s.scenario.bare {
		s.out.Say(screen.Plain, "No cl_dr (PowerHA's own script came with 7.2), and nothing of this project runs.")
	}
}

// install brings up Prometheus, exporters and actors and puts the standing variables in place.
func (s *stage) install(ctx context.Context, t lab.Timing) error {
	if err := s.lab.Install(ctx); err != nil {
		return err
	}
	if err := s.startPrometheus(ctx, t); err != nil {
		return err
	}
	for _, n := range s.lab.Nodes {
		err := s.lab.StartExporter(n)
		if !s.scenario.watched {
			err = errors.Join(err, s.lab.StartActor(n))
		}
		if err != nil {
			return err
		}
	}
	s.out.Say(screen.Plain, "Exporters and actors run as processes of the nodes; Prometheus is at http://%s.", s.lab.Prometheus)
	return nil
}

func (s *stage) startPrometheus(ctx context.Context, t lab.Timing) error {
	server, err := s.newMonitor(ctx, t)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.prom = server
	s.mu.Unlock()
	return nil
}

func (s *stage) prometheus() monitor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.prom
}

// stopPrometheus stops it if it runs.
func (s *stage) stopPrometheus() error {
	s.mu.Lock()
	p := s.prom
	s.prom = nil
	s.mu.Unlock()
	if p == nil {
		return nil
	}
	return p.Close()
}

// until waits for a condition on the view.
func (s *stage) until(ctx context.Context, limit time.Duration, what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for !ok() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %s for %s: %w", limit, what, context.Cause(ctx))
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// ready waits until all is calm and watched, and remembers the settings.
func (s *stage) ready(ctx context.Context) error {
	online := func() bool {
		v := s.look()
		return len(v.referee.Groups) > 0 && v.referee.Groups[0].State == "ONLINE" && v.healthy
	}
	if err := s.until(ctx, 60*time.Second, "the application to run on n1", online); err != nil {
		return err
	}
	if !s.scenario.bare {
		known := func() bool {
			v := s.look()
			for _, n := range s.lab.Nodes {
				if v.snapshots[n].Cluster == "" || v.actors[n].State == "" && !s.scenario.watched {
					return false
				}
			}
			return true
		}
		if err := s.until(ctx, 60*time.Second, "exporters and actors to answer", known); err != nil {
			return fmt.Errorf("%w; see %s", err, filepath.Join(s.lab.Dir, "logs"))
		}
	}
	if !s.scenario.bare && !s.scenario.watched {
		s.headline("lpmctl variables apply: the standing LPM settings")
		if err := s.applyVariables(ctx); err != nil {
			return err
		}
		applied := func() bool {
			v := s.look().referee.Variables
			return v.LPMPolicy == "unmanage" && v.LPMNodeTimeout == int(s.lab.Timing.HeartbeatDuringLPM.Seconds()) && !v.Unsynced
		}
		if err := s.until(ctx, 40*time.Second, "the variables to be synchronised", applied); err != nil {
			return err
		}
		// Actors decide by facts that are a few seconds old: calm must be old enough to be known.
		var since time.Time
		calm := func() bool {
			if !s.calm() {
				since = time.Time{}
			} else if since.IsZero() {
				since = time.Now()
			}
			return !since.IsZero() && time.Since(since) > lab.FactAge+time.Second
		}
		if err := s.until(ctx, 60*time.Second, "calm", calm); err != nil {
			return err
		}
	}
	s.before = settings(s.look().referee)
	return nil
}

// applyVariables asks again for as long as the actor has not read its cluster yet.
func (s *stage) applyVariables(ctx context.Context) error {
	for deadline := time.Now().Add(40 * time.Second); ; {
		out, err := s.lab.Lpmctl(ctx, "n1", "variables", "apply")
		switch {
		case err == nil:
			return nil
		case time.Now().After(deadline) || ctx.Err() != nil:
			return fmt.Errorf("apply the standing variables: %w\n%s", err, out)
		}
		time.Sleep(time.Second)
	}
}

// calm: the cluster is stable, and every exporter and Prometheus know the present variables.
func (s *stage) calm() bool {
	v := s.look()
	if v.referee.State != "STABLE" {
		return false
	}
	for _, n := range s.lab.Nodes {
		snap := v.snapshots[n]
		c, ok := snap.Facts.Get(model.SourceCluster)
		m, read := snap.Facts.Get(model.SourceManager)
		if !ok || c.Cluster.LPMPolicy != model.PolicyUnmanage || !read || m.Manager.State != model.ManagerStable {
			return false
		}
	}
	p := s.prometheus()
	if p == nil {
		return true
	}
	return p.Has(context.Background(), "powerha:gate_evaluated:timestamp_seconds")
}

// migrate runs powerha_sim lpm, and what the scenario does meanwhile.
func (s *stage) migrate(ctx context.Context) error {
	s.headline("the HMC moves n1")
	args := append([]string{
		"lpm", "--dir", filepath.Join(s.lab.Dir, "sim"), "--node", "n1", "--precopy", "7s", "--freeze", s.scenario.freeze.String(),
	}, s.scenario.lpm...)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "powerha_sim"), args...)
	done := make(chan error, 1)
	var text []byte
	go func() {
		var err error
		text, err = cmd.CombinedOutput()
		done <- err
	}()
	if s.scenario.during != nil {
		if err := s.scenario.during(ctx, s); err != nil {
			cancel()
			return errors.Join(err, <-done)
		}
	}
	err := <-done
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("run the migration: %w\n%s", err, text)
	}
	m := s.look().referee.Migration
	if st, err := s.lab.Status(ctx); err == nil {
		m = st.Migration
	}
	if m == nil {
		return fmt.Errorf("the migration did not begin: %s", text)
	}
	s.headline("the HMC says: migration %s%s", m.Result, prefixed(", ", m.Message))
	return nil
}
