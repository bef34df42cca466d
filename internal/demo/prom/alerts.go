package prom

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// Alert is one active alert, as /api/v1/alerts has it.
type Alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"` // pending, firing
	ActiveAt    time.Time         `json:"activeAt"`
	Value       string            `json:"value"`
}

// Alerts lists the alerts that are pending or firing now, by name, node and group.
func (s *Server) Alerts() []Alert {
	out := []Alert{}
	for _, rule := range s.rules.AlertingRules() {
		for _, a := range rule.ActiveAlerts() {
			out = append(out, Alert{
				Labels:      a.Labels.Map(),
				Annotations: a.Annotations.Map(),
				State:       a.State.String(),
				ActiveAt:    a.ActiveAt.UTC(),
				Value:       fmt.Sprint(a.Value),
			})
		}
	}
	slices.SortFunc(out, func(a, b Alert) int {
		return cmp.Or(
			cmp.Compare(a.Labels["alertname"], b.Labels["alertname"]),
			cmp.Compare(a.Labels["node"], b.Labels["node"]),
			cmp.Compare(a.Labels["resource_group"], b.Labels["resource_group"]),
		)
	})
	return out
}

type ruleGroup struct {
	Name     string     `json:"name"`
	File     string     `json:"file"`
	Interval float64    `json:"interval"`
	Rules    []ruleInfo `json:"rules"`
}

type ruleInfo struct {
	Name           string    `json:"name"`
	Query          string    `json:"query"`
	Health         string    `json:"health"`
	LastError      string    `json:"lastError,omitempty"`
	LastEvaluation time.Time `json:"lastEvaluation"`
	EvaluationTime float64   `json:"evaluationTime"`
	Type           string    `json:"type"` // alerting, recording
}

// groups lists the rule groups as /api/v1/rules has them.
func (s *Server) groups() []ruleGroup {
	out := []ruleGroup{}
	for _, g := range s.rules.RuleGroups() {
		group := ruleGroup{Name: g.Name(), File: g.File(), Interval: g.Interval().Seconds()}
		for _, r := range g.Rules() {
			info := ruleInfo{
				Name: r.Name(), Query: r.Query().String(), Health: string(r.Health()),
				LastEvaluation: r.GetEvaluationTimestamp(), EvaluationTime: r.GetEvaluationDuration().Seconds(),
				Type: "recording",
			}
			if err := r.LastError(); err != nil {
				info.LastError = err.Error()
			}
			if _, ok := r.(*rules.AlertingRule); ok {
				info.Type = "alerting"
			}
			group.Rules = append(group.Rules, info)
		}
		out = append(out, group)
	}
	return out
}

// Query answers an instant query in the process, for the demo's own screen.
func (s *Server) Query(ctx context.Context, expr string) (promql.Vector, error) {
	q, err := s.engine.NewInstantQuery(ctx, s.db, nil, expr, time.Now())
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", expr, err)
	}
	defer q.Close()
	res := q.Exec(ctx)
	v, err := res.Vector()
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", expr, err)
	}
	return slices.Clone(v), nil
}
