// Package world is the shell around a simulated cluster: it owns the folder of
// the cluster, runs the scripts which the core asks for as processes of their
// node, really stops and kills these processes, and answers the tools that are
// called by name from a node's bin folder.
//
// A node is a folder. Its processes are the descendants of its reapers: one
// for each "powerha_sim exec", and one for all its scripts.
package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/sim"
)

// Tools are the names that the binary acts by: what PowerHA, RSCT, CAA and AIX put into /usr on a node.
func Tools() []string { return sim.Tools() }

// maxSocketPath is the room for a path in sockaddr_un of Linux, its closing zero left out.
const maxSocketPath = 107

// Dir is the folder of a simulated cluster; an absolute path.
type Dir string

// OpenDir makes path absolute. The folder need not exist.
func OpenDir(path string) (Dir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the folder of the cluster %q: %w", path, err)
	}
	d := Dir(abs)
	if n := len(d.Socket()); n > maxSocketPath {
		return "", fmt.Errorf("folder %q: the path of its socket has %d bytes, %d is the limit: choose a shorter one", abs, n, maxSocketPath)
	}
	return d, nil
}

func (d Dir) join(elem ...string) string {
	return filepath.Join(append([]string{string(d)}, elem...)...)
}

// Socket is where the world listens.
func (d Dir) Socket() string { return d.join("sim.sock") }

// Spec is the file that says what cluster this is; Log and Trace are written by the world.
func (d Dir) Spec() string  { return d.join("world.json") }
func (d Dir) Log() string   { return d.join("world.log") }
func (d Dir) Trace() string { return d.join("trace.jsonl") }

// Pid holds the pid of the world while it runs; it is removed when all nodes have ended.
func (d Dir) Pid() string { return d.join("world.pid") }

// Runs tells whether a world runs the cluster of the folder.
func (d Dir) Runs() bool {
	b, err := os.ReadFile(d.Pid())
	if err != nil {
		return false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	return err == nil && startTime(pid) != 0
}

// Bin holds the tools of a node.
func (d Dir) Bin(node string) string { return d.join(node, "bin") }

// Run holds one file for each reaper of a node, its power state and its lock.
func (d Dir) Run(node string) string { return d.join(node, "run") }

// Scripts is the node's repository of DR scripts, /usr/lib/dr/scripts/all on AIX.
func (d Dir) Scripts(node string) string { return d.join(node, "usr/lib/dr/scripts/all") }

// App holds the pid files and the logs of the applications of a node, and scripts that name their node.
func (d Dir) App(node string) string { return d.join(node, "app") }

// Var is the node's /var/hacmp.
func (d Dir) Var(node string) string { return d.join(node, "var/hacmp") }

// Shared is the shared disk of a group.
func (d Dir) Shared(group string) string { return d.join("shared", group) }

// Spec describes the cluster in its folder.
type Spec struct {
	Cluster         string                   `json:"cluster"`
	Version         string                   `json:"version"`
	Nodes           []string                 `json:"nodes"`
	Groups          []GroupSpec              `json:"groups"`
	Knobs           map[string]string        `json:"knobs,omitempty"`
	TimerScale      float64                  `json:"timer_scale"`
	Delays          map[string]time.Duration `json:"delays_ns,omitempty"`
	TraceFile       string                   `json:"trace_file"`
	MonitorInterval time.Duration            `json:"monitor_interval_ns"`
	RestartCount    int                      `json:"restart_count"`
	StartupMonitor  bool                     `json:"startup_monitor,omitempty"`
	Monitors        []sim.Monitor            `json:"monitors,omitempty"` // besides the one of each group
}

// GroupSpec is a resource group with its application: a port on each node, and the port of its service address.
type GroupSpec struct {
	Name        string         `json:"name"`
	Nodes       []string       `json:"nodes"` // home node first
	ServicePort int            `json:"service_port"`
	Ports       map[string]int `json:"ports"` // by node
}

// Application is the name of the group's application controller.
func (g GroupSpec) Application() string { return strings.TrimPrefix(g.Name, "rg_") }

// Script is the path of a group's start, stop or monitor script: the same on all nodes, as PowerHA wants it. It finds
// out by its ancestors which node runs it.
func (d Dir) Script(group, what string) string { return d.join("app", group+"."+what) }

// isName tells whether a name of a cluster, node or group is one: a letter, then letters, digits and _, most in all.
func isName(n string, most int) bool {
	for i, c := range []byte(n) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return n != "" && len(n) <= most
}

// Check refuses what could not be simulated.
func (s Spec) Check() error {
	if len(s.Nodes) == 0 || len(s.Nodes) > 16 {
		return fmt.Errorf("--nodes: %d nodes given; PowerHA has 1 to 16", len(s.Nodes))
	}
	named := func(n string, most int) error {
		if !isName(n, most) {
			return fmt.Errorf("name %q: use letters, digits and _, a letter first, %d characters at most", n, most)
		}
		return nil
	}
	for _, n := range append([]string{s.Cluster}, s.Nodes...) {
		if err := named(n, 32); err != nil {
			return err
		}
	}
	for _, g := range s.Groups {
		if err := named(g.Name, 64); err != nil {
			return err
		}
	}
	seen := map[string]bool{"shared": true, "app": true}
	for _, n := range s.Nodes {
		if seen[n] {
			return fmt.Errorf("--nodes: %q is given twice, or taken", n)
		}
		seen[n] = true
	}
	seen = map[string]bool{}
	for _, g := range s.Groups {
		if seen[g.Name] {
			return fmt.Errorf("--groups: %q is given twice", g.Name)
		}
		seen[g.Name] = true
	}
	if s.TimerScale <= 0 {
		return fmt.Errorf("--timer-scale: %v must be above 0", s.TimerScale)
	}
	_, err := sim.New(coreConfig("/", s, time.Time{}))
	return err
}

// Build makes the folder of the cluster: tools, application scripts, DR scripts. self is the binary to link to.
func Build(d Dir, s Spec, self string) error {
	if err := s.Check(); err != nil {
		return err
	}
	if _, err := os.Stat(d.Spec()); err == nil {
		return fmt.Errorf("%s holds a cluster already: end it with \"powerha_sim down --dir %s\" and remove the folder, or choose another", d, d)
	}
	for _, n := range s.Nodes {
		if err := d.buildNode(s, n, self); err != nil {
			return fmt.Errorf("make the folder of node %s: %w", n, err)
		}
	}
	for _, g := range s.Groups {
		if err := d.buildGroup(g); err != nil {
			return fmt.Errorf("make the shared disk and the scripts of group %s: %w", g.Name, err)
		}
	}
	return d.writeSpec(s)
}

func (d Dir) buildNode(s Spec, node, self string) error {
	for _, p := range []string{d.Bin(node), d.Run(node), d.Scripts(node), d.App(node), d.Var(node)} {
		if err := os.MkdirAll(p, 0o755); err != nil {
			return err
		}
	}
	for _, t := range append(Tools(), "powerha_sim") {
		link := filepath.Join(d.Bin(node), t)
		if err := os.Symlink(self, link); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	for _, g := range s.Groups {
		for _, what := range []string{"start", "stop", "monitor"} {
			if err := d.writeScript(filepath.Join(d.App(node), g.Name+"."+what), what, g, " --node "+node); err != nil {
				return err
			}
		}
	}
	if s.HasProductScript() {
		text := fmt.Sprintf("#!/bin/sh\n# DR script of PowerHA SystemMirror\nexec %s \"$@\"\n", quote(filepath.Join(d.Bin(node), productScript)))
		if err := os.WriteFile(filepath.Join(d.Scripts(node), productScript), []byte(text), 0o755); err != nil {
			return err
		}
	}
	return d.setPower(node, powerUp)
}

func (d Dir) buildGroup(g GroupSpec) error {
	if err := os.MkdirAll(d.Shared(g.Name), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(d.join("app"), 0o755); err != nil {
		return err
	}
	for _, what := range []string{"start", "stop", "monitor"} {
		if err := d.writeScript(d.Script(g.Name, what), what, g, ""); err != nil {
			return err
		}
	}
	return nil
}

// writeScript writes one script of a group. It may be called by anybody, with any environment. A monitor runs all day:
// on one processor, Go's runtime starts at the smallest cost.
func (d Dir) writeScript(path, what string, g GroupSpec, node string) error {
	bin := filepath.Join(d.Bin(g.Nodes[0]), "powerha_sim")
	text := fmt.Sprintf("#!/bin/sh\n# %s script of application %s\nGOMAXPROCS=1 exec %s app %s --dir %s --group %s%s\n",
		what, g.Application(), quote(bin), what, quote(string(d)), g.Name, node)
	return os.WriteFile(path, []byte(text), 0o755)
}

// productScript is the DR script that PowerHA 7.2 and later registers.
const productScript = "cl_dr"

// HasProductScript tells whether PowerHA brings a DR script of its own: from 7.2.0 on (Redbook SG24-8278, 2.1.5).
func (s Spec) HasProductScript() bool {
	return !strings.HasPrefix(s.Version, "7.1") && s.Knobs["cl_dr"] != "absent"
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func (d Dir) writeSpec(s Spec) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the description of the cluster: %w", err)
	}
	return replaceFile(d.Spec(), append(b, '\n'))
}

// ReadSpec reads what cluster the folder holds.
func ReadSpec(d Dir) (Spec, error) {
	var s Spec
	b, err := os.ReadFile(d.Spec())
	if err != nil {
		return s, fmt.Errorf("%s holds no simulated cluster (make one with \"powerha_sim up\"): %w", d, err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("read %s: %w", d.Spec(), err)
	}
	return s, nil
}

// Group finds a group by name.
func (s Spec) Group(name string) (GroupSpec, bool) {
	for _, g := range s.Groups {
		if g.Name == name {
			return g, true
		}
	}
	return GroupSpec{}, false
}

const (
	powerUp  = "up"
	powerOff = "off"
)

// Power is whether the node is switched on: up or off.
func (d Dir) Power(node string) string {
	b, err := os.ReadFile(filepath.Join(d.Run(node), "power"))
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

func (d Dir) setPower(node, power string) error {
	return replaceFile(filepath.Join(d.Run(node), "power"), []byte(power+"\n"))
}

// replaceFile writes a file so that readers see the old text or the new one.
func replaceFile(path string, text []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, text, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
