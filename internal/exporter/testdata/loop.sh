#!/bin/sh
# One round of the loop that a careful script-writer would put around PowerHA's
# commands to get the same facts for a textfile collector: every command once,
# its answer kept in a variable, and no more filters than it needs.
node=$(lscluster -m | awk '/^Node name/ {n = $3} /NODE_LOCAL/ {print n}')
cluster=$(clmgr query cluster)
for a in STATE UNSYNCED_CHANGES HEARTBEAT_FREQUENCY GRACE_PERIOD NETWORK_FAILURE_DETECTION_TIME LPM_POLICY HEARTBEAT_FREQUENCY_DURING_LPM; do
	printf '%s\n' "$cluster" | sed -n "s/^$a=//p"
done
clmgr -cv -a name,state,raw_state query node | awk -F: -v n="$node" '$1 == n {print $2}'
clRGinfo -s | awk -F: '{print $1, $2, $3}'
lssrc -ls clstrmgrES | sed -n 's/^Current state: //p'
clctrl -tune -x node_timeout
clctrl -tune -x deadman_mode
clctrl -tune -a | grep network_fdt
lssrc -ls cthags | grep 'Dead Man Switch'
lsitab hacmp_lpm
errpt -a -J CLIENT_PMIG_STARTED,CLIENT_PMIG_DONE,CLIENT_PMIG_ABORTED | awk '/^LABEL/ {print $2}'
errpt -a -j BC3BE5A3,225E3B63 | awk '/^LABEL/ {print $2}'
lsattr -El sys0 -a systemid -a modelname | awk '{print $2}'
clmgr -v query application_monitor | grep NAME
