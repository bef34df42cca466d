// Package control is the actor's local control socket: HTTP with JSON over
// actor/control.sock (mode 0600), spoken by lpmctl and by the DR script.
//
//	POST /v1/dr        DRRequest       -> a stream of DRReply, one JSON object a line; the last has Done
//	GET  /v1/status                    -> Status
//	POST /v1/operator  OperatorRequest -> OperatorReply
package control

import (
	"time"

	"powerha_lpm_exporter/internal/model"
)

// DRRequest tells the actor that drmgr has called the DR script.
type DRRequest struct {
	Phase   model.EventKind `json:"phase"`
	Episode string          `json:"episode"`
	// Limit is how long the script can still wait for an answer.
	Limit time.Duration `json:"limit"`
}

// Verdict is the actor's word to the DR script.
type Verdict string

// The verdicts. Only VerdictRefuse makes the script fail, and only in the two cases of the safety rules.
const (
	VerdictOK     Verdict = "ok"
	VerdictWarn   Verdict = "warn"
	VerdictRefuse Verdict = "refuse"
)

// DRReply is one line of the answer to a DRRequest.
type DRReply struct {
	// Launched is set once, as soon as a modifying command has been started. If the actor is lost after it, the
	// script waits for this process and the state of the node up to its limit.
	Launched *Launched `json:"launched,omitempty"`
	Done     bool      `json:"done,omitempty"`
	Verdict  Verdict   `json:"verdict,omitempty"`
	Reason   string    `json:"reason,omitempty"`  // reason constant
	Message  string    `json:"message,omitempty"` // one line for the HMC's user
}

// Launched identifies a running act.
type Launched struct {
	ID        string   `json:"id"`
	PID       int      `json:"pid"`
	StartTime string   `json:"start_time"`
	Argv      []string `json:"argv"`
}

// OperatorVerb is what a person asks for.
type OperatorVerb string

// The verbs of operators.
const (
	VerbApproveFailover OperatorVerb = "approve_failover" // with attestation that the node is powered off
	VerbHold            OperatorVerb = "hold"
	VerbRelease         OperatorVerb = "release"
	VerbExtend          OperatorVerb = "extend"
	VerbResume          OperatorVerb = "resume"
	VerbApply           OperatorVerb = "variables_apply"
	VerbRestore         OperatorVerb = "variables_restore"
	VerbAcknowledge     OperatorVerb = "acknowledge"
	VerbEnd             OperatorVerb = "end"
)

// OperatorRequest is a person's word. Who is taken from the socket's peer
// credentials where the system tells them, and from SUDO_USER beside it.
type OperatorRequest struct {
	Verb     OperatorVerb  `json:"verb"`
	Reason   string        `json:"reason"`
	Node     string        `json:"node,omitempty"`     // approve_failover: the lost node
	Groups   []string      `json:"groups,omitempty"`   // approve_failover without a record
	Decision string        `json:"decision,omitempty"` // id shown by status; refused when the facts changed since
	Override bool          `json:"override,omitempty"` // resume
	For      time.Duration `json:"for,omitempty"`      // extend
	SudoUser string        `json:"sudo_user,omitempty"`
}

// OperatorReply answers an OperatorRequest.
type OperatorReply struct {
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason,omitempty"`
	Message  string `json:"message"`
	// Commands are what would be run, or what the operator may type by hand when the actor does not act.
	Commands []string `json:"commands,omitempty"`
}

// Status is the actor's view, for lpmctl status and /status.
type Status struct {
	At        model.Instant `json:"at"`
	Cluster   string        `json:"cluster"`
	Node      string        `json:"node"`
	Mode      string        `json:"mode"`
	DryRun    bool          `json:"dry_run,omitempty"`
	State     string        `json:"state"` // as powerha_actor_state
	Since     time.Time     `json:"since"`
	Decision  string        `json:"decision"`
	Reason    string        `json:"reason"`
	DecidedAt time.Time     `json:"decided_at"`
	// DecisionID names the pending approval, if there is one.
	DecisionID string               `json:"decision_id,omitempty"`
	Next       string               `json:"next"` // one sentence: what is waited for and what happens then
	Deadline   time.Time            `json:"deadline"`
	Held       string               `json:"held,omitempty"` // reason of the hold
	Episode    model.Episode        `json:"episode"`
	Record     *model.Record        `json:"record,omitempty"`
	Evidence   []model.EvidenceItem `json:"evidence,omitempty"`
	Running    []Launched           `json:"running,omitempty"`
	Commands   []string             `json:"commands,omitempty"` // to type by hand now
	Lost       []LostNode           `json:"lost,omitempty"`
	History    []HistoryItem        `json:"history,omitempty"`
	Pages      []string             `json:"pages,omitempty"`
}

// LostNode is a peer that may have to be failed over from.
type LostNode struct {
	Node     string        `json:"node"`
	Groups   []string      `json:"groups"`
	Record   *model.Record `json:"record,omitempty"`
	Since    time.Time     `json:"since"`
	Earliest time.Time     `json:"earliest"` // the earliest moment at which failover can happen
	Why      string        `json:"why"`
}

// HistoryItem is one closed episode.
type HistoryItem struct {
	Episode string    `json:"episode"`
	Start   time.Time `json:"start"`
	Closed  time.Time `json:"closed"`
	Result  string    `json:"result"`
	Reason  string    `json:"reason"`
}
