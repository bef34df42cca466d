package det

import (
	"fmt"
	"path"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/actor"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/sim"
)

// act is a command of ours that changes the cluster. It outlives the actor that began it.
type act struct {
	id      string
	argv    []string
	started command.Started
	began   time.Duration
	boot    int
	ended   bool
	exit    int
	out     strings.Builder
	spoilt  string // what a fault makes of it
}

// The faults of a command that changes the cluster.
const (
	actHangs    = "hangs"
	actFails    = "fails"
	actNothing  = "succeeds_changes_nothing"
	actLies     = "changes_reports_failure"
	actNoStart  = "cannot_be_started"
	actHalf     = "prints_half"
	readHangs   = "hangs"
	readFails   = "fails"
	readHalf    = "prints_half"
	readForeign = "prints_another_format"
)

// commandFaults are what becomes of the commands of a node now.
type commandFaults struct {
	act   string // of the next act, then gone
	read  string
	tool  string // whose reads; "" all
	until time.Duration
}

// start begins an act, as command.OS does.
func (n *node) start(a command.Act) (command.Started, error) {
	fault := n.faults.act
	n.faults.act = ""
	if fault == actNoStart {
		n.w.emit(n.name, "fault", "name", "act_"+fault)
		return command.Started{}, fmt.Errorf("start %s: resource temporarily unavailable", a.Name)
	}
	if _, used := n.acts[a.ID]; used {
		return command.Started{}, fmt.Errorf("start %s: file for its output: the id was used before", a.Name)
	}
	if f := n.atLaunch; f != nil {
		n.atLaunch = nil
		f(n)
	}
	n.serial++
	x := &act{id: a.ID, argv: a.Argv, boot: n.boots, spoilt: fault, began: n.w.now, started: command.Started{ID: a.ID, PID: 1000 + n.serial, At: n.Now()}}
	n.acts[a.ID] = x
	if fault != "" {
		n.w.emit(n.name, "fault", "name", "act_"+fault)
	}
	name := path.Base(a.Argv[0])
	switch fault {
	case actHangs, actFails, actNothing:
		argv := append([]string{name}, a.Argv[1:]...)
		n.w.emit(n.name, "command_start", "id", n.simID(a.ID), "argv", argv, "by", "actor")
		over := n.w.between(time.Second, 20*time.Second)
		if fault == actHangs {
			over = max(n.w.plan.cease-n.w.now, 0) + n.w.between(0, 20*time.Minute)
		}
		n.w.on(n, over, func() {
			exit := 1
			if fault == actNothing {
				exit = 0
			}
			n.w.emit(n.name, "command_end", "id", n.simID(a.ID), "argv", argv, "by", "actor", "exit", exit, "effect", "none")
			n.actEnded(x, exit)
		})
	default:
		n.w.step(sim.CommandStarted{ID: n.simID(a.ID), Node: n.name, Name: name, Args: a.Argv[1:], By: "actor", Locale: "C"})
	}
	return x.started, nil
}

// simID is the id of a command of ours in the cluster, where those of several nodes meet.
func (n *node) simID(id string) string { return n.name + "/" + id }

func (n *node) actEnded(x *act, exit int) {
	x.ended, x.exit = true, exit
	switch x.spoilt {
	case actLies:
		x.exit = 1
	case actHalf:
		text := x.out.String()
		x.out.Reset()
		x.out.WriteString(text[:len(text)/2])
	}
	n.w.on(n, time.Millisecond, func() { n.tell() }) // command.OS tells of the end of what it started itself
}

// poll looks after an act, as command.OS does.
func (n *node) poll(s command.Started) []actor.Input {
	x := n.acts[s.ID]
	switch {
	case x == nil && s.PID == 0:
		return []actor.Input{actor.ActMissing{ID: s.ID}}
	case x == nil:
		return nil
	case x.ended:
		return []actor.Input{actor.ActEnded{Ended: command.Ended{ID: s.ID, Exit: x.exit, Took: n.w.now - x.began, Output: x.out.String()}}}
	case x.boot != n.boots:
		return []actor.Input{actor.ActEnded{Ended: command.Ended{ID: s.ID, Exit: -1, Unknown: true}}}
	}
	return nil
}

// outstanding are the acts without an end that were begun since, for the DR script.
func (n *node) outstanding(since time.Time) []control.Launched {
	var out []control.Launched
	for _, id := range sortedKeys(n.acts) {
		if x := n.acts[id]; !x.ended && x.boot == n.boots && !x.started.At.Wall.Before(since) {
			out = append(out, control.Launched{ID: x.id, PID: x.started.PID, Argv: x.argv})
		}
	}
	return out
}

// reading is a command that was typed to learn something, and who waits for it.
type reading struct {
	node   *node
	source model.Source
	at     model.Instant
	out    strings.Builder
	err    strings.Builder
	done   func(model.Reading)
}

// read has a source read, as powerha.Client does, and hands the reading to done on the node.
func (n *node) read(s model.Source, done func(model.Reading)) {
	argv := n.w.cache.argv(s)
	r := &reading{node: n, source: s, at: n.Now(), done: done}
	fault := ""
	if n.w.now < n.faults.until && (n.faults.tool == "" || n.faults.tool == argv[0]) {
		fault = n.faults.read
	}
	switch fault {
	case readHangs:
		n.w.on(n, n.w.plan.config.Cluster.Timeout.D(), func() {
			done(model.Reading{Source: s, At: r.at, Err: argv[0] + " did not answer in time", TimedOut: true})
		})
		return
	case readFails:
		n.w.on(n, 100*time.Millisecond, func() { n.finishRead(r, 1, "") })
		return
	}
	n.w.ids++
	id := fmt.Sprintf("r%d", n.w.ids)
	n.w.reads[id] = r
	n.w.step(sim.CommandStarted{ID: id, Node: n.name, Name: argv[0], Args: argv[1:], By: "actor", Locale: "C"})
}

func (n *node) finishRead(r *reading, exit int, fault string) {
	out := r.out.String()
	switch fault {
	case readHalf:
		out = out[:len(out)*2/3]
	case readForeign:
		out = "PowerHA SystemMirror 9.9\n" + strings.ReplaceAll(out, ":", "|")
	}
	got := n.w.cache.interpret(r.source, out, r.err.String(), exit)
	got.At, got.Took = r.at, n.Now().Sub(r.at)
	r.done(got)
}

// Cache keeps what the product's parsers, which are pure, have made of a text before. It may be shared by worlds that
// run one after another.
type Cache struct {
	readings map[cacheKey]model.Reading
	argvs    map[model.Source][]string
}

type cacheKey struct {
	source   model.Source
	exit     int
	out, err string
}

// NewCache returns an empty cache.
func NewCache() *Cache {
	return &Cache{readings: map[cacheKey]model.Reading{}, argvs: map[model.Source][]string{}}
}

const maxCached = 20000

func (c *Cache) interpret(s model.Source, out, errText string, exit int) model.Reading {
	key := cacheKey{s, exit, out, errText}
	if r, ok := c.readings[key]; ok {
		return r
	}
	r := powerha.Interpret(s, command.Output{Stdout: []byte(out), Stderr: []byte(errText), Exit: exit})
	if len(c.readings) >= maxCached {
		clear(c.readings)
	}
	c.readings[key] = r
	return r
}

func (c *Cache) argv(s model.Source) []string {
	if a, ok := c.argvs[s]; ok {
		return a
	}
	a := strings.Fields(powerha.Command(s))
	c.argvs[s] = a
	return a
}
