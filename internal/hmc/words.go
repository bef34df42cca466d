package hmc

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// letters makes words comparable between versions and interfaces, which differ
// in case, blanks, hyphens and underscores ("Migrating - Running" of the
// command line, "migrating running" of REST, "Not_Migrating" of REST).
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, s)
}

// state reads STATE of lssyscfg -r lpar (HMC manual pages; the words of
// LogicalPartitionState of the REST schema; op-test and nova-powervm, which
// compare with them). ok is false for a word that is not known.
func state(s string) (st model.LPARState, ok bool) {
	switch w := letters(s); w {
	case "running":
		return model.LPARRunning, true
	case "notactivated":
		return model.LPARNotActivated, true
	case "notavailable":
		return model.LPARNotAvailable, true
	case "openfirmware":
		return model.LPAROpenFirmware, true
	case "starting":
		return model.LPARStarting, true
	case "shuttingdown":
		return model.LPARShuttingDown, true
	case "error":
		return model.LPARError, true
	case "migratingrunning", "migratingnotactivated", "migratingnotactive":
		return model.LPARMigrating, true
	case "suspended", "suspending", "resuming":
		return model.LPARSuspended, true
	}
	return model.LPARUnknown, false
}

// migration reads migration_state of lslparmigr -r lpar. The manual page does
// not list its values; the words are those of the REST interface, of which
// only "not migrating" is told from the others for a decision. A longer form
// of a known word counts as that word.
func migration(s string) (m model.HMCMigration, ok bool) {
	w := letters(s)
	for _, k := range []struct {
		part string
		m    model.HMCMigration
	}{
		{"notmigrating", model.HMCNotMigrating},
		{"recover", model.HMCRecovery},
		{"invalid", model.HMCRecovery}, // "Migration Invalid": as after a failed one, until it is recovered
		{"fail", model.HMCFailed},
		{"abort", model.HMCStopping},
		{"stopp", model.HMCStopping},
		{"cancel", model.HMCStopping},
		{"start", model.HMCStarting},
		{"progress", model.HMCInProgress},
		{"complet", model.HMCComplete},
	} {
		if strings.Contains(w, k.part) {
			return k.m, true
		}
	}
	return model.HMCUnknown, false
}
