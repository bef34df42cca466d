package report

import (
	"fmt"
	"time"
)

// Before is what the commands that put a setting back have to know.
type Before struct {
	Node        string        // on which it is left
	NodeTimeout time.Duration // as it was
}

// Mend returns the commands that put back what PowerHA's own script left behind, as it does itself (SG24-8278 ex. 8-9 and
// 8-14 to 8-17; clctrl(1), rmitab(1) of AIX). They are typed by root on the node in question once that script is done; nil for a
// setting that is not known.
func Mend(what string, b Before) []string {
	switch what {
	case "node_timeout":
		return []string{fmt.Sprintf("/usr/sbin/clctrl -tune -o node_timeout=%d", b.NodeTimeout.Milliseconds())}
	case "dead_man_switch":
		return []string{"/usr/sbin/rsct/bin/dms/startdms -s cthags", "/usr/sbin/rsct/bin/hags_enable_client_kill -s cthags"}
	case "deadman_mode": // the script changes it for the node alone
		return []string{"/usr/sbin/clctrl -tune -n " + b.Node + " -o deadman_mode=a"}
	case "ifrestrict":
		return []string{
			"sed '/^sfwcom/d' /etc/cluster/ifrestrict > /etc/cluster/ifrestrict.new",
			"mv /etc/cluster/ifrestrict.new /etc/cluster/ifrestrict",
			"/usr/sbin/clusterconf",
		}
	case "inittab":
		return []string{"/usr/sbin/rmitab hacmp_lpm"}
	default:
		return nil
	}
}
