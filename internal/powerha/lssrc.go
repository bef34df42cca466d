package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseManager reads `lssrc -ls clstrmgrES`, PowerHA 7 (SG24-8278 ex. 5-12,
// 8-2): free text with some lines of known beginnings; the others are passed over. A node that was stopped
// with unmanage stays ST_STABLE.
func parseManager(in *input) (*model.Manager, error) {
	m := model.Manager{State: model.ManagerUnknown}
	found, first := false, true
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if text == "" {
			continue
		}
		v, ok := strings.CutPrefix(text, "Current state:")
		if first && !ok {
			if v, ok = stateByKeyword(text); ok { // the other lines have no keywords
				in.reject(l, "expected Current state: … and English below it; LC_ALL=C is not obeyed")
			}
		}
		first = false
		if ok {
			found = managerTold(&m, in, l, v, found)
		} else {
			managerLine(&m, in, l, text)
		}
	}
	if !found {
		return nil, in.notUnderstood(`line "Current state:"`)
	}
	return &m, nil
}

// stateByKeyword reads the state from the first line whatever its label is called: names of states are not translated.
func stateByKeyword(text string) (string, bool) {
	_, v, ok := strings.Cut(text, ":")
	if v = strings.TrimSpace(v); !ok || managerState(v) == model.ManagerUnknown {
		return "", false
	}
	return v, strings.HasPrefix(v, "ST_") || v == "NOT_CONFIGURED"
}

// managerLine takes in what a line other than the state tells, if anything.
func managerLine(m *model.Manager, in *input, l line, text string) {
	if v, ok := strings.CutPrefix(text, "CLversion:"); ok {
		if m.CLVersion, ok = number(v); !ok {
			in.reject(l, "expected a number")
		}
	} else if v, ok := strings.CutPrefix(text, "local node vrmf is"); ok {
		if v = unquote(v); v == "" || strings.Trim(v, "0123456789") != "" {
			in.reject(l, "expected version, release, modification and fix as digits")
			return
		}
		m.VRMF = clip(v)
	} else if v, ok := strings.CutPrefix(text, "Forced down node list:"); ok {
		m.ForcedDown = nameList(v)
	} else if v, ok := strings.CutPrefix(text, "Last event run was"); ok {
		v, _, _ = strings.Cut(v, " on node")
		m.LastEvent = clip(v)
	} else if n, bad := queuedEvents(text); bad {
		in.reject(l, "expected a number of events")
	} else {
		m.QueuedEvents += n
	}
}

// maxEvents keeps a sum of a few queues sane, whatever they print.
const maxEvents = 1 << 20

// queuedEvents reads "There are N events on the Ibcast queue"; 0 for any other line.
func queuedEvents(text string) (n int, bad bool) {
	if !strings.HasPrefix(text, "There ") {
		return 0, false
	}
	f := strings.Fields(text)
	if len(f) < 6 || !strings.HasPrefix(f[3], "event") || f[len(f)-1] != "queue" {
		return 0, false
	}
	n, ok := number(f[2])
	return min(n, maxEvents), !ok
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

// parseGroupServices reads `lssrc -ls cthags` or `listdms -s cthags` (SG24-8278 ex. 8-4, 8-8):
// whether the dead man switch of Group Services is on.
func parseGroupServices(in *input) (*bool, error) {
	for l := range in.lines() {
		rest, ok := strings.CutPrefix(strings.TrimSpace(l.text), "Dead Man Switch")
		if !ok {
			continue
		}
		switch word := strings.Trim(rest, " \t:."); word {
		case "Enabled":
			return new(true), nil
		case "Disabled":
			return new(false), nil
		default:
			in.reject(l, "expected Enabled or Disabled")
			in.unknown("dead man switch", word)
		}
	}
	return nil, in.notUnderstood(`line "Dead Man Switch"`)
}

// parseClientKill reads what `lssrc -ls cthags` says of critical clients (SG24-8278 ex. 8-4, 8-8): "Critical clients will
// be terminated if unresponsive", or that they "will not be … even if" so. It is nil where neither line stands.
func parseClientKill(in *input) *bool {
	for l := range in.lines() {
		switch words := strings.Join(strings.Fields(l.text), " "); {
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
func parseSubsystems(in *input) ([]model.Subsystem, error) {
	var out []model.Subsystem
	heading := false
	for l := range in.lines() {
		f := strings.Fields(l.text)
		switch {
		case len(f) == 0:
			continue
		case isSubsystemHeading(f):
			heading = true
			continue
		case !heading:
			in.reject(l, "expected the heading Subsystem … Status first")
			continue
		}
		out = appendSubsystem(in, out, l, f)
	}
	if !heading {
		return nil, in.notUnderstood("table of subsystems")
	}
	return out, nil
}

func isSubsystemHeading(f []string) bool { return f[0] == "Subsystem" && f[len(f)-1] == "Status" }

// appendSubsystem takes a row in. One whose status is not known is left out: it is neither active nor inoperative.
func appendSubsystem(in *input, out []model.Subsystem, l line, f []string) []model.Subsystem {
	s, status, ok := subsystem(f)
	switch status {
	case "active":
		s.Active = true
	case "inoperative", "stopping", "warned, not found", "warned": // lssrc(1) of AIX
	default:
		if ok {
			in.unknown("subsystem status", status)
		}
		ok = false
	}
	if !ok {
		in.reject(l, "expected a subsystem, its group, pid and status")
		return out
	}
	return append(out, s)
}

// subsystem reads a row, with its status as printed.
func subsystem(f []string) (s model.Subsystem, status string, ok bool) {
	if len(f) < 2 || !isName(f[0]) {
		return s, "", false
	}
	s.Name = f[0]
	rest := f[1:]
	if _, isPID := number(rest[0]); !isPID && len(rest) > 1 && isName(rest[0]) {
		s.Group, rest = rest[0], rest[1:]
	}
	if pid, ok := number(rest[0]); ok {
		s.PID, rest = pid, rest[1:]
	}
	return s, strings.Join(rest, " "), len(rest) > 0
}
