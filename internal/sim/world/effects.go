package world

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"powerha_lpm_exporter/internal/sim"
)

// apply does one effect; called by the loop, it never waits.
func (w *World) apply(ctx context.Context, e sim.Effect) {
	switch e := e.(type) {
	case sim.CommandOutput:
		if s := w.clients[e.ID]; s != nil {
			s.send(Frame{Stdout: e.Stdout, Stderr: e.Stderr})
		}
	case sim.CommandDone:
		if s := w.clients[e.ID]; s != nil {
			delete(w.clients, e.ID)
			s.send(Frame{Done: true, Exit: e.Exit})
		}
	case sim.RunScript:
		w.startScript(ctx, e)
	case sim.FreezeNode:
		w.nodes[e.Node].do(func() { w.freeze(ctx, w.nodes[e.Node]) })
	case sim.ThawNode:
		w.nodes[e.Node].do(func() { w.thaw(ctx, w.nodes[e.Node]) })
	case sim.KillNode:
		w.nodes[e.Node].do(func() { w.kill(ctx, w.nodes[e.Node]) })
	case sim.BootNode:
		n := w.nodes[e.Node]
		n.do(func() {
			if f := w.boot(ctx, n); f.Error != "" {
				w.log.Error("the HMC's request", "node", n.name, "err", f.Error)
			}
		})
	case sim.MigrationEnded:
		w.migrationEnded(e)
	case sim.AppendFile:
		w.productFile(e.Node, e.Name, func(p string) error { return appendFile(p, e.Text) })
	case sim.WriteFile:
		w.productFile(e.Node, e.Name, func(p string) error { return replaceFile(p, []byte(e.Text)) })
	case sim.RemoveFile:
		w.productFile(e.Node, e.Name, os.Remove)
	case sim.Trace:
		w.writeTrace(e)
	default:
		w.log.Error("the core asks for something that is not known here", "effect", fmt.Sprintf("%T", e))
	}
}

func (w *World) startScript(ctx context.Context, s sim.RunScript) {
	if s.Kind == "app_start" {
		w.starts++
	}
	level := slog.LevelInfo
	if s.Kind == "app_monitor" {
		level = slog.LevelDebug
	}
	w.log.Log(ctx, level, "script", "node", s.Node, "kind", s.Kind, "path", s.Path, "args", s.Args)
	w.task(func() {
		w.runScript(ctx, s)
		if s.Kind == "app_start" {
			w.post(ctx, func() { w.starts-- })
		}
	})
}

func (w *World) freeze(ctx context.Context, n *nodeShell) {
	n.setFrozen(true)
	if err := n.keeper.freeze(ctx); err != nil {
		w.log.Error("freeze", "node", n.name, "err", err)
	}
	truth := n.keeper.truth
	w.log.Info("frozen", "node", n.name, "processes", truth.Processes, "took", truth.AllStopped-truth.FirstStop)
	w.post(ctx, func() {
		w.freezes = append(w.freezes, truth)
		w.inputs = append(w.inputs, sim.FreezeDone{Node: n.name})
	})
}

func (w *World) thaw(ctx context.Context, n *nodeShell) {
	truth := n.keeper.thaw()
	n.setFrozen(false)
	w.log.Info("thawed", "node", n.name, "frozen", truth.Frozen(), "bound", truth.Bound())
	w.post(ctx, func() {
		w.endFreeze(truth)
		w.inputs = append(w.inputs, sim.ThawDone{Node: n.name})
	})
}

func (w *World) kill(ctx context.Context, n *nodeShell) {
	if err := n.keeper.kill(ctx); err != nil {
		w.log.Error("kill", "node", n.name, "err", err)
	}
	n.setFrozen(false)
	w.log.Info("node is off", "node", n.name)
	w.workload.forget(n.name)
}

// endFreeze replaces the open record of a freeze by the closed one.
func (w *World) endFreeze(f Freeze) {
	for i := len(w.freezes) - 1; i >= 0; i-- {
		if w.freezes[i].Node == f.Node && w.freezes[i].FirstStop == f.FirstStop {
			w.freezes[i] = f
			return
		}
	}
}

// migrationEnded answers whoever asked for the migration.
func (w *World) migrationEnded(e sim.MigrationEnded) {
	s := w.clients[e.ID]
	if s == nil {
		return
	}
	delete(w.clients, e.ID)
	m := Migration{Node: s.node, Result: e.Result, Message: e.Message, CoreSeconds: e.FrozenFor.Seconds()}
	for _, f := range w.freezes {
		if f.Node == s.node && f.FirstStop-w.start >= s.since && f.FirstCont != 0 {
			t := f.told()
			m.Freeze = &t
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		s.send(Frame{Done: true, Exit: 1, Error: "encode the result: " + err.Error()})
		return
	}
	exit := 0
	if e.Result != "completed" {
		exit = 1
	}
	s.send(Frame{Done: true, Exit: exit, Result: b})
}

// writeTrace adds a line to the trace, and tells those who watch a migration of the node.
func (w *World) writeTrace(t sim.Trace) {
	line := map[string]any{"seed": 0, "t": t.At.Seconds(), "node": t.Node, "kind": t.Kind}
	for k, v := range t.Fields {
		if k != "seed" && k != "t" && k != "kind" {
			line[k] = v
		}
	}
	b, err := json.Marshal(line)
	if err != nil {
		w.log.Error("encode the trace", "kind", t.Kind, "err", err)
		return
	}
	if _, err := w.trace.Write(append(b, '\n')); err != nil {
		w.log.Error("write the trace", "err", err)
	}
	if note, ok := progress(t); ok {
		for _, s := range w.clients {
			if s.moving && s.node == t.Node {
				s.send(Frame{Note: fmt.Sprintf("%8.3fs  %s", (t.At - s.since).Seconds(), note)})
			}
		}
	}
}

// progress puts the steps of a migration into words.
func progress(t sim.Trace) (string, bool) {
	switch t.Kind {
	case "migration_open":
		return "migration of " + t.Node + " begins", true
	case "migration_close":
		return fmt.Sprintf("migration of %s is over: %v", t.Node, t.Fields["result"]), true
	case "freeze_start":
		return t.Node + " is suspended", true
	case "freeze_end":
		return t.Node + " runs again", true
	case "dr_script":
		text := fmt.Sprintf("DR script %v %v: %v", t.Fields["script"], t.Fields["phase"], t.Fields["edge"])
		if exit, ok := t.Fields["exit"]; ok {
			text += fmt.Sprintf(", exit %v", exit)
		}
		return text, true
	case "node_dead":
		return t.Node + " is dead", true
	}
	return "", false
}
