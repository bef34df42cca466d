package crosscheck

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// nodeOf returns the row of this node.
func nodeOf(in Input, nodes model.Reading) (model.Node, bool) {
	i := slices.IndexFunc(nodes.Nodes, func(n model.Node) bool { return n.Name == in.Node })
	if i < 0 {
		return model.Node{}, false
	}
	return nodes.Nodes[i], true
}

// served tells from the state of a node whether PowerHA manages it.
func served(s model.NodeState) (managed, known bool) {
	return s == model.NodeNormal, s == model.NodeNormal || s == model.NodeUnmanaged
}

func word(managed bool) string {
	if managed {
		return "managed"
	}
	return "unmanaged"
}

func managedByManager(in Input, nodes, manager model.Reading) outcome {
	n, ok := nodeOf(in, nodes)
	if !ok {
		return no(WhyRenamed)
	}
	managed, known := served(n.State)
	switch m := manager.Manager; {
	case m == nil:
		return no(WhyNotRead)
	case !known || m.State != model.ManagerStable:
		return no(WhyMoving)
	case !managed && len(m.ForcedDown) == 0:
		return no(WhyNotTold)
	default:
		forced := slices.Contains(m.ForcedDown, in.Node)
		text := fmt.Sprintf("clmgr has %s %s, lssrc %s", in.Node, word(managed), word(!forced))
		if managed == forced {
			return differ(WhyState, text)
		}
		return same(text)
	}
}

func managedByGroups(in Input, nodes, groups model.Reading) outcome {
	n, ok := nodeOf(in, nodes)
	if !ok {
		return no(WhyRenamed)
	}
	managed, known := served(n.State)
	if !known {
		return no(WhyMoving)
	}
	mine := make(map[string]bool) // groups of which this node is the only owner
	for _, o := range in.Owners {
		mine[o.Group] = len(o.Nodes) == 1 && o.Nodes[0] == in.Node
	}
	out := no(WhyNotTold)
	for _, g := range groups.Groups {
		if g.Secondary || g.Node != in.Node {
			continue
		}
		var byGroup bool
		switch {
		case g.State == model.GroupOnline:
			byGroup = true
		case g.State == model.GroupUnmanaged && mine[g.Group]:
		default:
			continue
		}
		text := fmt.Sprintf("clmgr has %s %s, clRGinfo has %s there %s", in.Node, word(managed), g.Group, g.State)
		o := same(text)
		if byGroup != managed {
			o = differ(WhyState, text)
		}
		if o.over(out) {
			out = o
		}
	}
	return out
}

func migrationTold(in Input, _, _ model.Reading) outcome {
	switch {
	case in.Untold == nil:
		return no(WhyNotRead)
	case *in.Untold:
		return differ(WhyUntold, "the error log tells of a migration that the DR script did not")
	default:
		return same("no migration that the DR script did not tell")
	}
}

func milliseconds(tunables map[string]string, name string) (time.Duration, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(tunables[name]), 10, 64)
	if err != nil || n < 0 || n > int64(24*time.Hour/time.Millisecond) {
		return 0, false
	}
	return time.Duration(n) * time.Millisecond, true
}

func times(name string, inForce time.Duration, otherName string, other time.Duration) outcome {
	text := fmt.Sprintf("%s is %s, %s %s", name, inForce, otherName, other)
	if inForce != other {
		return differ(WhyValue, text)
	}
	return same(text)
}

// moving: PowerHA's own script may have raised the node timeout, for this node or for another one.
func (in Input) moving() bool { return in.Phase != model.PhaseIdle || in.PeerMoving }

func nodeTimeout(in Input, timeout, cluster model.Reading) outcome {
	switch c := cluster.Cluster; {
	case in.moving():
		return no(WhyMigrating)
	case c == nil || c.HeartbeatFrequency == nil || *c.HeartbeatFrequency == 0 || timeout.NodeTimeout == 0:
		return no(WhyNotTold)
	default:
		return times("node_timeout of CAA", timeout.NodeTimeout, "HEARTBEAT_FREQUENCY", *c.HeartbeatFrequency)
	}
}

func nodeTimeoutListed(in Input, timeout, tunables model.Reading) outcome {
	listed, ok := milliseconds(tunables.Tunables, "node_timeout")
	switch {
	case !ok || timeout.NodeTimeout == 0:
		return no(WhyNotTold)
	case in.moving():
		return no(WhyMigrating) // it may be changed between the two
	default:
		return times("node_timeout", timeout.NodeTimeout, "in the list", listed)
	}
}

func otherTimeouts(_ Input, tunables, cluster model.Reading) outcome {
	c := cluster.Cluster
	out := no(WhyNotTold)
	if c == nil {
		return out
	}
	for _, p := range []struct {
		tunable, attribute string
		value              *time.Duration
	}{
		{"node_down_delay", "GRACE_PERIOD", c.GracePeriod},
		{"network_fdt", "NETWORK_FAILURE_DETECTION_TIME", c.NetworkFailureDetection},
	} {
		inForce, ok := milliseconds(tunables.Tunables, p.tunable)
		if !ok || p.value == nil || *p.value == 0 { // 0 leaves it to CAA
			continue
		}
		if o := times(p.tunable, inForce, p.attribute, *p.value); o.over(out) {
			out = o
		}
	}
	return out
}

// steady are the states of a cluster manager that last.
func steady(s model.ManagerState) bool {
	switch s {
	case model.ManagerStable, model.ManagerInit, model.ManagerRPFailed, model.ManagerNotConfigured:
		return true
	case model.ManagerJoining, model.ManagerVoting, model.ManagerRPRunning, model.ManagerBarrier, model.ManagerCBarrier,
		model.ManagerUnstable, model.ManagerUnknown:
		return false
	default:
		return false
	}
}

func manager(in Input, manager, nodes model.Reading) outcome {
	n, ok := nodeOf(in, nodes)
	if !ok {
		return no(WhyRenamed)
	}
	raw := model.ManagerState(strings.TrimPrefix(strings.ToLower(n.Raw), "st_"))
	switch m := manager.Manager; {
	case m == nil:
		return no(WhyNotRead)
	case raw == "" || !slices.Contains(model.ManagerStates(), raw): // UNMANAGED stands for any
		return no(WhyNotTold)
	case !steady(raw) || !steady(m.State):
		return no(WhyMoving)
	default:
		text := fmt.Sprintf("lssrc has %s, clmgr %s", m.State, raw)
		if raw != m.State {
			return differ(WhyState, text)
		}
		return same(text)
	}
}

// asManage: a policy that was never set acts as manage.
func asManage(p model.Policy) model.Policy {
	if p == model.PolicyUnset {
		return model.PolicyManage
	}
	return p
}

func policy(_ Input, odm, cluster model.Reading) outcome {
	c := cluster.Cluster
	if c == nil || !c.HasLPM || c.LPMPolicy == model.PolicyUnknown || odm.PolicyODM == model.PolicyUnknown || odm.PolicyODM == "" {
		return no(WhyNotTold)
	}
	text := fmt.Sprintf("lpm_policy of the ODM is %s, LPM_POLICY %s", odm.PolicyODM, c.LPMPolicy)
	if asManage(odm.PolicyODM) != asManage(c.LPMPolicy) {
		return differ(WhyValue, text)
	}
	return same(text)
}

func lpmTimeout(_ Input, odm, cluster model.Reading) outcome {
	c := cluster.Cluster
	if c == nil || !c.HasLPM || c.LPMHeartbeat == nil || odm.TimeoutODM == nil {
		return no(WhyNotTold)
	}
	return times("lpm_node_timeout of the ODM", *odm.TimeoutODM, "HEARTBEAT_FREQUENCY_DURING_LPM", *c.LPMHeartbeat)
}
