package probe

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Run asks the shell to run a probe and to answer with a Result.
type Run struct {
	ID   string
	Spec Spec
	seq  uint64
}

// Result is what came of a Run.
type Result struct {
	Run  Run
	At   model.Instant // when the attempt began
	Took time.Duration
	Err  string // "" means success
}

// Ownership is what is known of the owners of resource groups.
type Ownership struct {
	Node   string              // this node
	Owners map[string][]string // last known owners of each group
}

// Core schedules the probes of this node. It is synchronous and reads no clock.
type Core struct {
	probes []*state
	seq    uint64
}

type state struct {
	spec    Spec
	running bool
	seq     uint64
	due     time.Duration // by the monotonic clock
	st      model.ProbeStatus
}

// NewCore returns a core that runs the given probes, in the order of their IDs.
func NewCore(specs []Spec) *Core {
	c := &Core{}
	c.Configure(specs)
	return c
}

// Configure replaces the probes. What is known of a probe that is the same as before is kept.
func (c *Core) Configure(specs []Spec) {
	old := c.probes
	c.probes = nil
	for _, s := range specs {
		p := &state{spec: s}
		for _, o := range old {
			if o.spec.ID() == s.ID() && same(o.spec, s) {
				p = o
			}
		}
		c.probes = append(c.probes, p)
	}
}

func same(a, b Spec) bool {
	return a.Group == b.Group && a.Type == b.Type && a.Target == b.Target && a.Interval == b.Interval &&
		a.Timeout == b.Timeout && slices.Equal(a.Command, b.Command)
}

// Step takes results in and returns the probes to run now.
func (c *Core) Step(now model.Instant, own Ownership, results []Result) []Run {
	for _, r := range results {
		c.result(r)
	}
	var runs []Run
	for _, p := range c.probes {
		p.activate(now, own)
		if !p.st.Active || p.running || now.Mono < p.due {
			continue
		}
		c.seq++
		p.running, p.seq = true, c.seq
		p.due = now.Mono + p.spec.Interval
		runs = append(runs, Run{ID: p.spec.ID(), Spec: p.spec, seq: c.seq})
	}
	return runs
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
		if p.seq == r.Run.seq {
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
