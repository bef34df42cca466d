package hmc

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// Answer is what was understood of the output of a command.
type Answer struct {
	// Rows hold one value each, in the order of the output. None is an answer, too: nothing is listed.
	Rows []Row
	// Unparsed counts the lines that were left out, Rejected are the first of them.
	Unparsed int
	Rejected []model.RejectedLine
	// Unknown are words in the place of a state; their rows say unknown.
	Unknown []model.UnknownWord
}

// Row is one partition or managed system and the asked field of it.
type Row struct{ Name, Value string }

// Bounds of what is kept.
const (
	maxRejected = 20
	maxText     = 256
	maxRows     = 4096 // an HMC has a few dozen systems, a system 1000 partitions at most
)

// errNothing: a command that always prints something printed nothing.
var errNothing = errors.New("it printed nothing")

// Parse reads the output of a list command that was asked for the fields name
// and field (-F name,field). It bears the other forms that the commands have:
// a header (--header), fields joined by colons (-F name:field), and the
// default, name=value,name=value. Values with commas are quoted as in RFC 4180
// (HMC manual pages of lssyscfg; an output of it in open-power/op-test#745).
//
// The error is for an output in which nothing was understood.
func Parse(b []byte, field string) (Answer, error) {
	var a Answer
	n, said := 0, false
	for line := range strings.Lines(string(b)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		said = true
		if letters(line) == "noresultswerefound" {
			continue // what is printed for an empty list, with status 0
		}
		row, header, why := parseLine(line, field)
		switch {
		case header:
		case why != "":
			a.reject(n, line, why)
		case len(a.Rows) >= maxRows:
			a.reject(n, line, fmt.Sprintf("more than %d rows", maxRows))
		default:
			a.Rows = append(a.Rows, row)
		}
	}
	switch {
	case !said:
		return a, errNothing
	case len(a.Rows) == 0 && a.Unparsed > 0:
		return a, fmt.Errorf("no %s in the output, which begins %q", field, a.Rejected[0].Text)
	}
	return a, nil
}

// parseLine reads one row. why is set when it is none.
func parseLine(line, field string) (row Row, header bool, why string) {
	f, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil {
		return row, false, "quotes that do not match"
	}
	if len(f) == 1 && !strings.Contains(f[0], "=") && strings.Count(f[0], ":") == 1 {
		f = strings.Split(f[0], ":")
	}
	if strings.Contains(line, "=") {
		if row.Name, row.Value, why = named(f, field); why != "" {
			return Row{}, false, why
		}
	} else {
		if len(f) != 2 {
			return row, false, fmt.Sprintf("%d fields in place of name,%s", len(f), field)
		}
		row = Row{f[0], f[1]}
		if row == (Row{"name", field}) {
			return Row{}, true, ""
		}
	}
	if !isName(row.Name) {
		return Row{}, false, "a name was expected"
	}
	if row.Value == "" || len(row.Value) > maxText || !printable(row.Value) || strings.TrimSpace(row.Value) != row.Value {
		return Row{}, false, "a value of " + field + " was expected"
	}
	return row, false, ""
}

// named finds name and field among name=value pairs.
func named(f []string, field string) (name, value, why string) {
	seen := map[string]bool{}
	for _, pair := range f {
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			return "", "", "a name=value pair was expected"
		}
		if seen[k] {
			return "", "", "the attribute " + clip(k) + " stands twice"
		}
		seen[k] = true
		switch k {
		case "name":
			name = v
		case field:
			value = v
		}
	}
	return name, value, ""
}

func (a *Answer) reject(n int, line, why string) {
	a.Unparsed++
	if len(a.Rejected) < maxRejected {
		a.Rejected = append(a.Rejected, model.RejectedLine{Line: n, Text: clip(line), Why: why})
	}
}

// unknown keeps a word, once.
func (a *Answer) unknown(what, word string) {
	for _, u := range a.Unknown {
		if u.What == what && u.Word == word {
			return
		}
	}
	if len(a.Unknown) < maxRejected {
		a.Unknown = append(a.Unknown, model.UnknownWord{What: what, Word: word})
	}
}

// isName reports whether s may be the name of a partition or a managed system and stand in a command line of an HMC as
// it is, without quotes: ssh hands the words over as one line, another wrapper may not.
func isName(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '-' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_-.+:@", r):
			return false
		}
		return true
	})
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' })
}

// clip makes a text fit for being kept.
func clip(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ', r == 0x7f, r == '\uFFFD':
			return -1
		}
		return r
	}, s)), " ")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}
