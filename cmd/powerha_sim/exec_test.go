//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pidIn waits until a process has written its pid to a file.
func pidIn(t *testing.T, path string) int {
	t.Helper()
	pid := 0
	until(t, 10*time.Second, "a pid in "+path, func() bool {
		b, err := os.ReadFile(path)
		if err != nil || !strings.HasSuffix(string(b), "\n") {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(b)))
		return err == nil
	})
	return pid
}

// stateOf is the state letter of a process; 0 when it is gone.
func stateOf(pid int) byte {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, ok := strings.Cut(string(b), ") ")
	if !ok {
		return 0
	}
	return rest[0]
}

// orphan is a command that leaves a daemon behind in a session of its own, and ends with 7.
func orphan(pidFile string) []string {
	daemon := "echo $$ > " + pidFile + "; exec sleep 600"
	return []string{"sh", "-c", "setsid sh -c '" + daemon + "' </dev/null >/dev/null 2>&1 & while [ ! -s " + pidFile + " ]; do :; done; exit 7"}
}

func TestExecStaysReaperOfDaemons(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1", "--monitor-interval", "0")
	before := c.status().World.Processes["n1"]
	pidFile := filepath.Join(t.TempDir(), "pid")
	cmd := c.command(append([]string{"exec", "--dir", string(c.dir), "--node", "n1", "--"}, orphan(pidFile)...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := pidIn(t, pidFile)
	until(t, 10*time.Second, "the daemon alone is one more process of the node", func() bool {
		return c.status().World.Processes["n1"] == before+1
	})
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := exitStatus(t, cmd.Wait()); got != 7 {
		t.Errorf("exit status %d, want the command's own, 7", got)
	}
}

func TestExecForwardsSignalsAndStatus(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1", "--monitor-interval", "0")
	pidFile := filepath.Join(t.TempDir(), "pid")
	cmd := c.command("exec", "--dir", string(c.dir), "--node", "n1", "--", "sh", "-c",
		"trap 'exit 9' TERM; echo $$ > "+pidFile+"; while :; do sleep 0.01; done")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pidIn(t, pidFile)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := exitStatus(t, cmd.Wait()); got != 9 {
		t.Errorf("exit status %d, want 9 from the trap", got)
	}
	if out, got := c.try("exec", "--dir", string(c.dir), "--node", "n1", "--", "sh", "-c", "kill -9 $$"); got != 128+9 {
		t.Errorf("exit status of a killed command %d, want 137: %s", got, out)
	}
	if out, got := c.try("exec", "--dir", string(c.dir), "--node", "n1", "--", "/nonexistent"); got != 1 || !strings.Contains(out, "/nonexistent") {
		t.Errorf("a missing command: exit %d, %s", got, out)
	}
	if out, got := c.try("exec", "--dir", string(c.dir), "--node", "nx", "--", "true"); got != 2 {
		t.Errorf("a node that is not there: exit %d, %s", got, out)
	}
}

func TestDetachedCommandBelongsToNode(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1,n2", "--monitor-interval", "0")
	log := filepath.Join(t.TempDir(), "log")
	out := c.must("exec", "--dir", string(c.dir), "--node", "n2", "--detach", "--log", log, "--", "sh", "-c", "echo began; exec sleep 600")
	pid, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil || stateOf(pid) == 0 {
		t.Fatalf("it printed %q: no pid of a process", out)
	}
	until(t, 10*time.Second, "its output in the log", func() bool {
		b, _ := os.ReadFile(log)
		return string(b) == "began\n"
	})
	c.must("kill-node", "--dir", string(c.dir), "--node", "n1")
	if stateOf(pid) == 0 {
		t.Error("the death of n1 hit a process of n2")
	}
	c.must("kill-node", "--dir", string(c.dir), "--node", "n2")
	until(t, 10*time.Second, "its end with its node", func() bool { return stateOf(pid) == 0 })
}

func TestDeathHitsDaemonsAndBlocksStarts(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1,n2", "--timer-scale", "0.05", "--monitor-interval", "0")
	dir := string(c.dir)
	pidFile := filepath.Join(t.TempDir(), "pid")
	cmd := c.command(append([]string{"exec", "--dir", dir, "--node", "n1", "--"}, orphan(pidFile)...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := pidIn(t, pidFile)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil { // a stopped process dies too
		t.Fatal(err)
	}
	c.must("kill-node", "--dir", dir, "--node", "n1")
	until(t, 10*time.Second, "the death of the daemon", func() bool { return stateOf(pid) == 0 })
	if got := exitStatus(t, cmd.Wait()); got != 7 {
		t.Errorf("exit status %d of exec, want the command's, 7", got)
	}
	until(t, 10*time.Second, "a node without processes", func() bool { return c.status().World.Processes["n1"] == 0 })
	if out, got := c.try("exec", "--dir", dir, "--node", "n1", "--", "true"); got != 1 || !strings.Contains(out, "is off") {
		t.Errorf("start on a dead node: exit %d, %s", got, out)
	}
	until(t, 20*time.Second, "the takeover by n2", func() bool {
		s := c.status()
		return s.Takeovers == 1 && len(s.World.Groups[0].Writing) == 1 && s.World.Groups[0].Writing[0] == "n2"
	})
	service := fmt.Sprintf("http://127.0.0.1:%d/health", c.status().World.Groups[0].ServicePort)
	if code, text := get(service); code != 200 || !strings.Contains(text, "on n2") {
		t.Errorf("service address after the takeover: %d %s", code, text)
	}
	c.must("boot", "--dir", dir, "--node", "n1")
	c.must("exec", "--dir", dir, "--node", "n1", "--", "true")
	if s := c.status(); s.RanTwice != 0 || s.World.Moments != 0 {
		t.Errorf("ran twice: %+v", s.World.Groups)
	}
}
