package actor

import (
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
)

// Perform has effects carried out in their order, and returns what is to be
// stepped next. Every shell around a Core goes through it. After a record that could not be written nothing that may
// follow from it is done: later records, lines and launches are left out, and
// whoever would have been told yes is told no (S12).
func Perform(effects []Effect, do func(Effect) []Input) []Input {
	var out []Input
	failed := ""
	for _, e := range effects {
		if failed != "" {
			var in Input
			if e, in = withhold(e, failed); in != nil {
				out = append(out, in)
			}
			if e == nil {
				continue
			}
		}
		for _, in := range do(e) {
			if f, ok := in.(JournalFailed); ok {
				failed = f.Err
			}
			out = append(out, in)
		}
	}
	return out
}

// withhold returns what remains of an effect after a record was lost, and what the core is told in its place.
func withhold(e Effect, err string) (Effect, Input) {
	switch v := e.(type) {
	case AppendJournal:
		return nil, JournalFailed{Kind: v.Kind, Err: err}
	case AppendEpisode, Launch, SendRecord, SendClosed:
		return nil, nil
	case ReplyPeer:
		return ReplyPeer{ID: v.ID, Reason: err}, nil
	case ReplyOperator:
		if v.Reply.Accepted {
			v.Reply = control.OperatorReply{
				Reason: string(decide.ReasonJournal), Message: "refused: the journal cannot be written, so nothing is done: " + err,
				Commands: v.Reply.Commands,
			}
		}
		return v, nil
	}
	return e, nil
}
