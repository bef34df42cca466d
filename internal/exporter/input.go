// Package exporter is the exporter's core and its shell. The core decides
// what is read when and what is known of it: Step(now, inputs) → effects. The
// shell runs the effects, each in a goroutine with a deadline, and publishes
// the core's view. Nothing is read because somebody scrapes.
package exporter

import (
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/logfile"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/probe"
)

// Options is what the configuration says.
type Options struct {
	Cluster, Node string // "" asks the cluster
	// Interval is how often each source is read, Timeout when it is given up.
	Interval, Timeout time.Duration
	CheckExpires      time.Duration
	FactAge           time.Duration   // what is in force in a migration was read within it
	ScriptTimeout     time.Duration   // after the end of a migration PowerHA's own script counts as done at last
	WindowCap         time.Duration   // of one migration: the part of its declared window that is counted
	Enabled           map[string]bool // collectors
	Probes            []probe.Spec
	// LPMPolicy and LPMHeartbeat are the standing values that are wanted.
	LPMPolicy    model.Policy
	LPMHeartbeat time.Duration
	Config       collector.ConfigState
	// EventLogs: PowerHA's logs of events are read.
	EventLogs bool
	// Witness says who is heard about migrations.
	Witness WitnessOptions
}

// Input is something that the core is told.
type Input interface{ input() }

// ReadingDone: a Read is over.
type ReadingDone struct{ Reading model.Reading }

// LogRead: dr/episode.jsonl as it is now. Err is set when it could not be read.
type LogRead struct {
	Events  []model.EpisodeEvent
	Damaged int
	Err     string
}

// ProbeDone: a RunProbe is over.
type ProbeDone struct{ Result probe.Result }

// GapSeen: the freeze detector saw a gap.
type GapSeen struct{ Gap freeze.Gap }

// PeersSeen: what the heartbeats tell. Ended lists silences of peers that are over.
type PeersSeen struct {
	Status   []model.PeerStatus
	Steps    []freeze.PeerStep
	Silences []freeze.PeerSilence // of us, at the peers
	Ended    []Silence
	// Datagrams counts the heartbeats by what became of them.
	Datagrams map[string]uint64
}

// ChipSeen: whether there is a clock chip that can be read, and what comparisons with it said.
type ChipSeen struct {
	Present bool
	Steps   []freeze.PeerStep
}

// EventsRead: what PowerHA's logs told of events since the last time. Err says why they could not be read, Skipped that
// lines are missing.
type EventsRead struct {
	Events   []model.ClusterEvent
	Live     bool // they were written since the last look, moments ago
	Unparsed int
	// Details are what the other log told; DetailsErr says why it did not.
	Details     []model.ClusterEvent
	DetailsLive bool
	DetailsErr  string
	Cursors     map[string]logfile.Cursor // by path, after it
	Skipped     bool
	Err         string
}

// RestrictSeen: what CAA's ifrestrict says; nil when it cannot be read.
type RestrictSeen struct {
	At         model.Instant // before it was read
	Restricted *bool
}

// Continued: this process got SIGCONT, so that it, perhaps alone, was stopped.
type Continued struct{ At model.Instant }

// Silence of a peer.
type Silence struct {
	Peer     string
	Duration time.Duration
}

// Health tells how a part of the shell fares; an empty Err means well.
type Health struct {
	Part string // a constant below
	Err  string
}

// Parts of the shell.
const (
	PartSampler = "sampler"
	PartPeers   = "peers"
	PartState   = "state"
	PartEvents  = "event_log"
	PartDetails = "event_details"
)

// Configured: the configuration was loaded again.
type Configured struct{ Options Options }

func (ReadingDone) input()  {}
func (LogRead) input()      {}
func (ProbeDone) input()    {}
func (GapSeen) input()      {}
func (PeersSeen) input()    {}
func (ChipSeen) input()     {}
func (Continued) input()    {}
func (RestrictSeen) input() {}
func (EventsRead) input()   {}
func (Health) input()       {}
func (Configured) input()   {}

// Effect is something that the shell is to do.
type Effect interface{ effect() }

// Read: read the source and answer with ReadingDone.
type Read struct{ Source model.Source }

// RunProbe: run the probe and answer with ProbeDone.
type RunProbe struct{ Run probe.Run }

// AppendObserved: write the events to exporter/observed.jsonl.
type AppendObserved struct{ Events []model.EpisodeEvent }

// Persist: replace exporter/exporter.json.
type Persist struct{ State State }

// AppendReport: append the report of a migration to exporter/reports.jsonl.
type AppendReport struct{ Report model.Report }

// Tell is what the peers are told from now on.
type Tell struct {
	Cluster   string // "" until it is known
	Phase     model.Phase
	Episode   string
	Suspended bool
	// DeadManSwitch, Restricted: nil is not known.
	DeadManSwitch, Restricted *bool
	Probes                    []model.ProbeStatus
}

// Fine: an episode is open, so freezes are measured with a fine tick.
type Fine struct{ On bool }

// Look: compare the clocks with others, because the node may have been frozen.
type Look struct{}

// Froze: log this freeze. One whose Fused is nil is a migration whose freeze nobody could see.
type Froze struct{ Freeze model.Freeze }

func (Read) effect()           {}
func (RunProbe) effect()       {}
func (AppendObserved) effect() {}
func (Persist) effect()        {}
func (Tell) effect()           {}
func (Fine) effect()           {}
func (Look) effect()           {}
func (AppendReport) effect()   {}
func (Froze) effect()          {}
