// Package report judges a migration that is over, and shows the judgement. It
// is pure: what was recorded in, a model.Report out.
package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/events"
	"powerha_lpm_exporter/internal/model"
)

// Version is that of the records.
const Version = 1

// The checks, in the order of the findings.
const (
	CheckResult    = "migration"
	CheckFreeze    = "freeze"
	CheckEvents    = "cluster_events"
	CheckOutage    = "applications"
	CheckManaged   = "managed_again"
	CheckLeftovers = "leftovers"
)

// Why is the reason of a finding.
type Why = string

// The reasons.
const (
	WhyCompleted Why = "completed"
	WhyAborted   Why = "aborted"
	WhyLost      Why = "partition_lost"
	WhyNotTold   Why = "outcome_not_told"
	WhyRebooted  Why = "partition_rebooted"

	WhyWithinBudget   Why = "within_budget"
	WhyBeyondBudget   Why = "beyond_budget"
	WhyNearBudget     Why = "bound_reaches_budget" // the estimate is within, the estimate plus its bound is not
	WhyNotVisible     Why = "freeze_not_visible"
	WhyNoFreeze       Why = "no_freeze_seen" // of an aborted migration: there need not have been one
	WhyBudgetUnknown  Why = "budget_unknown"
	WhyContradictions Why = "witnesses_disagree"

	WhyNoUnwanted      Why = "no_unwanted_event"
	WhyUnwanted        Why = "unwanted_event"
	WhyEventsUnread    Why = "events_not_readable"
	WhyNoOutage        Why = "no_outage"
	WhyShortOutage     Why = "outage_of_the_freeze" // no longer than freeze, brownout and two intervals of the probe
	WhyOutage          Why = "outage"
	WhyOutageGoesOn    Why = "outage_goes_on"
	WhyNoProbe         Why = "no_probe_looked"
	WhyManagedAgain    Why = "managed_again"
	WhyNeverUnmanaged  Why = "never_unmanaged"
	WhyStillUnmanaged  Why = "still_unmanaged"
	WhyNoLeftovers     Why = "nothing_left_behind"
	WhyLeftovers       Why = "left_behind"
	WhyLeftoversUnread Why = "settings_not_readable"
)

// Whys lists the reasons.
func Whys() []Why {
	return []Why{
		WhyCompleted, WhyAborted, WhyLost, WhyNotTold, WhyRebooted, WhyWithinBudget, WhyBeyondBudget, WhyNearBudget, WhyNotVisible, WhyNoFreeze,
		WhyBudgetUnknown, WhyContradictions, WhyNoUnwanted, WhyUnwanted, WhyEventsUnread, WhyNoOutage, WhyShortOutage, WhyOutage,
		WhyOutageGoesOn, WhyNoProbe, WhyManagedAgain, WhyNeverUnmanaged, WhyStillUnmanaged, WhyNoLeftovers, WhyLeftovers,
		WhyLeftoversUnread,
	}
}

// Input is what was recorded of a migration: everything of the report but its findings and its verdict.
type Input struct {
	model.Report
	// LeftoversKnown: the settings could be compared with those before.
	LeftoversKnown bool
}

// Judge completes the report. A check that fails makes the verdict fail; one that could not be made, unknown.
func Judge(in Input) model.Report {
	r := in.Report
	r.Version = Version
	r.Events = judged(&r)
	for _, l := range r.LeftBehind {
		if !slices.Contains(r.Leftovers, l.What) {
			r.Leftovers = append(r.Leftovers, l.What)
		}
	}
	r.Findings = []model.Finding{
		result(&r), freeze(&r), clusterEvents(&r), applications(&r), managed(&r), leftovers(&r, in.LeftoversKnown),
	}
	r.Verdict = model.VerdictPass
	for _, f := range r.Findings {
		switch {
		case f.Verdict == model.VerdictFail:
			r.Verdict = model.VerdictFail
		case f.Verdict == model.VerdictUnknown && r.Verdict == model.VerdictPass:
			r.Verdict = model.VerdictUnknown
		}
	}
	return r
}

// judged says of each event whether a protected migration causes it.
func judged(r *model.Report) []model.JudgedEvent {
	out := slices.Clone(r.Events)
	slices.SortStableFunc(out, func(a, b model.JudgedEvent) int {
		return events.Moment(a.ClusterEvent).Compare(events.Moment(b.ClusterEvent))
	})
	for i := range out {
		e := &out[i]
		unwanted, why := events.Judge(e.ClusterEvent, events.Context{Node: r.Node, Ended: !r.End.IsZero() && !events.Moment(e.ClusterEvent).Before(r.End)})
		e.Unwanted, e.Why = unwanted, string(why)
	}
	return out
}

func finding(check string, v model.Verdict, why Why, format string, a ...any) model.Finding {
	return model.Finding{Check: check, Verdict: v, Why: why, Text: fmt.Sprintf(format, a...)}
}

func result(r *model.Report) model.Finding {
	took := Span(r.End.Sub(r.Start))
	switch r.Result {
	case model.ResultCompleted:
		return finding(CheckResult, model.VerdictPass, WhyCompleted, "The migration was completed after %s.", took)
	case model.ResultAborted:
		return finding(CheckResult, model.VerdictPass, WhyAborted, "The migration was aborted after %s; the partition stayed where it was.", took)
	case model.ResultRebooted:
		return finding(CheckResult, model.VerdictFail, WhyRebooted, "The partition was rebooted during the migration.")
	case model.ResultLost:
		return finding(CheckResult, model.VerdictFail, WhyLost, "The partition was lost during the migration.")
	case model.ResultUnknown:
		return finding(CheckResult, model.VerdictUnknown, WhyNotTold, "The migration was over after %s; nobody told how it ended.", took)
	default:
		return finding(CheckResult, model.VerdictFail, WhyLost, "How the migration ended is not known.")
	}
}

func freeze(r *model.Report) model.Finding {
	f := r.Freeze
	switch {
	case f == nil && r.Result == model.ResultAborted:
		return finding(CheckFreeze, model.VerdictPass, WhyNoFreeze, "No freeze was seen before the migration was aborted.")
	case f == nil || f.Fused == nil:
		return finding(CheckFreeze, model.VerdictUnknown, WhyNotVisible,
			"How long the node was frozen is not visible: configure peers, whose clocks show what the inside cannot.")
	}
	text := fmt.Sprintf("The node was frozen for %s ± %s", Span(*f.Fused), Span(f.FusedBound))
	if f.Disagreement != nil && *f.Disagreement > 0 {
		return finding(CheckFreeze, model.VerdictUnknown, WhyContradictions, "%s, but two witnesses contradict each other by %s.", text, Span(*f.Disagreement))
	}
	switch b := r.Budget; {
	case b == nil:
		return finding(CheckFreeze, model.VerdictUnknown, WhyBudgetUnknown, "%s. How long a freeze the cluster bore is not known, because a setting could not be read.", text)
	case *f.Fused > *b:
		return finding(CheckFreeze, model.VerdictFail, WhyBeyondBudget, "%s, longer than the %s that the cluster bore (%s).", text, Span(*b), r.BudgetLimit)
	case *f.Fused+f.FusedBound > *b:
		return finding(CheckFreeze, model.VerdictUnknown, WhyNearBudget, "%s; with that bound it may have been longer than the %s that the cluster bore (%s).", text, Span(*b), r.BudgetLimit)
	default:
		return finding(CheckFreeze, model.VerdictPass, WhyWithinBudget, "%s, of %s that the cluster bore (%s).", text, Span(*b), r.BudgetLimit)
	}
}

func clusterEvents(r *model.Report) model.Finding {
	var names []string
	for _, e := range r.Events {
		if e.Unwanted && !slices.Contains(names, e.Name) {
			names = append(names, e.Name)
		}
	}
	switch {
	case len(names) > 0:
		return finding(CheckEvents, model.VerdictFail, WhyUnwanted, "Events that a protected migration does not cause: %s.", strings.Join(names, ", "))
	case r.EventsErr != "":
		return finding(CheckEvents, model.VerdictUnknown, WhyEventsUnread, "Whether there were unwanted events is not known: %s.", r.EventsErr)
	case len(r.Events) == 0:
		return finding(CheckEvents, model.VerdictPass, WhyNoUnwanted, "The cluster had no event.")
	default:
		return finding(CheckEvents, model.VerdictPass, WhyNoUnwanted, "%d events, all of which belong to a protected migration.", len(r.Events))
	}
}

func applications(r *model.Report) model.Finding {
	if r.ProbesFrom["local"]+r.ProbesFrom["peer"] == 0 {
		return finding(CheckOutage, model.VerdictUnknown, WhyNoProbe, "No probe looked at an application of this node: configure probes, best with vantage peer.")
	}
	worst := Longest(r, "")
	switch {
	case worst == nil:
		return finding(CheckOutage, model.VerdictPass, WhyNoOutage, "No probe missed an application.")
	case worst.Ongoing:
		return finding(CheckOutage, model.VerdictFail, WhyOutageGoesOn, "%s does not answer probe %s since %s.", worst.Application, worst.Probe, worst.Start.UTC().Format(time.TimeOnly))
	case worst.Duration <= borne(r, worst):
		return finding(CheckOutage, model.VerdictPass, WhyShortOutage, "%s did not answer for up to %s, no longer than the freeze and what follows it.", worst.Application, Span(worst.Duration))
	case r.Result == model.ResultCompleted && (r.Freeze == nil || r.Freeze.Fused == nil):
		return finding(CheckOutage, model.VerdictUnknown, WhyOutage, "%s did not answer probe %s for up to %s; how much of it was the freeze is not visible.", worst.Application, worst.Probe, Span(worst.Duration))
	default:
		return finding(CheckOutage, model.VerdictFail, WhyOutage, "%s did not answer probe %s for up to %s, longer than a freeze of this length explains.", worst.Application, worst.Probe, Span(worst.Duration))
	}
}

// borne is how long an outage a freeze explains: itself, the brownout after it, and two intervals between attempts.
func borne(r *model.Report, o *model.Outage) time.Duration {
	d := 2 * o.Resolution
	if f := r.Freeze; f != nil && f.Fused != nil {
		d += *f.Fused + f.FusedBound
		if f.Brownout != nil {
			d += *f.Brownout
		}
	}
	return d
}

// Longest is the longest outage that probes of a vantage saw, of any with ""; one that goes on comes first. Nil for none.
func Longest(r *model.Report, vantage string) *model.Outage {
	var worst *model.Outage
	for i := range r.Outages {
		o := &r.Outages[i]
		if vantage != "" && o.Vantage != vantage {
			continue
		}
		if worst == nil || o.Ongoing && !worst.Ongoing || o.Ongoing == worst.Ongoing && o.Duration > worst.Duration {
			worst = o
		}
	}
	return worst
}

func managed(r *model.Report) model.Finding {
	switch {
	case r.UnmanagedFrom.IsZero():
		return finding(CheckManaged, model.VerdictPass, WhyNeverUnmanaged, "PowerHA managed the node all the time.")
	case r.UnmanagedTo.IsZero():
		return finding(CheckManaged, model.VerdictFail, WhyStillUnmanaged, "PowerHA does not manage the node since %s.", r.UnmanagedFrom.UTC().Format(time.TimeOnly))
	default:
		return finding(CheckManaged, model.VerdictPass, WhyManagedAgain, "PowerHA manages the node again; for %s it monitored nothing here.", Span(r.UnmanagedTo.Sub(r.UnmanagedFrom)))
	}
}

func leftovers(r *model.Report, known bool) model.Finding {
	switch {
	case len(r.Leftovers) > 0:
		return finding(CheckLeftovers, model.VerdictFail, WhyLeftovers, "PowerHA's own script left behind: %s.", strings.Join(leftWords(r), "; "))
	case !known:
		return finding(CheckLeftovers, model.VerdictUnknown, WhyLeftoversUnread, "What PowerHA's own script left behind is not known: the settings could not be compared with those before.")
	default:
		return finding(CheckLeftovers, model.VerdictPass, WhyNoLeftovers, "PowerHA's own script left nothing behind.")
	}
}

// leftWords names what was left behind, and where that is not this node.
func leftWords(r *model.Report) []string {
	if len(r.LeftBehind) == 0 {
		return r.Leftovers // of a record before they were told
	}
	var out []string
	for _, l := range r.LeftBehind {
		out = append(out, LeftText(l, r.Node))
	}
	return out
}

// LeftText says what a leftover is, seen from a node.
func LeftText(l model.Leftover, from string) string {
	where := ""
	if l.Node != from {
		where = " on " + l.Node
	}
	return fmt.Sprintf("%s%s: %s, was %s", l.What, where, l.Is, l.Was)
}

// Span writes a duration for people: 6.02s, 410ms, 22.5s, 1h5m.
func Span(d time.Duration) string {
	switch a := d.Abs(); {
	case a < time.Second:
		return d.Round(time.Millisecond).String()
	case a < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	case a < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		text := d.Round(time.Second).String()
		if strings.HasSuffix(text, "m0s") {
			text = strings.TrimSuffix(text, "0s")
		}
		if strings.HasSuffix(text, "h0m") {
			text = strings.TrimSuffix(text, "0m")
		}
		return text
	}
}
