package actor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"time"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/journal"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/peer/records"
)

// Counters are what the core counts since it started.
type Counters struct {
	Decisions      map[[2]string]uint64 // decision, reason
	Commands       map[[2]string]uint64 // command, result
	Durations      map[string][]time.Duration
	JournalRecords uint64
	JournalErrors  uint64
}

func newCounters() Counters {
	return Counters{Decisions: map[[2]string]uint64{}, Commands: map[[2]string]uint64{}, Durations: map[string][]time.Duration{}}
}

// ended counts a command that is over.
func (n *Counters) ended(d endedData, a *actState) {
	if a == nil || d.Never {
		return
	}
	result := "ok"
	switch {
	case d.Unknown:
		result = "unknown"
	case d.Exit != 0:
		result = "failed"
	}
	n.Commands[[2]string{a.Kind, result}]++
	n.Durations[a.Kind] = append(n.Durations[a.Kind], d.Took)
}

// View is what is shown of a core: to people, to Prometheus and to peers.
type View struct {
	Status control.Status
	Peer   records.PeerInfo
	Taken  map[string][]string
	Checks []decide.Check
	Dirty  map[string]bool
	Window bool
	Held   bool
	// Pending is how many decisions wait for a person. One about a peer waits from when it counts as lost, as the state
	// does: in a freeze that the cluster tolerates nobody has to be asked.
	Pending  int
	Evidence map[string]time.Time
	Counters Counters
}

// View returns a copy of what the core knows.
func (c *Core) View() View {
	v := View{Status: c.status(), Taken: maps.Clone(c.st.Taken), Held: c.st.Hold != "", Window: c.episode().Window && c.episode().Open, Dirty: map[string]bool{}, Evidence: c.evidenceTimes()}
	in := c.input()
	in.Track = nil
	v.Checks = decide.Preflight(in)
	for _, a := range []string{decide.AttrPolicy, decide.AttrHeartbeat} {
		v.Dirty[a] = false
	}
	for _, a := range c.st.Applied {
		v.Dirty[a.Attribute] = !c.opt.Policy.Variables.Standing(a)
	}
	v.Counters = Counters{
		Decisions: maps.Clone(c.counters.Decisions), Commands: maps.Clone(c.counters.Commands), Durations: maps.Clone(c.counters.Durations),
		JournalRecords: c.counters.JournalRecords, JournalErrors: c.counters.JournalErrors,
	}
	v.Pending = c.pending()
	node, manager, dms, deadman, timeout := c.peerState()
	v.Peer = records.PeerInfo{
		Node: c.opt.Node, At: c.now.Wall, State: string(c.decision.State), Phase: phaseOf(c.episode()), Episode: c.trackEpisode(),
		Suspended: c.suspended(), NodeState: node, Manager: manager, DeadManSwitch: dms, DeadmanMode: deadman, NodeTimeout: timeout,
	}
	if r, ok := c.facts.Fresh(model.SourceCluster, c.now, 2*c.opt.Policy.FactAge); ok && r.Cluster != nil {
		v.Peer.Unsynced = r.Cluster.Unsynced
	}
	return v
}

func phaseOf(e model.Episode) model.Phase {
	if e.ID == "" {
		return model.PhaseIdle
	}
	return e.Phase
}

func (c *Core) evidenceTimes() map[string]time.Time {
	out := map[string]time.Time{}
	for _, g := range c.gate {
		if g.Err == "" && g.Found && g.SampleTime.After(out["gate"]) {
			out["gate"] = g.SampleTime
		}
	}
	if c.snapshot != nil {
		out["local_probes"] = c.snapshot.At.Wall
	}
	if r, ok := c.facts.Get(model.SourceNodes); ok {
		out["cluster"] = r.At.Wall
	}
	return out
}

func (c *Core) status() control.Status {
	d := c.decision
	s := control.Status{
		At: c.now, Cluster: c.cluster(), Node: c.opt.Node, Mode: string(c.opt.Policy.Mode), DryRun: c.opt.Policy.DryRun,
		State: string(d.State), Since: c.decided.Wall, Decision: string(d.What), Reason: string(d.Reason), DecidedAt: c.decided.Wall,
		DecisionID: c.decisionID(), Next: d.Next, Held: c.st.Hold, Episode: c.episode(), Evidence: d.Evidence, Lost: c.recordedPeers(),
		History: append([]control.HistoryItem(nil), c.st.History...), Deadline: decide.Deadline(c.input()),
	}
	if d.Detail != "" {
		s.Next += " (" + d.Detail + ")"
	}
	if t := c.st.Track; t != nil && t.Record != nil {
		r := *t.Record
		s.Record = &r
	}
	if !c.suspended() {
		s.Deadline = time.Time{}
	} else if a, err := c.opt.Acts.StartManage("show", c.opt.Node, s.Record != nil && s.Record.Clinfo); err == nil && !s.Episode.Open {
		s.Commands = []string{joinArgv(a.Argv)}
	}
	if a := c.st.Act; a != nil && a.Ended == nil {
		l := control.Launched{ID: a.ID, Argv: a.Argv}
		if a.Launched != nil {
			l.PID, l.StartTime = a.Launched.PID, a.Launched.StartTime
		}
		s.Running = []control.Launched{l}
	}
	for p := range c.paged {
		s.Pages = append(s.Pages, p)
	}
	return s
}

// decisionID names what a person would approve now; empty when nothing waits for one. It changes with the facts.
func (c *Core) decisionID() string {
	text := ""
	if c.offered() {
		text = c.trackEpisode() + "/" + string(c.decision.Reason)
	}
	for _, l := range c.recordedPeers() {
		if !c.peers[l.Node].Reachable {
			text += "/" + l.Node + "/" + l.Record.Episode
		}
	}
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// Decision returns what was decided last.
func (c *Core) Decision() decide.Decision { return c.decision }

// offered: a resume waits for a person's word. A restart of a sick application by PowerHA is offered only where the policy
// says so.
func (c *Core) offered() bool {
	return c.suspended() && c.decision.What == decide.WhatNeedOperator &&
		(c.decision.Reason != decide.ReasonUnhealthy || c.opt.OnUnhealthy == "resume_to_recover")
}

// pending counts what waits for a person now; decisionID also names what he may say earlier.
func (c *Core) pending() int {
	n := 0
	if c.offered() {
		n++
	}
	if c.failsOver() {
		n += len(c.lost())
	}
	return n
}

// failsOver: this actor takes over the groups of a lost peer, when a person attests that it is off.
func (c *Core) failsOver() bool {
	return c.opt.Policy.Mode != decide.ModeObserve && c.opt.Policy.FailoverMode != "off"
}

// Fast reports whether something is under way that is looked after more often.
func (c *Core) Fast() bool {
	return c.prep != nil || c.st.Act != nil || c.st.Plan != nil || len(c.ops) > 0 || !c.seen.EndAt.IsZero() && c.quick() < slowTick
}

// Calm reports whether nothing is under way.
func (c *Core) Calm() bool {
	return c.prep == nil && c.st.Act == nil && c.st.Plan == nil && c.st.Track == nil && len(c.ops) == 0
}

// Carry returns what a new journal begins with.
func (c *Core) Carry() ([]journal.Carried, error) {
	b, err := json.Marshal(c.st)
	if err != nil {
		return nil, err
	}
	return []journal.Carried{{Kind: KindState, Data: b}}, nil
}
