//go:build !linux

package world

import (
	"context"
	"errors"
	"io"
	"syscall"

	"powerha_lpm_exporter/internal/clock"
)

// errLinux: reapers and the process table are read the way Linux shows them.
var errLinux = errors.New("processes of simulated nodes need Linux (child subreaper and /proc): run powerha_sim there")

// Exec needs Linux.
func Exec(ExecOptions) (int, error) { return 0, errLinux }

// ServeScripts needs Linux.
func ServeScripts(Dir, string, io.Reader, io.Writer) error { return errLinux }

func newSession() *syscall.SysProcAttr { return nil }

// KillAll needs Linux.
func KillAll(context.Context, Dir, []string, clock.Clock) error { return errLinux }

type keeper struct {
	node  string
	truth Freeze
}

func newKeeper(_ Dir, node string, _ clock.Clock) *keeper { return &keeper{node: node} }

func (k *keeper) freeze(context.Context) error { return errLinux }
func (k *keeper) thaw() Freeze                 { return Freeze{Node: k.node} }
func (k *keeper) kill(context.Context) error   { return errLinux }
func (k *keeper) boot() error                  { return errLinux }
func (k *keeper) remember()                    {}
func (k *keeper) release()                     {}

func startTime(int) uint64 { return 0 }

func parent(int) int { return 0 }

func program(int) string { return "" }

func countProcesses(map[string]*nodeShell) map[string]int { return map[string]int{} }
