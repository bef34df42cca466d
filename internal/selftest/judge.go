package selftest

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

// Outcome is what became of one question.
type Outcome string

// The outcomes.
const (
	Understood    Outcome = "understood"
	Partly        Outcome = "partly"         // some lines, or some words, are not
	NotUnderstood Outcome = "not_understood" // nothing of it is
	Failed        Outcome = "failed"         // the command ended with an error of its own
	Denied        Outcome = "denied"         // this user may not run it
	Missing       Outcome = "missing"        // there is no such command
	TimedOut      Outcome = "timed_out"
	NotAsked      Outcome = "not_asked" // it was not run, or is not in the bundle
)

// Row is one line of the table.
type Row struct {
	Source  model.Source `json:"source"`
	Command string       `json:"command"`
	// Deciding: decisions hang on it.
	Deciding   bool    `json:"deciding"`
	Outcome    Outcome `json:"outcome"`
	Version    string  `json:"version,omitempty"` // as far as this output tells it
	Lines      int     `json:"lines"`             // that hold something
	Understood int     `json:"understood"`
	Concluded  string  `json:"concluded,omitempty"`
	// Witnesses are the comparisons with other sources that this one takes part in.
	Witnesses []Check              `json:"witnesses,omitempty"`
	Took      time.Duration        `json:"took"`
	Problem   string               `json:"problem,omitempty"`
	Rejected  []model.RejectedLine `json:"rejected,omitempty"`
	Unknown   []model.UnknownWord  `json:"unknown,omitempty"`
}

// Finding is something that is not as it has to be.
type Finding struct {
	Command string `json:"command"`
	Line    int    `json:"line,omitempty"` // of the output, from 1; 0 for the whole of it
	Text    string `json:"text"`
	Remedy  string `json:"remedy"`
}

// Report is the whole result.
type Report struct {
	Node string `json:"node"`
	// Version of PowerHA, "" when nothing tells it.
	Version string `json:"version"`
	Rows    []Row  `json:"rows"`
	// Failures keep OK from being true; Remarks do not.
	Failures []Finding `json:"failures"`
	Remarks  []Finding `json:"remarks"`
	// OK: everything that decisions hang on was understood, and no second witness contradicts it.
	OK bool `json:"ok"`
}

// The remedies.
const (
	remedyReport = "send what `lpmctl support-bundle` writes to the project, and leave migration.mode at observe until a version understands it"
	remedyDenied = "give the right: `lpmctl sudoers` prints the rules that the configuration needs, and cluster.sudo has commands run by them"
	remedySlow   = "see whether the command hangs when it is typed; raise cluster.timeout if it is only slow"
	remedyDiffer = "run `lpmctl selftest` again when no event is going on; if it stays, one of the two is misread: " + remedyReport
	remedyWord   = "the state is published as unknown; " + remedyReport
)

// Judge makes the table of what was asked.
func Judge(node string, asked []Asked, checks []Check) *Report {
	r := &Report{Node: node, Version: productVersion(asked), Failures: []Finding{}, Remarks: []Finding{}}
	deciding, informing := powerha.Sources()
	for _, s := range slices.Concat(deciding, informing) {
		i := slices.IndexFunc(asked, func(a Asked) bool { return a.Source == s })
		if i < 0 {
			if slices.Contains(deciding, s) {
				r.add(Row{Source: s, Command: powerha.Command(s), Deciding: true, Outcome: NotAsked})
			}
			continue
		}
		row := rowOf(&asked[i], slices.Contains(deciding, s))
		for _, c := range checks {
			if (c.Wins == s || c.Other == s) && c.Verdict != NotCompared {
				row.Witnesses = append(row.Witnesses, c)
			}
		}
		r.add(row)
	}
	r.disagreements(checks, deciding)
	r.OK = len(r.Failures) == 0
	return r
}

func (r *Report) add(row Row) {
	r.Rows = append(r.Rows, row)
	for _, f := range findings(&row) {
		if row.Deciding {
			r.Failures = append(r.Failures, f)
		} else {
			r.Remarks = append(r.Remarks, f)
		}
	}
}

// disagreements are failures where decisions hang on the fact.
func (r *Report) disagreements(checks []Check, deciding []model.Source) {
	for _, c := range checks {
		if c.Verdict != Differ {
			continue
		}
		f := Finding{
			Command: powerha.Command(c.Wins),
			Text:    fmt.Sprintf("%s contradicts it: %s (%s)", powerha.Command(c.Other), c.Text, c.Fact), Remedy: remedyDiffer,
		}
		if slices.Contains(deciding, c.Wins) {
			r.Failures = append(r.Failures, f)
		} else {
			r.Remarks = append(r.Remarks, f)
		}
	}
}

// rowOf judges one answer.
func rowOf(a *Asked, deciding bool) Row {
	in := &a.Reading
	row := Row{
		Source: a.Source, Command: a.Command, Deciding: deciding, Lines: in.Lines, Took: in.Took,
		Problem:  strings.TrimPrefix(in.Err, a.Command+": "),
		Rejected: in.Rejected, Unknown: in.Unknown,
	}
	row.Outcome = outcomeOf(a)
	switch row.Outcome {
	case Understood, Partly:
		row.Understood = max(0, in.Lines-in.Unparsed)
		row.Concluded, row.Version = Concluded(in), versionOf(in)
	case NotUnderstood:
		if len(row.Rejected) == 0 && !a.Output.Truncated {
			row.Rejected = firstLine(string(a.Output.Stdout))
		}
	case Failed, Denied, Missing, TimedOut, NotAsked:
	}
	return row
}

// maxText is how much of a line is shown.
const maxText = 256

// firstLine names the first line that holds something, of an output in which the parser did not find what it looks for at
// all.
func firstLine(text string) []model.RejectedLine {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.Join(strings.Fields(strings.Map(printable, line)), " ")
		if line == "" {
			continue
		}
		return []model.RejectedLine{{Line: n, Text: strings.ToValidUTF8(line[:min(len(line), maxText)], ""), Why: "nothing of what was asked for is in the output, which begins so"}}
	}
	return nil
}

func printable(c rune) rune {
	if c < ' ' && c != '\t' || c == 0x7f || c == utf8.RuneError {
		return -1
	}
	return c
}

func outcomeOf(a *Asked) Outcome {
	r := &a.Reading
	switch {
	case r.TimedOut:
		return TimedOut
	case r.Missing && strings.Contains(r.Err, "may not be executed"), a.Ran && r.Err != "" && refused(a):
		return Denied
	case r.Missing:
		return Missing
	case r.Err != "" && (!a.Ran || a.Output.Exit != 0):
		return Failed
	case r.Err != "":
		return NotUnderstood
	case r.Unparsed > 0 || len(r.Unknown) > 0:
		return Partly
	default:
		return Understood
	}
}

// refused: the words of a system, or of sudo, that refuses a user. It only chooses the remedy that is printed.
func refused(a *Asked) bool {
	said := strings.ToLower(string(a.Output.Stderr[:min(len(a.Output.Stderr), 4096)]) + string(a.Output.Stdout[:min(len(a.Output.Stdout), 4096)]))
	for _, words := range []string{"permission denied", "not permitted", "a password is required", "is not allowed to", "must be root", "not in the sudoers", "requires root", "do not have permission", "terminal is required"} {
		if strings.Contains(said, words) {
			return true
		}
	}
	return false
}

// findings tells what is wrong with a row, one for each line or word.
func findings(row *Row) []Finding {
	one := func(text, remedy string) []Finding {
		return []Finding{{Command: row.Command, Text: text, Remedy: remedy}}
	}
	switch row.Outcome {
	case Understood:
		return nil
	case Partly:
		return append(lineFindings(row), wordFindings(row)...)
	case NotUnderstood:
		if lines := lineFindings(row); len(lines) > 0 {
			lines[0].Text += "; " + row.Problem
			return lines
		}
		return one(row.Problem, remedyReport)
	case Denied:
		return one(row.Problem, remedyDenied)
	case Missing:
		return one(row.Problem, "name its path in cluster.commands."+powerha.Tool(row.Source)+", or install what provides it")
	case TimedOut:
		return one(row.Problem, remedySlow)
	case Failed:
		return one(row.Problem, "type it on this node as this user and see what it says")
	case NotAsked:
		return one("was not asked", "run `lpmctl selftest` again, on a node of the cluster")
	default:
		return nil
	}
}

func lineFindings(row *Row) []Finding {
	var out []Finding
	for _, l := range row.Rejected {
		text := fmt.Sprintf("not understood: %q (%s)", l.Text, l.Why)
		out = append(out, Finding{Command: row.Command, Line: l.Line, Text: text, Remedy: remedyReport})
	}
	if more := row.Lines - row.Understood - len(row.Rejected); row.Outcome == Partly && more > 0 {
		out = append(out, Finding{Command: row.Command, Text: fmt.Sprintf("%d more lines are not understood", more), Remedy: remedyReport})
	}
	return out
}

func wordFindings(row *Row) []Finding {
	var out []Finding
	for _, w := range row.Unknown {
		out = append(out, Finding{Command: row.Command, Text: fmt.Sprintf("%q is no known %s", w.Word, w.What), Remedy: remedyWord})
	}
	return out
}
