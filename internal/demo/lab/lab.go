// Package lab sets the demo's stage: a simulated cluster in a folder of its
// own, and the project's programs as processes of its nodes, configured as on
// a real node. Closing it ends everything and removes the folder.
package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/sim/world"
)

// Group is the resource group of the demo, Application what runs in it.
const (
	Group       = "rg_app"
	Application = "app"
)

// Options describe the stage.
type Options struct {
	// Cluster is its name; labs of one process differ in it and in Slot.
	Cluster string
	Slot    int
	// Prometheus is the host:port that the actors ask; a port of the lab is kept for it when it is empty.
	Prometheus string
	// Bin holds the built programs.
	Bin string
	// Version of the simulated PowerHA.
	Version string
	// TimerScale multiplies the product's timers.
	TimerScale float64
	Knobs      map[string]string
	// Mode is migration.mode of the actors; Timing are the scaled spans of the configuration.
	Mode   string
	Timing Timing
	// PeerProbe: the other node asks the application, too, as its users do.
	PeerProbe bool
	// Witnesses of migrations that the exporters do not hear, or hear late. Self is the demo's own program.
	Witnesses Witnesses
	Self      string
}

// Timing holds the spans that the demo shortens.
type Timing struct {
	Interval, ProbeInterval             time.Duration
	MinimumStable, MaximumSampleAge     time.Duration
	PrepareTimeout, SuspensionDeadline  time.Duration
	HeartbeatDuringLPM                  time.Duration
	ScrapeInterval, RuleInterval, Limit time.Duration
}

// Lab is a running stage.
type Lab struct {
	Options
	Dir      string
	Nodes    []string
	Ports    map[string]Ports
	world    world.Dir
	procs    []*process
	appBase  int
	stopLate func() // nil where nothing is read late
}

// Ports are what the programs of one node listen on, on the loopback.
type Ports struct{ Exporter, Actor, Heartbeat, Link, Application int }

// New makes the folder, and starts the cluster. The caller must Close the lab.
func New(ctx context.Context, o Options) (_ *Lab, err error) {
	dir, err := os.MkdirTemp("", "lpm")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the demo: %w", err)
	}
	l := &Lab{Options: o, Dir: dir, Nodes: []string{"n1", "n2"}, Ports: map[string]Ports{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if l.world, err = world.OpenDir(filepath.Join(dir, "sim")); err != nil {
		return nil, err
	}
	block, err := freeBlock(o.Slot)
	if err != nil {
		return nil, err
	}
	if l.Prometheus == "" {
		l.Prometheus = loopback(block)
	}
	for i, n := range l.Nodes {
		first := block + 1 + 5*i
		l.Ports[n] = Ports{Exporter: first, Actor: first + 1, Heartbeat: first + 2, Link: first + 3}
	}
	l.appBase = block + 20
	if err := os.MkdirAll(l.path("logs"), 0o755); err != nil {
		return nil, err
	}
	return l, l.up(ctx)
}

func (l *Lab) up(ctx context.Context) error {
	args := []string{
		"up", "--dir", string(l.world), "--nodes", strings.Join(l.Nodes, ","), "--cluster", l.Cluster, "--version", l.Version,
		"--groups", Group, "--monitor-interval", "30s", "--timer-scale", strconv.FormatFloat(l.TimerScale, 'g', -1, 64), "--app-port", strconv.Itoa(l.appBase),
	}
	for name, value := range l.Knobs {
		args = append(args, "--knob", name+"="+value)
	}
	if out, err := l.Tool(ctx, "powerha_sim", args...); err != nil {
		return fmt.Errorf("bring up the simulated cluster: %w\n%s", err, out)
	}
	s, err := l.Status(ctx)
	if err != nil {
		return err
	}
	for _, g := range s.World.Groups {
		for n, port := range g.Ports {
			p := l.Ports[n]
			p.Application = port
			l.Ports[n] = p
		}
	}
	return nil
}

func (l *Lab) path(elem ...string) string { return filepath.Join(append([]string{l.Dir}, elem...)...) }

// State is the state_dir of a node's programs.
func (l *Lab) State(node string) string { return l.path(node) }

// Status is the referee's view of the cluster.
func (l *Lab) Status(ctx context.Context) (world.Status, error) {
	var s world.Status
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	f, err := world.Call(ctx, l.world, world.Request{Op: "status"}, nil)
	if err != nil {
		return s, fmt.Errorf("ask the referee: %w", err)
	}
	if err := json.Unmarshal(f.Result, &s); err != nil {
		return s, fmt.Errorf("read the referee's answer: %w", err)
	}
	return s, nil
}

// Tool runs one of the built programs outside the nodes, and returns what it printed.
func (l *Lab) Tool(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(l.Bin, program), args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
	}
	return string(out), nil
}

// On runs one of the built programs as a process of a node, and returns what it printed.
func (l *Lab) On(ctx context.Context, node, program string, args ...string) (string, error) {
	all := append([]string{"exec", "--dir", string(l.world), "--node", node, "--", filepath.Join(l.Bin, program)}, args...)
	return l.Tool(ctx, "powerha_sim", all...)
}

// Lpmctl runs lpmctl on a node with its configuration.
func (l *Lab) Lpmctl(ctx context.Context, node string, args ...string) (string, error) {
	return l.On(ctx, node, "lpmctl", append([]string{"--config.file=" + l.config(node)}, args...)...)
}

// Sim runs a verb of powerha_sim on this cluster.
func (l *Lab) Sim(ctx context.Context, verb string, args ...string) (string, error) {
	return l.Tool(ctx, "powerha_sim", append([]string{verb, "--dir", string(l.world)}, args...)...)
}

// App runs a verb of the sample application: break, mend.
func (l *Lab) App(ctx context.Context, node, verb string) (string, error) {
	return l.Tool(ctx, "powerha_sim", "app", verb, "--dir", string(l.world), "--group", Group, "--node", node)
}

// HealthURL is where the application of a node tells its health.
func (l *Lab) HealthURL(node string) string {
	return "http://" + loopback(l.Ports[node].Application) + "/health"
}

// Pages are the lines that the notify command was called with, oldest first.
func (l *Lab) Pages() []string {
	text, err := os.ReadFile(l.path("pages"))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// Close ends the cluster and every program, and removes the folder.
func (l *Lab) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if l.stopLate != nil {
		l.stopLate()
	}
	var errs []error
	if _, err := os.Stat(l.world.Socket()); err == nil {
		if out, err := l.Sim(ctx, "down"); err != nil {
			errs = append(errs, fmt.Errorf("end the simulated cluster: %w\n%s", err, out))
		}
	}
	for _, p := range l.procs {
		errs = append(errs, p.end())
	}
	if os.Getenv("POWERHA_DEMO_KEEP") != "" {
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, os.RemoveAll(l.Dir))...)
}
