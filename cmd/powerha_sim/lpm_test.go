//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/sim/app"
	"powerha_lpm_exporter/internal/sim/world"
)

// migrate runs a migration and returns its result.
func (c cluster) migrate(args ...string) (world.Migration, int) {
	c.t.Helper()
	cmd := c.command(append([]string{"lpm", "--dir", string(c.dir), "--output", "json"}, args...)...)
	out, err := cmd.Output()
	var m world.Migration
	if jsonErr := json.Unmarshal(out, &m); jsonErr != nil {
		c.t.Fatalf("lpm %v: %v (%v): %s", args, jsonErr, err, out)
	}
	return m, exitStatus(c.t, err)
}

// longestGap finds the longest silence of a node's writer.
func (c cluster) longestGap(group, node string) time.Duration {
	c.t.Helper()
	lines, err := app.NewTail(c.dir.Shared(group)).Next()
	if err != nil {
		c.t.Fatal(err)
	}
	var gap, last time.Duration
	for _, l := range lines {
		if l.Node != node {
			continue
		}
		if last != 0 {
			gap = max(gap, l.Mono-last)
		}
		last = l.Mono
	}
	return gap
}

func TestMigrationFreezesEveryProcess(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--nodes", "n1,n2", "--timer-scale", "0.05", "--monitor-interval", "0")
	dir := string(c.dir)
	const freeze = time.Second
	done := make(chan struct{})
	var late error
	var lateAt time.Time
	go func() { // starts in the freeze, and so after it
		defer close(done)
		for c.frozen("n1") == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		late = exec.Command(binary, "exec", "--dir", dir, "--node", "n1", "--", "true").Run()
		lateAt = time.Now()
	}()
	m, status := c.migrate("--node", "n1", "--precopy", "200ms", "--freeze", freeze.String())
	if status != 0 || m.Result != "completed" || m.Freeze == nil {
		t.Fatalf("exit %d, %+v", status, m)
	}
	truth := m.Freeze.Frozen()
	if truth < freeze || truth > freeze+2*time.Second || m.Freeze.Processes == 0 {
		t.Errorf("the truth about a freeze of %v: %v, %+v", freeze, truth, m.Freeze)
	}
	until(t, 10*time.Second, "a line of the writer after the freeze", func() bool { return c.longestGap("rg_app", "n1") >= truth })
	if gap := c.longestGap("rg_app", "n1"); gap > truth+m.Freeze.Bound()+10*app.Interval {
		t.Errorf("the writer was silent for %v, the freeze took %v", gap, truth)
	}
	<-done
	if thaw := m.Freeze.Wall.Add(m.Freeze.FirstCont - m.Freeze.FirstStop); late != nil || lateAt.Before(thaw) {
		t.Errorf("a process started in the freeze ended %v before its end: %v", thaw.Sub(lateAt), late)
	}
	s := c.status()
	if len(s.World.Freezes) != 1 || s.Takeovers != 0 || s.RanTwice != 0 || s.World.Moments != 0 {
		t.Errorf("after a short freeze: %d takeovers, ran twice %d and %d, freezes %+v", s.Takeovers, s.RanTwice, s.World.Moments, s.World.Freezes)
	}
}

// frozen counts the stopped processes under the node's run folder by what the world says in its status.
func (c cluster) frozen(node string) int {
	out, err := exec.Command(binary, "status", "--dir", string(c.dir), "--output", "json").Output()
	var s world.Status
	if err != nil || json.Unmarshal(out, &s) != nil {
		return 0
	}
	n := 0
	for _, f := range s.World.Freezes {
		if f.Node == node {
			n++
		}
	}
	return n
}

// An old PowerHA has no script of its own: a freeze beyond node timeout and grace period costs a takeover.
func TestUnprotectedFreezeShowsTakeover(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--version", "7.1.3", "--timer-scale", "0.05", "--monitor-interval", "0")
	m, _ := c.migrate("--node", "n1", "--precopy", "100ms", "--freeze", "5s")
	t.Logf("%+v", m)
	until(t, 20*time.Second, "the takeover by n2", func() bool {
		s := c.status()
		return s.Takeovers == 1 && slices.Equal(s.World.Groups[0].Writing, []string{"n2"})
	})
}

const phaseScript = `#!/bin/sh
case "$1" in
scriptinfo) echo DR_VERSION=1; echo DR_DATE=01032026; echo "DR_SCRIPTINFO=test script"; echo DR_VENDOR=us; echo DR_TIMEOUT=5 ;;
register) echo DR_RESOURCE=pmig ;;
usage) echo DR_USAGE=test ;;
*)
	echo "$1 $2 [$HOME] $DR_FORCE" >> LOG
	if [ -s VETO ]; then echo "DR_ERROR=$(cat VETO)"; exit 10; fi
	if [ -e HANG ]; then exec sleep 600; fi ;;
esac
`

func TestMigrationRunsRegisteredScripts(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--timer-scale", "0.05", "--monitor-interval", "0")
	tmp := t.TempDir()
	log, veto, hang := filepath.Join(tmp, "log"), filepath.Join(tmp, "veto"), filepath.Join(tmp, "hang")
	text := strings.NewReplacer("LOG", log, "VETO", veto, "HANG", hang).Replace(phaseScript)
	script := filepath.Join(tmp, "aa_test")
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, errs, status := c.tool("n1", "drmgr", "-i", script); status != 0 || !strings.Contains(out, "test script") {
		t.Fatalf("drmgr -i: exit %d, %s%s", status, out, errs)
	}
	out, errs, status := c.tool("n1", "drmgr", "-l")
	if a, b := strings.Index(out, "aa_test"), strings.Index(out, "cl_dr"); status != 0 || a < 0 || b < a {
		t.Fatalf("drmgr -l: exit %d, %s%s; want aa_test before cl_dr", status, out, errs)
	}
	called := func(want ...string) {
		t.Helper()
		b, _ := os.ReadFile(log)
		var got []string
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			got = append(got, f[0])
			if len(f) != 4 || f[1] != "pmig" || f[2] != "[]" || f[3] != "FALSE" {
				t.Errorf("called with %q", line)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("called %q, want %q", got, want)
		}
		if err := os.Remove(log); err != nil {
			t.Error(err)
		}
	}
	fast := []string{"--node", "n1", "--precopy", "10ms", "--freeze", "10ms"}
	if m, status := c.migrate(fast...); status != 0 {
		t.Fatalf("exit %d, %+v", status, m)
	}
	called("checkmigrate", "premigrate", "postmigrate")

	if m, status := c.migrate(append(fast, "--abort-at", "suspend")...); status != 1 || m.Result != "aborted" {
		t.Fatalf("abort: exit %d, %+v", status, m)
	}
	called("checkmigrate", "premigrate", "undopremigrate")

	if err := os.WriteFile(veto, []byte("not today"), 0o644); err != nil {
		t.Fatal(err)
	}
	if m, status := c.migrate(fast...); status != 1 || m.Result != "vetoed" || !strings.Contains(m.Message, "not today") || m.Freeze != nil {
		t.Fatalf("veto: exit %d, %+v", status, m)
	}
	called("checkmigrate")

	if err := os.Remove(veto); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hang, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if m, status := c.migrate(fast...); status != 1 || m.Result != "vetoed" {
		t.Fatalf("a script that hangs: exit %d, %+v", status, m)
	}
	called("checkmigrate")
	if out, errs, status := c.tool("n1", "drmgr", "-u", "aa_test"); status != 0 {
		t.Fatalf("drmgr -u: exit %d, %s%s", status, out, errs)
	}
	if out, _, _ := c.tool("n1", "drmgr", "-l"); strings.Contains(out, "aa_test") {
		t.Errorf("drmgr -l after -u: %s", out)
	}
}

func TestPartitionThatDiesInFreeze(t *testing.T) {
	t.Parallel()
	c := bringUp(t, "--timer-scale", "0.05", "--monitor-interval", "0")
	m, status := c.migrate("--node", "n1", "--precopy", "10ms", "--freeze", "200ms", "--die=suspend")
	if status != 1 || m.Result != "lost" {
		t.Fatalf("exit %d, %+v", status, m)
	}
	until(t, 10*time.Second, "the end of its processes", func() bool { return c.status().World.Processes["n1"] == 0 })
	trace, err := os.ReadFile(c.dir.Trace())
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for line := range strings.Lines(string(trace)) {
		var r struct {
			T    *float64 `json:"t"`
			Kind string   `json:"kind"`
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.T == nil || r.Kind == "" {
			t.Fatalf("trace line %q: %v", line, err)
		}
		kinds[r.Kind] = true
	}
	for _, k := range []string{"migration_open", "freeze_start", "node_dead", "migration_close", "dr_script", "owner"} {
		if !kinds[k] {
			t.Errorf("the trace has no %s: %v", k, fmt.Sprint(kinds))
		}
	}
}
