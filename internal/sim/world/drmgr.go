package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

// drUsage is what drmgr(8) says to what it does not understand.
const drUsage = `Usage: drmgr { -i script_name [-w minutes] [ -f ] | -u script_name } [ -D hostname ]
       drmgr -R base_directory_path | -S syslog_chan_id_str | -b | -l
`

// drDefault is the limit of a script that advertises none (AIX dr_scripts).
const drDefault = 10 * time.Second

// Drmgr is what drmgr(8) of AIX is called for beside migrations: installing DR scripts on the node and removing them.
type Drmgr struct {
	Dir            Dir
	Node           string
	Clock          clock.Clock
	Stdout, Stderr io.Writer
	// Ask sends a request to the world.
	Ask func(ctx context.Context, r Request) error
}

// drCall is a parsed command line.
type drCall struct {
	install, uninstall, host string
	minutes                  int
	force                    bool
}

// Installs tells whether the arguments ask for what Drmgr does; the rest is the core's.
func Installs(args []string) bool {
	for _, a := range args {
		if strings.HasPrefix(a, "-i") || strings.HasPrefix(a, "-u") {
			return true
		}
	}
	return false
}

func parseDrmgr(args []string) (drCall, error) {
	var c drCall
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		if len(a) < 2 || a[0] != '-' {
			return c, fmt.Errorf("argument %q", a)
		}
		if a == "-f" {
			c.force = true
			continue
		}
		value := a[2:]
		if value == "" {
			if len(args) == 0 {
				return c, fmt.Errorf("%s needs a value", a)
			}
			value, args = args[0], args[1:]
		}
		var err error
		switch a[1] {
		case 'i':
			c.install = value
		case 'u':
			c.uninstall = value
		case 'D':
			c.host = value
		case 'w':
			c.minutes, err = strconv.Atoi(value)
			if err != nil || c.minutes <= 0 {
				return c, fmt.Errorf("-w %q: not a number of minutes", value)
			}
		default:
			return c, fmt.Errorf("flag %s", a)
		}
	}
	if (c.install == "") == (c.uninstall == "") || c.uninstall != "" && (c.minutes > 0 || c.force) {
		return c, errors.New("give -i or -u; -w and -f go with -i")
	}
	return c, nil
}

// Run does what the arguments say and returns drmgr's exit status.
func (m Drmgr) Run(ctx context.Context, args []string) int {
	c, err := parseDrmgr(args)
	if err != nil {
		fmt.Fprintf(m.Stderr, "drmgr: %v\n%s", err, drUsage)
		return 1
	}
	if c.host != "" && c.host != m.Node {
		fmt.Fprintf(m.Stderr, "drmgr: this node is %s: scripts for %s lie in another folder, which a simulated node does not have\n", m.Node, c.host)
		return 1
	}
	if c.install != "" {
		err = m.install(ctx, c)
	} else {
		err = m.uninstall(ctx, c.uninstall)
	}
	if err != nil {
		fmt.Fprintf(m.Stderr, "drmgr: %v\n", err)
		return 1
	}
	return 0
}

func (m Drmgr) install(ctx context.Context, c drCall) error {
	name := filepath.Base(c.install)
	target := filepath.Join(m.Dir.Scripts(m.Node), name)
	text, err := os.ReadFile(c.install)
	if err != nil {
		return fmt.Errorf("install %s: %w", c.install, err)
	}
	if _, err := os.Stat(target); err == nil && !c.force {
		fmt.Fprintf(m.Stderr, "drmgr: warning: %s is installed already: nothing done (-f overwrites)\n", target)
		return nil
	}
	if err := os.WriteFile(target+".new", text, 0o755); err != nil {
		return fmt.Errorf("copy %s: %w", c.install, err)
	}
	defer os.Remove(target + ".new")
	info, err := m.interview(ctx, target+".new")
	if err != nil {
		return fmt.Errorf("install %s: %w", c.install, err)
	}
	limit := info.timeout
	if c.minutes > 0 {
		limit = time.Duration(c.minutes) * time.Minute
	}
	if err := os.Rename(target+".new", target); err != nil {
		return fmt.Errorf("install %s: %w", target, err)
	}
	r := Request{Op: opRegister, Node: m.Node, Path: target, Name: name, Info: info.text, Timeout: limit}
	if err := m.Ask(ctx, r); err != nil {
		return errors.Join(err, os.Remove(target))
	}
	fmt.Fprintf(m.Stdout, "%s               %s\n", target, info.text)
	return nil
}

func (m Drmgr) uninstall(ctx context.Context, script string) error {
	name := filepath.Base(script)
	target := filepath.Join(m.Dir.Scripts(m.Node), name)
	if err := os.Remove(target); err != nil {
		return fmt.Errorf("uninstall %s: %w", name, err)
	}
	return m.Ask(ctx, Request{Op: opUnregister, Node: m.Node, Name: name})
}

// drInfo is what a script says of itself.
type drInfo struct {
	text    string
	timeout time.Duration
}

// interview asks the script for scriptinfo, register and, for each resource, usage, as drmgr does at installation.
func (m Drmgr) interview(ctx context.Context, path string) (drInfo, error) {
	values, err := m.ask(ctx, path, "scriptinfo")
	if err != nil {
		return drInfo{}, err
	}
	for _, key := range []string{"DR_VERSION", "DR_DATE", "DR_SCRIPTINFO", "DR_VENDOR"} {
		if len(values[key]) == 0 {
			return drInfo{}, fmt.Errorf("scriptinfo does not say %s", key)
		}
	}
	info := drInfo{text: values["DR_SCRIPTINFO"][0], timeout: drDefault}
	if t := values["DR_TIMEOUT"]; len(t) > 0 {
		seconds, err := strconv.Atoi(t[0])
		if err != nil || seconds <= 0 {
			return drInfo{}, fmt.Errorf("scriptinfo says DR_TIMEOUT=%s: not a number of seconds", t[0])
		}
		info.timeout = time.Duration(seconds) * time.Second
	}
	values, err = m.ask(ctx, path, "register")
	if err != nil {
		return drInfo{}, err
	}
	resources := values["DR_RESOURCE"]
	if len(resources) == 0 {
		return drInfo{}, errors.New("register names no DR_RESOURCE")
	}
	for _, r := range resources {
		if _, err := m.ask(ctx, path, "usage", r); err != nil {
			return drInfo{}, err
		}
	}
	return info, nil
}

// ask runs the script once and reads its name=value lines.
func (m Drmgr) ask(ctx context.Context, path string, args ...string) (map[string][]string, error) {
	ctx, cancel := m.Clock.WithTimeout(ctx, drDefault)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/usr/sbin:/bin", "DR_FORCE=FALSE", "DR_DETAIL_LEVEL=0"}
	cmd.Dir, cmd.WaitDelay = "/", time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(args, " "), err)
	}
	values := map[string][]string{}
	for line := range bytes.Lines(out) {
		if key, value, ok := strings.Cut(strings.TrimRight(string(line), "\r\n"), "="); ok && strings.HasPrefix(key, "DR_") {
			values[key] = append(values[key], value)
		}
	}
	return values, nil
}

// productTimeout is the limit of PowerHA's own script when no knob sets it.
const productTimeout = 600 * time.Second

// registerProductScript registers what PowerHA's installation registers.
func (w *World) registerProductScript() error {
	if !w.spec.HasProductScript() {
		return nil
	}
	limit := productTimeout
	if text, ok := w.spec.Knobs["cl_dr_timeout"]; ok {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || seconds <= 0 {
			return fmt.Errorf("knob cl_dr_timeout=%q: not a number of seconds", text)
		}
		limit = time.Duration(seconds * float64(time.Second))
	}
	for _, n := range w.spec.Nodes {
		path := filepath.Join(w.dir.Scripts(n), productScript)
		if err := w.core.RegisterDRScript(n, path, productScript, "PowerHA SystemMirror DR script", limit); err != nil {
			return fmt.Errorf("register %s: %w", path, err)
		}
	}
	return nil
}
