package world

import (
	"context"
	"sync"
)

func newNodeShell(name string, k *keeper, s *scripts) *nodeShell {
	running := make(chan struct{})
	close(running)
	return &nodeShell{name: name, keeper: k, scripts: s, jobs: newMailbox(), thaw: running}
}

// run does the jobs of the node one after the other.
func (n *nodeShell) run(ctx context.Context) {
	for {
		job, ok := n.jobs.take(ctx)
		if !ok {
			n.keeper.release()
			return
		}
		job()
	}
}

// do queues a job. It never blocks.
func (n *nodeShell) do(job func()) { n.jobs.put(job) }

// setFrozen is called around the freeze by the node's goroutine.
func (n *nodeShell) setFrozen(frozen bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if frozen {
		n.thaw = make(chan struct{})
		return
	}
	select {
	case <-n.thaw:
	default:
		close(n.thaw)
	}
}

// running is closed while the node is not frozen.
func (n *nodeShell) running() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.thaw
}

// mailbox is a queue without a limit, for one reader.
type mailbox struct {
	mu    sync.Mutex
	jobs  []func()
	ready chan struct{} // has a token when jobs may be waiting
}

func newMailbox() *mailbox { return &mailbox{ready: make(chan struct{}, 1)} }

func (m *mailbox) put(job func()) {
	m.mu.Lock()
	m.jobs = append(m.jobs, job)
	m.mu.Unlock()
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

func (m *mailbox) take(ctx context.Context) (func(), bool) {
	for {
		m.mu.Lock()
		if len(m.jobs) > 0 {
			job := m.jobs[0]
			m.jobs = m.jobs[1:]
			m.mu.Unlock()
			return job, true
		}
		m.mu.Unlock()
		select {
		case <-m.ready:
		case <-ctx.Done():
			return nil, false
		}
	}
}
