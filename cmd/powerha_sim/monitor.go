package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/sim"
)

// parseMonitor reads an application monitor from KEY=VALUE,…; what is missing has PowerHA's default.
func parseMonitor(text string) (sim.Monitor, error) {
	m := sim.Monitor{RestartCount: 3}
	words := map[string]*string{
		"name": &m.Name, "application": &m.Application, "type": &m.Type, "mode": &m.Mode, "processes": &m.Processes,
		"owner": &m.Owner, "parameters": &m.Parameters, "method": &m.Method, "failure_action": &m.FailureAction,
		"notify_method": &m.NotifyMethod, "cleanup_method": &m.CleanupMethod, "restart_method": &m.RestartMethod,
	}
	numbers := map[string]*int{"instances": &m.Instances, "hung_signal": &m.HungSignal, "retry": &m.Retry, "restart_count": &m.RestartCount}
	times := map[string]*time.Duration{"interval": &m.Interval, "stabilization": &m.Stabilization, "restart_interval": &m.RestartInterval}
	for _, part := range strings.Split(text, ",") {
		key, value, ok := strings.Cut(part, "=")
		var err error
		switch {
		case !ok:
			return m, fmt.Errorf("--monitor %s: %q is not KEY=VALUE; for example name=db_proc,type=process,application=app,processes=dbwr,owner=oracle", text, part)
		case words[key] != nil:
			*words[key] = value
		case numbers[key] != nil:
			*numbers[key], err = strconv.Atoi(value)
		case times[key] != nil:
			*times[key], err = time.ParseDuration(value)
		default:
			return m, fmt.Errorf("--monitor %s: %q is not an attribute of an application monitor (see powerha_sim up --help)", text, key)
		}
		if err != nil {
			return m, fmt.Errorf("--monitor %s: %s: %w", text, key, err)
		}
	}
	return m, nil
}
