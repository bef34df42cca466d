package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/sim"
	"powerha_lpm_exporter/internal/sim/world"
)

const (
	upLimit   = 60 * time.Second // scripts start in it
	downLimit = 15 * time.Second
	pollPause = 20 * time.Millisecond
	portsEach = 20 // ports of a group: the service address, then one for each of up to 16 nodes
)

// upFlags are the flags of up.
type upFlags struct {
	dir, cluster, version, nodes, groups, trace, language string
	scale                                                 float64
	clmgrDelay, monitorInterval                           time.Duration
	delays                                                map[string]string
	knobs                                                 map[string]string
	monitors                                              []string
	appPort, restartCount                                 int
	startupMonitor, foreground                            bool
}

func addUp(app *kingpin.Application, verbs map[string]verb) {
	// Defaults stand here, not at the flags: kingpin sets none in a command line with --version in it.
	f := upFlags{
		nodes: "n1,n2", cluster: "simcluster", version: "7.2.7", groups: "rg_app", scale: 1,
		monitorInterval: 5 * time.Second, restartCount: 3, delays: map[string]string{}, knobs: map[string]string{},
	}
	c := app.Command("up", "Make a cluster and start it.")
	c.Flag("dir", "Folder to make it in; a short path, because it holds a socket.").Required().PlaceHolder("DIR").StringVar(&f.dir)
	c.Flag("nodes", "Names of the nodes (default: n1,n2).").StringVar(&f.nodes)
	c.Flag("cluster", "Name of the cluster (default: simcluster).").StringVar(&f.cluster)
	c.Flag("version", "Version of PowerHA: 7.1.3, 7.2.0, 7.2.3 or 7.2.7 (default: 7.2.7).").StringVar(&f.version)
	c.Flag("language", "Language of the nodes' messages: "+strings.Join(sim.Languages(), ", ")+" (default: en_US). LC_ALL=C is obeyed unless --knob lc_all=ignored.").StringVar(&f.language)
	c.Flag("groups", "Resource groups; NAME@NODE sets another home node than the first (default: rg_app).").StringVar(&f.groups)
	c.Flag("timer-scale", "Factor on every timer of the product (default: 1).").Float64Var(&f.scale)
	c.Flag("clmgr-delay", "How long clmgr works before it answers.").DurationVar(&f.clmgrDelay)
	c.Flag("delay", "How long a tool works before it answers, TOOL=DURATION.").PlaceHolder("TOOL=DURATION").StringMapVar(&f.delays)
	c.Flag("knob", "An uncertain fact about the product, or a fault, NAME=VALUE.").PlaceHolder("NAME=VALUE").StringMapVar(&f.knobs)
	c.Flag("trace", "File for the simulation trace (default: trace.jsonl in the folder).").StringVar(&f.trace)
	c.Flag("app-port", "First port of the applications (default: free ones).").IntVar(&f.appPort)
	c.Flag("monitor-interval", "Interval of the applications' monitors; 0: none (default: 5s).").DurationVar(&f.monitorInterval)
	c.Flag("restart-count", "How often a monitor restarts its application before it fails over (default: 3).").IntVar(&f.restartCount)
	c.Flag("startup-monitor", "The monitors also run at startup: what runs is not started again.").BoolVar(&f.startupMonitor)
	c.Flag("monitor", "A further application monitor, name=NAME,type=process|custom,application=APP and its attributes: processes, owner, instances, parameters; method, interval, hung_signal, retry; mode, stabilization, restart_count, restart_interval, failure_action, notify_method, cleanup_method, restart_method.").PlaceHolder("name=NAME,…").StringsVar(&f.monitors)
	c.Flag("foreground", "Stay in the foreground.").BoolVar(&f.foreground)
	verbs["up"] = func(ctx context.Context, s shell) int { return up(ctx, s, f) }
}

func up(ctx context.Context, s shell, f upFlags) int {
	d, err := world.OpenDir(f.dir)
	if err != nil {
		return s.fail(exitUsage, err)
	}
	spec, err := f.spec(d)
	if err != nil {
		return s.fail(exitUsage, err)
	}
	self, err := os.Executable()
	if err != nil {
		return s.fail(exitFailed, fmt.Errorf("find my own program: %w", err))
	}
	if err := world.Build(d, spec, self); err != nil {
		return s.fail(exitFailed, err)
	}
	if f.foreground {
		return runWorld(ctx, s, d)
	}
	if err := background(ctx, s, d, self); err != nil {
		if !d.Runs() {
			err = errors.Join(err, os.Remove(d.Spec())) // so that the next up is not refused
		}
		return s.fail(exitFailed, err)
	}
	fmt.Fprintf(s.stdout, "cluster %s is up in %s: nodes %s\n", spec.Cluster, d, strings.Join(spec.Nodes, ", "))
	for _, g := range spec.Groups {
		fmt.Fprintf(s.stdout, "group %s: service address 127.0.0.1:%d", g.Name, g.ServicePort)
		for _, n := range g.Nodes {
			fmt.Fprintf(s.stdout, ", on %s 127.0.0.1:%d", n, g.Ports[n])
		}
		fmt.Fprintln(s.stdout)
	}
	return exitOK
}

// spec makes the description of the cluster out of the flags.
func (f upFlags) spec(d world.Dir) (world.Spec, error) {
	s := world.Spec{
		Cluster: f.cluster, Version: f.version, Nodes: split(f.nodes), Knobs: f.knobs, TimerScale: f.scale,
		Delays: map[string]time.Duration{}, TraceFile: f.trace, MonitorInterval: f.monitorInterval,
		RestartCount: f.restartCount, StartupMonitor: f.startupMonitor,
	}
	if s.TraceFile == "" {
		s.TraceFile = d.Trace()
	}
	var err error
	if s.TraceFile, err = filepath.Abs(s.TraceFile); err != nil {
		return s, fmt.Errorf("--trace: %w", err)
	}
	if f.clmgrDelay > 0 {
		s.Delays["clmgr"] = f.clmgrDelay
	}
	for name, text := range f.delays {
		delay, err := time.ParseDuration(text)
		if err != nil || delay < 0 {
			return s, fmt.Errorf("--delay %s=%s: not a duration such as 2s", name, text)
		}
		s.Delays[name] = delay
	}
	if f.language != "" {
		f.knobs["language"] = f.language
	}
	for name, value := range f.knobs {
		if err := sim.CheckKnob(name, value); err != nil {
			return s, fmt.Errorf("--knob: %w", err)
		}
	}
	for _, text := range f.monitors {
		m, err := parseMonitor(text)
		if err != nil {
			return s, err
		}
		s.Monitors = append(s.Monitors, m)
	}
	for i, text := range split(f.groups) {
		g, err := f.group(s.Nodes, i, text)
		if err != nil {
			return s, err
		}
		s.Groups = append(s.Groups, g)
	}
	return s, s.Check()
}

func (f upFlags) group(nodes []string, i int, text string) (world.GroupSpec, error) {
	name, home, ok := strings.Cut(text, "@")
	g := world.GroupSpec{Name: name, Ports: map[string]int{}}
	if ok {
		g.Nodes = []string{home}
	}
	known := !ok
	for _, n := range nodes {
		if ok && n == home {
			known = true
			continue
		}
		g.Nodes = append(g.Nodes, n)
	}
	if !known {
		return g, fmt.Errorf("--groups %s: the cluster has no node %q", text, home)
	}
	ports, err := f.ports(i, len(nodes)+1)
	if err != nil {
		return g, err
	}
	g.ServicePort = ports[0]
	for j, n := range nodes {
		g.Ports[n] = ports[j+1]
	}
	return g, nil
}

// ports chooses the ports of a group.
func (f upFlags) ports(group, n int) ([]int, error) {
	var out []int
	if f.appPort != 0 {
		for i := range n {
			out = append(out, f.appPort+group*portsEach+i)
		}
		return out, nil
	}
	for range n { // all held until the last is found, so that they differ
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close()
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		p, err := strconv.Atoi(port)
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// background starts the world and waits until its applications run.
func background(ctx context.Context, s shell, d world.Dir, self string) error {
	log, err := os.OpenFile(d.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open the log of the cluster: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(self, "world", "--dir", string(d))
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the cluster: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with the world, or with this process
	deadline := s.clock.Now().Mono + upLimit
	for s.clock.Now().Mono < deadline {
		select {
		case err := <-ended:
			return fmt.Errorf("the cluster did not start (%w): %s", err, lastLine(d.Log()))
		default:
		}
		if f, err := world.Call(ctx, d, world.Ping(), nil); err == nil && f.Exit == 0 {
			return nil
		}
		if err := clock.Sleep(ctx, s.clock, pollPause); err != nil {
			return err
		}
	}
	return fmt.Errorf("the cluster is not ready within %v: see %s", upLimit, d.Log())
}

func lastLine(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	text := strings.TrimSpace(string(b))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

func addWorld(app *kingpin.Application, verbs map[string]verb) {
	c := app.Command("world", "Run the cluster of a folder in the foreground (\"up\" does it).").Hidden()
	dir := dirFlag(c)
	verbs["world"] = func(ctx context.Context, s shell) int {
		d, err := world.OpenDir(*dir)
		if err != nil {
			return s.fail(exitUsage, err)
		}
		return runWorld(ctx, s, d)
	}
}

func runWorld(ctx context.Context, s shell, d world.Dir) int {
	ctx, stop := interruptible(ctx)
	defer stop()
	self, err := os.Executable()
	if err != nil {
		return s.fail(exitFailed, fmt.Errorf("find my own program: %w", err))
	}
	err = world.Run(ctx, world.Options{Dir: d, Clock: s.clock, Self: self, Log: slog.New(slog.NewTextHandler(s.stderr, nil))})
	if err != nil {
		return s.fail(exitFailed, err)
	}
	return exitOK
}

func addDown(app *kingpin.Application, verbs map[string]verb) {
	c := app.Command("down", "End the cluster and all processes of its nodes. The folder stays.")
	dir := dirFlag(c)
	verbs["down"] = func(ctx context.Context, s shell) int { return down(ctx, s, *dir) }
}

func down(ctx context.Context, s shell, path string) int {
	d, spec, err := open(path)
	if err != nil {
		return s.fail(exitFailed, err)
	}
	_, callErr := world.Call(ctx, d, world.Down(), nil) // the world ends before it answers
	deadline := s.clock.Now().Mono + downLimit
	for d.Runs() && s.clock.Now().Mono < deadline {
		if err := clock.Sleep(ctx, s.clock, pollPause); err != nil {
			return s.fail(exitFailed, err)
		}
	}
	if d.Runs() {
		return s.fail(exitFailed, fmt.Errorf("the cluster in %s does not end within %v: see %s: %w", d, downLimit, d.Log(), callErr))
	}
	// What a world left that was killed itself.
	if err := world.KillAll(ctx, d, spec.Nodes, s.clock); err != nil {
		return s.fail(exitFailed, err)
	}
	if err := os.Remove(d.Spec()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return s.fail(exitFailed, err)
	}
	fmt.Fprintf(s.stdout, "cluster %s is down\n", spec.Cluster)
	return exitOK
}
