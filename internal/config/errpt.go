package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// errptWord is a label or an identifier of the error log, and may demand a resource.
var errptWord = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}(@[A-Za-z0-9_.-]{1,64})?$`)

// Kind is what an entry tells, "" for nothing. Identifiers are hashes of a template and change between levels of AIX, so
// the label comes first; where neither is known, the resource and the description do. An Errpt that is empty stands for
// the names that AIX gives.
func (e Errpt) Kind(entry model.ErrlogEntry) model.EventKind {
	if e.Started == nil && e.Done == nil && e.Aborted == nil {
		e = Default().Migration.Errpt
	}
	for _, set := range []struct {
		words []string
		kind  model.EventKind
	}{{e.Started, model.EventStarted}, {e.Done, model.EventDone}, {e.Aborted, model.EventAborted}} {
		if slices.ContainsFunc(set.words, func(w string) bool { return isNamed(w, entry) }) {
			return set.kind
		}
	}
	return described(entry)
}

// isNamed reports whether the word of the configuration names the entry.
func isNamed(word string, e model.ErrlogEntry) bool {
	name, resource, demanded := strings.Cut(word, "@")
	return (name == e.Label || e.ID != "" && strings.EqualFold(name, e.ID)) && (!demanded || resource == e.Resource)
}

// described reads the text of an entry of resource pmig, as AIX words it in the C locale.
func described(e model.ErrlogEntry) model.EventKind {
	words := strings.Fields(e.Description)
	if e.Resource != "pmig" || len(words) == 0 {
		return ""
	}
	switch words[len(words)-1] {
	case "Started":
		return model.EventStarted
	case "Completed":
		return model.EventDone
	case "Aborted":
		return model.EventAborted
	default:
		return ""
	}
}

// errpt looks for words that are none, and for one that would tell two things.
func (v *validator) errpt(e Errpt) {
	seen := make(map[string]string)
	for _, set := range []struct {
		key   string
		words []string
	}{{"started", e.Started}, {"done", e.Done}, {"aborted", e.Aborted}} {
		if set.key != "aborted" && len(set.words) == 0 {
			v.say("migration.errpt."+set.key, "is empty; leave the key out for the names that AIX gives, or take errpt out of migration.witnesses")
		}
		for i, w := range set.words {
			key := fmt.Sprintf("migration.errpt.%s[%d]", set.key, i)
			if !errptWord.MatchString(w) {
				v.say(key, "%q is no label or identifier of errpt, with @ and a resource behind it if need be", w)
			}
			if first, ok := seen[w]; ok {
				v.say(key, "%q stands in %s already; an entry tells one thing", w, first)
			}
			seen[w] = "migration.errpt." + set.key
		}
	}
}

// Resources lists the resources by which the error log has to be asked for these entries; nil when they are AIX's own,
// which are asked for by label.
func (e Errpt) Resources() []string {
	own := Default().Migration.Errpt
	if slices.Equal(e.Started, own.Started) && slices.Equal(e.Done, own.Done) && slices.Equal(e.Aborted, own.Aborted) {
		return nil
	}
	var out []string
	for _, w := range slices.Concat(e.Started, e.Done, e.Aborted) {
		if _, resource, ok := strings.Cut(w, "@"); ok {
			out = append(out, resource)
		} else {
			out = append(out, "pmig") // as AIX has it
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
