package det

import (
	"strconv"
	"time"

	"powerha_lpm_exporter/internal/actor"
	"powerha_lpm_exporter/internal/model"
)

// linkTimeout bounds a question to a peer, as in production.
const linkTimeout = 5 * time.Second

// connected: what from sends arrives at to.
func (w *World) connected(from, to *node) bool { return !w.cut[from.name+">"+to.name] }

// ask brings a question to a peer's actor and its answer back; failed is called instead where either is lost.
func (w *World) ask(p *proc, peer string, question func(to *proc, answer func(func())), failed func(string)) {
	from, to := p.n, w.byName[peer]
	over := false
	if to == nil {
		failed("no such node")
		return
	}
	w.on(from, linkTimeout, func() {
		if !over {
			over = true
			failed("no answer in time")
		}
	})
	if !w.connected(from, to) {
		return
	}
	answer := func(deliver func()) {
		if w.connected(to, from) {
			w.on(from, w.between(time.Millisecond, 20*time.Millisecond), func() {
				if !over {
					over = true
					deliver()
				}
			})
		}
	}
	w.on(to, w.between(time.Millisecond, 20*time.Millisecond), func() {
		if to.proc == nil {
			answer(func() { failed("connection refused") })
			return
		}
		question(to.proc, answer)
	})
}

func (w *World) sendRecord(p *proc, v actor.SendRecord) {
	done := func(reply actor.ReplyPeer, err string) {
		if err == "" && !reply.Stored {
			err = "not stored: " + reply.Reason
		}
		p.take(actor.RecordAck{Peer: v.Peer, Episode: v.Record.Episode, Err: err})
	}
	w.ask(p, v.Peer, func(to *proc, answer func(func())) {
		id := w.expect(to.n, func(r actor.ReplyPeer) { answer(func() { done(r, "") }) })
		to.take(actor.RecordReceived{ID: id, From: p.n.name, Record: v.Record})
		if w.rng.IntN(20) == 0 { // a duplicate, or a replay from long ago
			w.on(to.n, w.between(0, 10*time.Minute), func() {
				to.n.tell(actor.RecordReceived{ID: "replay", From: p.n.name, Record: v.Record})
			})
		}
	}, func(err string) { done(actor.ReplyPeer{}, err) })
}

func (w *World) sendClosed(p *proc, v actor.SendClosed) {
	done := func(reply actor.ReplyPeer, err string) {
		if err == "" && !reply.Stored {
			err = "not stored: " + reply.Reason
		}
		p.take(actor.ClosedAck{Peer: v.Peer, Episode: v.Episode, Err: err})
	}
	w.ask(p, v.Peer, func(to *proc, answer func(func())) {
		id := w.expect(to.n, func(r actor.ReplyPeer) { answer(func() { done(r, "") }) })
		to.take(actor.ClosedReceived{ID: id, From: p.n.name, Episode: v.Episode, Result: v.Result})
	}, func(err string) { done(actor.ReplyPeer{}, err) })
}

func (w *World) askPeer(p *proc, peer string) {
	at := p.n.Now()
	w.ask(p, peer, func(to *proc, answer func(func())) {
		view := to.core.View()
		info := view.Peer
		info.Taken = view.Taken[p.n.name]
		answer(func() {
			p.take(actor.PeerAnswer{Peer: peer, Taken: info.Taken, View: actor.ViewOf(at, info)})
		})
	}, func(err string) { p.take(actor.PeerAnswer{Peer: peer, Err: err}) })
}

// expect remembers who waits for the answer to a peer's question.
func (w *World) expect(n *node, f func(actor.ReplyPeer)) string {
	w.ids++
	id := "p" + strconv.Itoa(w.ids)
	w.expected[n.name+"/"+id] = f
	return id
}

func (w *World) replied(n *node, r actor.ReplyPeer) {
	key := n.name + "/" + r.ID
	if f := w.expected[key]; f != nil {
		delete(w.expected, key)
		f(r)
	}
}

// hears: the exporter of a hears the heartbeats of b now.
func (w *World) hears(a, b *node) bool {
	return a.runs() && b.runs() && a.exporter && b.exporter && w.connected(b, a)
}

// heartbeats notes who has been heard of until now; it is called before anything about that changes.
func (w *World) heartbeats() {
	for _, a := range w.nodes {
		for _, b := range w.nodes {
			if a != b && w.hears(a, b) {
				a.heard[b.name] = w.now
			}
		}
	}
}

// peersOf is what the exporter of a node knows of the others.
func (w *World) peersOf(n *node) []model.PeerStatus {
	w.heartbeats()
	var out []model.PeerStatus
	for _, o := range w.nodes {
		if o == n {
			continue
		}
		heard := max(n.heard[o.name], n.thawedAt)
		silence := w.now - heard
		p := model.PeerStatus{Node: o.name, Up: silence < 5*time.Second, Silence: silence, LastHeartbeat: epoch().Add(heard + o.step)}
		if w.hears(n, o) {
			e := o.last()
			p.Phase, p.Episode = e.Phase, e.ID
			well, has := n.well()
			if has && w.plan.peerProbes {
				p.Probes = []model.ProbeStatus{{Application: "app", Probe: "tcp", Vantage: "peer", TargetNode: n.name, Active: true, LastAt: n.Now(), Success: well}}
			}
		}
		out = append(out, p)
	}
	return out
}
