package sim

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// monitor is one application monitor of the configuration, and what it has seen.
type monitor struct {
	Monitor
	misses  int
	healthy time.Duration // since when it is satisfied; -1: it is not
}

// processPoll is how soon RMC is taken to report that a process is gone.
const processPoll = time.Second

// Types and modes of application monitors.
const (
	monitorProcess = "process"
	monitorCustom  = "custom"
	modeStartup    = "startup"
	modeBoth       = "both"
	modeLong       = "longrunning"
)

// addMonitors hands the monitors of the configuration to the groups of their applications.
func (c *Core) addMonitors(list []Monitor) error {
	for _, m := range list {
		m = m.withDefaults()
		if err := m.check(); err != nil {
			return fmt.Errorf("application monitor %q: %w", m.Name, err)
		}
		if c.hasMonitor(m.Name) {
			return fmt.Errorf("application monitor %q is given twice, or is the group's own", m.Name)
		}
		found := false
		for _, g := range c.groups {
			if g.Application == m.Application {
				g.monitors, found = append(g.monitors, &monitor{Monitor: m}), true
				break
			}
		}
		if !found {
			return fmt.Errorf("application monitor %q: no resource group has an application %q", m.Name, m.Application)
		}
	}
	return nil
}

// withDefaults fills what PowerHA fills: restart count 3, signal 9, action notify, one instance.
func (m Monitor) withDefaults() Monitor {
	if m.Mode == "" {
		m.Mode = modeLong
	}
	if m.FailureAction == "" {
		m.FailureAction = "notify"
	}
	if m.Type == monitorProcess && m.Instances == 0 {
		m.Instances = 1
	}
	if m.Type == monitorCustom && m.HungSignal == 0 {
		m.HungSignal = 9
	}
	if m.RestartInterval == 0 {
		m.RestartInterval = time.Duration(1.1 * float64(m.RestartCount) * float64(m.Stabilization+m.Interval))
	}
	return m
}

func (m Monitor) check() error {
	switch {
	case !monitorName(m.Name):
		return errors.New("a name has letters, digits and _, no digit first, 64 characters at most")
	case m.Mode != modeStartup && m.Mode != modeBoth && m.Mode != modeLong:
		return fmt.Errorf("mode %q: longrunning, startup or both", m.Mode)
	case m.FailureAction != "notify" && m.FailureAction != "fallover":
		return fmt.Errorf("failure action %q: notify or fallover", m.FailureAction)
	case m.RestartCount < 0 || m.Retry < 0 || m.Instances < 0 || m.Stabilization < 0 || m.Interval < 0:
		return errors.New("a negative number")
	case m.Type == monitorProcess && (m.Processes == "" || m.Owner == ""):
		return errors.New("a process monitor needs processes and owner")
	case m.Type == monitorProcess && len(strings.Fields(m.Processes)) > 1 && m.Instances != 1:
		return errors.New("with more than one process, instances must be 1")
	case m.Type == monitorCustom && (!strings.HasPrefix(m.Method, "/") || strings.ContainsAny(m.Method, " \t") || m.Interval == 0):
		return errors.New("a custom monitor needs a method, a full path without arguments, and an interval")
	case m.Type != monitorProcess && m.Type != monitorCustom:
		return fmt.Errorf("type %q: process or custom", m.Type)
	}
	return nil
}

func monitorName(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func (c *Core) hasMonitor(name string) bool {
	for _, g := range c.groups {
		for _, o := range c.monitorObjects(g) {
			if o[0].value == name {
				return true
			}
		}
	}
	return false
}

// monitorObject is what clmgr tells of a monitor of the configuration.
func (c *Core) monitorObject(g *group, m *monitor) object {
	o := object{
		{"NAME", m.Name},
		{"TYPE", map[string]string{monitorProcess: "Process", monitorCustom: "Custom"}[m.Type]},
		{"APPLICATIONS", m.Application},
		{"MODE", m.Mode},
		{"STABILIZATION", seconds(m.Stabilization)},
		{"RESTARTCOUNT", strconv.Itoa(m.RestartCount)},
		{"FAILUREACTION", m.FailureAction},
		{"NOTIFYMETHOD", m.NotifyMethod},
		{"CLEANUPMETHOD", cmp.Or(m.CleanupMethod, g.Stop)},
		{"RESTARTMETHOD", cmp.Or(m.RestartMethod, g.Start)},
		{"RESTARTINTERVAL", seconds(m.RestartInterval)},
	}
	if m.Type == monitorProcess {
		return append(o, attr{"PROCESSES", m.Processes}, attr{"OWNER", m.Owner},
			attr{"INSTANCECOUNT", strconv.Itoa(m.Instances)}, attr{"PARAMETERS", m.Parameters})
	}
	o = append(o, attr{"MONITORMETHOD", m.Method}, attr{"MONITORINTERVAL", seconds(m.Interval)}, attr{"HUNGSIGNAL", strconv.Itoa(m.HungSignal)})
	if c.level.monitorRetry {
		o = append(o, attr{"MONITOR_RETRY", strconv.Itoa(m.Retry)})
	}
	return o
}

// watchLater lets a monitor look again after a while, as long as the group is managed and online.
func (c *Core) watchLater(g *group, m *monitor, wait time.Duration) {
	if m.Mode == modeStartup || !g.managed || g.state != stOnline || g.owner == "" {
		return
	}
	gen, owner := g.generation, c.nodes[g.owner]
	c.timer(owner, wait, func() {
		if g.generation != gen {
			return
		}
		fault := c.knob(owner, "monitor."+m.Name)
		switch {
		case fault == "suspended":
			c.watchLater(g, m, max(m.Interval, processPoll))
		case fault == "failed", m.Type == monitorProcess:
			c.watched(g, m, fault != "failed")
		default:
			limit := max(c.scaled(m.Interval), minMonitorLimit)
			run := RunScript{Node: owner.name, Kind: "app_monitor", Path: m.Method, Env: haEnv(g), Timeout: limit, Signal: m.HungSignal}
			c.runScript(run, func(e ScriptEnded) {
				if g.generation == gen {
					c.watched(g, m, e.Exit == 0 && !e.TimedOut)
				}
			})
		}
	})
}

func (c *Core) watched(g *group, m *monitor, ok bool) {
	tolerated := m.Type == monitorCustom && c.level.monitorRetry && m.misses < m.Retry
	switch {
	case ok:
		m.misses = 0
		if m.healthy < 0 {
			m.healthy = c.now
		}
		if c.now-m.healthy >= c.scaled(m.RestartInterval) {
			g.restarts = 0
		}
	case tolerated:
		m.misses++
	default:
		c.applicationFailed(g, reaction{
			restarts: m.RestartCount, fallover: m.FailureAction == "fallover", notify: m.NotifyMethod,
			cleanup: cmp.Or(m.CleanupMethod, g.Stop), restart: cmp.Or(m.RestartMethod, g.Start),
		})
		return
	}
	c.watchLater(g, m, max(m.Interval, processPoll))
}

// startupMethod is the script that tells before a start whether the application runs already, or "".
func (c *Core) startupMethod(g *group) string {
	if g.StartupMonitor && g.Monitor != "" {
		return g.Monitor
	}
	for _, m := range g.monitors {
		if m.Type == monitorCustom && m.Mode != modeLong {
			return m.Method
		}
	}
	return ""
}

// suspended: a person has suspended the monitoring of the application.
func (c *Core) suspended(g *group, n *node) bool {
	for _, o := range c.monitorObjects(g) {
		if c.knob(n, "monitor."+o[0].value) == "suspended" {
			return true
		}
	}
	return false
}

// appProcess is one process that a process monitor looks for.
type appProcess struct {
	pid         int
	user, group string
	name        string
}

// appProcesses are the processes of the process monitors that run on a node: where the workload runs, unless a knob
// says that they are gone.
func (c *Core) appProcesses(n *node) []appProcess {
	var out []appProcess
	for gi, g := range c.groups {
		if !c.runsHere(g, n) {
			continue
		}
		for mi, m := range g.monitors {
			if m.Type != monitorProcess || c.knob(n, "monitor."+m.Name) == "failed" {
				continue
			}
			for pi, name := range strings.Fields(m.Processes) {
				for i := range m.Instances {
					pid := 30000000 + n.index*1000000 + gi*100000 + mi*10000 + pi*1000 + i*2
					out = append(out, appProcess{pid: pid, user: m.Owner, name: name, group: g.Name})
				}
			}
		}
	}
	return out
}

// runsHere: the workload of the group runs on the node, as the shell saw it, or as the cluster manager believes where
// no shell looks.
func (c *Core) runsHere(g *group, n *node) bool {
	on, seen := c.log.runsOn[g.Name]
	if seen {
		return strings.Contains(" "+strings.Join(on, " ")+" ", " "+n.name+" ")
	}
	return g.owner == n.name && g.state == stOnline
}
