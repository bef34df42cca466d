package exporter

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

// big is witnessed for a cluster of that size.
func big(nodes, groups int) map[model.Source]model.Reading {
	a := witnessed()
	name := func(prefix string, i int) string { return fmt.Sprintf("%s%d", prefix, i+1) }
	var all model.Reading
	var members, rows, monitors, attrs model.Reading
	for n := range nodes {
		all.Nodes = append(all.Nodes, model.Node{Name: name("n", n), State: model.NodeNormal, Raw: "ST_STABLE"})
		members.Members = append(members.Members, model.Member{Name: name("n", n), Up: true, Local: n == 0})
	}
	for g := range groups {
		for n := range nodes {
			state := model.GroupOffline
			if n == g%nodes {
				state = model.GroupOnline
			}
			rows.Groups = append(rows.Groups, model.GroupRow{Group: name("rg", g), Node: name("n", n), State: state})
		}
		attrs.GroupAttrs = append(attrs.GroupAttrs, model.GroupAttr{Name: name("rg", g), State: model.GroupOnline, CurrentNodes: []string{name("n", g%nodes)}})
		monitors.Monitors = append(monitors.Monitors, model.Monitor{Name: name("m", g), Application: name("app", g), Type: "custom", Mode: "longrunning", Interval: time.Minute})
	}
	a[model.SourceNodes], a[model.SourceMembers], a[model.SourceGroups] = all, members, rows
	a[model.SourceMonitors], a[model.SourceGroupAttrs] = monitors, attrs
	return a
}

// commandsAMinute are those that the exporter runs in calm times and in a migration, on a cluster of any size.
func commandsAMinute(t testing.TB) (idle, preparing, migrating float64) {
	r := &rig{t: t, now: start(), answers: big(16, 64), reads: make(map[model.Source]int)}
	r.core = NewCore(options(), NewState(r.now.Wall), nil)
	r.tell(LogRead{})
	count := func(d time.Duration) float64 {
		n := 0
		r.watch = func(model.Source) { n++ }
		r.advance(d)
		r.watch = nil
		return float64(n) / d.Minutes()
	}
	r.advance(10 * time.Minute)
	idle = count(time.Hour)
	r.log = append(r.log, model.EpisodeEvent{Version: 1, Time: r.now.Wall, Event: model.EventPre, Source: "dr", Episode: "ep", Details: map[string]string{"stage": "begin"}})
	r.tell(LogRead{Events: slices.Clone(r.log)})
	preparing = count(30 * time.Second)
	r.log = append(r.log, model.EpisodeEvent{Version: 1, Time: r.now.Wall, Event: model.EventPre, Source: "dr", Episode: "ep", Details: map[string]string{"stage": "end"}})
	r.tell(LogRead{Events: slices.Clone(r.log)})
	migrating = count(10 * time.Minute)
	if p := r.core.View(r.now).Phase; p != model.PhaseMigrating {
		t.Fatalf("phase %s", p)
	}
	return idle, preparing, migrating
}

// loop runs one round of the script-writer's loop against commands that print nothing, and counts those of the product
// and of AIX, and all processes.
func loop(t testing.TB) (commands, processes int) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	stub := func(name, then string) {
		text := fmt.Sprintf("#!%s\necho %s >>%s\n%s\n", sh, name, log, then)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	ours := []string{"clmgr", "clRGinfo", "lssrc", "lscluster", "clctrl", "lsitab", "errpt", "lsattr"}
	for _, name := range ours {
		stub(name, "")
	}
	for _, name := range []string{"awk", "sed", "grep"} {
		stub(name, "while read -r line; do :; done") // it has to read what comes, or the one before it is ended
	}
	cmd := exec.Command(sh, "testdata/loop.sh")
	cmd.Env = []string{"PATH=" + dir}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("%s: %v", out, err) // its last filter finds nothing
	}
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		processes++
		if slices.Contains(ours, strings.TrimSpace(line)) {
			commands++
		}
	}
	return commands, processes
}

// The loop asks for every fact on which a collector stands, so that the two can be compared.
func TestLoopIsFair(t *testing.T) {
	text, err := os.ReadFile("testdata/loop.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range collector.Names() {
		for _, s := range judgedBy(name) {
			if command := powerha.Command(s); !strings.Contains(string(text), command) {
				t.Errorf("it does not ask %s", command)
			}
		}
	}
}

func TestCommandsAMinute(t *testing.T) {
	idle, preparing, migrating := commandsAMinute(t)
	commands, processes := loop(t)
	every := options().Interval.Minutes()
	t.Logf("exporter: %.1f commands a minute idle, %.1f preparing, %.1f migrating", idle, preparing, migrating)
	t.Logf("loop: %.0f commands and %.0f processes a minute every 15 s, %.0f and %.0f every 5 s", float64(commands)/every, float64(processes)/every, 3*float64(commands)/every, 3*float64(processes)/every)
	if idle >= float64(commands)/every {
		t.Errorf("idle it costs no less than a loop: %.1f and %.1f", idle, float64(commands)/every)
	}
	if most := 3 * float64(commands) / every; preparing >= most || migrating >= most {
		t.Errorf("in a migration it costs no less than a loop: %.1f, %.1f and %.1f", preparing, migrating, most)
	}
}

// BenchmarkCommandsAMinute reports the same, for the record.
func BenchmarkCommandsAMinute(b *testing.B) {
	for b.Loop() {
		idle, preparing, migrating := commandsAMinute(b)
		commands, processes := loop(b)
		every := options().Interval.Minutes()
		b.ReportMetric(idle, "idle-cmds/min")
		b.ReportMetric(preparing, "preparing-cmds/min")
		b.ReportMetric(migrating, "migrating-cmds/min")
		b.ReportMetric(float64(commands)/every, "loop-cmds/min")
		b.ReportMetric(float64(processes)/every, "loop-procs/min")
	}
}

// BenchmarkIdleHour is what an idle hour costs the exporter itself, simulated faster: every step and every publication
// of an hour, without the commands, the probes, the heartbeats and the sampler.
func BenchmarkIdleHour(b *testing.B) {
	for _, size := range []struct{ nodes, groups int }{{2, 10}, {16, 64}} {
		b.Run(fmt.Sprintf("nodes=%d/groups=%d", size.nodes, size.groups), func(b *testing.B) {
			r := &rig{t: b, now: start(), answers: big(size.nodes, size.groups), reads: make(map[model.Source]int)}
			r.core = NewCore(options(), NewState(r.now.Wall), nil)
			r.tell(LogRead{})
			published := collector.New()
			steps, used := 0, cpuTime()
			for b.Loop() {
				for end := r.now.Mono + time.Hour; r.now.Mono < end; steps++ {
					r.now = r.now.Add(tick)
					r.effects = r.effects[:0]
					r.tell()
					published.Set(r.core.View(r.now))
					_ = r.core.Snapshot(r.now)
				}
			}
			if used = cpuTime() - used; used > 0 {
				b.ReportMetric(used.Seconds()/float64(b.N), "cpu-s/h")
				b.ReportMetric(float64(used.Microseconds())/float64(steps), "cpu-us/step")
			}
		})
	}
}
