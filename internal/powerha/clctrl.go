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
func parseTunable(in *input, name string) (string, error) {
	value := ""
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if text == "" {
			continue
		}
		left, v, named := strings.Cut(text, "=")
		if !named {
			left, v = name, text
		}
		left, v = strings.TrimSpace(left), strings.TrimSpace(v)
		if (left != name && !strings.HasSuffix(left, "."+name)) || v == "" || strings.ContainsAny(v, " \t:") {
			in.reject(l, "expected a value of "+name)
			continue
		}
		if value != "" && v != value {
			return "", fmt.Errorf("%s differs within the cluster: %q and %q", name, clip(value), clip(v))
		}
		value = v
	}
	if value == "" {
		return "", in.notUnderstood("value of " + name)
	}
	return value, nil
}

// parseTunables reads `clctrl -tune -a`: `cluster(uuid).NAME = value` lines (SG24-8278 ex. 4-1). Where several entities
// are listed with values that differ, the tunable is left out and counted as not understood: then the list is not whole.
func parseTunables(in *input) (map[string]string, error) {
	out, differ := make(map[string]string), make(map[string]bool)
	for l := range in.lines() {
		if strings.TrimSpace(l.text) == "" {
			continue
		}
		left, value, ok := strings.Cut(l.text, "=")
		left, value = strings.TrimSpace(left), clip(value)
		name := left[strings.LastIndexByte(left, '.')+1:]
		if !ok || !isName(name) || value == "" || strings.Contains(value, " ") {
			in.reject(l, "expected cluster(uuid).NAME = value")
			continue
		}
		if was, ok := out[name]; ok && was != value && !differ[name] {
			differ[name] = true
			in.reject(l, "the tunable differs within the cluster: no value counts")
		}
		out[name] = value
	}
	for name := range differ {
		delete(out, name)
	}
	if len(out) == 0 {
		return nil, in.notUnderstood("tunable with one value")
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
