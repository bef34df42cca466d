package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/sim"
)

// World runs one simulated cluster in real time. Its loop alone touches the core.
type World struct {
	dir   Dir
	spec  Spec
	core  *sim.Core
	clock clock.Clock
	self  string // the binary that reapers run
	log   *slog.Logger

	events  chan func() // run by the loop
	inputs  []sim.Input // gathered by the loop for its next step
	start   time.Duration
	ids     int
	clients map[string]*stream // commands and migrations that somebody waits for, by id
	moving  map[string]string  // migration id of a node
	starts  int                // start scripts that run
	stepped bool
	freezes []Freeze
	writing map[string][]string // nodes on which a group was last seen to write
	trace   io.WriteCloser
	counted counted

	nodes    map[string]*nodeShell
	workload *workload
	tasks    sync.WaitGroup // all goroutines but the loop; some end only with the processes they wait for
	shells   sync.WaitGroup // the goroutines of the nodes
	stop     context.CancelFunc
}

// nodeShell is the goroutine that owns a node's processes, and what the loop knows of it.
type nodeShell struct {
	name    string
	keeper  *keeper
	scripts *scripts
	jobs    *mailbox
	mu      sync.Mutex    // guards thaw
	thaw    chan struct{} // closed unless the node is frozen
}

// Options make a World.
type Options struct {
	Dir   Dir
	Clock clock.Clock
	Self  string // absolute path of powerha_sim
	Log   *slog.Logger
}

// Run brings the cluster of the folder up and runs it until ctx ends, "down" is asked for, or the folder disappears.
// Then it ends all processes of all nodes.
func Run(ctx context.Context, o Options) error {
	spec, err := ReadSpec(o.Dir)
	if err != nil {
		return err
	}
	core, err := sim.New(coreConfig(o.Dir, spec, o.Clock.Now().Wall))
	if err != nil {
		return fmt.Errorf("make the simulated cluster: %w", err)
	}
	trace, err := os.OpenFile(spec.TraceFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open the trace: %w", err)
	}
	forget, err := writePid(o.Dir)
	if err != nil {
		return err
	}
	defer forget()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w := &World{
		dir: o.Dir, spec: spec, core: core, clock: o.Clock, self: o.Self, log: o.Log,
		events: make(chan func(), 64), start: o.Clock.Now().Mono, clients: map[string]*stream{}, moving: map[string]string{},
		writing: map[string][]string{}, trace: trace, nodes: map[string]*nodeShell{}, stop: stop,
	}
	w.workload = newWorkload(w)
	for _, n := range spec.Nodes {
		w.nodes[n] = newNodeShell(n, newKeeper(o.Dir, n, o.Clock), newScripts(w, n))
	}
	if err := w.registerProductScript(); err != nil {
		return errors.Join(err, trace.Close())
	}
	err = w.serve(ctx)
	stop()
	w.tasks.Wait()
	return errors.Join(err, trace.Close())
}

// coreConfig translates the description of the cluster into the core's.
func coreConfig(d Dir, s Spec, epoch time.Time) sim.Config {
	c := sim.Config{
		Cluster: s.Cluster, Version: s.Version, Nodes: s.Nodes, Knobs: s.Knobs,
		TimerScale: s.TimerScale, Delays: s.Delays, Epoch: epoch, Monitors: s.Monitors,
	}
	for _, g := range s.Groups {
		c.Groups = append(c.Groups, sim.Group{
			Name: g.Name, Nodes: g.Nodes, Application: g.Application(),
			Start: d.Script(g.Name, "start"), Stop: d.Script(g.Name, "stop"),
			Monitor: d.Script(g.Name, "monitor"), MonitorInterval: s.MonitorInterval,
			RestartCount: s.RestartCount, StartupMonitor: s.StartupMonitor,
		})
	}
	return c
}

// serve listens, starts the node shells and runs the loop.
func (w *World) serve(ctx context.Context) error {
	listener, err := listen(w.dir)
	if err != nil {
		return err
	}
	for _, n := range w.nodes {
		w.shells.Go(func() { n.run(ctx) })
	}
	w.task(func() { w.accept(ctx, listener) })
	w.task(func() { w.guardFolder(ctx) })
	w.task(func() { w.workload.run(ctx) })
	for _, g := range w.spec.Groups {
		service, err := listenService(g)
		if err != nil {
			w.stop()
			return err
		}
		w.task(func() { w.serveService(ctx, g, service) })
	}
	w.loop(ctx)
	w.log.Info("ending all processes of all nodes")
	w.shells.Wait() // they have let go of their nodes
	var errs []error
	for _, n := range w.spec.Nodes { // ctx is over: the last kills have their own limit
		errs = append(errs, w.nodes[n].keeper.kill(context.WithoutCancel(ctx)))
		w.nodes[n].scripts.close()
	}
	return errors.Join(errs...)
}

func (w *World) task(f func()) {
	w.tasks.Add(1)
	go func() {
		defer w.tasks.Done()
		f()
	}()
}

// loop steps the core whenever something happened or the core is due.
func (w *World) loop(ctx context.Context) {
	timer := w.clock.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
		case f := <-w.events:
			f()
			w.drain()
		}
		now := w.now()
		in := w.inputs
		w.inputs = nil
		for _, e := range w.core.Step(now, in) {
			w.apply(ctx, e)
		}
		w.stepped = true
		if at, ok := w.core.Next(); ok {
			timer.Reset(max(0, at-w.now()))
		}
	}
}

func (w *World) drain() {
	for {
		select {
		case f := <-w.events:
			f()
		default:
			return
		}
	}
}

// now is the time of the core.
func (w *World) now() time.Duration { return w.clock.Now().Mono - w.start }

// post hands f to the loop; false when the world ends.
func (w *World) post(ctx context.Context, f func()) bool {
	select {
	case w.events <- f:
		return true
	case <-ctx.Done():
		return false
	}
}

// tell hands an input to the core.
func (w *World) tell(ctx context.Context, in sim.Input) {
	w.post(ctx, func() { w.inputs = append(w.inputs, in) })
}

// newID makes the id of something that the core will answer to; called by the loop.
func (w *World) newID(prefix string) string {
	w.ids++
	return prefix + strconv.Itoa(w.ids)
}

// writePid leaves the pid of the world in the folder until it has ended all nodes.
func writePid(d Dir) (func(), error) {
	if err := replaceFile(d.Pid(), []byte(strconv.Itoa(os.Getpid())+"\n")); err != nil {
		return nil, fmt.Errorf("write the pid of the world: %w", err)
	}
	return func() { _ = os.Remove(d.Pid()) }, nil // gone with its folder is as good
}

// guardInterval is how often the world looks whether its folder is still there.
const guardInterval = 2 * time.Second

// guardFolder ends the world when its socket is not its own any more: a simulation that was thrown away leaves no
// processes behind.
func (w *World) guardFolder(ctx context.Context) {
	own, err := os.Stat(w.dir.Socket())
	if err != nil {
		w.stop()
		return
	}
	for clock.Sleep(ctx, w.clock, guardInterval) == nil {
		st, err := os.Stat(w.dir.Socket())
		if err != nil || !os.SameFile(own, st) {
			w.log.Error("the folder of the cluster is gone: ending", "dir", string(w.dir))
			w.stop()
			return
		}
		for _, n := range w.nodes {
			n.keeper.remember()
		}
	}
}
