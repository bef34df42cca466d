package powerha

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// tunable is one value of a tunable of CAA, of the cluster or of a node.
type tunable struct {
	at          line
	name, value string
}

// tunables reads what clctrl -tune prints of tunables, in any of its forms:
//
//	cluster(uuid).NAME = value                 -a, and NAME = value
//	NAME,default,…,cluster(uuid),value         -x: commas, the entity before its value (clctrl(1))
//	NAME default …                             -L: the entity and its value below (SG24-8278 ch. 8)
//	     cluster(uuid)  value
//	value                                      -x as SG24-8278 ex. 8-20 shows it, or behind its name
//
// The last needs the name that was asked for; "" when all were.
func tunables(in *input, asked string) []tunable {
	var out []tunable
	name, at := "", line{} // of the paragraph of -L
	var told bool
	flush := func() {
		if name != "" && !told {
			in.reject(at, "expected cluster(uuid) and its value below it")
		}
		name, told = "", false
	}
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		f := strings.Fields(text)
		switch {
		case text == "" || isRule(text) || text == "...":
		case f[0] == "NAME" || strings.HasPrefix(f[0], "ENTITY_NAME"):
		case len(f) == 2 && isEntity(f[0]) && name != "":
			out, told = appendTunable(in, out, l, name, f[1]), true
		case strings.Contains(text, "="):
			left, value, _ := strings.Cut(text, "=")
			left = strings.TrimSpace(left)
			out = appendTunable(in, out, l, left[strings.LastIndexByte(left, '.')+1:], strings.TrimSpace(value))
		case strings.Contains(text, ","):
			out = commaTunable(in, out, l, strings.Split(text, ","))
		case asked != "" && len(f) == 2 && f[0] == asked:
			out = appendTunable(in, out, l, asked, f[1])
		case len(f) >= 3 && isName(f[0]) && !strings.Contains(text, ":"):
			flush()
			name, at = f[0], l
		case asked != "" && len(f) == 1:
			out = appendTunable(in, out, l, asked, text)
		default:
			in.reject(l, "expected a tunable and its value")
		}
	}
	flush()
	return out
}

// appendTunable takes a value as it is or not at all: one that has to be made printable first would be another one.
func appendTunable(in *input, out []tunable, l line, name, value string) []tunable {
	if !isName(name) || value == "" || !isClean(value) || len(value) > maxRaw || strings.ContainsAny(value, " \t:,") {
		in.reject(l, "expected cluster(uuid).NAME = value")
		return out
	}
	return append(out, tunable{l, name, value})
}

// commaTunable reads a row of -x. Which of its figures is the one in force is told by the entity before it: without one
// the row is not understood.
func commaTunable(in *input, out []tunable, l line, f []string) []tunable {
	for i := range f {
		f[i] = strings.Trim(f[i], " \t\"")
	}
	for i := 1; i < len(f)-1; i++ {
		if isEntity(f[i]) {
			return appendTunable(in, out, l, f[0], f[i+1])
		}
	}
	in.reject(l, "expected cluster(uuid) and a value after it")
	return out
}

// isEntity: NAME(UUID) of a cluster or a node.
func isEntity(s string) bool {
	name, uuid, ok := strings.Cut(s, "(")
	return ok && isName(name) && strings.HasSuffix(uuid, ")") && strings.Trim(uuid, "0123456789abcdefABCDEF-)") == "" && len(uuid) > 8
}

// parseTunable reads `clctrl -tune -x NAME` of CAA. Where several entities are listed they must agree.
func parseTunable(in *input, name string) (string, error) {
	value := ""
	for _, t := range tunables(in, name) {
		if t.name != name {
			in.reject(t.at, "expected a value of "+name)
			continue
		}
		if value != "" && t.value != value {
			return "", fmt.Errorf("%s differs within the cluster: %q and %q", name, value, t.value)
		}
		value = t.value
	}
	if value == "" {
		return "", in.notUnderstood("value of " + name)
	}
	return value, nil
}

// parseTunables reads `clctrl -tune -a` (SG24-8278 ex. 4-1), or -L or -x without a name. Where several entities
// are listed with values that differ, the tunable is left out and counted as not understood: then the list is not whole.
func parseTunables(in *input) (map[string]string, error) {
	out, differ := make(map[string]string), make(map[string]bool)
	for _, t := range tunables(in, "") {
		if was, ok := out[t.name]; ok && was != t.value && !differ[t.name] {
			differ[t.name] = true
			in.reject(t.at, "the tunable differs within the cluster: no value counts")
		}
		out[t.name] = t.value
	}
	for name := range differ {
		delete(out, name)
	}
	if len(out) == 0 {
		return nil, in.notUnderstood("tunable with one value")
	}
	if _, ok := out["node_timeout"]; !ok && !differ["node_timeout"] {
		in.rejectValue("", "expected node_timeout among the tunables: every level has it")
	}
	return out, nil
}

// parseNodeTimeout reads CAA's node_timeout, which is in milliseconds.
func parseNodeTimeout(in *input) (time.Duration, error) {
	v, err := parseTunable(in, "node_timeout")
	if err != nil {
		return 0, err
	}
	ms, ok := number(v)
	if !ok || ms == 0 {
		return 0, fmt.Errorf("node_timeout is %q, not a number of milliseconds", clip(v))
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// errDeadmanMode: CAA's deadman_mode is neither of its two values.
var errDeadmanMode = errors.New(`neither "a" (assert) nor "e" (event)`)

// parseDeadmanMode reads CAA's deadman_mode: "a" for assert, "e" for event.
func parseDeadmanMode(in *input) (string, error) {
	v, err := parseTunable(in, "deadman_mode")
	if err != nil {
		return "", err
	}
	switch v {
	case "a", "assert":
		return "a", nil
	case "e", "event":
		return "e", nil
	}
	return "", fmt.Errorf("deadman_mode is %q: %w", clip(v), errDeadmanMode)
}
