package actor

import (
	"context"
	"errors"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/peer/records"
)

// Socket answers on the control socket. It implements control.Handler.
type Socket struct{ *Actor }

// DR hands a call of drmgr to the core and passes every line of the answer on.
func (s Socket) DR(ctx context.Context, r control.DRRequest, reply func(control.DRReply)) {
	err := s.ask(ctx, func(id string) Input { return DR{id, r} }, func(v any) bool {
		line, ok := v.(control.DRReply)
		if ok {
			reply(line)
		}
		return line.Done
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		reply(control.DRReply{Done: true, Verdict: control.VerdictWarn, Message: "the actor did not answer: " + err.Error()})
	}
}

// Status returns what is known now.
func (s Socket) Status(context.Context) control.Status { return s.View().Status }

// Operator hands a person's word to the core.
func (s Socket) Operator(ctx context.Context, r control.OperatorRequest, who string) control.OperatorReply {
	if r.SudoUser != "" {
		who += " (sudo " + r.SudoUser + ")"
	}
	var out control.OperatorReply
	err := s.ask(ctx, func(id string) Input { return Operator{id, who, r} }, func(v any) bool {
		reply, ok := v.(control.OperatorReply)
		out = reply
		return ok
	})
	if err != nil {
		return control.OperatorReply{Reason: "no_answer", Message: "the actor did not answer: " + err.Error()}
	}
	return out
}

// Peers answers the actors of other nodes. It implements records.Handler.
type Peers struct{ *Actor }

// Record stores what a peer is about to unmanage.
func (p Peers) Record(ctx context.Context, peer string, r model.Record) (records.Ack, error) {
	ack := records.Ack{Node: p.opt.Node, Episode: r.Episode}
	got, err := p.askPeerly(ctx, func(id string) Input { return RecordReceived{id, peer, r} })
	ack.Stored, ack.Reason, ack.At = got.Stored, got.Reason, p.d.Clock.Now().Wall
	return ack, err
}

// Closed notes that a peer's episode is over.
func (p Peers) Closed(ctx context.Context, peer string, c records.Closed) error {
	got, err := p.askPeerly(ctx, func(id string) Input { return ClosedReceived{id, peer, c.Episode, c.Result} })
	if err == nil && !got.Stored {
		return errors.New("not stored: " + got.Reason)
	}
	return err
}

func (p Peers) askPeerly(ctx context.Context, input func(string) Input) (ReplyPeer, error) {
	var got ReplyPeer
	err := p.ask(ctx, input, func(v any) bool {
		r, ok := v.(ReplyPeer)
		got = r
		return ok
	})
	return got, err
}

// Info tells a peer about this node.
func (p Peers) Info(_ context.Context, peer string) (records.PeerInfo, error) {
	v := p.View()
	i := v.Peer
	i.Taken = v.Taken[peer]
	return i, nil
}
