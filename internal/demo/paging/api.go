package paging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// API is Prometheus's own.
func (s *Servers) API() (v1.API, error) {
	client, err := api.NewClient(api.Config{Address: "http://" + s.Prometheus()})
	if err != nil {
		return nil, fmt.Errorf("ask Prometheus: %w", err)
	}
	return v1.NewAPI(client), nil
}

// Alert is a pending or firing alert of a cluster, as Prometheus has it.
type Alert struct {
	Labels map[string]string
	Firing bool
}

func (a Alert) String() string { return key(a.Labels) }

// Alerts lists those of a cluster.
func (s *Servers) Alerts(ctx context.Context, cluster string) ([]Alert, error) {
	prom, err := s.API()
	if err != nil {
		return nil, err
	}
	got, err := prom.Alerts(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask Prometheus for alerts: %w", err)
	}
	var out []Alert
	for _, a := range got.Alerts {
		if string(a.Labels["cluster"]) != cluster {
			continue
		}
		labels := map[string]string{}
		for name, value := range a.Labels {
			labels[string(name)] = string(value)
		}
		out = append(out, Alert{Labels: labels, Firing: a.State == v1.AlertStateFiring})
	}
	return out, nil
}

// Has reports whether a query has an answer now.
func (s *Servers) Has(ctx context.Context, query string) bool {
	_, ok := s.value(ctx, query)
	return ok
}

// value is the first value of an instant query.
func (s *Servers) value(ctx context.Context, query string) (float64, bool) {
	prom, err := s.API()
	if err != nil {
		return 0, false
	}
	got, _, _, err := prom.Query(ctx, query, time.Now())
	if vector, ok := got.(model.Vector); ok && err == nil && len(vector) > 0 {
		return float64(vector[0].Value), true
	}
	return 0, false
}

// evaluated reports whether every group of rules has been evaluated since, and how long each alert is pending before it
// fires; an error names rules that fail.
func (s *Servers) evaluated(ctx context.Context, since time.Time) (all bool, pending map[string]time.Duration, err error) {
	prom, err := s.API()
	if err != nil {
		return false, nil, err
	}
	got, err := prom.Rules(ctx, nil)
	if err != nil {
		return false, nil, fmt.Errorf("ask Prometheus for rules: %w", err)
	}
	all, pending = len(got.Groups) > 0, map[string]time.Duration{}
	var errs []error
	for _, g := range got.Groups {
		for _, each := range g.Rules {
			switch r := each.(type) {
			case v1.AlertingRule:
				all = all && r.LastEvaluation.After(since)
				pending[r.Name] = time.Duration(r.Duration * float64(time.Second))
				errs = append(errs, ruleError(r.Name, r.LastError))
			case v1.RecordingRule:
				all = all && r.LastEvaluation.After(since)
				errs = append(errs, ruleError(r.Name, r.LastError))
			}
		}
	}
	return all, pending, errors.Join(errs...)
}

func ruleError(name, text string) error {
	if text == "" {
		return nil
	}
	return fmt.Errorf("rule %s fails: %s", name, text)
}

// handled is what Alertmanager did with an alert.
type handled struct {
	Labels map[string]string `json:"labels"`
	Status struct {
		State       string   `json:"state"`
		InhibitedBy []string `json:"inhibitedBy"`
	} `json:"status"`
}

// handled lists the alerts that Alertmanager knows of a cluster.
func (s *Servers) handled(ctx context.Context, cluster string) ([]handled, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.alertmanager.address+"/api/v2/alerts", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask Alertmanager for alerts: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	var all []handled
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		return nil, fmt.Errorf("read Alertmanager's answer: %w", err)
	}
	return slices.DeleteFunc(all, func(h handled) bool { return h.Labels["cluster"] != cluster }), nil
}

// same compares two sets of labels.
func same(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, value := range a {
		if b[name] != value {
			return false
		}
	}
	return true
}

// outage reports whether an alert says that an application is down: nothing may ever inhibit it.
func outage(name string) bool { return strings.HasPrefix(name, "PowerHAApplication") }
