// Package screen draws the demo: a timeline as it happens and a table at the
// end, in 80 columns, with colour only on a terminal.
package screen

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Width is what everything fits into.
const Width = 80

// Columns are the states at the left of every line.
type Columns struct {
	Phase, Node, App string
	Frozen           bool
}

const leftWidth = 35 // of time and columns

// Kind colours a line.
type Kind int

// The kinds of lines.
const (
	Plain Kind = iota
	Good
	Bad
	Act      // a command or a decision of ours
	Quiet    // the product's own doing
	Headline // of the demo itself
)

// Screen writes lines in the order in which they are told. It may be used by several goroutines.
type Screen struct {
	mu     sync.Mutex
	out    io.Writer
	colour bool
	start  time.Time
}

// New returns a screen; seconds count from now.
func New(out io.Writer) *Screen {
	return &Screen{out: out, colour: colourful(out), start: time.Now()}
}

// colourful: a terminal, and nobody asked for no colour (no-color.org).
func colourful(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Since is the time from the start of the screen to t.
func (s *Screen) Since(t time.Time) time.Duration { return t.Sub(s.start) }

// Reset lets seconds count from now.
func (s *Screen) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start = time.Now()
}

// Say writes lines without columns, wrapped.
func (s *Screen) Say(kind Kind, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		for _, part := range wrap(line, Width) {
			_, _ = fmt.Fprintln(s.out, s.paint(kind, part))
		}
	}
}

// Header writes the heads of the columns.
func (s *Screen) Header(node string) {
	s.Say(Headline, "%5s  %-11s %-10s %-4s %s", "sec", "phase", node, "app", "what happens")
}

// Line writes one line of the timeline.
func (s *Screen) Line(c Columns, kind Kind, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seconds := time.Since(s.start).Seconds()
	left := fmt.Sprintf("%6.1f %-11s %-10s %-4s ", seconds, c.Phase, c.Node, c.App)
	if c.Frozen {
		left = fmt.Sprintf("%6.1f %-11s %-10s %-4s ", seconds, "···········", "··FROZEN··", "····")
	}
	for i, part := range wrap(fmt.Sprintf(format, args...), Width-leftWidth) {
		if i > 0 {
			left = strings.Repeat(" ", leftWidth)
		}
		_, _ = fmt.Fprintln(s.out, left+s.paint(kind, part))
	}
}

func (s *Screen) paint(kind Kind, text string) string {
	if !s.colour {
		return text
	}
	code := map[Kind]string{Good: "32", Bad: "1;31", Act: "36", Quiet: "2", Headline: "1"}[kind]
	if code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// wrap breaks a line at spaces; a longer word is broken where it must.
func wrap(line string, width int) []string {
	var out []string
	for utf8.RuneCountInString(line) > width {
		runes := []rune(line)
		cut := width
		for i := width; i > width/3; i-- {
			if runes[i] == ' ' {
				cut = i
				break
			}
		}
		out = append(out, strings.TrimRight(string(runes[:cut]), " "))
		indent := "  "
		line = indent + strings.TrimLeft(string(runes[cut:]), " ")
	}
	return append(out, line)
}

// Table writes rows of two columns under a title.
func (s *Screen) Table(title string, rows [][2]string) {
	s.Say(Headline, "%s", "")
	s.Say(Headline, "%s", title)
	const name = 31
	for _, r := range rows {
		for i, part := range wrap(r[1], Width-name-3) {
			label := r[0]
			if i > 0 {
				label = ""
			}
			s.Say(Plain, "  %-*s %s", name, label, part)
		}
	}
}
