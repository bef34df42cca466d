package world

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Caller says as what, in which cluster and on which node the binary was called.
type Caller struct {
	Tool string
	Dir  Dir
	Node string
	// Locale is LC_ALL of the caller: C asks for messages that are not translated.
	Locale string
}

// FindCaller reads it from the path of the call, D/NODE/bin/TOOL; the path is not resolved, because it ends in a link.
// POWERHA_SIM_DIR and POWERHA_SIM_NODE override. Tool is empty when the binary was called by no tool's name.
func FindCaller(argv0 string, getenv func(string) string) (Caller, error) {
	tool := filepath.Base(argv0)
	if !slices.Contains(Tools(), tool) {
		return Caller{}, nil
	}
	path := argv0
	if !strings.Contains(path, "/") {
		found, err := exec.LookPath(path)
		if err != nil {
			return Caller{}, fmt.Errorf("%s: called without a path, and PATH does not lead to it: call it as DIR/NODE/bin/%s", tool, tool)
		}
		path = found
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return Caller{}, fmt.Errorf("%s: find the folder of the cluster: %w", tool, err)
	}
	node := filepath.Dir(filepath.Dir(path))
	c := Caller{Tool: tool, Dir: Dir(filepath.Dir(node)), Node: filepath.Base(node), Locale: getenv("LC_ALL")}
	if v := getenv("POWERHA_SIM_DIR"); v != "" {
		if c.Dir, err = OpenDir(v); err != nil {
			return Caller{}, fmt.Errorf("POWERHA_SIM_DIR: %w", err)
		}
	}
	if v := getenv("POWERHA_SIM_NODE"); v != "" {
		c.Node = v
	}
	return c, nil
}

// Who tells who called the process, by its ancestors: actor, exporter, product or human.
func Who(pid int) string {
	for pid = parent(pid); pid > 1; pid = parent(pid) {
		switch program(pid) {
		case "powerha_lpm_actor":
			return "actor"
		case "powerha_lpm_exporter":
			return "exporter"
		case "lpmctl":
			return "actor" // ours, at an operator's or drmgr's request
		case productScript:
			return "product"
		}
	}
	return "human"
}

// Environ is the environment of a node's process: the caller's, with the node's tools first in PATH.
func Environ(d Dir, node string) []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "PATH=") })
	return append(env, "PATH="+d.Bin(node)+":"+os.Getenv("PATH"))
}
