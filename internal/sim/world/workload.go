package world

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/sim"
	"powerha_lpm_exporter/internal/sim/app"
)

const (
	workloadInterval = 100 * time.Millisecond
	// writing is how long after its last line an instance still counts as writing: three of its intervals.
	writing = 3 * app.Interval
	// moment is the distance of two records of running twice that count as two.
	moment = time.Second
)

// workload watches where the applications of the groups write.
type workload struct {
	world  *World
	groups []*groupWork

	mu   sync.Mutex // guards gone
	gone []string   // nodes whose instances were killed since the last look
}

type groupWork struct {
	name, shared string
	tail         *app.Tail
	last         map[string]app.Line // by instance
	told         []string
	first        bool
}

func newWorkload(w *World) *workload {
	l := &workload{world: w}
	for _, g := range w.spec.Groups {
		shared := w.dir.Shared(g.Name)
		l.groups = append(l.groups, &groupWork{name: g.Name, shared: shared, tail: app.NewTail(shared), last: map[string]app.Line{}, first: true})
	}
	return l
}

// forget drops the instances of a node that was killed.
func (l *workload) forget(node string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = append(l.gone, node)
}

func (l *workload) run(ctx context.Context) {
	for clock.Sleep(ctx, l.world.clock, workloadInterval) == nil {
		l.mu.Lock()
		gone := l.gone
		l.gone = nil
		l.mu.Unlock()
		for _, g := range l.groups {
			if err := g.read(gone); err != nil {
				l.world.log.Error("read where the application writes", "group", g.name, "err", err)
				continue
			}
			nodes := g.nodes(l.world.clock.Now().Mono)
			if !g.first && slices.Equal(nodes, g.told) {
				continue
			}
			if len(nodes) == 0 && l.frozen(g) {
				continue // it stands still where it was
			}
			g.first, g.told = false, nodes
			l.world.post(ctx, func() {
				l.world.writing[g.name] = nodes
				l.world.inputs = append(l.world.inputs, sim.WorkloadSeen{Group: g.name, Nodes: nodes})
			})
		}
	}
}

func (g *groupWork) read(gone []string) error {
	lines, err := g.tail.Next()
	for _, line := range lines {
		g.last[line.ID] = line
	}
	for id, line := range g.last {
		if line.End || slices.Contains(gone, line.Node) {
			delete(g.last, id)
		}
	}
	return err
}

// nodes lists where the group writes at the time.
func (g *groupWork) nodes(now time.Duration) []string {
	var out []string
	for _, line := range g.last {
		if now-line.Mono <= writing+workloadInterval && !slices.Contains(out, line.Node) {
			out = append(out, line.Node)
		}
	}
	slices.Sort(out)
	return out
}

// frozen tells whether a node on which the group was last seen is frozen.
func (l *workload) frozen(g *groupWork) bool {
	for _, n := range g.told {
		select {
		case <-l.world.nodes[n].running():
		default:
			return true
		}
	}
	return false
}

// ranTwice reads the moments at which a group's writers noticed each other.
func ranTwice(shared string) ([]app.RanTwice, error) {
	f, err := os.Open(app.RanTwiceLog(shared))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []app.RanTwice
	var last time.Duration
	in := bufio.NewScanner(f)
	for in.Scan() {
		var r app.RanTwice
		if json.Unmarshal(in.Bytes(), &r) != nil {
			continue
		}
		if len(out) == 0 || r.Mono-last >= moment { // both notice
			out = append(out, r)
		}
		last = r.Mono
	}
	return out, in.Err()
}
