package model

import "time"

// Source names one question that is asked of the node by one command.
type Source string

// The sources. The comment names the command and what it yields.
const (
	SourceCluster       Source = "cluster"        // clmgr query cluster: Reading.Cluster
	SourceNodes         Source = "nodes"          // clmgr -cv -a name,state,raw_state query node: Reading.Nodes
	SourceGroups        Source = "groups"         // clRGinfo -s: Reading.Groups
	SourceManager       Source = "manager"        // lssrc -ls clstrmgrES: Reading.Manager
	SourceNodeTimeout   Source = "node_timeout"   // clctrl -tune -x node_timeout: Reading.NodeTimeout
	SourceDeadmanMode   Source = "deadman_mode"   // clctrl -tune -x deadman_mode: Reading.DeadmanMode
	SourceTunables      Source = "tunables"       // clctrl -tune -a: Reading.Tunables
	SourceGroupServices Source = "group_services" // lssrc -ls cthags: Reading.DeadManSwitch
	SourceInittab       Source = "inittab"        // lsitab hacmp_lpm: Reading.Inittab
	SourceMembers       Source = "members"        // lscluster -m: Reading.Members
	SourceErrlog        Source = "errlog"         // errpt -a -J CLIENT_PMIG_…: Reading.Errlog
	SourceFaults        Source = "faults"         // errpt -a -j …: Reading.Errlog, entries about faults of the cluster or the node
	SourceMonitors      Source = "monitors"       // clmgr query application_monitor: Reading.Monitors
	SourceSubsystems    Source = "subsystems"     // lssrc -g cluster: Reading.Subsystems
	SourceProcesses     Source = "processes"      // ps -e -o pid,args: Reading.Processes
	SourceOwners        Source = "owners"         // ps -e -o pid,user,comm: Reading.Processes, with users and names
	SourceServer        Source = "server"         // lsattr -El sys0: Reading.Server
	SourceScripts       Source = "scripts"        // drmgr -l: Reading.Scripts
)

// Second witnesses and details: read seldom, to compare and for a self-test.
const (
	SourceGroupAttrs    Source = "group_attrs"     // clmgr -v query resource_group: Reading.GroupAttrs
	SourceGroupPolicies Source = "group_policies"  // clRGinfo -v: Reading.GroupAttrs, policies and rows alone
	SourceGroupMonitors Source = "group_monitors"  // clRGinfo -m: Reading.AppStates
	SourceOverrides     Source = "group_overrides" // clRGinfo -p: Reading.Groups, with Override
	SourceGroupNames    Source = "group_names"     // cllsgrp: Reading.GroupNames
	SourceServices      Source = "services"        // clshowsrv -v: Reading.Subsystems and Reading.Manager
	SourceTopology      Source = "topology"        // cltopinfo: Reading.Topology
	SourceInterfaces    Source = "interfaces"      // lscluster -i: Reading.Interfaces
	SourceCAA           Source = "caa"             // lscluster -c: Reading.CAA
	SourceCAACounters   Source = "caa_counters"    // lscluster -s: Reading.Counters
	SourceErrlogSummary Source = "errlog_summary"  // errpt -J CLIENT_PMIG_…: Reading.Errlog, without sequence numbers
	SourcePartition     Source = "partition"       // lparstat -i: Reading.Partition
	SourceSwitch        Source = "switch"          // listdms -s cthags: Reading.DeadManSwitch
	SourcePolicyODM     Source = "policy_odm"      // clodmget -n -f lpm_policy HACMPcluster: Reading.PolicyODM
	SourceTimeoutODM    Source = "timeout_odm"     // clodmget -n -f lpm_node_timeout HACMPcluster: Reading.TimeoutODM
)

// Reading is the answer to one Source. Exactly the field of that source is
// set, and only when Err is empty.
type Reading struct {
	Source Source        `json:"source"`
	At     Instant       `json:"at"` // start of the read: the value is at least as new as this
	Took   time.Duration `json:"took"`
	// Err says what failed, on what, and what to do next. Empty means read and understood.
	Err string `json:"error,omitempty"`
	// TimedOut, Missing: the command did not answer in time, or does not exist.
	TimedOut bool `json:"timed_out,omitempty"`
	Missing  bool `json:"missing,omitempty"`
	// Lines counts the lines of the answer that hold something.
	Lines int `json:"lines,omitempty"`
	// Unparsed counts lines that were not understood and left out, values that contradict others or are missing (their Line
	// is 0), and an answer as a whole in which nothing was found. Rejected are the first of them, twenty at most.
	Unparsed int            `json:"unparsed,omitempty"`
	Rejected []RejectedLine `json:"rejected,omitempty"`
	// Unknown are words that stand where a state or a keyword does and are not known; the value is then unknown.
	Unknown []UnknownWord `json:"unknown,omitempty"`

	Cluster     *Cluster      `json:"cluster,omitempty"`
	Nodes       []Node        `json:"nodes,omitempty"`
	Groups      []GroupRow    `json:"groups,omitempty"`
	Manager     *Manager      `json:"manager,omitempty"`
	NodeTimeout time.Duration `json:"node_timeout,omitempty"`
	DeadmanMode string        `json:"deadman_mode,omitempty"` // "a" assert, "e" event
	// Tunables are CAA's, by name, as printed: times are in milliseconds but for config_timeout. Where Unparsed is 0, what is
	// not among them this level does not have.
	Tunables      map[string]string `json:"tunables,omitempty"`
	DeadManSwitch *bool             `json:"dead_man_switch,omitempty"`
	// ClientKill: Group Services ends critical clients that do not respond; nil where it does not tell.
	ClientKill *bool          `json:"client_kill,omitempty"`
	Inittab    *bool          `json:"inittab,omitempty"` // PowerHA's undo entry hacmp_lpm is there
	Members    []Member       `json:"members,omitempty"`
	Errlog     []ErrlogEntry  `json:"errlog,omitempty"`
	Monitors   []Monitor      `json:"monitors,omitempty"`
	Subsystems []Subsystem    `json:"subsystems,omitempty"`
	Processes  []Process      `json:"processes,omitempty"`
	Server     *Server        `json:"server,omitempty"`
	Scripts    []DRScriptInfo `json:"scripts,omitempty"`

	GroupAttrs []GroupAttr       `json:"group_attrs,omitempty"`
	AppStates  []AppState        `json:"app_states,omitempty"`
	GroupNames []string          `json:"group_names,omitempty"`
	Topology   *Topology         `json:"topology,omitempty"`
	Interfaces []Interface       `json:"interfaces,omitempty"`
	CAA        *CAA              `json:"caa,omitempty"`
	Counters   map[string]uint64 `json:"counters,omitempty"`
	Partition  *Partition        `json:"partition,omitempty"`
	PolicyODM  Policy            `json:"policy_odm,omitempty"`
	TimeoutODM *time.Duration    `json:"timeout_odm,omitempty"` // 0 while never set
}

// RejectedLine is a line of an answer that was not understood.
type RejectedLine struct {
	Line int    `json:"line"` // from 1; 0 for a value that no line holds alone
	Text string `json:"text"` // clipped, printable
	Why  string `json:"why"`  // what was expected
}

// UnknownWord is a word in the place of a known one.
type UnknownWord struct {
	What string `json:"what"` // group state, node state, cluster state, manager state, …
	Word string `json:"word"` // as printed
}

// Cluster is what `clmgr query cluster` says.
type Cluster struct {
	Name  string       `json:"name"`
	State ClusterState `json:"state"`
	// Version is VERSION as printed, e.g. "7.2.7"; VersionNumber is VERSION_NUMBER (15 = 7.1.3, 16 = 7.2.0, 23 = 7.2.7).
	Version       string `json:"version"`
	VersionNumber int    `json:"version_number"`
	// Unsynced is UNSYNCED_CHANGES; nil when the attribute is absent.
	Unsynced *bool `json:"unsynced,omitempty"`
	// HeartbeatFrequency, GracePeriod, NetworkFailureDetection: nil when absent or unreadable.
	HeartbeatFrequency      *time.Duration `json:"heartbeat_frequency,omitempty"`
	GracePeriod             *time.Duration `json:"grace_period,omitempty"`
	NetworkFailureDetection *time.Duration `json:"network_failure_detection,omitempty"`
	// HasLPM is false before PowerHA 7.2, which has no LPM variables. Where neither they nor the level are told it is true,
	// and the policy unknown.
	HasLPM    bool   `json:"has_lpm"`
	LPMPolicy Policy `json:"lpm_policy"`
	// LPMHeartbeat is HEARTBEAT_FREQUENCY_DURING_LPM; nil when absent, 0 while never set (the product then uses 600 s).
	LPMHeartbeat *time.Duration `json:"lpm_heartbeat,omitempty"`
	// SkipEventProcessing is SKIP_EVENT_PROCESSING_MANAGE_MODE (7.2.5 on); nil when absent.
	SkipEventProcessing *bool `json:"skip_event_processing,omitempty"`
	HyperSwap           bool  `json:"hyperswap,omitempty"`
	// Type is TYPE: NSC standard, SC stretched, LC linked; "" when absent.
	Type string `json:"type,omitempty"`
	// PVMWatchdog is CAA_PVM_WATCHDOG_TIMER as printed (7.2.7 on); "" when absent.
	PVMWatchdog string `json:"pvm_watchdog,omitempty"`
	// CritDaemonGrace is CRIT_DAEMON_RESTART_GRACE_PERIOD; nil when absent.
	CritDaemonGrace *time.Duration `json:"crit_daemon_grace,omitempty"`
}

// Node is one row of `clmgr query node`.
type Node struct {
	Name  string    `json:"name"`
	State NodeState `json:"state"`
	Raw   string    `json:"raw"` // RAW_STATE as printed
}

// GroupRow is one row of clRGinfo: a group on one node.
type GroupRow struct {
	Group     string     `json:"group"`
	Node      string     `json:"node"`
	State     GroupState `json:"state"`
	Secondary bool       `json:"secondary,omitempty"`
	Site      string     `json:"site,omitempty"`
	Raw       string     `json:"raw"`
	// Override is the priority override location that clRGinfo -p tells for the group; "" for none.
	Override string `json:"override,omitempty"`
}

// Manager is what `lssrc -ls clstrmgrES` says.
type Manager struct {
	State      ManagerState `json:"state"`
	CLVersion  int          `json:"cl_version"`
	VRMF       string       `json:"vrmf"`
	ForcedDown []string     `json:"forced_down,omitempty"`
	// QueuedEvents is 0 and ForcedDown empty where they are told in another language; then Unparsed is not 0.
	// QueuedEvents is the sum of the event queue lines; an event is in progress when State is not stable.
	QueuedEvents int    `json:"queued_events"`
	LastEvent    string `json:"last_event,omitempty"`
}

// Member is one node of `lscluster -m`, as this node sees it.
type Member struct {
	Name  string `json:"name"`
	Up    bool   `json:"up"`
	Local bool   `json:"local"`
}

// ErrlogEntry is one entry of errpt about migrations.
type ErrlogEntry struct {
	Label    string    `json:"label"`
	ID       string    `json:"id"`
	Sequence int       `json:"sequence"`
	Time     time.Time `json:"time"`
	Resource string    `json:"resource"`
	// Description is its text, which may be translated.
	Description string `json:"description,omitempty"`
}

// Monitor is one application monitor of the cluster's configuration.
type Monitor struct {
	Name        string        `json:"name"`
	Application string        `json:"application"`
	Type        string        `json:"type"` // process, custom
	Mode        string        `json:"mode"` // startup, longrunning, both
	Interval    time.Duration `json:"interval,omitempty"`
	Method      string        `json:"method,omitempty"`
	// HungSignal ends a custom monitor that did not answer within its interval; 0 where not told (the product's is 9).
	HungSignal    int           `json:"hung_signal,omitempty"`
	Stabilization time.Duration `json:"stabilization,omitempty"`
	// Processes, Owner, Instances: of a process monitor.
	Processes []string `json:"processes,omitempty"`
	Owner     string   `json:"owner,omitempty"`
	Instances int      `json:"instances,omitempty"`
	Retries   int      `json:"retries,omitempty"` // failures in a row that are borne (7.2.2 on)
	Suspended bool     `json:"suspended,omitempty"`
}

// Subsystem is one row of lssrc -g.
type Subsystem struct {
	Name   string `json:"name"`
	Group  string `json:"group"`
	PID    int    `json:"pid,omitempty"`
	Active bool   `json:"active"` // a row whose status is not known is left out
}

// Process is one running process.
type Process struct {
	PID  int    `json:"pid"`
	Args string `json:"args"`
	// User and Name (of the program, without its path) are told by SourceOwners alone.
	User string `json:"user,omitempty"`
	Name string `json:"name,omitempty"`
}

// Server is the physical machine on which the partition runs. It changes in a
// migration: nothing of it may be a label or be kept over one.
type Server struct {
	Serial    string `json:"serial"`
	TypeModel string `json:"type_model"`
}

// DRScriptInfo is one row of drmgr -l, in the order in which drmgr runs them.
type DRScriptInfo struct {
	Path string `json:"path"`
	Info string `json:"info"`
}
