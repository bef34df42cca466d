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
	s.must(s.binary, "up", "--dir", s.dir, "--nodes", "n1,n2", "--cluster", "c1", "--timer-scale", "0.1", "--monitor-interval", "2s")
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
		return pr.Waiting + pr.Error
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
	_, name, _ := strings.Cut(listed, `NAME="`)
	name, _, ok := strings.Cut(name, `"`)
	if !ok {
		t.Fatalf("no monitor: %s", listed)
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
