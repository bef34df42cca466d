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

// Rehearse tells which timers fire in a freeze of that length, in their order, and what follows.
func Rehearse(s Settings, freeze time.Duration) Row {
	r := Row{Freeze: freeze, Consequences: []Consequence{}}
	managed := s.Managed == nil || *s.Managed
	fired := make(map[Limit]time.Duration)
	for _, t := range Terms(s) {
		switch {
		case t.Limit == PVMWatchdog && t.Applies:
			r.Missing = append(r.Missing, t.Limit)
			r.Consequences = append(r.Consequences, Consequence{Effect: WatchdogFires, Timer: t.Limit})
		case !t.Readable:
			r.Missing = append(r.Missing, t.Limit)
		case t.Applies && freeze > t.Longest:
			fired[t.Limit] = t.Longest
			r.Consequences = append(r.Consequences, effects(t, managed)...)
		}
	}
	if gone(fired) { // what the node itself would notice when it wakes does not come to pass
		r.Consequences = slices.DeleteFunc(r.Consequences, func(c Consequence) bool {
			return c.Timer == NetworkFailureDetection || c.Timer == ApplicationMonitor
		})
	}
	r.Consequences = append(r.Consequences, aftermath(fired, managed)...)
	slices.SortStableFunc(r.Consequences, func(a, b Consequence) int { return cmp.Compare(a.After, b.After) })
	return r
}

// gone reports whether the node is halted on waking, or has been declared down by then.
func gone(fired map[Limit]time.Duration) bool {
	for _, l := range []Limit{DeadManSwitch, DeadmanMode, NodeTimeout} {
		if _, ok := fired[l]; ok {
			return true
		}
	}
	return false
}

// effects are those of one timer.
func effects(t Term, managed bool) []Consequence {
	one := func(e Effect, certain bool) []Consequence {
		return []Consequence{{Effect: e, Timer: t.Limit, After: t.Longest, Certain: certain}}
	}
	switch t.Limit {
	case DeadManSwitch, DeadmanMode:
		return one(Halted, true)
	case CriticalDaemons:
		return one(ClientsKilled, false)
	case NodeTimeout:
		if managed {
			return append(one(NodeDown, true), one(Takeover, true)...)
		}
		return one(NodeDown, true)
	case NetworkFailureDetection:
		return one(NetworkDown, true)
	case ApplicationMonitor:
		return one(ApplicationRestart, false)
	case LinkTimeout, PVMWatchdog, Unknown:
		return nil // the remote sites follow what the local nodes have found
	default:
		return nil
	}
}

// aftermath is what happens after the node has woken because of what fired before.
func aftermath(fired map[Limit]time.Duration, managed bool) []Consequence {
	down, isDown := fired[NodeTimeout]
	halt, timer := time.Duration(0), Limit("")
	for _, l := range []Limit{DeadManSwitch, DeadmanMode} {
		if at, ok := fired[l]; ok && (timer == "" || at < halt) {
			halt, timer = at, l
		}
	}
	switch {
	case timer != "" && !managed:
		out := []Consequence{{Effect: Abandoned, Timer: timer, After: halt, Certain: true}}
		if !isDown {
			out = append(out, Consequence{Effect: NodeDown, Timer: timer, After: halt, Certain: true})
		}
		return out
	case timer != "" && !isDown: // it is dead now, and the others find out
		return []Consequence{
			{Effect: NodeDown, Timer: timer, After: halt, Certain: true}, {Effect: Takeover, Timer: timer, After: halt, Certain: true},
		}
	case timer == "" && isDown && managed:
		// Not when it wakes before a takeover that has just begun has come to its groups.
		return []Consequence{{Effect: Merged, Timer: NodeTimeout, After: down}}
	}
	return nil
}
