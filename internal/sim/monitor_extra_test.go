package sim

import (
	"strings"
	"testing"
	"time"
)

func monitored(t *testing.T, version string, ms ...Monitor) *shell {
	t.Helper()
	return newShell(t, Config{Version: version, Monitors: ms})
}

var processMonitor = Monitor{
	Name: "app_proc", Application: "app", Type: "process", Processes: "appd", Owner: "appuser", Instances: 3,
	Stabilization: 20 * time.Second, RestartCount: 1, FailureAction: "fallover",
}

func TestConfiguredMonitorsAreTold(t *testing.T) {
	custom := Monitor{
		Name: "app_sql", Application: "app", Type: "custom", Mode: "both", Method: "/app/sql", Interval: 30 * time.Second,
		HungSignal: 15, Retry: 2, Stabilization: time.Minute, RestartCount: 4, NotifyMethod: "/app/page",
	}
	for _, l := range levels() {
		s := monitored(t, l.name, processMonitor, custom)
		got := s.must("n1", "clmgr", "query", "application_monitor")
		if got != "app_mon\napp_proc\napp_sql\n" {
			t.Errorf("%s: names %q", l.name, got)
		}
		golden(t, l.name+"/monitors.txt", transcript(s, "n1 clmgr -v query application_monitor", "n1 clmgr query application_monitor app_proc",
			"n1 odmget -q monitor=app_sql HACMPmonitor", "n1 ps -e -o pid,user,comm", "n2 ps -e -o pid,user,comm", "n1 ps -e -o pid,ppid,user,etime,args",
			"n1 ps -eo pid=,args=", "n1 ps -ef", "n1 ps -e -o nosuch"))
	}
}

func TestProcessMonitor(t *testing.T) {
	count := func(s *shell, node string) int {
		return strings.Count(s.must(node, "ps", "-e", "-o", "pid,user,comm"), "appuser appd")
	}
	s := monitored(t, "7.2.7", processMonitor)
	s.run(time.Minute)
	if count(s, "n1") != 3 || count(s, "n2") != 0 {
		t.Errorf("processes: %d and %d", count(s, "n1"), count(s, "n2"))
	}
	s.step(SetKnob{Name: "monitor.app_proc@n1", Value: "suspended"})
	if got := s.must("n1", "clRGinfo", "-m"); !strings.Contains(got, "ONLINE MONITOR SUSPENDED") {
		t.Errorf("suspended: %s", got)
	}
	s.step(SetKnob{Name: "monitor.app_proc@n1", Value: "failed"})
	if count(s, "n1") != 0 {
		t.Error("the processes are still there")
	}
	s.run(5 * time.Minute)
	if st := s.core.Status(); st.Restarts != 1 || st.Takeovers != 1 || s.group0().Owner != "n2" || count(s, "n2") != 3 {
		t.Errorf("restarts %d, takeovers %d, %+v", st.Restarts, st.Takeovers, s.group0())
	}
}

func TestMonitorThatOnlyNotifies(t *testing.T) {
	m := processMonitor
	m.FailureAction, m.RestartCount = "notify", 0
	s := monitored(t, "7.2.7", m)
	s.step(SetKnob{Name: "monitor.app_proc", Value: "failed"})
	s.run(5 * time.Minute)
	if st := s.core.Status(); st.Restarts != 0 || st.Takeovers != 0 || !strings.Contains(s.files["n1:var/hacmp/adm/cluster.log"], "EVENT COMPLETED: server_down n1 app 0") {
		t.Errorf("restarts %d, takeovers %d", st.Restarts, st.Takeovers)
	}
	if got := s.must("n1", "clRGinfo", "-m"); !strings.Contains(got, "ONLINE MONITOR FAILED") {
		t.Errorf("%s", got)
	}
}

// While the group is unmanaged nobody of PowerHA looks; after the resume the monitors look again.
func TestMonitorsRestWhileUnmanaged(t *testing.T) {
	s := monitored(t, "7.2.7", processMonitor)
	s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
	s.step(SetKnob{Name: "monitor.app_proc", Value: "failed"})
	s.run(10 * time.Minute)
	if st := s.core.Status(); st.Restarts != 0 || st.Takeovers != 0 {
		t.Errorf("unmanaged: %+v", st)
	}
	s.must("n1", "clmgr", "start", "node", "n1", "MANAGE=auto")
	s.run(2 * time.Minute)
	if st := s.core.Status(); st.Restarts == 0 {
		t.Error("managed again, and nobody looks")
	}
}

// A custom monitor is run with its own interval as its limit and its own signal; failures in a row may be tolerated
// from 7.2.2 on.
func TestCustomMonitor(t *testing.T) {
	m := Monitor{
		Name: "app_sql", Application: "app", Type: "custom", Method: "/app/sql", Interval: 30 * time.Second, HungSignal: 15, Retry: 1,
		RestartCount: 5, Mode: "longrunning", Stabilization: 10 * time.Second,
	}
	for version, want := range map[string]int{"7.2.0": 0, "7.2.3": 1} {
		s := newShell(t, Config{Version: version, Monitors: []Monitor{m}, Groups: []Group{{Name: "rg_app", Nodes: []string{"n1", "n2"}, Application: "app", Start: "/app/start", Stop: "/app/stop"}}})
		s.run(11 * time.Second)
		if !containsEffect(s, "/app/sql", "Signal:15", "Timeout:30s") {
			t.Errorf("%s: the method was not run as configured", version)
		}
		s.broken["rg_app n1"] = true
		failures := 0
		for s.core.Status().Restarts == 0 && failures < 5 {
			s.run(30 * time.Second)
			failures++
		}
		if failures != want+1 {
			t.Errorf("%s: restarted after %d failures", version, failures)
		}
	}
}

func containsEffect(s *shell, words ...string) bool {
	for _, e := range s.effects {
		all := true
		for _, w := range words {
			all = all && strings.Contains(e, w)
		}
		if all {
			return true
		}
	}
	return false
}

func TestStartupMonitorOfTheConfiguration(t *testing.T) {
	for mode, starts := range map[string]int{"startup": 1, "both": 1, "longrunning": 2} {
		m := Monitor{Name: "app_up", Application: "app", Type: "custom", Mode: mode, Method: "/app/up", Interval: time.Minute, RestartCount: 1}
		s := monitored(t, "7.2.7", m)
		s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage")
		s.must("n1", "clmgr", "start", "node", "n1", "MANAGE=auto")
		if len(s.starts) != starts {
			t.Errorf("%s: %d starts, want %d", mode, len(s.starts), starts)
		}
	}
}

func TestBadMonitors(t *testing.T) {
	good := Monitor{Name: "m", Application: "app", Type: "custom", Method: "/m", Interval: time.Second}
	for what, spoil := range map[string]func(*Monitor){
		"name":        func(m *Monitor) { m.Name = "1st" },
		"type":        func(m *Monitor) { m.Type = "other" },
		"mode":        func(m *Monitor) { m.Mode = "never" },
		"interval":    func(m *Monitor) { m.Interval = 0 },
		"arguments":   func(m *Monitor) { m.Method = "/m -x" },
		"action":      func(m *Monitor) { m.FailureAction = "halt" },
		"owner":       func(m *Monitor) { m.Type, m.Processes = "process", "a" },
		"instances":   func(m *Monitor) { m.Type, m.Processes, m.Owner, m.Instances = "process", "a b", "u", 2 },
		"nobody's":    func(m *Monitor) { m.Application = "nosuch" },
		"the group's": func(m *Monitor) { m.Name = "app_mon" },
	} {
		m := good
		spoil(&m)
		_, err := New(Config{Cluster: "c", Version: "7.2.7", Nodes: []string{"n1"}, Monitors: []Monitor{m}, Groups: []Group{{Name: "rg_app", Nodes: []string{"n1"}, Application: "app", Monitor: "/x", MonitorInterval: time.Second}}})
		if err == nil {
			t.Errorf("a monitor with a bad %s is taken", what)
		}
	}
}
