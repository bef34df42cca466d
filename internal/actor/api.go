// Package actor decides and acts. Its Core is synchronous: inputs in, effects
// out; it reads no clock, no file and no socket. What is durable is what the
// journal, the episode log and the cluster itself say, so that a core that was
// killed anywhere continues from them (S7). The shell around it (type Actor)
// carries the effects out.
//
// An act is begun only in answer to the input Journaled of its own intent: if
// a record cannot be written, the act is not done (S12).
package actor

import (
	"time"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

// Acts makes the commands that change the cluster. It runs nothing.
type Acts interface {
	StopUnmanage(id, node string) (command.Act, error)
	StartManage(id, node string, clinfo bool) (command.Act, error)
	MoveGroup(id, group, node string) (command.Act, error)
	SetVariable(id, attr, value string) (command.Act, error)
	Sync(id string) command.Act
}

// Options are what the configuration says to the core.
type Options struct {
	Cluster, Node string
	Policy        decide.Policy
	Acts          Acts
	// Peers are the nodes whose actors can be reached.
	Peers []string
	// Interval is the background refresh of facts.
	Interval            time.Duration
	PrepareTimeout      time.Duration
	OnUnfinishedPrepare string // refuse, continue
	Preflight           string // warn, enforce
	OnUnhealthy         string // hold, resume_to_recover
	// Errpt are the entries of the error log that tell of a migration.
	Errpt config.Errpt
	// AckWait is how long a prepare waits for peers to acknowledge the record.
	AckWait time.Duration
}

// Input is something that the core is told.
type Input interface{ isInput() }

// Effect is something that the shell has to do, in order.
type Effect interface{ isEffect() }

// The inputs.
type (
	// Tick: time has passed.
	Tick struct{}
	// Read: a source was read.
	Read struct{ model.Reading }
	// Gate: every Prometheus was asked.
	Gate struct{ Samples []model.GateSample }
	// Seen: the exporter's snapshot, or nil with what failed.
	Seen struct {
		At       model.Instant // when it was asked
		Snapshot *model.Snapshot
		Err      string
	}
	// Episodes: the episode log as folded now, oldest first. Unread: it cannot be read, and List is of before.
	Episodes struct {
		List   []model.Episode
		Unread bool
	}
	// DR: drmgr has called the DR script. ID identifies the caller for ReplyDR.
	DR struct {
		ID      string
		Request control.DRRequest
	}
	// Journaled: the record is on disk. It carries what AppendJournal had.
	Journaled struct {
		At            model.Instant
		Kind, Episode string
		Data          any
	}
	// JournalFailed: the record is not on disk; what would have followed from it is not done.
	JournalFailed struct{ Kind, Err string }
	// ActStarted, ActFailed: an act runs, or could not be begun. ActEnded and ActMissing answer Poll; an act that still
	// runs is not answered for.
	ActStarted struct{ Started command.Started }
	ActFailed  struct{ ID, Err string }
	ActEnded   struct{ Ended command.Ended }
	// ActMissing: no act of this ID was ever started.
	ActMissing struct{ ID string }
	// RecordAck: a peer has answered SendRecord; Err when it did not store it.
	RecordAck struct{ Peer, Episode, Err string }
	// ClosedAck: a peer has answered SendClosed.
	ClosedAck struct{ Peer, Episode, Err string }
	// PeerAnswer: a peer has answered AskPeer, or Err says why not.
	PeerAnswer struct {
		Peer  string
		View  decide.PeerView
		Taken []string // episodes of ours whose groups it has taken over
		Err   string
	}
	// RecordReceived, ClosedReceived: a peer's actor has told of its own migration. ID identifies it for ReplyPeer.
	RecordReceived struct {
		ID, From string
		Record   model.Record
	}
	ClosedReceived struct{ ID, From, Episode, Result string }
	// Operator: a person asks. ID identifies the caller for ReplyOperator.
	Operator struct {
		ID, Who string
		Request control.OperatorRequest
	}
)

func (Tick) isInput()           {}
func (Read) isInput()           {}
func (Gate) isInput()           {}
func (Seen) isInput()           {}
func (Episodes) isInput()       {}
func (DR) isInput()             {}
func (Journaled) isInput()      {}
func (JournalFailed) isInput()  {}
func (ActStarted) isInput()     {}
func (ActFailed) isInput()      {}
func (ActEnded) isInput()       {}
func (ActMissing) isInput()     {}
func (RecordAck) isInput()      {}
func (ClosedAck) isInput()      {}
func (PeerAnswer) isInput()     {}
func (RecordReceived) isInput() {}
func (ClosedReceived) isInput() {}
func (Operator) isInput()       {}

// The effects. Those from AppendJournal to ReplyOperator are carried out at once and in order; the others may run
// beside each other, and answer later.
type (
	// AppendJournal writes a record and answers Journaled or JournalFailed.
	AppendJournal struct {
		Kind, Episode string
		Data          any
	}
	// AppendEpisode writes a line of dr/episode.jsonl.
	AppendEpisode struct{ Event model.EpisodeEvent }
	// Launch begins an act and answers ActStarted or ActFailed.
	Launch struct{ Act command.Act }
	// Poll looks after an act and answers ActEnded, ActMissing, or nothing while it runs.
	Poll struct{ Started command.Started }
	// ReplyDR, ReplyOperator and ReplyPeer answer a caller.
	ReplyDR struct {
		ID    string
		Reply control.DRReply
	}
	ReplyOperator struct {
		ID    string
		Reply control.OperatorReply
	}
	ReplyPeer struct {
		ID     string
		Stored bool
		Reason string
	}

	// ReadSources reads each of the sources.
	ReadSources struct{ Sources []model.Source }
	// QueryGate asks every Prometheus. FetchSnapshot asks the exporter.
	QueryGate     struct{}
	FetchSnapshot struct{}
	// SendRecord, SendClosed, AskPeer speak to a peer's actor.
	SendRecord struct {
		Peer   string
		Record model.Record
	}
	SendClosed struct{ Peer, Episode, Result string }
	AskPeer    struct{ Peer string }
	// Page tells people, without Prometheus. Log writes a line.
	Page struct{ Alert, Summary, Episode string }
	Log  struct {
		Warn bool
		KV   []any
	}
)

func (AppendJournal) isEffect() {}
func (AppendEpisode) isEffect() {}
func (Launch) isEffect()        {}
func (Poll) isEffect()          {}
func (ReplyDR) isEffect()       {}
func (ReplyOperator) isEffect() {}
func (ReplyPeer) isEffect()     {}
func (ReadSources) isEffect()   {}
func (QueryGate) isEffect()     {}
func (FetchSnapshot) isEffect() {}
func (SendRecord) isEffect()    {}
func (SendClosed) isEffect()    {}
func (AskPeer) isEffect()       {}
func (Page) isEffect()          {}
func (Log) isEffect()           {}
