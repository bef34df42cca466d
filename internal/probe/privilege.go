package probe

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// MonitorCommand is what a probe runs for a custom monitor, for those who say which rights are needed.
type MonitorCommand struct {
	Monitor string
	Wrapper []string
	// Argv is the wrapper and what MonitorArgv returns; the latter alone is what the wrapper must be allowed to run.
	Argv []string
	// Timeout is when a run is taken for hung. It may take six seconds more to end.
	Timeout time.Duration
	// Err says why nothing can be run: no such monitor, or a definition that cannot be.
	Err error
}

// MonitorCommands lists the commands of all probes that run a monitor of the cluster, in the order of the probes. Monitors
// of processes run none and are left out.
func MonitorCommands(specs []Spec, monitors []model.Monitor) []MonitorCommand {
	var out []MonitorCommand
	for _, s := range specs {
		if s.Type != TypeMonitor {
			continue
		}
		c := MonitorCommand{Monitor: s.Monitor, Wrapper: slices.Clone(s.Wrapper)}
		m, found := monitorOf(monitors, s.Monitor)
		if !found {
			c.Err = errMissing(s.Monitor)
			out = append(out, c)
			continue
		}
		p, err := planOf(s, m)
		if err == nil && p.kind == kindProcess {
			continue
		}
		if c.Err = err; err == nil {
			argv, err := MonitorArgv(m)
			c.Argv, c.Timeout, c.Err = append(slices.Clone(s.Wrapper), argv...), p.timeout, err
		}
		out = append(out, c)
	}
	return out
}
