// Package drscript is what drmgr calls in a migration. It writes down first,
// then has the actor prepare, and never stands in the way: whatever fails on
// our side is a warning, save for the two refusals that policy can choose.
//
// Two dialects: AIX calls with a command as first argument and reads
// name=value lines (drmgr of AIX 7; LPM Redbook SG24-7460); Linux on Power
// calls without arguments and with PHASE in the environment (powerpc-utils
// 1.3.11 on, drmgr-hooks(8)).
package drscript

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

const (
	// leastTimeout is the time limit that is registered with drmgr at least.
	leastTimeout = 300 * time.Second
	// spare is kept back from the limit for our own last words.
	spare = 5 * time.Second
	// wake is how long the calls after the migration wait for the actor.
	wake = 2 * time.Second
	// look is how often a process that was left behind is looked at.
	look = 500 * time.Millisecond

	registeredName = "dr/registered.json"
)

// Actor is the actor's control socket.
type Actor interface {
	DR(ctx context.Context, r control.DRRequest, reply func(control.DRReply)) error
}

// Script is one call by drmgr. Every exported field must be set.
type Script struct {
	Config *config.Config
	// Complaint, if not empty, is why Config holds defaults instead of the file.
	Complaint string
	Clock     clock.Clock
	// FS is rooted at the state folder; nil with FSErr when it cannot be used.
	FS    durable.FS
	FSErr error
	Actor Actor
	// NodeState asks the cluster for the state of this node.
	NodeState func(ctx context.Context) (model.NodeState, error)
	// Running reports whether a command that the actor began still runs; without a PID the ID tells which it is.
	Running func(control.Launched) bool
	// Outstanding finds commands that the actor began at or after a time of day and that have left no end. It is
	// asked when the actor was lost before it could tell.
	Outstanding func(since time.Time) ([]control.Launched, error)

	// linux: drmgr of Linux calls. It sets no time limit, and its post does not say how the migration ended.
	linux bool
}

// severity of a line for drmgr.
type severity int

const (
	info severity = iota
	warning
	failure
)

type note struct {
	severity severity
	text     string
}

// outcome is what a call comes to. refusal is empty unless the migration is to fail.
type outcome struct {
	notes   []note
	refusal string
}

func (o *outcome) add(s severity, format string, a ...any) {
	o.notes = append(o.notes, note{s, fmt.Sprintf(format, a...)})
}

// timeout is the time limit to register with drmgr.
func (s *Script) timeout() time.Duration {
	return max(leastTimeout, s.Config.Migration.PrepareTimeout.D())
}

// limit is how long a call may take: the smaller of what is configured and what is registered, less our spare.
func (s *Script) limit() time.Duration {
	limit := s.Config.Migration.PrepareTimeout.D()
	if !s.linux {
		registered := leastTimeout
		if d, ok := s.registered(); ok {
			registered = d
		}
		limit = min(limit, registered)
	}
	return max(limit-spare, time.Second)
}

type registration struct {
	Version   int `json:"version"`
	DRTimeout int `json:"dr_timeout_seconds"`
}

// remember keeps what drmgr was told at installation: a later change of the configuration does not reach it.
func (s *Script) remember() error {
	if s.FS == nil {
		return s.FSErr
	}
	b, err := json.Marshal(registration{Version: 1, DRTimeout: int(s.timeout() / time.Second)})
	if err != nil {
		return err
	}
	if err := s.FS.MkdirAll("dr", 0o750); err != nil {
		return err
	}
	return s.FS.Replace(registeredName, append(b, '\n'), 0o640)
}

func (s *Script) registered() (time.Duration, bool) {
	if s.FS == nil {
		return 0, false
	}
	b, err := s.FS.ReadFile(registeredName)
	if err != nil {
		return 0, false
	}
	var r registration
	if err := json.Unmarshal(b, &r); err != nil || r.DRTimeout <= 0 {
		return 0, false
	}
	return time.Duration(r.DRTimeout) * time.Second, true
}

// write appends one event to the episode log.
func (s *Script) write(kind model.EventKind, id string, details map[string]string) error {
	if s.FS == nil {
		return s.FSErr
	}
	if err := s.FS.MkdirAll("dr", 0o750); err != nil {
		return err
	}
	now := s.Clock.Now()
	return episode.Append(s.FS, model.EpisodeEvent{
		Version: episode.Version, Time: now.Wall.UTC(), Mono: now.Mono, Event: kind, Source: "dr", Episode: id, Details: details,
	})
}

// episodeID is that of the open episode, or of the one that has just ended for a call after the end, else a new one.
func (s *Script) episodeID(kind model.EventKind) string {
	now := s.Clock.Now().Wall.UTC()
	fresh := episode.NewID(s.Config.Cluster.Node, now)
	if s.FS == nil {
		return fresh
	}
	b, err := s.FS.ReadFile(episode.LogName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fresh
	}
	events, _ := episode.Parse(b)
	all := episode.Fold(events, now, s.Config.Migration.CheckExpires.D())
	if len(all) == 0 {
		return fresh
	}
	last := all[len(all)-1]
	switch kind {
	case model.EventPost, model.EventUndoPre, model.EventUndoCheck:
		if last.Open || last.Phase != model.PhaseIdle {
			return last.ID
		}
	default:
		if last.Open {
			return last.ID
		}
	}
	return fresh
}
