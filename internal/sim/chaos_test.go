package sim

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestChaosEndsInOrder throws faults, people and migrations at a cluster of three and then lets it recover: the event
// queue and the lock must be free, and every group online on one living node.
func TestChaosEndsInOrder(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { chaos(t, seed) })
	}
}

func chaos(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	nodes := []string{"n1", "n2", "n3"}
	s := newShell(t, Config{Nodes: nodes, Groups: []Group{
		{Name: "a", Nodes: nodes, Application: "a", Start: "/s", Stop: "/p", Monitor: "/m", MonitorInterval: 20 * time.Second, RestartCount: 1},
		{Name: "b", Nodes: []string{"n2", "n3"}, Application: "b", Start: "/s", Stop: "/p", Monitor: "/m", StartupMonitor: true},
	}})
	protect(s)
	for range 25 {
		n := nodes[r.IntN(3)]
		switch r.IntN(9) {
		case 0:
			s.step(FreezeDone{Node: n})
		case 1:
			s.step(ThawDone{Node: n})
		case 2:
			s.step(NodeDied{Node: n})
		case 3:
			s.step(Boot{Node: n})
		case 4:
			s.start(n, "clmgr", "stop", "node", n, "MANAGE="+[]string{"unmanage", "offline", "move"}[r.IntN(3)])
		case 5:
			s.start(n, "clmgr", "start", "node", n, "MANAGE=auto")
		case 6:
			s.start(n, "clmgr", "move", "rg", "a", "NODE="+nodes[r.IntN(3)])
		case 7:
			s.start(n, "clmgr", "sync", "cluster")
		case 8:
			s.step(MigrationRequested{
				ID: s.newID(), Node: n, Precopy: 3 * time.Second, Freeze: time.Duration(r.IntN(100)) * time.Second,
				AbortAt: []string{"", "", "pre", "copy", "suspend"}[r.IntN(5)], Die: []string{"", "", "", "suspend", "post"}[r.IntN(5)],
			})
		}
		s.run(time.Duration(r.IntN(40_000)) * time.Millisecond)
	}
	s.run(20 * time.Minute) // what freezes for a migration has thawed
	for _, n := range nodes {
		s.step(ThawDone{Node: n})
	}
	s.run(5 * time.Minute)
	for _, n := range nodes {
		s.step(Boot{Node: n})
		s.run(5 * time.Minute)
		s.command(n, "clmgr", "start", "node", n, "MANAGE=auto")
	}
	s.run(5 * time.Minute)
	c := s.core
	if c.running != nil || len(c.events) > 0 || c.lock != nil || len(c.moves) > 0 {
		t.Errorf("not at rest: event %+v, %d queued, lock %+v, %d migrations", c.running, len(c.events), c.lock, len(c.moves))
	}
	for _, n := range c.Status().Nodes {
		if !n.Alive || n.State != "NORMAL" || n.DeclaredDown {
			t.Errorf("node %+v", n)
		}
	}
	for _, g := range c.Status().Groups {
		if g.Owner == "" || g.State != "ONLINE" || !g.Managed {
			t.Errorf("group %+v", g)
		}
	}
	if t.Failed() {
		for _, e := range c.Status().Events {
			t.Logf("%8.1f %s %s", e.At.Seconds(), e.Node, e.Text)
		}
	}
}
