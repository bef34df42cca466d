package det

import (
	"time"

	"powerha_lpm_exporter/internal/actor"
	"powerha_lpm_exporter/internal/model"
)

const (
	evaluateEvery = 15 * time.Second
	probeEvery    = 5 * time.Second
	scrapeEvery   = 5 * time.Second
)

// What a Prometheus server may be.
const (
	promOK     = "ok"
	promDown   = "down"
	promSlow   = "slow"
	promEmpty  = "empty"
	promStale  = "stale"         // it has stopped to evaluate
	promPast   = "from_before"   // it confirms the migration before
	promFuture = "in_the_future" // its rules are stamped ahead of its clock
	promLies   = "lies"          // it confirms whatever is asked
)

// server is one Prometheus.
type server struct {
	url   string
	mode  string
	since time.Duration
	phase time.Duration
	skew  time.Duration // of its clock
}

// queryGate asks every server, each at its own pace, and hands the answers on when the last has come.
func (w *World) queryGate(n *node, done func([]model.GateSample)) {
	at := n.Now()
	slowest := time.Duration(0)
	out := make([]model.GateSample, len(w.servers))
	for i, s := range w.servers {
		took := w.between(10*time.Millisecond, 200*time.Millisecond)
		switch s.mode {
		case promDown:
			took = w.between(time.Millisecond, 5*time.Second)
		case promSlow:
			took = w.between(5*time.Second, 30*time.Second)
		}
		slowest = max(slowest, took)
		out[i] = s.answer(w, n, at)
	}
	w.on(n, slowest, func() {
		for _, g := range out {
			w.emit(n.name, "signal", "server", g.URL, "err", g.Err, "found", g.Found, "end_millis", g.EndMillis,
				"sample_age", g.ServerTime.Sub(g.SampleTime), "evaluated", g.EvaluatedFound, "asked_ago", n.Now().Sub(at))
		}
		done(out)
	})
}

// answer is what the rules of the mixin say of a node: the end of its last migration, once everything was well for the
// whole window up to the last evaluation.
func (s *server) answer(w *World, n *node, at model.Instant) model.GateSample {
	window := w.plan.config.Confirmation.MinimumStable.D()
	now := w.now + s.skew
	g := model.GateSample{URL: s.url, At: at, ServerTime: epoch().Add(now), Window: window, EvaluatedFound: true}
	if s.mode == promDown {
		g = model.GateSample{URL: s.url, At: at, Err: "connection refused"}
		return g
	}
	eval := (w.now-s.phase)/evaluateEvery*evaluateEvery + s.phase
	if s.mode == promStale {
		eval = min(eval, s.since)
	}
	end := n.last()
	g.EvaluatedTime = epoch().Add(eval + s.skew)
	seen := w.check.nodes[n.name].endAt + scrapeEvery // by true time, whatever the node's clock says
	ready := !end.Open && !end.End.IsZero() && eval-window >= seen && n.ready.throughout(eval-window, eval)
	g.EndMillis = end.End.UnixMilli()
	switch s.mode {
	case promEmpty:
		ready, g.EvaluatedFound = false, false
	case promPast:
		ready = len(n.fold()) > 0
		g.EndMillis = end.Start.Add(-10 * time.Minute).UnixMilli()
		if list := n.fold(); len(list) > 1 {
			g.EndMillis = list[len(list)-2].End.UnixMilli()
		}
	case promFuture:
		ready = !end.End.IsZero()
		g.EvaluatedTime = g.EvaluatedTime.Add(time.Hour)
	case promLies:
		ready = true
	}
	if g.Found = ready; !ready {
		g.EndMillis = 0
		return g
	}
	g.SampleTime = g.EvaluatedTime
	return g
}

// fetchSnapshot asks the exporter of the node.
func (w *World) fetchSnapshot(n *node, done func(actor.Seen)) {
	at := n.Now()
	w.on(n, w.between(2*time.Millisecond, 30*time.Millisecond), func() {
		switch {
		case !n.exporter:
			done(actor.Seen{At: at, Err: "connection refused"})
		case n.stale != nil:
			done(actor.Seen{At: at, Snapshot: n.stale})
		default:
			done(actor.Seen{At: at, Snapshot: n.snapshot()})
		}
	})
}

// snapshot is what the exporter knows: the migration by the product's own fold, probes as they were last run.
func (n *node) snapshot() *model.Snapshot {
	w := n.w
	s := &model.Snapshot{
		Version: 1, At: n.Now(), Cluster: clusterName, Node: n.name, Episode: n.last(), Peers: w.peersOf(n),
		Sources: map[string]bool{"cluster": true, "resource_group": true, "migration": true},
	}
	run := w.now / probeEvery * probeEvery
	if n.thawedAt > run {
		run = n.thawedAt
	}
	for _, g := range w.plan.groups {
		p := model.ProbeStatus{Application: g.Application, Probe: "http", Vantage: "local", TargetNode: n.name, Active: w.owner[g.Name] == n.name}
		p.LastAt = n.Now().Add(run - w.now)
		p.Success = n.apps[g.Name].log.at(run)
		if !p.Success {
			p.Error = "connection refused"
		}
		s.Probes = append(s.Probes, p)
	}
	return s
}
