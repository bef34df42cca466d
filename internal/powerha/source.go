package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// question is the one command that answers a source.
type question struct {
	tool  string
	args  []string
	parse func(r *model.Reading, stdout []byte) (unparsed int, err error)
	hint  string // what to look at when it fails
	// emptyOnExit is the exit status with which the command says, silently, that there is nothing; 0 for none.
	emptyOnExit int
}

// The hints that several questions share.
const (
	hintServices = "check that cluster services run: lssrc -ls clstrmgrES"
	hintCAA      = "check that CAA runs: lscluster -m"
	hintRights   = "check the rights of this user"
)

// questionOf returns the question for a source.
func questionOf(s model.Source) (question, bool) {
	switch s {
	case model.SourceCluster:
		return ask(parseCluster, func(r *model.Reading) **model.Cluster { return &r.Cluster },
			"check that the cluster is configured", "clmgr", "query", "cluster"), true
	case model.SourceNodes:
		return ask(parseNodes, func(r *model.Reading) *[]model.Node { return &r.Nodes },
			"check that the cluster is configured", "clmgr", "-cv", "-a", "name,state,raw_state", "query", "node"), true
	case model.SourceMonitors:
		return ask(parseMonitors, func(r *model.Reading) *[]model.Monitor { return &r.Monitors },
			"check that the cluster is configured", "clmgr", "-v", "query", "application_monitor"), true
	case model.SourceGroups:
		return ask(parseGroups, func(r *model.Reading) *[]model.GroupRow { return &r.Groups },
			hintServices, "clRGinfo", "-s"), true
	case model.SourceManager:
		return ask(parseManager, func(r *model.Reading) **model.Manager { return &r.Manager },
			"check that PowerHA is installed: lssrc -s clstrmgrES", "lssrc", "-ls", "clstrmgrES"), true
	case model.SourceGroupServices:
		q := question{tool: "lssrc", args: []string{"-ls", "cthags"}, hint: "check that Group Services run: lssrc -s cthags"}
		q.parse = func(r *model.Reading, b []byte) (n int, err error) {
			if r.DeadManSwitch, n, err = parseGroupServices(b); err == nil {
				r.ClientKill = parseClientKill(b)
			}
			return n, err
		}
		return q, true
	case model.SourceSubsystems:
		return ask(parseSubsystems, func(r *model.Reading) *[]model.Subsystem { return &r.Subsystems },
			"check that PowerHA is installed: lssrc -g cluster", "lssrc", "-g", "cluster"), true
	default:
		return systemQuestion(s)
	}
}

// systemQuestion returns the questions put to CAA and AIX.
func systemQuestion(s model.Source) (question, bool) {
	switch s {
	case model.SourceNodeTimeout:
		q := question{tool: "clctrl", args: []string{"-tune", "-x", "node_timeout"}, hint: hintCAA}
		q.parse = func(r *model.Reading, b []byte) (n int, err error) {
			r.NodeTimeout, n, err = parseNodeTimeout(b)
			return n, err
		}
		return q, true
	case model.SourceDeadmanMode:
		q := question{tool: "clctrl", args: []string{"-tune", "-x", "deadman_mode"}, hint: hintCAA}
		q.parse = func(r *model.Reading, b []byte) (n int, err error) {
			r.DeadmanMode, n, err = parseDeadmanMode(b)
			return n, err
		}
		return q, true
	case model.SourceTunables:
		return ask(parseTunables, func(r *model.Reading) *map[string]string { return &r.Tunables }, hintCAA, "clctrl", "-tune", "-a"), true
	case model.SourceMembers:
		return ask(parseMembers, func(r *model.Reading) *[]model.Member { return &r.Members },
			"check that CAA runs: clmgr query cluster", "lscluster", "-m"), true
	case model.SourceInittab:
		q := ask(parseInittab, func(r *model.Reading) **bool { return &r.Inittab }, hintRights, "lsitab", inittabEntry)
		q.emptyOnExit = 1
		return q, true
	case model.SourceErrlog:
		return ask(parseErrlog, func(r *model.Reading) *[]model.ErrlogEntry { return &r.Errlog }, hintRights,
			"errpt", "-a", "-J", "CLIENT_PMIG_STARTED,CLIENT_PMIG_DONE,CLIENT_PMIG_ABORTED"), true
	case model.SourceFaults:
		return ask(parseErrlog, func(r *model.Reading) *[]model.ErrlogEntry { return &r.Errlog }, hintRights,
			"errpt", "-a", "-j", strings.Join(faultIDs(), ",")), true
	case model.SourceProcesses:
		return ask(parseProcesses, func(r *model.Reading) *[]model.Process { return &r.Processes },
			hintRights, "ps", "-e", "-o", "pid,args"), true
	case model.SourceServer:
		return ask(parseServer, func(r *model.Reading) **model.Server { return &r.Server },
			hintRights, "lsattr", "-El", "sys0", "-a", "systemid", "-a", "modelname"), true
	case model.SourceScripts:
		return ask(parseScripts, func(r *model.Reading) *[]model.DRScriptInfo { return &r.Scripts },
			hintRights, "drmgr", "-l"), true
	default:
		return question{}, false
	}
}

// Command names the command that answers a source as it would be typed, without its path; "" for an unknown source.
func Command(s model.Source) string {
	q, ok := questionOf(s)
	if !ok {
		return ""
	}
	return q.String()
}

// faultIDs are the identifiers of errpt entries that tell of a fault of the node or the cluster (<sys/errids.h> of AIX;
// SG24-8278 ex. 2-1). Identifiers and not labels, because errpt may refuse labels that its level does not have.
func faultIDs() []string {
	return []string{
		"BC3BE5A3", // SRC_SVKO: a subsystem ended abnormally
		"225E3B63", // KERNEL_PANIC
		"358D0A3E", // DOUBLE_PANIC
		"1104AA28", // SYS_RESET
		"67145A39", // DUMP_STATS
		"2BFA76F6", // REBOOT_ID
		"69350832", // REBOOT_ID of AIX 7.2
		"DD42A684", // DR_SCRIPT_MSG
		"2DA324CB", // DR_APPS_ERR
		"AB59ABFF", // LVM_GS_RLEAVE
		"C84C68D4", // LVM_GS_LLEAVE
		"CAD234BE", // LVM_SA_QUORCLOSE
	}
}

// ask makes a question whose parser fills one field of the reading.
func ask[T any](parse func([]byte) (T, int, error), field func(*model.Reading) *T, hint, tool string, args ...string) question {
	return question{
		tool: tool, args: args, hint: hint,
		parse: func(r *model.Reading, stdout []byte) (int, error) {
			v, unparsed, err := parse(stdout)
			if err != nil {
				return unparsed, err
			}
			*field(r) = v
			return unparsed, nil
		},
	}
}
