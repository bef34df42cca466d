package world

import (
	"encoding/json"
	"time"
)

// Request is the one line that a client sends on the socket of the world.
type Request struct {
	Op   string `json:"op"`
	Node string `json:"node,omitempty"`
	// command: Name is the tool.
	Name string   `json:"name,omitempty"`
	Args []string `json:"args,omitempty"`
	By   string   `json:"by,omitempty"`
	// Locale is LC_ALL of the caller.
	Locale string `json:"locale,omitempty"`
	// lpm
	Precopy time.Duration `json:"precopy_ns,omitempty"`
	Freeze  time.Duration `json:"freeze_ns,omitempty"`
	AbortAt string        `json:"abort_at,omitempty"`
	Die     string        `json:"die,omitempty"`
	// knob, and the DR script that register and unregister speak of
	Value   string        `json:"value,omitempty"`
	Path    string        `json:"path,omitempty"`
	Info    string        `json:"info,omitempty"`
	Timeout time.Duration `json:"timeout_ns,omitempty"`
}

// The operations of a Request.
const (
	opPing       = "ping"
	opCommand    = "command"
	opLPM        = "lpm"
	opStatus     = "status"
	opPowerOff   = "power-off"
	opBoot       = "boot"
	opKillNode   = "kill-node"
	opKnob       = "knob"
	opRegister   = "dr-register"
	opUnregister = "dr-unregister"
	opDown       = "down"
)

// Frame is one line of the answer. Only the last has Done.
type Frame struct {
	Stdout []byte          `json:"stdout,omitempty"`
	Stderr []byte          `json:"stderr,omitempty"`
	Note   string          `json:"note,omitempty"` // a line of progress
	Done   bool            `json:"done,omitempty"`
	Exit   int             `json:"exit,omitempty"`
	Error  string          `json:"error,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}

// Migration is the result of a migration as the HMC's user and the referee see it.
type Migration struct {
	Node        string       `json:"node"`
	Result      string       `json:"result"` // completed, aborted, vetoed, lost
	Message     string       `json:"message,omitempty"`
	CoreSeconds float64      `json:"core_frozen_seconds"` // the freeze by the core's own time
	Freeze      *FreezeTruth `json:"freeze,omitempty"`    // absent when nothing was frozen
}
