package powerha

import (
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// parseCluster reads `clmgr query cluster`. Before PowerHA 7.2 there are no
// LPM attributes; later ones may be empty or 0 while they were never set
// (SG24-8278 ex. 2-2).
func parseCluster(b []byte) (*model.Cluster, int, error) {
	blocks, unparsed := parseAttrs(b)
	a := make(attrs)
	for _, block := range blocks { // one object, whatever blank lines it has
		for name, value := range block {
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
		return nil, unparsed, notUnderstood(b, "CLUSTER_NAME")
	}
	r := attrReader{attrs: a, bad: unparsed}
	c := model.Cluster{
		Name:                    clip(name),
		State:                   clusterState(a["STATE"]),
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
		c.HasLPM, c.LPMPolicy = true, policy(text)
		if c.LPMHeartbeat == nil && a["HEARTBEAT_FREQUENCY_DURING_LPM"] == "" {
			c.LPMHeartbeat = new(time.Duration(0)) // never set, like "0"
		}
	}
	return &c, r.bad, nil
}

// attrReader reads typed attributes and counts those that cannot be read.
type attrReader struct {
	attrs
	bad int
}

func (r *attrReader) number(name string) int {
	text := r.attrs[name]
	n, ok := number(text)
	if !ok && text != "" {
		r.bad++
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
		r.bad++
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
		r.bad++
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
