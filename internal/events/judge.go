// Package events judges the events of a cluster: which of them a protected
// migration causes, and which nobody wanted. It is pure.
package events

import (
	"slices"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// Why is the reason of a judgement.
type Why string

// The reasons.
const (
	// Wanted.
	WhyAsked    Why = "asked_for"       // services were stopped or started by somebody, or by PowerHA's own script
	WhyRejoins  Why = "node_rejoins"    // the migrating node is managed again
	WhyResumed  Why = "resources_check" // on its resume PowerHA looks at the node's own resources
	WhyRecovery Why = "recovery"        // what had failed is right again; the failure counts, not this
	WhyPart     Why = "part_of_another" // a step or the end of an event that is judged itself
	WhyOther    Why = "not_classified"  // an event that says nothing of a freeze, or is not known

	// Unwanted.
	WhyNodeDown    Why = "node_down"
	WhyOtherNodeUp Why = "other_node_up" // another node had been lost or stopped
	WhyMoved       Why = "resource_group_moved"
	WhyApplication Why = "application_failed"
	WhyNetwork     Why = "network_failed"
	WhySite        Why = "site_failed"
	WhyTooLong     Why = "event_too_long"
	WhyForgotten   Why = "unmanaged_too_long"
	WhyFailed      Why = "event_failed"
	WhyFault       Why = "fault_logged"
)

// Whys lists them, those of wanted events first.
func Whys() []Why {
	return []Why{
		WhyAsked, WhyRejoins, WhyResumed, WhyRecovery, WhyPart, WhyOther,
		WhyNodeDown, WhyOtherNodeUp, WhyMoved, WhyApplication, WhyNetwork, WhySite, WhyTooLong, WhyForgotten, WhyFailed, WhyFault,
	}
}

// Context is what the migration was doing when the event was seen.
type Context struct {
	Node  string // the node that migrates
	Ended bool   // the migration had ended: the node is resumed
}

// Judge tells whether the event is one that a protected migration does not cause.
func Judge(e model.ClusterEvent, c Context) (unwanted bool, why Why) {
	why = judge(e, c)
	switch why {
	case WhyAsked, WhyRejoins, WhyResumed, WhyRecovery, WhyPart, WhyOther:
		return false, why
	default:
		return true, why
	}
}

func judge(e model.ClusterEvent, c Context) Why {
	switch {
	case e.Step == model.ClusterEventNoted:
		return WhyFault
	case e.Step == model.ClusterEventFailed, e.Exit != nil && *e.Exit != 0:
		return WhyFailed
	case e.Step == model.ClusterEventCompleted, e.Step == model.ClusterEventSummary:
		return WhyPart
	}
	return started(Stem(e.Name), e, c)
}

// Stem is the event that a name is about: node_down of node_down_complete, node_down_remote and node_down_local.
func Stem(name string) string {
	for _, suffix := range []string{"_complete", "_remote", "_local"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// started judges the start of an event by the table.
func started(stem string, e model.ClusterEvent, c Context) Why {
	for _, k := range Classes() {
		if !slices.Contains(k.Events, stem) {
			continue
		}
		switch {
		case k.Asked != nil && slices.ContainsFunc(e.Args, func(a string) bool { return slices.Contains(k.Asked, a) }):
			return WhyAsked
		case k.Mine != "" && slices.Contains(e.Args, c.Node) && (c.Ended || !k.AfterEnd):
			return k.Mine
		case k.Mine != "" && k.AfterEnd && k.Nameless && c.Ended:
			return k.Mine
		default:
			return k.Why
		}
	}
	return WhyOther
}

// Kinds are the values by which events are counted: a closed list.
func Kinds() []string {
	return []string{
		"node_down", "node_up", "takeover", "rg_move", "server_restart", "server_down", "network_down", "network_up",
		"site_down", "config_too_long", "forced_down_too_long", "event_failed", "fault", "other",
	}
}

// UnwantedKinds are those of Kinds under which an unwanted event may count: a network that is up again never is.
func UnwantedKinds() []string {
	return slices.DeleteFunc(Kinds(), func(k string) bool { return k == "network_up" })
}

// Kind is under which of them an event counts; "" for one that does not, because its start does.
func Kind(e model.ClusterEvent) string {
	switch {
	case e.Step == model.ClusterEventNoted:
		return "fault"
	case e.Step == model.ClusterEventFailed, e.Exit != nil && *e.Exit != 0:
		return "event_failed"
	case e.Step == model.ClusterEventCompleted, e.Step == model.ClusterEventSummary, strings.HasSuffix(e.Name, "_complete"):
		return ""
	}
	stem := Stem(e.Name)
	switch {
	case stem == "event_error":
		return "event_failed"
	case strings.HasPrefix(stem, "rg_move"):
		if stem != "rg_move" && stem != "rg_move_acquire" {
			return "" // a step of it
		}
		return "rg_move"
	case stem == "unstable_too_long":
		return "config_too_long"
	case slices.Contains(Kinds(), stem):
		return stem
	}
	return "other"
}
