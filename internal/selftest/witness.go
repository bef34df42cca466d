package selftest

import (
	"powerha_lpm_exporter/internal/crosscheck"
	"powerha_lpm_exporter/internal/model"
)

// Verdict is what comparing two sources of a fact gave.
type Verdict string

// The verdicts.
const (
	Agree       Verdict = "agree"
	Differ      Verdict = "differ"
	NotCompared Verdict = "not_compared"
)

// Check is one comparison of two sources.
type Check struct {
	Fact string `json:"fact"`
	// Wins is the source that is believed, Other the second witness.
	Wins    model.Source `json:"wins"`
	Other   model.Source `json:"other"`
	Verdict Verdict      `json:"verdict"`
	Why     string       `json:"why"`
	Text    string       `json:"text,omitempty"`
}

// Checks compares what has two sources. phase is that of a migration of this node: in one, PowerHA changes settings.
func Checks(node string, phase model.Phase, asked []Asked) []Check {
	in := crosscheck.Input{Node: node, Phase: phase, Readings: make(map[model.Source]model.Reading, len(asked))}
	for i := range asked {
		if a := &asked[i]; a.Reading.Err == "" {
			in.Readings[a.Source] = a.Reading
		}
	}
	var out []Check
	for _, r := range crosscheck.Compare(in) {
		c := Check{Fact: string(r.Fact), Wins: r.Wins, Other: r.Other, Why: string(r.Why), Text: r.Text}
		switch r.Verdict {
		case crosscheck.Agree:
			c.Verdict = Agree
		case crosscheck.Differ:
			c.Verdict = Differ
		default:
			c.Verdict = NotCompared
		}
		out = append(out, c)
	}
	return out
}
