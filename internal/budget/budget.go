// Package budget is the arithmetic of how long a freeze a cluster bears: which
// of its timers fires at which length, and what follows. It is pure.
//
// The timers are those of PowerHA SystemMirror, CAA and RSCT as their
// documentation and SG24-8278 describe them; the comment of each constant
// names the source.
package budget

import (
	"slices"
	"time"
)

// Limit is a timer that limits how long a freeze may be.
type Limit string

// The limits, in the order in which they are named when two are equal.
const (
	// DeadManSwitch: Group Services halts a node whose switch was not reset for 30 s, which is fixed ("trip interval =
	// 30 seconds", listdms, SG24-8278 ex. 8-4). PowerHA's own script stops it for a migration.
	DeadManSwitch Limit = "dead_man_switch"
	// DeadmanMode: CAA crashes a node that had no contact for node_timeout where deadman_mode is a (assert); with e it
	// raises an event (help text of clctrl: "the interval associated with this timer is the node_timeout tunable").
	DeadmanMode Limit = "deadman_mode"
	// CriticalDaemons: Group Services ends critical clients that do not respond ("Critical clients will be terminated if
	// unresponsive", lssrc -ls cthags, SG24-8278 ex. 8-4), and RSCT halts a node whose critical daemons are gone (IBM
	// documentation, "Configuring the CRIT_DAEMON_RESTART_GRACE_PERIOD tunable"). After how long a client counts as
	// unresponsive is documented nowhere: the trip interval of the switch is taken for it, the shortest interval that is
	// documented of Group Services. The grace period (0 to 240 s) says how long the node waits for daemons that have
	// ended to come back: it makes the halt doubtful and lengthens no freeze.
	CriticalDaemons Limit = "critical_daemons"
	// NodeTimeout: the others wait node_timeout and then the grace period (node_down_delay) before they post a node as
	// down (help text of clctrl; SG24-8278, 8.1: 30 s + 10 s), and take its managed groups over.
	NodeTimeout Limit = "node_timeout"
	// LinkTimeout: in a linked cluster (TYPE LC) the nodes of other sites wait node_timeout + link_timeout +
	// node_down_delay ("applied as a delta to the node_timeout tunable for nodes in remote sites", help text of clctrl).
	// PowerHA's own script raises the first of them alone.
	LinkTimeout Limit = "link_timeout"
	// NetworkFailureDetection: after network_fdt a network counts as failed (NETWORK_FAILURE_DETECTION_TIME, 20 s). The
	// event concerns a managed node; of an unmanaged one it moves nothing.
	NetworkFailureDetection Limit = "network_failure_detection"
	// ApplicationMonitor: a custom monitor that does not return within its interval counts as hung and as failed; the
	// retry count says how many failures in a row are borne (IBM documentation, "Configuring custom application
	// monitors"). Monitors stop while groups are unmanaged. Process monitors react to a death, not to a freeze.
	ApplicationMonitor Limit = "application_monitor"
	// PVMWatchdog: a watchdog of the hypervisor that CAA has to reset (AIX 7.3 TL1, PowerHA 7.2.7). Its time-out is
	// documented nowhere, nor whether it stands still in a migration: where it is on, the budget is not known.
	PVMWatchdog Limit = "pvm_wdog"
	// Unknown: a term could not be read.
	Unknown Limit = "unknown"
)

// Limits lists them, Unknown last.
func Limits() []Limit {
	return []Limit{
		DeadManSwitch, DeadmanMode, CriticalDaemons, NodeTimeout, LinkTimeout, NetworkFailureDetection, ApplicationMonitor,
		PVMWatchdog, Unknown,
	}
}

// Trip is the fixed trip interval of Group Services' dead man switch.
const Trip = 30 * time.Second

// UnsetLPMTimeout is the node timeout during a migration while HEARTBEAT_FREQUENCY_DURING_LPM was never set (IBM
// documentation, "Live Partition Mobility variables").
const UnsetLPMTimeout = 600 * time.Second

// Value is a setting that may be unreadable or not exist here.
type Value struct {
	D     time.Duration
	State Readable
}

// Readable tells whether a setting is known.
type Readable int

// The states of a Value. The zero value is unreadable.
const (
	Unreadable Readable = iota
	Known
	Absent // this level or this cluster does not have it: it limits nothing
)

// Of is a value that was read.
func Of(d time.Duration) Value { return Value{d, Known} }

// None is a value that does not exist here.
func None() Value { return Value{State: Absent} }

// Settings are those that one node and its cluster have in force. Pointers are nil, strings empty, where unreadable.
type Settings struct {
	Managed     *bool // PowerHA manages the node's groups
	NodeTimeout Value // CAA node_timeout
	Grace       Value // CAA node_down_delay
	DeadmanMode string
	Switch      *bool // Group Services' dead man switch is armed
	Network     Value // network_fdt
	Link        Value // link_timeout; absent unless sites are linked
	Watchdog    *bool // the hypervisor's is on: its length is never known
	Monitor     Value // the shortest time in which a custom monitor fails: interval × (1 + retries)
	// ClientKill: critical clients that do not respond are ended; nil where that is not told: then as the switch is.
	ClientKill *bool
	// DaemonGrace is CRIT_DAEMON_RESTART_GRACE_PERIOD, as far as the cluster's own attribute tells.
	DaemonGrace Value
}

// killsClients tells whether Group Services ends critical clients; nil where it cannot be told.
func (s Settings) killsClients() *bool {
	if s.ClientKill != nil {
		return s.ClientKill
	}
	return s.Switch
}

// linked: nodes of another site watch this one too, and whether any of its own site does was not read.
func (s Settings) linked() bool { return s.Link.State != Absent }

// Term is one limit as it holds under some settings.
type Term struct {
	Limit   Limit         `json:"limit"`
	Longest time.Duration `json:"longest,omitempty"` // a longer freeze makes it fire
	Applies bool          `json:"applies"`
	// Readable is false where what it is made of could not be read, though it may apply.
	Readable bool `json:"readable"`
}

// Terms lists every limit under the settings, in the order of Limits.
func Terms(s Settings) []Term {
	managed := s.Managed != nil && *s.Managed
	kills := s.killsClients()
	watchdog := Term{Limit: PVMWatchdog, Applies: s.Watchdog == nil || *s.Watchdog}
	watchdog.Readable = !watchdog.Applies // where it is on, its length is not known
	return []Term{
		unless(s.Switch == nil, term(DeadManSwitch, s.Switch != nil && *s.Switch, Of(Trip))),
		unless(s.DeadmanMode == "", term(DeadmanMode, s.DeadmanMode == "a", s.NodeTimeout)),
		unless(kills == nil, term(CriticalDaemons, kills != nil && *kills, Of(Trip))),
		term(NodeTimeout, true, s.NodeTimeout, s.Grace),
		term(LinkTimeout, true, s.NodeTimeout, s.Grace, s.Link),
		unless(s.Managed == nil && s.Network.State != Absent, term(NetworkFailureDetection, managed, s.Network)),
		unless(s.Managed == nil && s.Monitor.State != Absent, term(ApplicationMonitor, managed, s.Monitor)),
		watchdog,
	}
}

// term adds up what a limit is made of. An absent part makes it not apply, an unreadable one makes it unreadable.
func term(l Limit, applies bool, parts ...Value) Term {
	t := Term{Limit: l, Applies: applies, Readable: true}
	for _, x := range parts {
		switch x.State {
		case Absent:
			t.Applies = false
		case Unreadable:
			t.Readable = false
		case Known:
			t.Longest += x.D
		}
	}
	if !t.Applies || !t.Readable {
		t.Longest = 0
	}
	t.Readable = t.Readable || !t.Applies
	return t
}

// unless makes a term unreadable when it is not known whether it applies.
func unless(doubtful bool, t Term) Term {
	if doubtful {
		t.Applies, t.Readable, t.Longest = true, false, 0
	}
	return t
}

// Budget is the longest freeze that the settings bear.
type Budget struct {
	Longest time.Duration
	Limit   Limit // the term that is smallest; Unknown when one that may apply cannot be read
	// Missing are the terms that could not be read.
	Missing []Limit
}

// Longest is the smallest of the terms. One that cannot be read makes the budget unknown.
func Longest(s Settings) Budget {
	b := Budget{Limit: Unknown}
	for _, t := range Terms(s) {
		switch {
		case !t.Readable:
			b.Missing = append(b.Missing, t.Limit)
		case t.Applies && (b.Limit == Unknown || t.Longest < b.Longest):
			b.Limit, b.Longest = t.Limit, t.Longest
		}
	}
	if len(b.Missing) > 0 {
		return Budget{Limit: Unknown, Missing: b.Missing}
	}
	return b
}

// ForMigration is what PowerHA's own script makes of the settings for a migration (SG24-8278, table 8-1 and ex. 8-20):
// it raises the node timeout, stops the dead man switch and with it the client kill, sets deadman_mode to e, and unmanages
// the node where it is told to; unmanages is nil where that cannot be read. It leaves the client kill alone where the
// switch was stopped before. Before PowerHA 7.2 there is no such script.
func ForMigration(s Settings, lpmTimeout Value, unmanages *bool) Settings {
	if s.Switch == nil || *s.Switch {
		s.ClientKill = new(false)
	}
	s.NodeTimeout, s.DeadmanMode, s.Switch = lpmTimeout, "e", new(false)
	switch {
	case unmanages == nil && (s.Managed == nil || *s.Managed):
		s.Managed = nil
	case unmanages != nil && *unmanages:
		s.Managed = new(false)
	}
	return s
}

// MonitorTime is the time in which the first of some custom monitors fails; absent without any.
func MonitorTime(intervals []time.Duration) Value {
	intervals = slices.DeleteFunc(slices.Clone(intervals), func(d time.Duration) bool { return d <= 0 })
	if len(intervals) == 0 {
		return None()
	}
	return Of(slices.Min(intervals))
}
