package exporter

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/peer"
	"powerha_lpm_exporter/internal/probe"
	"powerha_lpm_exporter/internal/snapshot"
)

// Reader asks a source; powerha.Client is one.
type Reader interface {
	Read(ctx context.Context, s model.Source) model.Reading
}

// Deps is what the shell works with.
type Deps struct {
	Clock  clock.Clock
	Logger log.Logger
	Reader Reader
	Runner command.Runner // of exec probes
	// StateDir is where files are kept; Open opens it, again and again while it fails.
	StateDir string
	Open     func() (durable.FS, error)
	Logs     EventLogs
	// IfRestrict is CAA's list of interfaces that it does not use; "" is not read.
	IfRestrict string
	// Witnesses of migrations besides the commands and the episode log.
	Witnesses Witnesses
	Sampler   Sampler
	Chip      Chip // may be nil
	// Continued hands out when this process got SIGCONT; may be nil.
	Continued <-chan model.Instant
	// Peers makes the heartbeats as soon as the node's name is known: nil when no peer is configured. disabled says
	// why there can be none although peers are configured.
	Peers func(cluster, node string, events func(peer.Effect)) (p Peers, disabled string, err error)
	HMC   HMCWatch
}

// Exporter is the shell around a Core.
type Exporter struct {
	deps  Deps
	core  *Core // belongs to the goroutine of Run
	in    chan Input
	keep  *keeper
	probe probe.Checker
	runs  map[uint64]context.CancelFunc // of probes, by number; belongs to the goroutine of Run

	peers     Peers
	peerTried bool
	peerNews  chan peer.Effect
	chipNews  chan freeze.PeerStep

	reader    atomic.Pointer[Reader]
	hmc       *hmcWatcher
	collector *collector.Collector
	snap      atomic.Pointer[model.Snapshot]
	view      atomic.Pointer[collector.View]
	ready     atomic.Bool
	last      *logged
	wg        sync.WaitGroup // every goroutine that Run starts
}

// Intervals of the shell.
const (
	tick        = 250 * time.Millisecond
	hurriedTick = 100 * time.Millisecond
	publishMin  = 50 * time.Millisecond
)

// New reads what is left of an earlier run and binds what the node's name allows already; an error of that is one of
// the configuration. A state folder that cannot be read is none: the exporter goes on in memory and says so.
func New(opt Options, d Deps) (*Exporter, error) {
	e := &Exporter{
		deps: d, in: make(chan Input, 64), peerNews: make(chan peer.Effect, 256), chipNews: make(chan freeze.PeerStep, 16),
		collector: collector.New(), runs: make(map[uint64]context.CancelFunc), hmc: newHMCWatcher(),
	}
	e.SetReader(d.Reader)
	e.SetHMC(d.HMC)
	e.probe = probe.Checker{Clock: d.Clock, Runner: d.Runner, Processes: func(ctx context.Context) model.Reading {
		return (*e.reader.Load()).Read(ctx, model.SourceProcesses)
	}, Owners: func(ctx context.Context) model.Reading {
		return (*e.reader.Load()).Read(ctx, model.SourceOwners)
	}}
	state, observed, err := load(d)
	e.keep = &keeper{
		open: d.Open, clk: d.Clock, expires: opt.CheckExpires, newer: errors.Is(err, ErrNewer),
		wake: make(chan struct{}, 1), said: func(err error) { e.send(Health{Part: PartState, Err: text(err)}) },
	}
	e.core = NewCore(opt, state, observed)
	if fsys, err := d.Open(); err == nil {
		e.core.rejected.restore(fsys)
	}
	e.last = newLogged(d.Logger)
	if err != nil {
		e.core.input(d.Clock.Now(), Health{Part: PartState, Err: err.Error()})
	}
	if cluster, node := e.core.identity(); node != "" {
		if err := e.bindPeers(cluster, node); err != nil {
			return nil, err
		}
	}
	e.publish(d.Clock.Now())
	return e, nil
}

func load(d Deps) (State, []model.EpisodeEvent, error) {
	now := d.Clock.Now().Wall
	fsys, err := d.Open()
	if err != nil {
		return NewState(now), nil, err
	}
	state, err := LoadState(fsys, now)
	p, readErr := fsys.ReadFile(episode.ObservedName)
	if readErr != nil {
		return state, nil, err // none yet, or not readable: then writing will say so
	}
	observed, _ := episode.Parse(p)
	if len(observed) > maxObserved {
		observed = observed[len(observed)-maxObserved:]
	}
	return state, observed, err
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// identity is what the configuration or an earlier run says.
func (c *Core) identity() (cluster, node string) {
	c.identify()
	return c.state.Cluster, c.state.Node
}

// Collector publishes the metrics.
func (e *Exporter) Collector() *collector.Collector { return e.collector }

// Snapshot is the latest one.
func (e *Exporter) Snapshot() model.Snapshot { return *e.snap.Load() }

// View is the latest one; it must not be changed.
func (e *Exporter) View() *collector.View { return e.view.Load() }

// Ready reports whether every source was tried at least once.
func (e *Exporter) Ready() bool { return e.ready.Load() }

// SetReader replaces the reader.
func (e *Exporter) SetReader(r Reader) {
	var shared Reader = newSharing(r, e.deps.Clock)
	e.reader.Store(&shared)
}

// Configure takes new options over while Run runs.
func (e *Exporter) Configure(ctx context.Context, o Options) {
	select {
	case e.in <- Configured{Options: o}:
	case <-ctx.Done():
	}
}

// send hands an input to the core. It is called by goroutines that Run waits for, and until then somebody receives.
func (e *Exporter) send(i Input) { e.in <- i }

// Run works until ctx ends, and returns when everything that it started has ended.
func (e *Exporter) Run(ctx context.Context) {
	inner, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	e.start(inner)
	e.loop(inner)
	stop()
	var discard sync.WaitGroup // of what still comes in and is nobody's any more
	discard.Go(func() {
		for {
			select {
			case <-e.in:
			case <-stopped:
				return
			}
		}
	})
	e.wg.Wait()
	close(stopped)
	discard.Wait()
	for _, f := range e.core.rejected.write(e.deps.Clock.Now(), &e.core.facts, true) {
		e.do(ctx, f)
	}
	state, events := e.core.Final()
	e.keep.keep(state)
	e.keep.add(events)
	if err := e.keep.flush(); err != nil {
		_ = level.Error(e.deps.Logger).Log("msg", "state not written at the end", "err", err)
	}
}

func (e *Exporter) start(ctx context.Context) {
	e.goes(func() { e.keep.run(ctx) })
	e.goes(func() { e.watchLog(ctx) })
	if e.deps.Logs != (EventLogs{}) {
		w := newLogWatcher(e.deps.Logs, e.core.state.Logs)
		e.goes(func() { e.watchEvents(ctx, w) })
	}
	if e.deps.IfRestrict != "" {
		e.goes(func() { e.watchRestrict(ctx, e.deps.IfRestrict) })
	}
	e.hear(ctx)
	e.goes(func() { e.serveSnapshot(ctx) })
	e.goes(func() { e.watchHMC(ctx) })
	e.goes(func() {
		if err := e.deps.Sampler.Run(ctx, e.gap); ctx.Err() == nil {
			e.send(Health{Part: PartSampler, Err: fmt.Sprintf("freeze detector ended: %v", err)})
		}
	})
	if e.deps.Chip != nil {
		e.goes(func() { _ = e.deps.Chip.Run(ctx, e.chipStep) })
	}
	if e.deps.Continued != nil {
		e.goes(func() { e.watchContinued(ctx) })
	}
	e.runPeers(ctx)
}

func (e *Exporter) goes(f func()) { e.wg.Go(f) }

func (e *Exporter) loop(ctx context.Context) {
	t := e.deps.Clock.NewTimer(0)
	defer t.Stop()
	var published time.Duration
	for {
		var in []Input
		ticked := false
		select {
		case <-ctx.Done():
			return
		case <-t.C():
			ticked = true
		case i := <-e.in:
			in = append(in, i)
		}
		in = e.drain(in)
		now := e.deps.Clock.Now()
		for _, f := range e.core.Step(now, in) {
			e.do(ctx, f)
		}
		if _, node := e.core.identity(); node != "" && !e.peerTried {
			e.latePeers(ctx)
		}
		if ticked || now.Mono-published >= publishMin {
			e.publish(now)
			published = now.Mono
		}
		if ticked {
			t.Reset(e.pause())
		}
	}
}

func (e *Exporter) pause() time.Duration {
	if e.core.Hurried() {
		return hurriedTick
	}
	return tick
}

// drain takes what else waits, without waiting, and what the peers tell.
func (e *Exporter) drain(in []Input) []Input {
	for {
		select {
		case i := <-e.in:
			in = append(in, i)
			continue
		default:
		}
		break
	}
	for _, i := range in {
		switch i := i.(type) {
		case GapSeen:
			e.compare(i.Gap)
		case ProbeDone:
			e.forgetProbe(i.Result.Run)
		}
	}
	if e.peers != nil {
		in = append(in, e.peersSeen())
	}
	if e.deps.Chip != nil {
		in = append(in, e.chipSeen())
	}
	return in
}

// do runs one effect, and does not wait for it.
func (e *Exporter) do(ctx context.Context, f Effect) {
	switch f := f.(type) {
	case Read:
		e.goes(func() { e.send(ReadingDone{Reading: (*e.reader.Load()).Read(ctx, f.Source)}) })
	case RunProbe:
		e.runProbe(ctx, f.Run)
	case StopProbe:
		e.stopProbe(f.Number)
	case AppendObserved:
		e.keep.add(f.Events)
	case Persist:
		e.keep.keep(f.State)
	case KeepRejected:
		e.keep.keepRejected(f.Data)
	case Fine:
		e.deps.Sampler.SetFine(f.On)
		if e.deps.Chip != nil {
			e.deps.Chip.SetHot(f.On)
		}
	case Look:
		if e.deps.Chip != nil {
			e.deps.Chip.Trigger()
		}
	case AppendReport:
		e.keep.addReport(f.Report)
		logReport(e.deps.Logger, &f.Report)
	case Froze:
		logFreeze(e.deps.Logger, &f.Freeze)
	case Tell:
		e.tell(f)
	}
}

func (e *Exporter) publish(now model.Instant) {
	v, s := e.core.View(now), e.core.Snapshot(now)
	e.collector.Set(v)
	e.view.Store(v)
	e.snap.Store(&s)
	e.ready.Store(e.core.Ready())
	e.last.changes(v, s, e.core.health)
}

// watchLog tells the core whenever dr/episode.jsonl changes.
func (e *Exporter) watchLog(ctx context.Context) {
	l := logReader{open: e.deps.Open}
	for {
		if read, changed := l.poll(); changed {
			e.send(read)
		}
		if clock.Sleep(ctx, e.deps.Clock, tick) != nil {
			return
		}
	}
}

// serveSnapshot serves the actor, and tries again when that cannot be.
func (e *Exporter) serveSnapshot(ctx context.Context) {
	path := filepath.Join(e.deps.StateDir, snapshot.SocketName)
	said := ""
	for {
		err := snapshot.Serve(ctx, path, e.Snapshot)
		if ctx.Err() != nil {
			return
		}
		if text(err) != said {
			said = text(err)
			_ = level.Warn(e.deps.Logger).Log("msg", "the actor of this node cannot be served", "err", err)
		}
		if clock.Sleep(ctx, e.deps.Clock, retryDisk) != nil {
			return
		}
	}
}
