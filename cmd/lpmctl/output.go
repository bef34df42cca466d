package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// width is that of the smallest terminal that people still use.
const width = 80

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// wrap breaks a text into lines of 80 columns, each indented.
func wrap(s string, indent int) string {
	var out []string
	line := ""
	room := width - indent
	for _, w := range strings.Fields(s) {
		for len(w) > room { // a word that fits nowhere is cut, so that nothing is lost to the eye
			if line != "" {
				out, line = append(out, line), ""
			}
			out, w = append(out, w[:room]), w[room:]
		}
		switch {
		case line == "":
			line = w
		case len(line)+1+len(w) <= room:
			line += " " + w
		default:
			out, line = append(out, line), w
		}
	}
	if line != "" {
		out = append(out, line)
	}
	pad := strings.Repeat(" ", indent)
	return pad + strings.Join(out, "\n"+pad)
}

// row prints a label of 10 columns and its text, wrapped.
func (t *tool) row(label, format string, a ...any) {
	text := fmt.Sprintf(format, a...)
	if strings.TrimSpace(text) == "" {
		return
	}
	fmt.Fprintf(t.stdout, "%s%s\n", t.bold(fmt.Sprintf("%-11s", label)), strings.TrimLeft(wrap(text, 11), " "))
}

func (t *tool) bold(s string) string { return t.paint("1", s) }

func (t *tool) paint(code, s string) string {
	if !t.color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// mark is a sign that is told by colour and by letters.
func (t *tool) mark(ok bool) string {
	if ok {
		return t.paint("32", "ok")
	}
	return t.paint("31", "NO")
}

// commands prints lines to type, unwrapped so that they can be copied.
func (t *tool) commands(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintln(t.stdout, t.bold(title))
	for _, l := range lines {
		fmt.Fprintln(t.stdout, "  "+l)
	}
}

func clockTime(at time.Time) string { return at.UTC().Format("15:04:05Z") }

func ago(now, at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	d := now.Sub(at).Round(time.Second)
	if d < 0 {
		return "in " + (-d).String()
	}
	return d.String() + " ago"
}

// shell writes an argv so that it can be typed.
func shell(argv []string) string {
	out := make([]string, len(argv))
	for i, a := range argv {
		if a == "" || strings.Trim(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./=:,+@%") != "" {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		out[i] = a
	}
	return strings.Join(out, " ")
}

func owners(r *model.Record) string {
	if groups := r.Owned(); len(groups) > 0 {
		return strings.Join(groups, ", ")
	}
	return "no group"
}
