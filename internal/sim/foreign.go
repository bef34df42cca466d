package sim

import "slices"

// foreign is what a command of another product prints in the place of a tool: well-formed, and not to be understood.
func foreign(tool string, args []string) string {
	has := func(s string) bool { return slices.Contains(args, s) }
	switch tool {
	case "clRGinfo", "clfindres":
		if has("-s") || has("-c") {
			return foreignLines // cmviewcl -f line, HPE Serviceguard
		}
		return foreignSummary // hastatus -summary, Veritas Cluster Server
	case "lssrc":
		return foreignUnits // systemctl status
	case "clmgr", "clshowsrv", "cltopinfo", "cllsgrp":
		return foreignStatus // pcs status
	case "lscluster":
		return "Printing link status.\nLocal node ID 1\nLINK ID 0\n\taddr\t= 10.1.1.1\n\tstatus\t= OK\n" // corosync-cfgtool -s
	case "clctrl":
		return "runtime.config.totem.token (u32) = 3000\nruntime.config.totem.join (u32) = 50\n" // corosync-cmapctl
	case "errpt":
		return "Mar  1 12:00:00 sysa systemd[1]: Started Session 42 of user root.\nMar  1 12:00:01 sysa pacemakerd[901]:  notice: Additional logging available\n"
	case "lsattr":
		return "Handle 0x0100, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: Example Corp.\n\tSerial Number: A1B2C3D4\n" // dmidecode
	case "lparstat":
		return "Architecture:        x86_64\nCPU(s):              16\nThread(s) per core:  2\nHypervisor vendor:   KVM\n" // lscpu
	case "ps":
		return "Image Name                     PID Session Name        Session#    Mem Usage\nsvchost.exe                    612 Services                   0      9,204 K\n"
	case "drmgr":
		return "drmgr: invalid option -- 'l'\nUsage: drmgr -c {pci | cpu | mem | pmig} -a | -r [-d debug]\n"
	case "lsitab":
		return "[Unit]\nDescription=Example service\n[Service]\nExecStart=/usr/bin/example\n"
	}
	return `{"status": "ok", "items": []}` + "\n"
}

const foreignSummary = `-- SYSTEM STATE
-- System               State                Frozen

A  sysa                 RUNNING              0
A  sysb                 RUNNING              0

-- GROUP STATE
-- Group           System               Probed     AutoDisabled    State

B  oradb           sysa                 Y          N               ONLINE
B  oradb           sysb                 Y          N               OFFLINE
`

const foreignLines = `cluster:name=oracluster
cluster:status=up
node:sysa|status=up
node:sysa|state=running
package:oradb|status=up
package:oradb|owner=sysa
`

const foreignUnits = `* pacemaker.service - Pacemaker High Availability Cluster Manager
   Loaded: loaded (/usr/lib/systemd/system/pacemaker.service; enabled)
   Active: active (running)
 Main PID: 901 (pacemakerd)
`

const foreignStatus = `Cluster name: oracluster
Cluster Summary:
  * Stack: corosync
  * 2 nodes configured
Node List:
  * Online: [ sysa sysb ]
Full List of Resources:
  * oradb	(ocf::heartbeat:oracle):	 Started sysa
`
