package actor

import (
	"context"
	"strconv"

	"github.com/go-kit/log/level"

	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/notify"
	"powerha_lpm_exporter/internal/peer/records"
)

// beside carries out what may take long, in a goroutine of its own.
func (a *Actor) beside(ctx context.Context, e Effect) {
	switch v := e.(type) {
	case ReadSources:
		for _, s := range v.Sources {
			a.spawn(ctx, func(ctx context.Context) Input { return Read{a.d.Reader.Read(ctx, s)} })
		}
	case QueryGate:
		cluster := a.View().Status.Cluster
		a.spawn(ctx, func(ctx context.Context) Input { return Gate{a.d.Gate.Gate(ctx, cluster, a.opt.Node)} })
	case FetchSnapshot:
		a.spawn(ctx, a.fetchSnapshot)
	case SendRecord:
		a.spawn(ctx, func(ctx context.Context) Input { return a.sendRecord(ctx, v) })
	case SendClosed:
		a.spawn(ctx, func(ctx context.Context) Input {
			ctx, cancel := a.d.Clock.WithTimeout(ctx, a.d.Timeout)
			defer cancel()
			return ClosedAck{v.Peer, v.Episode, errText(a.d.Link.SendClosed(ctx, v.Peer, a.opt.Node, v.Episode, v.Result))}
		})
	case AskPeer:
		a.spawn(ctx, func(ctx context.Context) Input { return a.askPeer(ctx, v.Peer) })
	case Page:
		s := a.View().Status
		p := notify.Page{Alert: v.Alert, Summary: v.Summary, Episode: v.Episode, Cluster: s.Cluster, Node: a.opt.Node}
		_ = level.Error(a.d.Log).Log("msg", "telling people", "alert", p.Alert, "summary", p.Summary, "episode", p.Episode)
		a.spawn(ctx, func(ctx context.Context) Input {
			if _, err := a.d.Pager.Page(ctx, p); err != nil {
				_ = level.Error(a.d.Log).Log("msg", "people could not be told", "alert", p.Alert, "err", err)
			}
			return Tick{}
		})
	}
}

func (a *Actor) spawn(ctx context.Context, f func(context.Context) Input) {
	a.wg.Add(1)
	go func() {
		defer a.wg.Done()
		select {
		case a.in <- f(ctx):
		case <-ctx.Done():
		}
	}()
}

// tickAfter makes a tick come as soon as done is closed.
func (a *Actor) tickAfter(ctx context.Context, done <-chan struct{}) {
	a.spawn(ctx, func(ctx context.Context) Input {
		select {
		case <-done:
		case <-ctx.Done():
		}
		return Tick{}
	})
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (a *Actor) fetchSnapshot(ctx context.Context) Input {
	ctx, cancel := a.d.Clock.WithTimeout(ctx, a.d.Timeout)
	defer cancel()
	at := a.d.Clock.Now()
	s, err := a.d.Snapshot(ctx)
	if err != nil {
		return Seen{At: at, Err: err.Error()}
	}
	return Seen{At: at, Snapshot: &s}
}

func (a *Actor) sendRecord(ctx context.Context, v SendRecord) Input {
	ctx, cancel := a.d.Clock.WithTimeout(ctx, min(a.d.Timeout, a.opt.AckWait))
	defer cancel()
	ack, err := a.d.Link.SendRecord(ctx, v.Peer, v.Record)
	if err == nil && !ack.Stored {
		return RecordAck{v.Peer, v.Record.Episode, "not stored: " + ack.Reason}
	}
	return RecordAck{v.Peer, v.Record.Episode, errText(err)}
}

func (a *Actor) askPeer(ctx context.Context, peer string) Input {
	ctx, cancel := a.d.Clock.WithTimeout(ctx, a.d.Timeout)
	defer cancel()
	at := a.d.Clock.Now()
	i, err := a.d.Link.Ask(ctx, peer)
	if err != nil {
		return PeerAnswer{Peer: peer, Err: err.Error()}
	}
	return PeerAnswer{Peer: peer, Taken: i.Taken, View: ViewOf(at, i)}
}

// ViewOf keeps what decisions look at.
func ViewOf(at model.Instant, i records.PeerInfo) decide.PeerView {
	busy := i.Phase == model.PhasePreparing || i.Phase == model.PhaseMigrating || i.Phase == model.PhaseRollingBack || i.Phase == model.PhaseSettling && i.Suspended
	return decide.PeerView{At: at, Reachable: true, Suspended: i.Suspended, Migrating: busy, DeadManSwitch: i.DeadManSwitch, Unsynced: i.Unsynced}
}

// ask hands an input to the loop and waits for its answers until one of them is the last.
func (a *Actor) ask(ctx context.Context, input func(id string) Input, each func(any) (last bool)) error {
	a.mu.Lock()
	a.serial++
	id := strconv.FormatUint(a.serial, 10)
	ch := make(chan any, 8)
	a.waiting[id] = ch
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		delete(a.waiting, id)
		a.mu.Unlock()
	}()
	select {
	case a.in <- input(id):
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		select {
		case v := <-ch:
			if each(v) {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// answer hands a reply to whoever waits for it. Nobody may: the caller has gone.
func (a *Actor) answer(id string, v any) {
	a.mu.Lock()
	ch := a.waiting[id]
	a.mu.Unlock()
	if ch == nil {
		return
	}
	select {
	case ch <- v:
	default:
	}
}
