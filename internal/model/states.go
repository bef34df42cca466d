package model

// Phase is the state of a migration as one node knows it.
type Phase string

// The phases of a migration.
const (
	PhaseIdle        Phase = "idle"
	PhaseChecking    Phase = "checking"
	PhasePreparing   Phase = "preparing"
	PhaseMigrating   Phase = "migrating"
	PhaseSettling    Phase = "settling"
	PhaseRollingBack Phase = "rolling_back"
	PhaseUnknown     Phase = "unknown"
)

// Phases lists every phase, for state sets.
func Phases() []Phase {
	return []Phase{PhaseIdle, PhaseChecking, PhasePreparing, PhaseMigrating, PhaseSettling, PhaseRollingBack, PhaseUnknown}
}

// GroupState is the state of a resource group on one node, as clRGinfo(1)
// prints it.
type GroupState string

// The states of a resource group.
const (
	GroupOnline         GroupState = "online"
	GroupOffline        GroupState = "offline"
	GroupAcquiring      GroupState = "acquiring"
	GroupReleasing      GroupState = "releasing"
	GroupError          GroupState = "error"
	GroupTemporaryError GroupState = "temporary_error"
	GroupUnmanaged      GroupState = "unmanaged"
	GroupUnknown        GroupState = "unknown"
)

// GroupStates lists every state of a resource group, for state sets.
func GroupStates() []GroupState {
	return []GroupState{GroupOnline, GroupOffline, GroupAcquiring, GroupReleasing, GroupError, GroupTemporaryError, GroupUnmanaged, GroupUnknown}
}

// NodeState is the STATE column of `clmgr query node`.
type NodeState string

// The states of a node.
const (
	NodeNormal    NodeState = "normal"
	NodeOffline   NodeState = "offline"
	NodeJoining   NodeState = "joining"
	NodeLeaving   NodeState = "leaving"
	NodeUnmanaged NodeState = "unmanaged"
	NodeUnstable  NodeState = "unstable"
	NodeError     NodeState = "error"
	NodeUnknown   NodeState = "unknown"
)

// NodeStates lists every state of a node, for state sets.
func NodeStates() []NodeState {
	return []NodeState{NodeNormal, NodeOffline, NodeJoining, NodeLeaving, NodeUnmanaged, NodeUnstable, NodeError, NodeUnknown}
}

// ClusterState is the STATE attribute of `clmgr query cluster`.
type ClusterState string

// The states of a cluster.
const (
	ClusterStable   ClusterState = "stable"
	ClusterUnstable ClusterState = "unstable"
	ClusterWarning  ClusterState = "warning"
	ClusterOffline  ClusterState = "offline"
	ClusterError    ClusterState = "error"
	ClusterUnknown  ClusterState = "unknown"
)

// ClusterStates lists every state of a cluster, for state sets.
func ClusterStates() []ClusterState {
	return []ClusterState{ClusterStable, ClusterUnstable, ClusterWarning, ClusterOffline, ClusterError, ClusterUnknown}
}

// ManagerState is the "Current state" line of `lssrc -ls clstrmgrES`.
type ManagerState string

// The states of the cluster manager.
const (
	ManagerInit          ManagerState = "init"
	ManagerJoining       ManagerState = "joining"
	ManagerVoting        ManagerState = "voting"
	ManagerRPRunning     ManagerState = "rp_running"
	ManagerBarrier       ManagerState = "barrier"
	ManagerCBarrier      ManagerState = "cbarrier"
	ManagerUnstable      ManagerState = "unstable"
	ManagerStable        ManagerState = "stable"
	ManagerRPFailed      ManagerState = "rp_failed"
	ManagerNotConfigured ManagerState = "not_configured"
	ManagerUnknown       ManagerState = "unknown"
)

// ManagerStates lists every state of the cluster manager, for state sets.
func ManagerStates() []ManagerState {
	return []ManagerState{
		ManagerInit, ManagerJoining, ManagerVoting, ManagerRPRunning, ManagerBarrier, ManagerCBarrier,
		ManagerUnstable, ManagerStable, ManagerRPFailed, ManagerNotConfigured, ManagerUnknown,
	}
}

// Policy is PowerHA's LPM_POLICY. PolicyUnset is the empty value of a cluster
// in which it was never set; the product then behaves as for manage.
type Policy string

// The LPM policies.
const (
	PolicyManage   Policy = "manage"
	PolicyUnmanage Policy = "unmanage"
	PolicyUnset    Policy = "unset"
	PolicyUnknown  Policy = "unknown"
)

// Policies lists every policy, for state sets.
func Policies() []Policy {
	return []Policy{PolicyManage, PolicyUnmanage, PolicyUnset, PolicyUnknown}
}

// Result is how a migration ended.
type Result string

// The results of a migration.
const (
	ResultCompleted Result = "completed"
	ResultAborted   Result = "aborted"
	ResultLost      Result = "lost"
	ResultRebooted  Result = "rebooted"
	// ResultUnknown: it is over, and nobody told how. It is no value of a label.
	ResultUnknown Result = "unknown"
)

// Results lists every result that is known, as the label has them.
func Results() []Result {
	return []Result{ResultCompleted, ResultAborted, ResultLost, ResultRebooted}
}
