package sim

import (
	"container/heap"
	"time"
)

// item is something that will happen. With a node it needs that node to run:
// it is put aside while the node is frozen and forgotten when the node dies.
type item struct {
	at   time.Duration
	seq  uint64 // order among equals
	node *node
	work bool // work makes no progress during a freeze and is shifted by it; a timer has simply expired after it
	fn   func()
}

type queue []*item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].seq < q[j].seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push and Pop are container/heap's.
func (q *queue) Push(x any) { *q = append(*q, x.(*item)) }

// Pop is container/heap's.
func (q *queue) Pop() any {
	old := *q
	it := old[len(old)-1]
	*q = old[:len(old)-1]
	return it
}

func (c *Core) schedule(it *item) {
	c.seq++
	it.seq = c.seq
	if it.node != nil {
		switch {
		case !it.node.alive:
			return
		case it.node.frozen:
			if it.work {
				it.at -= c.now - it.node.frozenSince // the whole freeze is added at the wake
			}
			it.node.parked = append(it.node.parked, it)
			return
		}
	}
	heap.Push(&c.queue, it)
}

// work does fn on the node after it has worked for d (scaled).
func (c *Core) work(n *node, d time.Duration, fn func()) {
	c.schedule(&item{at: c.now + c.scaled(d), node: n, work: true, fn: fn})
}

// workUnscaled does fn on the node after it has worked for d.
func (c *Core) workUnscaled(n *node, d time.Duration, fn func()) {
	c.schedule(&item{at: c.now + d, node: n, work: true, fn: fn})
}

// timer does fn on the node when d (scaled) has passed, or at its wake.
func (c *Core) timer(n *node, d time.Duration, fn func()) {
	c.schedule(&item{at: c.now + c.scaled(d), node: n, fn: fn})
}

// after does fn when d has passed, outside of any node (the HMC, the hypervisor).
func (c *Core) after(d time.Duration, fn func()) {
	c.schedule(&item{at: c.now + d, fn: fn})
}

func (c *Core) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) * c.cfg.TimerScale)
}

// takeItems removes the items of a node from the queue, in the order in which they were due.
func (c *Core) takeItems(n *node) []*item {
	var mine, rest []*item
	for c.queue.Len() > 0 {
		it := heap.Pop(&c.queue).(*item)
		if it.node == n {
			mine = append(mine, it)
		} else {
			rest = append(rest, it)
		}
	}
	c.queue = rest
	heap.Init(&c.queue)
	return mine
}

// park puts the work of a node aside, unpark puts it back after a freeze.
func (c *Core) park(n *node) { n.parked = append(n.parked, c.takeItems(n)...) }

func (c *Core) unpark(n *node, since time.Duration) {
	parked := n.parked
	n.parked = nil
	for _, it := range parked {
		switch {
		case it.work:
			it.at += c.now - since
		case it.at < c.now:
			it.at = c.now
		}
		heap.Push(&c.queue, it)
	}
}

// seq runs steps one after another. A step that does not call next ends the row.
func seq(steps ...func(next func())) {
	if len(steps) == 0 {
		return
	}
	steps[0](func() { seq(steps[1:]...) })
}
