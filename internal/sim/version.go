package sim

import (
	"fmt"
	"strconv"
)

// level is what differs between the levels of PowerHA that are simulated.
type level struct {
	name         string
	clversion    int    // CLversion and VERSION_NUMBER (15 = 7.1.3, 16 = 7.2.0)
	vrmf         string // "local node vrmf is"
	lpm          bool   // LPM_POLICY, HEARTBEAT_FREQUENCY_DURING_LPM and cl_dr: 7.2.0 on
	wide         bool   // clRGinfo prints a wide name and a narrow state: 7.2.0 on
	skipEvent    bool   // SKIP_EVENT_PROCESSING_MANAGE_MODE: 7.2.5 on
	pvmWdog      bool   // CAA_PVM_WATCHDOG_TIMER: 7.2.7
	monitorRetry bool   // Monitor Retry Count of custom monitors: 7.2.2 on
	newErrIDs    bool   // errpt identifiers of AIX 7200-05-04 on
	clmgrXML     bool   // clmgr -x
	sccsid       string
	build        string
}

func levels() []level {
	return []level{
		{name: "7.1.3", clversion: 15, vrmf: "7130", build: "Oct 21 2013 10:14:22", sccsid: `"@(#)36  1.135.1.118 src/43haes/usr/sbin/cluster/hacmprd/main.C,hacmp.pe,61haes_r713,1343A_hacmp713 10/21/13"`},
		{name: "7.2.0", clversion: 16, vrmf: "7200", lpm: true, wide: true, clmgrXML: true, build: "Sep 28 2015 09:50:01", sccsid: `"@(#)36  1.135.1.119 src/43haes/usr/sbin/cluster/hacmprd/main.C,hacmp.pe,61haes_r720,1539B_hacmp720 9/28/15"`},
		{name: "7.2.3", clversion: 19, vrmf: "7230", lpm: true, wide: true, clmgrXML: true, monitorRetry: true, build: "Sep  5 2018 11:32:45", sccsid: `"@(#)36  1.135.1.126 src/43haes/usr/sbin/cluster/hacmprd/main.C,hacmp.pe,61haes_r723,1836A_hacmp723 9/5/18"`},
		{name: "7.2.7", clversion: 23, vrmf: "7270", lpm: true, wide: true, clmgrXML: true, monitorRetry: true, skipEvent: true, pvmWdog: true, newErrIDs: true, build: "Nov 22 2022 14:05:37", sccsid: `"@(#)36  1.135.1.138 src/43haes/usr/sbin/cluster/hacmprd/main.C,hacmp.pe,61haes_r727,2247A_hacmp727 11/22/22"`},
	}
}

func levelOf(version string) (level, error) {
	var known string
	for _, l := range levels() {
		if l.name == version {
			return l, nil
		}
		known += " " + l.name
	}
	return level{}, fmt.Errorf("simulated PowerHA version %q is not known; one of%s", version, known)
}

// clversion is CLversion of lssrc and VERSION_NUMBER of clmgr; beyond 16 the numbers are not certain.
func (c *Core) clversion() int {
	if n, err := strconv.Atoi(c.knob(nil, "clversion_map")); err == nil {
		return n
	}
	return c.level.clversion
}
