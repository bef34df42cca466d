package probe

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Modes of an application monitor (IBM, PowerHA 7.2, "Steps for configuring a custom application monitor").
const (
	// ModeStartup: it is asked until it says that the application has started, and not again.
	ModeStartup = "startup"
	// ModeLongRunning: it is asked at intervals once the application has had its stabilization interval.
	ModeLongRunning = "longrunning"
	// ModeBoth: the one, then the other.
	ModeBoth = "both"
)

// Kinds of an application monitor.
const (
	kindProcess = "process"
	kindCustom  = "custom"
)

const (
	// hungSignal ends a monitor that does not answer, where its definition names no signal: PowerHA's default.
	hungSignal = 9
	maxSignal  = 64
	// maxMethod is the length at which the path of a monitor may have been clipped when it was read.
	maxMethod = 255
)

// MonitorArgv returns what PowerHA runs for a custom monitor, as it stands after the wrapper: its method, without any
// argument, because PowerHA takes none in that field.
func MonitorArgv(m model.Monitor) ([]string, error) {
	switch {
	case m.Method == "":
		return nil, fmt.Errorf("monitor %s has no monitor method", m.Name)
	case !path.IsAbs(m.Method):
		return nil, fmt.Errorf("monitor %s: its method %q is no absolute path", m.Name, m.Method)
	case strings.ContainsAny(m.Method, " \t"):
		return nil, fmt.Errorf("monitor %s: its method %q holds arguments, which PowerHA does not take: put them into a script", m.Name, m.Method)
	case len(m.Method) > maxMethod:
		return nil, fmt.Errorf("monitor %s: the path of its method is longer than %d characters", m.Name, maxMethod)
	}
	return []string{m.Method}, nil
}

func errMissing(name string) error {
	return fmt.Errorf("monitor %s is not in the cluster's configuration: see `clmgr query application_monitor`", name)
}

// monitorOf finds a monitor by its name. One of several applications is listed for each.
func monitorOf(monitors []model.Monitor, name string) (model.Monitor, bool) {
	i := slices.IndexFunc(monitors, func(m model.Monitor) bool { return m.Name == name })
	if i < 0 {
		return model.Monitor{}, false
	}
	return monitors[i], true
}

// sameMonitor reports whether two definitions are run alike. Who suspends a monitor does not change it.
func sameMonitor(a, b model.Monitor) bool {
	return a.Name == b.Name && a.Type == b.Type && a.Mode == b.Mode && a.Interval == b.Interval && a.Method == b.Method &&
		a.HungSignal == b.HungSignal && a.Stabilization == b.Stabilization && slices.Equal(a.Processes, b.Processes) &&
		a.Owner == b.Owner && a.Instances == b.Instances
}

// plan is how a monitor is run, by its definition and what the configuration says otherwise.
type plan struct {
	kind, mode        string
	interval, timeout time.Duration
}

// planOf refuses a definition that cannot be run as PowerHA would.
func planOf(s Spec, m model.Monitor) (plan, error) {
	p := plan{kind: m.Type, mode: cmp.Or(s.Mode, m.Mode, ModeLongRunning)}
	if p.kind == "" && m.Method != "" {
		p.kind = kindCustom
	} else if p.kind == "" && len(m.Processes) > 0 {
		p.kind = kindProcess
	}
	switch p.mode {
	case ModeStartup, ModeLongRunning, ModeBoth:
	default:
		return plan{}, fmt.Errorf("monitor %s: mode %q is not known: set the probe's mode to startup, longrunning or both", m.Name, p.mode)
	}
	switch p.kind {
	case kindCustom:
		if _, err := MonitorArgv(m); err != nil {
			return plan{}, err
		}
		p.interval, p.timeout = cmp.Or(s.Interval, m.Interval), cmp.Or(s.Timeout, m.Interval, s.Interval)
		if p.interval <= 0 {
			return plan{}, fmt.Errorf("monitor %s: its interval is not told: set the probe's interval", m.Name)
		}
	case kindProcess:
		if len(m.Processes) == 0 {
			return plan{}, fmt.Errorf("monitor %s names no process", m.Name)
		}
		p.interval = cmp.Or(s.Interval, defaultInterval)
		p.timeout = cmp.Or(s.Timeout, p.interval)
	default:
		return plan{}, fmt.Errorf("monitor %s: type %q is neither process nor custom", m.Name, m.Type)
	}
	return p, nil
}

// signalOf is the signal that ends a custom monitor which hangs.
func signalOf(m model.Monitor) int {
	if m.HungSignal <= 0 || m.HungSignal > maxSignal {
		return hungSignal
	}
	return m.HungSignal
}
