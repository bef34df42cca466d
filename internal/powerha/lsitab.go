package powerha

import "strings"

// inittabEntry is the identifier of the entry with which PowerHA's DR script
// has itself undone at the next boot (SG24-8278 ex. 8-20).
const inittabEntry = "hacmp_lpm"

// parseInittab reads `lsitab hacmp_lpm`: the entry as identifier:level:action:command, or nothing.
func parseInittab(b []byte) (*bool, int, error) {
	unparsed := 0
	for line := range lines(b) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		id, rest, _ := strings.Cut(line, ":")
		if id == inittabEntry && strings.Count(rest, ":") >= 2 {
			return new(true), unparsed, nil
		}
		unparsed++
	}
	if unparsed > 0 {
		return nil, unparsed, notUnderstood(b, "entry of inittab")
	}
	return new(false), 0, nil
}
