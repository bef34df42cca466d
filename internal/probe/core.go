package probe

import (
	"cmp"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Run asks the shell to run a probe and to answer with a Result.
type Run struct {
	ID   string
	Spec Spec // interval and time-out are those in force
	// Monitor is the definition to run, for type powerha_monitor.
	Monitor *model.Monitor
	seq     uint64
	trial   bool // a failure does not count
}

// Number tells runs apart.
func (r Run) Number() uint64 { return r.seq }

// Result is what came of a Run.
type Result struct {
	Run  Run
	At   model.Instant // when the attempt began
	Took time.Duration
	Err  string // "" means success
}

// Ownership is what is known of the owners of resource groups, and of the application monitors of the cluster.
type Ownership struct {
	Node   string              // this node
	Owners map[string][]string // last known owners of each group
	// Since is when the owners of a group were last seen to change.
	Since map[string]time.Time
	// Unmanaged are the groups here whose applications PowerHA surely does not monitor now.
	Unmanaged map[string]bool
	// Unsure: whether PowerHA manages this node cannot be read now.
	Unsure bool
	// Monitors are those of the cluster's configuration, once they were read; Unparsed counts lines of it that were not
	// understood.
	Monitors     []model.Monitor
	MonitorsRead bool
	Unparsed     int
}

// Core schedules the probes of this node. It is synchronous and reads no clock.
type Core struct {
	probes []*state
	seq    uint64
	stops  []uint64 // numbers of runs to be given up
}

type state struct {
	spec    Spec
	running bool
	seq     uint64        // of the run whose result is taken; 0 for none
	number  uint64        // of the last run
	due     time.Duration // by the monotonic clock
	st      model.ProbeStatus
	watch   watch // of type powerha_monitor
}

// NewCore returns a core that runs the given probes, in the order of their IDs.
func NewCore(specs []Spec) *Core {
	c := &Core{}
	c.Configure(specs)
	return c
}

// Configure replaces the probes. What is known of a probe that is the same as before is kept. A monitor that still runs
// and is not the same any more is given up, and none takes its place before it is back.
func (c *Core) Configure(specs []Spec) {
	old := c.probes
	c.probes = nil
	for _, s := range specs {
		p := &state{spec: s}
		for _, o := range old {
			if o.spec.ID() != s.ID() {
				continue
			}
			if same(o.spec, s) {
				p = o
			} else if o.spec.Type == TypeMonitor {
				p.running = o.running
			}
		}
		c.probes = append(c.probes, p)
	}
	for _, o := range old {
		if o.spec.Type == TypeMonitor && o.running && !slices.Contains(c.probes, o) {
			c.giveUp(o)
		}
	}
}

// giveUp ends a run whose result does not matter any more.
func (c *Core) giveUp(p *state) {
	if p.number != 0 {
		c.stops = append(c.stops, p.number)
	}
}

// Stops returns the numbers of the runs that are to be given up, each once. They still answer with a Result.
func (c *Core) Stops() []uint64 {
	out := c.stops
	c.stops = nil
	return out
}

// Step takes results in and returns the probes to run now. What Stops returns is to be given up before.
func (c *Core) Step(now model.Instant, own Ownership, results []Result) []Run {
	for _, r := range results {
		c.result(r)
	}
	var runs []Run
	for _, p := range c.probes {
		if p.spec.Type == TypeMonitor {
			if p.follow(now, own) {
				c.giveUp(p)
			}
		} else {
			p.activate(now, own)
		}
		if !p.ready(now) {
			continue
		}
		c.seq++
		p.running, p.seq, p.number = true, c.seq, c.seq
		r := p.run(now)
		p.due = now.Mono + r.Spec.Interval
		runs = append(runs, r)
	}
	return runs
}

// ready: the probe is to run now.
func (p *state) ready(now model.Instant) bool {
	if !p.st.Active || p.running || now.Mono < p.due {
		return false
	}
	return p.spec.Type != TypeMonitor || p.watch.stage == stageWatching && p.st.Waiting == ""
}

// activate decides whether the probe runs from here at all. A change of target forgets what was known.
func (p *state) activate(now model.Instant, own Ownership) {
	target, active := targetOf(p.spec, own)
	if active == p.st.Active && target == p.st.TargetNode {
		return
	}
	// A run that still hangs must not be joined by a second one, so running stays; its result will not be taken.
	p.seq = 0
	p.due = now.Mono
	p.st = model.ProbeStatus{
		Application: p.spec.Application, Probe: p.spec.Name, Vantage: p.spec.Vantage,
		TargetNode: target, Active: active,
	}
}

// targetOf returns the node that the probe is about, and whether it runs from this one.
func targetOf(s Spec, own Ownership) (string, bool) {
	owners, known := ownersOf(s, own)
	mine := slices.Contains(owners, own.Node)
	if s.Vantage == Local {
		return own.Node, own.Node != "" && mine
	}
	if !known || len(owners) == 0 || own.Node == "" || mine {
		return "", false
	}
	return owners[0], true
}

// groupsOf lists the groups here that a local probe stands for: the one it names, the one that is called like its
// application, or all that this node has.
func groupsOf(s Spec, own Ownership) []string {
	if s.Group != "" {
		return []string{s.Group}
	}
	if _, ok := own.Owners[s.Application]; ok {
		return []string{s.Application}
	}
	var out []string
	for g, nodes := range own.Owners {
		if slices.Contains(nodes, own.Node) {
			out = append(out, g)
		}
	}
	return out
}

// ownersOf finds the owners of the group that the probe stands for: the one it names, the one that is called like
// its application, or the only one there is. Otherwise a local probe runs where any group is, and the target of a
// peer's cannot be told.
func ownersOf(s Spec, own Ownership) (owners []string, known bool) {
	if s.Group != "" {
		o, ok := own.Owners[s.Group]
		return o, ok
	}
	if o, ok := own.Owners[s.Application]; ok {
		return o, true
	}
	for _, o := range own.Owners {
		if len(own.Owners) == 1 {
			return o, true
		}
		if slices.Contains(o, own.Node) {
			return []string{own.Node}, false
		}
	}
	return nil, false
}

func (c *Core) result(r Result) {
	for _, p := range c.probes {
		if p.spec.ID() != r.Run.ID || !p.running {
			continue
		}
		p.running = false
		if p.seq == r.Run.seq && (r.Err == "" || !r.Run.trial) {
			p.watch.started = p.watch.started || r.Err == ""
			p.take(r)
		}
	}
}

func (p *state) take(r Result) {
	s := &p.st
	s.LastAt, s.Duration, s.Error, s.Success = r.At, r.Took, r.Err, r.Err == ""
	if !s.Success {
		s.Failed++
		s.SuccessSince = model.Instant{}
		return
	}
	s.Succeeded++
	s.LastSuccess = r.At.Wall
	if s.SuccessSince.IsZero() {
		s.SuccessSince = r.At
	}
}

// All lists what Status does, and the monitors that should have been asked or must not be, with why.
func (c *Core) All() []model.ProbeStatus {
	var out []model.ProbeStatus
	for _, p := range c.probes {
		if p.st.Active && p.st.Succeeded+p.st.Failed > 0 || p.st.Waiting != "" || p.watch.stage == stageWatching {
			out = append(out, p.st)
		}
	}
	return out
}

// Interval is how often a probe runs now, by its application and name; 0 for one that is not known.
func (c *Core) Interval(application, name string) time.Duration {
	for _, p := range c.probes {
		switch {
		case p.spec.Application != application || p.spec.Name != name:
		case p.spec.Type == TypeMonitor:
			return cmp.Or(p.watch.plan.interval, p.spec.Interval)
		default:
			return p.spec.Interval
		}
	}
	return 0
}

// Status lists the probes that run from here and have been tried at least once.
func (c *Core) Status() []model.ProbeStatus {
	var out []model.ProbeStatus
	for _, p := range c.probes {
		if p.st.Active && p.st.Succeeded+p.st.Failed > 0 {
			out = append(out, p.st)
		}
	}
	return out
}
