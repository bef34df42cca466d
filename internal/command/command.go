// Package command is the only one that starts programs. A program is named by
// an absolute path (with fixed leading arguments, for a sudo wrapper), runs
// with a fixed argv and a clean environment, and its output is capped.
//
// Two kinds are kept apart. A query may be abandoned: it has a deadline and is
// killed with its children at it. An act changes the cluster: it runs in a
// session of its own with its output in a file, and nothing here ever kills
// it, so that it outlives the death or restart of the program that began it.
package command

import (
	"context"
	"errors"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Errors that a caller tells apart with errors.Is.
var (
	// ErrMissing: the program does not exist or may not be executed.
	ErrMissing = errors.New("command not found")
	// ErrTimeout: a query did not end within its deadline and was abandoned.
	ErrTimeout = errors.New("command did not answer in time")
	// ErrBusy: as many runs of the same query are outstanding already as may be.
	ErrBusy = errors.New("earlier runs of the command still hang")
)

// Query is a read-only command.
type Query struct {
	Name    string        // the question, for logs and the limit of outstanding runs: "clmgr query node"
	Argv    []string      // absolute path, leading arguments, fixed arguments
	Timeout time.Duration // by the monotonic clock
	// HungSignal, a number of the system, is sent to a run that is abandoned, and SIGKILL only to one that stays; Query
	// then waits for its end, for seconds at most. 0 kills and does not wait.
	HungSignal int
	// Relayed: the program of Argv starts the command with other rights and passes signals on, as sudo does. It is never
	// killed itself.
	Relayed bool
	// Alone: no second run is begun while an earlier one is outstanding.
	Alone bool
}

// Output is what a finished command left. A non-zero Exit is no error here.
type Output struct {
	Stdout, Stderr []byte // capped; Truncated tells
	Exit           int    // -1 when it was ended by a signal
	Truncated      bool
	Started        model.Instant
	Took           time.Duration
}

// Act is a command that changes the cluster.
type Act struct {
	ID   string // unique; names the files of the run
	Name string
	Argv []string
}

// Started identifies a running act beyond the life of the program that
// started it: the pid together with the start time of that process.
type Started struct {
	ID        string        `json:"id"`
	PID       int           `json:"pid"`
	StartTime string        `json:"start_time"` // as the system tells it (/proc); opaque
	At        model.Instant `json:"at"`
}

// Ended is the end of an act.
type Ended struct {
	ID   string        `json:"id"`
	Exit int           `json:"exit"` // -1: ended by a signal
	Took time.Duration `json:"took"`
	// Unknown: the process is gone and left no exit status; the state of the cluster must tell.
	Unknown bool   `json:"unknown,omitempty"`
	Output  string `json:"output"` // last 4 KiB
}

// Runner runs commands. It is one of the seams that a simulation replaces.
type Runner interface {
	// Query runs to the end, or returns ErrMissing, ErrTimeout or ErrBusy.
	Query(ctx context.Context, q Query) (Output, error)
	// Start begins an act and returns at once.
	Start(a Act) (Started, error)
	// Poll reports whether the act has ended. It works for acts that an earlier process began.
	Poll(s Started) (Ended, bool, error)
}
