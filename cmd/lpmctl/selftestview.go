package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/privilege"
	"powerha_lpm_exporter/internal/selftest"
)

// kept is a line that the exporter did not understand, with made-up names.
type kept struct {
	Command string    `json:"command"`
	Line    int       `json:"line,omitempty"`
	Text    string    `json:"text"`
	Why     string    `json:"why"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Times   int       `json:"times"`
}

// maxRejectedFile is more than the exporter writes.
const maxRejectedFile = 1 << 20

// keptFile reads what the exporter kept; nil where it kept nothing.
func (t *tool) keptFile() ([]byte, error) {
	path := t.rejectedFile()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxRejectedFile) {
		err = fmt.Errorf("%s is no file that the exporter wrote", path)
	}
	if err != nil {
		return nil, fmt.Errorf("lines kept by the exporter: %w", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("lines kept by the exporter: %w", err)
	}
	return b, nil
}

func (t *tool) keptLines() ([]kept, error) {
	b, err := t.keptFile()
	if b == nil || err != nil {
		return []kept{}, err
	}
	var file struct {
		Lines []kept `json:"lines"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return []kept{}, fmt.Errorf("lines kept by the exporter: %s: %w", t.rejectedFile(), err)
	}
	return file.Lines, nil
}

func (t *tool) printSelftest(r *selftestReport) {
	t.printTable(r.Report)
	t.printPrivileges(r.Privileges)
	if len(r.Kept) > 0 {
		fmt.Fprintln(t.stdout, t.bold("Not understood by the exporter lately, with made-up names"))
		for _, k := range r.Kept {
			fmt.Fprintf(t.stdout, "  %s, %d times until %s, %s:\n    %s\n", where(k.Command, k.Line), k.Times, k.Last.UTC().Format("2006-01-02 15:04Z"), k.Why, k.Text)
		}
	}
	for _, n := range r.Notes {
		t.row("note", "%s", n)
	}
	t.printVerdict(r.Report)
}

// printTable prints a line for each command, and what it says below.
func (t *tool) printTable(r *selftest.Report) {
	t.row("node", "%s, PowerHA %s", orUnknown(r.Node), orUnknown(r.Version))
	part := true
	fmt.Fprintln(t.stdout, t.bold("What decisions hang on"))
	fmt.Fprintf(t.stdout, "  %-43s %-14s %8s %8s\n", "command", "version", "lines", "time")
	for i := range r.Rows {
		row := &r.Rows[i]
		if part && !row.Deciding {
			part = false
			fmt.Fprintln(t.stdout, t.bold("Second witnesses, and what only informs"))
		}
		fmt.Fprintf(t.stdout, "%s %s %-14s %8s %8s\n", t.sign(row), column(row.Command, 43), row.Version,
			fmt.Sprintf("%d/%d", row.Understood, row.Lines), row.Took.Round(time.Millisecond))
		for _, text := range below(row) {
			fmt.Fprintln(t.stdout, wrap(text, 5))
		}
	}
}

// column fills or cuts a text to a width.
func column(s string, n int) string {
	if len(s) > n {
		return s[:n-3] + "..."
	}
	return fmt.Sprintf("%-*s", n, s)
}

// below is what stands below a row: what was concluded or why nothing, and what other sources say of it.
func below(row *selftest.Row) []string {
	var out []string
	switch row.Outcome {
	case selftest.Understood, selftest.Partly:
		out = append(out, "→ "+row.Concluded)
	case selftest.NotUnderstood, selftest.Failed, selftest.Denied, selftest.Missing, selftest.TimedOut, selftest.NotAsked:
		out = append(out, strings.ReplaceAll(string(row.Outcome), "_", " ")+": "+row.Problem)
	}
	for _, l := range row.Rejected {
		out = append(out, fmt.Sprintf("line %d not understood: %q (%s)", l.Line, l.Text, l.Why))
	}
	for _, w := range row.Unknown {
		out = append(out, fmt.Sprintf("unknown %s: %q", w.What, w.Word))
	}
	return append(out, witnesses(row)...)
}

// witnesses says what other sources say of the same facts.
func witnesses(row *selftest.Row) []string {
	var out, agree []string
	for _, c := range row.Witnesses {
		with := c.Other
		if with == row.Source {
			with = c.Wins
		}
		switch c.Verdict {
		case selftest.Agree:
			agree = append(agree, fmt.Sprintf("%s (%s)", with, c.Fact))
		case selftest.Differ:
			out = append(out, fmt.Sprintf("%s CONTRADICTS: %s", with, c.Text))
		case selftest.NotCompared:
		}
	}
	if len(agree) > 0 {
		out = append(out, "agrees with "+strings.Join(agree, ", "))
	}
	return out
}

// sign is one column: whether the row is well.
func (t *tool) sign(row *selftest.Row) string {
	switch {
	case row.Outcome == selftest.Understood:
		return t.paint("32", "+")
	case row.Deciding:
		return t.paint("31", "!")
	default:
		return t.paint("33", "?")
	}
}

func (t *tool) printPrivileges(all []privilege.Checked) {
	lacking := 0
	for _, p := range all {
		if p.State != privilege.Allowed {
			lacking++
		}
	}
	if len(all) == 0 {
		return
	}
	if lacking == 0 {
		t.row("privileges", "all %d that the configuration needs are there", len(all))
		return
	}
	fmt.Fprintln(t.stdout, t.bold("Missing privileges"))
	for _, p := range all {
		if p.State != privilege.Allowed {
			fmt.Fprintf(t.stdout, "  %s\n    as %s, for %s: %s\n", shell(p.Command), p.As, p.For, p.Text)
		}
	}
}

func (t *tool) printVerdict(r *selftest.Report) {
	for _, f := range r.Remarks {
		t.row("remark", "%s: %s", where(f.Command, f.Line), f.Text)
	}
	if r.OK {
		t.row("result", "%s everything that decisions hang on was understood", t.mark(true))
		return
	}
	t.row("result", "%s not everything that decisions hang on was understood", t.mark(false))
	for _, f := range r.Failures {
		fmt.Fprintf(t.stderr, "lpmctl: %s: %s; %s\n", where(f.Command, f.Line), f.Text, f.Remedy)
	}
}

func where(command string, line int) string {
	if line > 0 {
		return fmt.Sprintf("%s: line %d", command, line)
	}
	return command
}
