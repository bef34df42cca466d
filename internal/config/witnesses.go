package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/sigreconfig"
)

// errptWord is a label or an identifier of the error log, and may demand a resource.
var errptWord = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}(@[A-Za-z0-9_.-]{1,64})?$`)

func (v *validator) witnesses(c *Config) {
	m := c.Migration
	for i, w := range m.Witnesses {
		key := fmt.Sprintf("migration.witnesses[%d]", i)
		v.word(key, w, episode.Witnesses()...)
		if slices.Contains(m.Witnesses[:i], w) {
			v.say(key, "%q stands twice; remove one", w)
		}
	}
	if len(m.Witnesses) == 0 {
		v.say("migration.witnesses", "is empty, so no migration would ever be seen; leave the key out to hear all: %s", strings.Join(episode.Witnesses(), ", "))
	}
	if m.Mode == "gated" && len(m.Witnesses) > 0 && !slices.Contains(m.Witnesses, episode.SourceDR) {
		v.say("migration.witnesses", "lacks %s, but migration.mode is gated: the gate confirms the end that the DR script told; add it, or use native", episode.SourceDR)
	}
	var modes []string
	for _, mode := range sigreconfig.Modes() {
		modes = append(modes, string(mode))
	}
	v.word("migration.sigreconfig", m.Sigreconfig, modes...)
	v.errpt(m.Errpt)
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
