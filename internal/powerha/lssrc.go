package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseManager reads `lssrc -ls clstrmgrES`, PowerHA 7 (SG24-8278 ex. 5-12,
// 8-2): free text with some lines of known beginnings. A node that was stopped
// with unmanage stays ST_STABLE.
func parseManager(b []byte) (*model.Manager, int, error) {
	m := model.Manager{State: model.ManagerUnknown}
	found, unparsed := false, 0
	for line := range lines(b) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "Current state:"); ok && !found {
			m.State, found = managerState(v), true
		} else if v, ok := strings.CutPrefix(line, "CLversion:"); ok {
			n, ok := number(v)
			if !ok {
				unparsed++
			}
			m.CLVersion = n
		} else if v, ok := strings.CutPrefix(line, "local node vrmf is"); ok {
			m.VRMF = clip(unquote(v))
		} else if v, ok := strings.CutPrefix(line, "Forced down node list:"); ok {
			m.ForcedDown = nameList(v)
		} else if v, ok := strings.CutPrefix(line, "Last event run was"); ok {
			v, _, _ = strings.Cut(v, " on node")
			m.LastEvent = clip(v)
		} else if n, bad := queuedEvents(line); bad {
			unparsed++
		} else {
			m.QueuedEvents += n
		}
	}
	if !found {
		return nil, unparsed, notUnderstood(b, `line "Current state:"`)
	}
	return &m, unparsed, nil
}

// maxEvents keeps a sum of a few queues sane, whatever they print.
const maxEvents = 1 << 20

// queuedEvents reads "There are N events on the Ibcast queue"; 0 for any other line.
func queuedEvents(line string) (n int, bad bool) {
	f := strings.Fields(line)
	if len(f) < 6 || f[0] != "There" || !strings.HasPrefix(f[3], "event") || f[len(f)-1] != "queue" {
		return 0, false
	}
	n, ok := number(f[2])
	return min(n, maxEvents), !ok
}

// nameList reads names that spaces or commas part.
func nameList(s string) []string {
	var names []string
	for _, n := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
		if isName(n) {
			names = append(names, n)
		}
	}
	return names
}

// managerState maps the state as printed, with or without its prefix.
func managerState(s string) model.ManagerState {
	switch strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "ST_") {
	case "INIT":
		return model.ManagerInit
	case "JOINING":
		return model.ManagerJoining
	case "VOTING":
		return model.ManagerVoting
	case "RP_RUNNING":
		return model.ManagerRPRunning
	case "BARRIER":
		return model.ManagerBarrier
	case "CBARRIER":
		return model.ManagerCBarrier
	case "UNSTABLE":
		return model.ManagerUnstable
	case "STABLE":
		return model.ManagerStable
	case "RP_FAILED":
		return model.ManagerRPFailed
	case "NOT_CONFIGURED":
		return model.ManagerNotConfigured
	}
	return model.ManagerUnknown
}

// parseGroupServices reads `lssrc -ls cthags` (SG24-8278 ex. 8-4, 8-8):
// whether the dead man switch of Group Services is on.
func parseGroupServices(b []byte) (*bool, int, error) {
	for line := range lines(b) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "Dead Man Switch")
		if !ok {
			continue
		}
		switch strings.Trim(rest, " \t:.") {
		case "Enabled":
			return new(true), 0, nil
		case "Disabled":
			return new(false), 0, nil
		}
	}
	return nil, 0, notUnderstood(b, `line "Dead Man Switch"`)
}

// parseClientKill reads what `lssrc -ls cthags` says of critical clients (SG24-8278 ex. 8-4, 8-8): "Critical clients will
// be terminated if unresponsive", or that they "will not be … even if" so. It is nil where neither line stands.
func parseClientKill(b []byte) *bool {
	for line := range lines(b) {
		switch words := strings.Join(strings.Fields(line), " "); {
		case strings.HasPrefix(words, "Critical clients will not be terminated"):
			return new(false)
		case strings.HasPrefix(words, "Critical clients will be terminated"):
			return new(true)
		}
	}
	return nil
}

// parseSubsystems reads the table of `lssrc -g GROUP` or `lssrc -s NAME`. A
// subsystem may have no group, and an inoperative one has no pid, so the
// status is what stands last.
func parseSubsystems(b []byte) ([]model.Subsystem, int, error) {
	var out []model.Subsystem
	heading, unparsed := false, 0
	for line := range lines(b) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
			continue
		case f[0] == "Subsystem" && f[len(f)-1] == "Status":
			heading = true
			continue
		case !heading:
			unparsed++ // a message
			continue
		}
		s, ok := subsystem(f)
		if !ok {
			unparsed++
			continue
		}
		out = append(out, s)
	}
	if !heading {
		return nil, unparsed, notUnderstood(b, "table of subsystems")
	}
	return out, unparsed, nil
}

func subsystem(f []string) (model.Subsystem, bool) {
	if len(f) < 2 || !isName(f[0]) {
		return model.Subsystem{}, false
	}
	s := model.Subsystem{Name: f[0]}
	rest := f[1:]
	if _, isPID := number(rest[0]); !isPID && len(rest) > 1 && isName(rest[0]) {
		s.Group, rest = rest[0], rest[1:]
	}
	if pid, ok := number(rest[0]); ok {
		s.PID, rest = pid, rest[1:]
	}
	if len(rest) == 0 {
		return model.Subsystem{}, false
	}
	s.Active = len(rest) == 1 && rest[0] == "active"
	return s, true
}
