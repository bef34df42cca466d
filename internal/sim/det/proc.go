package det

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"time"

	"powerha_lpm_exporter/internal/actor"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/journal"
	"powerha_lpm_exporter/internal/model"
)

type filePerm = fs.FileMode

func actorDR(id string, r control.DRRequest) actor.Input { return actor.DR{ID: id, Request: r} }

// The pace of the shell in production: at rest, and while something is under way.
const (
	slowTick = time.Second
	fastTick = 200 * time.Millisecond
	// roomEvery, reserve: how often the room for an episode is filled up, and how much that is.
	roomEvery = time.Minute
	reserve   = 256 << 10
	rotateAt  = 8 << 20
)

// proc is a running actor: the product's core and journal, with this world as its shell.
type proc struct {
	n       *node
	core    *actor.Core
	journal *journal.Journal
	dead    bool
	begun   bool
	tickAt  time.Duration
	ticking bool
	roomAt  time.Duration
	last    decide.Decision
	busy    bool // it is being stepped
	queued  []actor.Input
}

// killPoint ends the actor at one of its writes.
type killPoint struct {
	in    int // writes from now; 0: none
	where string
	back  time.Duration // until it is started again
}

const (
	killBefore = "before_write"
	killTorn   = "in_write"
	killAfter  = "after_write"
)

// startActor starts the actor from what is on disk, as the service manager does.
func (n *node) startActor() {
	if n.proc != nil {
		return
	}
	p := &proc{n: n}
	jr, recs, damage, err := journal.Open(n.private, n, reserve)
	if jr == nil || err != nil {
		n.w.emit(n.name, "actor_start", "err", fmt.Sprint(err))
		n.w.check.violated("S7", n.name, fmt.Sprintf("the actor cannot continue from its journal: %v", err))
		return
	}
	st, err := actor.Fold(recs)
	if err != nil {
		n.w.check.violated("S7", n.name, fmt.Sprintf("the actor cannot continue from its journal: %v", err))
		return
	}
	p.journal = jr
	opt := actor.OptionsOf(n.w.plan.configOf(n.name), n.name, false)
	opt.Acts = n.w.client
	p.core = actor.New(opt, st, n.Now())
	n.proc = p
	n.w.emit(n.name, "actor_start", "records", len(recs), "torn_bytes", damage.TornBytes)
	p.take()
}

// killActor ends the process at once; the service manager starts it again after back, unless that is 0.
func (n *node) killActor(why string, back time.Duration) {
	p := n.proc
	if p == nil {
		return
	}
	p.dead, n.proc = true, nil
	n.w.emit(n.name, "actor_kill", "why", why)
	for _, id := range sortedKeys(n.waiting) {
		c := n.waiting[id]
		c.lost = true
		c.wake()
	}
	if back > 0 {
		n.w.on(n, back, n.startActor)
	}
}

// tell has the actor of the node look, if there is one.
func (n *node) tell(in ...actor.Input) {
	if n.proc != nil {
		n.proc.take(in...)
	}
}

// take steps the core until it has nothing more to say, as Actor.drive does.
func (p *proc) take(in ...actor.Input) {
	if p.dead {
		return
	}
	if p.busy {
		p.queued = append(p.queued, in...)
		return
	}
	p.busy = true
	batch := in
	if !p.begun {
		p.begun = true
		batch = append(actor.Perform(p.core.Begin("simulation"), p.do), batch...)
	}
	batch = append(batch, actor.Tick{}, actor.Episodes{List: p.n.fold()})
	for len(batch) > 0 && !p.dead {
		batch = actor.Perform(p.core.Step(p.n.Now(), batch), p.do)
		batch = append(batch, p.queued...)
		p.queued = nil
	}
	p.busy = false
	if p.dead {
		return
	}
	p.rotate()
	p.show()
	p.tickLater()
}

// tickLater makes a tick come when nothing else did for long enough.
func (p *proc) tickLater() {
	pace := slowTick
	if p.core.Fast() {
		pace = fastTick
	}
	p.tickAt = p.n.w.now + pace
	if !p.ticking {
		p.ticking = true
		p.n.w.on(p.n, pace, p.tick)
	}
}

func (p *proc) tick() {
	p.ticking = false
	switch {
	case p.dead:
	case p.n.w.now < p.tickAt:
		p.ticking = true
		p.n.w.on(p.n, p.tickAt-p.n.w.now, p.tick)
	default:
		p.take()
	}
}

// rotate keeps the room of the journal, and begins a new one when the old one is large and nothing is under way.
func (p *proc) rotate() {
	if !p.core.Calm() {
		return
	}
	if p.n.w.now >= p.roomAt {
		p.roomAt = p.n.w.now + roomEvery
		_ = p.journal.EnsureRoom() // a full disk; the next append tells
	}
	if p.journal.Size() < p.n.w.plan.rotateAt {
		return
	}
	if carried, err := p.core.Carry(); err == nil {
		_, err = p.journal.Rotate(carried)
		p.n.w.emit(p.n.name, "rotated", "err", fmt.Sprint(err))
	}
}

// show tells the referee what the actor says of itself.
func (p *proc) show() {
	d := p.core.Decision()
	if d.What != p.last.What || d.Reason != p.last.Reason {
		p.n.w.emit(p.n.name, "decision", "what", string(d.What), "reason", string(d.Reason), "detail", d.Detail)
	}
	if d.State != p.last.State {
		p.n.w.emit(p.n.name, "actor_state", "state", string(d.State))
	}
	p.last = d
}

// do carries one effect out.
func (p *proc) do(e actor.Effect) []actor.Input {
	if p.dead {
		return nil
	}
	n := p.n
	switch v := e.(type) {
	case actor.AppendJournal:
		return p.append(v)
	case actor.AppendEpisode:
		if p.dies(func(torn int) { n.state.Tear(episode.LogName, torn) }, func() error { return episode.Append(n.disk(), v.Event) }) {
			return nil
		}
	case actor.Launch:
		s, err := n.start(v.Act)
		if err != nil {
			return []actor.Input{actor.ActFailed{ID: v.Act.ID, Err: err.Error()}}
		}
		return []actor.Input{actor.ActStarted{Started: s}}
	case actor.Poll:
		return n.poll(v.Started)
	case actor.ReplyDR:
		if c := n.waiting[v.ID]; c != nil {
			c.replies = append(c.replies, v.Reply)
			c.wake()
		}
	case actor.ReplyOperator:
		n.w.emit(n.name, "operator", "id", v.ID, "accepted", v.Reply.Accepted, "reason", v.Reply.Reason)
	case actor.ReplyPeer:
		n.w.replied(n, v)
	case actor.Page:
		n.w.emit(n.name, "page", "alert", v.Alert)
	case actor.Log:
	default:
		p.beside(e)
	}
	return nil
}

// beside begins what answers later.
func (p *proc) beside(e actor.Effect) {
	n, w := p.n, p.n.w
	switch v := e.(type) {
	case actor.ReadSources:
		for _, s := range v.Sources {
			n.read(s, func(r model.Reading) { p.take(actor.Read{Reading: r}) })
		}
	case actor.QueryGate:
		w.queryGate(n, func(g []model.GateSample) { p.take(actor.Gate{Samples: g}) })
	case actor.FetchSnapshot:
		w.fetchSnapshot(n, func(s actor.Seen) { p.take(s) })
	case actor.SendRecord:
		w.sendRecord(p, v)
	case actor.SendClosed:
		w.sendClosed(p, v)
	case actor.AskPeer:
		w.askPeer(p, v.Peer)
	}
}

func (p *proc) append(v actor.AppendJournal) []actor.Input {
	var r journal.Record
	var err error
	if p.dies(func(torn int) { p.n.private.Tear(journal.Name, torn) }, func() error {
		r, err = p.journal.Append(v.Kind, v.Episode, v.Data)
		if err == nil {
			p.n.w.emit(p.n.name, "journal", "seq", r.Seq, "ok", true, "record", v.Kind, "episode", v.Episode, "data", r.Data)
		}
		return err
	}) {
		return nil
	}
	if err != nil {
		p.n.w.emit(p.n.name, "journal", "ok", false, "record", v.Kind)
		return []actor.Input{actor.JournalFailed{Kind: v.Kind, Err: err.Error()}}
	}
	return []actor.Input{actor.Journaled{At: model.Instant{Wall: r.Time, Mono: r.Mono}, Kind: v.Kind, Episode: v.Episode, Data: v.Data}}
}

// dies does a write, unless the process is to die in it: before, in the midst, or after it. What follows from a write of
// which the process never learnt must follow from the disk.
func (p *proc) dies(tear func(bytes int), write func() error) bool {
	k := &p.n.kill
	if k.in == 0 {
		_ = write()
		return false
	}
	if k.in--; k.in > 0 {
		_ = write()
		return false
	}
	where := k.where
	if where != killBefore {
		if write() == nil && where == killTorn {
			tear(1 + p.n.w.rng.IntN(40))
		}
	}
	p.n.w.emit(p.n.name, "fault", "name", "killed_"+where)
	p.n.killActor(where, k.back)
	return true
}

// data decodes what a record of the journal says.
func data[T any](r *Record) T {
	var v T
	if raw, ok := r.Fields["data"].(json.RawMessage); ok {
		_ = json.Unmarshal(raw, &v) // fields that are not there stay empty
	}
	return v
}
