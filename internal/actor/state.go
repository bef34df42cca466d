package actor

import (
	"encoding/json"
	"fmt"
	"time"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

// The kinds of records in the journal.
const (
	KindStart      = "start"      // startData: this program has started
	KindDecision   = "decision"   // decisionData: what is done now and why has changed
	KindRecord     = "record"     // model.Record: owners and settings before an unmanage
	KindAcks       = "acks"       // acksData: who has acknowledged the record
	KindNative     = "native"     // nativeData: this migration is the product's alone
	KindInherit    = "inherit"    // inheritData: a new migration while the node is suspended
	KindIntent     = "intent"     // actData: a modifying command is about to be run
	KindLaunched   = "launched"   // command.Started
	KindEnded      = "ended"      // endedData
	KindReadBack   = "read_back"  // readBackData
	KindUnfinished = "unfinished" // nativeData: prepare has reached its limit
	KindClose      = "close"      // closeData
	KindOperator   = "operator"   // operatorData: a person's word
	KindPeerRecord = "peer_record"
	KindPeerClosed = "peer_closed"
	KindPlan       = "plan"     // planData: several acts in a row
	KindPlanEnd    = "plan_end" // planEndData
	KindPage       = "page"
	KindVerdict    = "verdict" // verdictData: how the exporter judged a migration; nothing is done because of it
	KindState      = "state"   // State: what a rotation carries over
)

type (
	verdictData struct {
		Verdict  model.Verdict   `json:"verdict"`
		Findings []model.Finding `json:"findings"`
		Freeze   *model.Freeze   `json:"freeze,omitempty"`
	}
	startData struct {
		Version string `json:"version"`
		DryRun  bool   `json:"dry_run,omitempty"`
		Mode    string `json:"mode"`
	}
	decisionData struct {
		What     string               `json:"what"`
		Reason   string               `json:"reason"`
		Detail   string               `json:"detail,omitempty"`
		State    string               `json:"state"`
		Evidence []model.EvidenceItem `json:"evidence,omitempty"`
	}
	acksData struct {
		Acks map[string]string `json:"acks"` // peer: "stored" or what failed
	}
	nativeData struct {
		Reason string        `json:"reason"`
		Detail string        `json:"detail,omitempty"`
		Record *model.Record `json:"record,omitempty"`
		// Argv is what a dry run would have run.
		Argv []string `json:"argv,omitempty"`
	}
	inheritData struct {
		From string `json:"from"`
	}
	actData struct {
		ID       string               `json:"id"`
		Kind     string               `json:"act"`
		Argv     []string             `json:"argv"`
		Group    string               `json:"group,omitempty"`
		Change   *decide.Change       `json:"change,omitempty"`
		Reason   string               `json:"reason"`
		Evidence []model.EvidenceItem `json:"evidence,omitempty"`
	}
	endedData struct {
		command.Ended
		// Never: the command was not run at all. Why says what stopped it.
		Never bool   `json:"never,omitempty"`
		Why   string `json:"why,omitempty"`
	}
	readBackData struct {
		ID     string `json:"id"`
		Result string `json:"result"` // changed, no_change
		State  string `json:"state"`
	}
	closeData struct {
		Result  string               `json:"result"`
		Reason  string               `json:"reason"`
		Detail  string               `json:"detail,omitempty"`
		Start   time.Time            `json:"start"`
		Closed  time.Time            `json:"closed"`
		Product []model.EvidenceItem `json:"product,omitempty"`
	}
	operatorData struct {
		Who     string                  `json:"who"`
		Request control.OperatorRequest `json:"request"`
	}
	peerClosedData struct {
		Node    string `json:"node"`
		Episode string `json:"episode"`
		Result  string `json:"result"`
	}
	planData struct {
		ID      string          `json:"id"`
		Name    string          `json:"name"` // failover, variables_apply, variables_restore
		Node    string          `json:"node,omitempty"`
		Episode string          `json:"episode,omitempty"`
		Groups  []string        `json:"groups,omitempty"`
		Changes []decide.Change `json:"changes,omitempty"`
		Who     string          `json:"who"`
		Reason  string          `json:"reason"`
	}
	planEndData struct {
		ID     string `json:"id"`
		OK     bool   `json:"ok"`
		Reason string `json:"reason,omitempty"`
	}
	pageData struct {
		Alert   string `json:"alert"`
		Summary string `json:"summary"`
	}
)

// The kinds of acts.
const (
	actUnmanage = "unmanage"
	actResume   = "resume"
	actMove     = "move"
	actSet      = "set_variable"
	actSync     = "sync"
)

// The results of a read-back.
const (
	readChanged  = "changed"
	readNoChange = "no_change"
)

// maxHistory bounds what is remembered of closed episodes.
const maxHistory = 20

// State is what the journal says.
type State struct {
	Track   *decide.Track         `json:"track,omitempty"`
	Started time.Time             `json:"started"` // of the track
	Act     *actState             `json:"act,omitempty"`
	Plan    *planState            `json:"plan,omitempty"`
	History []control.HistoryItem `json:"history,omitempty"`
	Records map[string]peerRecord `json:"records,omitempty"` // by peer: open records that it sent
	Taken   map[string][]string   `json:"taken,omitempty"`   // by peer: its episodes whose groups were taken over here
	Done    map[string][]string   `json:"done,omitempty"`    // by peer: its latest episodes that are over
	Hold    string                `json:"hold,omitempty"`
	Unacked string                `json:"unacknowledged,omitempty"`
	// Judged is the migration whose verdict stands in the journal last.
	Judged  string          `json:"judged,omitempty"`
	Applied []decide.Change `json:"applied,omitempty"`
	Boot    time.Duration   `json:"-"` // Mono of the latest record
	// Booted is when this actor first wrote after the last boot that it noticed.
	Booted time.Time `json:"booted,omitzero"`
}

type peerRecord struct {
	Record model.Record `json:"record"`
	At     time.Time    `json:"at"`
}

// actState is one modifying command.
type actState struct {
	actData
	Episode  string           `json:"episode"`
	At       model.Instant    `json:"at"`
	Launched *command.Started `json:"launched,omitempty"`
	Ended    *endedData       `json:"ended,omitempty"`
	EndedAt  model.Instant    `json:"ended_at"`
}

// planState is how far a plan has come.
type planState struct {
	planData
	Step    int           `json:"step"`
	StepAt  model.Instant `json:"step_at"` // since when this step waits for stable ground
	Missing string        `json:"missing,omitempty"`
}

// outstanding: a modifying command has no known end (S9).
func (s *State) outstanding() bool { return s.Act != nil && s.Act.Ended == nil }

// fold takes one record in. Records of unknown kinds change nothing.
func (s *State) fold(at model.Instant, kind, episode string, data any) {
	if at.Mono < s.Boot-time.Second {
		s.rebooted(at)
	}
	s.Boot = at.Mono
	switch d := data.(type) {
	case model.Record:
		if kind == KindPeerRecord {
			s.put(d, at.Wall)
			return
		}
		s.Track = &decide.Track{Episode: episode, Mode: decide.ModeGated, Record: &d, Stage: decide.StageRecorded}
		s.Started = at.Wall
	case nativeData:
		s.foldNative(at, kind, episode, d)
	case inheritData:
		if s.Track != nil {
			s.Track.Episode, s.Track.ResumeTried, s.Track.Approved, s.Track.Override, s.Track.Extended = episode, false, false, false, 0
		}
	case actData:
		s.foldIntent(at, episode, d)
	case command.Started:
		if s.Act != nil && s.Act.ID == d.ID {
			s.Act.Launched = &d
		}
	case endedData:
		s.foldEnded(at, d)
	case readBackData:
		s.foldReadBack(at, d)
	case closeData:
		s.foldClose(episode, d)
	case operatorData:
		s.foldOperator(d)
	case verdictData:
		s.Judged = episode
	case peerClosedData:
		if r, ok := s.Records[d.Node]; ok && r.Record.Episode == d.Episode {
			delete(s.Records, d.Node)
		}
		if s.Done == nil {
			s.Done = map[string][]string{}
		}
		s.Done[d.Node] = append(s.Done[d.Node], d.Episode)
		if n := len(s.Done[d.Node]); n > maxHistory {
			s.Done[d.Node] = s.Done[d.Node][n-maxHistory:]
		}
	case planData:
		s.Plan = &planState{planData: d, StepAt: at}
	case planEndData:
		s.foldPlanEnd(d)
	}
}

// rebooted: the node has booted since the record before. The moments of the old boot are on another clock; what waits
// for them counts from now.
func (s *State) rebooted(at model.Instant) {
	s.Booted = at.Wall
	if s.Track != nil {
		s.Track.Rebooted = true
		if !s.Track.ResumeEnded.IsZero() {
			s.Track.ResumeEnded = at
		}
	}
	if s.Act != nil && s.Act.Ended != nil {
		s.Act.EndedAt = at
	}
	if s.Plan != nil {
		s.Plan.StepAt = at
	}
}

func (s *State) put(r model.Record, at time.Time) {
	if s.Records == nil {
		s.Records = map[string]peerRecord{}
	}
	s.Records[r.Node] = peerRecord{Record: r, At: at}
}

func (s *State) foldNative(at model.Instant, kind, episode string, d nativeData) {
	if kind == KindUnfinished {
		return
	}
	t := s.Track
	if t == nil || t.Episode != episode {
		t = &decide.Track{Episode: episode}
		s.Started = at.Wall
	}
	t.Mode, t.Native, t.Stage = decide.ModeNative, decide.Reason(d.Reason), decide.StageNone
	if d.Record != nil {
		t.Record = d.Record
	}
	s.Track = t
}

func (s *State) foldIntent(at model.Instant, episode string, d actData) {
	s.Act = &actState{actData: d, Episode: episode, At: at}
	if s.Track == nil {
		return
	}
	switch d.Kind {
	case actUnmanage:
		s.Track.Stage = decide.StageUnmanaging
	case actResume:
		s.Track.Stage, s.Track.ResumeEnded = decide.StageResuming, model.Instant{}
	}
}

func (s *State) foldEnded(at model.Instant, d endedData) {
	if s.Act == nil || s.Act.ID != d.ID {
		return
	}
	s.Act.Ended, s.Act.EndedAt = &d, at
	if s.Act.Kind == actResume && s.Track != nil {
		s.Track.ResumeEnded = at
	}
	if d.Never {
		s.undo(d)
	}
}

// undo: a command was never run, so nothing of it happened.
func (s *State) undo(d endedData) {
	kind := s.Act.Kind
	s.Act = nil
	if s.Track == nil {
		return
	}
	switch kind {
	case actUnmanage:
		s.Track.Mode, s.Track.Native, s.Track.Stage = decide.ModeNative, decide.Reason(d.Why), decide.StageNone
	case actResume:
		s.Track.Stage = decide.StageSuspended
	}
}

func (s *State) foldReadBack(at model.Instant, d readBackData) {
	if s.Act == nil || s.Act.ID != d.ID {
		return
	}
	a := s.Act
	s.Act = nil
	changed := d.Result == readChanged
	switch {
	case a.Kind == actUnmanage && s.Track != nil && changed:
		s.Track.Stage = decide.StageSuspended
	case a.Kind == actUnmanage && s.Track != nil:
		s.Track.Mode, s.Track.Native, s.Track.Stage = decide.ModeNative, decide.ReasonStopFailed, decide.StageNone
	case a.Kind == actResume && s.Track != nil && !changed:
		s.Track.Stage, s.Track.ResumeTried, s.Track.Approved, s.Track.Override = decide.StageSuspended, true, false, false
	case s.Plan != nil && changed:
		if a.Kind == actSet && a.Change != nil {
			s.foldChange(*a.Change)
		}
		s.Plan.Step++
		s.Plan.StepAt = at
	case s.Plan != nil:
		if a.Kind == actSet && a.Change != nil && a.Ended != nil && (a.Ended.Exit == 0 || a.Ended.Unknown) {
			s.foldChange(*a.Change) // it may be in force, though nobody could read it: what was before is not forgotten (S4)
		}
		s.Plan.Missing = d.State
	}
}

// foldChange remembers what was there before our first change, and forgets what was put back.
func (s *State) foldChange(ch decide.Change) {
	for i, a := range s.Applied {
		if a.Attribute != ch.Attribute {
			continue
		}
		if ch.To == a.From {
			s.Applied = append(s.Applied[:i], s.Applied[i+1:]...)
			return
		}
		s.Applied[i].To = ch.To
		return
	}
	s.Applied = append(s.Applied, ch)
}

func (s *State) foldClose(episode string, d closeData) {
	s.History = append(s.History, control.HistoryItem{Episode: episode, Start: d.Start, Closed: d.Closed, Result: d.Result, Reason: d.Reason})
	if len(s.History) > maxHistory {
		s.History = s.History[len(s.History)-maxHistory:]
	}
	if d.Reason == string(decide.ReasonByProduct) {
		s.Unacked = "PowerHA resumed a node that it had found unmanaged"
	}
	if s.Track != nil && s.Track.Episode == episode {
		s.Track = nil
		if s.Plan == nil {
			s.Act = nil
		}
	}
}

func (s *State) foldOperator(d operatorData) {
	r := d.Request
	switch r.Verb {
	case control.VerbHold:
		s.Hold = r.Reason
	case control.VerbRelease:
		s.Hold = ""
	case control.VerbAcknowledge:
		s.Unacked = ""
	case control.VerbExtend:
		if s.Track != nil {
			s.Track.Extended += r.For
		}
	case control.VerbResume:
		if s.Track != nil {
			s.Track.Approved, s.Track.Override = true, r.Override
		}
	case control.VerbApproveFailover, control.VerbApply, control.VerbRestore, control.VerbEnd:
	}
}

func (s *State) foldPlanEnd(d planEndData) {
	p := s.Plan
	if p == nil || p.ID != d.ID {
		return
	}
	if p.Name == planFailover && d.OK {
		if s.Taken == nil {
			s.Taken = map[string][]string{}
		}
		s.Taken[p.Node] = append(s.Taken[p.Node], p.Episode)
		delete(s.Records, p.Node)
		s.History = append(s.History, control.HistoryItem{Episode: p.Episode, Result: decide.ResultFailedOver, Reason: string(decide.ReasonAttestation)})
	}
	s.Plan = nil
}

// closed reports whether the episode was closed here.
func (s *State) closed(episode string) (control.HistoryItem, bool) {
	for _, h := range s.History {
		if h.Episode == episode {
			return h, true
		}
	}
	return control.HistoryItem{}, false
}

// decode turns the data of a record on disk into its type; nil for kinds that change no state.
func decode(kind string, raw json.RawMessage) (any, error) {
	var p any
	switch kind {
	case KindRecord, KindPeerRecord:
		p = new(model.Record)
	case KindNative, KindUnfinished:
		p = new(nativeData)
	case KindInherit:
		p = new(inheritData)
	case KindIntent:
		p = new(actData)
	case KindLaunched:
		p = new(command.Started)
	case KindEnded:
		p = new(endedData)
	case KindReadBack:
		p = new(readBackData)
	case KindClose:
		p = new(closeData)
	case KindOperator:
		p = new(operatorData)
	case KindPeerClosed:
		p = new(peerClosedData)
	case KindVerdict:
		p = new(verdictData)
	case KindPlan:
		p = new(planData)
	case KindPlanEnd:
		p = new(planEndData)
	default:
		return nil, nil
	}
	if err := json.Unmarshal(raw, p); err != nil {
		return nil, fmt.Errorf("journal record of kind %s: %w", kind, err)
	}
	switch v := p.(type) {
	case *model.Record:
		return *v, nil
	case *nativeData:
		return *v, nil
	case *verdictData:
		return *v, nil
	case *inheritData:
		return *v, nil
	case *actData:
		return *v, nil
	case *command.Started:
		return *v, nil
	case *endedData:
		return *v, nil
	case *readBackData:
		return *v, nil
	case *closeData:
		return *v, nil
	case *operatorData:
		return *v, nil
	case *peerClosedData:
		return *v, nil
	case *planData:
		return *v, nil
	case *planEndData:
		return *v, nil
	}
	return nil, nil
}
