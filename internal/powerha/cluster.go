package powerha

import (
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// parseCluster reads `clmgr query cluster`. Before PowerHA 7.2 there are no
// LPM attributes; later ones may be empty or 0 while they were never set
// (SG24-8278 ex. 2-2).
func parseCluster(in *input) (*model.Cluster, error) {
	a, at := make(attrs), line{}
	for i, block := range parseObjects(in) {
		if i == 0 {
			at = block.at
		} // one object, whatever blank lines it has
		for name, value := range block.attrs {
			if _, ok := a[name]; !ok {
				a[name] = value
			}
		}
	}
	name := a["CLUSTER_NAME"]
	if name == "" {
		name = a["NAME"]
	}
	if name == "" {
		return nil, in.notUnderstood("CLUSTER_NAME")
	}
	r := attrReader{attrs: a, in: in, at: at}
	c := model.Cluster{
		Name:                    clip(name),
		State:                   r.clusterState(),
		Version:                 clip(a["VERSION"]),
		VersionNumber:           r.number("VERSION_NUMBER"),
		Unsynced:                r.truth("UNSYNCED_CHANGES"),
		HeartbeatFrequency:      r.seconds("HEARTBEAT_FREQUENCY"),
		GracePeriod:             r.seconds("GRACE_PERIOD"),
		NetworkFailureDetection: r.seconds("NETWORK_FAILURE_DETECTION_TIME"),
		LPMHeartbeat:            r.seconds("HEARTBEAT_FREQUENCY_DURING_LPM"),
		SkipEventProcessing:     r.truth("SKIP_EVENT_PROCESSING_MANAGE_MODE"),
		LPMPolicy:               model.PolicyUnknown,
		Type:                    clip(a["TYPE"]),
		PVMWatchdog:             clip(a["CAA_PVM_WATCHDOG_TIMER"]),
		CritDaemonGrace:         r.seconds("CRIT_DAEMON_RESTART_GRACE_PERIOD"),
	}
	if text, ok := a["LPM_POLICY"]; ok {
		if c.HasLPM, c.LPMPolicy = true, policy(text); c.LPMPolicy == model.PolicyUnknown {
			in.unknown("LPM policy", text)
		}
		if text, ok := a["HEARTBEAT_FREQUENCY_DURING_LPM"]; ok && text == "" {
			c.LPMHeartbeat = new(time.Duration(0)) // never set, like "0"
		}
	}
	if !c.HasLPM && !before72(&c) {
		// Cut, or asked for some attributes only: that there are no LPM variables must not follow from it.
		c.HasLPM = true
		in.rejectValue("", "expected LPM_POLICY, or a VERSION_NUMBER of before PowerHA 7.2 (16)")
	}
	return &c, nil
}

// attrReader reads typed attributes and hands back those that cannot be read.
type attrReader struct {
	attrs
	in *input
	at line // where the object begins
}

func (r *attrReader) bad(name, want string) {
	l := r.at
	if len(r.in.r.Rejected) < maxRejected { // else it is only counted
		l = r.in.locate(r.at, name)
	}
	l.text = name + "=" + r.attrs[name]
	r.in.reject(l, "expected "+want)
}

// before72 reports whether the level is known to be one without LPM variables (SG24-8278 2.1.5: they came with 7.2.0).
func before72(c *model.Cluster) bool {
	if n := c.VersionNumber; n > 0 && n < 16 { // the level of the cluster; a node may be ahead of it (SG24-8278 ex. 5-34)
		return true
	}
	major, rest, _ := strings.Cut(c.Version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, okA := number(major)
	b, okB := number(minor)
	return okA && okB && (a < 7 || a == 7 && b < 2)
}

func (r *attrReader) clusterState() model.ClusterState {
	s := clusterState(r.attrs["STATE"])
	if text := fold(r.attrs["STATE"]); s == model.ClusterUnknown && text != "UNKNOWN" {
		if text == "" {
			r.in.rejectValue("", "expected STATE")
		} else {
			r.in.unknown("cluster state", text)
		}
	}
	return s
}

func (r *attrReader) number(name string) int {
	text := r.attrs[name]
	n, ok := number(text)
	if !ok && text != "" {
		r.bad(name, "a number")
	}
	return n
}

// seconds is nil for an attribute that is absent, empty or no number.
func (r *attrReader) seconds(name string) *time.Duration {
	text := r.attrs[name]
	if text == "" {
		return nil
	}
	d, ok := seconds(text)
	if !ok {
		r.bad(name, "a number of seconds")
		return nil
	}
	return &d
}

// truth is nil for an attribute that is absent, empty or neither true nor false.
func (r *attrReader) truth(name string) *bool {
	text := r.attrs[name]
	if text == "" {
		return nil
	}
	v, ok := truth(text)
	if !ok {
		r.bad(name, "true or false")
		return nil
	}
	return &v
}

// clusterState maps the STATE of the cluster.
func clusterState(s string) model.ClusterState {
	switch fold(s) {
	case "STABLE":
		return model.ClusterStable
	case "UNSTABLE":
		return model.ClusterUnstable
	case "WARNING":
		return model.ClusterWarning
	case "OFFLINE":
		return model.ClusterOffline
	case "ERROR":
		return model.ClusterError
	}
	return model.ClusterUnknown
}

// policy maps LPM_POLICY, which is printed in either case.
func policy(s string) model.Policy {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "":
		return model.PolicyUnset
	case "manage":
		return model.PolicyManage
	case "unmanage":
		return model.PolicyUnmanage
	}
	return model.PolicyUnknown
}
