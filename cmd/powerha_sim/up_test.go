//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/sim/world"
)

func TestToolsActByName(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1,n2", "--groups", "rg_a,rg_b@n2", "--timer-scale", "0.05", "--monitor-interval", "0")
	out, errs, status := c.tool("n2", "clRGinfo")
	if status != 0 || !strings.Contains(out, "rg_a") || !strings.Contains(out, "rg_b") {
		t.Errorf("clRGinfo with an empty environment: exit %d, %s%s", status, out, errs)
	}
	if _, errs, status := c.tool("n1", "clmgr", "rubbish"); status == 0 || errs == "" {
		t.Errorf("clmgr rubbish: exit %d, %q", status, errs)
	}
	for _, name := range world.Tools() {
		if _, err := os.Stat(filepath.Join(c.dir.Bin("n1"), name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	cmd := exec.Command(filepath.Join(c.dir.Bin("n1"), "lssrc"), "-ls", "clstrmgrES")
	cmd.Env = []string{"POWERHA_SIM_NODE=nx"}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "nx") {
		t.Errorf("a node that is not there: %v, %s", err, out)
	}
	for _, g := range c.status().World.Groups {
		code, text := get(fmt.Sprintf("http://127.0.0.1:%d/health", g.ServicePort))
		if code != 200 || !strings.Contains(text, "on "+g.Nodes[0]) {
			t.Errorf("service address of %s: %d %s; want %s", g.Name, code, text, g.Nodes[0])
		}
	}
}

func TestAppScriptsFindTheirNode(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--timer-scale", "0.05", "--monitor-interval", "0")
	dir := string(c.dir)
	monitor, start := c.dir.Script("rg_app", "monitor"), c.dir.Script("rg_app", "start")
	c.must("exec", "--dir", dir, "--node", "n1", "--", "env", "-i", monitor)
	if out, status := c.try("exec", "--dir", dir, "--node", "n2", "--", monitor); status == 0 {
		t.Errorf("the monitor finds the application on n2: %s", out)
	}
	if out := c.must("exec", "--dir", dir, "--node", "n1", "--", start); !strings.Contains(out, "already") {
		t.Errorf("start of what runs: %s", out)
	}
	if out, err := exec.Command(monitor).CombinedOutput(); err == nil || !strings.Contains(string(out), "--node") {
		t.Errorf("outside of all nodes: %v, %s", err, out)
	}
	c.must("app", "break", "--dir", dir, "--node", "n1")
	if out, status := c.try("exec", "--dir", dir, "--node", "n1", "--", monitor); status != 1 {
		t.Errorf("the monitor of a broken application: exit %d, %s", status, out)
	}
	c.must("app", "mend", "--dir", dir, "--node", "n1")
	c.must("exec", "--dir", dir, "--node", "n1", "--", monitor)
}

// PowerHA's own monitor restarts a broken application, which cures it.
func TestMonitorRestartsBrokenApplication(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1", "--timer-scale", "0.1", "--monitor-interval", "10s")
	before := c.status().World.Groups[0].Service.ID
	c.must("app", "break", "--dir", string(c.dir), "--node", "n1")
	until(t, 60*time.Second, "another instance that is healthy", func() bool {
		s := c.status()
		service := s.World.Groups[0].Service
		code, _ := get(fmt.Sprintf("http://127.0.0.1:%d/health", s.World.Groups[0].ServicePort))
		return s.Restarts > 0 && service != nil && service.ID != before && code == 200
	})
	if s := c.status(); s.RanTwice != 0 || s.World.Moments != 0 {
		t.Errorf("a restart counts as running twice: %+v", s.World.Groups)
	}
}

// Two instances of one group at once are what the writer is for.
func TestRunningTwiceIsSeen(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--timer-scale", "0.05", "--monitor-interval", "0")
	cmd := c.command("exec", "--dir", string(c.dir), "--node", "n2", "--", c.dir.Script("rg_app", "start"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, 10*time.Second, "that it ran twice", func() bool {
		s := c.status()
		return s.RanTwice > 0 && s.World.Moments > 0
	})
	c.must("app", "stop", "--dir", string(c.dir), "--node", "n2")
	if got := exitStatus(t, cmd.Wait()); got != 0 {
		t.Errorf("the start script ended with %d", got)
	}
}

func TestUpRefuses(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1", "--monitor-interval", "0")
	if out, status := c.try("up", "--dir", string(c.dir)); status != 1 || !strings.Contains(out, "down") {
		t.Errorf("a second up: exit %d, %s", status, out)
	}
	tmp := t.TempDir()
	for name, args := range map[string][]string{
		"long folder": {"--dir", filepath.Join(tmp, strings.Repeat("x", 120))},
		"node name":   {"--dir", tmp, "--nodes", "n1,../x"},
		"node twice":  {"--dir", tmp, "--nodes", "n1,n1"},
		"node shared": {"--dir", tmp, "--nodes", "shared"},
		"home":        {"--dir", tmp, "--groups", "rg@nx"},
		"knob":        {"--dir", tmp, "--knob", "nonsense=1"},
		"knob value":  {"--dir", tmp, "--knob", "cl_dr=perhaps"},
		"delay":       {"--dir", tmp, "--delay", "clmgr=long"},
		"scale":       {"--dir", tmp, "--timer-scale", "0"},
		"flag":        {"--dir", tmp, "--nonsense"},
		"version":     {"--dir", tmp, "--version", "6.1"},
	} {
		out, status := c.try(append([]string{"up"}, args...)...)
		if status != 2 || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: exit %d, %s", name, status, out)
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	taken := fmt.Sprint(c.status().World.Groups[0].ServicePort)
	if out, status := c.try("up", "--dir", tmp, "--app-port", taken); status != 1 || !strings.Contains(out, taken) {
		t.Errorf("a port that is taken: exit %d, %s", status, out)
	}
	if out, status := c.try("status", "--dir", tmp); status != 3 {
		t.Errorf("status without a cluster: exit %d, %s", status, out)
	}
}

func TestWorldEndsWithItsFolder(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1", "--monitor-interval", "0")
	b, err := os.ReadFile(c.dir.Pid())
	if err != nil {
		t.Fatal(err)
	}
	world, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	application := c.status().World.Groups[0].Service.Pid
	if stateOf(world) == 0 || stateOf(application) == 0 {
		t.Fatalf("world %d and application %d should run", world, application)
	}
	if err := os.RemoveAll(string(c.dir)); err != nil {
		t.Fatal(err)
	}
	until(t, 10*time.Second, "the end of the world and of the application", func() bool {
		s := stateOf(world)
		return (s == 0 || s == 'Z') && stateOf(application) == 0
	})
}

func TestCallersAreTold(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1", "--monitor-interval", "0")
	tmp := t.TempDir()
	for _, who := range [][2]string{{"powerha_lpm_actor", "actor"}, {"powerha_lpm_exporter", "exporter"}, {"sh", "human"}} {
		shell := filepath.Join(tmp, who[0])
		if err := os.Symlink("/bin/sh", shell); err != nil {
			t.Fatal(err)
		}
		c.must("exec", "--dir", string(c.dir), "--node", "n1", "--", shell, "-c",
			"setsid /bin/sh -c '"+filepath.Join(c.dir.Bin("n1"), "stopdms")+" -s cthags; true'; true")
		acts := c.status().Commands
		if len(acts) == 0 || acts[len(acts)-1].By != who[1] {
			t.Errorf("stopdms called by %s: %+v, want by %s", who[0], acts, who[1])
		}
	}
}

// The nodes speak the language that they were set up with, LC_ALL=C is obeyed, and a fault spoils what a tool prints.
func TestLanguageAndFaultsOfTools(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1", "--language", "de_DE", "--timer-scale", "0.05", "--monitor-interval", "0", "--knob", "output.errpt=foreign")
	lssrc := func(env ...string) string {
		cmd := exec.Command(filepath.Join(c.dir.Bin("n1"), "lssrc"), "-ls", "clstrmgrES")
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("lssrc: %v, %s", err, out)
		}
		return string(out)
	}
	if got := lssrc(); !strings.Contains(got, "Aktueller Status: ST_STABLE") {
		t.Errorf("without LC_ALL: %s", got)
	}
	if got := lssrc("LC_ALL=C"); !strings.Contains(got, "Current state: ST_STABLE") {
		t.Errorf("with LC_ALL=C: %s", got)
	}
	if out, _, status := c.tool("n1", "errpt"); status != 0 || !strings.Contains(out, "systemd") {
		t.Errorf("errpt of another product: %d, %s", status, out)
	}
	c.must("knob", "--dir", string(c.dir), "output.lssrc=stderr_exit0")
	if got := lssrc("LC_ALL=C"); !strings.Contains(got, "refused") || strings.Contains(got, "ST_") {
		t.Errorf("after the knob: %s", got)
	}
	for _, bad := range [][]string{{"--language", "tlh_QO"}, {"--knob", "output.errpt=perhaps"}} {
		args := append([]string{"up", "--dir", t.TempDir()}, bad...)
		if out, status := c.try(args...); status != exitUsage {
			t.Errorf("%v: %d, %s", bad, status, out)
		}
	}
}

// Monitors of the configuration are told by clmgr, their processes by ps, and a custom one is really run.
func TestMonitorsOfTheConfiguration(t *testing.T) {
	t.Parallel()
	method := filepath.Join(t.TempDir(), "check")
	ran := method + ".ran"
	if err := os.WriteFile(method, []byte("#!/bin/sh\necho >>"+ran+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := bringUp(t, "--nodes", "n1", "--timer-scale", "0.05", "--monitor-interval", "0",
		"--monitor", "name=app_proc,type=process,application=app,processes=appd,owner=appuser,instances=2",
		"--monitor", "name=app_sql,type=custom,application=app,interval=10s,method="+method)
	if out, _, _ := c.tool("n1", "clmgr", "query", "application_monitor"); out != "app_proc\napp_sql\n" {
		t.Errorf("names: %q", out)
	}
	until(t, 20*time.Second, "the processes of the application", func() bool {
		out, _, _ := c.tool("n1", "ps", "-e", "-o", "pid,user,comm")
		return strings.Count(out, "appuser appd") == 2
	})
	until(t, 20*time.Second, "a run of the custom monitor", func() bool {
		_, err := os.Stat(ran)
		return err == nil
	})
	for _, bad := range []string{"name", "name=x,colour=red", "name=x,type=custom,interval=soon", "name=x,type=custom,application=app"} {
		if out, status := c.try("up", "--dir", t.TempDir(), "--monitor", bad); status != exitUsage {
			t.Errorf("--monitor %s: %d, %s", bad, status, out)
		}
	}
}

// The HMC is asked from outside of all nodes, switches one off and on again.
func TestHMC(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1,n2", "--timer-scale", "0.05", "--monitor-interval", "0")
	const system = "Server-9009-42A-SN17268B0"
	state := func() string {
		return strings.TrimSpace(c.must("hmc", "--dir", string(c.dir), "--", "lssyscfg", "-r", "lpar", "-m", system, "--filter", "lpar_names=n1", "-F", "state"))
	}
	if got := state(); got != "Running" {
		t.Errorf("state %q", got)
	}
	if out, errs, status := c.tool("n2", "hmc", "chsysstate -m "+system+" -r lpar -n n1 -o shutdown --immed"); status != 0 {
		t.Errorf("shutdown: %d, %s%s", status, out, errs)
	}
	until(t, 20*time.Second, "Not Activated", func() bool { return state() == "Not Activated" && c.dir.Power("n1") == "off" })
	c.must("hmc", "--dir", string(c.dir), "--", "chsysstate -m "+system+" -r lpar -n n1 -o on -f default")
	until(t, 20*time.Second, "Running", func() bool { return state() == "Running" && c.dir.Power("n1") == "up" })
	if _, status := c.try("hmc", "--dir", string(c.dir), "--", "rm", "-rf", "/"); status == 0 {
		t.Error("the HMC's shell takes anything")
	}
}
