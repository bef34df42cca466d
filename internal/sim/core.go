package sim

import (
	"container/heap"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Core is the simulated cluster. It is stepped from one goroutine, reads no
// clock and does nothing by itself: what has to be done outside comes back as
// effects. The same configuration and the same inputs at the same times give
// the same effects.
type Core struct {
	cfg   Config
	level level
	knobs map[string]string
	table map[string]knob
	tools map[string]query

	now   time.Duration
	seq   uint64
	queue queue
	out   []Effect

	order  []string
	nodes  map[string]*node
	groups []*group
	active odm // the configuration as last synchronised

	running  *event
	events   []*event
	lock     *cmd // holder of the configuration lock
	commands map[string]*cmd
	scripts  map[string]*script
	moves    map[string]*migration // by node

	by      string // who typed the command that is answered now
	ids     int
	started bool
	log     history
}

// New checks the configuration and makes a cluster in which every node is up
// and managed and every group is online on its first node. The first Step
// starts the applications (RunScript app_start).
func New(cfg Config) (*Core, error) {
	lvl, err := levelOf(cfg.Version)
	if err != nil {
		return nil, err
	}
	if cfg.TimerScale == 0 {
		cfg.TimerScale = 1
	}
	if cfg.TimerScale < 0 {
		return nil, fmt.Errorf("timer scale %g is negative; give a factor such as 0.1", cfg.TimerScale)
	}
	if cfg.Cluster == "" || len(cfg.Nodes) == 0 {
		return nil, errors.New("a simulated cluster needs a name and at least one node")
	}
	c := &Core{
		cfg: cfg, level: lvl, knobs: map[string]string{}, table: knobTable(), tools: queryTable(), nodes: map[string]*node{},
		commands: map[string]*cmd{}, scripts: map[string]*script{}, moves: map[string]*migration{},
		active: defaultODM(lvl),
	}
	for i, name := range cfg.Nodes {
		if name == "" || c.nodes[name] != nil {
			return nil, fmt.Errorf("node name %q is empty or given twice", name)
		}
		c.order = append(c.order, name)
		c.nodes[name] = newNode(name, i, c.active)
	}
	for _, g := range cfg.Groups {
		if len(g.Nodes) == 0 {
			return nil, fmt.Errorf("resource group %q has no participating node", g.Name)
		}
		for _, n := range g.Nodes {
			if c.nodes[n] == nil {
				return nil, fmt.Errorf("resource group %q names node %q, which the cluster does not have", g.Name, n)
			}
		}
		c.groups = append(c.groups, &group{Group: g, owner: g.Nodes[0], state: stOnline, managed: true})
	}
	if err := c.addMonitors(cfg.Monitors); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Knobs)) {
		if err := c.setKnob(name, cfg.Knobs[name]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Step advances the cluster to now (never back), takes the inputs in and
// returns what the shell has to do, in order.
func (c *Core) Step(now time.Duration, in []Input) []Effect {
	c.out = nil
	if !c.started {
		c.started = true
		c.begin()
	}
	c.advance(now)
	for _, i := range in {
		c.input(i)
		c.advance(c.now)
	}
	return c.out
}

// Next tells when the core wants to be stepped again without an input.
func (c *Core) Next() (time.Duration, bool) {
	if !c.started {
		return 0, true
	}
	if c.queue.Len() == 0 {
		return 0, false
	}
	return max(c.queue[0].at, c.now), true
}

func (c *Core) advance(now time.Duration) {
	now = max(now, c.now)
	for c.queue.Len() > 0 && c.queue[0].at <= now {
		it := heap.Pop(&c.queue).(*item)
		c.now = max(c.now, it.at)
		it.fn()
	}
	c.now = now
}

func (c *Core) input(i Input) {
	switch i := i.(type) {
	case CommandStarted:
		c.commandStarted(i)
	case CommandGone:
		c.commandGone(i.ID)
	case ScriptEnded:
		c.scriptEnded(i)
	case MigrationRequested:
		c.migrationRequested(i)
	case FreezeDone:
		c.freezeDone(i.Node)
	case ThawDone:
		c.thawDone(i.Node)
	case PowerOff:
		c.powerOff(i.Node)
	case Boot:
		c.boot(i.Node)
	case NodeDied:
		if n := c.nodes[i.Node]; n != nil {
			c.kill(n, "crashed")
		}
	case WorkloadSeen:
		c.workloadSeen(i)
	case SetKnob:
		if err := c.setKnob(i.Name, i.Value); err != nil {
			c.note("", "knob refused: "+err.Error())
			return
		}
		c.note("", "knob "+i.Name+"="+i.Value)
	}
}

// begin tells the initial state and starts what runs from the beginning.
func (c *Core) begin() {
	for _, name := range c.order {
		n := c.nodes[name]
		c.trace(name, "managed", "node", name, "managed", true)
		n.bootEntries(c)
		if c.knob(n, "ifrestrict") == "present" {
			c.emit(WriteFile{Node: name, Name: ifrestrictFile, Text: ownRestrictions})
		}
	}
	c.traceVariables("product")
	c.log.standbyDown = !c.standbyUp()
	c.trace("", "standby", "up", c.standbyUp())
	for _, g := range c.groups {
		c.trace("", "group_policy", "resource_group", g.Name, "startup", policyStartup, "fallover", policyFallover, "fallback", policyFallback, "nodes", g.Nodes)
		c.traceOwner(g)
		c.runStart(g, g.owner, func(bool) { c.startMonitor(g) })
	}
}

func (c *Core) emit(e Effect) { c.out = append(c.out, e) }

// trace adds a line of the simulation trace; kv are field names and values in turn.
func (c *Core) trace(node, kind string, kv ...any) {
	f := make(map[string]any, len(kv)/2)
	for i := 0; i+1 < len(kv); i += 2 {
		f[kv[i].(string)] = kv[i+1]
	}
	c.emit(Trace{At: c.now, Node: node, Kind: kind, Fields: f})
}

func (c *Core) newID(prefix string) string {
	c.ids++
	return prefix + strconv.Itoa(c.ids)
}

// wall is the time of day on every node.
func (c *Core) wall() time.Time { return c.cfg.Epoch.Add(c.now).UTC() }

// others lists the other nodes in configuration order.
func (c *Core) others(n *node) []*node {
	var out []*node
	for _, name := range c.order {
		if name != n.name {
			out = append(out, c.nodes[name])
		}
	}
	return out
}

func (c *Core) all() []*node {
	out := make([]*node, 0, len(c.order))
	for _, name := range c.order {
		out = append(out, c.nodes[name])
	}
	return out
}
