// Package sim is a simulated PowerHA cluster: what the commands print, what
// the cluster manager does, and how drmgr moves a partition. Its Core is
// stepped by a clock that is handed in, so that the same consequences run in
// real time under powerha_sim and in virtual time under tests. The shell
// around it (package world) runs scripts and really stops processes.
package sim

import "time"

// Input is something that happens to the simulated cluster.
type Input interface{ isInput() }

// Effect is something that the shell has to do for it.
type Effect interface{ isEffect() }

// CommandStarted: somebody typed a command on a node. Name is the tool (clmgr, clRGinfo, cl_dr, drmgr, …).
type CommandStarted struct {
	ID, Node, Name string
	Args           []string
	By             string // actor, exporter, human, product: best effort, for the trace
	Locale         string // LC_ALL of the caller; "" is the language of the node
}

// ScriptEnded: a script that RunScript asked for is over.
type ScriptEnded struct {
	ID       string
	Exit     int
	Stdout   string
	TimedOut bool
}

// MigrationRequested: the HMC is asked to move a partition.
type MigrationRequested struct {
	ID, Node        string
	Precopy, Freeze time.Duration
	AbortAt         string // "", check, pre, copy, suspend
	Die             string // "", or the phase in which the partition dies: copy, suspend, post
}

// FreezeDone and ThawDone: the shell has really stopped, or let go, every process of the node.
type (
	FreezeDone struct{ Node string }
	ThawDone   struct{ Node string }
)

// PowerOff, Boot: the partition is switched off at the HMC, or activated.
type (
	PowerOff struct{ Node string }
	Boot     struct{ Node string }
)

// NodeDied: the partition is gone (a crash injected from outside).
type NodeDied struct{ Node string }

// WorkloadSeen: the shell saw where the application of a group writes. More than one node means it ran twice.
type WorkloadSeen struct {
	Group string
	Nodes []string
}

// SetKnob changes a knob while the cluster runs. Name may be NAME@NODE: then it holds on that node alone.
type SetKnob struct{ Name, Value string }

// CommandGone: the process that typed a command was killed before CommandDone (a DR script over its limit). A
// running cl_dr stops where it is; what the cluster manager has begun goes on.
type CommandGone struct{ ID string }

func (CommandStarted) isInput()     {}
func (ScriptEnded) isInput()        {}
func (MigrationRequested) isInput() {}
func (FreezeDone) isInput()         {}
func (ThawDone) isInput()           {}
func (PowerOff) isInput()           {}
func (Boot) isInput()               {}
func (NodeDied) isInput()           {}
func (WorkloadSeen) isInput()       {}
func (SetKnob) isInput()            {}
func (CommandGone) isInput()        {}

// CommandOutput: the command printed something. CommandDone: it is over.
type (
	CommandOutput struct {
		ID             string
		Stdout, Stderr []byte
	}
	CommandDone struct {
		ID   string
		Exit int
	}
)

// RunScript: run a script as a process of the node and answer with ScriptEnded. Kind is app_start, app_stop,
// app_monitor or dr. Path is absolute; Env is the whole environment. At Timeout the script is killed.
type RunScript struct {
	ID, Node, Kind, Path string
	Args, Env            []string
	Timeout              time.Duration
	Signal               int // sent at Timeout; 0: SIGKILL
}

// FreezeNode, ThawNode: stop or continue every process of the node; answer with FreezeDone or ThawDone.
// KillNode: end every process of the node at once (death, power-off, halt).
type (
	FreezeNode struct{ Node string }
	ThawNode   struct{ Node string }
	KillNode   struct{ Node string }
	// BootNode: the HMC was asked to activate a partition; make it ready for processes and answer with Boot.
	BootNode struct{ Node string }
)

// MigrationEnded answers MigrationRequested. FrozenFor is the true freeze.
type MigrationEnded struct {
	ID        string
	Result    string // completed, aborted, vetoed, lost
	Message   string // what the HMC's user would see
	FrozenFor time.Duration
	FrozenAt  time.Duration // time of the core
}

// AppendFile, WriteFile, RemoveFile keep the product's files of a node. Name is relative to the node's root folder:
// var/hacmp/adm/cluster.log, var/hacmp/log/hacmp.out, var/hacmp/log/clutils.log, var/hacmp/cl_dr.state, etc/cluster/ifrestrict.
type (
	AppendFile struct{ Node, Name, Text string }
	WriteFile  struct{ Node, Name, Text string }
	RemoveFile struct{ Node, Name string }
)

// Trace is one line of the simulation trace; the shell writes it where it is asked to.
type Trace struct {
	At     time.Duration
	Node   string
	Kind   string
	Fields map[string]any
}

func (CommandOutput) isEffect()  {}
func (CommandDone) isEffect()    {}
func (RunScript) isEffect()      {}
func (FreezeNode) isEffect()     {}
func (ThawNode) isEffect()       {}
func (KillNode) isEffect()       {}
func (BootNode) isEffect()       {}
func (MigrationEnded) isEffect() {}
func (Trace) isEffect()          {}
func (AppendFile) isEffect()     {}
func (WriteFile) isEffect()      {}
func (RemoveFile) isEffect()     {}

// Config describes the cluster to simulate.
type Config struct {
	Cluster string
	Version string // 7.1.3, 7.2.0, 7.2.3, 7.2.7
	Nodes   []string
	Groups  []Group
	// Monitors are the application monitors besides the one of each group.
	Monitors []Monitor
	Knobs    map[string]string
	// TimerScale multiplies every timer of the product (node timeout, grace period, dead man switches, durations of
	// events); what commands print stays unscaled. 1 when zero.
	TimerScale float64
	// Delays is how long a tool works before it answers, by tool name, unscaled; what is not named, and every act
	// of clmgr and cl_dr, takes its own time, scaled.
	Delays map[string]time.Duration
	Epoch  time.Time // wall time at the core's time 0
}

// Monitor is an application monitor of the cluster's configuration, besides the one that a Group has.
type Monitor struct {
	Name        string `json:"name"`
	Application string `json:"application"`
	Type        string `json:"type"` // process, custom
	Mode        string `json:"mode"` // longrunning, startup, both
	// Of a process monitor: names as ps -el has them, parted by blanks; exactly Instances of each run for Owner.
	Processes  string `json:"processes,omitempty"`
	Owner      string `json:"owner,omitempty"`
	Instances  int    `json:"instances,omitempty"`
	Parameters string `json:"parameters,omitempty"`
	// Of a custom monitor: a script without arguments, which has to answer within Interval or gets HungSignal.
	Method     string        `json:"method,omitempty"`
	Interval   time.Duration `json:"interval_ns,omitempty"`
	HungSignal int           `json:"hung_signal,omitempty"`
	Retry      int           `json:"retry,omitempty"` // 7.2.2 on

	Stabilization   time.Duration `json:"stabilization_ns"`
	RestartCount    int           `json:"restart_count"`
	RestartInterval time.Duration `json:"restart_interval_ns"` // 0: computed
	FailureAction   string        `json:"failure_action"`      // notify, fallover
	NotifyMethod    string        `json:"notify_method,omitempty"`
	CleanupMethod   string        `json:"cleanup_method,omitempty"`
	RestartMethod   string        `json:"restart_method,omitempty"`
}

// Group is one resource group.
type Group struct {
	Name  string
	Nodes []string // participating nodes, home node first
	// Application, and its scripts (absolute paths, run as processes of the node).
	Application, Start, Stop, Monitor string
	MonitorInterval                   time.Duration // of a long-running custom monitor; 0: none
	RestartCount                      int
	StartupMonitor                    bool
}
