package accuracy

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/peer"
)

// How many datagrams a socket of Linux holds by default (net.core.rmem_default
// of 208 KiB, 768 bytes each): what comes later to a frozen node is lost.
const socketQueue = 277

// world is two nodes and the network between them, in virtual time.
type world struct {
	rnd   *rand.Rand
	now   time.Duration // true time
	nodes []*node
	fly   []flying
	way   [2]time.Duration // least time under way, from each node
	loss  float64
}

// flying is a datagram under way.
type flying struct {
	from, to       *node
	leave, arrives time.Duration
	bytes          []byte
}

// newWorld makes two nodes whose clocks disagree by hours and run apart by up
// to 100 ppm, on a network of its own delay, asymmetry and loss. The first
// node is the one to be frozen.
func newWorld(seed uint64, kind World, alone bool) *world {
	w := &world{rnd: rand.New(rand.NewPCG(seed, 4711)), loss: 0.01}
	least := 50*time.Microsecond + w.upTo(450*time.Microsecond)
	w.way = [2]time.Duration{least, least + w.upTo(least)}
	delays := seed%2 == 0
	for i, name := range []string{"n1", "n2"} {
		n := &node{
			w: w, name: name, det: freeze.New(freeze.Config{}), kinds: make(map[freeze.Kind]int), delays: delays,
			origin: w.upTo(1000 * time.Hour),
			wall:   time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).Add(w.upTo(48*time.Hour) - 24*time.Hour),
			rate:   1 + (w.rnd.Float64()-0.5)*100e-6,
			stand:  kind == StandStill,
		}
		if !alone {
			core, err := peer.NewCore(peer.Config{
				Cluster: "c", Node: name, Peers: []string{[]string{"n2", "n1"}[i]}, Key: []byte("a key that is shared by all nodes"), Session: seed<<1 | uint64(i) + 1,
			})
			if err != nil {
				panic(err) // the configuration above is wrong
			}
			n.core = core
		}
		w.nodes = append(w.nodes, n)
	}
	for _, n := range w.nodes {
		n.tick = n.det.Tick()
		n.arm(&n.sample, w.upTo(n.tick))
		n.arm(&n.loop, w.upTo(loopTick))
		n.tell(model.PhaseIdle, "")
	}
	return w
}

// upTo is a random time below d.
func (w *world) upTo(d time.Duration) time.Duration { return time.Duration(w.rnd.Int64N(int64(d) + 1)) }

// lateness of a wake-up: mostly none to speak of, at most 6 ms.
func (w *world) lateness() time.Duration {
	if w.rnd.IntN(10) == 0 {
		return w.upTo(6 * time.Millisecond)
	}
	return 50*time.Microsecond + w.upTo(150*time.Microsecond)
}

// length of a freeze: log-uniform.
func (w *world) length(least, most time.Duration) time.Duration {
	return time.Duration(float64(least) * math.Pow(float64(most)/float64(least), w.rnd.Float64()))
}

// send puts a datagram on its way. The sender's time in it was read a little before it really leaves.
func (w *world) send(n *node, b []byte) {
	i := slices.Index(w.nodes, n)
	f := flying{from: n, to: w.nodes[1-i], leave: w.now + 10*time.Microsecond + w.upTo(100*time.Microsecond), bytes: b}
	if n.until > 0 && f.leave < n.burst {
		f.leave = n.burst
	}
	under := w.way[i] + time.Duration(w.rnd.ExpFloat64()*float64(50*time.Microsecond))
	if w.rnd.IntN(100) == 0 {
		under += w.upTo(20 * time.Millisecond)
	}
	f.arrives = f.leave + under
	if w.rnd.Float64() >= w.loss && w.wait(&f) {
		w.fly = append(w.fly, f)
	}
}

// wait lets a datagram to a frozen node wait for its resume, or reports that there is no room.
func (w *world) wait(f *flying) bool {
	to := f.to
	if to.until == 0 || f.arrives < to.from || f.arrives >= to.burst {
		return true
	}
	if to.queued++; to.queued > socketQueue {
		return false
	}
	f.arrives = to.burst + time.Duration(to.queued)*20*time.Microsecond
	return true
}

// hold stops what is under way from and to a node that freezes now.
func (w *world) hold(n *node) {
	for i := range w.fly {
		f := &w.fly[i]
		if f.from == n && f.leave > n.from {
			f.arrives += n.burst - n.from
			f.leave += n.burst - n.from
		}
		if f.to == n {
			w.wait(f)
		}
	}
}

// run lets time pass.
func (w *world) run(d time.Duration) {
	for end := w.now + d; ; {
		next, fire := w.next()
		if next > end || fire == nil {
			w.now = end
			return
		}
		w.now = max(w.now, next)
		fire()
	}
}

// next is the earliest event and what to do then.
func (w *world) next() (at time.Duration, fire func()) {
	at = math.MaxInt64
	var thread *wake
	var of *node
	for _, n := range w.nodes {
		for _, t := range n.threads() {
			if t.armed && t.at() < at {
				at, thread, of = t.at(), t, n
			}
		}
	}
	packet := -1
	for i := range w.fly {
		if w.fly[i].arrives < at {
			at, packet = w.fly[i].arrives, i
		}
	}
	switch {
	case packet >= 0:
		return at, func() { w.arrive(packet) }
	case thread == nil:
		return at, nil
	default:
		return at, func() { of.woke(thread) }
	}
}

func (w *world) arrive(i int) {
	f := w.fly[i]
	w.fly = slices.Delete(w.fly, i, i+1)
	f.to.arrived = append(f.to.arrived, f.bytes)
	if !f.to.read.armed {
		f.to.arm(&f.to.read, w.now)
	}
}

// woke runs a thread that was given its processor.
func (n *node) woke(t *wake) {
	t.armed = false
	switch t {
	case &n.sample:
		n.sampled()
	case &n.loop:
		n.looped()
	case &n.heart:
		n.stepped(nil)
	case &n.read:
		n.drained()
	}
}
