// Package bundle makes one archive of what the commands of a cluster printed,
// with made-up names in the place of its own, and reads such archives. Nothing
// is sent anywhere.
package bundle

import (
	"encoding/json"
	"fmt"
	"time"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/redact"
	"powerha_lpm_exporter/internal/selftest"
)

// Format is the version of the archive's form.
const Format = 1

// The members of an archive, beside output/ and logs/.
const (
	manifestName = "manifest.json"
	readmeName   = "README"
	reportName   = "report.json"
	configName   = "config.yml"
	rejectedName = "rejected.json"
	replacedName = "replaced.json"
)

// Manifest says what is in an archive.
type Manifest struct {
	Format  int         `json:"format"`
	Made    time.Time   `json:"made"`
	Program string      `json:"program"` // version of lpmctl
	OS      string      `json:"os"`
	Arch    string      `json:"arch"`
	Version string      `json:"version"` // of PowerHA, "" where nothing tells it
	Node    string      `json:"node"`
	Phase   model.Phase `json:"phase"` // of a migration, when it was made
	Asked   []Asked     `json:"asked"`
	Notes   []string    `json:"notes,omitempty"` // what is missing, and why
}

// Asked is one command and how it ended. Its output is in output/SOURCE.stdout and output/SOURCE.stderr.
type Asked struct {
	Source    model.Source  `json:"source"`
	Command   string        `json:"command"`
	Argv      []string      `json:"argv"`
	At        model.Instant `json:"at"`
	Took      time.Duration `json:"took"`
	Ran       bool          `json:"ran"`
	Exit      int           `json:"exit"`
	Truncated bool          `json:"truncated,omitempty"`
	// Error, TimedOut, Missing: why there is no output.
	Error    string `json:"error,omitempty"`
	TimedOut bool   `json:"timed_out,omitempty"`
	Missing  bool   `json:"missing,omitempty"`
}

// Bundle is an archive in memory.
type Bundle struct {
	Manifest Manifest
	Files    map[string][]byte // all members but the manifest
}

// Report is what the program that made the archive concluded.
func (b *Bundle) Report() (*selftest.Report, error) {
	var r selftest.Report
	if err := json.Unmarshal(b.Files[reportName], &r); err != nil {
		return nil, fmt.Errorf("%s of the bundle: %w", reportName, err)
	}
	return &r, nil
}

// Answers makes of an archive what was asked, as if it were asked again, with the parsers of this program.
func (b *Bundle) Answers() []selftest.Asked {
	var out []selftest.Asked
	for i := range b.Manifest.Asked {
		a := &b.Manifest.Asked[i]
		if !a.Ran {
			out = append(out, selftest.Asked{
				Source: a.Source, Command: a.Command, Argv: a.Argv,
				Reading: model.Reading{Source: a.Source, At: a.At, Took: a.Took, Err: a.Error, TimedOut: a.TimedOut, Missing: a.Missing},
			})
			continue
		}
		stdout, stderr := outputNames(a.Source)
		got := selftest.Replayed(a.Source, command.Output{
			Stdout: b.Files[stdout], Stderr: b.Files[stderr], Exit: a.Exit, Truncated: a.Truncated, Started: a.At, Took: a.Took,
		}, a.At)
		got.Argv = a.Argv
		out = append(out, got)
	}
	return out
}

// Judge makes the table of an archive with the parsers of this program.
func (b *Bundle) Judge() *selftest.Report {
	asked := b.Answers()
	return selftest.Judge(b.Manifest.Node, asked, selftest.Checks(b.Manifest.Node, b.Manifest.Phase, asked))
}

func outputNames(s model.Source) (stdout, stderr string) {
	return "output/" + string(s) + ".stdout", "output/" + string(s) + ".stderr"
}

// replaced is the list of what was replaced, without the originals.
type replaced struct {
	Counts map[redact.Kind]int `json:"counts"` // different words, by kind
	// Kept counts names that are words of the products as well and were therefore left.
	Kept map[redact.Kind]int `json:"kept,omitempty"`
	List []redact.Replaced   `json:"list"`
}
