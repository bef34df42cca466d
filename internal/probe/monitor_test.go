package probe

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

func custom() model.Monitor {
	return model.Monitor{
		Name: "db_mon", Application: "db", Type: "custom", Mode: "longrunning", Interval: 20 * time.Second,
		Method: "/ha/db_mon", HungSignal: 15,
	}
}

func monitorSpec() Spec {
	return Spec{Application: "db", Group: "rg1", Name: "own", Type: TypeMonitor, Vantage: Local, Monitor: "db_mon"}
}

// bench drives a core with one monitor by hand.
type bench struct {
	t    *testing.T
	core *Core
	own  Ownership
	at   float64
	runs []Run // not answered
}

// newBench has the group here since second `since`, unmanaged.
func newBench(t *testing.T, s Spec, m model.Monitor, since float64) *bench {
	t.Helper()
	return &bench{t: t, core: NewCore([]Spec{s}), own: Ownership{
		Node: "n1", Owners: map[string][]string{"rg1": {"n1"}}, Since: map[string]time.Time{"rg1": instant(since).Wall},
		Unmanaged: map[string]bool{"rg1": true}, Monitors: []model.Monitor{m}, MonitorsRead: true,
	}}
}

func (b *bench) step(at float64, results ...Result) []Run {
	b.t.Helper()
	b.at = at
	runs := b.core.Step(instant(at), b.own, results)
	b.runs = append(b.runs, runs...)
	return runs
}

// until steps every second up to a moment, and answers each run at once with err.
func (b *bench) until(at float64, err string) (began []float64) {
	b.t.Helper()
	for ; b.at <= at; b.at++ {
		var results []Result
		for _, r := range b.runs {
			results = append(results, Result{Run: r, At: instant(b.at), Err: err})
		}
		b.runs = nil
		now := b.at
		if len(b.step(now, results...)) > 0 {
			began = append(began, now)
		}
	}
	return began
}

func (b *bench) one() model.ProbeStatus {
	b.t.Helper()
	all := b.core.All()
	if len(all) != 1 {
		b.t.Fatalf("at %v: %d probes listed: %+v", b.at, len(all), all)
	}
	return all[0]
}

func equal(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: began at %v, want %v", what, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: began at %v, want %v", what, got, want)
			return
		}
	}
}

// PowerHA runs its monitor while it manages the group; a second copy beside it has to be asked for.
func TestMonitorRunsWhilePowerHADoesNot(t *testing.T) {
	b := newBench(t, monitorSpec(), custom(), -3600)
	b.own.Unmanaged = nil
	equal(t, "managed", b.until(60, ""), nil)
	if s := b.one(); s.Active || s.Waiting != WhyManaged {
		t.Errorf("managed: %+v", s)
	}
	if got := b.core.Status(); len(got) != 0 {
		t.Errorf("a monitor that does not run has a status: %+v", got)
	}
	b.own.Unmanaged = map[string]bool{"rg1": true}
	equal(t, "unmanaged", b.until(110, ""), []float64{61, 81, 101})
	if s := b.core.Status(); len(s) != 1 || !s[0].Success || s[0].Succeeded != 3 || s[0].Waiting != "" {
		t.Errorf("unmanaged: %+v", s)
	}
	b.own.Unmanaged = nil
	equal(t, "managed again", b.until(150, ""), nil)
	if s := b.one(); s.Active || s.Waiting != WhyManaged || s.Succeeded != 0 {
		t.Errorf("managed again: %+v", s)
	}
	asked := monitorSpec()
	asked.WhileManaged = true
	b = newBench(t, asked, custom(), -3600)
	b.own.Unmanaged = nil
	equal(t, "while_managed", b.until(40, ""), []float64{0, 20, 40})
}

// A run is given up when PowerHA manages again, and none begins before it is back.
func TestMonitorIsGivenUpAtResume(t *testing.T) {
	b := newBench(t, monitorSpec(), custom(), -3600)
	run := b.step(0)[0]
	b.own.Unmanaged = nil
	if more := b.step(5); len(more) != 0 {
		t.Fatal("runs beside PowerHA's copy")
	}
	if stops := b.core.Stops(); len(stops) != 1 || stops[0] != run.Number() {
		t.Fatalf("given up: %v, want %d", stops, run.Number())
	}
	b.step(6)
	if stops := b.core.Stops(); len(stops) != 0 {
		t.Errorf("given up twice: %v", stops)
	}
	b.own.Unmanaged = map[string]bool{"rg1": true}
	if more := b.step(7); len(more) != 0 {
		t.Error("a second copy beside the one that was given up")
	}
	if more := b.step(8, Result{Run: run, At: instant(0), Err: "context canceled"}); len(more) != 1 {
		t.Error("does not run after the old copy is back")
	}
	if s := b.core.Status(); len(s) != 0 {
		t.Errorf("took the result of what was given up: %+v", s)
	}
}

func TestMonitorNeverOverlapsItself(t *testing.T) {
	b := newBench(t, monitorSpec(), custom(), -3600)
	run := b.step(0)[0]
	if run.Spec.Timeout != 20*time.Second || run.Spec.Interval != 20*time.Second {
		t.Errorf("interval %s, time-out %s: both are the monitor's interval", run.Spec.Interval, run.Spec.Timeout)
	}
	for at := 1.0; at < 90; at++ {
		if len(b.step(at)) != 0 {
			t.Fatalf("second copy at %v", at)
		}
	}
	if len(b.step(90, Result{Run: run, At: instant(0), Err: "no answer"})) != 1 {
		t.Error("does not go on")
	}
	if s := b.one(); s.Success || s.Failed != 1 || s.Error != "no answer" {
		t.Errorf("%+v", s)
	}
}

func TestMonitorStabilizes(t *testing.T) {
	with := func(mode string, since float64) *bench {
		m := custom()
		m.Mode, m.Stabilization = mode, 60*time.Second
		return newBench(t, monitorSpec(), m, since)
	}
	b := with(ModeLongRunning, 0)
	equal(t, "long-running, group came at 0", b.until(50, ""), nil)
	if s := b.one(); s.Waiting != WhyStabilizing || !s.Active || !s.LastAt.IsZero() {
		t.Errorf("stabilizing: %+v", s)
	}
	equal(t, "long-running, stable at 60", b.until(85, ""), []float64{60, 80})
	equal(t, "long-running, here for long", with(ModeLongRunning, -3600).until(30, ""), []float64{0, 20})

	b = with(ModeStartup, 0)
	equal(t, "startup, does not start", b.until(50, "exit 1"), []float64{0, 20, 40})
	if s := b.one(); s.Failed != 0 || !s.LastAt.IsZero() || !s.Active {
		t.Errorf("a failure before the end of the interval counts: %+v", s)
	}
	equal(t, "startup, did not start", b.until(70, "exit 1"), []float64{60})
	b.until(81, "exit 1")
	if s := b.one(); s.Failed == 0 || s.Success {
		t.Errorf("did not start in time, and that is no failure: %+v", s)
	}
	equal(t, "startup, started", b.until(200, ""), []float64{100})
	if s := b.one(); s.Active || s.Waiting != WhyStarted || len(b.core.Status()) != 0 {
		t.Errorf("it goes on being asked: %+v", s)
	}

	b = with(ModeBoth, 0)
	equal(t, "both", b.until(10, "exit 1"), []float64{0})
	equal(t, "both, started at 20", b.until(59, ""), []float64{20})
	if s := b.one(); s.Waiting != WhyStabilizing || s.Succeeded != 1 {
		t.Errorf("both, between: %+v", s)
	}
	equal(t, "both, long-running from 60", b.until(85, ""), []float64{60, 80})

	longer := monitorSpec()
	longer.Mode = ModeLongRunning
	m := custom()
	m.Mode = ModeStartup
	equal(t, "startup, configured as long-running", newBench(t, longer, m, -3600).until(45, ""), []float64{0, 20, 40})
}

// The time of day may be set while an application stabilizes.
func TestStabilizationKeepsToTheMonotonicClock(t *testing.T) {
	m := custom()
	m.Stabilization = time.Minute
	b := newBench(t, monitorSpec(), m, 0)
	b.step(10)
	late := instant(20)
	late.Wall = late.Wall.Add(24 * time.Hour)
	if len(b.core.Step(late, b.own, nil)) != 0 {
		t.Error("a step of the time of day ends the stabilization interval")
	}
	if len(b.core.Step(instant(60), b.own, nil)) != 1 {
		t.Error("it does not end")
	}
}

// What is configured and not there is seen at once, not in the middle of a migration.
func TestMonitorIsMissing(t *testing.T) {
	b := newBench(t, monitorSpec(), custom(), -3600)
	b.own.Monitors, b.own.Unmanaged = nil, nil
	equal(t, "missing", b.until(11, ""), nil)
	s := b.core.Status()
	if len(s) != 1 || s[0].Success || s[0].Failed != 3 || !strings.Contains(s[0].Error, "db_mon is not in the cluster's configuration") {
		t.Fatalf("missing: %+v", s)
	}
	b.own.Monitors = []model.Monitor{custom()}
	b.step(12)
	if s := b.one(); s.Waiting != WhyManaged || s.Failed != 0 {
		t.Errorf("it is there: %+v", s)
	}
	b.own.Monitors, b.own.Unparsed, b.own.Unmanaged = nil, 2, map[string]bool{"rg1": true}
	if len(b.step(13)) != 1 {
		t.Error("lines that were not understood make a known monitor missing")
	}

	unread := newBench(t, monitorSpec(), custom(), -3600)
	unread.own.Monitors, unread.own.MonitorsRead = nil, false
	equal(t, "not read", unread.until(30, ""), nil)
	if s := unread.one(); s.Waiting != WhyUnread || !s.Active || !s.LastAt.IsZero() || len(unread.core.Status()) != 0 {
		t.Errorf("not read: %+v", s)
	}
}

func TestMonitorDefinitionChanges(t *testing.T) {
	b := newBench(t, monitorSpec(), custom(), -3600)
	first := b.step(0)[0]
	b.step(1, Result{Run: first, At: instant(0)})
	second := b.step(20)[0]
	m := custom()
	m.Method = "/ha/new_mon"
	b.own.Monitors = []model.Monitor{m}
	if len(b.step(21)) != 0 {
		t.Fatal("the new one runs beside the old one")
	}
	if stops := b.core.Stops(); len(stops) != 1 || stops[0] != second.Number() {
		t.Errorf("the old one is not given up: %v", stops)
	}
	if s := b.one(); s.Succeeded != 0 {
		t.Errorf("the success of the old one counts for the new one: %+v", s)
	}
	if runs := b.step(22, Result{Run: second, At: instant(20)}); len(runs) != 1 || runs[0].Monitor.Method != "/ha/new_mon" {
		t.Errorf("runs %+v", runs)
	}
	m.Suspended = true
	b.own.Monitors = []model.Monitor{m}
	b.step(23)
	if s := b.one(); s.Active || s.Waiting != WhySuspended {
		t.Errorf("suspended: %+v", s)
	}
}

func TestMonitorConfigurationChanges(t *testing.T) {
	b := newBench(t, monitorSpec(), custom(), -3600)
	run := b.step(0)[0]
	other := monitorSpec()
	other.Wrapper = []string{"/usr/bin/sudo", "-n"}
	b.core.Configure([]Spec{other})
	if stops := b.core.Stops(); len(stops) != 1 || stops[0] != run.Number() {
		t.Errorf("given up: %v", stops)
	}
	if len(b.step(1)) != 0 {
		t.Error("a second copy while the old one still runs")
	}
	if runs := b.step(2, Result{Run: run, At: instant(0)}); len(runs) != 1 || len(runs[0].Spec.Wrapper) != 2 {
		t.Errorf("runs %+v", runs)
	}
	b.core.Configure(nil)
	if stops := b.core.Stops(); len(stops) != 1 {
		t.Errorf("a probe that is gone is not given up: %v", stops)
	}
}

func TestMonitorFaults(t *testing.T) {
	for text, change := range map[string]func(*model.Monitor){
		"no monitor method":                       func(m *model.Monitor) { m.Method = "" },
		"is no absolute path":                     func(m *model.Monitor) { m.Method = "db_mon" },
		"holds arguments":                         func(m *model.Monitor) { m.Method = "/ha/db_mon -v" },
		"longer than 255":                         func(m *model.Monitor) { m.Method = "/" + strings.Repeat("x", 255) },
		"its interval is not told":                func(m *model.Monitor) { m.Interval = 0 },
		`mode "sometimes" is not known`:           func(m *model.Monitor) { m.Mode = "sometimes" },
		`type "snmp" is neither process nor cust`: func(m *model.Monitor) { m.Type = "snmp" },
		"names no process":                        func(m *model.Monitor) { m.Type = "process" },
	} {
		m := custom()
		change(&m)
		b := newBench(t, monitorSpec(), m, -3600)
		equal(t, text, b.until(3, ""), nil)
		if s := b.one(); s.Success || !s.Active || !strings.Contains(s.Error, text) {
			t.Errorf("want %q: %+v", text, s)
		}
	}
	m := custom()
	m.Type, m.Mode = "", ""
	if runs := newBench(t, monitorSpec(), m, -3600).step(0); len(runs) != 1 || runs[0].Monitor.Type != "custom" {
		t.Errorf("a monitor without type and mode that has a method: %+v", runs)
	}
}

// asked keeps the query that it was asked.
type asked struct {
	runner
	q *command.Query
}

func (a asked) Query(_ context.Context, q command.Query) (command.Output, error) {
	*a.q = q
	return a.out, a.err
}

func TestCustomMonitor(t *testing.T) {
	s := monitorSpec()
	s.Wrapper, s.Timeout = []string{"/usr/bin/sudo", "-n"}, 20*time.Second
	m := custom()
	var q command.Query
	check := func(out command.Output, err error) string {
		c := Checker{Clock: clock.System(), Runner: asked{runner{out: out, err: err}, &q}}
		return c.Check(t.Context(), Run{Spec: s, Monitor: &m}).Err
	}
	expect(t, "exit 0", check(command.Output{}, nil), "")
	if strings.Join(q.Argv, " ") != "/usr/bin/sudo -n /ha/db_mon" || q.Timeout != 20*time.Second || q.HungSignal != 15 || !q.Alone || !q.Relayed {
		t.Errorf("asked %+v", q)
	}
	expect(t, "exit 1", check(command.Output{Exit: 1, Stdout: []byte("no listener\n")}, nil), "powerha_monitor db_mon: exit 1: no listener")
	expect(t, "hung", check(command.Output{}, command.ErrTimeout), command.ErrTimeout.Error())
	expect(t, "killed", check(command.Output{Exit: -1}, nil), "exit -1")
	m.HungSignal = 0
	check(command.Output{}, nil)
	if q.HungSignal != 9 {
		t.Errorf("signal %d, want PowerHA's default of 9", q.HungSignal)
	}
}

func TestProcessMonitor(t *testing.T) {
	c := Checker{Clock: clock.System(), Owners: func(context.Context) model.Reading {
		return model.Reading{Processes: []model.Process{
			{PID: 1, User: "dbadm", Name: "db2sysc"},
			{PID: 2, User: "dbadm", Name: "db2sysc"},
			{PID: 3, User: "root", Name: "db2sysc"},
			{PID: 4, User: "oracleda", Name: "tnslsnr"},
			{PID: 5, User: "dbadmin+", Name: "a_program_of_man"},
			{PID: 6, User: "root", Name: "<defunct>"},
		}}
	}}
	for name, tc := range map[string]struct {
		processes []string
		owner     string
		instances int
		err       string
	}{
		"runs":                     {[]string{"db2sysc"}, "dbadm", 1, ""},
		"as many as wanted":        {[]string{"db2sysc"}, "dbadm", 2, ""},
		"too few of the owner":     {[]string{"db2sysc"}, "dbadm", 3, "2 of 3 processes db2sysc of dbadm run"},
		"whoever owns it":          {[]string{"db2sysc"}, "", 3, ""},
		"another's":                {[]string{"db2sysc"}, "web", 1, "0 of 1 processes db2sysc of web run"},
		"count not told":           {[]string{"db2sysc"}, "dbadm", 0, ""},
		"one of two is gone":       {[]string{"db2sysc", "db2fmcd"}, "", 1, "0 of 1 processes db2fmcd run"},
		"several count one each":   {[]string{"db2sysc", "tnslsnr"}, "", 2, ""},
		"named by its path":        {[]string{"/opt/db/bin/db2sysc"}, "dbadm", 1, ""},
		"user cut at eight":        {[]string{"tnslsnr"}, "oracledata", 1, ""},
		"user cut with a plus":     {[]string{"a_program_of_many_letters"}, "dbadministrator", 1, ""},
		"name alike is not enough": {[]string{"db2sys"}, "", 1, "0 of 1"},
	} {
		m := model.Monitor{Name: "m", Type: kindProcess, Processes: tc.processes, Owner: tc.owner, Instances: tc.instances}
		r := Run{Spec: Spec{Type: TypeMonitor, Monitor: "m", Timeout: time.Minute}, Monitor: &m}
		expect(t, name, c.Check(t.Context(), r).Err, tc.err)
	}
	c.Owners = func(context.Context) model.Reading { return model.Reading{Err: "ps: exit 1"} }
	m := model.Monitor{Name: "m", Type: kindProcess, Processes: []string{"x"}}
	expect(t, "ps failed", c.Check(t.Context(), Run{Spec: Spec{Type: TypeMonitor, Timeout: time.Minute}, Monitor: &m}).Err, "ps: exit 1")

	s := monitorSpec()
	b := newBench(t, s, model.Monitor{Name: "db_mon", Type: "process", Processes: []string{"x"}}, -3600)
	equal(t, "process monitor", b.until(11, ""), []float64{0, 5, 10})
}

func TestMonitorArgv(t *testing.T) {
	argv, err := MonitorArgv(custom())
	if err != nil || len(argv) != 1 || argv[0] != "/ha/db_mon" {
		t.Errorf("%v, %v", argv, err)
	}
	if _, err := MonitorArgv(model.Monitor{Name: "m", Method: "x"}); err == nil || errors.Is(err, command.ErrMissing) {
		t.Errorf("a relative path: %v", err)
	}
}

func TestMonitorCommands(t *testing.T) {
	s := monitorSpec()
	s.Wrapper = []string{"/usr/bin/sudo", "-n"}
	missing, process, broken := s, s, s
	missing.Monitor, process.Monitor, broken.Monitor = "gone", "procs", "broken"
	got := MonitorCommands([]Spec{spec(Local), s, missing, process, broken}, []model.Monitor{
		custom(), {Name: "procs", Type: "process", Processes: []string{"x"}}, {Name: "broken", Type: "custom", Method: "x y", Interval: time.Second},
	})
	if len(got) != 3 {
		t.Fatalf("got %+v", got)
	}
	if c := got[0]; strings.Join(c.Argv, " ") != "/usr/bin/sudo -n /ha/db_mon" || len(c.Wrapper) != 2 || c.Timeout != 20*time.Second || c.Err != nil {
		t.Errorf("custom: %+v", c)
	}
	if got[1].Monitor != "gone" || got[1].Err == nil || got[2].Monitor != "broken" || got[2].Err == nil {
		t.Errorf("what cannot be run: %+v", got[1:])
	}
}
