package alertroute

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/provider"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

const (
	example = "../../../packaging/examples/alertmanager.yml"
	alerts  = "../../../alerts/powerha_alerts.yaml"
)

func shipped(t *testing.T) *config.Config {
	t.Helper()
	c, err := config.LoadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type rule struct {
	Alert  string
	Labels map[string]string
}

// rules are the shipped alerts by name.
func rules(t *testing.T) map[string]rule {
	t.Helper()
	b, err := os.ReadFile(alerts)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	out := map[string]rule{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			out[r.Alert] = r
		}
	}
	if len(out) == 0 {
		t.Fatal("no alerts are shipped")
	}
	return out
}

// Every shipped alert goes to exactly one receiver, that of its severity; the watchdog to the dead man's switch.
func TestEveryAlertIsRouted(t *testing.T) {
	root := dispatch.NewRoute(shipped(t).Route, nil)
	bySeverity := map[string]string{"critical": "pager", "warning": "team", "info": "tickets", "none": "silent"}
	for name, r := range rules(t) {
		want := bySeverity[r.Labels["severity"]]
		if name == "PowerHAWatchdog" {
			want = "deadman"
		}
		ls := model.LabelSet{"alertname": model.LabelValue(name), "cluster": "c", "node": "n1"}
		for k, v := range r.Labels {
			ls[model.LabelName(k)] = model.LabelValue(v)
		}
		got := root.Match(ls)
		if len(got) != 1 || got[0].RouteOpts.Receiver != want {
			t.Errorf("%s goes to %d routes, the first to %q, want %q", name, len(got), got[0].RouteOpts.Receiver, want)
		}
	}
}

// Inhibitions name alerts that exist (and two usual names of others), and never one about an application.
func TestInhibitionsNameAlerts(t *testing.T) {
	all := rules(t)
	foreign := map[string]bool{"TargetDown": true, "InstanceDown": true}
	muted := map[string]bool{}
	for _, r := range shipped(t).InhibitRules {
		for name := range all {
			if labels.Matchers(r.TargetMatchers).Matches(model.LabelSet{"alertname": model.LabelValue(name)}) {
				muted[name] = true
			}
		}
		for name := range foreign {
			if labels.Matchers(r.TargetMatchers).Matches(model.LabelSet{"alertname": model.LabelValue(name)}) {
				muted[name] = true
			}
		}
		if labels.Matchers(r.TargetMatchers).Matches(model.LabelSet{"alertname": "Anything"}) {
			t.Errorf("rule %s inhibits any alert", r.Name)
		}
	}
	allowed := []string{"PowerHATargetDown", "PowerHAPeerSilent", "PowerHAMonitoringBlind", "PowerHAActorGone", "TargetDown", "InstanceDown"}
	for _, name := range allowed {
		if !muted[name] {
			t.Errorf("no rule inhibits %s", name)
		}
		delete(muted, name)
	}
	if len(muted) > 0 {
		t.Errorf("inhibited though no freeze sets it off: %v", muted)
	}
}

// fixed is a provider of alerts that do not change. The inhibitor calls the one method that it has.
type fixed struct {
	provider.Alerts
	alerts []*alert.Alert
}

func (f fixed) SlurpAndSubscribe(string) ([]*alert.Alert, provider.AlertIterator) {
	return f.alerts, provider.NewAlertIterator(make(chan *provider.Alert), make(chan struct{}), nil)
}

func fires(set model.LabelSet) *alert.Alert {
	now := time.Now()
	return &alert.Alert{Alert: model.Alert{Labels: set, StartsAt: now, EndsAt: now.Add(time.Hour)}, UpdatedAt: now}
}

func named(name, cluster, node string, more ...string) model.LabelSet {
	out := model.LabelSet{"alertname": model.LabelValue(name), "cluster": model.LabelValue(cluster), "node": model.LabelValue(node)}
	for i := 0; i+1 < len(more); i += 2 {
		out[model.LabelName(more[i])] = model.LabelValue(more[i+1])
	}
	return out
}

func TestInhibition(t *testing.T) {
	freeze := named("PowerHAFreezeExpected", "c", "n1", "severity", "none", "instance", "n1:10981", "job", "powerha_lpm_exporter")
	lost := named("PowerHANodeLostDuringLPM", "c", "n1", "severity", "critical")
	blind := named("PowerHAMonitoringBlind", "c", "n1", "severity", "critical")
	for _, tc := range []struct {
		name   string
		firing []model.LabelSet
		target model.LabelSet
		muted  bool
	}{
		{"the scrape gap of a freeze", []model.LabelSet{freeze}, named("PowerHATargetDown", "c", "n1", "instance", "n1:10981"), true},
		{"the actor beside it", []model.LabelSet{freeze}, named("PowerHATargetDown", "c", "n1", "instance", "n1:10982"), true},
		{"the silence that peers hear", []model.LabelSet{freeze}, named("PowerHAPeerSilent", "c", "n1"), true},
		{"the site's own alert of that target", []model.LabelSet{freeze}, model.LabelSet{"alertname": "TargetDown", "instance": "n1:10981", "job": "powerha_lpm_exporter"}, true},
		{"the site's own alert of another target", []model.LabelSet{freeze}, model.LabelSet{"alertname": "TargetDown", "instance": "n1:9100", "job": "node"}, false},
		{"the standby's scrape gap", []model.LabelSet{freeze}, named("PowerHATargetDown", "c", "n2"), false},
		{"a node of that name in another cluster", []model.LabelSet{freeze}, named("PowerHAPeerSilent", "d", "n1"), false},
		{"a target that never told its node", []model.LabelSet{freeze}, model.LabelSet{"alertname": "PowerHATargetDown", "instance": "n1:10981"}, false},
		{"the application", []model.LabelSet{freeze}, named("PowerHAApplicationDownWhileUnmanaged", "c", "n1", "application", "db"), false},
		{"the application as its users see it", []model.LabelSet{freeze}, named("PowerHAApplicationUnreachableWhileUnmanaged", "c", "n1", "application", "db"), false},
		{"a lost node", []model.LabelSet{freeze}, lost, false},
		{"no sight of it", []model.LabelSet{freeze}, blind, false},
		{"a suspension too long", []model.LabelSet{freeze}, named("PowerHAUnmanagedTooLong", "c", "n1"), false},
		{"nothing fires", nil, named("PowerHATargetDown", "c", "n1"), false},
		{"lost says blind", []model.LabelSet{lost}, blind, true},
		{"lost says that the actor is gone", []model.LabelSet{lost, blind}, named("PowerHAActorGone", "c", "n1"), true},
		{"blind says that the actor is gone", []model.LabelSet{blind}, named("PowerHAActorGone", "c", "n1"), true},
		{"blind is not its own reason", []model.LabelSet{blind}, blind, false},
		{"lost stays, and so does the application", []model.LabelSet{lost, blind}, named("PowerHAApplicationDownWhileUnmanaged", "c", "n1"), false},
		{"another node's actor", []model.LabelSet{lost, blind}, named("PowerHAActorGone", "c", "n2"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := muted(t, tc.firing, tc.target); got != tc.muted {
				t.Errorf("inhibited: %v, want %v", got, tc.muted)
			}
		})
	}
}

// muted asks Alertmanager's inhibitor, with these alerts firing, whether it keeps the target quiet.
func muted(t *testing.T, firing []model.LabelSet, target model.LabelSet) bool {
	t.Helper()
	var all []*alert.Alert
	for _, f := range firing {
		all = append(all, fires(f))
	}
	ih := inhibit.NewInhibitor(fixed{alerts: all}, shipped(t).InhibitRules, slog.New(slog.DiscardHandler), eventrecorder.NopRecorder())
	done := make(chan struct{})
	go func() { defer close(done); ih.Run() }()
	defer func() { ih.Stop(); <-done }()
	ih.WaitForLoading()
	return ih.Mutes(context.Background(), target)
}
