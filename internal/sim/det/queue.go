package det

import (
	"container/heap"
	"time"
)

// event is something that will happen in the world. One of a node waits while that node is frozen, and never happens
// once it has died.
type event struct {
	at   time.Duration
	seq  uint64 // order among equals
	node *node
	boot int
	fn   func()
}

type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].seq < q[j].seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push and Pop are container/heap's.
func (q *queue) Push(x any) { *q = append(*q, x.(event)) }

// Pop is container/heap's.
func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = event{}
	*q = old[:len(old)-1]
	return e
}

// after does fn when d has passed, outside of any node.
func (w *World) after(d time.Duration, fn func()) { w.push(event{at: w.now + d, fn: fn}) }

// on does fn on the node when d has passed: not before its freeze is over, and never after this boot of it.
func (w *World) on(n *node, d time.Duration, fn func()) {
	w.push(event{at: w.now + d, node: n, boot: n.boots, fn: fn})
}

func (w *World) push(e event) {
	w.seq++
	e.seq = w.seq
	heap.Push(&w.queue, e)
}

// happen lets the earliest event happen.
func (w *World) happen() {
	e := heap.Pop(&w.queue).(event)
	w.now = max(w.now, e.at)
	switch n := e.node; {
	case n == nil:
		e.fn()
	case !n.alive || n.boots != e.boot:
	case n.frozen:
		n.parked = append(n.parked, e)
	default:
		e.fn()
	}
}
