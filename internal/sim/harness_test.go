package sim

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"
)

// shell is what package world is in real time: it runs scripts, freezes and kills, here in virtual time.
type shell struct {
	t       *testing.T
	core    *Core
	now     time.Duration
	runs    map[string]bool // "group node": the application's process exists
	broken  map[string]bool // "group node": its monitor fails
	frozen  map[string]bool
	later   []timed
	clients map[string]string // command id of a cl_dr -> script id
	out     map[string]string
	errOut  map[string]string
	exit    map[string]int
	done    map[string]bool
	starts  []string // "node group" of each start script
	ended   *MigrationEnded
	trace   []Trace
	effects []string // one line an effect, for comparing runs
	files   map[string]string
	own     func(verb, node string) ScriptEnded // our own DR script, when registered
	ids     int
}

type timed struct {
	at time.Duration
	in Input
}

func newShell(t *testing.T, cfg Config) *shell {
	t.Helper()
	if cfg.Cluster == "" {
		cfg.Cluster = "demo"
	}
	if cfg.Version == "" {
		cfg.Version = "7.2.7"
	}
	if cfg.Nodes == nil {
		cfg.Nodes = []string{"n1", "n2"}
	}
	if cfg.Groups == nil {
		cfg.Groups = []Group{{
			Name: "rg_app", Nodes: cfg.Nodes, Application: "app", Start: "/app/start", Stop: "/app/stop",
			Monitor: "/app/monitor", MonitorInterval: 10 * time.Second, RestartCount: 2,
		}}
	}
	cfg.Epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	core, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{
		t: t, core: core, runs: map[string]bool{}, broken: map[string]bool{}, frozen: map[string]bool{},
		clients: map[string]string{}, out: map[string]string{}, errOut: map[string]string{}, exit: map[string]int{},
		done: map[string]bool{}, files: map[string]string{},
	}
	if core.level.lpm && core.knob(nil, "cl_dr") == "registered" {
		for _, n := range cfg.Nodes {
			if err := core.RegisterDRScript(n, "/dr/cl_dr", "cl_dr", "PowerHA script", 600*time.Second); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.step()
	return s
}

func (s *shell) step(in ...Input) {
	for _, e := range s.core.Step(s.now, in) {
		s.effects = append(s.effects, s.now.String()+" "+told(e))
		s.effect(e)
	}
}

// told is an effect in one line, of a bounded length.
func told(e Effect) string {
	if o, ok := e.(CommandOutput); ok {
		return fmt.Sprintf("output of %s: %d %x, %d %x", o.ID, len(o.Stdout), crc32.ChecksumIEEE(o.Stdout), len(o.Stderr), crc32.ChecksumIEEE(o.Stderr))
	}
	return fmt.Sprintf("%T %+v", e, e)
}

func (s *shell) at(d time.Duration, in Input) { s.later = append(s.later, timed{s.now + d, in}) }

// run advances virtual time by d.
func (s *shell) run(d time.Duration) {
	end := s.now + d
	for {
		next := end
		if at, ok := s.core.Next(); ok && at < next {
			next = at
		}
		i := -1
		for j, l := range s.later {
			if l.at <= next && (i < 0 || l.at < s.later[i].at) {
				i = j
			}
		}
		if i >= 0 {
			l := s.later[i]
			s.later = slices.Delete(s.later, i, i+1)
			s.now = max(s.now, l.at)
			s.step(l.in)
			continue
		}
		s.now = max(s.now, next)
		s.step()
		if at, ok := s.core.Next(); s.now >= end && (!ok || at > end) {
			return
		}
	}
}

func (s *shell) effect(e Effect) {
	switch e := e.(type) {
	case CommandOutput:
		s.out[e.ID] += string(e.Stdout)
		s.errOut[e.ID] += string(e.Stderr)
	case CommandDone:
		s.exit[e.ID], s.done[e.ID] = e.Exit, true
		if id, ok := s.clients[e.ID]; ok {
			s.at(0, ScriptEnded{ID: id, Exit: e.Exit, Stdout: s.out[e.ID]})
		}
	case RunScript:
		s.script(e)
	case FreezeNode:
		s.frozen[e.Node] = true
		s.at(0, FreezeDone(e))
		s.seen()
	case ThawNode:
		delete(s.frozen, e.Node)
		s.at(0, ThawDone(e))
		s.seen()
	case KillNode:
		delete(s.frozen, e.Node)
		for k := range s.runs {
			if strings.HasSuffix(k, " "+e.Node) {
				delete(s.runs, k)
			}
		}
		s.seen()
	case MigrationEnded:
		s.ended = &e
	case Trace:
		s.trace = append(s.trace, e)
	case AppendFile:
		s.files[e.Node+":"+e.Name] += e.Text
	case WriteFile:
		s.files[e.Node+":"+e.Name] = e.Text
	case RemoveFile:
		delete(s.files, e.Node+":"+e.Name)
	}
}

func (s *shell) script(r RunScript) {
	group := ""
	for _, e := range r.Env {
		if g, ok := strings.CutPrefix(e, "GROUPNAME="); ok {
			group = g
		}
	}
	key := group + " " + r.Node
	end := ScriptEnded{ID: r.ID}
	switch r.Kind {
	case "app_start":
		s.starts = append(s.starts, r.Node+" "+group)
		s.runs[key] = true
		delete(s.broken, key)
		s.seen()
	case "app_stop":
		delete(s.runs, key)
		s.seen()
	case "app_monitor":
		if !s.runs[key] || s.broken[key] {
			end.Exit = 1
		}
	case "dr":
		if strings.HasSuffix(r.Path, "/cl_dr") {
			id := s.newID()
			s.clients[id] = r.ID
			s.at(0, CommandStarted{ID: id, Node: r.Node, Name: "cl_dr", Args: r.Args})
			return
		}
		if s.own != nil {
			end = s.own(r.Args[0], r.Node)
			end.ID = r.ID
		}
	}
	s.at(100*time.Millisecond, end)
}

// seen tells the core where the workloads write now.
func (s *shell) seen() {
	for _, g := range s.core.groups {
		var on []string
		for _, n := range g.Nodes {
			if s.runs[g.Name+" "+n] && !s.frozen[n] {
				on = append(on, n)
			}
		}
		s.at(0, WorkloadSeen{Group: g.Name, Nodes: on})
	}
}

func (s *shell) newID() string {
	s.ids++
	return fmt.Sprintf("c%d", s.ids)
}

// start types a command and returns its id.
func (s *shell) start(node, name string, args ...string) string {
	id := s.newID()
	s.step(CommandStarted{ID: id, Node: node, Name: name, Args: args, By: "human"})
	return id
}

// command types a command, waits for its end and returns what it printed.
func (s *shell) command(node, name string, args ...string) (out string, exit int) {
	s.t.Helper()
	id := s.start(node, name, args...)
	for range 3000 {
		if s.done[id] {
			return s.out[id] + s.errOut[id], s.exit[id]
		}
		s.run(100 * time.Millisecond)
	}
	s.t.Fatalf("%s %v did not end within 5 minutes", name, args)
	return "", 0
}

func (s *shell) must(node, name string, args ...string) string {
	s.t.Helper()
	out, exit := s.command(node, name, args...)
	if exit != 0 {
		s.t.Fatalf("%s %v on %s: exit %d: %s", name, args, node, exit, out)
	}
	return out
}

// migrate asks for a migration and runs until it has ended.
func (s *shell) migrate(r MigrationRequested) MigrationEnded {
	s.t.Helper()
	r.ID, s.ended = "m1", nil
	s.step(r)
	for range 6000 {
		if s.ended != nil {
			return *s.ended
		}
		s.run(time.Second)
	}
	s.t.Fatal("the migration did not end")
	return MigrationEnded{}
}

func (s *shell) node(name string) NodeStatus {
	for _, n := range s.core.Status().Nodes {
		if n.Name == name {
			return n
		}
	}
	s.t.Fatalf("no node %s", name)
	return NodeStatus{}
}

func (s *shell) group0() GroupStatus { return s.core.Status().Groups[0] }

func (s *shell) has(kind string, want map[string]any) bool {
	for _, t := range s.trace {
		ok := t.Kind == kind
		for k, v := range want {
			ok = ok && fmt.Sprint(t.Fields[k]) == fmt.Sprint(v)
		}
		if ok {
			return true
		}
	}
	return false
}
