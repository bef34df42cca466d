package main

import (
	"context"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/snapshot"
)

// watch starts the watchers; the returned function ends them and waits.
func (s *stage) watch(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	every := func(d time.Duration, f func(context.Context)) {
		group.Go(func() {
			ticker := time.NewTicker(d)
			defer ticker.Stop()
			for ctx.Err() == nil {
				f(ctx)
				select {
				case <-ticker.C:
				case <-ctx.Done():
				}
			}
		})
	}
	every(300*time.Millisecond, func(ctx context.Context) {
		if st, err := s.lab.Status(ctx); err == nil {
			s.sawReferee(st)
		}
	})
	every(200*time.Millisecond, s.askHealth)
	if !s.scenario.bare {
		for _, n := range s.lab.Nodes {
			every(200*time.Millisecond, func(ctx context.Context) { s.askActor(ctx, n) })
			every(200*time.Millisecond, func(ctx context.Context) { s.askExporter(ctx, n) })
		}
		every(300*time.Millisecond, s.askAlerts)
	}
	return func() { cancel(); group.Wait() }
}

// A node that is frozen does not answer: nothing is learnt then.
const patience = time.Second

func (s *stage) askActor(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := control.NewClient(filepath.Join(s.lab.State(name), control.SocketName))
	if st, err := client.Status(ctx); err == nil {
		s.sawActor(name, st)
	}
}

func (s *stage) askExporter(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if snap, err := snapshot.Fetch(ctx, filepath.Join(s.lab.ExporterState(name), "exporter", "snapshot.sock")); err == nil {
		s.sawSnapshot(name, snap)
	}
}

func (s *stage) askHealth(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.lab.HealthURL("n1"), nil)
	if err != nil {
		return
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.sawHealth(false)
		return
	}
	_ = resp.Body.Close()
	s.sawHealth(resp.StatusCode == http.StatusOK)
}

func (s *stage) askAlerts(ctx context.Context) {
	p := s.prometheus()
	if p == nil {
		return
	}
	var firing []string
	for _, a := range p.Alerts(ctx) {
		if a.State == "firing" && a.Labels["alertname"] != "PowerHAWatchdog" {
			firing = append(firing, a.Labels["alertname"][len("PowerHA"):]+prefixed(" ", a.Labels["node"]))
		}
	}
	s.sawAlerts(firing)
}
