package budget

import (
	"cmp"
	"slices"
	"time"
)

// Effect is what a timer that fires in a freeze, or at its end, does.
type Effect string

// The effects.
const (
	// Halted: the node is halted when it wakes.
	Halted Effect = "node halted on waking"
	// NodeDown: the other nodes run the event node_down.
	NodeDown Effect = "node_down at the other nodes"
	// Takeover: they take the managed groups over.
	Takeover Effect = "takeover of its resource groups"
	// Merged: the node wakes, meets others that run its groups, and is halted by the merge policy.
	Merged Effect = "halted when it meets the others"
	// NetworkDown: an event for a network or an interface.
	NetworkDown Effect = "network_down event"
	// ApplicationRestart: an application is restarted, or its group moved.
	ApplicationRestart Effect = "server_restart of the application"
	// ClientsKilled: Group Services ends RSCT's critical daemons, and the node is halted.
	ClientsKilled Effect = "critical daemons ended, node halted"
	// DaemonsRestart: the same where the node waits for them to come back (CRIT_DAEMON_RESTART_GRACE_PERIOD).
	DaemonsRestart Effect = "critical daemons ended, node halted unless they are back in time"
	// Abandoned: the groups of a halted, unmanaged node are started by nobody.
	Abandoned Effect = "resource groups down: nobody takes them over"
	// WatchdogFires: the hypervisor resets or powers off the partition, at a time that is not known.
	WatchdogFires Effect = "hypervisor watchdog may act"
)

// Consequence is one effect of a freeze.
type Consequence struct {
	Effect Effect        `json:"effect"`
	Timer  Limit         `json:"timer"`
	After  time.Duration `json:"after"` // into the freeze the timer fires
	// Certain is false where it depends on chance or is documented incompletely.
	Certain bool `json:"certain"`
}

// Row is what a freeze of one length does under some settings.
type Row struct {
	Freeze       time.Duration `json:"freeze"`
	Consequences []Consequence `json:"consequences"`
	// Missing are the timers that could not be judged.
	Missing []Limit `json:"missing,omitempty"`
}

// outcome is what of a node has become certain, or possible, when its freeze ends.
type outcome struct {
	halted, mayHalt bool // a switch ends it when it wakes
	down, mayDown   bool // the others have declared it down by then
	haltTimer       Limit
	haltAfter       time.Duration
	downTimer       Limit
	downAfter       time.Duration
}

// Rehearse tells which timers fire in a freeze of that length, in their order, and what follows. It supposes that the
// node holds resource groups and that another node can take them. A timer of which it is not known whether it fires is
// in Missing and has no consequence.
func Rehearse(s Settings, freeze time.Duration) Row {
	r := Row{Freeze: freeze, Consequences: []Consequence{}}
	var fired []Term
	for _, t := range Terms(s) {
		switch {
		case t.Limit == PVMWatchdog && s.Watchdog != nil && *s.Watchdog:
			r.Missing = append(r.Missing, t.Limit)
			r.Consequences = append(r.Consequences, Consequence{Effect: WatchdogFires, Timer: t.Limit})
		case !t.Readable:
			r.Missing = append(r.Missing, t.Limit)
		case t.Applies && freeze > t.Longest:
			fired = append(fired, t)
		}
	}
	managed := s.Managed == nil || *s.Managed
	o := outcomeOf(s, fired)
	for _, t := range fired {
		r.Consequences = append(r.Consequences, effects(s, t, o, managed)...)
	}
	r.Consequences = append(r.Consequences, aftermath(o, managed)...)
	slices.SortStableFunc(r.Consequences, func(a, b Consequence) int { return cmp.Compare(a.After, b.After) })
	return r
}

func outcomeOf(s Settings, fired []Term) outcome {
	var o outcome
	for _, t := range fired {
		switch t.Limit {
		case DeadManSwitch, DeadmanMode, CriticalDaemons:
			sure := t.Limit != CriticalDaemons
			if sure && !o.halted || o.haltTimer == "" || sure == o.halted && t.Longest < o.haltAfter {
				o.haltTimer, o.haltAfter = t.Limit, t.Longest
			}
			o.halted, o.mayHalt = o.halted || sure, true
		case NodeTimeout, LinkTimeout:
			// Whether a node of the own site is there to see it is not read; one of another site is, in a linked cluster.
			sure := t.Limit == LinkTimeout || !s.linked()
			if !o.down {
				o.downTimer, o.downAfter = t.Limit, t.Longest
			}
			o.down, o.mayDown = o.down || sure, true
		case NetworkFailureDetection, ApplicationMonitor, PVMWatchdog, Unknown:
		}
	}
	return o
}

// effects are those of one timer.
func effects(s Settings, t Term, o outcome, managed bool) []Consequence {
	one := func(e Effect, certain bool) Consequence {
		return Consequence{Effect: e, Timer: t.Limit, After: t.Longest, Certain: certain}
	}
	switch t.Limit {
	case DeadManSwitch, DeadmanMode:
		return []Consequence{one(Halted, true)}
	case CriticalDaemons:
		if s.DaemonGrace.State == Known && s.DaemonGrace.D > 0 {
			return []Consequence{one(DaemonsRestart, false)}
		}
		return []Consequence{one(ClientsKilled, false)}
	case NodeTimeout, LinkTimeout:
		sure := t.Limit == LinkTimeout || !s.linked()
		out := []Consequence{one(NodeDown, sure)}
		if managed {
			out = append(out, one(Takeover, sure))
		}
		return out
	case NetworkFailureDetection, ApplicationMonitor:
		switch {
		case o.halted || o.down: // what the node itself would notice when it wakes does not come to pass
			return nil
		case t.Limit == NetworkFailureDetection:
			return []Consequence{one(NetworkDown, !o.mayHalt && !o.mayDown)}
		}
		return []Consequence{one(ApplicationRestart, false)}
	case PVMWatchdog, Unknown:
	}
	return nil
}

// aftermath is what happens after the node has woken because of what fired before.
func aftermath(o outcome, managed bool) []Consequence {
	one := func(e Effect) Consequence {
		return Consequence{Effect: e, Timer: o.haltTimer, After: o.haltAfter, Certain: o.halted}
	}
	var out []Consequence
	switch {
	case o.mayHalt && !managed:
		out = append(out, one(Abandoned))
		if !o.down {
			out = append(out, one(NodeDown))
		}
	case o.mayHalt && !o.down: // it is dead now, and the others find out
		out = append(out, one(NodeDown), one(Takeover))
	}
	if !o.halted && o.mayDown && managed {
		// Not when it wakes before a takeover that has just begun has come to its groups.
		out = append(out, Consequence{Effect: Merged, Timer: o.downTimer, After: o.downAfter})
	}
	return out
}
