package exporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/logfile"
	"powerha_lpm_exporter/internal/model"
)

// StateName is the exporter's own file, relative to the state folder.
const StateName = "exporter/exporter.json"

const stateVersion = 1

// ErrNewer: a newer program wrote the state; this one must not replace it.
var ErrNewer = errors.New("state was written by a newer version: install that version again, or move the file away")

// State is what outlives a restart of the exporter.
type State struct {
	Version   int                  `json:"version"`
	Created   time.Time            `json:"created"` // since when the counters count
	Cluster   string               `json:"cluster"`
	Node      string               `json:"node"`
	Owners    []model.LastOwner    `json:"owners"`
	Unmanaged map[string]time.Time `json:"unmanaged,omitempty"`

	Migrations map[model.Result]uint64        `json:"migrations"`
	Counted    []string                       `json:"counted"` // episodes that are in Migrations, the newest last
	Histograms map[string]collector.Histogram `json:"histograms"`
	Silences   map[string]collector.Histogram `json:"silences,omitempty"`
	Events     map[string]uint64              `json:"events,omitempty"`
	Unwanted   map[string]uint64              `json:"unwanted,omitempty"`
	// Window is the time in declared windows that was counted, WindowRefused what the cap refused, Declared the last one.
	Window        time.Duration `json:"window,omitempty"`
	WindowRefused time.Duration `json:"window_refused,omitempty"`
	Declared      Declared      `json:"declared"`

	LastFreeze *model.Freeze `json:"last_freeze,omitempty"`
	FreezeOf   string        `json:"freeze_of,omitempty"` // the last migration whose freeze is known, or known not to be visible
	// History is every booked freeze, and each completed migration without a visible one, the newest last and at most maxHistory.
	History []model.FreezeRecord `json:"history,omitempty"`
	Settled Settled              `json:"settled"`
	// ScriptDone: PowerHA\'s own script is done with that migration, since then.
	ScriptDone Settled      `json:"script_done"`
	Calm       Settings     `json:"calm"`   // as last seen with no migration under way
	Before     *Settings    `json:"before"` // as before the last migration
	Errlog     ErrlogCursor `json:"errlog"`
	Faults     ErrlogCursor `json:"faults"`
	Heard      Heard        `json:"heard"`
	// Logs is how far PowerHA's logs of events were read, by path.
	Logs map[string]logfile.Cursor `json:"logs,omitempty"`
	// LogZone is how far the stamps of these logs are ahead of UTC, as last learned.
	LogZone *time.Duration `json:"log_zone,omitempty"`
	// Record is the migration that is being followed, Reported the last one that was judged, LastReport its report.
	Record     *Recording               `json:"record,omitempty"`
	Reported   string                   `json:"reported,omitempty"`
	LastReport *model.Report            `json:"last_report,omitempty"`
	Verdicts   map[model.Verdict]uint64 `json:"verdicts,omitempty"`
}

// Settled is the last migration after which the node was seen managed again.
type Settled struct {
	Episode string    `json:"episode,omitempty"`
	At      time.Time `json:"at"`
}

// Settings are those that PowerHA's own script changes for a migration. Zero values were never read.
type Settings struct {
	NodeTimeout time.Duration `json:"node_timeout,omitempty"`
	DeadmanMode string        `json:"deadman_mode,omitempty"`
	Switch      *bool         `json:"switch,omitempty"`
	Restricted  *bool         `json:"restricted,omitempty"` // ifrestrict keeps CAA off the SAN
	// Peer is the other node of a cluster of two, with the settings that PowerHA's own script changes there, as it told.
	Peer           string `json:"peer,omitempty"`
	PeerSwitch     *bool  `json:"peer_switch,omitempty"`
	PeerRestricted *bool  `json:"peer_restricted,omitempty"`
}

// ErrlogCursor is the last entry of the error log that was taken in.
type ErrlogCursor struct {
	Set      bool      `json:"set"`
	Sequence int       `json:"sequence"`
	Time     time.Time `json:"time"`
}

// The histograms of a State.
const (
	migrationDuration = "powerha_lpm_migration_duration_seconds"
	freezeDuration    = "powerha_lpm_freeze_duration_seconds"
	peerSilence       = "powerha_peer_silence_seconds"
)

// NewState is the state of an exporter that was never there before.
func NewState(now time.Time) State {
	s := State{Version: stateVersion, Created: now.UTC().Truncate(time.Millisecond)}
	s.complete()
	return s
}

// complete fills in what a file does not have or has for other buckets.
func (s *State) complete() {
	if s.Migrations == nil {
		s.Migrations = make(map[model.Result]uint64)
	}
	if s.Events == nil {
		s.Events = make(map[string]uint64)
	}
	if s.Unwanted == nil {
		s.Unwanted = make(map[string]uint64)
	}
	if s.Verdicts == nil {
		s.Verdicts = make(map[model.Verdict]uint64)
	}
	if s.Record != nil && s.Record.Watched == nil {
		s.Record.Watched = make(map[string]Watched)
	}
	if s.Unmanaged == nil {
		s.Unmanaged = make(map[string]time.Time)
	}
	if s.Silences == nil {
		s.Silences = make(map[string]collector.Histogram)
	}
	for peer, h := range s.Silences {
		if !h.Fits(peerSilence) {
			delete(s.Silences, peer)
		}
	}
	if s.Histograms == nil {
		s.Histograms = make(map[string]collector.Histogram)
	}
	for key, metric := range histogramKeys() {
		if !s.Histograms[key].Fits(metric) {
			s.Histograms[key] = collector.NewHistogram(metric)
		}
	}
}

func histogramKeys() map[string]string {
	return map[string]string{
		"migration":       migrationDuration,
		collector.ByClock: freezeDuration, collector.ByPeer: freezeDuration, collector.ByFused: freezeDuration,
	}
}

// CorruptName is where a state that cannot be understood is kept, so that nothing is lost with it.
const CorruptName = StateName + ".corrupt"

// LoadState reads the state, or begins a new one when there is none. On any error the state returned is a new one
// that serves in memory; an error that matches ErrNewer means that the file must not be written. A file that cannot be
// understood is put aside as CorruptName, in place of one that was there before.
func LoadState(fsys durable.FS, now time.Time) (State, error) {
	p, err := fsys.ReadFile(StateName)
	if errors.Is(err, fs.ErrNotExist) {
		return NewState(now), nil
	}
	if err != nil {
		return NewState(now), fmt.Errorf("read %s: %w", StateName, err)
	}
	var head struct {
		Version int `json:"version"`
	}
	if json.Unmarshal(p, &head) == nil && head.Version > stateVersion { // its fields may be of other types
		return NewState(now), fmt.Errorf("%s has version %d, this program knows %d: %w", StateName, head.Version, stateVersion, ErrNewer)
	}
	var s State
	if err := json.Unmarshal(p, &s); err != nil {
		return NewState(now), putAside(fsys, err)
	}
	if s.Version < 1 || s.Created.IsZero() {
		return NewState(now), putAside(fsys, errIncomplete)
	}
	s.complete()
	return s, nil
}

// errIncomplete: the file is JSON and not a state.
var errIncomplete = errors.New("no version or creation time in it")

// putAside keeps a file that cannot be understood, and says what happened.
func putAside(fsys durable.FS, why error) error {
	err := fmt.Errorf("read %s: %w: counters, histograms and owners begin anew", StateName, why)
	if moved := fsys.Rename(StateName, CorruptName); moved != nil {
		return fmt.Errorf("%w, and the file could not be kept as %s: %w", err, CorruptName, moved)
	}
	return fmt.Errorf("%w; the file is kept as %s", err, CorruptName)
}

// SaveState replaces the state on disk.
func SaveState(fsys durable.FS, s State) error {
	p, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write %s: %w", StateName, err)
	}
	if err := fsys.Replace(StateName, append(p, '\n'), 0o640); err != nil {
		return fmt.Errorf("write %s: %w", StateName, err)
	}
	return nil
}

// clone returns a state that shares nothing that changes.
func (s *State) clone() State {
	c := *s
	c.Owners = append([]model.LastOwner(nil), s.Owners...)
	c.Counted = append([]string(nil), s.Counted...)
	c.History = append([]model.FreezeRecord(nil), s.History...)
	c.Unmanaged = copyMap(s.Unmanaged)
	c.Migrations = copyMap(s.Migrations)
	c.Histograms = copyMap(s.Histograms)
	c.Silences = copyMap(s.Silences)
	c.Events = copyMap(s.Events)
	c.Unwanted = copyMap(s.Unwanted)
	c.Verdicts = copyMap(s.Verdicts)
	c.Logs = copyMap(s.Logs)
	if s.Record != nil {
		r := *s.Record
		r.Watched = copyMap(r.Watched)
		r.Phases, r.Freezes = slices.Clone(r.Phases), slices.Clone(r.Freezes)
		r.Events, r.Outages = slices.Clone(r.Events), slices.Clone(r.Outages)
		c.Record = &r
	}
	return c
}

func copyMap[K comparable, V any](m map[K]V) map[K]V {
	out := make(map[K]V, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
