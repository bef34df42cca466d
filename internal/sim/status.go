package sim

import (
	"slices"
	"strings"
	"time"
)

// history is what the referee remembers.
type history struct {
	events      []Event
	takeovers   []Takeover
	restarts    int
	twice       []Twice
	runsOn      map[string][]string // by group: where the shell saw it last
	acts        []CommandRun
	queries     map[string]int // by node and tool
	migration   *MigrationStatus
	standbyDown bool
}

const keepEvents, keepActs = 2000, 1000

// Status is the referee's view of the whole cluster.
type Status struct {
	At         time.Duration    `json:"at"` // of the core
	Time       time.Time        `json:"time"`
	Cluster    string           `json:"cluster"`
	Version    string           `json:"version"`
	State      string           `json:"state"` // as clmgr says it
	TimerScale float64          `json:"timer_scale"`
	Nodes      []NodeStatus     `json:"nodes"`
	Groups     []GroupStatus    `json:"groups"`
	Variables  Variables        `json:"variables"`
	Takeovers  int              `json:"takeovers"`
	TakenOver  []Takeover       `json:"taken_over"`
	Restarts   int              `json:"restarts"` // of applications by their monitors
	RanTwice   int              `json:"ran_twice"`
	Twice      []Twice          `json:"twice"`
	Migration  *MigrationStatus `json:"migration,omitempty"` // the last or running one
	Events     []Event          `json:"events"`
	Commands   []CommandRun     `json:"commands"` // those that change something
	Queries    map[string]int   `json:"queries"`  // how many of each other command, by node/tool
}

// NodeStatus is the truth about one node.
type NodeStatus struct {
	Name           string `json:"name"`
	Alive          bool   `json:"alive"`
	Off            bool   `json:"off"`
	Frozen         bool   `json:"frozen"`
	DeclaredDown   bool   `json:"declared_down"`
	Services       bool   `json:"services"` // cluster services are up
	Managed        bool   `json:"managed"`
	State          string `json:"state"` // as clmgr query node says it
	Manager        string `json:"manager"`
	NodeTimeout    int    `json:"node_timeout_ms"`
	DeadmanMode    string `json:"deadman_mode"`
	DeadManSwitch  bool   `json:"dead_man_switch"`
	Inittab        bool   `json:"inittab"`
	IfRestrict     bool   `json:"ifrestrict"`
	Unsynced       bool   `json:"unsynced"`
	SavedState     bool   `json:"cl_dr_state"` // cl_dr.state is there
	Serial         string `json:"serial"`
	DRScripts      int    `json:"dr_scripts"`
	RunningDRPhase string `json:"running_dr_phase,omitempty"`
}

// GroupStatus is what the cluster manager believes of a group, and where the shell saw its workload.
type GroupStatus struct {
	Name    string   `json:"name"`
	Owner   string   `json:"owner"`
	State   string   `json:"state"`
	Managed bool     `json:"managed"`
	RunsOn  []string `json:"runs_on"`
}

// Variables are the settings as last synchronised.
type Variables struct {
	LPMPolicy          string `json:"lpm_policy"`
	LPMNodeTimeout     int    `json:"lpm_node_timeout"` // seconds; 0 = never set
	HeartbeatFrequency int    `json:"heartbeat_frequency"`
	GracePeriod        int    `json:"grace_period"`
	Unsynced           bool   `json:"unsynced"`
}

// Takeover is a move of a group that no person asked for. Reason is node_down or application.
type Takeover struct {
	At     time.Duration `json:"at"`
	Time   time.Time     `json:"time"`
	Group  string        `json:"group"`
	From   string        `json:"from"`
	To     string        `json:"to"`
	Reason string        `json:"reason"`
}

// Twice is a time in which a workload ran on more than one node.
type Twice struct {
	Group string        `json:"group"`
	Nodes []string      `json:"nodes"`
	From  time.Duration `json:"from"`
	To    time.Duration `json:"to"` // 0 while it lasts
}

// Event is one line of what happened.
type Event struct {
	At   time.Duration `json:"at"`
	Node string        `json:"node,omitempty"`
	Text string        `json:"text"`
}

// CommandRun is one command that changes something.
type CommandRun struct {
	ID    string        `json:"id"`
	At    time.Duration `json:"at"`
	Node  string        `json:"node"`
	Argv  []string      `json:"argv"`
	By    string        `json:"by"`
	Ended bool          `json:"ended"`
	Exit  int           `json:"exit"`
	Took  time.Duration `json:"took"`
}

// MigrationStatus is the last migration. FrozenFor is the time of the core from FreezeDone to the request to thaw.
type MigrationStatus struct {
	ID        string        `json:"id"`
	Node      string        `json:"node"`
	Phase     string        `json:"phase"`
	Start     time.Duration `json:"start"`
	End       time.Duration `json:"end,omitempty"`
	Result    string        `json:"result,omitempty"`
	Message   string        `json:"message,omitempty"`
	FrozenAt  time.Duration `json:"frozen_at,omitempty"`
	FrozenFor time.Duration `json:"frozen_for,omitempty"`
}

// Status tells the truth about the cluster. It shares nothing with the core.
func (c *Core) Status() Status {
	s := Status{
		At: c.now, Time: c.wall(), Cluster: c.cfg.Cluster, Version: c.level.name, State: c.clusterState(c.witness()),
		TimerScale: c.cfg.TimerScale, Takeovers: len(c.log.takeovers), TakenOver: append([]Takeover{}, c.log.takeovers...),
		Restarts: c.log.restarts, RanTwice: len(c.log.twice), Twice: append([]Twice{}, c.log.twice...),
		Events: append([]Event{}, c.log.events...), Commands: append([]CommandRun{}, c.log.acts...), Queries: map[string]int{},
		Variables: Variables{
			LPMPolicy: c.active.lpmPolicy, LPMNodeTimeout: c.active.lpmTimeout,
			HeartbeatFrequency: c.active.heartbeat, GracePeriod: c.active.grace,
		},
	}
	for k, v := range c.log.queries {
		s.Queries[k] = v
	}
	for _, n := range c.all() {
		state, _ := c.nodeState(n, n)
		if n.silent() {
			state = "UNKNOWN" // as the others see it
		}
		s.Nodes = append(s.Nodes, NodeStatus{
			Name: n.name, Alive: n.alive, Off: n.off, Frozen: n.frozen, DeclaredDown: n.down, Services: n.up,
			Managed: n.managed, State: state, Manager: n.mgr, NodeTimeout: n.nodeTimeout, DeadmanMode: n.deadman,
			DeadManSwitch: n.dms, Inittab: n.inittab != "", IfRestrict: n.ifrestrict, Unsynced: n.unsynced,
			SavedState: n.saved != nil, Serial: c.serial(n), DRScripts: len(n.scripts), RunningDRPhase: n.drmgr,
		})
		s.Variables.Unsynced = s.Variables.Unsynced || n.unsynced
	}
	for _, g := range c.groups {
		s.Groups = append(s.Groups, GroupStatus{
			Name: g.Name, Owner: g.owner, State: g.state, Managed: g.managed, RunsOn: append([]string{}, c.log.runsOn[g.Name]...),
		})
	}
	if m := c.log.migration; m != nil {
		copied := *m
		s.Migration = &copied
	}
	return s
}

// witness is a node that can be asked for the state of the cluster, if there is one.
func (c *Core) witness() *node {
	for _, n := range c.all() {
		if n.active() && !n.down {
			return n
		}
	}
	return c.nodes[c.order[0]]
}

// note adds a line to the referee's list of events.
func (c *Core) note(node, text string) {
	c.log.events = append(c.log.events, Event{At: c.now, Node: node, Text: strings.TrimSpace(text)})
	if n := len(c.log.events); n > keepEvents {
		c.log.events = slices.Delete(c.log.events, 0, n-keepEvents)
	}
}

// workloadSeen records where the shell saw the workload of a group.
func (c *Core) workloadSeen(w WorkloadSeen) {
	nodes := slices.Sorted(slices.Values(w.Nodes))
	if c.log.runsOn == nil {
		c.log.runsOn = map[string][]string{}
	}
	if slices.Equal(c.log.runsOn[w.Group], nodes) {
		return
	}
	if len(nodes) > 1 || len(c.log.runsOn[w.Group]) > 1 {
		c.trace("", "owner", "resource_group", w.Group, "nodes", nodes)
	}
	c.log.runsOn[w.Group] = nodes
	for i := range c.log.twice {
		if t := &c.log.twice[i]; t.Group == w.Group && t.To == 0 {
			t.To = c.now
		}
	}
	if len(nodes) > 1 {
		c.log.twice = append(c.log.twice, Twice{Group: w.Group, Nodes: nodes, From: c.now})
		c.note("", "group "+w.Group+" RUNS TWICE")
	}
}
