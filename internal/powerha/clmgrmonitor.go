package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseMonitors reads `clmgr -v query application_monitor`. A cluster without
// monitors prints nothing. A monitor of several applications counts for each.
func parseMonitors(in *input) ([]model.Monitor, error) {
	monitors := []model.Monitor{}
	for _, o := range parseObjects(in) {
		a := o.attrs
		if !isName(a["NAME"]) {
			in.reject(o.at, "expected a monitor with a NAME")
			continue
		}
		r := attrReader{attrs: a, in: in, at: o.at}
		m := model.Monitor{
			Name: a["NAME"], Type: strings.ToLower(clip(a["TYPE"])), Mode: monitorMode(a["MODE"]),
			Method: clip(a["MONITORMETHOD"]), HungSignal: r.number("HUNGSIGNAL"),
			Processes: wordList(a["PROCESSES"]), Owner: clip(a["OWNER"]), Instances: r.number("INSTANCECOUNT"),
		}
		if d := r.seconds("MONITORINTERVAL"); d != nil {
			m.Interval = *d
		}
		if d := r.seconds("STABILIZATION"); d != nil {
			m.Stabilization = *d
		}
		if why := lacking(m); why != "" {
			in.reject(o.at, why) // it stays in the list: that there is such a monitor is worth knowing
		}
		if m.Type != "" && m.Type != "process" && m.Type != "custom" {
			in.unknown("monitor type", a["TYPE"])
		}
		if m.Mode != "" && m.Mode != "startup" && m.Mode != "longrunning" && m.Mode != "both" {
			in.unknown("monitor mode", a["MODE"])
		}
		for _, name := range [...]string{"MONITOR_RETRY", "MONITOR_RETRY_COUNT", "MONITORRETRY", "MONITORRETRYCOUNT"} { // spelling not documented
			if n, ok := number(a[name]); ok {
				m.Retries = n
			}
		}
		apps := nameList(a["APPLICATIONS"])
		if len(apps) == 0 {
			apps = []string{""}
		}
		for _, m.Application = range apps {
			monitors = append(monitors, m)
		}
	}
	if len(monitors) == 0 && in.r.Unparsed > 0 {
		return nil, in.notUnderstood("application monitor")
	}
	return monitors, nil
}

// lacking says what a monitor must have and this one has not: then its text was cut, or is that of something else.
func lacking(m model.Monitor) string {
	switch {
	case m.Type == "" || m.Mode == "":
		return "expected a monitor with TYPE and MODE"
	case m.Type == "custom" && m.Interval == 0:
		return "expected a custom monitor with MONITORINTERVAL"
	case m.Type == "process" && len(m.Processes) == 0:
		return "expected a process monitor with PROCESSES"
	}
	return ""
}

// monitorMode folds the spellings of a mode: long-running is printed with and without its hyphen.
func monitorMode(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(clip(s)), "-", ""), " ", "")
}
