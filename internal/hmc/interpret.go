package hmc

import (
	"errors"
	"fmt"
	"strings"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

// notFound is the message number for a partition that a managed system does
// not have: "The partition named X was not found." (as ansible-power-hmc and
// others rely on it). The number, because the text is translated.
const notFound = "HSCL8012"

// States interprets lssyscfg -r lpar -F name,state. A partition that the system does not have is an empty answer.
func States(out command.Output) ([]model.HMCState, Answer, error) {
	return interpret(out, "state", func(a *Answer, row Row) model.HMCState {
		st, ok := state(row.Value)
		if !ok {
			a.unknown("partition state", row.Value)
		}
		return model.HMCState{State: st, RawState: row.Value}
	})
}

// Migrations interprets lslparmigr -r lpar -F name,migration_state.
func Migrations(out command.Output) ([]model.HMCState, Answer, error) {
	return interpret(out, "migration_state", func(a *Answer, row Row) model.HMCState {
		m, ok := migration(row.Value)
		if !ok {
			a.unknown("migration state", row.Value)
		}
		return model.HMCState{Migration: m, Raw: row.Value}
	})
}

// Systems interprets lssyscfg -r sys -F name,state: the names of the managed systems.
func Systems(out command.Output) ([]string, Answer, error) {
	if err := failed(out); err != nil {
		return nil, Answer{}, err
	}
	a, err := Parse(out.Stdout, "state")
	if err != nil {
		return nil, a, err
	}
	names := make([]string, 0, len(a.Rows))
	for _, r := range a.Rows {
		names = append(names, r.Name)
	}
	return names, a, nil
}

// interpret makes one state of each row; the name goes into System until the caller knows better.
func interpret(out command.Output, field string, of func(*Answer, Row) model.HMCState) ([]model.HMCState, Answer, error) {
	if out.Exit != 0 && strings.Contains(string(out.Stdout)+string(out.Stderr), notFound) {
		return nil, Answer{}, nil
	}
	if err := failed(out); err != nil {
		return nil, Answer{}, err
	}
	a, err := Parse(out.Stdout, field)
	if err != nil {
		return nil, a, err
	}
	states := make([]model.HMCState, 0, len(a.Rows))
	for _, row := range a.Rows {
		s := of(&a, row)
		s.System = row.Name
		states = append(states, s)
	}
	return states, a, nil
}

// failed says why an output is none.
func failed(out command.Output) error {
	said := clip(firstLine(out.Stderr))
	if said == "" {
		said = clip(firstLine(out.Stdout))
	}
	switch {
	case out.Truncated:
		return errors.New("it printed more than is taken in")
	case out.Exit < 0:
		return errors.New("it was ended by a signal")
	case out.Exit == sshFailed:
		return fmt.Errorf("%w: %s", errSSH, said)
	case out.Exit != 0:
		return fmt.Errorf("exit %d: %s", out.Exit, said)
	}
	return nil
}

// sshFailed is the status of ssh(1) when it could not ask at all.
const sshFailed = 255

var errSSH = errors.New("ssh could not log on")

func firstLine(b []byte) string {
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}
