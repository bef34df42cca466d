package exporter

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/budget"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

// logged is what the log has said, so that it speaks of changes alone.
type logged struct {
	logger log.Logger
	phase  model.Phase
	known  bool
	waits  map[string]string // by probe: why PowerHA's monitor was not run
	errs   map[model.Source]string
	health map[string]string
	owners map[string][]string
	budget map[string]string // by scope: the limits that were not known
	facts  map[string]string // that sources disagree about: what they say
}

func newLogged(l log.Logger) *logged {
	return &logged{
		logger: l, errs: make(map[model.Source]string), health: make(map[string]string), owners: make(map[string][]string), budget: make(map[string]string),
		facts: make(map[string]string),
	}
}

func (l *logged) changes(v *collector.View, s model.Snapshot, health map[string]string) {
	if !l.known && v.Cluster != "" {
		l.known = true
		_ = level.Info(l.logger).Log("msg", "cluster known", "cluster", v.Cluster, "node", v.Node)
	}
	l.sources(s)
	l.budgets(v, s)
	l.disagreements(v)
	for _, part := range slices.Sorted(maps.Keys(health)) {
		l.part(part, health[part])
	}
	if v.Phase != l.phase {
		_ = level.Info(l.logger).Log("msg", "phase of the migration", "phase", v.Phase, "was", l.phase, "episode", s.Episode.ID,
			"why", s.Episode.Why, "witnesses", names(s.Episode.Witnesses))
		l.phase = v.Phase
	}
	l.monitors(s.Probes)
	for _, o := range v.Owners {
		if !slices.Equal(o.Nodes, l.owners[o.Group]) {
			_ = level.Info(l.logger).Log("msg", "owner of resource group", "resource_group", o.Group, "nodes", names(o.Nodes), "were", names(l.owners[o.Group]))
			l.owners[o.Group] = o.Nodes
		}
	}
}

// logFreeze tells of a freeze, in a migration or outside one.
func logFreeze(l log.Logger, f *model.Freeze) {
	if f.Fused == nil {
		_ = level.Warn(l).Log("msg", "the freeze of this migration is not visible: its clocks stood still or it was shorter than what is seen, and neither a peer nor a clock chip was there to compare with",
			"episode", f.Episode)
		return
	}
	where := "in a migration"
	if f.Episode == "" {
		where = "outside a migration"
	}
	_ = level.Info(l).Log("msg", "this node was frozen", "where", where, "start", f.Start, "fused", span(f.Fused), "bound", f.FusedBound,
		"clock", span(f.Clock), "peer", span(f.Peer), "rtc", span(f.RTC), "brownout", span(f.Brownout),
		"disagreement", span(f.Disagreement), "confidence", f.Confidence(), "doubt", f.Doubt, "episode", f.Episode)
}

// logReport tells how a migration is judged.
func logReport(l log.Logger, r *model.Report) {
	say := level.Info(l)
	if r.Verdict != model.VerdictPass {
		say = level.Warn(l)
	}
	kv := []any{"msg", "migration judged", "episode", r.Episode, "verdict", r.Verdict}
	for _, f := range r.Findings {
		if f.Verdict != model.VerdictPass {
			kv = append(kv, f.Check, f.Why)
		}
	}
	_ = say.Log(kv...)
}

func (l *logged) sources(s model.Snapshot) {
	for _, source := range slices.Sorted(maps.Keys(s.Facts.Last)) {
		err := s.Facts.Last[source].Err
		switch err {
		case l.errs[source]:
			continue
		case "":
			_ = level.Info(l.logger).Log("msg", "source is read again", "source", source)
		default:
			_ = level.Warn(l.logger).Log("msg", "source cannot be read", "source", source, "err", err)
		}
		l.errs[source] = err
	}
}

// budgets tells which timers keep a freeze budget from being known, once everything it is made of was tried.
func (l *logged) budgets(v *collector.View, s model.Snapshot) {
	variables := slices.ContainsFunc(v.Collectors, func(c collector.State) bool { return c.Name == collector.Variables })
	for _, source := range budget.AllSources() {
		if _, tried := s.Facts.Last[source]; !tried && variables {
			return
		}
	}
	for _, b := range v.Budgets {
		missing := names(b.Missing)
		if missing == l.budget[b.Scope] {
			continue
		}
		l.budget[b.Scope] = missing
		if missing == "" {
			_ = level.Info(l.logger).Log("msg", "freeze budget is known again", "scope", b.Scope, "budget", b.Longest, "limit", b.Limit)
			continue
		}
		_ = level.Warn(l.logger).Log("msg", "freeze budget is not known: these timers may limit it and cannot be told", "scope", b.Scope,
			"limits", missing, "sources", names(readFrom(b.Missing)))
	}
}

// readFrom lists the sources of some limits.
func readFrom(limits []string) []string {
	var out []string
	for _, l := range limits {
		for _, source := range budget.Sources(budget.Limit(l)) {
			out = append(out, string(source))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// disagreements tells of facts whose sources disagree, and when they agree again.
func (l *logged) disagreements(v *collector.View) {
	for _, fact := range slices.Sorted(maps.Keys(v.Disagree)) {
		text := v.Disagreements[fact]
		switch text {
		case l.facts[fact]:
		case "":
			_ = level.Info(l.logger).Log("msg", "sources agree again", "fact", fact)
			delete(l.facts, fact)
		default:
			_ = level.Warn(l.logger).Log("msg", "sources disagree", "fact", fact, "say", text)
			l.facts[fact] = text
		}
	}
}

func (l *logged) part(part, err string) {
	switch {
	case err == l.health[part]:
		return
	case err == "":
		_ = level.Info(l.logger).Log("msg", "works again", "part", part)
	case part == PartState:
		_ = level.Error(l.logger).Log("msg", "state is kept in memory alone: counters and owners are lost with a restart", "err", err)
	default:
		_ = level.Error(l.logger).Log("msg", "does not work", "part", part, "err", err)
	}
	l.health[part] = err
}

// logGap tells of a gap, whether or not it is booked as a freeze.
func logGap(l log.Logger, g freeze.Gap) {
	say, msg := level.Debug(l), "the clocks jumped"
	switch {
	case g.Kind == freeze.Stalled:
		msg = "the sampler waited for a processor: no freeze"
	case g.Kind == freeze.Stepped:
		say, msg = level.Info(l), "the time of day was set: no freeze"
	case g.Kind == freeze.Faulty:
		say, msg = level.Warn(l), "a clock went backwards and was left out"
	case !g.Proven():
		say, msg = level.Info(l), "perhaps a freeze, perhaps waits for a processor alone"
	}
	_ = say.Log("msg", msg, "kind", g.Kind, "start", g.Start.Wall, "estimate", g.Estimate, "bound", g.Bound, "clock", g.Clock,
		"tick", g.Tick, "mono", g.Mono, "raw", g.Raw, "boot", g.Boot, "real", g.Real, "timebase", g.Base, "run_delay", g.RunDelay, "waits", g.Waits,
		"dispatched", g.Dispatched, "traced", g.Traced)
}

func names(in []string) string { return strings.Join(in, ",") }

func span(d *time.Duration) string {
	if d == nil {
		return "not visible"
	}
	return d.String()
}
