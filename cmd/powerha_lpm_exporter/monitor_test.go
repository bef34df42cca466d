//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// simulated is a cluster of powerha_sim with one application and its monitor.
type simulated struct {
	t      *testing.T
	binary string
	dir    string
}

func simulate(t *testing.T) simulated {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pm") // short, because it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	s := simulated{t: t, binary: filepath.Join(dir, "powerha_sim"), dir: filepath.Join(dir, "c")}
	t.Cleanup(func() {
		_ = exec.Command(s.binary, "down", "--dir", s.dir).Run()
		_ = os.RemoveAll(dir)
	})
	s.must("go", "build", "-o", s.binary, "../powerha_sim")
	s.must(s.binary, "up", "--dir", s.dir, "--nodes", "n1,n2", "--cluster", "c1", "--timer-scale", "0.1", "--monitor-interval", "2s",
		"--monitor", "name=app_procs,type=process,application=app,processes=appd,owner=applicationuser,instances=2")
	return s
}

func (s simulated) must(argv ...string) string {
	s.t.Helper()
	out, err := exec.CommandContext(context.Background(), argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

func (s simulated) tool(name string) string { return filepath.Join(s.dir, "n1", "bin", name) }

// tools has the exporter call the tools of n1 by another path.
func (s simulated) tools() string {
	dir := folder(s.t)
	for _, c := range []string{"clmgr", "clRGinfo", "lssrc", "clctrl", "lsitab", "lscluster", "errpt", "lsattr", "ps"} {
		tool(s.t, dir, c, fmt.Sprintf(`exec %s "$@"`, s.tool(c)))
	}
	return dir
}

// probe is the monitor, through a wrapper that makes it a process of the node.
func (s simulated) probe(monitor string) string {
	return fmt.Sprintf(`probes:
  - application: app
    resource_group: rg_app
    name: own
    type: powerha_monitor
    monitor: %s
    wrapper: [%s, exec, --dir, %s, --node, n1, --]
  - {application: app, resource_group: rg_app, name: procs, type: powerha_monitor, monitor: app_procs, interval: 500ms}
`, monitor, s.binary, s.dir)
}

// waiting is why the probe is not run, and whether it is there at all.
func (p *process) waiting() string {
	p.t.Helper()
	_, body := p.get("/status?format=json")
	var page statusPage
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		p.t.Fatalf("%v: %s", err, body)
	}
	for _, pr := range page.Snapshot.Probes {
		if pr.Probe != "procs" {
			return pr.Waiting + pr.Error
		}
	}
	return ""
}

// PowerHA's own monitor tells of the application from the moment at which PowerHA stops looking to the one at which it
// looks again.
func TestPowerHAMonitor(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a simulated cluster")
	}
	s := simulate(t)
	listed := s.must(s.tool("clmgr"), "-v", "query", "application_monitor")
	const name = "app_mon"
	if !strings.Contains(listed, `"`+name+`"`) {
		t.Fatalf("no monitor %s: %s", name, listed)
	}
	p := begin(t, s.tools(), s.probe("no_such_monitor"))
	const success = `powerha_application_probe_success{application="app",cluster="c1",node="n1",probe="own",target_node="n1",vantage="local"} %d`
	p.eventually("a name that the cluster does not have fails at once", p.has(fmt.Sprintf(success, 0)))
	if why := p.waiting(); !strings.Contains(why, "no_such_monitor is not in the cluster's configuration") {
		t.Errorf("status says %q", why)
	}
	p.configure(s.probe(name))
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.eventually("waits while PowerHA manages", func() bool { return strings.HasPrefix(p.waiting(), "PowerHA manages the group") })
	_, body := p.get("/metrics")
	if strings.Contains(body, "powerha_application_probe_success{") {
		t.Error("series of a monitor that is not run")
	}
	s.must(s.tool("clmgr"), "stop", "node", "n1", "WHEN=now", "MANAGE=unmanage")
	p.eventually("says that the application is well", p.has(fmt.Sprintf(success, 1)))
	procs := strings.Replace(success, `probe="own"`, `probe="procs"`, 1)
	p.eventually("says that its processes run", p.has(fmt.Sprintf(procs, 1)))
	s.must(s.binary, "knob", "--dir", s.dir, "monitor.app_procs=failed")
	p.eventually("says that its processes are gone", p.has(fmt.Sprintf(procs, 0)))
	s.must(s.binary, "knob", "--dir", s.dir, "monitor.app_procs=healthy")
	s.must(s.binary, "app", "break", "--dir", s.dir, "--node", "n1")
	p.eventually("says that it is not", p.has(fmt.Sprintf(success, 0)))
	if why := p.waiting(); !strings.Contains(why, "powerha_monitor "+name+": exit 1") {
		t.Errorf("status says %q", why)
	}
	s.must(s.binary, "app", "mend", "--dir", s.dir, "--node", "n1")
	p.eventually("says that it is well again", p.has(fmt.Sprintf(success, 1)))
	s.must(s.tool("clmgr"), "start", "node", "n1", "WHEN=now", "MANAGE=auto")
	p.eventually("leaves it to PowerHA again", func() bool {
		_, body := p.get("/metrics")
		return strings.HasPrefix(p.waiting(), "PowerHA manages the group") && !strings.Contains(body, "powerha_application_probe_success{")
	})
}

// put writes a file of the test's folder as a whole, so that no command reads half of it.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

const (
	processMonitor = `NAME="listener"
TYPE="Process"
APPLICATIONS="db"
MODE="longrunning"
STABILIZATION="0"
PROCESSES="tnslsnr"
OWNER="oracle"
INSTANCECOUNT="2"

`
	customMonitor = `NAME="sql"
TYPE="Custom"
APPLICATIONS="db"
MODE="longrunning"
STABILIZATION="0"
MONITORMETHOD="%s"
MONITORINTERVAL="1"
HUNGSIGNAL="15"
`
	someProcesses = "    PID     USER COMMAND\n      1     root init\n     12   oracle tnslsnr\n"
)

// A process monitor counts processes by owner and name; a custom one that hangs gets its signal, and another definition
// is taken over without being told.
func TestMonitorsOfBothKinds(t *testing.T) {
	dir := folder(t)
	calm := `*"query cluster"*) printf 'CLUSTER_NAME="c1"\nSTATE="STABLE"\nVERSION="7.2.7"\nVERSION_NUMBER="23"\n';;`
	tool(t, dir, "clmgr", fmt.Sprintf(`cd %s; case "$*" in
%s
*"query node"*) cat node;;
*application_monitor*) cat monitors;;
esac`, dir, calm))
	tool(t, dir, "clRGinfo", fmt.Sprintf("cat %s/groups", dir))
	tool(t, dir, "ps", fmt.Sprintf("cat %s/processes", dir))
	hangs, fine := filepath.Join(dir, "hangs"), filepath.Join(dir, "fine")
	tool(t, dir, "hangs", fmt.Sprintf(`trap 'echo term >%s/got; exit 1' TERM; while :; do sleep 0.05; done`, dir))
	tool(t, dir, "fine", "exit 0")
	put(t, dir, "node", "# NAME:STATE:RAW_STATE\nn1:NORMAL:ST_STABLE\nn2:NORMAL:ST_STABLE\n")
	put(t, dir, "groups", "rg1:ONLINE:n1\nrg1:OFFLINE:n2\n")
	put(t, dir, "monitors", processMonitor+fmt.Sprintf(customMonitor, hangs))
	put(t, dir, "processes", someProcesses+"     13   oracle tnslsnr\n")
	p := begin(t, dir, `probes:
  - {application: db, resource_group: rg1, name: listener, type: powerha_monitor, monitor: listener, interval: 200ms}
  - {application: db, resource_group: rg1, name: sql, type: powerha_monitor, monitor: sql, wrapper: [/usr/bin/env, X=1]}
`)
	series := func(name string, v int) func() bool {
		return p.has(fmt.Sprintf(`powerha_application_probe_success{application="db",cluster="c1",node="n1",probe=%q,target_node="n1",vantage="local"} %d`, name, v))
	}
	p.eventually("waits while PowerHA manages", func() bool { return strings.HasPrefix(p.waiting(), "PowerHA manages the group") })
	put(t, dir, "node", "# NAME:STATE:RAW_STATE\nn1:UNMANAGED:UNMANAGED\nn2:NORMAL:ST_STABLE\n")
	put(t, dir, "groups", "rg1:UNMANAGED:n1\nrg1:UNMANAGED:n2\n")
	p.eventually("both processes run", series("listener", 1))
	put(t, dir, "processes", someProcesses)
	p.eventually("one of two is gone", series("listener", 0))
	p.eventually("the custom monitor hangs", series("sql", 0))
	if got, err := os.ReadFile(filepath.Join(dir, "got")); string(got) != "term\n" {
		t.Errorf("the hung signal did not arrive: %q, %v", got, err)
	}
	put(t, dir, "monitors", processMonitor+fmt.Sprintf(customMonitor, fine))
	p.eventually("the new method is run", series("sql", 1))
}
