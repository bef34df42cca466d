package powerha

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

const (
	// maxRejected is how many of the lines that were not understood are kept with their text.
	maxRejected = 20
	// maxUnknown is how many unknown words are kept.
	maxUnknown = 20
)

// maxRows is more than any cluster has of anything: PowerHA 7 knows 16 nodes and 64 groups. Rows beyond it are left out,
// so that looking for doubled ones stays cheap whatever a tool prints.
const maxRows = 4096

// input is the output of one command as its parser reads it. What the parser does not understand it hands back here, and
// goes on: a line costs that line.
type input struct {
	r    *model.Reading
	text string
	// tail is a last line without a newline. The output was cut in it, unless the parser knows better (whole): half a
	// number or half a name reads like a whole one.
	tail string
	nul  bool           // some line holds a NUL byte
	head map[int]string // line number of "NODE name" of clcmd: the name
}

// line is one line of an output. Block counts the headings of clcmd before it, 0 where there is none.
type line struct {
	n     int // from 1
	block int
	text  string
}

// newInput makes the output ready for a parser, and counts its lines into the reading.
func newInput(r *model.Reading, b []byte) *input {
	in := &input{r: r, text: string(b), nul: strings.IndexByte(string(b), 0) >= 0}
	if at := strings.LastIndexByte(in.text, '\n') + 1; strings.TrimSpace(in.text[at:]) != "" {
		in.text, in.tail = in.text[:at], in.text[at:]
	}
	if strings.Contains(in.text, "NODE ") {
		in.headings()
	}
	n := 0
	for text := range strings.Lines(in.text + in.tail) {
		n++
		if strings.TrimSpace(text) != "" {
			r.Lines++
		}
		if in.nul && strings.IndexByte(text, 0) >= 0 {
			in.reject(line{n: n, text: text}, "a NUL byte in it")
		}
	}
	return in
}

// headings finds where clcmd(1) of CAA names the node that answers: between two rules of hyphens (SG24-8278 ex. 8-2).
func (in *input) headings() {
	var before [2]string
	n := 0
	for text := range strings.Lines(in.text) {
		n++
		if name, ok := strings.CutPrefix(before[1], "NODE "); ok && isRule(before[0]) && isRule(text) {
			if in.head == nil {
				in.head = make(map[int]string)
			}
			in.head[n-1] = strings.TrimSpace(name)
		}
		before[0], before[1] = before[1], text
	}
}

// lines yields the lines without their ends: neither those of clcmd's headings nor those with a NUL byte.
func (in *input) lines() iter.Seq[line] {
	return func(yield func(line) bool) {
		l := line{}
		for text := range strings.Lines(in.text) {
			l.n++
			if in.head != nil {
				if _, ok := in.head[l.n]; ok {
					l.block++
					continue
				}
				_, next := in.head[l.n+1]
				_, last := in.head[l.n-1]
				if next || last {
					continue
				}
			}
			if in.nul && strings.IndexByte(text, 0) >= 0 {
				continue
			}
			l.text = strings.TrimRight(text, "\r\n")
			if !yield(l) {
				return
			}
		}
	}
}

// whole tells that a last line without a newline is one all the same where the form of a line shows its end.
func (in *input) whole(is func(text string) bool) {
	if in.tail != "" && is(strings.TrimSpace(in.tail)) {
		in.text, in.tail = in.text+in.tail, ""
	}
}

// finish is called when the parser is done.
func (in *input) finish() {
	if in.tail != "" && strings.IndexByte(in.tail, 0) < 0 {
		in.reject(line{n: strings.Count(in.text, "\n") + 1, text: in.tail}, "no end of line after it: the output was cut here")
	}
}

// reject leaves a line out. Why says what was expected.
func (in *input) reject(l line, why string) {
	in.r.Unparsed++
	if len(in.r.Rejected) < maxRejected {
		in.r.Rejected = append(in.r.Rejected, model.RejectedLine{Line: l.n, Text: clip(l.text), Why: why})
	}
}

// full reports whether there is no room for one more row, and leaves the line out if so.
func (in *input) full(rows int, l line) bool {
	if rows < maxRows {
		return false
	}
	in.reject(l, "expected no more rows than any cluster has")
	return true
}

// rejectValue leaves out what no line holds alone: a value that is missing or that contradicts another.
func (in *input) rejectValue(text, why string) { in.reject(line{text: text}, why) }

// unknown notes a word in the place of a known one. Its value is to be unknown then.
func (in *input) unknown(what, word string) {
	u := model.UnknownWord{What: what, Word: clip(word)}
	for _, was := range in.r.Unknown {
		if was == u {
			return
		}
	}
	if len(in.r.Unknown) < maxUnknown {
		in.r.Unknown = append(in.r.Unknown, u)
	}
}

// first returns the first line that holds something other than a rule, fit for a message.
func (in *input) first() string { return in.firstLine().text }

func (in *input) firstLine() line {
	l := line{}
	for text := range strings.Lines(in.text + in.tail) {
		l.n++
		if l.text = clip(text); l.text != "" && !isRules(l.text) {
			return l
		}
	}
	return line{}
}

// locate finds the line of an attribute of an object, for a message: ATTR=… at or below where the object begins.
func (in *input) locate(at line, name string) line {
	for l := range in.lines() {
		if l.n >= at.n {
			if left, _, ok := strings.Cut(l.text, "="); ok && strings.EqualFold(strings.TrimSpace(left), name) {
				return l
			}
		}
	}
	return at
}

// errEmpty: a command that always prints something printed nothing.
var errEmpty = errors.New("printed nothing")

// notUnderstood is the error for an output in which what was sought is not
// found. It quotes the first line, which mostly is the command's own message.
func (in *input) notUnderstood(sought string) error {
	first := in.first()
	if in.r.Lines == 0 {
		return fmt.Errorf("%w, no %s", errEmpty, sought)
	}
	return &notFoundError{sought: sought, first: first}
}

// notFoundError: the output is not empty and what it was asked for is not in it.
type notFoundError struct{ sought, first string }

func (e *notFoundError) Error() string {
	return fmt.Sprintf("no %s in the output, which begins %q", e.sought, e.first)
}

// rejectAll counts an output of which nothing was understood, and nothing left out line by line, as one line.
func (in *input) rejectAll(err error) {
	first := in.firstLine()
	if in.r.Unparsed > 0 || first.n == 0 {
		return
	}
	why := err.Error()
	if e := (*notFoundError)(nil); errors.As(err, &e) {
		why = "expected " + e.sought
	}
	in.reject(first, why)
}

// oneNode refuses the answers of several nodes where the fact is one of this node.
func (in *input) oneNode() error {
	if len(in.head) < 2 {
		return nil
	}
	return fmt.Errorf("%d nodes answered where this one alone is asked: take clcmd out of cluster.commands", len(in.head))
}
