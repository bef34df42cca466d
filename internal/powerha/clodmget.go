package powerha

import (
	"fmt"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// odmWitness returns the questions put to PowerHA's own configuration, as its DR script puts them (SG24-8278 ex. 8-20).
// Levels before 7.2 do not have the fields.
func odmWitness(s model.Source) (question, bool) {
	switch s {
	case model.SourcePolicyODM:
		return ask(parsePolicyODM, func(r *model.Reading) *model.Policy { return &r.PolicyODM },
			hintConfig, "clodmget", "-n", "-f", "lpm_policy", "HACMPcluster"), true
	case model.SourceTimeoutODM:
		return ask(parseTimeoutODM, func(r *model.Reading) **time.Duration { return &r.TimeoutODM },
			hintConfig, "clodmget", "-n", "-f", "lpm_node_timeout", "HACMPcluster"), true
	default:
		return question{}, false
	}
}

// parseODM reads one field of one object: `clodmget -n -f FIELD CLASS` prints the bare value, and nothing for one that is
// empty. The form `FIELD = "value"` of odmget(1) is taken as well.
func parseODM(in *input, field string) (string, error) {
	value, found := "", false
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if text == "" || text == "HACMPcluster:" {
			continue
		}
		left, v, named := strings.Cut(text, "=")
		if named {
			if strings.TrimSpace(left) != field {
				continue // another field of the stanza
			}
			text = strings.TrimSpace(v)
		}
		text = unquote(text)
		if strings.ContainsAny(text, " \t:") {
			in.reject(l, "expected a value of "+field)
			continue
		}
		if found && text != value {
			return "", fmt.Errorf("%s has two values: %q and %q", field, clip(value), clip(text))
		}
		value, found = text, true
	}
	if !found && in.r.Lines > 0 {
		return "", in.notUnderstood("value of " + field)
	}
	return value, nil
}

// parsePolicyODM reads lpm_policy, which is in capitals here.
func parsePolicyODM(in *input) (model.Policy, error) {
	v, err := parseODM(in, "lpm_policy")
	if err != nil {
		return "", err
	}
	p := policy(v)
	if p == model.PolicyUnknown {
		in.unknown("LPM policy", v)
	}
	return p, nil
}

// parseTimeoutODM reads lpm_node_timeout, in seconds; 0 while it was never set.
func parseTimeoutODM(in *input) (*time.Duration, error) {
	v, err := parseODM(in, "lpm_node_timeout")
	if err != nil {
		return nil, err
	}
	d, ok := seconds(v)
	if !ok && v != "" {
		return nil, fmt.Errorf("lpm_node_timeout is %q, not a number of seconds", clip(v))
	}
	return &d, nil
}
