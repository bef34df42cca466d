package budget

import (
	"reflect"
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
		Link: None(), Watchdog: new(false), Monitor: None(), ClientKill: new(true),
	}
}

func TestLongest(t *testing.T) {
	on, off := true, false
	tests := []struct {
		name    string
		change  func(*Settings)
		limit   Limit
		longest time.Duration
		missing []Limit
	}{
		{"defaults", func(*Settings) {}, NetworkFailureDetection, 20 * s, nil},
		{"slow network detection", func(x *Settings) { x.Network = Of(60 * s) }, DeadManSwitch, 30 * s, nil},
		{"switch alone stopped", func(x *Settings) { x.Network, x.Switch, x.DeadmanMode = Of(60*s), &off, "e" }, CriticalDaemons, 30 * s, nil},
		{"switch stopped, nothing told of clients", func(x *Settings) { x.Network, x.Switch, x.ClientKill, x.DeadmanMode = Of(60*s), &off, nil, "e" }, NodeTimeout, 40 * s, nil},
		{"switch stopped", func(x *Settings) { x.Network, x.Switch, x.ClientKill = Of(60*s), &off, &off }, DeadmanMode, 30 * s, nil},
		{"events only", func(x *Settings) { x.Network, x.Switch, x.ClientKill, x.DeadmanMode = Of(60*s), &off, &off, "e" }, NodeTimeout, 40 * s, nil},
		{"unmanaged, as it is", func(x *Settings) { x.Managed = &off }, DeadManSwitch, 30 * s, nil},
		{"a monitor", func(x *Settings) { x.Monitor = Of(15 * s) }, ApplicationMonitor, 15 * s, nil},
		{"a monitor of unmanaged groups", func(x *Settings) { x.Monitor, x.Managed = Of(15*s), &off }, DeadManSwitch, 30 * s, nil},
		{"linked sites add to the node timeout", func(x *Settings) { x.Link = Of(30 * s) }, NetworkFailureDetection, 20 * s, nil},
		{"for a migration", func(x *Settings) { *x = ForMigration(*x, Of(600*s), &on) }, NodeTimeout, 610 * s, nil},
		{"for a migration, managed", func(x *Settings) { *x = ForMigration(*x, Of(600*s), &off) }, NetworkFailureDetection, 20 * s, nil},
		{"for a migration, policy not read", func(x *Settings) { *x = ForMigration(*x, Of(600*s), nil) }, Unknown, 0, []Limit{NetworkFailureDetection}},
		{"for a migration, policy not read, already unmanaged", func(x *Settings) { x.Managed = &off; *x = ForMigration(*x, Of(600*s), nil) }, NodeTimeout, 610 * s, nil},
		{"for a migration, switch stopped before", func(x *Settings) { x.Switch = &off; *x = ForMigration(*x, Of(600*s), &on) }, CriticalDaemons, 30 * s, nil},
		{"for a migration, linked", func(x *Settings) { x.Link = Of(30 * s); *x = ForMigration(*x, Of(120*s), &on) }, NodeTimeout, 130 * s, nil},
		{"linked, link_timeout not read", func(x *Settings) { x.Link = Value{} }, Unknown, 0, []Limit{LinkTimeout}},
		{"the hypervisor's watchdog, not read", func(x *Settings) { x.Watchdog = nil }, Unknown, 0, []Limit{PVMWatchdog}},
		{"the hypervisor's watchdog", func(x *Settings) { x.Watchdog = &on }, Unknown, 0, []Limit{PVMWatchdog}},
		{"no node timeout", func(x *Settings) { x.NodeTimeout = Value{} }, Unknown, 0, []Limit{DeadmanMode, NodeTimeout}},
		{"no switch", func(x *Settings) { x.Switch, x.ClientKill = nil, nil }, Unknown, 0, []Limit{DeadManSwitch, CriticalDaemons}},
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

// A timer of which nothing is known has no consequence; one that is on and of unknown length has an uncertain one.
func TestRehearseUnknown(t *testing.T) {
	x := defaults()
	x.Watchdog = nil
	if r := Rehearse(x, s); len(r.Consequences) != 0 || !slices.Equal(r.Missing, []Limit{PVMWatchdog}) {
		t.Errorf("%+v", r)
	}
	x.Watchdog = new(true)
	if r := Rehearse(x, s); len(r.Consequences) != 1 || r.Consequences[0].Effect != WatchdogFires || r.Consequences[0].Certain || len(r.Missing) != 1 {
		t.Errorf("%+v", r)
	}
}

// readings are those of a calm node of PowerHA 7.2.
func readings() map[model.Source]model.Reading {
	return map[model.Source]model.Reading{
		model.SourceCluster:       {Cluster: &model.Cluster{GracePeriod: new(10 * s), Type: "LC", CritDaemonGrace: new(60 * s)}},
		model.SourceNodes:         {Nodes: []model.Node{{Name: "n1", State: model.NodeNormal}}},
		model.SourceNodeTimeout:   {NodeTimeout: 30 * s},
		model.SourceDeadmanMode:   {DeadmanMode: "a"},
		model.SourceGroupServices: {DeadManSwitch: new(true), ClientKill: new(true)},
		model.SourceTunables: {Tunables: map[string]string{
			"node_timeout": "30000", "node_down_delay": "12000", "network_fdt": "20000", "link_timeout": "30000", "pvm_wdog": "DISABLE",
		}},
		model.SourceMonitors: {Monitors: []model.Monitor{
			{Type: "custom", Mode: "longrunning", Interval: 20 * s, Retries: 2},
			{Type: "custom", Mode: "startup", Interval: s},
			{Type: "custom", Mode: "both", Interval: 30 * s, Suspended: true},
			{Type: "process", Mode: "both"},
		}},
	}
}

func TestFromReadings(t *testing.T) {
	want := Settings{
		Managed: new(true), NodeTimeout: Of(30 * s), Grace: Of(12 * s), DeadmanMode: "a", Switch: new(true), Network: Of(20 * s), Link: Of(30 * s),
		Watchdog: new(false), Monitor: Of(60 * s), ClientKill: new(true), DaemonGrace: Of(60 * s),
	}
	if got := FromReadings(readings(), "n1"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	tests := []struct {
		name   string
		change func(r map[model.Source]model.Reading, tune map[string]string)
		want   func(x *Settings)
	}{
		{"standard cluster", func(r map[model.Source]model.Reading, _ map[string]string) {
			r[model.SourceCluster].Cluster.Type = "NSC"
		}, func(x *Settings) { x.Link = None() }},
		{"linked without link_timeout", func(_ map[model.Source]model.Reading, tune map[string]string) { delete(tune, "link_timeout") }, func(x *Settings) { x.Link = Value{} }},
		{"a level without network_fdt", func(_ map[model.Source]model.Reading, tune map[string]string) { delete(tune, "network_fdt") }, func(x *Settings) { x.Network = Of(5 * s) }},
		{"a level without pvm_wdog", func(_ map[model.Source]model.Reading, tune map[string]string) { delete(tune, "pvm_wdog") }, func(*Settings) {}},
		{"network_fdt of no meaning", func(_ map[model.Source]model.Reading, tune map[string]string) { tune["network_fdt"] = "soon" }, func(x *Settings) { x.Network = Value{} }},
		{"network_fdt of 0", func(_ map[model.Source]model.Reading, tune map[string]string) { tune["network_fdt"] = "0" }, func(x *Settings) { x.Network = Value{} }},
		{"watchdog on", func(_ map[model.Source]model.Reading, tune map[string]string) { tune["pvm_wdog"] = "HARD_RESET" }, func(x *Settings) { x.Watchdog = new(true) }},
		{"watchdog on, by PowerHA's attribute", func(r map[model.Source]model.Reading, _ map[string]string) {
			r[model.SourceCluster].Cluster.PVMWatchdog = "dump_restart"
		}, func(x *Settings) { x.Watchdog = new(true) }},
		{"a list that is not whole", func(r map[model.Source]model.Reading, _ map[string]string) {
			r[model.SourceTunables] = model.Reading{Unparsed: 1, Tunables: map[string]string{"node_timeout": "30000"}}
		}, func(x *Settings) { x.Grace, x.Network, x.Link, x.Watchdog = Of(10*s), Value{}, Value{}, nil }},
		{"a list cut off", func(r map[model.Source]model.Reading, _ map[string]string) {
			r[model.SourceTunables] = model.Reading{Tunables: map[string]string{"communication_mode": "u"}}
		}, func(x *Settings) { x.Grace, x.Network, x.Link, x.Watchdog = Of(10*s), Value{}, Value{}, nil }},
		{
			"no list", func(r map[model.Source]model.Reading, _ map[string]string) { delete(r, model.SourceTunables) },
			func(x *Settings) { x.Grace, x.Network, x.Link, x.Watchdog = Of(10*s), Value{}, Value{}, nil },
		},
		{
			"no cluster", func(r map[model.Source]model.Reading, _ map[string]string) { delete(r, model.SourceCluster) },
			func(x *Settings) { x.Link, x.DaemonGrace = Value{}, Value{} },
		},
		{
			"unmanaged", func(r map[model.Source]model.Reading, _ map[string]string) {
				r[model.SourceNodes].Nodes[0].State = model.NodeUnmanaged
			},
			func(x *Settings) { x.Managed = new(false) },
		},
		{
			"a node that is not in the list", func(r map[model.Source]model.Reading, _ map[string]string) { r[model.SourceNodes].Nodes[0].Name = "n2" },
			func(x *Settings) { x.Managed = nil },
		},
		{
			"a monitor without interval", func(r map[model.Source]model.Reading, _ map[string]string) {
				r[model.SourceMonitors].Monitors[0].Interval = 0
			},
			func(x *Settings) { x.Monitor = Value{} },
		},
		{
			"absurd retries", func(r map[model.Source]model.Reading, _ map[string]string) {
				r[model.SourceMonitors].Monitors[0].Retries = 1 << 62
			},
			func(x *Settings) { x.Monitor = Of(20 * 1001 * s) },
		},
		{"monitors not understood", func(r map[model.Source]model.Reading, _ map[string]string) {
			r[model.SourceMonitors] = model.Reading{Unparsed: 3}
		}, func(x *Settings) { x.Monitor = Value{} }},
		{
			"no monitors", func(r map[model.Source]model.Reading, _ map[string]string) { r[model.SourceMonitors] = model.Reading{} },
			func(x *Settings) { x.Monitor = None() },
		},
	}
	for _, tt := range tests {
		r, x := readings(), want
		tt.change(r, r[model.SourceTunables].Tunables)
		tt.want(&x)
		if got := FromReadings(r, "n1"); !reflect.DeepEqual(got, x) {
			t.Errorf("%s: %+v\nwant %+v", tt.name, got, x)
		}
	}
	if got := FromReadings(nil, "n1"); Longest(got).Limit != Unknown || got.Managed != nil || len(Longest(got).Missing) != len(Limits())-1 {
		t.Errorf("%+v", got)
	}
}

func TestForMigrationFromCluster(t *testing.T) {
	heartbeat := new(120 * s)
	for _, tt := range []struct {
		c         *model.Cluster
		timeout   Value
		unmanages *bool
	}{
		{nil, Value{}, nil},
		{&model.Cluster{}, Value{}, nil},
		{&model.Cluster{HasLPM: true, LPMPolicy: model.PolicyUnset, LPMHeartbeat: new(time.Duration(0))}, Of(600 * s), new(false)},
		{&model.Cluster{HasLPM: true, LPMPolicy: model.PolicyUnmanage, LPMHeartbeat: heartbeat}, Of(120 * s), new(true)},
		{&model.Cluster{HasLPM: true, LPMPolicy: model.PolicyManage, LPMHeartbeat: heartbeat}, Of(120 * s), new(false)},
		{&model.Cluster{HasLPM: true, LPMPolicy: model.PolicyManage, HyperSwap: true, LPMHeartbeat: heartbeat}, Of(120 * s), new(true)},
		{&model.Cluster{HasLPM: true, LPMPolicy: model.PolicyUnknown}, Value{}, nil},
	} {
		if got := LPMTimeout(tt.c); got != tt.timeout {
			t.Errorf("%+v: %+v", tt.c, got)
		}
		if got := Unmanages(tt.c); !reflect.DeepEqual(got, tt.unmanages) {
			t.Errorf("%+v: unmanages %v", tt.c, got)
		}
	}
}

// Every limit but unknown says what it is read from.
func TestSources(t *testing.T) {
	for _, l := range Limits() {
		if n := len(Sources(l)); (n == 0) != (l == Unknown) {
			t.Errorf("%s is read from %d sources", l, n)
		}
	}
	for source := range readings() {
		if !slices.Contains(AllSources(), source) {
			t.Errorf("%s is not read", source)
		}
	}
}
