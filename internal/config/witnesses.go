package config

import (
	"fmt"
	"slices"
	"strings"

	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/sigreconfig"
)

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
