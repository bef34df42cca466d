package powerha

import (
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// question is the one command that answers a source.
type question struct {
	tool  string
	args  []string
	parse func(r *model.Reading, in *input) error
	hint  string // what to look at when it fails
	// emptyOnExit is the exit status with which the command says, silently, that there is nothing; 0 for none.
	emptyOnExit int
	// everyNode: the answer is the same from every node, so that clcmd's answers of several may be read as one.
	everyNode bool
}

// The hints that several questions share.
const (
	hintServices  = "check that cluster services run: lssrc -ls clstrmgrES"
	hintConfig    = "check that the cluster is configured"
	hintInstalled = "check that PowerHA is installed: lssrc -s clstrmgrES"
	hintCAA       = "check that CAA runs: lscluster -m"
	hintRights    = "check the rights of this user"
)

// pmigLabels select the entries about migrations of the error log.
const pmigLabels = "CLIENT_PMIG_STARTED,CLIENT_PMIG_DONE,CLIENT_PMIG_ABORTED"

// Sources lists every source, in two parts: those that decisions hang on, and those that only inform or that witness a
// fact a second time.
func Sources() (deciding, informing []model.Source) {
	deciding = []model.Source{
		model.SourceCluster, model.SourceNodes, model.SourceGroups, model.SourceManager, model.SourceMembers,
		model.SourceNodeTimeout, model.SourceDeadmanMode, model.SourceTunables, model.SourceGroupServices,
		model.SourceInittab, model.SourceErrlog, model.SourceMonitors, model.SourceSubsystems, model.SourceProcesses,
		model.SourceServer, model.SourceScripts,
	}
	informing = []model.Source{
		model.SourceFaults, model.SourceOwners, model.SourceGroupAttrs, model.SourceGroupPolicies,
		model.SourceGroupMonitors, model.SourceOverrides, model.SourceGroupNames, model.SourceServices,
		model.SourceTopology, model.SourceInterfaces, model.SourceCAA, model.SourceCAACounters,
		model.SourceErrlogSummary, model.SourcePartition, model.SourceSwitch, model.SourcePolicyODM,
		model.SourceTimeoutODM,
	}
	return deciding, informing
}

// Tool is the short name of the command that answers a source, as in cluster.commands and the label command; the source's
// own name for an unknown one.
func Tool(s model.Source) string {
	if q, ok := questionOf(s); ok {
		return q.tool
	}
	return string(s)
}

// Command names the command that answers a source as it would be typed, without its path; "" for an unknown source.
func Command(s model.Source) string {
	if q, ok := questionOf(s); ok {
		return q.String()
	}
	return ""
}

// questionOf returns the question for a source.
func questionOf(s model.Source) (question, bool) {
	for _, of := range [...]func(model.Source) (question, bool){clusterQuestion, caaQuestion, systemQuestion, groupWitness, otherWitness} {
		if q, ok := of(s); ok {
			return q, true
		}
	}
	return question{}, false
}

// clusterQuestion returns the questions put to PowerHA and Group Services.
func clusterQuestion(s model.Source) (question, bool) {
	switch s {
	case model.SourceCluster:
		return ask(parseCluster, func(r *model.Reading) **model.Cluster { return &r.Cluster },
			hintConfig, "clmgr", "query", "cluster"), true
	case model.SourceNodes:
		return ask(parseNodes, func(r *model.Reading) *[]model.Node { return &r.Nodes },
			hintConfig, "clmgr", "-cv", "-a", "name,state,raw_state", "query", "node"), true
	case model.SourceMonitors:
		return ask(parseMonitors, func(r *model.Reading) *[]model.Monitor { return &r.Monitors },
			hintConfig, "clmgr", "-v", "query", "application_monitor"), true
	case model.SourceGroups:
		return ask(parseGroups, func(r *model.Reading) *[]model.GroupRow { return &r.Groups },
			hintServices, "clRGinfo", "-s").fromEveryNode(), true
	case model.SourceManager:
		return ask(parseManager, func(r *model.Reading) **model.Manager { return &r.Manager },
			hintInstalled, "lssrc", "-ls", "clstrmgrES"), true
	case model.SourceGroupServices:
		return question{
			tool: "lssrc", args: []string{"-ls", "cthags"}, hint: "check that Group Services run: lssrc -s cthags",
			parse: func(r *model.Reading, in *input) (err error) {
				if r.DeadManSwitch, err = parseGroupServices(in); err == nil {
					r.ClientKill = parseClientKill(in)
				}
				return err
			},
		}, true
	case model.SourceSubsystems:
		return ask(parseSubsystems, func(r *model.Reading) *[]model.Subsystem { return &r.Subsystems },
			"check that PowerHA is installed: lssrc -g cluster", "lssrc", "-g", "cluster"), true
	default:
		return question{}, false
	}
}

// caaQuestion returns the questions put to CAA.
func caaQuestion(s model.Source) (question, bool) {
	switch s {
	case model.SourceNodeTimeout:
		return ask(parseNodeTimeout, func(r *model.Reading) *time.Duration { return &r.NodeTimeout },
			hintCAA, "clctrl", "-tune", "-x", "node_timeout"), true
	case model.SourceDeadmanMode:
		return ask(parseDeadmanMode, func(r *model.Reading) *string { return &r.DeadmanMode },
			hintCAA, "clctrl", "-tune", "-x", "deadman_mode"), true
	case model.SourceTunables:
		return ask(parseTunables, func(r *model.Reading) *map[string]string { return &r.Tunables },
			hintCAA, "clctrl", "-tune", "-a"), true
	case model.SourceMembers:
		return ask(parseMembers, func(r *model.Reading) *[]model.Member { return &r.Members },
			"check that CAA runs: clmgr query cluster", "lscluster", "-m"), true
	default:
		return question{}, false
	}
}

// systemQuestion returns the questions put to AIX.
func systemQuestion(s model.Source) (question, bool) {
	switch s {
	case model.SourceInittab:
		q := ask(parseInittab, func(r *model.Reading) **bool { return &r.Inittab }, hintRights, "lsitab", inittabEntry)
		q.emptyOnExit = 1
		return q, true
	case model.SourceErrlog:
		return ask(parseErrlog, func(r *model.Reading) *[]model.ErrlogEntry { return &r.Errlog }, hintRights,
			"errpt", "-a", "-J", pmigLabels), true
	case model.SourceFaults:
		return ask(parseErrlog, func(r *model.Reading) *[]model.ErrlogEntry { return &r.Errlog }, hintRights,
			"errpt", "-a", "-j", strings.Join(faultIDs(), ",")), true
	case model.SourceProcesses:
		return ask(parseProcesses, func(r *model.Reading) *[]model.Process { return &r.Processes },
			hintRights, "ps", "-e", "-o", "pid,args"), true
	case model.SourceOwners:
		return ask(parseOwners, func(r *model.Reading) *[]model.Process { return &r.Processes },
			hintRights, "ps", "-e", "-o", "pid,user,comm"), true
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
func ask[T any](parse func(*input) (T, error), field func(*model.Reading) *T, hint, tool string, args ...string) question {
	return question{
		tool: tool, args: args, hint: hint,
		parse: func(r *model.Reading, in *input) error {
			v, err := parse(in)
			if err != nil {
				return err
			}
			*field(r) = v
			return nil
		},
	}
}

func (q question) fromEveryNode() question {
	q.everyNode = true
	return q
}
