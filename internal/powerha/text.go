package powerha

import (
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxRaw bounds texts that are kept as they were printed.
const maxRaw = 256

// lines yields the lines of b without their ends. The runner has capped b.
func lines(b []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(string(b)) {
			if !yield(strings.TrimRight(line, "\r\n")) {
				return
			}
		}
	}
}

// firstLine returns the first line that holds something, fit for a message.
func firstLine(b []byte) string {
	for line := range lines(b) {
		if line = clip(line); line != "" {
			return line
		}
	}
	return ""
}

// clip makes a text fit for being kept: printable, on one line, and not long.
func clip(s string) string {
	if len(s) <= maxRaw && isClean(s) {
		return s
	}
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n':
			return ' '
		case r < ' ', r == 0x7f, r == utf8.RuneError:
			return -1
		}
		return r
	}, s)), " ")
	if len(s) > maxRaw {
		s = strings.ToValidUTF8(s[:maxRaw], "")
	}
	return s
}

// isClean reports whether s is printable ASCII with single spaces inside, as nearly all that is read is.
func isClean(s string) bool {
	space := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == ' ' && space {
			return false
		}
		space = c == ' '
	}
	return !space || s == ""
}

// isRule reports whether the line is a rule of hyphens.
func isRule(line string) bool {
	line = strings.TrimSpace(line)
	return len(line) >= 5 && strings.Trim(line, "-") == ""
}

// isName reports whether s may be the name of a node or a group: letters,
// digits, underscore, hyphen and dot, with no hyphen first.
func isName(s string) bool {
	if s == "" || len(s) > 255 || s[0] == '-' {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-', r == '.':
		default:
			return false
		}
	}
	return true
}

// fold makes words comparable: upper case, underscores as spaces, single spaces.
func fold(s string) string {
	if isClean(s) && strings.IndexByte(s, '_') < 0 && strings.IndexFunc(s, func(r rune) bool { return r >= 'a' && r <= 'z' }) < 0 {
		return s
	}
	return strings.ToUpper(strings.Join(strings.Fields(strings.ReplaceAll(s, "_", " ")), " "))
}

// unquote takes one pair of quotes off. The two need not match: a stray one is seen in print.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		s = s[1:]
	}
	if n := len(s); n > 0 && (s[n-1] == '"' || s[n-1] == '\'') {
		s = s[:n-1]
	}
	return s
}

// number reads a number that is not negative.
func number(s string) (int, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 31)
	return int(n), err == nil //nolint:gosec // 31 bits
}

// seconds reads a whole number of seconds.
func seconds(s string) (time.Duration, bool) {
	n, ok := number(s)
	return time.Duration(n) * time.Second, ok
}

// truth reads true or false, and the other words that clmgr has for them.
func truth(s string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "enabled", "on", "1":
		return true, true
	case "false", "no", "disabled", "off", "0":
		return false, true
	}
	return false, false
}
