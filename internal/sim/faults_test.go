package sim

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// answered is a command that has ended.
type answered struct {
	out, err string
	exit     int
}

func (s *shell) answered(node string, argv ...string) answered {
	s.t.Helper()
	id := s.start(node, argv[0], argv[1:]...)
	for range 600 {
		if s.done[id] {
			return answered{s.out[id], s.errOut[id], s.exit[id]}
		}
		s.run(100 * time.Millisecond)
	}
	s.t.Fatalf("%v did not end", argv)
	return answered{}
}

var faultyTools = [][]string{
	{"clRGinfo", "-s"},
	{"clRGinfo"},
	{"lssrc", "-ls", "clstrmgrES"},
	{"lssrc", "-g", "cluster"},
	{"clmgr", "query", "cluster"},
	{"clmgr", "-cv", "-a", "name,state,raw_state", "query", "node"},
	{"clctrl", "-tune", "-a"},
	{"lscluster", "-m"},
	{"errpt", "-a"},
	{"lsattr", "-El", "sys0"},
	{"lparstat", "-i"},
	{"drmgr", "-l"},
	{"ps", "-e", "-o", "pid,args"},
}

func TestOutputFaults(t *testing.T) {
	for _, argv := range faultyTools {
		s := goldenCluster(t, "7.2.7", nil)
		good := s.answered("nodea", argv...)
		if good.exit != 0 || good.out == "" {
			t.Fatalf("%v: %+v", argv, good)
		}
		with := func(fault string) answered {
			s.step(SetKnob{Name: "output." + argv[0], Value: fault})
			return s.answered("nodea", argv...)
		}
		for fault, ok := range map[string]func(answered) bool{
			"normal":  func(a answered) bool { return a.out == good.out && a.err == "" && a.exit == 0 },
			"empty":   func(a answered) bool { return a == answered{} },
			"cut:0":   func(a answered) bool { return a.out == "" && a.exit == 0 },
			"cut:20":  func(a answered) bool { return a.out == good.out[:20] && a.exit == 0 },
			"usage":   func(a answered) bool { return a.out == usageText(argv[0]) && a.exit == 0 },
			"huge":    func(a answered) bool { return len(a.out) >= hugeOutput && strings.HasPrefix(a.out, good.out) },
			"nul":     func(a answered) bool { return strings.ReplaceAll(a.out, "\x00", "") == good.out && a.out != good.out },
			"columns": func(a answered) bool { return strings.Contains(a.out, "surplus\n") && a.exit == 0 },
			"doubled_node": func(a answered) bool {
				return !strings.Contains(a.out, "nodeb") && strings.Count(a.out, "nodea") == strings.Count(good.out, "nodea")+strings.Count(good.out, "nodeb")
			},
			"renamed_node": func(a answered) bool {
				return strings.Count(a.out, "nodeb_new") == strings.Count(good.out, "nodeb")
			},
			"denied":       func(a answered) bool { return a.out == "" && strings.Contains(a.err, "denied") && a.exit == 126 },
			"missing":      func(a answered) bool { return a.out == "" && strings.Contains(a.err, "not found") && a.exit == 127 },
			"stderr_exit0": func(a answered) bool { return a.out == "" && a.err != "" && a.exit == 0 },
			"foreign": func(a answered) bool {
				return a.exit == 0 && a.out != "" && !strings.Contains(a.out, "nodea") && !strings.Contains(a.out, "rg_db")
			},
		} {
			if got := with(fault); !ok(got) {
				t.Errorf("%v with %s: exit %d, %.200q, stderr %q", argv, fault, got.exit, got.out, got.err)
			}
		}
	}
}

// A fault hits queries of its tool on its node alone; what changes the cluster works and says so.
func TestFaultsHitQueriesOfOneNode(t *testing.T) {
	s := newShell(t, Config{})
	s.step(SetKnob{Name: "output.clmgr@n1", Value: "empty"})
	if out := s.must("n1", "clmgr", "query", "cluster"); out != "" {
		t.Errorf("query: %q", out)
	}
	if out := s.must("n2", "clmgr", "query", "cluster"); !strings.Contains(out, "CLUSTER_NAME") {
		t.Errorf("the other node: %q", out)
	}
	if out := s.must("n1", "clmgr", "stop", "node", "n1", "MANAGE=unmanage"); !strings.Contains(out, "is now unmanaged") || s.node("n1").Managed {
		t.Errorf("stop: %q", out)
	}
	if out := s.must("n1", "lssrc", "-g", "cluster"); !strings.Contains(out, "clstrmgrES") {
		t.Errorf("another tool: %q", out)
	}
	s.step(SetKnob{Name: "output.lssrc", Value: "hang"})
	id := s.start("n1", "lssrc", "-g", "cluster")
	if s.run(time.Hour); s.done[id] {
		t.Error("it did not hang")
	}
}

func TestKnobsAreChecked(t *testing.T) {
	for name, value := range map[string]string{
		"output.clmgr": "cut:", "output.clRGinfo": "cut:N", "output.lssrc": "cut:-1", "output.nosuch": "empty", "output": "empty",
		"output.": "empty", "output.errpt": "perhaps", "rg_state": "ONLINE", "nosuch": "yes", "language": "tlh_QO", "site_rows.x": "yes",
	} {
		if CheckKnob(name, value) == nil {
			t.Errorf("%s=%s is taken", name, value)
		}
	}
	for name, value := range map[string]string{"output.clmgr@n1": "cut:7", "rg_state.rg_app": "OFFLINE due to lack of node", "language@n2": "ja_JP"} {
		if err := CheckKnob(name, value); err != nil {
			t.Error(err)
		}
	}
	if _, err := New(Config{Cluster: "c", Version: "7.2.7", Nodes: []string{"n1"}, Knobs: map[string]string{"rg_state.rg_none": "ERROR"}}); err == nil {
		t.Error("a state for a group that is not there is taken")
	}
	if names := KnobNames(); !slices.IsSorted(names) || len(names) != len(knobTable()) {
		t.Errorf("%v", names)
	}
}

func TestLanguages(t *testing.T) {
	type word struct{ argv, en, de string }
	words := []word{
		{"clRGinfo", "Group Name", "Gruppenname"},
		{"lssrc -ls clstrmgrES", "Current state:", "Aktueller Status:"},
		{"lssrc -g cluster", " active", " aktiv"},
		{"lscluster -m", "State of node:", "Status des Knotens:"},
		{"lparstat -i", "Partition Name", "Partitionsname"},
		{"errpt", "DESCRIPTION", "BESCHREIBUNG"},
		{"cltopinfo", "Startup Policy", "Startrichtlinie"},
		{"lsattr -El sys0", "Machine name", "Maschinenname"},
	}
	s := goldenCluster(t, "7.2.7", map[string]string{"language": "de_DE"})
	say := func(w word, locale string) string {
		id := s.newID()
		argv := strings.Fields(w.argv)
		s.step(CommandStarted{ID: id, Node: "nodea", Name: argv[0], Args: argv[1:], Locale: locale})
		s.run(time.Minute)
		return s.out[id]
	}
	for _, w := range words {
		if got := say(w, ""); !strings.Contains(got, w.de) || strings.Contains(got, w.en) {
			t.Errorf("%s without LC_ALL: %s", w.argv, got)
		}
		if got := say(w, "C"); !strings.Contains(got, w.en) || strings.Contains(got, w.de) {
			t.Errorf("%s with LC_ALL=C: %s", w.argv, got)
		}
		s.step(SetKnob{Name: "lc_all", Value: "ignored"})
		if got := say(w, "C"); !strings.Contains(got, w.de) {
			t.Errorf("%s with LC_ALL=C ignored: %s", w.argv, got)
		}
		s.step(SetKnob{Name: "lc_all", Value: "obeyed"})
	}
	if got := say(word{argv: "clRGinfo -s"}, ""); !strings.Contains(got, "rg_db:ONLINE:nodea") {
		t.Errorf("states: %s", got)
	}
	s.step(SetKnob{Name: "translated_states", Value: "yes"})
	if got := say(word{argv: "clRGinfo -s"}, ""); !strings.Contains(got, "rg_db:AKTIV:nodea") {
		t.Errorf("translated states: %s", got)
	}
	// Keywords stay in every language, and cl_dr understands what it calls.
	s.must("nodea", "clmgr", "modify", "cluster", unmanagePolicy)
	s.must("nodea", "clmgr", "sync", "cluster")
	if got := s.migrate(MigrationRequested{Node: "nodea", Freeze: 3 * time.Second}); got.Result != "completed" {
		t.Errorf("%+v", got)
	}
	for i, l := range Languages() {
		for _, p := range append(phrases(), stateWords()...) {
			if i > 0 && p.other[i-1] == "" {
				t.Errorf("%s: nothing for %q", l, p.en)
			}
		}
	}
}

func TestStateWords(t *testing.T) {
	s := goldenCluster(t, "7.2.7", map[string]string{"rg_state.rg_db@nodea": "TEMPORARY ERROR"})
	for _, argv := range [][]string{{"clRGinfo"}, {"clRGinfo", "-s"}, {"clRGinfo", "-v"}, {"clRGinfo", "-p"}} {
		if got := s.answered("nodeb", argv...).out; strings.Count(got, "TEMPORARY ERROR") != 1 {
			t.Errorf("%v: %s", argv, got)
		}
	}
	s.step(SetKnob{Name: "rg_state.rg_db@nodea", Value: ""}, SetKnob{Name: "site_rows", Value: "yes"})
	if got := s.answered("nodea", "clRGinfo").out; !strings.Contains(got, "ONLINE SECONDARY") || !strings.Contains(got, "nodeb@site2") {
		t.Errorf("sites: %s", got)
	}
	s.step(SetKnob{Name: "rg_state_spelling", Value: "underscore"})
	got := s.answered("nodea", "clRGinfo", "-s").out
	if !strings.Contains(got, ":ONLINE_SECONDARY:nodeb:") || !strings.Contains(got, ":site2:") {
		t.Errorf("underscores: %s", got)
	}
}

// errpt -c prints what stands in the log, oldest first, and then each entry when it is logged.
func TestErrptFollows(t *testing.T) {
	s := goldenCluster(t, "7.2.0", nil)
	id := s.start("nodea", "errpt", "-c")
	s.run(time.Second)
	if got := s.out[id]; strings.Count(got, "\n") != 3 || strings.Index(got, "errdemon") > strings.Index(got, "RMCdaemon") {
		t.Errorf("what stood in the log: %s", got)
	}
	s.must("nodea", "errlogger", "hello")
	if !strings.HasSuffix(s.out[id], "T O OPERATOR       OPERATOR NOTIFICATION\n") || s.done[id] {
		t.Errorf("the new entry: %s", s.out[id])
	}
	s.step(CommandGone{ID: id})
	s.must("nodea", "errlogger", "again")
	if strings.Count(s.out[id], "OPERATOR NOT") != 1 {
		t.Error("it goes on after its end")
	}
}

func TestErrptKnobs(t *testing.T) {
	log := func(version string, kv ...string) string {
		s := goldenCluster(t, version, map[string]string{kv[0]: kv[1]})
		s.migrate(MigrationRequested{Node: "nodea", Freeze: 3 * time.Second})
		return s.answered("nodea", "errpt", "-a").out
	}
	for _, c := range []struct{ version, knob, value, want string }{
		{"7.2.0", "errpt_pmig_ids", "level", "08917DC6"},
		{"7.2.0", "errpt_pmig_ids", "new", "F2646817"},
		{"7.2.7", "errpt_pmig_ids", "level", "F2646817"},
		{"7.2.7", "errpt_pmig_ids", "old", "08917DC6"},
		{"7.2.7", "errpt_pmig_template", "detail", "STREAM ID"},
		{"7.2.7", "errpt_pmig_template", "renamed", "LPAR MIGRATION STARTED"},
	} {
		if got := log(c.version, c.knob, c.value); !strings.Contains(got, c.want) {
			t.Errorf("%s %s=%s: %s", c.version, c.knob, c.value, got)
		}
	}
	for value, phases := range map[string][2]string{"premigrate": {"pre", "post"}, "suspend": {"suspend", "post"}, "done_late": {"pre", "ended"}} {
		s := goldenCluster(t, "7.2.7", map[string]string{"errpt_pmig_offsets": value})
		var seen [2]string
		s.step(MigrationRequested{ID: "m", Node: "nodea", Precopy: time.Second, Freeze: 3 * time.Second})
		for range 3000 {
			s.run(100 * time.Millisecond)
			for i, label := range []string{pmigStarted, pmigDone} {
				if seen[i] == "" && slices.ContainsFunc(s.core.nodes["nodea"].errlog, func(e errEntry) bool { return e.label == label }) {
					seen[i] = s.core.Status().Migration.Phase
				}
			}
		}
		if seen != phases {
			t.Errorf("%s: logged in %v, want %v", value, seen, phases)
		}
	}
}

func TestVersions(t *testing.T) {
	for _, l := range levels() {
		s := goldenCluster(t, l.name, nil)
		if a := s.answered("nodea", "clmgr", "-x", "query", "cluster"); (a.exit == 0) != l.clmgrXML {
			t.Errorf("%s: clmgr -x: %+v", l.name, a)
		}
		if got := s.answered("nodea", "odmget", "HACMPcluster").out; !strings.Contains(got, "cluster_version = "+strconv.Itoa(l.clversion)) || strings.Contains(got, "lpm_policy") != l.lpm {
			t.Errorf("%s: %s", l.name, got)
		}
		s.step(SetKnob{Name: "clversion_map", Value: "99"}, SetKnob{Name: "clmgr_xml", Value: "yes"})
		if got := s.answered("nodea", "lssrc", "-ls", "clstrmgrES").out; !strings.Contains(got, "CLversion: 99\nlocal node vrmf is "+l.vrmf) {
			t.Errorf("%s: %s", l.name, got)
		}
		if got := s.answered("nodea", "clmgr", "-x", "-a", "state", "query", "cluster").out; !strings.Contains(got, "<STATE>STABLE</STATE>") {
			t.Errorf("%s: %s", l.name, got)
		}
		s.step(SetKnob{Name: "clmgr_xml_layout", Value: "attributes"})
		if got := s.answered("nodea", "clmgr", "-x", "query", "node").out; !strings.Contains(got, `<NODE NAME="nodea" STATE="NORMAL"`) {
			t.Errorf("%s: %s", l.name, got)
		}
	}
}

func TestStoppedCAA(t *testing.T) {
	s := newShell(t, Config{})
	s.step(SetKnob{Name: "caa@n1", Value: "stopped"})
	for _, argv := range [][]string{{"lscluster", "-m"}, {"lscluster", "-i"}, {"clctrl", "-tune", "-x", "node_timeout"}} {
		if a := s.answered("n1", argv...); a.exit == 0 || !strings.Contains(a.err, "not active") {
			t.Errorf("%v: %+v", argv, a)
		}
		if a := s.answered("n2", argv...); a.exit != 0 {
			t.Errorf("%v on n2: %+v", argv, a)
		}
	}
}
