package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

// The templates of this package and the parsers of the product are made apart from each other. Here they meet.

// read lets the product read a source of a simulated node.
func (s *shell) read(node string, source model.Source) model.Reading {
	s.t.Helper()
	id := s.newID()
	argv := strings.Fields(powerha.Command(source))
	s.step(CommandStarted{ID: id, Node: node, Name: argv[0], Args: argv[1:], By: "exporter", Locale: "C"})
	for range 100 {
		if s.done[id] {
			break
		}
		s.run(100 * time.Millisecond)
	}
	if !s.done[id] {
		s.t.Fatalf("%v does not end", argv)
	}
	return powerha.Interpret(source, command.Output{Stdout: []byte(s.out[id]), Stderr: []byte(s.errOut[id]), Exit: s.exit[id]})
}

func allSources() []model.Source {
	deciding, informing := powerha.Sources()
	return append(slices.Clone(deciding), informing...)
}

// doubts tells what the product did not understand of a reading.
func doubts(r model.Reading) string {
	if r.Err == "" && r.Unparsed == 0 && len(r.Unknown) == 0 {
		return ""
	}
	return fmt.Sprintf("error %q, %d of %d lines not understood %v, unknown %v", r.Err, r.Unparsed, r.Lines, r.Rejected, r.Unknown)
}

// value is what a reading says, without what the reading was like.
func value(t *testing.T, r model.Reading) string {
	t.Helper()
	r.At, r.Took, r.Lines, r.Unparsed, r.Rejected, r.Unknown, r.Err = model.Instant{}, 0, 0, 0, nil, nil, ""
	r.TimedOut, r.Missing = false, false
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// On every level, managed and unmanaged, after a migration, nothing is left over.
func TestProductUnderstandsEveryCommand(t *testing.T) {
	for _, l := range levels() {
		s := goldenCluster(t, l.name, nil)
		look := func(when string) {
			for _, source := range allSources() {
				older := !l.lpm && strings.HasPrefix(powerha.Command(source), "clodmget")
				for _, node := range []string{"nodea", "nodeb"} {
					r := s.read(node, source)
					if d := doubts(r); d != "" && !older || older && r.Err == "" {
						t.Errorf("%s, %s, %s on %s (%s): %s", l.name, when, source, node, powerha.Command(source), d)
					}
				}
			}
		}
		look("calm")
		s.must("nodea", "clmgr", "stop", "node", "nodea", "MANAGE=unmanage")
		look("unmanaged")
		s.must("nodea", "clmgr", "start", "node", "nodea", "MANAGE=auto")
		s.migrate(MigrationRequested{Node: "nodea", Freeze: 3 * time.Second})
		look("after a migration")
		s.must("nodea", "clmgr", "move", "rg", "rg_db", "NODE=nodeb")
		look("after a move")
	}
}

// What a knob makes of a layout changes nothing of what the product concludes.
func TestLayoutsAreAllUnderstood(t *testing.T) {
	conclusions := func(kv []string) (map[model.Source]string, map[model.Source]string) {
		k := map[string]string{}
		for i := 0; i+1 < len(kv); i += 2 {
			k[kv[i]] = kv[i+1]
		}
		s := goldenCluster(t, "7.2.7", k)
		s.must("nodea", "clmgr", "stop", "node", "nodeb", "MANAGE=unmanage")
		s.migrate(MigrationRequested{Node: "nodea", Freeze: 2 * time.Second})
		values, left := map[model.Source]string{}, map[model.Source]string{}
		for _, source := range allSources() {
			r := s.read("nodea", source)
			values[source], left[source] = value(t, r), doubts(r)
		}
		return values, left
	}
	want, _ := conclusions(nil)
	for _, c := range []struct {
		knobs  []string
		differ []model.Source // whose facts differ, and not their layout alone
	}{
		{[]string{"rginfo_s_layout", "minimal"}, []model.Source{model.SourceGroups}},
		{[]string{"rginfo_s_layout", "v5"}, []model.Source{model.SourceGroups}},
		{[]string{"rginfo_s_layout", "v71"}, []model.Source{model.SourceGroups}},
		{[]string{"rginfo_m_layout", "table"}, nil},
		{[]string{"rginfo_heading", "state"}, nil},
		{[]string{"lscluster_layout", "old"}, nil},
		{[]string{"error_stream", "stdout"}, nil},
		{[]string{"exit_codes", "classes"}, nil},
	} {
		got, left := conclusions(c.knobs)
		for _, source := range allSources() {
			if left[source] != "" {
				t.Errorf("%v: %s: %s", c.knobs, source, left[source])
			}
			if got[source] != want[source] && !slices.Contains(c.differ, source) {
				t.Errorf("%v: %s:\n got %s\nwant %s", c.knobs, source, got[source], want[source])
			}
		}
	}
}

// A translation that LC_ALL=C does not prevent may be not understood; it is never understood as something else.
func TestTranslationsAreNeverMisread(t *testing.T) {
	english := goldenCluster(t, "7.2.7", nil)
	want := map[model.Source]string{}
	for _, source := range allSources() {
		want[source] = value(t, english.read("nodea", source))
	}
	for _, lang := range Languages()[1:] {
		for _, states := range []string{"no", "yes"} {
			s := goldenCluster(t, "7.2.7", map[string]string{"language": lang, "lc_all": "ignored", "translated_states": states})
			for _, source := range allSources() {
				r := s.read("nodea", source)
				if got := value(t, r); doubts(r) == "" && got != want[source] {
					t.Errorf("%s, states %s: %s:\n got %s\nwant %s", lang, states, source, got, want[source])
				}
			}
		}
	}
}

// An output that is spoilt is never taken for a good one that says something else.
func TestSpoiltOutputsAreNoticed(t *testing.T) {
	deciding, _ := powerha.Sources()
	freeText := []model.Source{model.SourceProcesses, model.SourceScripts} // a word more or less is as good
	mayBeEmpty := []model.Source{model.SourceErrlog, model.SourceFaults, model.SourceInittab, model.SourceMonitors, model.SourceScripts}
	for _, fault := range []string{"empty", "usage", "denied", "missing", "stderr_exit0", "foreign", "nul", "columns"} {
		s := goldenCluster(t, "7.2.7", nil)
		good := map[model.Source]string{}
		for _, source := range deciding {
			good[source] = value(t, s.read("nodea", source))
			s.step(SetKnob{Name: "output." + powerha.Tool(source), Value: fault})
			r := s.read("nodea", source)
			s.step(SetKnob{Name: "output." + powerha.Tool(source), Value: "normal"})
			if fault == "empty" && slices.Contains(mayBeEmpty, source) || fault == "columns" && slices.Contains(freeText, source) {
				continue
			}
			if doubts(r) == "" && value(t, r) != good[source] {
				t.Errorf("output.%s=%s: %s says without a doubt %s", powerha.Tool(source), fault, source, value(t, r))
			}
		}
	}
}

// The files that PowerHA's own script keeps are read by the product as they are written here.
func TestProductReadsClDRsFiles(t *testing.T) {
	for version, name := range map[string]string{"7.2.0": "node_timeout", "7.2.7": "CAA_node_timeout"} {
		s := goldenCluster(t, version, map[string]string{"cl_dr_timeout_name": name})
		s.must("nodea", "clmgr", "modify", "cluster", unmanagePolicy)
		s.must("nodea", "clmgr", "sync", "cluster")
		s.step(MigrationRequested{ID: "m", Node: "nodea", Precopy: time.Minute, Freeze: 3 * time.Second})
		s.run(time.Minute)
		text := s.files["nodea:"+clDRStateFile]
		state, unparsed := powerha.ParseClDRState([]byte(text))
		if unparsed != 0 || !strings.Contains(text, name+"=30000\n") || state.NodeState != model.NodeNormal || state.NodeTimeout != 30*time.Second || state.DeadmanMode != "a" {
			t.Errorf("%s: cl_dr.state %q: %d lines not understood, %+v", version, text, unparsed, state)
		}
		s.run(10 * time.Minute)
		log := s.files["nodea:var/hacmp/log/clutils.log"]
		events, unparsed := powerha.ParseClutils([]byte(log))
		var kinds []string
		for _, e := range events {
			if !e.Implied {
				kinds = append(kinds, string(e.Kind))
			}
		}
		if unparsed != 0 || !slices.Equal(kinds, []string{"checkmigrate", "premigrate", "postmigrate"}) {
			t.Errorf("%s: clutils.log: %v, %d lines not understood\n%s", version, kinds, unparsed, log)
		}
	}
}

// Failed and long events are read from the logs, with what config_too_long says.
func TestProductReadsSlowAndFailedEvents(t *testing.T) {
	s := newShell(t, Config{Knobs: map[string]string{"event_takes.rg_move": "1000", "event_fails": "rg_move"}})
	id := s.start("n1", "clmgr", "move", "rg", "rg_app", "NODE=n2")
	s.run(time.Hour)
	s.must("n1", "clruncmd", "n2")
	s.run(time.Hour)
	if !s.done[id] {
		t.Fatal("the move has not ended")
	}
	for _, file := range []string{"adm/cluster.log", "log/hacmp.out"} {
		text := s.files["n2:var/hacmp/"+file]
		events, unparsed := powerha.ParseEventLog([]byte(text), file)
		steps := map[string]int{}
		for _, e := range events {
			steps[string(e.Step)+" "+e.Name]++
		}
		if unparsed != 0 || steps["start config_too_long"] != 1 || steps["failed rg_move"] != 1 {
			t.Errorf("%s: %d not understood, %v", file, unparsed, steps)
		}
	}
}

// Names that are longer than their column push the next one on; nothing is lost.
func TestProductReadsLongNames(t *testing.T) {
	long := "rg_" + strings.Repeat("long_name_", 6) + "x"
	nodes := []string{"a_node_whose_name_is_rather_long_1", "a_node_whose_name_is_rather_long_2", "n3"}
	for _, l := range levels() {
		for _, layout := range []string{"qha", "table"} {
			s := newShell(t, Config{Version: l.name, Nodes: nodes, Knobs: map[string]string{"rginfo_m_layout": layout}, Groups: []Group{
				{Name: long, Nodes: nodes, Application: "app_" + long[3:], Start: "/app/start", Monitor: "/app/monitor", MonitorInterval: time.Minute},
				{Name: "rg_b", Nodes: nodes[1:], Application: "b", Start: "/b/start"},
			}})
			for _, source := range allSources() {
				if r := s.read("n3", source); doubts(r) != "" && (l.lpm || !strings.HasPrefix(powerha.Command(source), "clodmget")) {
					t.Errorf("%s, %s: %s: %s", l.name, layout, source, doubts(r))
				}
			}
			r := s.read("n3", model.SourceGroups)
			if owners, _ := r.Owners(); !slices.Equal(owners[long], nodes[:1]) || !slices.Equal(owners["rg_b"], nodes[1:2]) {
				t.Errorf("%s: owners %v", l.name, owners)
			}
		}
	}
}

func TestProductReadsAClusterManagerThatIsNotThere(t *testing.T) {
	s := newShell(t, Config{Knobs: map[string]string{"clstrmgr": "not_configured"}})
	if r := s.read("n1", model.SourceManager); doubts(r) != "" || r.Manager.State != model.ManagerNotConfigured {
		t.Errorf("not configured: %s %+v", doubts(r), r.Manager)
	}
	for _, value := range []string{"inoperative", "not_on_file"} {
		s.step(SetKnob{Name: "clstrmgr", Value: value})
		if r := s.read("n1", model.SourceManager); r.Err == "" {
			t.Errorf("%s: %+v", value, r.Manager)
		}
	}
}
