package det

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/actor"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/sim"
)

const clusterName = "simulated"

// ourLimit is the time limit that our DR script registers with drmgr.
const ourLimit = 300 * time.Second

// epoch is the time of day at the beginning.
func epoch() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// World is one simulated cluster with its actors. It belongs to one goroutine.
type World struct {
	seed   uint64
	plan   *plan
	rng    *rand.Rand // of what happens by the way: how long something takes
	now    time.Duration
	queue  queue
	seq    uint64
	ids    int
	cache  *Cache
	client *powerha.Client

	cluster *sim.Core
	nodes   []*node
	byName  map[string]*node
	owner   map[string]string // of each group, as the cluster manager has it
	reads   map[string]*reading
	product map[string]string // command of cl_dr: its run
	running map[string]bool   // runs of scripts that were not answered for

	servers  []*server
	cut      map[string]bool // "from>to"
	expected map[string]func(actor.ReplyPeer)
	health   map[string]*changes

	trace      []Record
	check      *checker
	migrations int
	over       bool
}

func newWorld(seed uint64, p *plan, cache *Cache) (*World, error) {
	w := &World{
		seed: seed, plan: p, rng: rand.New(rand.NewPCG(seed, 2)), cache: cache, client: powerha.New(powerha.Options{}),
		byName: map[string]*node{}, owner: map[string]string{}, reads: map[string]*reading{}, product: map[string]string{},
		running: map[string]bool{}, cut: map[string]bool{}, expected: map[string]func(actor.ReplyPeer){}, health: map[string]*changes{},
	}
	w.check = newChecker(w)
	core, err := sim.New(sim.Config{
		Cluster: clusterName, Version: p.version, Nodes: p.nodes, Groups: p.groups, Knobs: p.knobs, Epoch: epoch(),
	})
	if err != nil {
		return nil, err
	}
	w.cluster = core
	for _, name := range p.nodes {
		n := w.newNode(name)
		w.nodes, w.byName[name] = append(w.nodes, n), n
		for _, s := range []struct {
			name  string
			limit time.Duration
		}{{actor.ScriptName, ourLimit}, {"cl_dr", 600 * time.Second}} {
			if err := core.RegisterDRScript(name, "/dr/"+s.name, s.name, s.name, s.limit); err != nil {
				return nil, err
			}
		}
	}
	for i, url := range p.config.Confirmation.PrometheusURLs {
		w.servers = append(w.servers, &server{url: url, mode: promOK, phase: w.between(0, evaluateEvery), skew: p.skews[i]})
	}
	return w, nil
}

// between draws a duration.
func (w *World) between(least, most time.Duration) time.Duration {
	return least + time.Duration(w.rng.Int64N(int64(most-least)+1))
}

// step gives the cluster its inputs and carries out what it asks for.
func (w *World) step(in ...sim.Input) {
	for _, e := range w.cluster.Step(w.now, in) {
		w.effect(e)
	}
}

// run lets time pass until the end of the plan, or until nothing is under way any more.
func (w *World) run() {
	w.step()
	w.healthChanged()
	for _, n := range w.nodes {
		w.on(n, w.between(0, 2*time.Second), n.startActor)
	}
	for !w.over && len(w.check.found) == 0 {
		next, ok := w.cluster.Next()
		switch {
		case ok && (len(w.queue) == 0 || next <= w.queue[0].at):
			w.now = max(w.now, next)
			w.step()
		case len(w.queue) > 0:
			w.happen()
		default:
			w.over = true
		}
	}
	if len(w.check.found) == 0 {
		w.check.finish()
	}
	for _, n := range w.nodes {
		for _, id := range sortedKeys(n.calls) {
			n.calls[id].end()
		}
	}
}

func (w *World) effect(e sim.Effect) {
	switch e := e.(type) {
	case sim.CommandOutput:
		w.output(e)
	case sim.CommandDone:
		w.commandDone(e)
	case sim.RunScript:
		w.runScript(e)
	case sim.FreezeNode:
		w.suspend(w.byName[e.Node])
	case sim.ThawNode:
		w.after(0, func() {
			if n := w.byName[e.Node]; n.alive && n.frozen {
				n.thaw()
				w.step(sim.ThawDone(e))
			}
		})
	case sim.KillNode:
		n := w.byName[e.Node]
		boot := n.boots
		w.after(0, func() {
			if n.alive && n.boots == boot {
				n.die()
				w.seenAll()
			}
		})
	case sim.Trace:
		w.told(e)
	}
}

// suspend freezes a node for its migration, once a freeze for another reason is over.
func (w *World) suspend(n *node) {
	if n.frozen {
		w.after(100*time.Millisecond, func() { w.suspend(n) })
		return
	}
	if n.alive {
		n.freeze()
		w.after(0, func() { w.step(sim.FreezeDone{Node: n.name}) })
	}
}

// told passes on what the cluster tells the referee.
func (w *World) told(e sim.Trace) {
	switch e.Kind {
	case "owner":
		nodes, _ := e.Fields["nodes"].([]string)
		group, _ := e.Fields["resource_group"].(string)
		if len(nodes) < 2 {
			w.owner[group] = ""
			if len(nodes) == 1 {
				w.owner[group] = nodes[0]
			}
		}
		defer w.healthChanged()
	case "migration_close":
		w.migrations++
		if n := w.byName[e.Node]; n != nil && n.onEnd != nil {
			f := n.onEnd
			n.onEnd = nil
			f(n)
		}
	}
	w.record(Record{At: e.At, Node: e.Node, Kind: e.Kind, Fields: e.Fields})
}

func (w *World) output(e sim.CommandOutput) {
	if r := w.reads[e.ID]; r != nil {
		r.out.Write(e.Stdout)
		r.err.Write(e.Stderr)
		return
	}
	for _, n := range w.nodes {
		if a := n.acts[strings.TrimPrefix(e.ID, n.name+"/")]; a != nil {
			a.out.Write(e.Stdout)
			a.out.Write(e.Stderr)
		}
	}
}

func (w *World) commandDone(e sim.CommandDone) {
	if r := w.reads[e.ID]; r != nil {
		delete(w.reads, e.ID)
		fault := ""
		if n := r.node; w.now < n.faults.until && (n.faults.tool == "" || n.faults.tool == w.cache.argv(r.source)[0]) {
			fault = n.faults.read
		}
		w.on(r.node, 0, func() { r.node.finishRead(r, e.Exit, fault) })
		return
	}
	if run, ok := w.product[e.ID]; ok {
		delete(w.product, e.ID)
		w.scriptEnded(sim.ScriptEnded{ID: run, Exit: e.Exit})
		return
	}
	for _, n := range w.nodes {
		if a := n.acts[strings.TrimPrefix(e.ID, n.name+"/")]; a != nil && a.boot == n.boots {
			w.on(n, 0, func() { n.actEnded(a, e.Exit) })
		}
	}
}

// runScript runs what the cluster asks for: the scripts of applications, PowerHA's DR script and ours.
func (w *World) runScript(r sim.RunScript) {
	n := w.byName[r.Node]
	w.running[r.ID] = true
	if r.Kind != "dr" {
		group := ""
		for _, v := range r.Env {
			if g, ok := strings.CutPrefix(v, "GROUPNAME="); ok {
				group = g
			}
		}
		w.on(n, w.between(20*time.Millisecond, 2*time.Second), func() {
			w.scriptEnded(sim.ScriptEnded{ID: r.ID, Exit: n.appScript(r.Kind, group)})
		})
		return
	}
	if path.Base(r.Path) == actor.ScriptName {
		if w.plan.noStub {
			w.on(n, 20*time.Millisecond, func() { w.scriptEnded(sim.ScriptEnded{ID: r.ID}) })
			return
		}
		w.on(n, 0, func() { n.script(r) })
		return
	}
	w.ids++
	id := fmt.Sprintf("d%d", w.ids)
	w.product[id] = r.ID
	w.after(0, func() { w.step(sim.CommandStarted{ID: id, Node: r.Node, Name: "cl_dr", Args: r.Args}) })
	w.on(n, r.Timeout, func() { w.scriptEnded(sim.ScriptEnded{ID: r.ID, Exit: -1, TimedOut: true}) })
}

func (w *World) scriptEnded(e sim.ScriptEnded) {
	if !w.running[e.ID] {
		return
	}
	delete(w.running, e.ID)
	w.after(0, func() { w.step(e) })
}

// seen tells the cluster's referee where the workload of a group runs.
func (w *World) seen(group string) {
	var on []string
	for _, n := range w.nodes {
		if n.alive && n.apps[group].running {
			on = append(on, n.name)
		}
	}
	if len(on) > 1 {
		w.emit("", "twice", "resource_group", group, "nodes", on)
	}
	w.after(0, func() { w.step(sim.WorkloadSeen{Group: group, Nodes: on}) })
}

func (w *World) seenAll() {
	for _, g := range w.plan.groups {
		w.seen(g.Name)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
