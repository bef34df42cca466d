package budget

import (
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

const s = time.Second

// defaults are those of PowerHA 7.2: everything armed, managed.
func defaults() Settings {
	yes := true
	return Settings{
		Managed: &yes, NodeTimeout: Of(30 * s), Grace: Of(10 * s), DeadmanMode: "a", Switch: &yes, Network: Of(20 * s),
		Link: None(), Watchdog: None(), Monitor: None(),
	}
}

func TestLongest(t *testing.T) {
	off := false
	tests := []struct {
		name    string
		change  func(*Settings)
		limit   Limit
		longest time.Duration
		missing []Limit
	}{
		{"defaults", func(*Settings) {}, NetworkFailureDetection, 20 * s, nil},
		{"slow network detection", func(x *Settings) { x.Network = Of(60 * s) }, DeadManSwitch, 30 * s, nil},
		{"switch stopped", func(x *Settings) { x.Network, x.Switch = Of(60*s), &off }, DeadmanMode, 30 * s, nil},
		{"events only", func(x *Settings) { x.Network, x.Switch, x.DeadmanMode = Of(60*s), &off, "e" }, NodeTimeout, 40 * s, nil},
		{"unmanaged, as it is", func(x *Settings) { x.Managed = &off }, DeadManSwitch, 30 * s, nil},
		{"a monitor", func(x *Settings) { x.Monitor = Of(15 * s) }, ApplicationMonitor, 15 * s, nil},
		{"a monitor of unmanaged groups", func(x *Settings) { x.Monitor, x.Managed = Of(15*s), &off }, DeadManSwitch, 30 * s, nil},
		{"linked sites add to the node timeout", func(x *Settings) { x.Link = Of(30 * s) }, NetworkFailureDetection, 20 * s, nil},
		{"for a migration", func(x *Settings) { *x = ForMigration(*x, Of(600*s), true) }, NodeTimeout, 610 * s, nil},
		{"for a migration, managed", func(x *Settings) { *x = ForMigration(*x, Of(600*s), false) }, NetworkFailureDetection, 20 * s, nil},
		{"the hypervisor's watchdog", func(x *Settings) { x.Watchdog = Value{} }, Unknown, 0, []Limit{PVMWatchdog}},
		{"no node timeout", func(x *Settings) { x.NodeTimeout = Value{} }, Unknown, 0, []Limit{DeadmanMode, NodeTimeout}},
		{"no switch", func(x *Settings) { x.Switch = nil }, Unknown, 0, []Limit{DeadManSwitch, CriticalDaemons}},
		{"no mode", func(x *Settings) { x.DeadmanMode = "" }, Unknown, 0, []Limit{DeadmanMode}},
		{"managed or not", func(x *Settings) { x.Managed, x.Monitor = nil, Of(s) }, Unknown, 0, []Limit{NetworkFailureDetection, ApplicationMonitor}},
		{"no monitors known, unmanaged", func(x *Settings) { x.Monitor, x.Managed = Value{}, &off }, DeadManSwitch, 30 * s, nil},
		{"nothing", func(x *Settings) { *x = Settings{} }, Unknown, 0, []Limit{
			DeadManSwitch, DeadmanMode, CriticalDaemons, NodeTimeout, LinkTimeout, NetworkFailureDetection, ApplicationMonitor, PVMWatchdog,
		}},
	}
	for _, tt := range tests {
		x := defaults()
		tt.change(&x)
		b := Longest(x)
		if b.Limit != tt.limit || b.Longest != tt.longest || !slices.Equal(b.Missing, tt.missing) {
			t.Errorf("%s: %+v", tt.name, b)
		}
		for i, term := range Terms(x) {
			if term.Limit != Limits()[i] {
				t.Errorf("%s: term %d is %s", tt.name, i, term.Limit)
			}
		}
	}
}

// A freeze of exactly the limit is borne, one that is longer is not; the timer is named.
func TestRehearse(t *testing.T) {
	x := defaults()
	x.Network = Of(60 * s)
	for freeze, want := range map[time.Duration][]Effect{
		30 * s:      {},
		30*s + 1:    {Halted, Halted, ClientsKilled, NodeDown, Takeover},
		40*s + 1:    {Halted, Halted, ClientsKilled, NodeDown, Takeover},
		600 * s:     {Halted, Halted, ClientsKilled, NodeDown, Takeover},
		time.Second: {},
	} {
		var got []Effect
		for _, c := range Rehearse(x, freeze).Consequences {
			got = append(got, c.Effect)
			if c.Timer == "" || c.After > freeze {
				t.Errorf("%v: %+v", freeze, c)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %q, want %q", freeze, got, want)
		}
	}
	if r := Rehearse(Settings{}, s); len(r.Missing) != len(Limits())-1 {
		t.Errorf("nothing is known, and %v is missing", r.Missing)
	}
}

func TestFromReadings(t *testing.T) {
	grace := 10 * s
	on := true
	all := map[model.Source]model.Reading{
		model.SourceCluster:       {Cluster: &model.Cluster{GracePeriod: &grace, Type: "LC"}},
		model.SourceNodes:         {Nodes: []model.Node{{Name: "n1", State: model.NodeNormal}}},
		model.SourceNodeTimeout:   {NodeTimeout: 30 * s},
		model.SourceDeadmanMode:   {DeadmanMode: "a"},
		model.SourceGroupServices: {DeadManSwitch: &on},
		model.SourceTunables:      {Tunables: map[string]string{"network_fdt": "20000", "link_timeout": "30000", "pvm_wdog": "DISABLE"}},
		model.SourceMonitors: {Monitors: []model.Monitor{
			{Type: "custom", Mode: "longrunning", Interval: 20 * s, Retries: 2},
			{Type: "custom", Mode: "startup", Interval: s},
			{Type: "custom", Mode: "both", Interval: 30 * s, Suspended: true},
			{Type: "process", Mode: "both"},
		}},
	}
	got := FromReadings(all, "n1")
	if !*got.Managed || got.NodeTimeout != Of(30*s) || got.Grace != Of(grace) || got.DeadmanMode != "a" || !*got.Switch ||
		got.Network != Of(20*s) || got.Link != Of(30*s) || got.Watchdog != None() || got.Monitor != Of(60*s) {
		t.Errorf("%+v", got)
	}
	if b := Longest(got); b.Limit != NetworkFailureDetection {
		t.Errorf("%+v", b)
	}
	all[model.SourceCluster].Cluster.Type = "NSC"
	all[model.SourceTunables] = model.Reading{Tunables: map[string]string{"node_down_delay": "10000"}}
	if got := FromReadings(all, "n1"); got.Network != Of(fixedNetworkDetection) || got.Link != None() {
		t.Errorf("a level without network_fdt: %+v", got)
	}
	all[model.SourceTunables].Tunables["pvm_wdog"] = "HARD_RESET"
	all[model.SourceTunables].Tunables["network_fdt"] = "soon"
	if got := FromReadings(all, "n1"); got.Watchdog.State != Unreadable || got.Network.State != Unreadable {
		t.Errorf("%+v", got)
	}
	if got := FromReadings(nil, "n1"); Longest(got).Limit != Unknown || got.Managed != nil {
		t.Errorf("%+v", got)
	}
}
