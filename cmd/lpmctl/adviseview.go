package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/advise"
)

func (t *tool) printAdvice(a advised) {
	t.row("cluster", "%s, node %s, PowerHA %s", orWord(a.Cluster, "of unknown name"), orWord(a.Node, "unknown"), orWord(a.Version, "of unknown version"))
	for i, s := range a.Settings {
		t.row(map[bool]string{true: "settings"}[i == 0], "%s", s.text())
	}
	for _, e := range a.Errors {
		t.row("unknown", "%s", e)
	}
	t.printSample(a)
	t.printMethod(a)
	fmt.Fprintln(t.stdout)
	t.printCandidates(a)
	fmt.Fprintln(t.stdout)
	t.row("advice", "%s", a.verdict())
	for _, line := range a.why() {
		t.row("", "%s", line)
	}
	t.printCommands(a)
}

func (s setting) text() string {
	v := fmt.Sprintf("%gs", s.Seconds)
	if s.Name == lpmVariable && s.Seconds == 0 {
		v = "never set: PowerHA uses 600s"
	}
	switch s.From {
	case fromFlag:
		v += " (as given)"
	case fromDefault:
		v += " (unknown: PowerHA's default is taken)"
	case fromAbsent:
		return s.Name + " is not there before PowerHA 7.2: HEARTBEAT_FREQUENCY stays in force"
	}
	return s.Name + " " + v
}

func (t *tool) printSample(a advised) {
	s := a.Sample
	if s.N > 0 {
		t.row("sample", "%s%s: median %s, 99%% %s, longest %s, each the longest freeze of its migration with its error bound added",
			plural(s.N, "migration", "migrations"), when(s), secs(s.Median), secs(s.P99), secs(s.Longest))
	} else {
		t.row("sample", "no migration whose freeze was measured")
	}
	if len(s.Nodes) > 0 {
		t.row("nodes", "%s", strings.Join(s.Nodes, ", "))
	}
	t.row("from", "%s", strings.Join(a.Sources, "; "))
	for _, o := range []struct {
		n    int
		what string
	}{
		{s.Unseen, "migrations whose freeze was not visible (or that were aborted before it): %d. They say nothing of its length; the advice holds if it was like the others'"},
		{s.Outside, "freezes outside migrations: %d (--include=outside counts them)"},
		{s.Doubtful, "freezes of low confidence, where the process was stopped and perhaps not the node: %d (--include=doubtful counts them)"},
		{s.Damaged, "records that cannot be true: %d"},
	} {
		if o.n > 0 {
			t.row("left out", "%s", fmt.Sprintf(o.what, o.n))
		}
	}
}

// when is the span of the sample.
func when(s advise.Sample) string {
	if s.Since.IsZero() {
		return ""
	}
	return fmt.Sprintf(" from %s to %s", s.Since.UTC().Format(time.DateOnly), s.Until.UTC().Format(time.DateOnly))
}

func (t *tool) printMethod(a advised) {
	t.row("method", "exact binomial upper limit (Clopper-Pearson), one-sided, at %g%% confidence, n = %d", 100*a.Confidence, a.Sample.N)
	var fits []string
	for _, f := range a.Fits {
		fits = append(fits, fitText(f))
	}
	if a.Fits[0].State == a.Fits[1].State && a.Fits[0].State != advise.FitAccepted && a.Fits[0].State != advise.FitRejected {
		fits = []string{"none: " + stateText(a.Fits[0].State)}
	}
	if slices.ContainsFunc(a.Fits, func(f advise.Fit) bool { return f.State == advise.FitAccepted }) {
		fits = append(fits, fmt.Sprintf("of the accepted the larger limit counts, and none is believed below 1/(3n) = %s", percent(1/float64(3*a.Sample.N))))
	}
	t.row("fit", "%s", strings.Join(fits, "; "))
}

func fitText(f advise.Fit) string {
	name, unit := "Gumbel of the durations", "s"
	if f.Family == advise.LogGumbel {
		name, unit = "Gumbel of their logarithms", ""
	}
	if f.State == advise.FitImpossible {
		return name + " " + stateText(f.State)
	}
	return fmt.Sprintf("%s %s (L-moments: location %.3g%s, scale %.3g%s; Anderson-Darling %.3g, p %.2g)",
		name, stateText(f.State), f.Location, unit, f.Scale, unit, f.Distance, f.Chance)
}

func stateText(s advise.FitState) string {
	switch s {
	case advise.FitAccepted:
		return "accepted"
	case advise.FitRejected:
		return "rejected"
	case advise.FitTooFew:
		return fmt.Sprintf("fewer than %d migrations", advise.MinFit)
	case advise.FitNotNeeded:
		return "the sample is large enough without"
	case advise.FitNoSpread:
		return "all freezes are of the same length"
	default:
		return "impossible with a freeze of 0s"
	}
}

// shown are the candidates that people ask for, and those around what matters.
func (a advised) shown() []advise.Candidate {
	wanted := []int{10, 20, 30, 60, 90, 120, 180, 300, 600, a.inForce(), a.Meanwhile, a.Recommended, a.Recommended + 10}
	if a.Recommended > 0 {
		wanted = append(wanted, a.Recommended-10)
	}
	if a.Sample.N > 0 { // the first that no freeze reached
		wanted = append(wanted, 10*(int(a.Sample.Longest)/10+1))
	}
	return slices.DeleteFunc(slices.Clone(a.Candidates), func(c advise.Candidate) bool { return !slices.Contains(wanted, c.Seconds) })
}

func (a advised) inForce() int {
	for _, s := range a.Settings {
		if s.Name == lpmVariable && s.Seconds > 0 {
			return int(s.Seconds)
		}
	}
	return int(advise.Unset / time.Second)
}

func (t *tool) printCandidates(a advised) {
	const layout = "%s%5s %11s %10s %9s %9s %12s %12s"
	fmt.Fprintln(t.stdout, strings.TrimRight(fmt.Sprintf(layout, "  ", "", "a freeze", "", "", "a death", "", ""), " "))
	fmt.Fprintln(t.stdout, strings.TrimRight(fmt.Sprintf(layout, "  ", "value", "reaches it", "risk <=", "risk <=", "is seen", "later than", "later than"), " "))
	fmt.Fprintln(t.stdout, strings.TrimRight(fmt.Sprintf(layout, "  ", "", "seen", "binomial", "fit", "after", "calm times", "now"), " "))
	for _, c := range a.shown() {
		mark := "  "
		switch c.Seconds {
		case a.Recommended:
			mark = "> "
		case a.inForce():
			mark = "= "
		}
		fit := "-"
		if c.FitUpper != nil {
			fit = percent(*c.FitUpper)
		}
		line := fmt.Sprintf(layout, mark, fmt.Sprintf("%ds", c.Seconds), fmt.Sprintf("%d of %d", c.Exceeded, a.Sample.N),
			percent(c.Upper), fit, fmt.Sprintf("%gs", c.Detection), signed(c.OverIdle), signed(c.OverPresent))
		if mark == "> " {
			line = t.bold(line)
		}
		fmt.Fprintln(t.stdout, line)
	}
	legend := "= is in force now"
	if a.Recommended > 0 {
		legend = "> is recommended, " + legend
	}
	fmt.Fprintln(t.stdout, wrap(fmt.Sprintf("%s. Risk: of one migration, that its freeze reaches the value and the node is taken for dead; %g%% sure to be no more. "+
		"A death: a true one in a migration, after which the others wait that long in silence, grace period included.", legend, 100*a.Confidence), 2))
}

func (a advised) verdict() string {
	switch a.Reason {
	case advise.ReasonObserved, advise.ReasonFitted:
		text := fmt.Sprintf("%s %ds", lpmVariable, a.Recommended)
		if a.NoVariable {
			text = fmt.Sprintf("HEARTBEAT_FREQUENCY %ds for the time of a migration", a.Recommended)
		}
		if a.Recommended == a.inForce() && !a.NoVariable {
			text += ", as it is"
		}
		return text
	case advise.ReasonNoneHolds:
		return fmt.Sprintf("no value suffices: a freeze of %s was longer than what PowerHA takes at most, 600s. Have %ds at least", secs(a.Sample.Longest), a.Meanwhile)
	case advise.ReasonNone:
		return fmt.Sprintf("none: no freeze was measured yet. Leave %ds", a.Meanwhile)
	case advise.ReasonTooFew:
	}
	text := fmt.Sprintf("none: %s too few to tell a risk of %s. ", plural(a.Sample.N, "migration is", "migrations are"), percent(a.Risk))
	if a.PresentReached {
		return text + fmt.Sprintf("But a freeze of %s reached the value in force, %ds: have %ds until more is known", secs(a.Sample.Longest), a.inForce(), a.Meanwhile)
	}
	return text + fmt.Sprintf("Leave %ds", a.Meanwhile)
}

// why gives the reasons in sentences.
func (a advised) why() []string {
	var out []string
	if i := slices.IndexFunc(a.Candidates, func(c advise.Candidate) bool { return c.Seconds == a.Recommended }); i >= 0 {
		c := a.Candidates[i]
		if a.Reason == advise.ReasonFitted {
			out = append(out, fmt.Sprintf("At %g%% confidence, by the extreme-value fit, at most %s of the migrations freeze that long, within the accepted %s. The binomial limit alone, which assumes less, is %s: it would need %d migrations.",
				100*a.Confidence, percent(*c.FitUpper), percent(a.Risk), percent(c.Upper), a.Needed))
		} else {
			out = append(out, fmt.Sprintf("At %g%% confidence at most %s of the migrations freeze that long, within the accepted %s.", 100*a.Confidence, percent(c.Upper), percent(a.Risk)))
		}
		out = append(out, limitText(a.LimitedBy),
			fmt.Sprintf("The price: when the node truly dies in a migration, that is seen after %gs; %s, %s.",
				c.Detection, than(c.OverIdle, "in calm times"), than(c.OverPresent, "with the present value")))
	}
	if a.Reason == advise.ReasonTooFew || a.Reason == advise.ReasonNone {
		out = append(out, fmt.Sprintf("It needs %d migrations without a longer freeze (%d more), or %d if an extreme-value distribution fits them; or accept a larger --risk.",
			a.Needed, max(0, a.Needed-a.Sample.N), a.NeededFit))
	}
	if a.Reason == advise.ReasonNoneHolds {
		out = append(out, "Beyond it CAA's dead man switch halts the node (SG24-8278, after example 8-9). Shorten the freeze: less memory activity, 10 Gb or more and a network of its own; or move the groups to another node before the migration.")
	}
	return append(out, "This is one timer of several: lpmctl rehearse shows which others a freeze makes fire.")
}

func than(seconds float64, what string) string {
	switch {
	case seconds > 0:
		return fmt.Sprintf("%gs later than %s", seconds, what)
	case seconds < 0:
		return fmt.Sprintf("%gs sooner than %s", -seconds, what)
	default:
		return "as soon as " + what
	}
}

func limitText(l advise.Limit) string {
	switch l {
	case advise.LimitHeartbeat:
		return "A smaller value would do for the freezes, but none below HEARTBEAT_FREQUENCY: a migration is no time to be quicker to judge than calm days are."
	case advise.LimitLongest:
		return "A smaller value was reached by the longest freeze."
	case advise.LimitMinimum:
		return "It is the smallest that PowerHA takes."
	default:
		return "The next smaller value is beyond the accepted risk."
	}
}

func (t *tool) printCommands(a advised) {
	if len(a.Commands) == 0 {
		return
	}
	fmt.Fprintln(t.stdout)
	if a.NoVariable {
		t.commands("PowerHA before 7.2 has no such variable. Before a migration, and back after it:", a.Commands)
		return
	}
	t.commands("To set it, in calm times:", a.Commands)
	t.commands("Or have the actor do it: write into "+t.configFile, []string{a.Configuration})
	t.commands("and type", []string{"lpmctl variables apply"})
	fmt.Fprintln(t.stdout, wrap("Read it back with lpmctl variables show: for 7.2 SP1 or later SG24-8278 (table 8-4) says that the value is 600s and cannot be changed, while current documentation of PowerHA offers to change it.", 0))
}

func signed(seconds float64) string {
	if seconds == 0 {
		return "0s"
	}
	return fmt.Sprintf("%+gs", seconds)
}

// percent writes a probability with three digits.
func percent(p float64) string { return fmt.Sprintf("%.3g%%", 100*p) }

func secs(s float64) string { return fmt.Sprintf("%.3gs", s) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
