package powerha

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// parseTunable reads `clctrl -tune -x NAME` of CAA. It prints the bare value
// (SG24-8278 ex. 8-20); the form `cluster(uuid).NAME = value` of -a is taken
// as well. Where several entities are listed they must agree.
func parseTunable(b []byte, name string) (string, int, error) {
	value, unparsed := "", 0
	for line := range lines(b) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		left, v, named := strings.Cut(line, "=")
		if !named {
			left, v = name, line
		}
		left, v = strings.TrimSpace(left), strings.TrimSpace(v)
		if (left != name && !strings.HasSuffix(left, "."+name)) || v == "" || strings.ContainsAny(v, " \t:") {
			unparsed++
			continue
		}
		if value != "" && v != value {
			return "", unparsed, fmt.Errorf("%s differs within the cluster: %q and %q", name, clip(value), clip(v))
		}
		value = v
	}
	if value == "" {
		return "", unparsed, notUnderstood(b, "value of "+name)
	}
	return value, unparsed, nil
}

// parseTunables reads `clctrl -tune -a`: `cluster(uuid).NAME = value` lines (SG24-8278 ex. 4-1). Where several entities
// are listed with values that differ, the tunable is left out and counted as not understood: then the list is not whole.
func parseTunables(b []byte) (map[string]string, int, error) {
	out, differ, unparsed := make(map[string]string), make(map[string]bool), 0
	for line := range lines(b) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		left, value, ok := strings.Cut(line, "=")
		left, value = strings.TrimSpace(left), clip(value)
		name := left[strings.LastIndexByte(left, '.')+1:]
		if !ok || !isName(name) || value == "" || strings.Contains(value, " ") {
			unparsed++
			continue
		}
		if was, ok := out[name]; ok && was != value {
			differ[name] = true
		}
		out[name] = value
	}
	for name := range differ {
		delete(out, name)
	}
	unparsed += len(differ)
	if len(out) == 0 {
		return nil, unparsed, notUnderstood(b, "tunable with one value")
	}
	return out, unparsed, nil
}

// parseNodeTimeout reads CAA's node_timeout, which is in milliseconds.
func parseNodeTimeout(b []byte) (time.Duration, int, error) {
	v, unparsed, err := parseTunable(b, "node_timeout")
	if err != nil {
		return 0, unparsed, err
	}
	ms, ok := number(v)
	if !ok || ms == 0 {
		return 0, unparsed, fmt.Errorf("node_timeout is %q, not a number of milliseconds", clip(v))
	}
	return time.Duration(ms) * time.Millisecond, unparsed, nil
}

// errDeadmanMode: CAA's deadman_mode is neither of its two values.
var errDeadmanMode = errors.New(`neither "a" (assert) nor "e" (event)`)

// parseDeadmanMode reads CAA's deadman_mode: "a" for assert, "e" for event.
func parseDeadmanMode(b []byte) (string, int, error) {
	v, unparsed, err := parseTunable(b, "deadman_mode")
	if err != nil {
		return "", unparsed, err
	}
	switch v {
	case "a", "assert":
		return "a", unparsed, nil
	case "e", "event":
		return "e", unparsed, nil
	}
	return "", unparsed, fmt.Errorf("deadman_mode is %q: %w", clip(v), errDeadmanMode)
}
