package peer

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

var testKey = []byte("a key that is shared by all nodes")

// world is two nodes on a network, in virtual time of steps of a millisecond.
type world struct {
	t     testing.TB
	rnd   *rand.Rand
	now   time.Duration // true time
	nodes []*node
	fly   []flying
	delay time.Duration // one way, at least; as much again at random
	drop  func(from *node, n int) bool
	twice bool // deliver everything twice
}

type flying struct {
	to    *node
	at    time.Duration
	bytes []byte
}

// node has clocks that may be hours off, drift, and stand still while it is frozen (world B) or not (world A).
type node struct {
	name        string
	core        *Core
	det         *freeze.Detector
	track       freeze.Tracker
	origin      time.Duration
	wall        time.Time
	ppm         float64
	stand       bool // counters stand still in a freeze
	lost        time.Duration
	from, until time.Duration // of the freeze, true time
	hiccup      time.Duration // nothing runs for so long after a freeze
	queue       []flying
	nextSample  time.Duration // its own monotonic time
	tick        time.Duration
	nextStep    time.Duration
	sent        int
	gapsIn      []freeze.Gap

	silences []SilenceOver
	told     []SilenceTold
	steps    []OffsetStep
	freezes  []model.Freeze
}

func newWorld(t testing.TB, seed uint64) *world {
	w := &world{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), delay: 200 * time.Microsecond}
	w.nodes = []*node{
		{name: "n1", origin: 40 * time.Hour, wall: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), ppm: 20},
		{name: "n2", origin: 3 * time.Second, wall: time.Date(2026, 5, 1, 7, 30, 0, 0, time.UTC), ppm: -35},
	}
	for i, n := range w.nodes {
		n.core = newTestCore(t, Config{Cluster: "c", Node: n.name, Peers: []string{w.nodes[1-i].name}, Key: testKey, Session: uint64(i + 1)})
		n.det = freeze.New(freeze.Config{})
		n.track.SetPeers(1)
		n.tick = n.det.Tick()
		n.core.Step(n.clock(0), []Input{LocalState{Phase: model.PhaseIdle}})
	}
	return w
}

func newTestCore(t testing.TB, cfg Config) *Core {
	t.Helper()
	c, err := NewCore(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// clock reads the clocks of the node at a true time.
func (n *node) clock(at time.Duration) model.Instant {
	passed := at - n.lost
	if n.stand && at > n.from && at <= n.until {
		passed = n.from - n.lost
	}
	passed += time.Duration(float64(passed) * n.ppm / 1e6)
	return model.Instant{Wall: n.wall.Add(passed), Mono: n.origin + passed}
}

// freeze stops the node now.
func (w *world) freeze(n *node, d time.Duration) {
	n.from, n.until = w.now, w.now+d
}

// run lets time pass.
func (w *world) run(d time.Duration) {
	for end := w.now + d; w.now < end; w.now += time.Millisecond {
		w.deliver()
		for _, n := range w.nodes {
			if n.until > 0 && w.now >= n.until+n.hiccup {
				if n.stand {
					n.lost += n.until - n.from
				}
				n.from, n.until = 0, 0
			}
			if n.until > 0 && w.now > n.from {
				continue // frozen, or with a hiccup after it
			}
			w.live(n)
		}
	}
}

func (w *world) deliver() {
	var rest []flying
	for _, f := range w.fly {
		if f.at > w.now {
			rest = append(rest, f)
			continue
		}
		f.to.queue = append(f.to.queue, f)
	}
	w.fly = rest
}

// live is what an exporter does in a millisecond in which it runs.
func (w *world) live(n *node) {
	now := n.clock(w.now)
	var in []Input
	for _, f := range n.queue {
		at := n.clock(f.at)
		if f.at < w.now-time.Millisecond { // it waited for the node to wake
			at = now
		}
		in = append(in, Datagram{f.bytes, at})
	}
	n.queue = n.queue[:0]
	if now.Mono >= n.nextSample {
		s := freeze.Sample{Tick: n.tick, Mono: now.Mono, Real: now.Wall}
		for _, g := range n.det.Step(s) {
			in = append(in, OwnGap{g})
			n.gapsIn = append(n.gapsIn, g)
		}
		n.tick = n.det.Tick()
		n.nextSample = now.Mono + n.tick
	}
	var steps []freeze.PeerStep
	var silences []freeze.PeerSilence
	if len(in) > 0 || now.Mono >= n.nextStep {
		for _, e := range n.core.Step(now, in) {
			switch e := e.(type) {
			case Send:
				w.send(n, e)
			case SilenceOver:
				n.silences = append(n.silences, e)
			case OffsetStep:
				n.steps = append(n.steps, e)
				steps = append(steps, e.PeerStep)
			case SilenceTold:
				n.told = append(n.told, e)
				silences = append(silences, e.PeerSilence)
			}
		}
		n.nextStep = n.core.Next(now)
	}
	n.freezes = append(n.freezes, n.track.Step(now, n.gapsIn, steps, silences, "")...)
	n.gapsIn = nil
}

func (w *world) send(n *node, e Send) {
	n.sent++
	if w.drop != nil && w.drop(n, n.sent) {
		return
	}
	i := slices.IndexFunc(w.nodes, func(m *node) bool { return m.name == e.Peer })
	at := w.now + w.delay + time.Duration(w.rnd.Int64N(int64(w.delay)))
	w.fly = append(w.fly, flying{w.nodes[i], at, slices.Clone(e.Bytes)})
	if w.twice {
		w.fly = append(w.fly, flying{w.nodes[i], at + 3*time.Millisecond, slices.Clone(e.Bytes)})
	}
}

// phase tells the core of a node that it migrates.
func (w *world) phase(n *node, p model.Phase) {
	n.core.Step(n.clock(w.now), []Input{LocalState{Phase: p, Episode: "e1"}})
	n.nextStep = 0
	n.det.SetFine(open(p))
}
