package screen

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEverythingFitsInto80Columns(t *testing.T) {
	var out bytes.Buffer
	s := New(&out)
	s.Header("n1")
	s.Line(Columns{Phase: "rolling_back", Node: "UNMANAGED", App: "ok"}, Act,
		"n1 actor runs clmgr start node n1 WHEN=now MANAGE=auto FIX=no BROADCAST=false")
	s.Line(Columns{Frozen: true}, Bad, "%s", strings.Repeat("x", 200))
	s.Say(Plain, "%s", strings.Repeat("word ", 50))
	s.Table("Summary", [][2]string{{"freeze", strings.Repeat("long text ", 20)}})
	for line := range strings.SplitSeq(out.String(), "\n") {
		if n := utf8.RuneCountInString(line); n > Width {
			t.Errorf("line of %d columns: %q", n, line)
		}
		if strings.Contains(line, "\x1b") {
			t.Errorf("colour without a terminal: %q", line)
		}
	}
	if !strings.Contains(out.String(), "BROADCAST=false") {
		t.Errorf("wrapped text lost its end:\n%s", out.String())
	}
}

func TestWrapKeepsEveryCharacter(t *testing.T) {
	in := "a text of several words and a_very_long_word_that_does_not_fit_into_one_line at all"
	got := strings.Join(strings.Fields(strings.Join(wrap(in, 20), "")), "")
	if want := strings.Join(strings.Fields(in), ""); got != want {
		t.Errorf("wrap lost text: %q, want %q", got, want)
	}
}
