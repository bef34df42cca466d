package sim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// golden compares with testdata; GOLDEN=update writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if os.Getenv("GOLDEN") == "update" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with GOLDEN=update", err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n got: %s\nwant: %s", file, got, want)
	}
}

// transcript types commands and keeps what they print, with exit codes.
func transcript(s *shell, lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		node, rest, _ := strings.Cut(line, " ")
		words := strings.Fields(rest)
		id := s.start(node, words[0], words[1:]...)
		for range 3000 {
			if s.done[id] {
				break
			}
			s.run(100 * time.Millisecond)
		}
		b.WriteString("[" + node + "] $ " + rest + "\n" + s.out[id])
		if e := s.errOut[id]; e != "" {
			b.WriteString("[stderr]\n" + e)
		}
		if s.exit[id] != 0 {
			b.WriteString("[exit " + seconds(time.Duration(s.exit[id])*time.Second) + "]\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func goldenCluster(t *testing.T, version string, knobs map[string]string) *shell {
	t.Helper()
	nodes := []string{"nodea", "nodeb"}
	return newShell(t, Config{
		Version: version, Nodes: nodes, Knobs: knobs,
		Groups: []Group{
			{Name: "rg_db", Nodes: nodes, Application: "db", Start: "/app/db/start", Stop: "/app/db/stop", Monitor: "/app/db/monitor", MonitorInterval: time.Minute, RestartCount: 3, StartupMonitor: true},
			{Name: "rg_web", Nodes: []string{"nodeb", "nodea"}, Application: "web", Start: "/app/web/start", Stop: "/app/web/stop"},
		},
	})
}

var queries = []string{
	"nodea clRGinfo", "nodea clRGinfo -s", "nodea clRGinfo -m", "nodea clRGinfo -v rg_db", "nodea clfindres -s rg_web",
	"nodea lssrc -ls clstrmgrES", "nodea lssrc -g cluster", "nodea lssrc -s clstrmgrES", "nodea lssrc -ls cthags",
	"nodea lssrc -s nosuch", "nodea clshowsrv -v", "nodea lscluster -m", "nodea lscluster -c",
	"nodea clmgr query cluster", "nodea clmgr -a state query cluster", "nodea clmgr query node", "nodea clmgr -cv -a name,state,raw_state query node",
	"nodea clmgr -v query node", "nodea clmgr query resource_group", "nodea clmgr q rg rg_db", "nodea clmgr query application_monitor",
	"nodea clmgr -v query application_monitor", "nodea clmgr -cv -a name,type,mode,monitorinterval query application_monitor",
	"nodea clctrl -tune -L node_timeout", "nodea clctrl -tune -x node_timeout", "nodea clctrl -tune -x deadman_mode", "nodea clctrl -tune -a",
	"nodea clodmget -n -f lpm_policy HACMPcluster", "nodea clodmget -n -f lpm_node_timeout HACMPcluster",
	"nodea lsitab hacmp_lpm", "nodea listdms -s cthags", "nodea errpt", "nodea errpt -a -J CLIENT_PMIG_STARTED,CLIENT_PMIG_DONE",
	"nodea lsattr -El sys0 -a systemid -a modelname", "nodea ps -e -o pid,args", "nodea drmgr -l", "nodea cltopinfo", "nodea cllsgrp",
}

func TestGoldenQueries(t *testing.T) {
	for _, l := range levels() {
		golden(t, l.name+"/queries.txt", transcript(goldenCluster(t, l.name, nil), queries...))
	}
}

// more are the commands that decide nothing or are second witnesses.
var more = []string{
	"nodea clRGinfo -c", "nodea clRGinfo -p", "nodea clRGinfo -v", "nodea clRGinfo -a", "nodea clRGinfo -t", "nodea clRGinfo -h",
	"nodea lscluster -i", "nodea lscluster -g", "nodea lscluster -d", "nodea lscluster -s",
	"nodea clmgr -c query cluster", "nodea clmgr -x query cluster", "nodea clmgr -x query node", "nodea clmgr -x -v query resource_group",
	"nodea clmgr -S -cv -a name,state query node", "nodea clmgr -d | -v -a name,state,current_node query resource_group",
	"nodea clmgr -v query application_controller", "nodea clmgr query network", "nodea clmgr -v query service_ip", "nodea clmgr query site",
	"nodea clctrl -tune -L", "nodea clctrl -tune -x", "nodea lparstat -i", "nodea lsattr -El sys0", "nodea lsitab -a",
	"nodea odmget HACMPcluster", "nodea odmget HACMPnode", "nodea odmget HACMPgroup", "nodea odmget -q name='hacmp.out' HACMPlogs",
	"nodea halevel -s", "nodea clhaver", "nodea lsrpdomain", "nodea lsrpnode", "nodea clcmd clRGinfo", "nodea clcmd lssrc -s clstrmgrES",
	"nodea clcmd", "nodea clcmd clmgr query cluster", "nodea errpt -A", "nodea errpt -a -K ERRLOG_ON", "nodea errpt -k 9DBCFDEE",
}

func TestGoldenMore(t *testing.T) {
	for _, l := range levels() {
		golden(t, l.name+"/more.txt", transcript(goldenCluster(t, l.name, nil), more...))
	}
}

func TestGoldenUnmanage(t *testing.T) {
	for _, l := range levels() {
		s := goldenCluster(t, l.name, nil)
		text := transcript(s,
			"nodea clmgr stop node nodea WHEN=now MANAGE=unmanage", "nodea clmgr stop node nodea WHEN=now MANAGE=unmanage",
			"nodeb clRGinfo", "nodeb clRGinfo -s", "nodea clRGinfo -m", "nodea lssrc -ls clstrmgrES", "nodea lssrc -g cluster",
			"nodeb clmgr -cv -a name,state,raw_state query node", "nodeb clmgr -a state query cluster", "nodea clmgr sync cluster",
			"nodeb clmgr move rg rg_db node=nodeb",
			"nodea clmgr start node nodea WHEN=now MANAGE=auto FIX=no BROADCAST=false CLINFO=true", "nodea clRGinfo", "nodea lssrc -g cluster",
			"nodeb clmgr move rg rg_db NODE=nodeb")
		golden(t, l.name+"/unmanage.txt", text+s.files["nodea:var/hacmp/adm/cluster.log"])
	}
}

func TestGoldenNodeDown(t *testing.T) {
	for _, l := range levels() {
		s := goldenCluster(t, l.name, nil)
		s.step(NodeDied{Node: "nodea"})
		s.run(20 * time.Second)
		text := transcript(s, "nodeb clmgr -cv -a name,state,raw_state query node", "nodeb clRGinfo", "nodeb lscluster -m")
		s.run(time.Minute)
		text += transcript(s, "nodeb clmgr -cv -a name,state,raw_state query node", "nodeb clRGinfo", "nodeb lscluster -m", "nodeb lssrc -ls clstrmgrES")
		golden(t, l.name+"/node_down.txt", text+s.files["nodeb:var/hacmp/adm/cluster.log"])
	}
}

func TestGoldenMigration(t *testing.T) {
	for _, l := range levels() {
		s := goldenCluster(t, l.name, nil)
		if l.lpm {
			transcript(s, "nodea clmgr modify cluster LPM_POLICY=unmanage HEARTBEAT_FREQUENCY_DURING_LPM=120", "nodea clmgr sync cluster")
		}
		s.migrate(MigrationRequested{Node: "nodea", Precopy: 5 * time.Second, Freeze: 4 * time.Second})
		text := transcript(s, "nodea errpt", "nodea errpt -a -J CLIENT_PMIG_STARTED,CLIENT_PMIG_DONE,CLIENT_PMIG_ABORTED",
			"nodea errpt -a -l 103", "nodea errpt -s 0301120026", "nodea lsattr -El sys0", "nodea clmgr query cluster",
			"nodea errlogger powerha_lpm: node needs an operator", "nodea errpt -j AA8AB241", "nodea errpt -a -J OPMSG")
		golden(t, l.name+"/migration.txt", text+s.files["nodea:var/hacmp/log/clutils.log"])
	}
}

func TestGoldenErrors(t *testing.T) {
	s := goldenCluster(t, "7.2.7", nil)
	golden(t, "7.2.7/errors.txt", transcript(s,
		"nodea clmgr", "nodea clmgr -Z query node", "nodea clmgr frobnicate node", "nodea clmgr query planet", "nodea clmgr query node nosuch",
		"nodea clmgr -a NO_SUCH query cluster", "nodea clmgr stop node nodea MANAGE=perhaps", "nodea clmgr stop node nosuch", "nodea clmgr start node nodea MANAGE=auto",
		"nodea clmgr move rg nosuch NODE=nodeb", "nodea clmgr move rg rg_db NODE=nowhere", "nodea clmgr modify cluster", "nodea clmgr delete cluster",
		"nodea clRGinfo -Z", "nodea clRGinfo nosuch", "nodea lssrc", "nodea lssrc -g nosuch", "nodea lssrc -x", "nodea lscluster -q", "nodea clctrl -tune", "nodea clctrl -tune -x nosuch",
		"nodea clctrl -tune -o node_timeout=5", "nodea clodmget -f nosuch HACMPcluster", "nodea listdms", "nodea errpt -s yesterday", "nodea errpt -Z x",
		"nodea lsattr -El hdisk0", "nodea ps aux", "nodea drmgr -x", "nodea frobnicate", "nodea lsitab nosuch", "nodea rmitab hacmp_lpm", "nodea cl_dr prehibernate phib"))
}

func TestGoldenLayoutKnobs(t *testing.T) {
	var b strings.Builder
	for _, k := range []map[string]string{
		{"rginfo_s_layout": "minimal", "rginfo_m_layout": "table", "lssrc_forced_down_line": "no", "error_stream": "stdout"},
		{"rginfo_s_layout": "v5", "unmanaged_owner_death_shows": "OFFLINE", "cluster_state_unmanaged": "STABLE"},
		{"rginfo_s_layout": "v71", "unmanaged_owner_death_shows": "UNKNOWN", "double_unmanage": "error", "lpm_policy_case": "upper", "lpm_var_needs_sync": "no"},
	} {
		s := goldenCluster(t, "7.2.0", k)
		b.WriteString(transcript(s, "nodea clRGinfo -s", "nodea clRGinfo -m", "nodea clmgr modify cluster LPM_POLICY=unmanage", "nodeb clmgr -a LPM_POLICY,UNSYNCED_CHANGES query cluster",
			"nodea clmgr stop node nodea MANAGE=unmanage BROADCAST=false", "nodea clmgr stop node nodea MANAGE=unmanage BROADCAST=false",
			"nodea lssrc -ls clstrmgrES", "nodea clmgr -a state query cluster", "nodea lssrc -g nosuch"))
		s.step(PowerOff{Node: "nodea"})
		s.run(2 * time.Minute)
		b.WriteString(transcript(s, "nodeb clRGinfo"))
	}
	golden(t, "7.2.0/knobs.txt", b.String())
}
