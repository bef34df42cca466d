package powerha

import "strings"

// inittabEntry is the identifier of the entry with which PowerHA's DR script
// has itself undone at the next boot (SG24-8278 ex. 8-20).
const inittabEntry = "hacmp_lpm"

// parseInittab reads `lsitab hacmp_lpm`: the entry as identifier:level:action:command, or nothing.
func parseInittab(in *input) (*bool, error) {
	found := false
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if text == "" {
			continue
		}
		id, rest, _ := strings.Cut(text, ":")
		if id == inittabEntry && strings.Count(rest, ":") >= 2 {
			found = true
			continue
		}
		in.reject(l, "expected the entry "+inittabEntry+" alone")
	}
	if !found && in.r.Lines > 0 {
		return nil, in.notUnderstood("entry of inittab")
	}
	return &found, nil
}
