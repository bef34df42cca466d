package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/sim/world"
)

// binary is powerha_sim, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "psim")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "powerha_sim")
	if out, err := exec.Command("go", "build", raceFlag, "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build powerha_sim: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// cluster is one that is up for the time of a test.
type cluster struct {
	t   *testing.T
	dir world.Dir
}

// bringUp makes a cluster in a folder with a short name.
func bringUp(t *testing.T, args ...string) cluster {
	t.Helper()
	path, err := os.MkdirTemp("/tmp", "ps")
	if err != nil {
		t.Fatal(err)
	}
	c := cluster{t, world.Dir(path)}
	t.Cleanup(func() {
		if _, err := os.Stat(path); err != nil {
			return // the test removed it, and the world ends by that
		}
		if out, err := c.command("down", "--dir", path).CombinedOutput(); err != nil {
			t.Errorf("down: %v\n%s", err, out)
		}
		if t.Failed() {
			log, _ := os.ReadFile(c.dir.Log())
			t.Logf("log of the cluster:\n%s", log)
		}
		if err := os.RemoveAll(path); err != nil {
			t.Error(err)
		}
	})
	c.must(append([]string{"up", "--dir", path}, args...)...)
	return c
}

func (c cluster) command(args ...string) *exec.Cmd {
	return exec.CommandContext(context.Background(), binary, args...)
}

// must runs powerha_sim and returns what it printed.
func (c cluster) must(args ...string) string {
	c.t.Helper()
	out, status := c.try(args...)
	if status != 0 {
		c.t.Fatalf("powerha_sim %s: exit %d\n%s", strings.Join(args, " "), status, out)
	}
	return out
}

func (c cluster) try(args ...string) (string, int) {
	c.t.Helper()
	out, err := c.command(args...).CombinedOutput()
	return string(out), exitStatus(c.t, err)
}

func exitStatus(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return -1
}

// tool runs a tool of a node with an empty environment.
func (c cluster) tool(node, name string, args ...string) (stdout, stderr string, status int) {
	c.t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(context.Background(), filepath.Join(c.dir.Bin(node), name), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = []string{}, &out, &errs
	status = exitStatus(c.t, cmd.Run())
	return out.String(), errs.String(), status
}

func (c cluster) status() world.Status {
	c.t.Helper()
	var s world.Status
	if err := json.Unmarshal([]byte(c.must("status", "--dir", string(c.dir), "--output", "json")), &s); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// until waits for a condition; it looks often and gives up loudly.
func until(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", limit, what)
		case <-tick.C:
		}
	}
}

func get(url string) (int, string) {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	b, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(b)
}
