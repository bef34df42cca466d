package exporter

import (
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/crosscheck"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/probe"
)

// Core knows what the exporter knows. It is synchronous: it belongs to one goroutine, reads no clock and waits for
// nothing.
type Core struct {
	opt     Options
	state   State
	dirty   bool          // state differs from what was last told to be kept
	keepDue time.Duration // not before this moment

	facts   model.Facts
	sources map[model.Source]*sourceState
	nodes   map[string]model.NodeState // as last seen, for events
	health  map[string]string          // part of the shell: error
	parse   map[string]uint64
	stats   map[string]*collectorStat

	dr        []model.EpisodeEvent
	drErr     string
	drRead    bool
	drDamaged int
	observed  []model.EpisodeEvent
	refold    bool
	// nextWitness is who is to be heard once the open migration has ended.
	nextWitness *WitnessOptions
	foldedAt    time.Duration
	episodes    []model.Episode

	phase      model.Phase
	phaseStart time.Time
	lastStep   model.Instant

	tracker freeze.Tracker
	gaps    []freeze.Gap
	peers   []model.PeerStatus
	steps   []freeze.PeerStep
	missed  []freeze.PeerSilence
	chip    bool    // the clock chip can be read
	froze   []Froze // to be told
	ended   struct {
		id string
		at time.Duration // monotonic: when this core saw it ended
	}
	datagrams map[string]uint64
	eventLog  bool // PowerHA's log of events is read

	cross   crosscheck.Tracker
	logs    eventLogs
	probes  *probe.Core
	results []probe.Result

	rejected rejectedLines
	// restricted is what CAA's ifrestrict says, nil while it is not known; settling are settings that changed in calm times.
	restricted   *bool
	restrictedAt model.Instant
	settling     map[string]lasting

	told   Tell
	saidTo bool
	fine   bool
	append []model.EpisodeEvent
}

type collectorStat struct {
	timeouts    uint64
	lastSuccess time.Time
}

const maxObserved = 2000

// NewCore returns a core that goes on from a state and from what the exporter observed itself before.
func NewCore(opt Options, state State, observed []model.EpisodeEvent) *Core {
	state = state.clone()
	state.complete()
	c := &Core{
		opt: opt, state: state, observed: observed, refold: true,
		sources:  make(map[model.Source]*sourceState),
		health:   make(map[string]string),
		parse:    make(map[string]uint64),
		settling: make(map[string]lasting),
		stats:    make(map[string]*collectorStat),
		phase:    model.PhaseUnknown,
		probes:   probe.NewCore(opt.Probes),
	}
	for _, name := range collector.Names() {
		c.stats[name] = &collectorStat{}
		for _, s := range judgedBy(name) {
			c.parse[powerha.Tool(s)] = 0
		}
	}
	c.parse["episode_log"] = 0
	c.parse["event_log"] = 0
	c.parse[parseClutils] = 0
	return c
}

// Step takes in what happened and returns what is to be done. Calling it with nothing lets time pass: every quarter
// of a second will do, every tenth while Hurried.
func (c *Core) Step(now model.Instant, in []Input) []Effect {
	for _, i := range in {
		c.input(now, i)
	}
	before := c.phase
	c.follow(now)
	pending := c.scriptPending()
	c.scriptOver(now)
	c.keepCalm(now)
	c.alone(now)
	c.freezes(now)
	reports := c.record(now)
	out := append(c.tellFreezes(), reports...)
	if c.phase != before {
		out = append(out, Look{})
	}
	if c.phase != before || pending && !c.scriptPending() {
		c.hurry(now)
	}
	out = append(out, c.schedule(now)...)
	out = append(out, c.runProbes(now)...)
	out = append(out, c.tell(now)...)
	out = append(out, c.keep(now)...)
	out = append(out, c.rejected.write(now, &c.facts, false)...)
	c.lastStep = now
	return out
}

// tellFreezes hands the freezes out that are to be told.
func (c *Core) tellFreezes() []Effect {
	var out []Effect
	for _, f := range c.froze {
		out = append(out, f)
	}
	c.froze = nil
	return out
}

// Hurried reports whether a freeze waits for what the peers say of it.
func (c *Core) Hurried() bool { return c.tracker.Pending() }

func (c *Core) input(now model.Instant, i Input) {
	switch i := i.(type) {
	case ReadingDone:
		c.returned(i.Reading)
		c.reading(now, i.Reading)
	case LogRead:
		c.logRead(i)
	case ProbeDone:
		c.results = append(c.results, i.Result)
	case GapSeen:
		c.gaps = append(c.gaps, i.Gap)
		if i.Gap.Kind == freeze.Suspended {
			c.hurry(now)
		}
	case EventsRead:
		c.eventsRead(now, i)
	case RestrictSeen:
		c.restricted, c.restrictedAt = i.Restricted, i.At
	case Continued:
		c.tracker.Continued(i.At)
	case ChipSeen:
		c.chip = i.Present
		c.steps = append(c.steps, i.Steps...)
	case PeersSeen:
		c.peersSeen(i)
	case Health:
		c.health[i.Part] = i.Err
	case Configured:
		c.reconfigured(i.Options)
		c.probes.Configure(i.Options.Probes)
		c.anew(now)
	default:
		c.witnessed(now, i)
	}
}

// reading takes in what a source answered, or that it did not.
func (c *Core) reading(now model.Instant, r model.Reading) {
	c.facts.Apply(r)
	if r.Unparsed > 0 {
		c.parse[powerha.Tool(r.Source)] += uint64(r.Unparsed)
	}
	c.rejected.take(now, &r)
	for _, name := range collector.Names() {
		for _, s := range judgedBy(name) {
			if s == r.Source && r.TimedOut {
				c.stats[name].timeouts++
			}
		}
	}
	defer c.compare(now)
	if r.Err != "" {
		return
	}
	switch r.Source {
	case model.SourceCluster, model.SourceMembers:
		c.identify()
	case model.SourceNodes:
		c.identify()
		c.nodesSeen(r)
	case model.SourceGroups:
		c.groupsSeen(r)
	case model.SourceErrlog:
		c.errlogSeen(now, r.Errlog)
	case model.SourceFaults:
		c.faultsSeen(now, r.Errlog)
	case model.SourceServer:
		c.serverSeen(now, r)
	default:
	}
}

// success tells whether a collector's last refresh succeeded, how long it took, and notes when.
func (c *Core) success(name string) (ok bool, took time.Duration, at time.Time) {
	ok = true
	for _, s := range judgedBy(name) {
		if c.unheard(name, s) {
			continue
		}
		r, seen := c.facts.Last[s]
		ok = ok && seen && r.Err == ""
		took = max(took, r.Took)
		if at.IsZero() || r.At.Wall.Before(at) {
			at = r.At.Wall
		}
	}
	switch name {
	case collector.Migration:
		ok = ok && c.drRead && c.drErr == ""
		if at.IsZero() { // it stands on that log alone
			at = c.lastStep.Wall
		}
	case collector.Freeze:
		ok, at = c.health[PartSampler] == "", c.lastStep.Wall
	case collector.Peer:
		ok, at = c.health[PartPeers] == "", c.lastStep.Wall
	}
	return ok, took, at
}

// Ready reports whether every source but second witnesses was tried at least once, so that the view is whole.
func (c *Core) Ready() bool {
	for _, s := range needed(c.opt.Enabled, c.identified()) {
		if _, ok := c.facts.Last[s]; !ok && intervals(s) != rare {
			return false
		}
	}
	return true
}

func (c *Core) peersSeen(p PeersSeen) {
	c.peers, c.datagrams = p.Status, p.Datagrams
	c.steps = append(c.steps, p.Steps...)
	c.missed = append(c.missed, p.Silences...)
	for _, s := range p.Ended {
		h, ok := c.state.Silences[s.Peer]
		if !ok {
			h = collector.NewHistogram(peerSilence)
		}
		c.state.Silences[s.Peer] = h.Observe(s.Duration.Seconds(), "", time.Time{})
		c.dirty = true
	}
}

// tell returns what peers and the freeze detector have to know, when it changed.
func (c *Core) tell(now model.Instant) []Effect {
	var out []Effect
	ep := c.Episode()
	t := Tell{Cluster: c.state.Cluster, Phase: c.phase, Suspended: c.suspended(), Restricted: c.restricted, Probes: c.peerProbes()}
	if r, ok := c.fresh(now, model.SourceGroupServices); ok {
		t.DeadManSwitch = r.DeadManSwitch
	}
	if ep.Open || c.phase != model.PhaseIdle {
		t.Episode = ep.ID
	}
	if !c.saidTo || !sameTold(t, c.told) {
		c.told, c.saidTo = t, true
		out = append(out, t)
	}
	if fine := ep.Open || c.phase != model.PhaseIdle && c.phase != model.PhaseUnknown; fine != c.fine {
		c.fine = fine
		out = append(out, Fine{On: fine})
	}
	return out
}

func sameTold(a, b Tell) bool {
	if a.Cluster != b.Cluster || a.Phase != b.Phase || a.Episode != b.Episode || a.Suspended != b.Suspended || !same(a.DeadManSwitch, b.DeadManSwitch) || !same(a.Restricted, b.Restricted) || len(a.Probes) != len(b.Probes) {
		return false
	}
	for i := range a.Probes {
		if a.Probes[i] != b.Probes[i] {
			return false
		}
	}
	return true
}

// peerProbes lists the probes that run from here about other nodes.
func (c *Core) peerProbes() []model.ProbeStatus {
	var out []model.ProbeStatus
	for _, p := range c.probes.Status() {
		if p.Vantage == probe.Peer {
			out = append(out, p)
		}
	}
	return out
}

// keepEvery is how often the state is written at most.
const keepEvery = time.Second

// keep returns what has to be written: events at once, the state when it changed.
func (c *Core) keep(now model.Instant) []Effect {
	var out []Effect
	if len(c.append) > 0 {
		out = append(out, AppendObserved{Events: c.append})
		c.append = nil
	}
	if c.dirty && now.Mono >= c.keepDue {
		c.dirty, c.keepDue = false, now.Mono+keepEvery
		out = append(out, Persist{State: c.state.clone()})
	}
	return out
}

// Final returns the state to write at the end, and the events that were not yet.
func (c *Core) Final() (State, []model.EpisodeEvent) {
	for _, f := range c.tracker.Flush() {
		c.frozen(f)
	}
	events := c.append
	c.append = nil
	return c.state.clone(), events
}

// observe adds events to what this exporter saw itself.
func (c *Core) observe(e model.EpisodeEvent) {
	c.observed = append(c.observed, e)
	if len(c.observed) > maxObserved {
		c.observed = append([]model.EpisodeEvent(nil), c.observed[len(c.observed)-maxObserved/2:]...)
	}
	c.append = append(c.append, e)
	c.refold = true
}
