// Package crosscheck compares what two sources say of the same fact. It is
// pure: readings in, results out. It decides nothing but which of the two is
// believed, and that is the same always: see Rules.
package crosscheck

import (
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Fact is something that two sources tell.
type Fact string

// The facts.
const (
	Managed       Fact = "managed"        // PowerHA manages this node
	Migration     Fact = "migration"      // there was a migration
	ResourceGroup Fact = "resource_group" // states and owners of the groups
	Timeouts      Fact = "timeouts"       // the time-outs in force
	Manager       Fact = "manager"        // the state of the cluster manager of this node
	Variables     Fact = "variables"      // PowerHA's LPM variables
	Members       Fact = "members"        // the nodes of the cluster
)

// Facts lists them.
func Facts() []Fact {
	return []Fact{Managed, Migration, ResourceGroup, Timeouts, Manager, Variables, Members}
}

// Verdict is the outcome of one comparison.
type Verdict string

// The verdicts.
const (
	Agree  Verdict = "agree"
	Differ Verdict = "differ"
	None   Verdict = "not_compared"
)

// Why is the reason of a verdict.
type Why string

// The reasons.
const (
	WhySame Why = "same"

	// They differ.
	WhyState  Why = "state_differs"
	WhyValue  Why = "value_differs"
	WhyOwners Why = "owners_differ"
	WhyOne    Why = "known_to_one_only"
	WhyDown   Why = "down_for_one_only"
	WhyUntold Why = "migration_not_told"

	// They are not compared.
	WhyNotRead   Why = "not_read"              // one of them could not be read, or what was read is too old
	WhyApart     Why = "read_too_far_apart"    // something may have happened in between
	WhyMoving    Why = "in_transition"         // a state that lasts for moments only
	WhyMigrating Why = "changed_for_migration" // PowerHA's own script changes it for a migration
	WhyNotTold   Why = "not_told"              // one of them does not tell it, at this level or in this state
	WhyRenamed   Why = "node_not_in_both"      // a node has another name in the other source, or was renamed in between
	WhyNames     Why = "no_common_name"        // the two sources use other names throughout
)

// Whys lists the reasons, those of a difference between WhySame and WhyNotRead.
func Whys() []Why {
	return []Why{
		WhySame, WhyState, WhyValue, WhyOwners, WhyOne, WhyDown, WhyUntold,
		WhyNotRead, WhyApart, WhyMoving, WhyMigrating, WhyNotTold, WhyRenamed, WhyNames,
	}
}

// Input is what is compared.
type Input struct {
	Node  string // this node
	Phase model.Phase
	// PeerMoving: another node was on its way when it was last heard. The time-outs are the cluster's, not the node's.
	PeerMoving bool
	// Readings are those that were understood and are young enough; a missing one is not compared.
	Readings map[model.Source]model.Reading
	// MaxApart: two readings that were begun further apart are not compared. 0 compares whatever is there.
	MaxApart time.Duration
	// Owners are the last known ones of each group.
	Owners []model.LastOwner
	// Untold: the error log tells of a migration that the DR script did not. Nil when one of them is not known.
	Untold *bool
}

// Result is the outcome of one comparison of two sources.
type Result struct {
	Fact Fact
	// Wins is the source that is believed, Other the second witness.
	Wins, Other model.Source
	Verdict     Verdict
	Why         Why
	// Text says what either tells; "" when they are not compared.
	Text string
	// WinsAt, OtherAt are when the readings were begun.
	WinsAt, OtherAt model.Instant
}

// outcome is a result without where it comes from.
type outcome struct {
	verdict Verdict
	why     Why
	text    string
}

func same(text string) outcome        { return outcome{Agree, WhySame, text} }
func no(why Why) outcome              { return outcome{None, why, ""} }
func differ(w Why, t string) outcome  { return outcome{Differ, w, t} }
func (o outcome) over(p outcome) bool { return rank(o.verdict) > rank(p.verdict) }

// rank orders verdicts by how much they say of a fact that has several parts.
func rank(v Verdict) int {
	switch v {
	case Differ:
		return 2
	case Agree:
		return 1
	case None:
		return 0
	default:
		return 0
	}
}

// Compare makes every comparison, in the order of Rules.
func Compare(in Input) []Result {
	all := rules()
	out := make([]Result, 0, len(all))
	for _, r := range all {
		out = append(out, r.result(in))
	}
	return out
}

func (r rule) result(in Input) Result {
	res := Result{Fact: r.Fact, Wins: r.Wins, Other: r.Other}
	wins, ok := in.Readings[r.Wins]
	other, known := in.Readings[r.Other]
	res.WinsAt, res.OtherAt = wins.At, other.At
	o := no(WhyNotRead)
	switch apart := wins.At.Sub(other.At).Abs(); {
	case !ok || !known || wins.Err != "" || other.Err != "":
	case in.MaxApart > 0 && apart > in.MaxApart:
		o = no(WhyApart)
	default:
		o = r.compare(in, wins, other)
	}
	res.Verdict, res.Why, res.Text = o.verdict, o.why, o.text
	return res
}
