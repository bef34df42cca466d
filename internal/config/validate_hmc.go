package config

import (
	"fmt"
	"strings"
)

// hmc looks at how HMCs are asked. Names go into the command line of an HMC as they are, so they are words.
func (v *validator) hmc(h HMC) {
	for _, name := range sorted(h.Commands) {
		key := "hmc.commands." + name
		if argv := h.Commands[name]; len(argv) == 0 {
			v.say(key, "is empty; write what goes before a command of the HMC: [/usr/bin/ssh, -o, BatchMode=yes, -i, /path/to/key, user@%s]", name)
		} else {
			v.argv(key, argv)
		}
		v.name("hmc.commands", name)
	}
	switch {
	case len(h.Commands) == 0 && (h.Partition != "" || len(h.Systems) > 0):
		v.say("hmc", "names a partition or managed systems, but no HMC to ask; add hmc.commands, or remove it")
	case len(h.Commands) > 0 && h.Partition == "":
		v.say("hmc.partition", "is missing; write the name of this node's partition as the HMC lists it (AIX: lparstat -i, Partition Name)")
	}
	if h.Partition != "" {
		v.hmcName("hmc.partition", h.Partition)
	}
	for i, s := range h.Systems {
		v.hmcName(fmt.Sprintf("hmc.systems[%d]", i), s)
	}
	v.positive("hmc.interval", h.Interval)
	v.positive("hmc.timeout", h.Timeout)
}

func (v *validator) hmcName(key, s string) {
	if s == "" || len(s) > 64 || s[0] == '-' || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+:@") != "" {
		v.say(key, "%q cannot stand unquoted in a command line of the HMC; letters, digits and _-.+:@ can: rename it there", s)
	}
}
