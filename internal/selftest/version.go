package selftest

import (
	"fmt"
	"strconv"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// releases are the releases of PowerHA by VERSION_NUMBER, which is CLversion too (SG24-8278 ex. 5-12, 5-24 for the first
// two; the later ones count on).
func releases() map[int]string {
	return map[int]string{
		10: "5.5", 11: "6.1", 12: "7.1.0", 13: "7.1.1", 14: "7.1.2", 15: "7.1.3", 16: "7.2.0", 17: "7.2.1", 18: "7.2.2",
		19: "7.2.3", 20: "7.2.4", 21: "7.2.5", 22: "7.2.6", 23: "7.2.7",
	}
}

// versionOf tells of what version an output is, as far as it says so itself; "" otherwise.
func versionOf(r *model.Reading) string {
	switch {
	case r.Cluster != nil:
		if v := release(r.Cluster.Version); v != "" {
			return v
		}
		return releases()[r.Cluster.VersionNumber]
	case r.Manager != nil:
		if v := ofVRMF(r.Manager.VRMF); v != "" {
			return v
		}
		return releases()[r.Manager.CLVersion]
	case r.Source == model.SourceTunables && r.Tunables["pvm_wdog"] != "":
		return "AIX 7.3 TL1 on" // where CAA has the hypervisor's watchdog
	case r.Source == model.SourceTunables && r.Tunables["network_fdt"] != "":
		return "CAA of 7.2"
	case r.Source == model.SourceErrlog || r.Source == model.SourceErrlogSummary:
		return errlogLevel(r.Errlog)
	default:
		return ""
	}
}

// errlogLevel tells the level of AIX by the identifiers, which changed with 7200-05-04.
func errlogLevel(entries []model.ErrlogEntry) string {
	for _, e := range entries {
		switch e.ID {
		case "F2646817", "159D686C":
			return "AIX 7200-05-04 on"
		case "08917DC6", "A5E6DB96":
			return "AIX before 7200-05-04"
		}
	}
	return ""
}

// release is the first three numbers of a version: 7.2.7 of "7.2.7.0" and of "7.2.7 SP1".
func release(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	parts := strings.Split(s, ".")
	if len(parts) < 2 {
		return ""
	}
	parts = parts[:min(3, len(parts))]
	for _, p := range parts {
		if _, err := strconv.Atoi(p); err != nil {
			return ""
		}
	}
	return strings.Join(parts, ".")
}

// ofVRMF reads four digits: 7134 is 7.1.3 SP4.
func ofVRMF(s string) string {
	if len(s) != 4 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return fmt.Sprintf("%c.%c.%c", s[0], s[1], s[2])
}

// productVersion is that of PowerHA on this node: the manager's own level, which in a mixed cluster is ahead of the
// cluster's.
func productVersion(asked []Asked) string {
	for _, s := range []model.Source{model.SourceManager, model.SourceCluster} {
		for i := range asked {
			if r := &asked[i].Reading; r.Source == s && r.Err == "" {
				if v := versionOf(r); v != "" {
					return v
				}
			}
		}
	}
	return ""
}
