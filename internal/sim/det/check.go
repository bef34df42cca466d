package det

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// checker holds the rules against the trace. It keeps its own book of the truth, and believes no actor.
type checker struct {
	w       *World
	found   []Violation
	nodes   map[string]*book
	ends    map[string]int
	reached map[string]bool
	standby history
	unsync  map[string]string
	setBy   map[string]setting
	foreign time.Duration     // since when a change of a person waits for a synchronisation
	first   map[string]string // variable: its value before our first change
}

type setting struct {
	value, by string
	at        time.Duration
}

// book is what the referee knows of one node.
type book struct {
	name                string
	alive, frozen       bool
	bootAt, thawedAt    time.Duration
	managed             history
	manager             history // stable
	armed               history // its dead man switch
	managedBy           string  // who changed it last
	managedAt           time.Duration
	asked               map[string]string // what a person asked for, by the id of the request
	pending             []pending         // starts and stops of cluster services that may still take effect
	open                bool              // a migration
	openAt, closedAt    time.Duration
	aborted             bool
	product             int // runs of PowerHA's script
	productAt           time.Duration
	acts                []*ourAct
	byID                map[string]*ourAct
	stops, starts       int // since
	approvedResume      int
	approvedAt          time.Duration
	override            bool
	approvals           map[string]int // failovers of a node, approved
	honest              map[string]bool
	extended            time.Duration
	ended               map[int64]bool // ends of the migration at hand, in milliseconds
	endAt               time.Duration  // when the first was written
	signals             map[string]*Record
	state, what, reason string
	decidedAt           time.Duration
	pagedAt             time.Duration
	actorUp             bool
	actorAt             time.Duration
	diskBad             bool
	clockSet            bool
	intents             map[string]string // id: argv
	over                map[string]bool   // ids whose end stands in the journal
	hold                bool
	lastRestore         time.Duration
	badJournal          time.Duration
}

// pending is a start or stop that somebody typed.
type pending struct {
	id, verb, by string
	at           time.Duration
}

// history is since when a fact holds, and what it was before.
type history struct {
	on    bool
	since time.Duration
}

func (h *history) set(at time.Duration, on bool) {
	if h.on != on || h.since == 0 {
		h.on, h.since = on, at
	}
}

// ourAct is a command of an actor.
type ourAct struct {
	id, verb, argv string
	began, ended   time.Duration
	over, applied  bool
}

// Slack: what a node reads of the others is this old at most when it acts, with the time of a command before it.
const (
	readSlack  = 45 * time.Second
	probeSlack = 10 * time.Second
)

func newChecker(w *World) *checker {
	c := &checker{w: w, nodes: map[string]*book{}, ends: map[string]int{}, reached: map[string]bool{}, unsync: map[string]string{}, setBy: map[string]setting{}, first: map[string]string{}}
	for _, n := range w.plan.nodes {
		c.nodes[n] = &book{
			name: n, alive: true, asked: map[string]string{}, byID: map[string]*ourAct{}, approvals: map[string]int{}, honest: map[string]bool{},
			ended: map[int64]bool{}, signals: map[string]*Record{}, intents: map[string]string{}, over: map[string]bool{}, managedBy: "product",
			managed: history{on: true}, manager: history{on: true}, armed: history{on: true},
		}
	}
	return c
}

func (c *checker) violated(rule, node, text string) {
	c.found = append(c.found, Violation{At: c.w.now, Invariant: rule, Node: node, Text: text})
}

// see takes a record in, and holds the rules against it.
func (c *checker) see(r *Record) {
	b := c.nodes[r.Node]
	switch r.Kind {
	case "standby":
		c.standby.set(r.At, r.flag("up"))
		return
	case "twice":
		c.twice(r)
		return
	case "variable":
		if b != nil && r.text("name") == "dead_man_switch" {
			b.armed.set(r.At, r.flag("value"))
			return
		}
		c.variable(r)
		return
	case "unsynced":
		if !r.flag("unsynced") {
			c.foreign = 0
		}
		return
	}
	if b == nil {
		return
	}
	if c.truth(b, r) {
		return
	}
	switch r.Kind {
	case "command_start":
		c.commandStart(b, r)
	case "command_end":
		c.commandEnd(b, r)
	case "dr_script":
		c.script(b, r)
	case "episode":
		c.episode(b, r)
	case "signal":
		b.signals[r.text("server")] = r
	case "decision":
		b.what, b.reason, b.decidedAt = r.text("what"), r.text("reason"), r.At
		c.reached[r.text("what")+" "+r.text("reason")] = true
	case "actor_state":
		b.state = r.text("state")
		c.published(b, r)
	case "journal":
		c.journal(b, r)
	case "page":
		b.pagedAt = r.At
	case "operator_asks", "operator":
		c.operator(b, r)
	case "actor_start":
		b.actorUp, b.actorAt = true, r.At
	case "actor_kill":
		b.actorUp, b.state, b.what = false, "", ""
	case "fault":
		switch r.text("name") {
		case "disk":
			b.diskBad = true
		case "disk_over":
			b.diskBad = false
		case "clock_step":
			b.clockSet = true
		}
	}
}

// truth keeps the book of what the cluster itself says.
func (c *checker) truth(b *book, r *Record) bool {
	switch r.Kind {
	case "freeze_start":
		b.frozen = true
	case "freeze_end":
		b.frozen, b.thawedAt = false, r.At
	case "node_dead":
		b.alive, b.frozen, b.actorUp, b.open, b.product = false, false, false, false, 0
	case "node_boot":
		b.armed.set(r.At, true)
		b.alive, b.bootAt, b.managedBy, b.managedAt = true, r.At, "boot", r.At
		b.managed.set(r.At, false)
	case "managed":
		on := r.flag("managed")
		b.managed.set(r.At, on)
		verb := "stop"
		if on {
			verb = "start"
		}
		if r.At > 0 {
			b.managedBy, b.managedAt = c.whoDid(b, verb), r.At
		}
	case "manager":
		b.manager.set(r.At, r.text("state") == "ST_STABLE")
	case "migration_open":
		b.open, b.openAt, b.endAt = true, r.At, 0
		b.starts, b.approvedResume, b.override = 0, 0, false // at most one of a kind in a migration
	case "migration_close":
		b.open, b.closedAt = false, r.At
		b.aborted = r.text("result") != "completed"
	default:
		return false
	}
	return true
}

// whoDid is who typed the command that has just taken effect: the earliest of its kind that has not.
func (c *checker) whoDid(b *book, verb string) string {
	for i, p := range b.pending {
		if p.verb == verb && c.w.now-p.at < 10*time.Minute {
			b.pending = append(b.pending[:i:i], b.pending[i+1:]...)
			return p.by
		}
	}
	return "product"
}

// twice: a workload runs on two nodes. It is ours only if an act of ours began it.
func (c *checker) twice(r *Record) {
	group := r.text("resource_group")
	for _, n := range r.list("nodes") {
		b := c.nodes[n]
		for _, a := range b.acts {
			ours := a.verb == "move" && strings.Contains(a.argv, " "+group+" ") || a.verb == "start"
			if ours && (!a.over || r.At-a.ended < time.Minute) && !c.lied(b) {
				c.violated("S1", n, fmt.Sprintf("group %s runs on %v, begun by %s", group, r.list("nodes"), a.argv))
				return
			}
		}
	}
}

// lied: a person attested here that a node was off which was not.
func (c *checker) lied(b *book) bool {
	for _, honest := range b.honest {
		if !honest {
			return true
		}
	}
	return false
}

func (c *checker) variable(r *Record) {
	name, value, by := r.text("name"), fmt.Sprint(r.Fields["value"]), r.text("by")
	old, known := c.setBy[name]
	if known && old.value == value {
		if _, told := r.Fields["synced"]; !told && by == "human" {
			c.foreign = 0 // in force without a synchronisation
		}
		return
	}
	if known && by == "actor" {
		if _, ok := c.first[name]; !ok {
			c.first[name] = old.value
		}
		if old.by == "human" && c.restoring() && r.At-old.at > readSlack {
			c.violated("S4", r.Node, fmt.Sprintf("%s=%s of a person was overwritten with %s by a restore", name, old.value, value))
		}
	}
	if by == "human" {
		delete(c.first, name)
		if synced, told := r.Fields["synced"].(bool); told && !synced && c.foreign == 0 {
			c.foreign = r.At
		}
	}
	c.setBy[name] = setting{value, by, r.At}
}

// restoring: a restore was accepted and is not over.
func (c *checker) restoring() bool {
	for _, n := range c.w.nodes {
		if c.nodes[n.name].lastRestore > 0 {
			return true
		}
	}
	return false
}

func (c *checker) episode(b *book, r *Record) {
	switch r.text("event") {
	case "premigrate":
		if r.text("stage") == "begin" {
			clear(b.ended)
			b.endAt = 0
		}
	case "postmigrate", "undopremigrate", "pmig_done", "pmig_aborted", "end", "ended", "undocheckmigrate", "rebooted", "expired":
		ms, _ := r.Fields["time_ms"].(int64)
		b.ended[ms] = true
		if b.endAt == 0 {
			b.endAt = r.At
			b.extended = 0
		}
	}
}

func (c *checker) operator(b *book, r *Record) {
	if r.Kind == "operator_asks" {
		if r.text("verb") == "approve_failover" {
			honest, _ := r.Fields["true"].(bool)
			b.honest[r.text("node_lost")] = honest
		}
		b.asked["operator "+r.text("id")] = r.text("verb")
		if d, ok := r.Fields["for"].(time.Duration); ok && r.text("verb") == "extend" {
			b.extended += d // whether or not it was accepted: a later deadline forbids less
		}
		if r.flag("override") {
			b.asked["override "+r.text("id")] = "yes"
		}
		if r.text("verb") == "approve_failover" {
			b.asked["node "+r.text("id")] = r.text("node_lost")
		}
		return
	}
	if !r.flag("accepted") {
		return
	}
	id := r.text("id")
	c.reached["operator "+b.asked["operator "+id]] = true
	switch b.asked["operator "+id] {
	case "resume":
		b.approvedResume++
		b.approvedAt = r.At
		b.override = b.asked["override "+id] != ""
	case "approve_failover":
		b.approvals[b.asked["node "+id]]++
	case "variables_restore":
		b.lastRestore = r.At
	case "hold":
		b.hold = true
	case "release":
		b.hold = false
	}
}

type intentData struct {
	ID   string   `json:"id"`
	Kind string   `json:"act"`
	Argv []string `json:"argv"`
	OK   bool     `json:"ok"`
}

func (c *checker) journal(b *book, r *Record) {
	if !r.flag("ok") {
		b.badJournal = r.At
		return
	}
	switch r.text("record") {
	case "intent":
		d := data[intentData](r)
		b.intents[d.ID] = strings.Join(d.Argv, " ")
	case "ended":
		b.over[data[intentData](r).ID] = true
	case "plan_end":
		if d := data[intentData](r); d.OK && b.lastRestore > 0 && !slices.ContainsFunc(c.w.plan.faults, func(f fault) bool { return strings.HasPrefix(f.name, "human_modify") }) {
			for name, value := range c.first {
				if now := c.setBy[name].value; now != value && c.setBy[name].by == "actor" {
					c.violated("S4", b.name, fmt.Sprintf("restored, and %s=%s; it was %s before the first change", name, now, value))
				}
			}
		}
		if b.lastRestore > 0 {
			b.lastRestore = 0
			clear(c.first)
		}
	}
}
