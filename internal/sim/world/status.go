package world

import (
	"encoding/json"
	"fmt"
	"time"

	"powerha_lpm_exporter/internal/sim"
	"powerha_lpm_exporter/internal/sim/app"
)

// Status is the referee's view: what the core knows, and what really happened to the processes.
type Status struct {
	sim.Status
	World Truth `json:"world"`
}

// Truth is what the world saw with its own eyes.
type Truth struct {
	Dir       string         `json:"dir"`
	TraceFile string         `json:"trace_file"`
	Groups    []GroupTruth   `json:"groups"`
	Processes map[string]int `json:"processes"` // by node, at most a second old
	Freezes   []FreezeTruth  `json:"freezes"`
	// Moments counts the moments at which a workload ran twice, over all groups.
	Moments int `json:"ran_twice"`
}

// GroupTruth is where a group's application is reached and whether it ran twice.
type GroupTruth struct {
	GroupSpec
	Writing  []string       `json:"writing"` // the nodes on which it was last seen to write
	Service  *app.Service   `json:"service,omitempty"`
	RanTwice []app.RanTwice `json:"ran_twice"`
}

// countAge is how old the numbers of processes in a status may be. Counting reads the process table of the whole
// machine, and a referee asks often.
const countAge = time.Second

// counted are the processes by node, and when they were counted, by the core's time.
type counted struct {
	at    time.Duration
	nodes map[string]int
}

func (w *World) processes() map[string]int {
	if now := w.now(); w.counted.nodes == nil || now-w.counted.at >= countAge {
		w.counted = counted{at: now, nodes: countProcesses(w.nodes)}
	}
	return w.counted.nodes
}

// status is called by the loop.
func (w *World) status() Frame {
	t := Truth{
		Dir: string(w.dir), TraceFile: w.spec.TraceFile, Processes: w.processes(),
		Groups: []GroupTruth{}, Freezes: []FreezeTruth{},
	}
	for _, f := range w.freezes {
		t.Freezes = append(t.Freezes, f.told())
	}
	for _, g := range w.spec.Groups {
		twice, err := ranTwice(w.dir.Shared(g.Name))
		if err != nil {
			return Frame{Done: true, Exit: 1, Error: fmt.Sprintf("read whether group %s ran twice: %v", g.Name, err)}
		}
		gt := GroupTruth{GroupSpec: g, Writing: w.writing[g.Name], RanTwice: append([]app.RanTwice{}, twice...)}
		if s, err := app.ReadService(w.dir.Shared(g.Name)); err == nil {
			gt.Service = &s
		}
		t.Moments += len(twice)
		t.Groups = append(t.Groups, gt)
	}
	b, err := json.Marshal(Status{Status: w.core.Status(), World: t})
	if err != nil {
		return Frame{Done: true, Exit: 1, Error: "encode the status: " + err.Error()}
	}
	return Frame{Done: true, Result: b}
}
