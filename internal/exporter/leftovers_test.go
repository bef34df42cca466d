package exporter

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// migrate takes a rig through a migration in which PowerHA's own script changes what it changes; mend is what is there
// after it.
func (r *rig) migrate(change, mend func()) {
	r.t.Helper()
	r.event(model.EventPre)
	change()
	r.advance(30 * time.Second)
	r.event(model.EventPost)
	mend()
	r.advance(time.Minute)
	r.phase(model.PhaseIdle)
}

// raise is what PowerHA's own script changes on this node.
func (r *rig) raise() {
	r.answers[model.SourceNodeTimeout] = model.Reading{NodeTimeout: 120 * time.Second}
	r.answers[model.SourceGroupServices] = model.Reading{DeadManSwitch: ptr(false)}
	r.answers[model.SourceDeadmanMode] = model.Reading{DeadmanMode: "e"}
	r.answers[model.SourceInittab] = model.Reading{Inittab: ptr(true)}
}

func (r *rig) left() []string {
	var out []string
	_, left := r.core.leftovers(r.now)
	for _, l := range left {
		out = append(out, l.What+"@"+l.Node)
		if len(l.Commands) == 0 || l.Was == l.Is {
			r.t.Errorf("%+v", l)
		}
	}
	slices.Sort(out)
	return out
}

// peer makes the heartbeats of n2 tell its settings from now on.
func (r *rig) peer(switched, restricted *bool) {
	r.heartbeat = func() Input {
		return PeersSeen{Status: []model.PeerStatus{{
			Node: "n2", Up: true, LastHeartbeat: r.now.Wall, Phase: model.PhaseIdle, DeadManSwitch: switched, Restricted: restricted,
		}}}
	}
}

// The report waits for what the peer tells, also where the same setting is left here.
func TestReportAwaitsPeer(t *testing.T) {
	r := newRig(t, options())
	r.peer(ptr(true), nil)
	r.advance(2 * time.Minute)
	r.migrate(func() { r.raise(); r.peer(ptr(false), nil) }, func() {})
	rep := r.state.LastReport
	if rep == nil || len(rep.LeftBehind) != 5 || !slices.ContainsFunc(rep.LeftBehind, func(l model.Leftover) bool { return l.Node == "n2" }) {
		t.Errorf("report %+v", rep)
	}
}

func TestLeftOnPeer(t *testing.T) {
	r := newRig(t, options())
	r.peer(ptr(true), ptr(false))
	r.restrict = ptr(false)
	r.advance(2 * time.Minute)
	r.migrate(func() {
		r.raise()
		r.peer(ptr(false), ptr(true))
		r.restrict = ptr(true)
	}, func() {
		maps.Copy(r.answers, calm())
		r.restrict = ptr(false)
	})
	if got := r.left(); !slices.Equal(got, []string{"dead_man_switch@n2", "ifrestrict@n2"}) {
		t.Errorf("left %v", got)
	}
	if l := r.core.View(r.now).Leftovers; !l["dead_man_switch"] || !l["ifrestrict"] || l["node_timeout"] || len(l) != 5 {
		t.Errorf("metric %v", l)
	}
	rep := r.state.LastReport
	if rep == nil || len(rep.LeftBehind) != 2 || !slices.Equal(rep.Leftovers, []string{"dead_man_switch", "ifrestrict"}) || rep.LeftBehind[0].Node != "n2" {
		t.Errorf("report %+v", rep)
	}
	if s := r.core.Snapshot(r.now); len(s.Leftovers) != 2 {
		t.Errorf("snapshot %+v", s.Leftovers)
	}
	r.peer(ptr(true), ptr(false))
	r.advance(time.Second)
	if got := r.left(); len(got) != 0 {
		t.Errorf("after it was mended: %v", got)
	}
}

// Where the peer told before and does not after, its switch is not judged, and the report waits for it no longer than for
// the rest.
func TestPeerSilentAfter(t *testing.T) {
	r := newRig(t, options())
	r.peer(ptr(true), nil)
	r.advance(2 * time.Minute)
	r.migrate(r.raise, func() { maps.Copy(r.answers, calm()); r.heartbeat = nil; r.tell(PeersSeen{}) })
	if _, judged := r.core.View(r.now).Leftovers["dead_man_switch"]; !judged {
		t.Error("a peer that is gone from the configuration keeps this node's own switch from being judged")
	}
	r = newRig(t, options())
	r.peer(ptr(true), nil)
	r.advance(2 * time.Minute)
	r.migrate(r.raise, func() { maps.Copy(r.answers, calm()); r.peer(nil, nil) })
	if _, judged := r.core.View(r.now).Leftovers["dead_man_switch"]; judged {
		t.Error("judged although the peer does not tell")
	}
	r.advance(5 * time.Minute)
	if rep := r.state.LastReport; rep == nil || !slices.ContainsFunc(rep.Findings, func(f model.Finding) bool { return f.Why == "settings_not_readable" }) {
		t.Errorf("report %+v", rep)
	}
}

// In a cluster of three PowerHA's own script leaves the other nodes alone, and a peer that migrates itself is not judged.
func TestPeerNotJudged(t *testing.T) {
	r := newRig(t, options())
	r.answers[model.SourceNodes] = model.Reading{Nodes: append(slices.Clone(calm()[model.SourceNodes].Nodes), model.Node{Name: "n3", State: model.NodeNormal})}
	r.peer(ptr(true), nil)
	r.advance(2 * time.Minute)
	r.migrate(func() { r.peer(ptr(false), nil) }, func() {})
	if got := r.left(); len(got) != 0 {
		t.Errorf("three nodes: %v", got)
	}
	r = newRig(t, options())
	r.peer(ptr(true), nil)
	r.advance(2 * time.Minute)
	r.migrate(func() {}, func() {
		r.heartbeat = func() Input {
			return PeersSeen{Status: []model.PeerStatus{{Node: "n2", Up: true, LastHeartbeat: r.now.Wall, Phase: model.PhaseMigrating, DeadManSwitch: ptr(false)}}}
		}
	})
	if got := r.left(); len(got) != 0 {
		t.Errorf("the peer migrates: %v", got)
	}
}

// PowerHA's own script has changed everything before the error log tells of the migration: what is calm is what lasted.
func TestCalmIsWhatLasts(t *testing.T) {
	r := newRig(t, options())
	r.advance(2 * time.Minute)
	r.raise()
	r.advance(29 * time.Second)
	r.event(model.EventPre) // told late
	r.advance(30 * time.Second)
	r.event(model.EventPost)
	r.advance(time.Minute)
	if got := r.left(); !slices.Equal(got, []string{"dead_man_switch@n1", "deadman_mode@n1", "inittab@n1", "node_timeout@n1"}) {
		t.Errorf("left %v", got)
	}
	// Set by a human in calm times, it is calm after a while.
	r = newRig(t, options())
	r.advance(2 * time.Minute)
	r.answers[model.SourceNodeTimeout] = model.Reading{NodeTimeout: 45 * time.Second}
	r.advance(2 * time.Minute)
	if got := r.core.state.Calm.NodeTimeout; got != 45*time.Second {
		t.Errorf("calm %s", got)
	}
}

// 600 s is what the script sets where the variable is not set or may not be; where nothing is known of before, what is
// configured for calm times is.
func TestLeftNodeTimeout(t *testing.T) {
	r := newRig(t, options())
	r.answers[model.SourceNodeTimeout] = model.Reading{NodeTimeout: 600 * time.Second} // since before the exporter came
	r.advance(30 * time.Second)
	_, left := r.core.leftovers(r.now)
	if len(left) != 1 || left[0].Was != "30s" || left[0].Is != "10m" || left[0].Commands[0] != "/usr/sbin/clctrl -tune -o node_timeout=30000" {
		t.Errorf("left %+v", left)
	}
	if c := r.core.state.Calm.NodeTimeout; c != 0 {
		t.Errorf("%s is taken for calm", c)
	}
	*r.answers[model.SourceCluster].Cluster.HeartbeatFrequency = 600 * time.Second // as configured
	r.advance(30 * time.Second)
	if _, left := r.core.leftovers(r.now); len(left) != 0 {
		t.Errorf("as configured: %+v", left)
	}
}

// The node timeout may be read before what is configured for calm times is.
func TestCalmNodeTimeout(t *testing.T) {
	r := newRig(t, options())
	r.answers[model.SourceNodeTimeout] = model.Reading{NodeTimeout: 600 * time.Second}
	cluster := r.answers[model.SourceCluster]
	r.answers[model.SourceCluster] = model.Reading{Err: "not yet"}
	r.advance(20 * time.Second)
	if c := r.core.state.Calm.NodeTimeout; c != 0 {
		t.Errorf("%s is taken for calm", c)
	}
	r.answers[model.SourceCluster] = cluster
	r.advance(2 * time.Minute)
	if got := r.left(); !slices.Equal(got, []string{"node_timeout@n1"}) {
		t.Errorf("left %v", got)
	}
}

// The name of the cluster may be known after that of the node: the peers are told of it then.
func TestPeersAreToldTheCluster(t *testing.T) {
	o := options()
	o.Node = "n1"
	r := newRig(t, o)
	r.answers[model.SourceCluster] = model.Reading{Err: "not yet"}
	r.advance(20 * time.Second)
	r.effects = nil
	r.answers[model.SourceCluster] = calm()[model.SourceCluster]
	r.advance(20 * time.Second)
	if !slices.ContainsFunc(r.effects, func(e Effect) bool { tell, ok := e.(Tell); return ok && tell.Cluster == "c1" }) {
		t.Error("they are not told")
	}
}

func TestReadRestrict(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ifrestrict")
	if r, err := readRestrict(path); err != nil || r == nil || *r {
		t.Errorf("no file: %v %v", r, err)
	}
	for text, want := range map[string]bool{"sfwcom\n": true, "en0\n": false} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := readRestrict(path); err != nil || *r != want {
			t.Errorf("%q: %v %v", text, r, err)
		}
	}
	if err := os.WriteFile(path, make([]byte, maxRestrict+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, dir} {
		if r, err := readRestrict(p); err == nil || r != nil || !strings.Contains(err.Error(), p) {
			t.Errorf("%s: %v %v", p, r, err)
		}
	}
}
