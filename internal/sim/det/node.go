package det

import (
	"context"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

// node is a partition as the processes on it see it: its clocks, its disk, and what runs there.
type node struct {
	w    *World
	name string

	alive, frozen bool
	boots         int
	parked        []event
	bootAt        time.Duration
	uptime        time.Duration // at bootAt
	thawedAt      time.Duration
	frozenAt      time.Duration
	step          time.Duration // what somebody has set the time of day off by
	lost          time.Duration // what the monotonic clock has missed in freezes

	state, private *durable.Mem // state_dir, and actor/ of it
	events         []model.EpisodeEvent
	size           int64

	folded     []model.Episode
	foldedSize int64
	foldedAt   time.Time

	proc    *proc
	acts    map[string]*act
	calls   map[string]*call // of the DR script, by the id of its run
	waiting map[string]*call // those that wait for the actor, by the id of their request
	kill    killPoint
	faults  commandFaults
	serial  int
	// atLaunch is called when the next command is begun, onEnd when the next migration of the node has ended.
	atLaunch, onEnd func(*node)

	exporter bool            // it runs
	stale    *model.Snapshot // what a hung exporter still answers
	ready    changes         // every probe of what belongs here succeeds, as Prometheus has it
	heard    map[string]time.Duration
	apps     map[string]*app // by group
}

func (w *World) newNode(name string) *node {
	n := &node{
		w: w, name: name, alive: true, size: -1, foldedSize: -2, exporter: true, boots: 1, uptime: 30 * 24 * time.Hour,
		state: durable.NewMem(), private: durable.NewMem(), acts: map[string]*act{}, calls: map[string]*call{},
		waiting: map[string]*call{}, heard: map[string]time.Duration{}, apps: map[string]*app{},
	}
	for _, g := range w.plan.groups {
		n.apps[g.Name] = &app{}
	}
	return n
}

// Now reads both clocks of the node.
func (n *node) Now() model.Instant {
	return model.Instant{Wall: epoch().Add(n.w.now + n.step), Mono: n.w.now - n.bootAt - n.lost + n.uptime}
}

// NewTimer and WithTimeout complete clock.Clock for those who only ask for the time.
func (n *node) NewTimer(time.Duration) clock.Timer { panic("det: nobody may wait by this clock") }

// WithTimeout is not for use.
func (n *node) WithTimeout(context.Context, time.Duration) (context.Context, context.CancelFunc) {
	panic("det: nobody may wait by this clock")
}

// runs: processes of the node make progress.
func (n *node) runs() bool { return n.alive && !n.frozen }

func (n *node) freeze() {
	n.w.heartbeats()
	n.frozen, n.frozenAt = true, n.w.now
	n.w.healthChanged()
}

func (n *node) thaw() {
	n.w.heartbeats()
	n.frozen, n.thawedAt = false, n.w.now
	if n.w.plan.monoStops {
		n.lost += n.w.now - n.frozenAt
	}
	parked := n.parked
	n.parked = nil
	for _, e := range parked {
		e.at = n.w.now
		n.w.push(e)
	}
	n.w.healthChanged()
}

// die ends everything that runs on the node. What is on its disks stays.
func (n *node) die() {
	n.w.heartbeats()
	n.killActor("its node died", 0)
	for id, c := range n.calls {
		c.end()
		delete(n.calls, id)
	}
	n.alive, n.frozen, n.parked, n.exporter = false, false, nil, false
	n.boots++
	for _, a := range n.apps {
		a.running, a.sick = false, false
	}
	n.w.healthChanged()
}

func (n *node) boot() {
	n.w.heartbeats()
	n.alive, n.bootAt, n.lost, n.uptime = true, n.w.now, 0, 40*time.Second
	n.boots++
	n.w.on(n, 20*time.Second, func() { n.exporter = true; n.w.healthChanged() })
	n.w.on(n, n.w.between(20*time.Second, 3*time.Minute), n.startActor)
	n.w.healthChanged()
}

// foldEvery is how old a fold of an unchanged log may be.
const foldEvery = 5 * time.Second

// fold returns the migrations that the episode log of the node tells of now.
func (n *node) fold() []model.Episode {
	if size, err := n.state.Size(episode.LogName); err == nil && size != n.size {
		if b, err := n.state.ReadFile(episode.LogName); err == nil {
			n.events, _ = episode.Parse(b)
			n.size = int64(len(b))
		}
	}
	// What was folded a moment ago still holds, unless something was written or a check can expire.
	now := n.Now().Wall
	if n.foldedSize != n.size || now.Before(n.foldedAt) || now.Sub(n.foldedAt) > foldEvery {
		n.folded, n.foldedSize, n.foldedAt = episode.Fold(n.events, now, n.w.plan.config.Migration.CheckExpires.D()), n.size, now
	}
	return n.folded
}

func (n *node) last() model.Episode {
	list := n.fold()
	if len(list) == 0 {
		return model.Episode{}
	}
	return list[len(list)-1]
}

// disk is state_dir, with every line of the episode log told to the referee.
type disk struct {
	durable.FS
	n *node
}

func (n *node) appended(e model.EpisodeEvent) {
	n.w.emit(n.name, "episode", "event", string(e.Event), "source", e.Source, "episode", e.Episode, "time_ms", e.Time.UnixMilli(), "stage", e.Details[episode.DetailStage])
}

// Append tells of new lines of the log.
func (d disk) Append(name string, p []byte, perm filePerm, lock time.Duration) error {
	if err := d.FS.Append(name, p, perm, lock); err != nil {
		return err
	}
	if name == episode.LogName {
		events, _ := episode.Parse(p)
		for _, e := range events {
			d.n.appended(e)
		}
	}
	return nil
}

func (n *node) disk() durable.FS { return disk{n.state, n} }
