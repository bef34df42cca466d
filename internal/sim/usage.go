package sim

// usageText is what a tool says to arguments that it does not take.
func usageText(tool string) string {
	switch tool {
	case "clRGinfo", "clfindres":
		return "Usage: " + tool + " [-h] [-v] [-s|-c] [-t] [-p] [-a] [-m] [-i] [resgroup1] [resgroup2] ...\n"
	case "lssrc":
		return "Usage: lssrc [-h host] {-a | -g group | [-l] -s subsystem}\n"
	case "lscluster":
		return "Usage: lscluster -i [-n] | -s | -m | -d | -c | -g\n"
	case "clctrl":
		return "Usage: clctrl -tune [-n name | -u UUID] {-a | -L [tunable] | -x [tunable] | -o tunable=value}\n"
	case "clodmget":
		return "usage: clodmget [-n] [-q criteria] -f field class\n"
	case "odmget":
		return "Usage: odmget [-q criteria] className\n"
	case "lsitab":
		return "Usage: lsitab {-a | Identifier}\n"
	case "mkitab":
		return "Usage: mkitab [-i Identifier] Identifier:RunLevel:Action:Command\n"
	case "errpt":
		return "Usage: errpt [-a|-A] [-c] [-d errclasslist] [-e enddate] [-j errids] [-J errlabels] [-k errids] [-K errlabels] [-l seqnos] [-N resources] [-s startdate] [-T errtypelist]\n"
	case "errlogger":
		return "Usage: errlogger Message\n"
	case "lsattr":
		return "Usage: lsattr -El Name [-a Attribute]...\n"
	case "lparstat":
		return "Usage: lparstat { -i | [-h] [-H] [Interval [Count]] }\n"
	case "ps":
		return "Usage: ps [-AMNaedfklm] [-n namelist] [-F Format] [-o specifier[=header],...] [-p proclist][-G|-g grouplist] [-t termlist] [-U|-u userlist]\n"
	case "drmgr":
		return "Usage: drmgr { -i script_name [-w minutes] [-f] | -u script_name } [-D hostname]\n       drmgr { -b | -R base_directory_path | -S syslog_chan_id_str | -l }\n"
	case "hmc":
		return "Usage: lssyscfg -r {sys | lpar} [-m managed-system] [--filter lpar_names=name] [-F [attribute,...]] [--header]\n"
	case "clcmd":
		return "Usage: clcmd [-n cluster] [-m nodelist] command [args]\n"
	case "clruncmd":
		return "Usage: clruncmd nodename\n"
	case "clmgr":
		return "clmgr {[-c|-x]} [-S] [-v] [-f] [-a <ATTR>[,<ATTR>...]] <ACTION> <CLASS> [<NAME>] [<ATTR>=<VALUE> ...]\n"
	case "listdms", "stopdms", "startdms", "hags_disable_client_kill", "hags_enable_client_kill":
		return "usage: " + tool + " -s subsystem\n"
	}
	return "Usage: " + tool + " [-h]\n"
}

// misuse answers arguments that a tool does not take.
func misuse(tool string) result { return result{err: usageText(tool), exit: 1} }
