package exporter

import (
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"powerha_lpm_exporter/internal/crosscheck"
	"powerha_lpm_exporter/internal/model"
)

// witnessed is calm with every second witness.
func witnessed() map[model.Source]model.Reading {
	a := calm()
	a[model.SourceNodes].Nodes[0].Raw, a[model.SourceNodes].Nodes[1].Raw = "ST_STABLE", "ST_STABLE"
	a[model.SourceTunables].Tunables["node_down_delay"] = "10000"
	a[model.SourceGroupAttrs] = model.Reading{GroupAttrs: []model.GroupAttr{{Name: "rg1", State: model.GroupOnline, CurrentNodes: []string{"n1"}}}}
	a[model.SourcePolicyODM] = model.Reading{PolicyODM: model.PolicyUnmanage}
	a[model.SourceTimeoutODM] = model.Reading{TimeoutODM: ptr(120 * time.Second)}
	return a
}

func TestCrossCheck(t *testing.T) {
	var out strings.Builder
	l := newLogged(log.NewLogfmtLogger(&out))
	r := newRig(t, options())
	r.answers = witnessed()
	r.advance(time.Minute)
	v := r.core.View(r.now)
	if len(v.Disagree) != len(crosscheck.Facts()) {
		t.Errorf("compared %v", v.Disagree)
	}
	for fact, d := range v.Disagree {
		if d {
			t.Errorf("%s: %s", fact, v.Disagreements[fact])
		}
	}
	// A group that clmgr has elsewhere: seen with the next reading of the rare witness, told with the one after it, which
	// comes an interval later and not in five minutes.
	r.answers[model.SourceGroupAttrs] = model.Reading{GroupAttrs: []model.GroupAttr{{Name: "rg1", State: model.GroupOnline, CurrentNodes: []string{"n2"}}}}
	before := r.reads[model.SourceGroupAttrs]
	for range 700 {
		if r.advance(500 * time.Millisecond); r.reads[model.SourceGroupAttrs] > before {
			break
		}
	}
	r.advance(time.Second)
	if r.core.View(r.now).Disagree["resource_group"] {
		t.Error("told after one round")
	}
	r.advance(20 * time.Second)
	v = r.core.View(r.now)
	if !v.Disagree["resource_group"] || !strings.Contains(v.Disagreements["resource_group"], "clmgr has the group rg1 on n2") {
		t.Errorf("not told: %v", v.Disagreements)
	}
	l.disagreements(v)
	l.disagreements(v)
	r.answers[model.SourceGroupAttrs] = witnessed()[model.SourceGroupAttrs]
	r.advance(6 * time.Minute)
	v = r.core.View(r.now)
	l.disagreements(v)
	if v.Disagree["resource_group"] || strings.Count(out.String(), "\n") != 2 || !strings.Contains(out.String(), "sources agree again") {
		t.Errorf("after it was mended: %v; log:\n%s", v.Disagree, out.String())
	}
	// A second witness that fails is not compared, and fails no collector.
	r.answers[model.SourceGroupAttrs] = model.Reading{Err: "permission denied"}
	r.advance(6 * time.Minute)
	if _, known := r.core.View(r.now).Disagree["resource_group"]; known {
		t.Error("compared with what could not be read")
	}
	for _, s := range r.core.View(r.now).Collectors {
		if !s.Success {
			t.Errorf("%s fails with it", s.Name)
		}
	}
}

// PowerHA's script raises the node timeout of the whole cluster: on the standby that is a disagreement only when no peer is
// on its way, and a silent one is where it was last heard.
func TestTimeoutRaisedForPeer(t *testing.T) {
	r := newRig(t, options())
	r.answers = witnessed()
	r.advance(time.Minute)
	r.answers[model.SourceNodeTimeout] = model.Reading{NodeTimeout: 120 * time.Second}
	for _, c := range []struct {
		peer     model.PeerStatus
		disagree bool
	}{
		{model.PeerStatus{Node: "n2", Up: true, Phase: model.PhaseMigrating}, false},
		{model.PeerStatus{Node: "n2", Phase: model.PhaseMigrating}, false},
		{model.PeerStatus{Node: "n2", Up: true, Phase: model.PhaseIdle}, true},
	} {
		r.heartbeat = func() Input { return PeersSeen{Status: []model.PeerStatus{c.peer}} }
		r.advance(6 * time.Minute)
		if d := r.core.View(r.now).Disagree["timeouts"]; d != c.disagree {
			t.Errorf("%+v: disagree %v", c.peer, d)
		}
	}
}

// While clmgr and the ODM disagree about what a migration will do, the ODM is believed, which PowerHA's script reads.
func TestODMIsBelieved(t *testing.T) {
	r := newRig(t, options())
	r.answers = witnessed()
	r.answers[model.SourcePolicyODM] = model.Reading{PolicyODM: model.PolicyManage}
	r.answers[model.SourceTimeoutODM] = model.Reading{TimeoutODM: ptr(60 * time.Second)}
	r.advance(2 * time.Minute)
	v := r.core.View(r.now)
	c := v.Fresh[model.SourceCluster].Cluster
	if !v.Disagree["variables"] || c.LPMPolicy != model.PolicyManage || *c.LPMHeartbeat != time.Minute || !v.Drift["lpm_policy"] {
		t.Errorf("%v, policy %s, timeout %s, drift %v", v.Disagree, c.LPMPolicy, *c.LPMHeartbeat, v.Drift)
	}
	if s := r.core.Snapshot(r.now); s.Facts.Good[model.SourceCluster].Cluster.LPMPolicy != model.PolicyUnmanage {
		t.Error("the reading itself was changed")
	}
	r.answers = witnessed()
	r.advance(6 * time.Minute)
	if c := r.core.View(r.now).Fresh[model.SourceCluster].Cluster; c.LPMPolicy != model.PolicyUnmanage || *c.LPMHeartbeat != 2*time.Minute {
		t.Errorf("after it was mended: %s %s", c.LPMPolicy, *c.LPMHeartbeat)
	}
}
